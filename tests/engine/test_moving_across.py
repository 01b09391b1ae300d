"""Machines that move from one pool into another: what they keep, what is said before, and the way back."""

from typing import Any

import msgspec
import pytest

from tests.engine.crossings import MOVE, is_clear, machines, rosters
from tests.engine.desks import virtually
from tests.engine.memory_port import Fault
from tests.engine.two_pools import Company
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import SR, VDI, VM, Appliance, Host, HostMetrics
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, describe_undo, explain
from xsconsole.domain.workflow import EntryAction, PoolObject
from xsconsole.engine.commands import Direction, HoldBack
from xsconsole.errors import Interrupted, PoolFailed, RunFailed


def test_the_machines_are_the_same_ones_in_the_other_pool_and_come_back() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here, there = company.pair.here, company.pair.there
        test, production = company.test.pool, company.production.pool
        before = machines(test)

        status = await here.do(here.promotion(company.shop, "production"))

        assert status.error is None, explain(status.error)
        assert company.shop not in here.board.cards
        card = there.card(company.shop)
        assert (card.stage, card.standing, card.name, card.revision) == ("production", Standing.WHOLE, "shop 1.3.0", 2)
        assert machines(test) == {}
        after = machines(production)
        for name, (uuid, _, _, _, macs, _, contents) in before.items():
            wanted = (uuid, "Running", (company.there.uuid,), (production.storage.uuid,), macs)
            assert after[name][:5] == wanted
            assert after[name][6] == contents
            assert all("Production" in reason for reason in after[name][5].values())
        assert [point.stage for point in card.restore_points] == ["staging"]
        assert card.restore_points[0].is_whole
        assert (rosters(test), rosters(production)) == (0, 1)
        assert is_clear(company)

        status = await there.do(there.demotion(company.shop, "staging"))

        assert status.error is None, explain(status.error)
        assert company.shop not in there.board.cards
        card = here.card(company.shop)
        assert (card.stage, card.standing, card.revision) == ("staging", Standing.WHOLE, 3)
        back = machines(test)
        assert {name: state[:1] + state[2:] for name, state in back.items()} == {
            name: state[:1] + state[2:] for name, state in before.items()
        }
        assert machines(production) == {}
        assert (rosters(test), rosters(production)) == (1, 0)
        assert is_clear(company)

    virtually(story)


def test_the_plan_says_where_each_step_is_and_what_it_means() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here, test = company.pair.here, company.test.pool
        production = company.production.pool.pool.uuid
        vapp = test.put_anew(Appliance(ref=NULL_REF, uuid=Uuid(""), name_label="shop"))
        test.change(here.member(company.shop, "shop-web"), appliance=vapp.ref)

        plan = here.engine.plan(here.promotion(company.shop, "production"))

        kinds = [(str(step.action.__struct_config__.tag), step.pool == production) for step in plan.steps]
        assert list(dict.fromkeys(kinds)) == [
            ("may-move-across", True),
            ("snapshot", False),
            ("note-company", False),
            ("move-across", True),
            ("join-company", True),
            ("start", True),
            ("member", True),
            ("roster", True),
            ("roster", False),
            ("verify", True),
        ]
        asked = {step.key for step in plan.steps if step.action.__struct_config__.tag == "may-move-across"}
        assert all(set(step.after) >= asked for step in plan.steps if step.action.__struct_config__.tag == "snapshot")
        assert plan.intent.pools == (test.pool.uuid, production)
        assert {step.host for step in plan.steps if step.action.__struct_config__.tag == "move-across"} == {
            company.production.pool.host.uuid
        }
        assert plan.asks
        said = " ".join(plan.warnings)
        assert "shop 1.3.0 leaves pool “acme”: 3 machines with 3 disks (up to 60 GiB) move to “SAN-gold” in" in said
        assert "in pool “production pool”, from host to host. They stay the same machines, with their MAC" in said
        assert "shop-db and shop-web go on running on the way." in said
        assert "A fixed address of a guest does not change with the network" in said
        assert "Who belongs to vApp “shop” does so there too, in one of that name, which is made there." in said
        moves = [step for step in plan.steps if step.action.__struct_config__.tag == "move-across"]
        assert describe(moves[0]) == "Move shop-db with its disks and snapshots to the other pool"
        assert describe_undo(moves[0]) == "Move shop-db back from the other pool"

    virtually(story)


def first(company: Company) -> VM:
    return company.test.pool.vm(company.pair.here.member(company.shop, "shop-db"))


def disk_with(**fields: object) -> Any:
    return lambda company: company.test.pool.change_record(VDI, **fields)


def machine_with(**fields: object) -> Any:
    return lambda company: company.test.pool.change(first(company).uuid, **fields)


