"""Closing the window while a run goes on: it asks, and does what was chosen."""

import asyncio

import pytest
from PySide6.QtWidgets import QApplication

from tests.embedded import EmbeddedPool
from tests.ui.board_window import Key, card_of, console, ended, open_window, pool, press, start, window
from xsconsole.console import Console
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Promote
from xsconsole_ui.board.lane_model import Dragged
from xsconsole_ui.closing import ClosingDialog
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.focus import holds_keyboard
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]

SHOP = "shop@staging"


@pytest.fixture
def slow(pool: EmbeddedPool) -> EmbeddedPool:
    """A pool on which a promotion of shop goes on only when `go_on` says so."""
    pool.control("delay", method="VM.snapshot", seconds=3600)
    return pool


async def go_on(slow: EmbeddedPool) -> None:
    await asyncio.to_thread(slow.control, "delay", method="VM.snapshot", seconds=0)


async def promote(console: Console) -> ConfigurationId:
    """Begin a promotion and wait until a step is under way."""
    card = card_of(console, SHOP)
    await start(console, Promote(configuration=card.id, revision=card.revision, target=StageId("production")))
    await until(lambda: bool(console.runs[0].current), "a step under way")
    return card.id


async def asked(window: MainWindow) -> ClosingDialog:
    window.close()
    dialog = window.closing.dialog
    assert dialog is not None
    await until(dialog.isVisible, "the question")
    return dialog


async def test_it_says_what_runs_and_what_stopping_means(
    window: MainWindow, console: Console, slow: EmbeddedPool
) -> None:
    await promote(console)

    dialog = await asked(window)

    assert window.isVisible()
    assert "Promote shop 1.3.0 from Staging to Production: 0 of 9 steps done; now: Take" in dialog.runs.text()
    assert "interrupted" in dialog.meaning.text()
    assert "resumed, or undone" in dialog.meaning.text()
    assert [button.text() for button in (dialog.stay, dialog.stop, dialog.wait)] == [
        "Keep the window open",
        "Stop after this step",
        "Close when done",
    ]
    assert dialog.stay.isDefault()
    click(dialog.stay)
    await go_on(slow)
    assert (await ended(console)).state is RunState.DONE
    assert window.isVisible()


async def test_a_drag_ends_before_the_window_closes(window: MainWindow, console: Console) -> None:
    card = card_of(console, SHOP)
    window.board.dragging.begin(Dragged(configuration=card.id, revision=card.revision))

    window.close()

    assert window.isVisible()  # who began the drag has not returned
    window.board.dragging.finish(None)
    assert window.isVisible()
    await until(lambda: not window.isVisible(), "the end of the window")
    assert window.desk.question is None


async def test_a_run_is_stopped_and_put_back_from_its_sheet(
    window: MainWindow, console: Console, slow: EmbeddedPool
) -> None:
    configuration = await promote(console)
    window.board.select(configuration)
    page = window.inspector.plan_page
    await until(page.undo.isVisible, "the way to stop it")
    assert page.undo.text() == "Stop and put back"

    page.undo.setFocus()
    click(page.undo)
    await until(lambda: not page.undo.isVisible(), "that it is being stopped")
    assert holds_keyboard(page), "who stopped it goes on reading there"
    assert page.progress_text.whole.startswith("Stopping; not cancelled yet: Take")
    await go_on(slow)

    assert (await ended(console)).state is RunState.UNDONE
    await until(lambda: "was given up: it was stopped on request." in page.outcome.headline, "the end")
    assert card_of(console, SHOP).stage == "staging"


async def test_esc_and_a_second_try_to_close_leave_everything_as_it_is(
    window: MainWindow, console: Console, slow: EmbeddedPool
) -> None:
    await promote(console)
    dialog = await asked(window)

    window.close()
    assert window.closing.dialog is dialog
    press(Key.Key_Escape)
    await until(lambda: window.closing.dialog is None, "the question gone")

    assert window.isVisible()
    await go_on(slow)
    assert (await ended(console)).state is RunState.DONE
    assert window.isVisible()
    window.close()
    assert not window.isVisible()


async def test_stopping_lets_the_step_end_and_leaves_the_run_to_be_settled(
    window: MainWindow, console: Console, slow: EmbeddedPool
) -> None:
    card = await promote(console)
    dialog = await asked(window)

    click(dialog.stop)
    await go_on(slow)
    await until(lambda: not window.isVisible(), "the window closed")

    status = console.runs[0]
    assert status.state is RunState.INTERRUPTED
    assert 0 < len(status.settled) < len(status.plan.steps)
    await until(lambda: console.board.cards[card].standing is Standing.INTERRUPTED, "what the pool says")


async def test_waiting_closes_when_all_is_done(window: MainWindow, console: Console, slow: EmbeddedPool) -> None:
    await promote(console)
    dialog = await asked(window)

    click(dialog.wait)
    await until(lambda: "closes when the run is done" in window.status.passing.whole, "what it waits for")
    assert window.isVisible()
    await go_on(slow)
    await until(lambda: not window.isVisible(), "the window closed")

    assert console.runs[0].state is RunState.DONE


async def test_waiting_does_not_close_over_a_failure(window: MainWindow, console: Console, slow: EmbeddedPool) -> None:
    slow.control("fail", method="VM.snapshot", nth=4, code="SR_BACKEND_FAILURE_44", params=["", "", ""])
    await promote(console)
    dialog = await asked(window)

    click(dialog.wait)
    await go_on(slow)
    assert (await ended(console)).state is RunState.UNDONE
    await until(lambda: any("stays open" in text for text in window.notices.texts), "why it stays")

    assert window.isVisible()


async def test_a_run_that_ends_while_it_is_asked_answers_the_question(
    window: MainWindow, console: Console, slow: EmbeddedPool
) -> None:
    await promote(console)
    await asked(window)

    await go_on(slow)
    await until(lambda: not window.isVisible(), "the window closed")

    assert console.runs[0].state is RunState.DONE


async def test_the_program_itself_ends_without_a_question(
    console: Console, slow: EmbeddedPool, qapp: QApplication
) -> None:
    opened = await open_window(console, qapp)
    await promote(console)

    await opened.end()

    assert console.runs[0].state is RunState.RUNNING  # the console's own end stops it
    going_on = asyncio.create_task(go_on(slow))
    await console.disconnect()
    await going_on
    assert console.runs[0].state is RunState.INTERRUPTED
