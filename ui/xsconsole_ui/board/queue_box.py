"""Who waits for a place in a stage: in the stage's column, in order, each to be taken out again."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.events import QueueChanged
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.queueing import Queued
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.texts import tr

if TYPE_CHECKING:
    from xsconsole_ui.board.lane import Lane


def waiting_words(place: int, entry: Queued, stage: str) -> str:
    """Return what is known of one that waits: where in the queue, whose, and what stands in its way."""
    told = tr("Number {n} in the queue of this console for {stage}; queued by {who}.")
    return f"{told.format(n=place, stage=one_line(stage), who=one_line(entry.actor))} {entry.why}".strip()


class QueueBox(QWidget):
    """Hidden while nobody waits."""

    cancelled = Signal(object)  # ConfigurationId

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(theme.GAP + 2, theme.SPACE, theme.GAP, 0)
        self._column.setSpacing(0)
        self.head = pieces.wrapped(self.tr("Waiting in this console"), "caption", self)
        self.head.setToolTip(
            pieces.hint(
                self.tr(
                    "Who waits for a place here is begun by this console, and only while it is open. Other consoles do "
                    "not see the queue, and can take the place first."
                )
            )
        )
        self._column.addWidget(self.head)
        self._rows: list[QueueRow] = []
        self.hide()

    @property
    def rows(self) -> "tuple[QueueRow, ...]":
        return tuple(self._rows)

    def show_entries(self, entries: Sequence[Queued]) -> None:
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [QueueRow(at + 1, entry, self) for at, entry in enumerate(entries)]
        for row in self._rows:
            self._column.addWidget(row)
            row.cancelled.connect(self.cancelled)
        self.setVisible(bool(entries))


class QueueRow(QWidget):
    """One that waits, and the button that takes it out."""

    cancelled = Signal(object)

    def __init__(self, place: int, entry: Queued, parent: QWidget) -> None:
        super().__init__(parent)
        self._configuration = entry.configuration
        name = one_line(entry.name)
        self.label = pieces.ElidedLabel(self.tr("{n}. {name}").format(n=place, name=name), "caption", self)
        since = self.tr("Queued by {who}, {when}.").format(
            who=one_line(entry.actor), when=times.clock_time(entry.asked_at)
        )
        self.setToolTip(pieces.hint(f"{since} {entry.why or self.tr('It is begun as soon as there is room.')}"))
        self.out = pieces.button("✕", "quiet", self)
        self.out.setAccessibleName(self.tr("Take {name} out of the queue").format(name=name))
        self.out.setToolTip(pieces.hint(self.out.accessibleName()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE)
        row.addWidget(self.label, 1)
        row.addWidget(self.out)
        self.out.clicked.connect(self._cancel)

    @Slot()
    def _cancel(self) -> None:
        self.cancelled.emit(self._configuration)


class Queues(QObject):
    """Keeps the boxes of all columns in step with the queue. `dropped` tells who waits no more, and why."""

    dropped = Signal(str)
    cancelled = Signal(object)  # ConfigurationId

    def __init__(self, console: Estate, bridge: Bridge, lanes: Mapping[StageId, "Lane"], parent: QObject) -> None:
        """`lanes` are the board's own columns."""
        super().__init__(parent)
        self._console, self._lanes = console, lanes
        bridge.queue_changed.connect(self._show)
        bridge.layout_changed.connect(self._show_all)

    @Slot()
    def _show_all(self) -> None:
        for stage, lane in self._lanes.items():
            lane.queue_box.cancelled.connect(self._cancel)
            lane.queue_box.show_entries(self._console.queue.of_stage(stage))

    @Slot(object)
    def _show(self, event: QueueChanged) -> None:
        lane = self._lanes.get(event.stage)
        if lane is not None:
            lane.queue_box.show_entries(self._console.queue.of_stage(event.stage))
        if event.dropped:
            self.dropped.emit(event.dropped)

    @Slot(object)
    def _cancel(self, configuration: ConfigurationId) -> None:
        entries = self._console.queue.entries
        lane = next((self._lanes.get(one.target) for one in entries if one.configuration == configuration), None)
        if lane is not None:
            lane.view.setFocus()  # the button goes, and the keyboard must not go with it
        self.cancelled.emit(configuration)
