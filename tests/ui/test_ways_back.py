"""What a promotion leaves, in the window: the one whose place it took, to be swapped with, and restore points."""

from dataclasses import replace

from tests.embedded import EmbeddedPool
from tests.engine.test_succession import succeeding
from tests.ui.board_window import CTRL, Key, card_of, console, ended, pool, press, start, window
from tests.ui.test_health import cells, open_health
from tests.ui.test_inbox import texts
from tests.workflows import put_on
from xsconsole.console import Console
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.plan import Disks
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Demote, Promote
from xsconsole_ui.actions import REMOVE_POINTS
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.promotion.desk import Choice
from xsconsole_ui.promotion.points import PointsDialog

__all__ = ["console", "pool", "window"]


def standing(console: Console, name: str, stage: str) -> Card | None:
    found = (card for card in console.board.cards.values() if (card.name, card.stage) == (name, stage))
    return next((card for card in found if card.run is None and card.standing is Standing.WHOLE), None)


async def test_who_gave_way_takes_its_place_again_and_what_it_left_goes_where_storage_is_short(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    put_on(pool, succeeding((), replaces_data=True))
    await until(lambda: console.board.workflow is not None and console.board.workflow.version == 2, "the version")
    new, old = card_of(console, "crm@staging"), card_of(console, "crm@production")
    running = {member.role for member in old.members if member.power_state == "Running"}
    await start(console, Promote(configuration=new.id, revision=new.revision, target="production"))
    assert (await ended(console)).state is RunState.DONE
    await until(lambda: standing(console, new.name, "production") and standing(console, old.name, "staging"), "both")
    made = standing(console, new.name, "production")
    assert made is not None

    window.inspector.leave()
    window.board.select(old.id)
    card_page, removing = window.inspector.card_page, window.actions_[REMOVE_POINTS]
    await until(lambda: bool(texts(card_page.points.view)), "its restore point")
    (point,) = texts(card_page.points.view)
    assert point.startswith("before it gave way in Production · ")
    assert point.endswith(" GiB · kept until somebody removes it")
    assert card_page.removals.isVisibleTo(card_page)
    await until(lambda: not removing.why_not, "that it could go")
    window.board.select(made.id)
    press(Key.Key_Left, CTRL)
    page = window.inspector.plan_page
    await until(lambda: window.desk.question is not None, "the plan")
    assert page.keep.isChecked()
    assert page.swap.isVisibleTo(page)
    assert not page.restore.isVisibleTo(page)  # no restore point of it was taken in staging
    assert page.swap.text() == f"Swap with {old.name}, whose place it took"
    click(page.swap)

    question = window.desk.question
    assert question is not None
    assert isinstance(question.command, Demote)
    assert question.command.disks is Disks.SWAP
    assert any(text.startswith(f"{old.name} takes its place in Production again") for text in texts(page.checks.view))
    # What cannot be chosen says so before anybody chooses it.
    told = window.desk.why_not(replace(question.command, disks=Disks.RESTORE))
    assert told == f"“{made.name}” has no restore point from Staging. Demote it with its disks as they are."
    swap = Choice(words=page.swap.text())
    page.show_question(question, restore=Choice(words="Return", why_not=told), swap=swap, is_starting=False)
    assert (page.restore.isEnabled(), page.restore.toolTip()) == (False, told)
    assert f"Return: {told}" in texts(page.checks.view)
    page.show_question(question, restore=None, swap=swap, is_starting=False)
    click(page.go)
    await until(lambda: standing(console, old.name, "production") and standing(console, new.name, "staging"), "both")

    assert (await ended(console)).state is RunState.DONE
    back = standing(console, old.name, "production")
    assert back is not None
    assert {member.role for member in back.members if member.power_state == "Running"} == running
    assert {member.power_state for member in console.board.cards[made.id].members} == {"Halted"}
    assert console.board.cards[made.id].stage == "staging"

    with pool.plain_session() as session:
        (gold,) = session.xenapi.SR.get_by_name_label("SAN-gold")
        pool.control("fill_sr", sr=session.xenapi.SR.get_uuid(gold), free_bytes=2**30)
    await open_health(window)
    findings = window.health.findings
    await until(lambda: any(row[1] == "restore points" for row in cells(findings)), "the finding")
    row = next(at for at, row in enumerate(cells(findings)) if row[1] == "restore points")
    said = cells(findings)[row]
    assert said[2] == "SAN-gold"
    assert said[3].startswith(f"1 restore point of {old.name}, of ")
    assert said[3].endswith(" GiB here.")
    findings.view.setCurrentIndex(findings.model.index(row, 0))
    assert window.health.mend.text() == "Remove restore points…"
    window.health.mend.trigger()
    await until(lambda: dialog(window) is not None, "the choice")
    chosen = dialog(window)
    assert chosen is not None
    assert len(chosen.members.chosen) == 1  # what could go is ticked already
    click(chosen.go)
    await until(lambda: window.desk.question is not None, "the plan")
    click(page.go)
    await until(lambda: not console.board.cards[old.id].restore_points, "that it is gone")
    await until(lambda: bool(removing.why_not), "that nothing is left")

    assert (await ended(console)).state is RunState.DONE


def dialog(window: MainWindow) -> PointsDialog | None:
    found = [one for one in window.findChildren(PointsDialog) if one.isVisible()]
    return found[0] if found else None
