"""Copied stages on the clipboard, as text: they can be pasted into another draft, another window, or a mail."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QClipboard

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.clipboard import Pasted, copy, holds_stages, paste
from xsconsole.domain.workflow.values import Place
from xsconsole_ui.workflow import placing

ASIDE_STEPS = 2  # of the grid, from what a copy would cover
MOST_ASIDE = 100


class Paper(QObject):
    """The application's clipboard, as far as stages are on it."""

    changed = Signal()

    def __init__(self, board: QClipboard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._has_stages = False
        board.dataChanged.connect(self._look)
        self._look()

    @property
    def has_stages(self) -> bool:
        return self._has_stages

    def text(self) -> str:
        return self._board.text()

    def put(self, workflow: Workflow, stages: Sequence[StageId]) -> None:
        self._board.setText(written(workflow, stages))

    @Slot()
    def _look(self) -> None:
        before, self._has_stages = self._has_stages, holds_stages(self._board.text())
        if before != self._has_stages:
            self.changed.emit()


def written(workflow: Workflow, stages: Sequence[StageId]) -> str:
    return copy(placing.placed(workflow), stages)


def pasted(workflow: Workflow, text: str) -> Pasted:
    """Put what a text holds beside what it would cover.

    Raises:
        Refused: the text holds no stages, or they do not fit into this workflow.
    """
    base = placing.placed(workflow)
    taken = {(stage.place.x, stage.place.y) for stage in base.stages if stage.place is not None}
    found, shift = paste(base, text), 0
    while shift < MOST_ASIDE and any(_spot(found, stage) in taken for stage in found.stages):
        shift += ASIDE_STEPS
        corner = _corner(found)
        found = paste(base, text, Place(x=corner.x + ASIDE_STEPS, y=corner.y + ASIDE_STEPS))
    return found


def _spot(found: Pasted, stage_id: StageId) -> tuple[int, int] | None:
    stage = found.workflow.stage(stage_id)
    return (stage.place.x, stage.place.y) if stage is not None and stage.place is not None else None


def _corner(found: Pasted) -> Place:
    spots = [spot for stage in found.stages if (spot := _spot(found, stage)) is not None]
    return Place(x=min(x for x, _ in spots), y=min(y for _, y in spots))
