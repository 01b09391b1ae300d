"""A configuration gets another name, version or notes as one; hostile text is refused or kept as it is."""

import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_closing import closed
from tests.engine.test_planning import kinds
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.poolstate import roster_stem
from xsconsole.domain.run_kinds import RunKind
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import title
from xsconsole.engine.commands import Describe, QuarantineVersion
from xsconsole.engine.ports import Field
from xsconsole.errors import Ambiguous, NotPromotable, PlanIsStale

HOSTILE = '<b>50 %</b> & "x" {name}\n\tDROP TABLE; \' \\ 🤖 日本'


def describe(desk: Desk, shop: ConfigurationId, **what: str) -> Describe:
    return Describe(configuration=shop, revision=desk.card(shop).revision, reason="tidy", **what)


def test_notes_stand_in_the_roster_and_names_at_every_member() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        before = desk.card(shop)
        plan = desk.engine.plan(describe(desk, shop, notes=HOSTILE))
        assert (title(plan), kinds(plan)) == ("Write the notes of shop 1.3.0", ["roster", "verify"])
        assert (await desk.do(describe(desk, shop, notes=HOSTILE))).error is None
        card = desk.card(shop)
        assert (card.notes, card.revision) == (HOSTILE.replace("\t", "    "), before.revision)

        wanted = {"name": "Shop & <i>co</i>", "version": "2.0", "notes": ""}
        plan = desk.engine.plan(describe(desk, shop, **wanted))
        assert (title(plan), kinds(plan)) == ("Rename shop 1.3.0", ["roster", "member", "member", "member", "verify"])
        desk.port.faults.append(Fault(method="add_key", nth=6))
        assert (await desk.do(describe(desk, shop, **wanted))).state is RunState.UNDONE
        assert desk.card(shop) == card
        assert (await desk.do(describe(desk, shop, **wanted))).error is None
        card = desk.card(shop)
        assert (card.name, card.version, card.notes, card.revision) == (
            "Shop & <i>co</i>",
            "2.0",
            "",
            before.revision + 1,
        )
        assert (card.stage, card.since, card.standing) == (before.stage, before.since, before.standing)
        assert (await desk.do(describe(desk, shop, version="2.1"))).error is None
        assert (desk.card(shop).name, desk.card(shop).version) == ("Shop & <i>co</i>", "2.1")
        assert {vm.name_label for vm in office.pool.vms()} == {"shop-db", "shop-web", "shop-lb"}

    virtually(story)


def test_what_cannot_be_its_name_or_notes_is_refused() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        other = office.pool.add_vm("shop-next")
        await office.configuration(desk, "shop", "1.4.0", "integration", [other.uuid])
        for what, why in (
            ({}, "says already"),
            ({"name": " "}, "name is empty"),
            ({"name": "a\x07b"}, "control characters"),
            ({"version": "1\u202e.3"}, "turn the direction"),
            ({"notes": "fine\n\u202ebad"}, "turn the direction"),
            ({"notes": "word " * 390 + "\n" + "word " * 20}, "2000 can be kept"),
        ):
            with pytest.raises(NotPromotable, match=why):
                desk.engine.plan(describe(desk, shop, **what))
        with pytest.raises(PlanIsStale, match="changed the notes"):
            desk.engine.plan(describe(desk, shop, notes="mine", seen="what stood there before"))
        with pytest.raises(Ambiguous, match="that service and version already"):
            desk.engine.plan(describe(desk, shop, version="1.4.0"))
        with pytest.raises(Ambiguous, match="name of another configuration, shop@1"):
            desk.engine.plan(describe(desk, shop, name="shop 1.4.0"))
        assert describe(desk, shop, notes="x").kind is RunKind.NOTE
        assert describe(desk, shop, version="2").kind is RunKind.RENAME
        await closed(desk, QuarantineVersion(service="shop", version="1.3.0", reason="leaks"))
        with pytest.raises(NotPromotable, match="quarantined"):
            desk.engine.plan(describe(desk, shop, version="1.3.1"))
        desk.slow_down()  # the board is behind what the pool says
        (roster,) = [key for key in await desk.port.keys(Field.POOL) if key.startswith(roster_stem(shop))]
        await desk.port.remove_key(Field.POOL, roster)
        with pytest.raises(NotPromotable, match="roster cannot be read"):
            desk.engine.plan(describe(desk, shop, notes="x"))

    virtually(story)