def put_twin(company: Company) -> None:
    company.test.pool.change(first(company).uuid, other_config={**first(company).other_config, "mac_seed": "5eed"})
    company.production.pool.add_vm("twin", other_config={"mac_seed": "5eed"})


def put_same(company: Company) -> None:
    company.production.pool.put_again(msgspec.structs.replace(first(company), VBDs=(), VIFs=(), snapshots=()))


def put_version(company: Company) -> None:
    company.test.pool.change_record(Host, software_version={"xapi": "26.1"})
    company.production.pool.change_record(Host, software_version={"xapi": "1.20"})


def put_full(company: Company) -> None:
    company.production.pool.change_record(SR, physical_size=1)


def put_small(company: Company) -> None:
    company.production.pool.change_record(HostMetrics, memory_free=1)


def put_disabled(company: Company) -> None:
    company.production.pool.change_record(Host, enabled=False)


def put_unmapped(company: Company) -> None:
    company.test.pool.plug(first(company).uuid, company.test.pool.add_network("lab"), "1")


def put_strange_snapshot(company: Company) -> None:
    """A snapshot has an interface that its machine has lost since, on a network that nobody names."""
    pool, vm = company.test.pool, first(company)
    pool.plug(vm.uuid, pool.add_network("old"), "1")
    pool.snapshot(vm.uuid, "before the change")
    pool.change(vm.uuid, VIFs=vm.VIFs)


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (disk_with(cbt_enabled=True), "“shop-db” has its changed blocks tracked, and such a disk does not move"),
        (disk_with(on_boot="reset"), "forgets at each start what was written, and such a disk does not move"),
        (disk_with(sharable=True), "is shared among machines, and does not move"),
        (disk_with(sm_config={"key_hash": "abc"}), "is encrypted with a key of its pool"),
        (machine_with(VTPMs=(Ref("tpm"),)), "has a virtual TPM, whose secrets do not leave their pool"),
        (machine_with(VGPUs=(Ref("gpu"),)), "has a virtual graphics card"),
        (machine_with(blocked_operations={"migrate_send": "backup"}), "Migrate send is blocked at “shop-db”: backup."),
        (put_twin, "and those of “twin” in pool “production pool” are made of the same seed"),
        (put_same, "“shop-db” is in pool “production pool” already"),
        (put_version, "has XAPI 1.20, the one they come from 26.1: a pool takes nothing from one of a higher version."),
        (put_full, "The machines may take 60 GiB in “SAN-gold”"),
        (put_small, "“shop-db” needs 2 GiB of memory"),
        (put_disabled, "Pool “production pool” has no enabled host."),
        (put_unmapped, "Interface 1 of “shop-db” is on network “lab”, which Staging does not map"),
        (put_strange_snapshot, "Interface 1 of “before the change” is on network “old”, which Staging does not map"),
    ],
)
def test_what_cannot_move_is_refused_before_anything_begins(arrange: Any, reason: str) -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here = company.pair.here

        arrange(company)

        refusal = here.refusal(here.promotion(company.shop, "production"))
        assert reason in refusal.reason
        assert refusal.mend

    virtually(story)


def test_what_only_the_pools_know_is_asked_before_the_first_change() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here, before = company.pair.here, machines(company.test.pool)
        here.port.faults.append(fault("assert_can_migrate", 2, "LICENCE_RESTRICTION"))

        status = await here.do(here.promotion(company.shop, "production"))

        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, PoolFailed)
        assert status.error.cause.code == "LICENCE_RESTRICTION"
        assert "migrate_send" not in here.port.calls
        assert "snapshot" not in here.port.calls
        assert machines(company.test.pool) == before
        assert is_clear(company)

    virtually(story)


def fault(method: str, nth: int, code: str) -> Fault:
    return Fault(method=method, nth=nth, code=code, parameters=())


def test_protection_is_lifted_for_the_way_and_what_stops_arrives_off() -> None:
    async def story() -> None:
        company = Company()
        everything = ("destroy", "migrate_send", "clean_shutdown", "start")
        await company.begin(production={"protection": everything, "entry": EntryAction.LEAVE}, **MOVE)
        here, there = company.pair.here, company.pair.there
        await here.do(here.promotion(company.shop, "production"))
        before = machines(company.production.pool)
        assert {power for _, power, *_ in before.values()} == {"Running", "Halted"}
        assert all(set(state[5]) == set(everything) for state in before.values())

        there.port.faults.append(fault("migrate_send", 2, "SR_BACKEND_FAILURE_44"))
        status = await there.do(there.demotion(company.shop, "staging"))

        assert status.state is RunState.UNDONE
        assert machines(company.production.pool) == before
        status = await there.do(there.demotion(company.shop, "staging"))
        assert status.error is None, explain(status.error)
        assert all(state[5] == {} for state in machines(company.test.pool).values())

    virtually(story)


