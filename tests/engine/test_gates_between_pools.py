"""Gates of what leads into another pool look at both: where it comes from, and where it goes."""

from typing import Any

import msgspec
import pytest

from tests.engine.crossings import MOVE, is_clear, machines
from tests.engine.desks import virtually
from tests.engine.two_pools import Company
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import GroupId, PersonId
from xsconsole.domain.inventory import VIF, Host
from xsconsole.domain.reviews import items_on
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import ApprovalRule, Group, Method, Person
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.domain.workflow.gates import Measure, NoDrift, NoDuplicateAddresses, PoolFit, When
from xsconsole.errors import GateNotMet, RunFailed

LOOKING = (
    NoDuplicateAddresses(),
    PoolFit(),
    NoDrift(against=Measure.APPROVED),
    NoDuplicateAddresses(when=When.AFTER, leads_back=True, timeout_s=1),
    PoolFit(when=When.AFTER, timeout_s=1),
    NoDrift(against=Measure.APPROVED, when=When.AFTER, leads_back=True, timeout_s=1),
)


def put_double(company: Company) -> None:
    """Put a machine on production's network that has the MAC address of one that is to come."""
    pool = company.production.pool
    mac = company.test.pool.interfaces(company.pair.here.member(company.shop, "shop-db"))[0].MAC
    vm = pool.add_vm("squatter", "Running")
    pool.plug(vm.uuid, company.there)
    pool.put(msgspec.structs.replace(pool.interfaces(vm.uuid)[0], MAC=mac))


def test_what_is_in_the_way_at_either_pool_is_said_before_the_drop() -> None:
    async def story() -> None:
        company = await Company().begin(gates=LOOKING, **MOVE)
        here, command = company.pair.here, company.pair.here.promotion(company.shop, "production")
        assert here.engine.plan(command).intent.abroad is not None

        company.production.pool.change_record(Host, enabled=False)
        assert "In maintenance or not heard of in pool “production pool”: xen-1." in here.refusal(command).reason
        company.production.pool.change_record(Host, enabled=True)
        put_double(company)
        assert "On the network already:" in here.refusal(command).reason
        assert "of squatter." in here.refusal(command).reason

    virtually(story)


def test_what_meets_its_gates_goes_there_and_what_does_not_comes_back() -> None:
    async def story() -> None:
        for is_met, method in ((True, MOVE), (False, MOVE), (True, COPY), (False, COPY)):
            company = await Company().begin(gates=LOOKING, **method)
            here, there = company.pair.here, company.pair.there
            before = machines(company.test.pool)
            if not is_met:
                # It comes when the machines have come: only a look at the other pool can find it.
                there.port.on_call = lambda call, at=company: double_arrivals(at) if call == "start" else None

            status = await here.do(here.promotion(company.shop, "production"))

            assert is_clear(company)
            if is_met:
                assert status.error is None, explain(status.error)
                made = company.shop if method is MOVE else company.made()
                assert there.card(made).standing is Standing.WHOLE
                continue
            assert status.state is RunState.UNDONE
            assert isinstance(status.error, RunFailed)
            assert isinstance(status.error.cause, GateNotMet)
            assert "On the network already" in status.error.cause.sentence
            assert machines(company.test.pool) == before
            assert set(machines(company.production.pool)) == {"squatter"}

    virtually(story)


COPY: dict[str, Any] = {"method": Method.FULL_COPY}


def double_arrivals(company: Company) -> None:
    pool = company.production.pool
    if any(vm.name_label == "squatter" for vm in pool.vms()):
        return
    macs = [record.MAC for record in pool.records.values() if isinstance(record, VIF)]
    vm = pool.add_vm("squatter", "Running")
    pool.plug(vm.uuid, company.there)
    pool.put(msgspec.structs.replace(pool.interfaces(vm.uuid)[0], MAC=macs[0]))


@pytest.mark.parametrize("way", [MOVE, {"method": Method.FULL_COPY}], ids=["moved", "copied"])
def test_what_others_look_at_afterwards_stands_in_the_pool_that_it_leads_to(way: dict[str, Any]) -> None:
    async def story() -> None:
        company = await Company().begin(**way)
        here, rule = company.pair.here, ApprovalRule(count=1, groups=(GroupId("ops"),))
        people = (Person(id=PersonId("ann"), name="Ann"),)
        groups = (Group(id=GroupId("ops"), name="Operators", people=(PersonId("ann"),)),)
        workflow = company.workflow(afterwards=(Review(rule=rule),), **way)
        for desk in (here, company.pair.there):
            await desk.publish(msgspec.structs.replace(workflow, version=3, people=people, groups=groups))

        assert (await here.do(here.promotion(company.shop, "production"))).state is RunState.DONE

        (item,) = items_on(company.production.pool.keys)
        assert not items_on(company.test.pool.keys)
        assert company.shop in (item.intent.configuration, *item.intent.others)
        assert item.pool == company.production.pool.pool.uuid

    virtually(story)
