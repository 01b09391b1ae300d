"""Waiting for a place in a full stage: as long as a command runs, and what the window of this home lets wait."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xsconsole.cli import output
from xsconsole.cli.documents import Document
from xsconsole.cli.session import Given, is_at_terminal, no_passphrase, pass_on_notices, until
from xsconsole.console import Console, entry_of, give_up_dead, plan_as_if_free, queue_fact
from xsconsole.domain.ids import QueueId, RunId
from xsconsole.domain.plan import Plan, is_streamed
from xsconsole.domain.queueing import Queued
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.words import explain, listing
from xsconsole.engine.commands import Demote, Plannable, Promote
from xsconsole.errors import Ambiguous, ConsoleError, NotFound, NotPromotable, PlanIsStale, StageFull

LOOK_AGAIN_S = 10.0
LIST_AND_CANCEL = "`xsconsole queue list` shows what does."


class Line:
    """What one command lets wait. It is on record like what a window lets wait, and goes with the command."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._entry: Queued | None = None
        self._agreed: Plan | None = None  # what whoever gave the command knew that it would do

    def agree(self, plan: Plan) -> None:
        """Take note of what is carried out now, by its plan of this moment.

        Raises:
            PlanIsStale: pools were parted while it waited, so that machines would be off for a transfer that a script
                has not asked for. At a terminal that is asked.
        """
        agreed, self._agreed = self._agreed, plan
        if agreed is None or is_streamed(agreed) or not is_streamed(plan) or is_at_terminal():
            return
        raise PlanIsStale(
            reason="While this waited, hosts of the two pools ceased to reach each other: the machines would now go as "
            "a stream through this console, and be off for the whole transfer. Nothing was changed.",
            mend="Look at it with `xsconsole plan`, and say the command again if that is wanted.",
        )

    async def wait(self, full: StageFull, command: Plannable, options: argparse.Namespace) -> None:
        """Wait until something changes on the board, where `--queue` was said and it does not wait yet; else refuse."""
        await self._demand_new(full, command)
        if not getattr(options, "queue", False) or not isinstance(command, Promote | Demote):
            full.mend = " ".join(
                (full.mend, "Or add `--queue`: this command then waits for a place, as long as it runs.")
            )
            raise full
        if self._entry is None:
            await self._join(command)
            output.note(
                f"{full.reason} Waiting for a place, as long as this command runs; a window that queues it keeps it."
            )
        board = self._console.board
        await until(self._console, lambda: self._console.board is not board, LOOK_AGAIN_S)
        if self._entry not in await self._console.home.waiting():
            self._entry = None  # the row that says so is there
            raise NotPromotable(
                reason="Somebody took it out of the queue.", mend="Say the command again if it is still wanted."
            )

    async def _demand_new(self, full: StageFull, command: Plannable) -> None:
        """Refuse what waits for a place already, by another command or in the window."""
        if self._entry is not None or not isinstance(command, Promote | Demote):
            return
        for entry in await self._console.home.waiting():
            if entry.configuration == command.configuration:
                where = "in the window" if entry.is_kept else "as another command"
                full.mend = f"It waits for a place already, {where}. {LIST_AND_CANCEL}"
                raise full

    async def _join(self, command: Promote | Demote) -> None:
        plan_as_if_free(self._console, command)
        await self._console.abroad.answered()  # whether it is a stream is known by that answer
        made, identity, home = plan_as_if_free(self._console, command), self._console.identity, self._console.home
        self._agreed = made
        assert identity is not None
        stage = self._console.board.stage_name(command.target)
        id_, at, process = QueueId(home.ids.new()), home.clock.now(), home.me.process
        entry = entry_of(command, made, identity, id_, at, process, stage=stage)
        await self._console.record(queue_fact(AuditEvent.QUEUED, entry, identity))
        self._entry = entry

    async def leave(self, event: AuditEvent, reason: str = "", run: RunId | None = None) -> None:
        """Record what became of it, if it has waited at all."""
        entry, self._entry = self._entry, None
        if entry is not None:
            await self._console.record(queue_fact(event, entry, self._console.identity, reason, run))


@asynccontextmanager
async def in_line(console: Console) -> AsyncIterator[Line]:
    """Give a place to wait in, and leave a row of what became of who waited there."""
    line = Line(console)
    await give_up_dead(console.home, console.record)
    try:
        yield line
    except asyncio.CancelledError:
        await line.leave(AuditEvent.QUEUE_CANCELLED, "The command was stopped.")
        raise
    except ConsoleError as failure:
        await line.leave(AuditEvent.QUEUE_GIVEN_UP, explain(failure).failed)
        raise


async def queue_list(options: argparse.Namespace) -> int:
    """Print what the window of this home lets wait, and commands that wait themselves; no pool is needed."""
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        pass_on_notices(console)
        home = console.home
        entries = tuple(one for one in await home.waiting() if one.is_kept or not home.is_gone(one.process))
    finally:
        await console.close()
    if options.json:
        output.print_json([_document(entry) for entry in entries])
    elif not entries:
        output.say("Nothing waits for a place in this console.")
    else:
        output.print_table(
            ("CONFIGURATION", "TO", "SINCE", "BY", "WAITS IN", "ID"),
            (
                (
                    output.cell(entry.name, 60),
                    output.cell(entry.target_name or entry.target, 40),
                    entry.asked_at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
                    output.cell(entry.actor, 40),
                    "the window" if entry.is_kept else "a command, and ends with it",
                    entry.id[:8],
                )
                for entry in entries
            ),
        )
    return 0


async def queue_cancel(options: argparse.Namespace) -> int:
    """Take out what the window of this home lets wait; the window sees it at its next look."""
    console = await Console.open(options.home, passphrase=Given(options).passphrase)
    try:
        entry = _found(await console.home.waiting(), options.name)
        await console.record(queue_fact(AuditEvent.QUEUE_CANCELLED, entry, None, options.reason))
    finally:
        await console.close()
    if options.json:
        output.print_json(_document(entry))
    else:
        output.say(f"{output.cell(entry.name, 200)} waits no more; nothing was changed on the pool.")
    return 0


def _found(entries: tuple[Queued, ...], name: str) -> Queued:
    """Return what is called so: by the configuration's name or id, or by the beginning of the id in the list."""
    wanted = name.casefold()
    by_name = [one for one in entries if wanted in (one.configuration, one.name.casefold(), _spoken(one))]
    found = by_name or [one for one in entries if len(wanted) >= 4 and one.id.startswith(wanted)]
    if not found:
        raise NotFound(reason=f"“{name}” waits for no place in this console.", mend=LIST_AND_CANCEL)
    if len(found) > 1:
        choices = tuple(one.id[:8] for one in found)
        raise Ambiguous(
            reason=f"“{name}” fits several.", mend=f"Name one by its id: {listing(choices)}.", choices=choices
        )
    return found[0]


def _spoken(entry: Queued) -> str:
    """Return such as `shop@1.3.0` of `shop 1.3.0`."""
    return entry.name.replace(" ", "@", 1).casefold()


def _document(entry: Queued) -> Document:
    return {
        "id": entry.id,
        "configuration": entry.configuration,
        "name": entry.name,
        "kind": entry.kind.value,
        "source": entry.source,
        "target": entry.target,
        "target_name": entry.target_name,
        "pool": entry.pool,
        "plan": entry.digest,
        "by": entry.actor,
        "since": entry.asked_at.isoformat(),
        "reason": entry.reason,
        "ends_with_its_command": not entry.is_kept,
    }
