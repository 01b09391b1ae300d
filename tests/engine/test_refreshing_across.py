"""A replica in another pool than its source is made anew of it: the same configuration and addresses, or nothing."""

import msgspec
import pytest

from tests.engine.crossings import is_clear, machines
from tests.engine.desks import Desk, virtually
from tests.engine.memory_pool import MemoryPool
from tests.engine.memory_port import Fault
from tests.engine.test_refreshing import macs
from tests.engine.two_pools import Company
from xsconsole.domain.actions.copies import DropSnapshot, NoteFreeze
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.plan import TakeSnapshot
from xsconsole.domain.poolstate import Roster, decode, encode, roster_stem
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Direction, Refresh, Replicate, Settle
from xsconsole.engine.neighbours import NOWHERE
from xsconsole.engine.ports import Field
from xsconsole.errors import NotFound, NotPromotable


class Replica:
    """shop in staging, in the one pool, and its replica in the other, of which the database runs and is older."""

    def __init__(self, company: Company, card: Card) -> None:
        self.company, self.id = company, card.id
        self.here, self.there = company.pair.here, company.pair.there

    @property
    def card(self) -> Card:
        return self.there.card(self.id)

    def command(self, method: Method = Method.FULL_COPY) -> Refresh:
        return Refresh(configuration=self.id, revision=self.card.revision, method=method, reason="the patch is in")

    def census(self) -> tuple[object, ...]:
        pools = (self.company.test.pool, self.company.production.pool)
        return tuple((machines(pool), len(pool.vms())) for pool in pools)


class Ends:
    """How a refresh may end: the old machines as they were, or new ones of the same names and powers, and no more."""

    def __init__(self, replica: Replica) -> None:
        self.source, self.old = machines(replica.company.test.pool), machines(replica.company.production.pool)

    def stands_back(self, pool: MemoryPool) -> bool:
        """Return whether all old machines are there still, and none of them runs any more."""
        found = [pool.find(Uuid(str(state[0]))) for state in self.old.values()]
        return all(vm is not None and vm.power_state == "Halted" for vm in found)

    def look(self, company: Company) -> bool:
        """Return whether it was made anew."""
        assert is_clear(company)
        assert machines(company.test.pool) == self.source
        pools = (company.test.pool, company.production.pool)
        assert not any(vm.is_a_snapshot for pool in pools for vm in pool.vms())
        now = machines(company.production.pool)
        assert {name: (state[1:3], state[4]) for name, state in now.items()} == {
            name: (state[1:3], state[4]) for name, state in self.old.items()
        }
        is_new = {state[0] for state in now.values()}.isdisjoint(state[0] for state in self.old.values())
        assert is_new or now == self.old
        return is_new


async def replicated() -> Replica:
    company = await Company().begin(production={"is_production": False})
    here, there = company.pair.here, company.pair.there
    card = here.card(company.shop)
    command = Replicate(
        configuration=card.id, revision=card.revision, target=StageId("production"), method=Method.FULL_COPY
    )
    status = await here.do(command)
    assert status.error is None, explain(status.error)
    await there.caught_up()
    found = Replica(company, there.card(company.made()))
    for member in found.card.members:
        if "db" not in member.role:
            await stop(there, member.uuid)
    company.test.pool.contents[here.member(company.shop, "shop-db")] = "written since"
    await there.caught_up()
    return found


async def stop(desk: Desk, uuid: Uuid) -> None:
    if desk.pool.vm(uuid).power_state == "Running":
        await desk.port.shut_down(uuid, "", lambda _: None)  # type: ignore[arg-type]


