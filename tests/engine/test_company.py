"""What a machine belongs to, its vApp and its snapshot schedule, when it moves into another pool and comes back."""

import msgspec

from tests.engine.crossings import MOVE, is_clear
from tests.engine.desks import virtually
from tests.engine.memory_pool import MemoryPool
from tests.engine.memory_port import Fault
from tests.engine.two_pools import Company
from xsconsole.domain.actions.travel import NoteCompany
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import Appliance
from xsconsole.domain.poolstate import COMPANY_KEY
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, describe_undo

NIGHTLY, THEIRS = Ref("schedule-here"), Ref("schedule-there")


def company_of(pool: MemoryPool) -> dict[str, tuple[str, str]]:
    found = {}
    for vm in pool.vms():
        if not vm.is_a_snapshot:
            held = pool.records.get(vm.appliance)
            vapp = held.name_label if isinstance(held, Appliance) else ""
            found[vm.name_label] = (vapp, pool.schedules.get(vm.snapshot_schedule, ""))
    return found


async def begun() -> Company:
    company = await Company().begin(**MOVE)
    test = company.test.pool
    vapp = test.put_anew(Appliance(ref=NULL_REF, uuid=Uuid(""), name_label="shop"))
    test.schedules[NIGHTLY] = "nightly"
    for vm in test.vms():
        if vm.name_label != "shop-lb":
            test.put_vm(msgspec.structs.replace(vm, appliance=vapp.ref, snapshot_schedule=NIGHTLY))
    await company.pair.here.caught_up()
    return company


BEFORE = {"shop-db": ("shop", "nightly"), "shop-web": ("shop", "nightly"), "shop-lb": ("", "")}


def test_they_belong_to_a_vapp_of_that_name_there_and_to_all_of_it_again_when_they_are_back() -> None:
    async def story() -> None:
        company = await begun()
        here, there = company.pair.here, company.pair.there
        test, production = company.test.pool, company.production.pool
        plan = here.engine.plan(here.promotion(company.shop, "production"))
        assert any("leave their snapshot schedule: no snapshots are taken there unless" in one for one in plan.warnings)
        steps = [step for step in plan.steps if isinstance(step.action, NoteCompany)]
        assert len(steps) == 4
        assert len({describe(step) for step in steps} | {describe_undo(step) for step in steps}) == 8

        status = await here.do(here.promotion(company.shop, "production"))

        assert status.state is RunState.DONE
        assert company_of(production) == {name: (vapp, "") for name, (vapp, _) in BEFORE.items()}
        assert sum(isinstance(record, Appliance) for record in production.records.values()) == 1

        assert (await there.do(there.demotion(company.shop, "staging"))).state is RunState.DONE
        assert company_of(test) == BEFORE
        assert not [vm.name_label for vm in test.vms() if COMPANY_KEY in vm.other_config]

        production.schedules[THEIRS] = "nightly"
        assert (await here.do(here.promotion(company.shop, "production"))).state is RunState.DONE
        assert company_of(production) == BEFORE
        assert sum(isinstance(record, Appliance) for record in test.records.values()) == 1

    virtually(story)


def test_what_is_put_back_belongs_to_all_that_it_belonged_to() -> None:
    async def story() -> None:
        for method, nth in (("join", 1), ("join", 2), ("start", 1)):
            company = await begun()
            company.pair.there.port.faults.append(Fault(method=method, nth=nth, how="fail"))
            status = await company.pair.here.do(company.pair.here.promotion(company.shop, "production"))

            assert status.state is RunState.UNDONE
            assert company_of(company.test.pool) == BEFORE
            assert is_clear(company)
            assert not [vm.name_label for vm in company.test.pool.vms() if COMPANY_KEY in vm.other_config]

    virtually(story)
