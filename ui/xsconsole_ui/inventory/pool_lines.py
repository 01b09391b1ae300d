"""Keeps the list in step with which pools there are: those that come, go, are called otherwise, or are away."""

from collections.abc import Mapping

from xsconsole.console import Estate
from xsconsole.domain.events import InventoryChanged, LinkState
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import Inventory, Pool
from xsconsole.domain.inventory_items import Item
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.rows import Edit
from xsconsole_ui import times
from xsconsole_ui.texts import tr


class PoolLines:
    """What an outline has been told of the pools of an estate."""

    def __init__(self, estate: Estate, outline: Outline) -> None:
        self._estate = estate
        self._outline = outline
        self._parts: tuple[Inventory, ...] = estate.inventory.parts
        self._names: Mapping[Ref, str] = {}

    def follow(self) -> tuple[Edit, ...]:
        """Take in what pools joined and left; the outline's own work then brings their lines about."""
        before, self._parts = self._parts, self._estate.inventory.parts
        for part in self._parts:
            if part not in before:
                self._outline.join(part)
        if any(part not in self._parts for part in before):
            self._outline.leave()
        return self.name()

    def hear(self, event: InventoryChanged) -> tuple[Edit, ...]:
        """Take in what one pool says."""
        self._outline.hear(event.batch, event.inventory)
        is_named = event.batch.is_whole or any(change.class_name == "pool" for change in event.batch.changes)
        return self.name() if is_named else ()

    def name(self) -> tuple[Edit, ...]:
        """Sort the pools by their names, where there are several."""
        shown = [part.pool for part in self._parts if part.pool is not None]
        names = {pool.ref: natural(pool.name_label) for pool in shown} if len(shown) > 1 else {}
        if names == self._names:
            return ()
        self._names = names
        return self._outline.set_pools(names)

    def uuid_of(self, item: Item) -> Uuid | None:
        """Return the pool that an object is of."""
        pool = self._estate.inventory.get(Pool, item.pool)
        return None if pool is None else pool.uuid

    def away(self) -> Mapping[Ref, str]:
        """Return of each pool that is away of when its state is; nothing of one that is still being made."""
        return {
            sight.ref: tr("as of {when}").format(when=times.clock_time(sight.link.as_of))
            for sight in self._estate.sights
            if sight.link.state is not LinkState.LIVE and sight.link.as_of is not None
        }
