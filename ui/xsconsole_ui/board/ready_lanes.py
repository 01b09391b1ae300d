"""Columns that are made before they are seen, one at a time: a column is some dozen widgets."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole_ui.board.graph_strip import GraphStrip
from xsconsole_ui.board.lane import Lane


class ReadyLanes:
    def __init__(
        self, workflow: Callable[[], Workflow | None], strip: GraphStrip, make: Callable[[Stage], Lane]
    ) -> None:
        self._workflow, self._strip, self._make = workflow, strip, make
        self._ready: dict[StageId, Lane] = {}

    def prepare(self) -> Iterator[None]:
        """Make a column in each piece, and then the graph above them."""
        self.clear()
        workflow = self._workflow()
        for stage in workflow.stages if workflow else ():
            lane = self._ready[stage.id] = self._make(stage)
            for part in (lane, *lane.findChildren(QWidget)):
                part.ensurePolished()  # or all would be when they are shown, in one turn
            yield
        self._strip.show_workflow(workflow)
        yield

    def take(self, stage: Stage) -> Lane:
        """Return the column of a stage, which is made now where it was not made for this state of it."""
        ready = self._ready.get(stage.id)
        return self._ready.pop(stage.id) if ready is not None and ready.stage == stage else self._make(stage)

    def clear(self) -> None:
        """Throw away what nobody took."""
        _throw_away(self._ready.values())
        self._ready = {}


def empty(row: QHBoxLayout, lanes: Sequence[Lane]) -> None:
    """Take the columns that stand out of their row, and throw them away."""
    for lane in lanes:
        row.removeWidget(lane)
    _throw_away(lanes)
    while row.count():
        row.takeAt(0)


def _throw_away(lanes: Iterable[Lane]) -> None:
    for lane in lanes:
        lane.hide()
        if lane.view.is_dragging:
            lane.view.drag_ended.connect(
                lane.deleteLater
            )  # a drag has a loop of its own, which would delete it at once
        else:
            lane.deleteLater()
