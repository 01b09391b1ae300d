"""Two consoles on one pool: each sees what the other does, and settles what the other left."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.embedded import EmbeddedPool
from tests.ui.board_window import (
    CTRL,
    Key,
    another_console,
    card_of,
    cards_in,
    console,
    ended,
    has_keyboard,
    pool,
    press,
    start,
    window,
)
from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import StageId
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Direction, Promote, Settle
from xsconsole_ui import actions
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.promotion.rows import Mark
from xsconsole_ui.promotion.runs import own, step_rows
from xsconsole_ui.silence import silence_of

__all__ = ["console", "pool", "window"]

SHOP = "shop@staging"
PRODUCTION = StageId("production")


def promotion(console: Console) -> Promote:
    card = card_of(console, SHOP)
    return Promote(configuration=card.id, revision=card.revision, target=PRODUCTION)


async def test_what_another_console_does_is_seen_as_it_goes(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, SHOP)
    window.board.select(card.id)
    pool.control("delay", method="VM.snapshot", seconds=3600)
    async with another_console(pool, tmp_path / "other") as other:
        run = await start(other, promotion(other))

        lane = window.board.lane("Staging")
        row = lane.model.row_of(card.id)
        assert row is not None
        tip = Qt.ItemDataRole.ToolTipRole
        await until(lambda: "alice is promoting" in str(lane.model.index(row).data(tip)), "whose run it is")
        page = window.inspector.plan_page
        assert "alice" in page.progress_text.whole
        assert (page.undo.isVisible(), page.undo.isEnabled()) == (True, False)
        assert "only where it goes on: by alice" in page.undo.toolTip()
        assert not window.actions_[actions.PROMOTE].isEnabled()
        pool.control("clear")
        await other.finished(run)

    await until(lambda: "shop 1.3.0" in cards_in(window, "Production"), "the card in Production")


async def test_another_console_that_gives_no_sign_of_life_is_told_on_its_card_and_in_the_inspector(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, SHOP)
    window.board.select(card.id)
    page = window.inspector.plan_page
    lane = window.board.lane("Staging")

    def chips() -> list[str]:
        return [chip.text for chip in lane.model.face_at(lane.model.row_of(card.id) or 0).chips]

    pool.control("delay", method="VM.snapshot", seconds=3600)
    async with another_console(pool, tmp_path / "other") as other:
        run = await start(other, promotion(other))
        await until(lambda: "alice" in page.progress_text.whole, "whose run it is")
        assert "no sign of life" not in chips()
        (arrow,) = [row.text for row in page.steps.view.rows.rows if row.mark is Mark.CURRENT]
        assert arrow in page.progress_text.whole
        # As an earlier process of this home saw it: the lease has not moved since.
        watch = console._watch
        watch.recall({thing: replace(one, quiet_s=one.quiet_s + 40) for thing, one in watch.sightings().items()})

        await until(lambda: chips()[:1] == ["no sign of life"], "the chip")
        await until(lambda: "gives no sign of life" in page.outcome.text, "the notice")
        assert "alice" in page.outcome.headline
        assert "after 60 s its console counts as dead" in page.outcome.text
        await until(lambda: "no sign of life" not in chips(), "the next sign of life")
        await until(lambda: not page.outcome.isVisible(), "the end of the notice")
        pool.control("clear")
        await other.finished(run)


async def test_nobody_is_said_to_be_silent_while_the_pool_itself_is_away(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, SHOP)
    pool.control("delay", method="VM.snapshot", seconds=3600)
    async with another_console(pool, tmp_path / "other") as other:
        run = await start(other, promotion(other))
        await until(lambda: console.board.cards[card.id].run is not None, "the other's run")
        watch, held = console._watch, console.board.cards[card.id]
        watch.recall({thing: replace(one, quiet_s=one.quiet_s + 40) for thing, one in watch.sightings().items()})
        assert silence_of(held, window.estate)

        await console.disconnect()

        assert console.quiet_s(card.id) > 40
        assert silence_of(held, window.estate) == ""
        pool.control("clear")
        await other.finished(run)


@pytest.mark.parametrize(("how", "where"), [("resume", "Production"), ("undo", "Staging")])
async def test_what_another_console_left_half_way_is_settled_from_the_card(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path, how: str, where: str
) -> None:
    card = card_of(console, SHOP)
    window.board.select(card.id)
    pool.control("delay", method="VM.snapshot", seconds=3600)
    async with another_console(pool, tmp_path / "other") as other:
        await start(other, promotion(other))
        await until(lambda: console.board.cards[card.id].run is not None, "the other's run")
        going_on = asyncio.create_task(asyncio.to_thread(pool.control, "clear"))
    await going_on

    await until(lambda: console.board.cards[card.id].standing is Standing.INTERRUPTED, "the interruption")
    page = window.inspector.plan_page
    button = {"resume": page.resume, "undo": page.undo}[how]
    await until(lambda: button.isVisible() and button.isEnabled(), "the way out")
    assert "stopped half-way" in page.outcome.text
    button.setFocus()
    press(Key.Key_Return)
    assert not page.undo.hasFocus() or how == "undo", "nor has what puts back the keyboard now"
    status = await ended(console)

    assert status.state in (RunState.DONE, RunState.UNDONE)
    await until(lambda: console.board.cards[card.id].standing is Standing.WHOLE, "a whole configuration")
    await until(lambda: "shop 1.3.0" in cards_in(window, where), "the card where it belongs")
    told = {"resume": "Done.", "undo": "Undone."}[how]
    await until(lambda: page.outcome.headline == told, "what became of it")
    assert page.outcome.property("state") == "good"
    assert has_keyboard(window.board)
    assert "half-way" not in page.outcome.text


async def test_of_two_consoles_that_start_one_wins_and_the_other_says_who(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    window.board.select(card_of(console, SHOP).id)
    press(Key.Key_Right, CTRL)
    async with another_console(pool, tmp_path / "other") as other:
        run = await start(other, promotion(other))

        if window.inspector.plan_page.go.isEnabled():
            click(window.inspector.plan_page.go)

        await until(lambda: bool(window.notices.texts) or _is_refused(window), "the refusal")
        assert (await other.finished(run)).state is RunState.DONE
    assert console.runs == ()


async def test_what_somebody_else_settled_is_offered_no_more(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, SHOP)
    window.board.select(card.id)
    pool.control("fail", method="VM.snapshot", nth=2, code="SR_BACKEND_FAILURE_44", params=["", "", ""])
    pool.control("fail", method="VM.destroy", nth=1, code="INTERNAL_ERROR", params=["no"])
    window.desk.ask(promotion(console), show_only=True)
    click(window.inspector.plan_page.go)
    stopped = await ended(console)
    assert stopped.state is RunState.INTERRUPTED
    marks = [row.mark for row in step_rows(stopped.plan, own(stopped))]
    assert marks.count(Mark.FAILED) == 1
    await until(window.inspector.plan_page.undo.isVisible, "the way out")
    async with another_console(pool, tmp_path / "other") as other:
        await until(lambda: other.board.cards[card.id].standing is Standing.INTERRUPTED, "the interruption there")
        settled = await other.do(Settle(configuration=card.id, direction=Direction.UNDO))
        await other.finished(settled)

        await until(window.inspector.card_page.isVisible, "the card again")

    assert not window.inspector.plan_page.undo.isVisible()
    assert not window.inspector.plan_page.resume.isVisible()
    assert console.runs[0].state is RunState.SETTLED_ELSEWHERE
    results = [
        str(window.activity.view.model().index(row, 4).data()) for row in range(window.activity.view.model().rowCount())
    ]
    assert "settled since" in results


async def test_while_somebody_else_settles_a_run_of_ours_it_is_theirs(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    card = card_of(console, SHOP)
    window.board.select(card.id)
    pool.control("fail", method="VM.snapshot", nth=2, code="SR_BACKEND_FAILURE_44", params=["", "", ""])
    pool.control("fail", method="VM.destroy", nth=1, code="INTERNAL_ERROR", params=["no"])
    window.desk.ask(promotion(console), show_only=True)
    click(window.inspector.plan_page.go)
    await ended(console)
    await until(window.inspector.plan_page.undo.isVisible, "the way out")
    pool.control("delay", method="VM.snapshot", seconds=3600)
    async with another_console(pool, tmp_path / "other") as other:
        await until(lambda: other.board.cards[card.id].standing is Standing.INTERRUPTED, "the interruption there")
        settled = await other.do(Settle(configuration=card.id, direction=Direction.RESUME))

        await until(lambda: "alice" in window.inspector.plan_page.progress_text.whole, "who works on it")
        assert not window.inspector.plan_page.resume.isVisible()
        pool.control("clear")
        assert (await other.finished(settled)).state is RunState.DONE


async def test_after_a_run_the_steps_show_what_they_took(window: MainWindow, console: Console) -> None:
    window.board.select(card_of(console, SHOP).id)
    command = promotion(console)
    planned = {row.text: row.aside for row in step_rows(console.plan(command), None)}

    window.desk.ask(command, show_only=True)
    click(window.inspector.plan_page.go)
    await ended(console)
    await until(lambda: "Done" in window.inspector.plan_page.outcome.text, "the outcome")

    took = console.runs[0].took_s
    steps = console.runs[0].plan.steps
    assert set(took) == {step.key for step in steps}
    rows = window.inspector.plan_page.steps.view.rows.rows
    assert [row.aside for row in rows] == [words.exact_duration(took[step.key]) for step in steps]
    assert {row.text: row.aside for row in rows} != planned


def _is_refused(window: MainWindow) -> bool:
    question = window.desk.question
    return question is None or question.refusal is not None
