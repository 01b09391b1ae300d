"""A promotion waits for a place in a full stage: seen in the column, taken out, or begun when the place is free."""

from datetime import timedelta

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from tests.embedded import EmbeddedPool
from tests.ui.board_window import card_of, cards_in, console, pool, start, window
from tests.workflows import put_on
from xsconsole.console import Console, queueing
from xsconsole.domain.board import Card
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Limits, default_workflow
from xsconsole.engine.commands import Demote, FreezeStage
from xsconsole_ui import board_actions
from xsconsole_ui.actions import PROMOTE
from xsconsole_ui.activity.past import past_entries
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.dialogs import Question
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


async def queued(window: MainWindow) -> None:
    window.actions_[board_actions.QUEUE].trigger()
    await until(lambda: bool(window.findChildren(Question)), "the question")
    (question,) = window.findChildren(Question)
    assert "only while it is open" in question.accessibleDescription()
    assert ".." not in question.accessibleDescription()
    assert question.cancel.isDefault()
    question.go.setFocus()
    QTest.keyClick(question.go, Qt.Key.Key_Return)  # Enter presses what has the keyboard, as everywhere
    await until(lambda: bool(window.estate.queue.entries), "one that waits")
    await until(lambda: not window.findChildren(Question), "the end of the question")


def chips_of(window: MainWindow, card: Card) -> list[str]:
    model = window.board.lane(str(card.stage)).model
    row = model.row_of(card.id)
    assert row is not None
    return [chip.text for chip in model.face_at(row).chips]


def waiting_of(window: MainWindow) -> str:
    return "".join(row.text for row in window.inspector.card_page.waiting.view.rows.rows)


async def test_one_waits_in_the_column_until_it_is_taken_out_or_there_is_room(
    window: MainWindow, console: Console
) -> None:
    new, old = card_of(console, "crm@7.1.1"), card_of(console, "crm@7.1")
    box = window.board.lane("Production").queue_box
    window.board.select(old.id)
    assert window.actions_[board_actions.QUEUE].shortcut() == QKeySequence("Ctrl+Shift+Q")
    assert "full stage" in window.actions_[board_actions.QUEUE].why_not
    window.board.select(new.id)
    closed = window.inspector.card_page.closed.view
    assert ["To Production: Production already has crm 7.1" in row.text for row in closed.rows.rows] == [True]

    await queued(window)
    assert [row.label.whole for row in box.rows] == ["1. crm 7.1.1"]
    assert box.head.text() == "Waiting in this console"
    await until(lambda: "takes 1 configuration" in box.rows[0].toolTip(), "why it waits")
    assert box.isVisible()
    await until(lambda: "It waits for that place already, as number 1" in window.actions_[PROMOTE].why_not, "its turn")
    await until(lambda: "waits: 1. for Production" in chips_of(window, new), "the chip")
    await until(lambda: "Take out" in window.actions_[board_actions.QUEUE].text(), "the way out")
    assert "Number 1 in the queue of this console for Production" in waiting_of(window)
    click(box.rows[0].out)
    assert window.focusWidget() is window.board.lane("Production").view
    await until(lambda: not box.isVisible(), "an empty queue")
    assert window.estate.queue.entries == ()
    await until(lambda: not waiting_of(window), "nothing of it in the inspector")

    window.board.select(new.id)
    await queued(window)
    back = Demote(configuration=old.id, revision=old.revision, target=StageId("staging"))
    await console.finished(await start(console, back))
    await until(lambda: "crm 7.1.1" in cards_in(window, "Production"), "the one that waited in Production")
    assert window.estate.queue.entries == ()
    assert not box.isVisible()
    await until(lambda: all(run.ended_at for run in console.runs), "the end of all runs")
    told = [window.activity._model.known(f"run:{run.run}") for run in console.runs]
    assert [entry.what.endswith(", from the queue") for entry in told if entry is not None] == [True, False]
    past = await past_entries(window.estate, 10)
    assert [entry.what.endswith(", from the queue") for entry in past if entry.run or "run:" in entry.key] == [
        True,
        False,
    ]


async def test_of_several_full_stages_one_is_chosen_to_wait_for(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    workflow, crowded = default_workflow(), StageId("patch-testing")
    stages = tuple(
        msgspec.structs.replace(stage, limits=Limits(configurations=2)) if stage.id == crowded else stage
        for stage in workflow.stages
    )
    put_on(pool, msgspec.structs.replace(workflow, version=2, stages=stages))
    window.board.select(card_of(console, "crm@7.1.1").id)
    await until(lambda: len(window.actions_.situation.full_ways) == 2, "two full stages")

    window.actions_[board_actions.QUEUE].trigger()
    menu = window.hands._queueing.menu
    assert menu.isVisible()
    assert [action.text() for action in menu.actions()] == [
        "Wait for a place in Production",
        "Wait for a place in Patch testing",
    ]
    menu.actions()[1].trigger()
    menu.close()

    await until(lambda: bool(window.findChildren(Question)), "the question")
    (question,) = window.findChildren(Question)
    assert "a place in Patch testing" in question.accessibleDescription()
    click(question.cancel)
    await until(lambda: not window.findChildren(Question), "the end of the question")

    # Another one leaves the place: what stood against the card on show is taken away.
    other, closed = card_of(console, "crm@patch-testing"), window.inspector.card_page.closed.view.rows
    window.board.select(card_of(console, "payroll@integration").id)
    assert any("Patch testing already has" in row.text for row in closed.rows)
    back = Demote(configuration=other.id, revision=other.revision, target=StageId("integration"))
    await console.finished(await start(console, back))
    await until(lambda: not any("Patch testing already has" in row.text for row in closed.rows), "the free place")


async def test_the_window_does_not_close_over_one_that_waits_without_asking(
    window: MainWindow, console: Console
) -> None:
    window.board.select(card_of(console, "crm@7.1.1").id)
    await queued(window)

    window.close()
    (question,) = window.findChildren(Question)
    await until(question.isVisible, "the question")
    assert "crm 7.1.1" in question.accessibleDescription()
    window.close()
    assert len(window.findChildren(Question)) == 1
    click(question.cancel)
    await until(lambda: not window.findChildren(Question), "the end of the question")
    assert window.isVisible()
    assert len(window.estate.queue.entries) == 1

    window.close()
    (question,) = window.findChildren(Question)
    await until(question.isVisible, "the question again")
    assert "it waits again" in question.accessibleDescription()
    click(question.go)
    await until(lambda: not window.isVisible(), "the end of the window")
    assert [entry.name for entry in await console.home.waiting()] == ["crm 7.1.1"]


async def test_one_that_waits_goes_on_when_a_freeze_is_over(
    window: MainWindow, console: Console, pool: EmbeddedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "LOOK_AGAIN_S", 0.1)
    new, old = card_of(console, "crm@7.1.1"), card_of(console, "crm@7.1")
    window.board.select(new.id)
    await queued(window)
    clock = console.home.clock
    await console.closings.do(
        FreezeStage(stage=StageId("production"), ends=clock.now() + timedelta(hours=1), reason="the end of the year")
    )
    back = Demote(configuration=old.id, revision=old.revision, target=StageId("staging"))
    await console.finished(await start(console, back))
    await until(lambda: "frozen" in window.estate.queue.entries[0].why, "why it waits")

    now = clock.now
    pool.control("speed", factor=36_000)
    monkeypatch.setattr(type(clock), "now", lambda _: now() + timedelta(hours=2))

    await until(lambda: "crm 7.1.1" in cards_in(window, "Production"), "the one that waited in Production")
    await until(lambda: all(run.ended_at for run in console.runs), "the end of all runs")
