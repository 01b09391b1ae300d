"""A promotion by linked clone in the window: what the column and the sheet say, the choice to stop first, two cards."""

from tests.embedded import EmbeddedPool
from tests.engine.test_copying import copying
from tests.ui.board_window import CTRL, Key, card_of, cards_in, console, ended, pool, press, window
from tests.workflows import put_on
from xsconsole.console import Console
from xsconsole.domain.actions.copies import StartAgain
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Promote
from xsconsole_ui.board.offers import offer_of
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]

SHOP = "shop@staging"


async def with_clones(pool: EmbeddedPool, console: Console) -> None:
    put_on(pool, copying())
    await until(lambda: console.board.workflow is not None and console.board.workflow.version == 2, "the version")


async def test_the_column_says_that_clones_are_made_and_the_source_stays(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    await with_clones(pool, console)
    card = card_of(console, SHOP)

    target = next(target for target in console.targets(card.id) if target.stage == "production")
    offer = offer_of(card, target)

    assert offer is not None
    assert offer.is_open
    assert "makes linked clones, the source stays" in offer.text


async def test_the_sheet_lets_one_choose_to_freeze_them_together(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    await with_clones(pool, console)
    window.board.select(card_of(console, SHOP).id)
    press(Key.Key_Right, CTRL)
    page = window.inspector.plan_page
    await until(lambda: window.desk.question is not None, "the plan")
    assert page.freeze_running.isVisible()
    assert page.freeze_running.isChecked()

    click(page.freeze_stopped)

    question = window.desk.question
    assert question is not None
    assert isinstance(question.command, Promote)
    assert question.command.is_stopped_first
    assert sum(isinstance(step.action, StartAgain) for step in question.plan.steps) == 4
    assert page.freeze_stopped.isChecked()
    assert page.go.isEnabled()


async def test_two_cards_stand_on_the_board_afterwards(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    await with_clones(pool, console)
    window.board.select(card_of(console, SHOP).id)
    press(Key.Key_Right, CTRL)
    await until(lambda: window.desk.question is not None, "the plan")

    click(window.inspector.plan_page.go)
    status = await ended(console)

    assert status.state is RunState.DONE
    await until(lambda: "shop 1.3.0" in cards_in(window, "Production"), "the new card")
    assert "shop 1.3.0" in cards_in(window, "Staging")
    assert not window.inspector.plan_page.freeze_running.isVisible()
    window.board.select(card_of(console, "shop@production").id)
    page = window.inspector.card_page
    await until(page.origin.isVisible, "where it comes from")
    assert page.origin.view.rows.rows[0].text.startswith("Linked clone of shop 1.3.0 in Staging, frozen at ")
