"""Folders in which an archive was begun and never finished: what is told of them, and whether they can go."""

from collections.abc import Callable, Collection
from pathlib import Path

from xsconsole.console.home import Home
from xsconsole.console.home_archives import spelled
from xsconsole.domain.archive import archive_fact
from xsconsole.domain.board import Board
from xsconsole.domain.ids import RunId
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditQuery, Outcome
from xsconsole.domain.words import instant
from xsconsole.errors import Refused
from xsconsole.store.archives import FolderShelf

Standing = Callable[[], Collection[RunId]]
"""The runs that stand on the pools which are connected."""

DELETING = "It is no archive, and can be deleted."


def runs_on(board: Board) -> frozenset[RunId]:
    """Return the runs that stand on the pools of a board."""
    return frozenset(card.run.record.run for card in board.cards.values() if card.run is not None)


class Leftovers:
    """What was cut off is one for ever, unless the run that makes it goes on or is settled."""

    def __init__(self, home: Home, shelf: FolderShelf, standing: Standing) -> None:
        self._home = home
        self._shelf = shelf
        self._standing = standing

    async def told(self, run: RunId) -> str:
        """Return how it stands with what a run began."""
        if await self._is_under_way(run):
            return await self._open_words(run)
        if await self._home.audit_page(AuditQuery(run=run), None, 1):
            return f"It was never finished: its run was put back. {DELETING}"
        return f"It was never finished, as far as is known here: another console began it. {DELETING}"

    async def forget(self, folder: Path, run: RunId) -> int:
        """Delete what a run left, and return how many bytes that freed.

        Raises:
            Refused: the run goes on or can be settled, or somebody put something else there.
        """
        if await self._is_under_way(run):
            raise Refused(
                reason=f"{folder} is not given up. {await self._open_words(run)}",
                mend="Let the run end, or resume or undo it; where another console did, connect to that pool first.",
            )
        why, name = "It was never finished.", folder.name
        await self._home.record(
            archive_fact(AuditEvent.ARCHIVE_DELETED, name, None, folder=spelled(folder), reason=why)
        )
        freed_bytes = await self._shelf.forget(folder)
        done = archive_fact(
            AuditEvent.ARCHIVE_DELETED, name, None, folder=spelled(folder), outcome=Outcome.DONE, reason=why
        )
        await self._home.record(done)
        return freed_bytes

    async def _is_under_way(self, run: RunId) -> bool:
        return run in self._standing() or any(known.run == run for known in await self._home.open_runs())

    async def _open_words(self, run: RunId) -> str:
        opened = next((known for known in await self._home.open_runs() if known.run == run), None)
        if opened is None:
            return "The run that makes it goes on, or was interrupted."
        known = next((one for one in self._home.settings.pools if one.pool == opened.pool), None)
        where = f" on pool {shortened(known.name or known.url, 60)}" if known is not None else ""
        return (
            f"The run that makes it, begun {instant(opened.opened_at)}{where}, goes on or was interrupted; whether "
            "another console settled it shows once this one is connected there."
        )