def test_machines_that_stop_on_entry_move_when_they_are_off() -> None:
    async def story() -> None:
        company = await Company().begin(production={"entry": EntryAction.STOP}, **MOVE)
        here = company.pair.here

        status = await here.do(here.promotion(company.shop, "production"))

        assert status.error is None, explain(status.error)
        assert {state[1] for state in machines(company.production.pool).values()} == {"Halted"}
        assert here.port.calls.index("shut_down") < here.port.calls.index("migrate_send")

    virtually(story)


def test_hosts_of_the_stage_are_preferred_there_and_those_of_before_here() -> None:
    async def story() -> None:
        company = Company()
        test, production = company.test.pool, company.production.pool
        second = production.add_host("xen-p2", 2**40)
        hosts = (PoolObject(uuid=second.uuid, name="xen-p2"),)
        await company.begin(**MOVE)
        workflow = company.workflow(**MOVE)
        bound = tuple(
            msgspec.structs.replace(stage, binding=msgspec.structs.replace(stage.binding, hosts=hosts))
            if stage.id == "production"
            else stage
            for stage in workflow.stages
        )
        for desk in (company.pair.here, company.pair.there):
            await desk.publish(msgspec.structs.replace(workflow, stages=bound, version=3))
        here = company.pair.here
        vm = test.change(first(company).uuid, affinity=test.host.ref)

        assert (await here.do(here.promotion(company.shop, "production"))).error is None

        assert {each.affinity for each in production.vms() if not each.is_a_snapshot} == {second.ref}
        there = company.pair.there
        there.port.faults.append(fault("migrate_send", 3, "SR_BACKEND_FAILURE_44"))
        assert (await there.do(there.demotion(company.shop, "staging"))).state is RunState.UNDONE
        assert {each.affinity for each in production.vms() if not each.is_a_snapshot} == {second.ref}
        assert production.find(vm.uuid) is not None

    virtually(story)


def test_from_a_higher_version_nothing_comes_back_and_the_run_can_only_go_on() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here, there = company.pair.here, company.pair.there
        company.production.pool.change_record(Host, software_version={"xapi": "26.1"})
        company.test.pool.change_record(Host, software_version={"xapi": "1.20"})
        command = here.promotion(company.shop, "production")
        assert any("nothing comes back" in said for said in here.engine.plan(command).warnings)

        here.port.faults.append(fault("migrate_send", 2, "SR_BACKEND_FAILURE_44"))
        status = await here.do(command)

        assert status.state is RunState.INTERRUPTED
        assert isinstance(status.error, Interrupted)
        assert "cannot be moved back: the pool it came from has a lower version." in status.error.reason
        status = await here.settle(company.shop, Direction.RESUME)
        assert status.error is None, explain(status.error)
        assert there.card(company.shop).standing is Standing.WHOLE
        refusal = there.refusal(there.demotion(company.shop, "staging"))
        assert "a pool takes nothing from one of a higher version" in refusal.reason

    virtually(story)


def test_a_machine_in_both_pools_is_left_to_who_can_look() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here = company.pair.here
        halves = []

        def cut(method: str) -> None:
            if method == "migrate_send" and not halves:
                halves.append(first(company))
                put_same(company)

        here.port.on_call = cut

        status = await here.do(here.promotion(company.shop, "production"))

        assert status.state is RunState.INTERRUPTED
        assert isinstance(status.error, Interrupted)
        assert "“shop-db” is in both pools" in status.error.reason
        assert first(company).uuid == halves[0].uuid
        company.production.pool.forget(halves[0].uuid)
        status = await here.settle(company.shop, Direction.UNDO)
        assert status.error is None, explain(status.error)
        assert here.card(company.shop).standing is Standing.WHOLE

    virtually(story)


def test_a_hold_goes_along_and_without_a_stand_by_nothing_is_swapped() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here, there = company.pair.here, company.pair.there
        assert (await here.do(here.promotion(company.shop, "production"))).error is None
        refusal = there.refusal(there.demotion(company.shop, "staging", Disks.SWAP))
        assert "so there is no stand-by" in refusal.reason
        await there.engine.closings.close(HoldBack(configuration=company.shop, reason="the audit is coming"))

        assert (await there.do(there.demotion(company.shop, "staging"))).error is None

        assert here.card(company.shop).restore_points[0].is_whole
        held = here.card(company.shop).hold
        assert held is not None
        assert (held.reason, held.run) == ("the audit is coming", None)
        assert not any(".hold." in key for key in company.production.pool.keys)

    virtually(story)
