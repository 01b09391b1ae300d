"""Machines that come back from another pool to the restore point that they took along."""

from typing import Any

import msgspec
import pytest

from tests.engine.crossings import MOVE, is_clear, machines, rosters
from tests.engine.desks import Desk, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_company import BEFORE, begun, company_of
from tests.engine.two_pools import Company
from xsconsole.domain.board import Standing
from xsconsole.domain.plan import Disks, Revert
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, describe_undo, explain
from xsconsole.engine.commands import Demote

WRITTEN = "written in production"


async def served_there(company: Company) -> Company:
    """Promote it, and let production write to every disk."""
    here = company.pair.here
    status = await here.do(here.promotion(company.shop, "production"))
    assert status.error is None, explain(status.error)
    for vm in company.production.pool.vms():
        if not vm.is_a_snapshot:
            company.production.pool.contents[vm.uuid] = WRITTEN
    await company.pair.there.caught_up()
    return company


def going_back(there: Desk, company: Company) -> Demote:
    return there.demotion(company.shop, "staging", Disks.RESTORE)


class Ends:
    """How a return may end: all machines back with what they had then, or all there with what production wrote."""

    def __init__(self, company: Company) -> None:
        self.before = machines(company.production.pool)

    def look(self, company: Company) -> bool:
        """Return whether they are back."""
        test, production = company.test.pool, company.production.pool
        assert is_clear(company)
        is_back = not machines(production)
        where, nowhere = (test, production) if is_back else (production, test)
        assert machines(nowhere) == {}
        assert (rosters(where), rosters(nowhere)) == (1, 0)
        if is_back:
            assert {state[6] for state in machines(test).values()} & {WRITTEN} == set()
            assert {state[2] for state in machines(test).values()} == {(company.front.uuid,)}
        else:
            assert machines(production) == self.before
        return is_back


def test_they_come_back_as_they_were_and_what_they_were_since_is_set_aside() -> None:
    async def story() -> None:
        company = await begun()
        before = {name: (state[0], *state[2:]) for name, state in machines(company.test.pool).items()}
        there = (await served_there(company)).pair.there
        ends, command = Ends(company), going_back(company.pair.there, company)
        plan = there.engine.plan(command)
        (loss,) = (said for said in plan.warnings if "Everything written since" in said)
        assert "on 3 disks (30 GiB) of shop-db, shop-web and shop-lb" in loss
        assert any("leaves pool “production pool”: 3 machines" in said for said in plan.warnings)
        assert len({describe(step) for step in plan.steps} | {describe_undo(step) for step in plan.steps}) > 30
        reverts = [step for step in plan.steps if isinstance(step.action, Revert)]
        asides = {step.action.set_aside for step in reverts if isinstance(step.action, Revert)}
        assert all(set(step.after) == asides for step in reverts)
        company.pair.here.port.faults.append(Fault(method="revert", nth=2, how="fail"))

        assert (await there.do(command)).state is RunState.UNDONE

        assert not ends.look(company)
        assert company_of(company.production.pool) == {name: (vapp, "") for name, (vapp, _) in BEFORE.items()}
        status = await there.do(going_back(there, company))
        assert status.error is None, explain(status.error)
        assert ends.look(company)
        here, card = company.pair.here, company.pair.here.card(company.shop)
        assert {name: (state[0], *state[2:]) for name, state in machines(company.test.pool).items()} == before
        assert (card.stage, card.standing) == ("staging", Standing.WHOLE)
        assert company_of(company.test.pool) == BEFORE
        (aside,) = card.asides
        assert aside.is_whole
        assert {here.pool.contents[uuid] for uuid in aside.snapshots.values()} == {WRITTEN}

    virtually(story)


def test_interfaces_come_back_to_the_networks_of_then() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        production, test = company.production.pool, company.test.pool
        company = await served_there(company)
        back_net, dmz = test.add_network("stage-dmz"), production.add_network("prod-dmz")
        workflow = company.pair.here.board.workflow
        assert workflow is not None
        more = {"staging": back_net, "production": dmz}
        stages = tuple(_mapping_also(stage, more.get(stage.id)) for stage in workflow.stages)
        grown = msgspec.structs.replace(workflow, version=3, networks=("front", "dmz"), stages=stages)
        for desk in (company.pair.here, company.pair.there):
            await desk.publish(grown)
        vm = next(vm for vm in production.vms() if vm.name_label == "shop-db")
        production.move_interfaces(vm.uuid, {"0": dmz.uuid})
        there = company.pair.there
        await there.caught_up()

        status = await there.do(going_back(there, company))

        assert status.error is None, explain(status.error)
        assert machines(test)["shop-db"][2] == (company.front.uuid,)

    virtually(story)


def _mapping_also(stage: Any, network: Any) -> Any:
    if network is None:
        return stage
    entry = type(stage.binding.networks[0])(
        logical="dmz",
        network=type(stage.binding.networks[0].network)(uuid=network.uuid, name=network.name_label),
    )
    binding = msgspec.structs.replace(stage.binding, networks=(*stage.binding.networks, entry))
    return msgspec.structs.replace(stage, binding=binding)


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (lambda company, vm: company.production.pool.change(vm.uuid, blocked_operations={"revert": "audit"}), "Revert"),
        (lambda company, vm: company.production.pool.destroy_snapshot(_point(company, vm)), "no snapshot of"),
    ],
)
def test_what_cannot_return_is_refused_before_anything_begins(arrange: Any, reason: str) -> None:
    async def story() -> None:
        company = await served_there(await Company().begin(**MOVE))
        there = company.pair.there
        vm = next(vm for vm in company.production.pool.vms() if vm.name_label == "shop-db")
        arrange(company, vm)
        await there.caught_up()

        refusal = there.refusal(going_back(there, company))

        assert reason in refusal.reason
        assert refusal.mend

    virtually(story)


def _point(company: Company, vm: Any) -> Any:
    return company.production.pool.snapshots_of(vm.uuid)[0].uuid
