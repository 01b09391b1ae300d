"""A promotion waits for a place in a full stage: seen in the column, taken out, or begun when the place is free."""

from PySide6.QtGui import QKeySequence

from tests.ui.board_window import card_of, cards_in, console, pool, start, window
from xsconsole.console import Console
from xsconsole.domain.ids import StageId
from xsconsole.engine.commands import Demote
from xsconsole_ui import board_actions
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.dialogs import Question
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


async def queued(window: MainWindow) -> None:
    window.actions_[board_actions.QUEUE].trigger()
    await until(lambda: bool(window.findChildren(Question)), "the question")
    (question,) = window.findChildren(Question)
    assert "only while it is open" in question.accessibleDescription()
    click(question.go)
    await until(lambda: bool(window.estate.queue.entries), "one that waits")
    await until(lambda: not window.findChildren(Question), "the end of the question")


async def test_one_waits_in_the_column_until_it_is_taken_out_or_there_is_room(
    window: MainWindow, console: Console
) -> None:
    new, old = card_of(console, "crm@7.1.1"), card_of(console, "crm@7.1")
    box = window.board.lane("Production").queue_box
    window.board.select(old.id)
    assert window.actions_[board_actions.QUEUE].shortcut() == QKeySequence("Ctrl+Shift+Q")
    assert "full stage" in window.actions_[board_actions.QUEUE].why_not
    window.board.select(new.id)

    await queued(window)
    assert [row.label.whole for row in box.rows] == ["1. crm 7.1.1 waits"]
    await until(lambda: "takes 1 configuration" in box.rows[0].toolTip(), "why it waits")
    assert box.isVisible()
    click(box.rows[0].out)
    assert not box.isVisible()
    assert window.estate.queue.entries == ()
    assert window.focusWidget() is window.board.lane("Production").view

    window.board.select(new.id)
    await queued(window)
    back = Demote(configuration=old.id, revision=old.revision, target=StageId("staging"))
    await console.finished(await start(console, back))
    await until(lambda: "crm 7.1.1" in cards_in(window, "Production"), "the one that waited in Production")
    assert window.estate.queue.entries == ()
    assert not box.isVisible()
    await until(lambda: all(run.ended_at for run in console.runs), "the end of all runs")
