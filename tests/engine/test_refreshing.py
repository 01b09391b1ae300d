"""An older replica is made anew of what it was copied from: the same configuration, addresses and place, or nothing."""

import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census
from tests.engine.test_planning import kinds
from tests.engine.test_replicating import done, of
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.comparison import compare, version_now
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import VIF
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Direction, Refresh, Settle
from xsconsole.errors import NotFound, NotPromotable


def macs(office: Office, card: Card) -> dict[tuple[str, str], str]:
    found = {}
    for member in card.members:
        for ref in office.pool.vm(member.uuid).VIFs:
            vif = office.pool.records[ref]
            assert isinstance(vif, VIF)
            found[member.role, vif.device] = vif.MAC
    return found


def refreshing(card: Card) -> Refresh:
    return Refresh(configuration=card.id, revision=card.revision, reason="the patch is in")


async def replica(office: Office, desk: Desk) -> tuple[ConfigurationId, ConfigurationId]:
    """A shop in production with an interface each, its replica whose database runs, and a change of the shop since."""
    shop = await office.shop(desk, "production")
    lan = office.pool.add_network("lan")
    for member in desk.card(shop).members:
        office.pool.plug(member.uuid, lan)
    made = await done(desk, of(desk.card(shop)))
    db = next(member for member in made.members if "db" in member.role)
    await desk.port.start(db.uuid, "", lambda _: None)  # type: ignore[arg-type]
    source = next(member for member in desk.card(shop).members if "db" in member.role)
    office.pool.change(source.uuid, order=9)
    await desk.until(lambda: any(member.power_state == "Running" for member in desk.card(made.id).members))
    return shop, made.id


def test_it_stays_the_same_configuration_with_its_addresses_and_is_like_production_again() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop, id_ = await replica(office, desk)
        before, source = desk.card(id_), desk.card(shop)
        addresses, machines = macs(office, before), len(census(office))

        status = await desk.do(refreshing(before))

        assert (status.state, status.error) == (RunState.DONE, None)
        await desk.until(lambda: desk.card(id_).standing is Standing.WHOLE and desk.card(id_).run is None)
        after = desk.card(id_)
        assert (after.id, after.stage, after.since, after.revision) == (
            before.id,
            before.stage,
            before.since,
            before.revision + 1,
        )
        assert not {member.uuid for member in after.members} & {member.uuid for member in before.members}
        assert macs(office, after) == addresses
        assert {member.role: member.name for member in after.members} == {
            member.role: member.name for member in before.members
        }
        assert [member.role for member in after.members if member.power_state == "Running"] == [
            member.role for member in before.members if member.power_state == "Running"
        ]
        workflow = desk.board.workflow
        found = compare(
            version_now(desk.card(shop), desk.inventory, workflow), version_now(after, desk.inventory, workflow)
        )
        assert found.drift == ()
        assert desk.card(shop).members == source.members
        assert len(census(office)) == machines
        assert after.origin is not None
        assert before.origin is not None
        assert (after.origin.run, after.origin.configuration) == (status.run, shop)
        assert after.origin.frozen_at is not None

    virtually(story)


@pytest.mark.parametrize("method", ["start", "clone", "give_macs"])
def test_whatever_fails_before_the_end_gives_the_old_machines_back(method: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        _, id_ = await replica(office, desk)
        before, there = desk.card(id_), census(office)
        desk.port.faults.append(Fault(method=method, nth=1))

        status = await desk.do(refreshing(before))

        assert status.state is RunState.UNDONE
        await desk.until(lambda: desk.card(id_).run is None and desk.card(id_).standing is Standing.WHOLE)
        assert desk.card(id_).members == before.members
        assert census(office) == there

    virtually(story)


def test_once_a_machine_is_gone_there_is_no_way_back_and_going_on_finishes_it() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        _, id_ = await replica(office, desk)
        before = desk.card(id_)
        assert kinds(desk.engine.plan(refreshing(before)))[-1] == "retire"
        desk.port.faults.append(Fault(method="destroy", nth=2))

        status = await desk.do(refreshing(before))

        assert status.state is RunState.INTERRUPTED
        run = await desk.engine.settle(Settle(configuration=id_, direction=Direction.RESUME))
        ended = await run.wait()
        assert (ended.state, ended.error) == (RunState.DONE, None)
        await desk.until(lambda: desk.card(id_).standing is Standing.WHOLE and desk.card(id_).run is None)
        assert not any(office.pool.find(member.uuid) for member in before.members)

    virtually(story)


def test_what_is_no_copy_or_is_production_is_not_made_anew() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        with pytest.raises(NotFound, match="is no copy"):
            desk.engine.plan(refreshing(desk.card(shop)))
        with pytest.raises(NotPromotable, match="of itself"):
            desk.engine.plan(Refresh(configuration=shop, revision=desk.card(shop).revision, source=shop))
        crm = await office.configuration(desk, "crm", "7.1", "staging", [office.pool.add_vm("crm-db").uuid])
        with pytest.raises(NotPromotable, match="of another"):
            desk.engine.plan(Refresh(configuration=shop, revision=desk.card(shop).revision, source=crm))

    virtually(story)