def test_new_snapshots_come_over_and_take_the_places_of_its_machines() -> None:
    async def story() -> None:
        replica = await replicated()
        here, there, company, before = replica.here, replica.there, replica.company, replica.card
        office = company.production
        addresses, source = macs(office, before), machines(company.test.pool)
        plan = there.engine.plan(replica.command())
        at_source = (TakeSnapshot, NoteFreeze, DropSnapshot)
        assert {step.pool for step in plan.steps if isinstance(step.action, at_source)} == {company.test.pool.pool.uuid}
        assert {step.pool for step in plan.steps if not isinstance(step.action, at_source)} == {None}
        assert any("The copies come from pool “acme” to pool “production pool”" in said for said in plan.warnings)
        there.port.faults.append(Fault(method="give_macs", nth=2))
        was = replica.census()

        assert (await there.do(replica.command())).state is RunState.UNDONE

        assert replica.census() == was
        assert is_clear(company)
        there.port.faults.clear()
        status = await there.do(replica.command())

        assert status.error is None, explain(status.error)
        after = replica.card
        wanted = (before.id, before.stage, before.since, Standing.WHOLE)
        assert (after.id, after.stage, after.since, after.standing) == wanted
        assert not {member.uuid for member in after.members} & {member.uuid for member in before.members}
        assert macs(office, after) == addresses
        assert {m.role: (m.name, m.power_state) for m in after.members} == {
            m.role: (m.name, m.power_state) for m in before.members
        }
        assert "written since" in {office.pool.contents[member.uuid] for member in after.members}
        assert after.origin is not None
        assert (after.origin.run, after.origin.configuration) == (status.run, company.shop)
        assert after.origin.frozen_at is not None
        assert machines(company.test.pool) == source
        assert not any(vm.is_a_snapshot for pool in (company.test.pool, office.pool) for vm in pool.vms())
        assert set(here.board.cards) == {company.shop}
        assert is_clear(company)

    virtually(story)


def test_once_a_machine_is_gone_going_on_finishes_it() -> None:
    async def story() -> None:
        replica = await replicated()
        replica.there.port.faults.append(Fault(method="destroy", nth=2))

        status = await replica.there.do(replica.command())

        assert status.state is RunState.INTERRUPTED
        # A console that sits in the source's pool finds it too, and whoever has both goes on.
        run = await replica.here.engine.settle(Settle(configuration=replica.id, direction=Direction.RESUME))
        assert (await run.wait()).error is None
        assert replica.card.standing is Standing.WHOLE
        assert is_clear(replica.company)

    virtually(story)


def test_one_that_was_a_linked_clone_before_it_moved_is_made_anew_by_full_copies() -> None:
    async def story() -> None:
        replica = await replicated()
        pool, stem = replica.company.production.pool, roster_stem(replica.id)
        key, roster = next((key, decode(text, Roster)) for key, text in pool.keys.items() if key.startswith(stem))
        assert roster is not None
        assert roster.origin is not None
        cloned = msgspec.structs.replace(roster.origin, method=Method.LINKED_CLONE)
        pool.set_map(Field.POOL, None, {**pool.keys, key: encode(msgspec.structs.replace(roster, origin=cloned))})
        await replica.there.caught_up()
        assert replica.card.origin == cloned

        plan = replica.there.engine.plan(Refresh(configuration=replica.id, revision=replica.card.revision))

        assert plan.intent.method is Method.FULL_COPY

    virtually(story)


@pytest.mark.parametrize(
    ("arranged", "reason"),
    [
        ("linked", "A linked clone stays on the storage of its original"),
        ("alone", "is on no pool that this console is connected to"),
        ("versions", "both must have the same"),
    ],
)
def test_what_cannot_be_refreshed_says_why(arranged: str, reason: str) -> None:
    async def story() -> None:
        replica = await replicated()
        command = replica.command(Method.LINKED_CLONE if arranged == "linked" else Method.FULL_COPY)
        if arranged == "alone":
            replica.there.engine.abroad = NOWHERE
        workflow = replica.here.board.workflow
        assert workflow is not None
        if arranged == "versions":
            await replica.here.publish(msgspec.structs.replace(workflow, version=3))

        with pytest.raises((NotFound, NotPromotable), match=reason):
            replica.there.engine.plan(command)

    virtually(story)
