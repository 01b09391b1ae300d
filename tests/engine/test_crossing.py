"""A promotion by full copy from one pool into another: what comes into being, what stays, what cuts it off."""

import msgspec
import pytest

from tests.engine.desks import Desk, MemoryLedger, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census
from tests.engine.test_planning import kinds
from tests.engine.two_pools import Company
from xsconsole.domain.board import Standing
from xsconsole.domain.inventory import Host, HostMetrics
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Method
from xsconsole.domain.workflow.gates import AddressesAnswer
from xsconsole.engine.commands import Direction, Settle
from xsconsole.errors import ConsoleError, Refused


def test_the_copies_are_a_configuration_in_the_other_pool_and_the_source_stays() -> None:
    async def story() -> None:
        company = await Company().begin()
        here, there = company.pair.here, company.pair.there
        before = census(company.test)

        status = await here.do(here.promotion(company.shop, "production"))

        assert status.error is None, explain(status.error)
        assert census(company.test) == before
        assert (here.card(company.shop).stage, here.card(company.shop).standing) == ("staging", Standing.WHOLE)
        card = there.card(company.made())
        assert (card.stage, card.standing, card.name) == ("production", Standing.WHOLE, "shop 1.3.0")
        assert {member.power_state for member in card.members} == {"Running"}
        assert [member.name for member in card.members] == [
            "shop-db (Production)",
            "shop-web (Production)",
            "shop-lb (Production)",
        ]
        for member in card.members:
            assert company.production.pool.networks_of(member.uuid) == {"0": company.there.uuid}
        assert card.origin is not None
        assert (card.origin.configuration, card.origin.run) == (company.shop, status.run)
        assert there.board.strays == ()
        for pool in (company.test.pool, company.production.pool):
            assert not any(".run." in key for key in pool.keys)

    virtually(story)


def test_the_plan_says_where_each_step_is_and_what_it_takes() -> None:
    async def story() -> None:
        company = await Company().begin(gates=(AddressesAnswer(when="after"),))  # type: ignore[arg-type]
        here = company.pair.here
        production = company.production.pool.pool.uuid

        plan = here.engine.plan(here.promotion(company.shop, "production"))

        elsewhere = {str(step.action.__struct_config__.tag) for step in plan.steps if step.pool == production}
        at_home = {str(step.action.__struct_config__.tag) for step in plan.steps if step.pool is None}
        assert at_home == {"snapshot", "freeze", "drop"}
        assert elsewhere == {"send", "fit", "start-copy", "copy-roster", "copy-member", "verify-copies", "gate"}
        assert plan.intent.pools == (company.test.pool.pool.uuid, production)
        said = " ".join(plan.warnings)
        assert "stays in Staging, in pool “acme”; the copies in pool “production pool” get new MAC addresses" in said
        assert "go through this console to “SAN-gold”." in said
        sends = [step for step in plan.steps if kinds(plan)[plan.steps.index(step)] == "send"]
        assert {tuple(step.estimate.space) for step in sends} == {(company.production.pool.storage.uuid,)}

    virtually(story)


def test_both_pools_show_the_run_and_only_who_is_connected_to_both_settles_it() -> None:
    async def story() -> None:
        company = await Company().begin()
        here = company.pair.here
        run = await here.open(here.promotion(company.shop, "production"))
        here.port.on_call = lambda method: run.stop() if method == "send" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        alone, there_alone = company.test.desk(), company.production.desk()

        assert alone.card(company.shop).standing is Standing.INTERRUPTED
        made = there_alone.card(company.shop)
        assert made.standing is Standing.INTERRUPTED
        for desk, name in ((alone, "production pool"), (there_alone, "acme")):
            with pytest.raises(Refused, match=f"This is also about pool “{name}”, to which this console has no"):
                await desk.settle(company.shop, Direction.UNDO)
        other = company.sit_down(MemoryLedger())
        status = await (
            await other.there.engine.settle(Settle(configuration=company.shop, direction=Direction.RESUME))
        ).wait()

        assert status.state is RunState.DONE
        assert other.there.card(company.made()).standing is Standing.WHOLE

    virtually(story)


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ({"method": Method.LINKED_CLONE}, "the method “linked-clone” to another pool"),
    ],
)
def test_what_is_not_carried_out_between_pools_is_refused(way: dict[str, object], what: str) -> None:
    async def story() -> None:
        company = await Company().begin(**way)
        here = company.pair.here

        assert what in here.refusal(here.promotion(company.shop, "production")).reason

    virtually(story)


def test_what_is_in_the_way_there_is_said_before_anything_begins() -> None:
    async def story() -> None:
        company = await Company().begin()
        here, pool = company.pair.here, company.production.pool
        command = here.promotion(company.shop, "production")
        alone = company.test.desk()
        assert "to which this console has no connection" in alone.refusal(command).reason

        pool.put(msgspec.structs.replace(pool.storage, physical_size=1))
        assert "The copies may take 30 GiB in “SAN-gold”" in here.refusal(command).reason
        pool.put(pool.storage)
        pool.change_record(HostMetrics, memory_free=1)
        assert "“shop-db (Production)” needs 2 GiB of memory" in here.refusal(command).reason
        pool.change_record(HostMetrics, memory_free=2**40)
        company.test.pool.change_record(Host, software_version={"xapi": "26.1"})
        pool.change_record(Host, software_version={"xapi": "1.20"})
        assert (
            "has XAPI 1.20, the one they come from 26.1: a pool takes nothing from one of a higher"
            in here.refusal(command).reason
        )
        pool.change_record(Host, software_version={"xapi": "27.0"})
        assert any("nothing comes back" in said for said in here.engine.plan(command).warnings)
        pool.drop_record(company.there)
        assert "which its pool does not have." in here.refusal(command).reason

    virtually(story)


# Failures


async def promote(company: Company, desk: Desk) -> None:
    try:
        await desk.do(desk.promotion(company.shop, "production"))
    except ConsoleError:
        return


def machines_in(company: Company) -> int:
    return sum(not vm.is_a_snapshot for vm in company.production.pool.vms())


class Ends:
    """How a company may end: with the copies whole, or with nothing of them, and the source as it was either way."""

    def __init__(self, company: Company) -> None:
        self.before = census(company.test)
        self.there = machines_in(company)

    def look(self, company: Company) -> bool:
        """Return whether the copies are there."""
        assert census(company.test) == self.before
        machines = machines_in(company) - self.there
        assert machines in (0, 3)
        for pool in (company.test.pool, company.production.pool):
            assert not any(".run." in key for key in pool.keys)
        return machines == 3


@pytest.mark.parametrize("how", ["fail", "lose-before", "lose-after"])
@pytest.mark.parametrize("method", ["send", "shape", "start", "add_key"])
def test_whatever_fails_there_or_gets_no_answer_it_is_whole_or_nothing_is_left(method: str, how: str) -> None:
    async def story() -> None:
        for nth in (1, 2, 3):
            company = await Company().begin()
            ends, here = Ends(company), company.pair.here
            port = here.port if method == "send" else company.pair.there.port
            port.faults.append(Fault(method=method, nth=nth, how=how))
            await promote(company, here)
            port.faults.clear()
            if here.card(company.shop).standing is Standing.INTERRUPTED:
                await here.settle(company.shop, Direction.UNDO)
            ends.look(company)

    virtually(story)
