"""Restore points in the window: listed with what they take, chosen to go, and named where storage gets short."""

from tests.embedded import EmbeddedPool
from tests.ui.board_window import card_of, console, ended, pool, start, window
from tests.ui.test_health import cells, open_health
from tests.ui.test_inbox import texts
from tests.ui.test_membership import CHECK
from xsconsole.console import Console
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Demote, Promote
from xsconsole_ui.actions import REMOVE_POINTS
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.promotion.points import PointsDialog

__all__ = ["console", "pool", "window"]

SHOP = "shop@1.3.0"


def dialog(window: MainWindow) -> PointsDialog | None:
    found = [one for one in window.findChildren(PointsDialog) if one.isVisible()]
    return found[0] if found else None


async def test_they_are_listed_chosen_and_removed_and_named_where_storage_is_short(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    page, removing = window.inspector.card_page, window.actions_[REMOVE_POINTS]
    window.board.select(card_of(console, SHOP).id)
    await until(lambda: bool(removing.why_not), "that there are none")
    assert not page.removals.isVisibleTo(page)
    for target, kind in (("production", Promote), ("staging", Demote)):
        card = card_of(console, SHOP)
        more = {"disks": Disks.RESTORE} if kind is Demote else {}
        await start(console, kind(configuration=card.id, revision=card.revision, target=target, **more))
        assert (await ended(console)).state is RunState.DONE
        await until(lambda: card_of(console, SHOP).stage == target, "that it stands there")  # noqa: B023
        await until(lambda: card_of(console, SHOP).run is None, "that it is done")
    window.inspector.leave()
    window.board.select(card_of(console, SHOP).id)
    await until(lambda: len(texts(page.points.view)) == 2, "both on the card")

    point, aside = texts(page.points.view)
    assert point.startswith("Staging → Production · ")
    assert point.endswith(" MiB · kept until somebody removes it")  # what the return left on its base is the machines'
    assert aside.startswith("set aside in Production · 150 GiB · ")
    assert page.removals.isVisibleTo(page)

    with pool.plain_session() as session:
        (gold,) = session.xenapi.SR.get_by_name_label("SAN-gold")
        pool.control("fill_sr", sr=session.xenapi.SR.get_uuid(gold), free_bytes=2**30)
    await open_health(window)
    findings = window.health.findings
    await until(lambda: any(row[1] == "restore points" for row in cells(findings)), "the finding")
    row = next(at for at, row in enumerate(cells(findings)) if row[1] == "restore points")
    said = cells(findings)[row]
    assert said[2] == "SAN-gold"
    assert said[3].startswith("2 restore points of shop 1.3.0, of ")
    assert " here." in said[3]
    findings.view.setCurrentIndex(findings.model.index(row, 0))
    assert window.health.mend.text() == "Remove restore points…"
    window.health.mend.trigger()
    await until(lambda: dialog(window) is not None, "the choice")
    chosen = dialog(window)
    assert chosen is not None
    assert len(chosen.members.chosen) == 2  # what could go is ticked already
    chosen.members.setData(chosen.members.index(0, 0), 0, CHECK)
    click(chosen.go)
    await until(lambda: window.desk.question is not None, "the plan")
    click(window.inspector.plan_page.go)
    await until(lambda: not card_of(console, SHOP).asides and card_of(console, SHOP).run is None, "that it is gone")

    assert (await ended(console)).state is RunState.DONE
    assert len(card_of(console, SHOP).restore_points) == 1
