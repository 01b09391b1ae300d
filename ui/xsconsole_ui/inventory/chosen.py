"""What the selected lines amount to, in the words of those who ask; worked out in pieces where they are many."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.views import NodeId
from xsconsole.domain.selection import NOTHING_SELECTED, ObjectName, Selection
from xsconsole_ui.inventory.view import OutlineView
from xsconsole_ui.pace import Pace
from xsconsole_ui.timers import one_shot

AT_ONCE = 500  # lines: some milliseconds
PIECE = 100  # lines between two looks at the pace
SOON_MS = 1
AGAIN_MS = 200  # between two looks at many lines of which some went

PoolOf = Callable[[Item], Uuid | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Each once, from top to bottom: also what stands at several places of a view."""

    vms: tuple[Uuid, ...] = ()
    objects: tuple[ObjectId, ...] = ()
    selection: Selection = NOTHING_SELECTED


NOTHING_CHOSEN = Chosen()


class Gathering:
    """Goes over lines in pieces. A line that went meanwhile is left out."""

    def __init__(self, lines: Sequence[NodeId], outline: Outline, pool_of: PoolOf) -> None:
        self._lines, self._outline, self._pool_of = lines, outline, pool_of
        self._at = 0
        self._kinds: dict[str, Kind] = {}
        # By their references: to compare items is to compare all that is said of them, ten thousand times.
        self._vms: dict[Ref, Uuid] = {}
        self._objects: dict[Ref, ObjectId] = {}
        self._named: dict[ObjectName, None] = {}

    def go_on(self, most: int) -> bool:
        """Look at so many lines; return whether there are more."""
        for id_ in self._lines[self._at : self._at + most]:
            name, item = self._outline.subject(id_)
            if name is not None:
                self._named[name] = None
            if item is not None and item.ref not in self._objects:
                kind = self._kinds.get(item.class_name)
                if kind is None:
                    kind = self._kinds[item.class_name] = Kind(item.class_name)
                self._objects[item.ref] = ObjectId(kind=kind, uuid=item.uuid, pool=self._pool_of(item))
                if item.sort is Sort.VM:
                    self._vms[item.ref] = item.uuid
        self._at += most
        return self._at < len(self._lines)

    def chosen(self, current: ObjectName | None) -> Chosen:
        selection = Selection(objects=tuple(self._named), current=current)
        return Chosen(vms=tuple(self._vms.values()), objects=tuple(self._objects.values()), selection=selection)


class Choosing(QObject):
    """Follows what is selected. While it works out what many lines amount to, nothing counts as selected.

    Else what is done meanwhile would be done to what was selected before.
    """

    objects_changed = Signal(tuple)  # of Uuid: the selected VMs
    selection_changed = Signal(object)  # Selection

    def __init__(self, view: OutlineView, outline: Outline, pool_of: PoolOf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view, self._outline, self._pool_of = view, outline, pool_of
        self.chosen = NOTHING_CHOSEN
        self._is_held = False
        self._gathering: Gathering | None = None
        self._pace = Pace(self)
        self._timer = one_shot(self, self._go_on, SOON_MS)
        self._again = one_shot(self, self._look_again, AGAIN_MS)
        view.selectionModel().selectionChanged.connect(self._look)
        view.selectionModel().currentChanged.connect(self._look)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hear nothing of what the list does to its selection itself."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False

    def stop(self) -> None:
        self._timer.stop()
        self._again.stop()

    @Slot()
    def _look(self) -> None:
        if not self._is_held:
            self._gathering = None
            if self._begin():
                self._take(NOTHING_CHOSEN)

    def follow(self) -> None:
        """Look at what is selected after lines have gone; where they are many, now and then."""
        if self._gathering is None and len(self.chosen.objects) <= AT_ONCE:
            self._begin()
        elif not self._again.isActive():
            self._again.start()

    @Slot()
    def _look_again(self) -> None:
        if self._gathering is None:
            self._begin()
        else:
            self._again.start()

    def _begin(self) -> bool:
        """Tell what is selected, or begin to work it out; return whether that takes longer."""
        lines = self._view.selected_ids()
        gathering = Gathering(lines, self._outline, self._pool_of)
        if len(lines) <= AT_ONCE:
            gathering.go_on(AT_ONCE)
            self._tell(gathering)
            return False
        self._gathering = gathering
        self._timer.start()
        return True

    @Slot()
    def _go_on(self) -> None:
        gathering, is_more = self._gathering, True
        if gathering is None:
            return
        is_begun = self._pace.may_begin(is_wanted=True)
        while is_begun and is_more:
            is_more = gathering.go_on(PIECE)
            is_begun = self._pace.has_room(is_wanted=True)
        if is_more:
            self._timer.start()
        else:
            self._gathering = None
            self._tell(gathering)

    def _tell(self, gathering: Gathering) -> None:
        self._take(gathering.chosen(self._view.current_name()))

    def _take(self, chosen: Chosen) -> None:
        before, self.chosen = self.chosen, chosen
        if (chosen.vms, chosen.objects) != (before.vms, before.objects):
            self.objects_changed.emit(chosen.vms)
        if chosen.selection != before.selection:
            self.selection_changed.emit(chosen.selection)
