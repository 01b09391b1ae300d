"""The pool as last heard of, and the board that it amounts to."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import thread_time

from xsconsole.domain.board import EMPTY_BOARD, Board
from xsconsole.domain.board_reading import HolderOf
from xsconsole.domain.events import BoardChanged, ConfigurationMoved, Event, InventoryChanged
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import ChangeBatch, Inventory
from xsconsole.domain.live_board import LiveBoard
from xsconsole.domain.workflow import Workflow
from xsconsole.errors import ConnectionLost

BOARD_CLASSES = frozenset({"pool", "vm", "vbd", "vdi"})
READING_S = 0.002  # processor time in one turn of the loop for VMs and cards that are read anew
PIECE = 16  # of those between two looks at the clock
SHOWN_TIMEOUT_S = 15.0
GATHER_S = 0.03  # changes that arrive within this time make one new board


class Mirror:
    """Takes batches in, and tells what they changed. Lives on the loop's thread."""

    def __init__(
        self,
        *,
        holder_of: HolderOf,
        hear_keys: Callable[[Mapping[str, str]], None],
        publish: Callable[[Event], None],
    ) -> None:
        self.inventory = Inventory()
        self.board: Board = EMPTY_BOARD
        self._live = LiveBoard(self.inventory, holder_of)
        self._hear_keys = hear_keys
        self._publish = publish
        self._assumed: Workflow | None = None
        self._is_renewed = asyncio.Event()
        self._pending: asyncio.TimerHandle | None = None

    def assume(self, workflow: Workflow | None) -> None:
        """Show this workflow from now on where the pool has none."""
        self._assumed = workflow
        self.renew()

    def hear(self, batch: ChangeBatch) -> None:
        """Take a batch in. A whole one makes the board at once, a change soon."""
        self.inventory.apply(batch)
        self._live.hear(batch)
        if self.inventory.pool is not None and next(batch.of("pool"), None) is not None:
            self._hear_keys(self.inventory.pool.other_config)
        self._publish(InventoryChanged(batch=batch, inventory=self.inventory))
        if batch.is_whole:
            self.renew()
        elif any(change.class_name in BOARD_CLASSES for change in batch.changes):
            self.renew_soon()

    def show(self, batch: ChangeBatch) -> None:
        """Show what was known at an earlier time. Nobody may conclude from it who works on what now."""
        self.inventory.apply(batch)
        self._live.hear(batch)
        self._publish(InventoryChanged(batch=batch, inventory=self.inventory))
        self.renew()

    def renew_soon(self) -> None:
        if self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(GATHER_S, self.renew)

    def renew(self) -> None:
        """Bring the board up to date and tell what differs; where much is due, in as many turns as it takes."""
        self.stop()
        if not self._is_read():
            self._pending = asyncio.get_running_loop().call_later(0, self.renew)
            return
        before, after = self.board, self._live.renewed()
        if after.workflow is None and self.inventory.pool is not None:
            after = replace(after, workflow=self._assumed, is_published=False)
        self.board = after
        self._is_renewed.set()
        changed = tuple(id_ for id_ in {**before.cards, **after.cards} if _differs(before, after, id_))
        is_layout_changed = (before.workflow, before.is_published) != (after.workflow, after.is_published)
        is_closed_otherwise = before.closures != after.closures
        is_allowed_otherwise = before.allowances != after.allowances
        is_more_changed = (before.strays, before.unreadable) != (after.strays, after.unreadable)
        if changed or is_layout_changed or is_closed_otherwise or is_allowed_otherwise or is_more_changed:
            self._publish(
                BoardChanged(
                    configurations=changed,
                    is_layout_changed=is_layout_changed,
                    is_closed_otherwise=is_closed_otherwise,
                    is_allowed_otherwise=is_allowed_otherwise,
                )
            )
        for id_ in changed:
            self._tell_move(id_, before, after)

    def _is_read(self) -> bool:
        """Read on for a small part of a turn; return whether nothing is due any more."""
        end_s = thread_time() + READING_S
        while not self._live.advance(PIECE):
            if thread_time() >= end_s:
                return False
        return True

    def _tell_move(self, id_: ConfigurationId, before: Board, after: Board) -> None:
        was, is_now = before.cards.get(id_), after.cards.get(id_)
        source, target = (was.stage if was else None), (is_now.stage if is_now else None)
        seen = is_now or was
        if source != target and seen is not None:
            self._publish(ConfigurationMoved(configuration=id_, source=source, target=target, name=seen.name))

    async def caught_up(self) -> None:
        """Wait until the board shows all that was heard so far."""
        if self._pending is not None:
            self._is_renewed.clear()
            await self._is_renewed.wait()

    async def until(self, is_so: Callable[[Board], bool], timeout_s: float) -> None:
        """Wait until the board is as asked; raises TimeoutError where it does not become so."""
        async with asyncio.timeout(timeout_s):
            while not is_so(self.board):
                self._is_renewed.clear()
                await self._is_renewed.wait()

    async def until_workflow(self, pool_name: str) -> None:
        """Wait until the board has the workflow that was just published.

        Raises:
            ConnectionLost: the pool does not tell of it.
        """
        try:
            await self.until(lambda board: board.workflow is not None, SHOWN_TIMEOUT_S)
        except TimeoutError as failure:
            cause = "the pool does not tell of what was written to it"
            raise ConnectionLost(pool=pool_name, cause=cause) from failure

    def stop(self) -> None:
        """Forget a renewal that is due."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None


def _differs(before: Board, after: Board, configuration: ConfigurationId) -> bool:
    was, is_now = before.cards.get(configuration), after.cards.get(configuration)
    return was is not is_now and was != is_now
