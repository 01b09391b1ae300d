"""The first look at a pool: everything is placed at once and then shown, in half the time that line by line takes."""

from collections.abc import Iterator
from itertools import islice

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory_items import Item
from xsconsole.domain.outline.tree import Tree

PIECE = 64  # objects that changed while it loaded, placed at once


class Loading:
    """A tree that is filled while nothing is shown yet. `put` every object; then `finish` in pieces."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._placed: set[Ref] = set()
        self._again: dict[Ref, Item | None] = {}  # what changed after it was placed: a tree half filled moves nothing
        self._pieces: Iterator[None] | None = None

    def put(self, ref: Ref, item: Item | None) -> None:
        if item is None or ref in self._placed:
            self._again[ref] = item
        else:
            self._placed.add(ref)
            self.tree.fill((item,))

    @property
    def is_finishing(self) -> bool:
        """Whether nothing more can be put: what changes from now on waits until the tree is shown."""
        return self._pieces is not None

    def finish(self) -> bool:
        """Do a piece of what remains once all was put; return whether the tree is whole."""
        if self._pieces is None:
            self._pieces = self._finish()
        return next(self._pieces, self) is self

    def _finish(self) -> Iterator[None]:
        yield from self.tree.finish()
        changed = iter(self._again.items())
        while piece := tuple(islice(changed, PIECE)):
            for ref, item in piece:
                self.tree.replace(ref, item)
            yield
