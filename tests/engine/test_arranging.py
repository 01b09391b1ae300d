"""Members get other roles, orders and delays as one thing; a failure puts all of them back."""

from typing import Any

import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_planning import kinds
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import title
from xsconsole.engine.commands import Arrange, Seat
from xsconsole.errors import NotFound, NotPromotable


def arrange(desk: Desk, shop: ConfigurationId, **seats: dict[str, Any]) -> Arrange:
    members = {member.role: member.uuid for member in desk.card(shop).members}
    chosen = tuple(Seat(vm=members[f"shop-{role}"], **seat) for role, seat in seats.items())
    return Arrange(configuration=shop, revision=desk.card(shop).revision, seats=chosen, reason="tidy")


def seated(desk: Desk, shop: ConfigurationId) -> dict[str, tuple[str, int, int, int]]:
    found = {}
    for member in desk.card(shop).members:
        vm = desk.pool.vm(member.uuid)
        found[member.name] = (member.role, vm.order, vm.start_delay, vm.shutdown_delay)
    return found


def test_roles_orders_and_delays_change_together_or_not_at_all() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        before, revision = seated(desk, shop), desk.card(shop).revision
        command = arrange(desk, shop, db={"role": "database", "order": 1, "start_delay_s": 20}, web={"order": 0})
        plan = desk.engine.plan(command)
        assert title(plan) == "Arrange the members of shop 1.3.0"
        assert kinds(plan) == ["roster", "member", "member", "member", "set-fields", "set-fields", "verify"]
        assert plan.warnings == (
            "shop-db becomes database; it was shop-db.",
            "It is a new revision: requests that wait for approval become void.",
            "shop-db: start order 1 instead of 0 and delay after the start 20 s instead of 0 s.",
            "shop-web: start order 0 instead of 1.",
        )
        desk.port.faults.append(Fault(method="write_fields", nth=2))
        assert (await desk.do(command)).state is RunState.UNDONE
        assert (seated(desk, shop), desk.card(shop).revision) == (before, revision)
        assert (await desk.do(command)).error is None
        assert seated(desk, shop)["shop-db"] == ("database", 1, 20, 0)
        assert seated(desk, shop)["shop-web"] == ("shop-web", 0, 0, 0)
        assert desk.card(shop).revision == revision + 1

        later = arrange(desk, shop, web={"shutdown_delay_s": 5})
        assert kinds(desk.engine.plan(later)) == ["set-fields", "verify"]
        assert (await desk.do(later)).error is None
        assert desk.card(shop).revision == revision + 1

    virtually(story)


def test_what_cannot_be_is_said_before() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        with pytest.raises(NotPromotable, match="what it says already"):
            desk.engine.plan(arrange(desk, shop, db={"order": 0, "role": "shop-db"}))
        with pytest.raises(NotPromotable, match="Two members would have the role “shop-web”"):
            desk.engine.plan(arrange(desk, shop, db={"role": "shop-web"}))
        with pytest.raises(NotPromotable, match="-1 is no order and no delay"):
            desk.engine.plan(arrange(desk, shop, db={"order": -1}))
        stranger = Arrange(configuration=shop, revision=desk.card(shop).revision, seats=(Seat(vm=Uuid("x"), order=1),))
        with pytest.raises(NotFound, match="is no member of"):
            desk.engine.plan(stranger)
        swapped = arrange(desk, shop, db={"role": "shop-web"}, web={"role": "shop-db"})
        assert kinds(desk.engine.plan(swapped))[:1] == ["roster"]

    virtually(story)
