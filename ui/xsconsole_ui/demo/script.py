"""The main job, played: connect, carry shop from Staging to Production, take it back, look at the record."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from xsconsole.console import RunState, RunStatus
from xsconsole.console.embedded import EmbeddedPool, Introduction, stages_on_pool
from xsconsole.console.reporting import Check, Picture, write_report
from xsconsole.domain import words
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.ids import RunId
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.errors import ConsoleError
from xsconsole_ui.demo.gestures import CarriedCard, TookTooLong, click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.theme import Scheme

SERVICE = "shop@staging"
STAGING, PRODUCTION = "Staging", "Production"
SIZE = (1440, 900)

log = logging.getLogger(__name__)


async def play(window: MainWindow, *, pool: EmbeddedPool, folder: Path) -> int:
    """Perform in `window` and return the exit status: 0 only if the pool and the record say that it happened."""
    try:
        is_good = await Performance(window=window, pool=await pool.introduced(), folder=folder).perform()
    except (TookTooLong, ConsoleError):
        log.exception("the demo stopped")
        window.grab().save(str(folder / "99-stopped.png"))
        return 1
    return 0 if is_good else 1


@dataclass(kw_only=True)
class Performance:
    """One performance: the window it is played in, and what it leaves in `folder`."""

    window: MainWindow
    pool: Introduction
    folder: Path
    pictures: list[Picture] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    async def perform(self) -> bool:
        """Do the main job and write the report; return whether everything that was checked is so."""
        console = self.window.console
        self.window.resize(*SIZE)
        await until(lambda: bool(console.board.cards), "the board")
        card = find_configuration(console.board, SERVICE)
        await until(lambda: self._is_in(STAGING, card), "the card on the board")
        self.window.board.select(card.id)
        await self._picture("connected", "Connected: the board and the live inventory of the pool")
        await self._promote(card)
        await self._demote(card)
        await self._look_at_the_record()
        turns = (
            f"Turns of the window's thread while this was played, pictures not counted: {self.window.watchdog.figures}."
        )
        log.info(turns)
        report = await write_report(
            console,
            self.folder / "report.html",
            title="xsconsole demo: shop to production and back",
            checks=self.checks,
            pictures=self.pictures,
            notes=(turns,),
        )
        for check in report.checks:
            log.info("%s: %s (%s)", "yes" if check.is_so else "NO", check.claim, check.found)
        return report.is_good

    async def _promote(self, card: Card) -> None:
        board, known = self.window.board, self._runs()
        carried = CarriedCard(card)
        target = board.lane(PRODUCTION)
        carried.enter(target)
        await self._picture("dragging", "While a card is carried, every column says yes, or no and why")
        self._check("Production accepts the drop", is_so=carried.drop(target))
        run = await self._confirmed(known, "promotion", "The plan, before anything happens")
        await self._running(run, "promoting", "The promotion runs: a restore point of every member first")
        ended = await self._ended(run)
        self._check(
            f"{card.name} was promoted", is_so=ended.state is RunState.DONE, found=words.state_name(ended.state)
        )
        await until(lambda: self._is_in(PRODUCTION, card), "the card in Production")
        await self._check_pool(card, "production")
        await self._check_record(run, Outcome.DONE)
        await self._picture("promoted", "The card moved because the pool says so")

    async def _demote(self, card: Card) -> None:
        known = self._runs()
        self.window.board.select(card.id)
        self.window.board.take_focus()
        QTest.keyClick(self.window.board.lane(PRODUCTION).view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
        question = self.window.desk
        await until(lambda: question.question is not None, "the plan of the way back")
        page = self.window.inspector.plan_page
        click(page.restore)
        await until(page.restore.isChecked, "the choice of the restore point")
        run = await self._confirmed(known, "demotion", "The way back: what the restore point would put aside")
        await self._running(run, "demoting", "The demotion runs: the present is put aside before the return")
        ended = await self._ended(run)
        self._check(f"{card.name} was demoted", is_so=ended.state is RunState.DONE, found=words.state_name(ended.state))
        await until(lambda: self._is_in(STAGING, card), "the card back in Staging")
        await self._check_pool(card, "staging")
        await self._check_record(run, Outcome.DONE)
        await self._picture("demoted", "Back in Staging, at the restore point")

    async def _look_at_the_record(self) -> None:
        self.window.go("audit")
        await until(lambda: self.window.audit.row_count > 0, "the rows of the record")
        await self._picture("audit", "The record: every intent and every outcome, signed")
        self.window.go("board")

    async def _confirmed(self, known: frozenset[RunId], name: str, caption: str) -> RunId:
        """Show the plan, press its button, and return the run that starts."""
        await until(lambda: self.window.desk.question is not None, "the plan")
        await self._picture(f"{name}-plan", caption)
        click(self.window.inspector.plan_page.go)
        await until(lambda: bool(self._runs() - known), "the run")
        return next(iter(self._runs() - known))

    async def _running(self, run: RunId, name: str, caption: str) -> None:
        await until(lambda: self._status(run).progress > 0 or self._status(run).ended_at is not None, "progress")
        await self._picture(name, caption)

    async def _ended(self, run: RunId) -> RunStatus:
        return await self.window.console.finished(run)

    async def _check_pool(self, card: Card, stage: str) -> None:
        stands = (await stages_on_pool(self.pool)).get(card.name, frozenset())
        self._check(
            f"The pool, asked over XML-RPC, has all members of {card.name} in {stage}",
            is_so=stands == {stage},
            found=", ".join(sorted(stands)) or "nowhere",
        )

    async def _check_record(self, run: RunId, outcome: Outcome) -> None:
        rows = await self.window.console.audit_page(AuditQuery(run=run))
        events = [row.fact.event for row in rows]
        closed = [row.fact.outcome for row in rows if row.fact.event is AuditEvent.RUN_CLOSED]
        settled = events.count(AuditEvent.STEP_SETTLED)
        self._check(
            f"The record has the intent, {settled} steps and the outcome of run {run[:8]}",
            is_so=closed == [outcome]
            and events.count(AuditEvent.RUN_OPENED) == 1
            and events.count(AuditEvent.STEP_INTENDED) == settled > 0,
            found=f"{len(rows)} rows",
        )

    def _check(self, claim: str, *, is_so: bool, found: str = "") -> None:
        self.checks.append(Check(claim=claim, is_so=is_so, found=found))

    def _runs(self) -> frozenset[RunId]:
        return frozenset(status.run for status in self.window.console.runs)

    def _status(self, run: RunId) -> RunStatus:
        return next(status for status in self.window.console.runs if status.run == run)

    def _is_in(self, stage: str, card: Card) -> bool:
        lane = next((lane for lane in self.window.board.lanes if lane.stage.name == stage), None)
        shown = self.window.console.board.cards.get(card.id)
        if lane is None or shown is None or shown.standing is not Standing.WHOLE:
            return False
        return any(lane.model.card_at(lane.model.index(row)) == shown for row in range(lane.model.rowCount()))

    async def _picture(self, name: str, caption: str) -> None:
        """Take the window as it is now, light and dark. Changing clothes and painting files are no user's turns."""
        watchdog = self.window.watchdog
        was_watching = watchdog.is_watching
        watchdog.stop()
        number = len(self.pictures) // 2 + 1
        for scheme in (Scheme.LIGHT, Scheme.DARK):
            self.window.theme.set_scheme(scheme)
            await until(self._is_painted(), "the window to be painted")
            path = self.folder / f"{number:02d}-{name}-{scheme.value}.png"
            self.window.grab().save(str(path))
            self.pictures.append(Picture(caption=f"{caption} ({scheme.value})", png=path.read_bytes()))
        self.window.theme.set_scheme(Scheme.LIGHT)
        if was_watching:
            await until(self._is_painted(), "the window to be painted")
            watchdog.start()

    def _is_painted(self) -> Callable[[], bool]:
        """Return a question that is true from the second look on, once all lists tell of the same moment."""
        looks = count()
        return lambda: next(looks) > 1 and self.window.activity.is_caught_up
