"""Copied stages on the clipboard, as text: they can be pasted into another draft, another window, or a mail."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QClipboard

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.clipboard import Pasted, copy, holds_stages, paste
from xsconsole.domain.workflow.edits import place_stages
from xsconsole.domain.workflow.values import Place
from xsconsole_ui.workflow import placing


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
    """Put what a text holds where it was copied from, or below that where it would lie on something.

    Raises:
        Refused: the text holds no stages, or they do not fit into this workflow.
    """
    base = placing.placed(workflow)
    found = paste(base, text)
    stages = [stage for id_ in found.stages if (stage := found.workflow.stage(id_)) is not None]
    wanted = {stage.id: stage.place for stage in stages if stage.place is not None}
    down = placing.free_below(base, wanted.values())
    places = {id_: Place(x=place.x, y=place.y + down) for id_, place in wanted.items()}
    return replace(found, workflow=place_stages(found.workflow, places))
