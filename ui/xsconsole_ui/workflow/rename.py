"""A stage's name, typed where it stands. What is wrong with it is said while it is typed."""

from PySide6.QtCore import QPoint, QRect, Qt, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolTip

from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.bounds import NAME_LIMIT
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.errors import Refused
from xsconsole_ui import pieces
from xsconsole_ui.workflow import between
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.desk import DraftDesk

LEAST_WIDTH, HEIGHT, INSET = 150, 28, 6  # px
TYPED_LIMIT = 4 * NAME_LIMIT  # a longer name is refused with its length; one of a million letters is not even laid out


class NameField(QLineEdit):
    """Enter and leaving it keep the name, Esc does not. A name that cannot be stays in the field with the reason."""

    def __init__(self, canvas: Canvas, desk: DraftDesk) -> None:
        super().__init__(canvas)
        self._canvas, self._desk = canvas, desk
        self._stage: StageId | None = None
        self.why_not = ""
        self.setMaxLength(TYPED_LIMIT)
        self.setAccessibleName(self.tr("Name of the stage"))
        self.hide()
        self.textEdited.connect(self._judge)
        self.returnPressed.connect(self._keep)
        canvas.moved.connect(self._place)
        desk.changed.connect(self._follow)

    def begin(self, stage_id: StageId) -> None:
        """Open over a stage's name, which is selected."""
        stage = self._desk.workflow.stage(stage_id)
        if stage is None:
            return
        self._stage = stage_id
        self.setText(stage.name)
        self.selectAll()
        self._judge()
        self._place()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _judge(self) -> None:
        stage = self._stage
        try:
            if stage is not None:
                change_stage(self._desk.workflow, stage, name=self.text())
            self.why_not = ""
        except Refused as refusal:
            self.why_not = pieces.joined(refusal.reason, refusal.mend)
        pieces.set_look(self, "field", "bad" if self.why_not else "")
        self.setAccessibleDescription(self.why_not)
        if self.why_not and self.isVisible():
            at = self.mapToGlobal(QPoint(0, self.height()))
            QToolTip.showText(at, pieces.hint(self.why_not), self)
        else:
            QToolTip.hideText()

    @Slot()
    def _keep(self) -> None:
        if self.why_not:
            self._desk.refused.emit(self.why_not)
        else:
            self._finish()

    def _finish(self) -> None:
        stage_id, self._stage = self._stage, None
        stage = self._desk.workflow.stage(stage_id) if stage_id is not None else None
        name, had_keyboard = self.text(), self.hasFocus()
        self.hide()
        QToolTip.hideText()
        if had_keyboard:
            self._canvas.setFocus()
        if stage is not None and not self.why_not and name != stage.name:
            between.rename(self._desk, stage, name)

    @Slot()
    def _follow(self) -> None:
        """Close where the stage is gone, by undo for example."""
        if self._stage is None:
            return
        if self._desk.workflow.stage(self._stage) is None:
            self._stage = None
            self.hide()
        else:
            self._place()

    @Slot()
    def _place(self) -> None:
        node = self._canvas.scene.nodes.get(self._stage) if self._stage is not None else None
        if node is None:
            return
        area = self._canvas.view.area_to_widget(node.area).toRect()
        wide = max(LEAST_WIDTH, area.width() - 12)
        left = max(0, min(area.left() + INSET, self._canvas.width() - wide - INSET))
        self.setGeometry(QRect(left, area.top() + 4, min(wide, self._canvas.width()), HEIGHT))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._stage = None
            self._finish()
        else:
            super().keyPressEvent(event)
            event.accept()  # what the field does not need is not meant for the canvas behind it

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.isVisible() and event.reason() is not Qt.FocusReason.PopupFocusReason:
            self._finish()
