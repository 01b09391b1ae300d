"""A sheet on the screen: dense rows of label and value, edited in place, followed by Enter, copied as text or CSV."""

from PySide6.QtCore import QEvent, QModelIndex, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QStyle, QStyleOptionViewItem, QToolTip, QWidget

from xsconsole.domain.folding import one_line
from xsconsole.domain.points.tree import Rail
from xsconsole.domain.sheets.values import Line
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import CellDelegate, DenseTable, Index
from xsconsole_ui.focus import paint_focus
from xsconsole_ui.objects.sheet_model import (
    DEPTH_ROLE,
    LABEL,
    LINK_ROLE,
    PLACEHOLDER_ROLE,
    RAIL_ROLE,
    TITLE_ROLE,
    VALUE,
    SheetModel,
    value_of,
)

LABEL_WIDTH = 140  # px
LEAST_VALUE = 120  # px
STEP = 12  # px, of one level of depth
SLACK = 2  # px, what a font's metrics leave out
DOT = 2.5  # px, the radius of one thing in a tree


class SheetDelegate(CellDelegate):
    """Titles of sections across both columns; links in the accent's colour and underlined."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        title = index.data(TITLE_ROLE)
        if title:
            if index.column() == LABEL:
                self._paint_title(painter, option, str(title))
            return
        depth = index.data(DEPTH_ROLE) or 0
        if depth:
            colours = theme.colours_of(option.palette)
            painter.setPen(QPen(QColor(colours.hairline), 1))
            painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
            option.rect = QRect(option.rect).adjusted(STEP * depth, 0, 0, 0)
        if isinstance(index.sibling(index.row(), VALUE).data(RAIL_ROLE), Rail):
            self._paint_branch(painter, option, index)
        else:
            self._paint_cell(painter, option, index)

    def _paint_cell(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rail = index.data(RAIL_ROLE)
        if isinstance(rail, Rail):
            option.rect = self._paint_rail(painter, option, rail)
        if index.data(LINK_ROLE):
            self._paint_link(painter, option, index)
        else:
            super().paint(painter, option, index)
            self._paint_placeholder(painter, option, str(index.data(PLACEHOLDER_ROLE) or ""))

    def _paint_branch(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint what of a line of a tree lies in one cell: beside the time, which is short, all room is the name's."""
        view = option.widget
        if not isinstance(view, SheetView):
            return
        whole = view.visualRect(index.sibling(index.row(), LABEL)) | view.visualRect(index.sibling(index.row(), VALUE))
        left = whole.left() + view.stamp_width()
        painter.save()
        painter.setClipRect(option.rect)
        for column, area in ((LABEL, QRect(whole)), (VALUE, whole.adjusted(left - whole.left(), 0, 0, 0))):
            at = index.sibling(index.row(), column)
            part = QStyleOptionViewItem(option)
            part.rect = area if column else QRect(area.left(), area.top(), left - area.left(), area.height())
            has_focus = view.hasFocus() and view.currentIndex() == at
            state = part.state & ~QStyle.StateFlag.State_HasFocus
            part.state = state | QStyle.StateFlag.State_HasFocus if has_focus else state
            self._paint_cell(painter, part, at)
        painter.restore()

    @staticmethod
    def _paint_rail(painter: QPainter, option: QStyleOptionViewItem, rail: Rail) -> QRect:
        """Paint the lanes of a tree before a value; return the room that is left for it."""
        colours = theme.colours_of(option.palette)
        area, middle = QRectF(option.rect), option.rect.center().y() + 0.5
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(colours.accent_soft))
        painter.setPen(QPen(QColor(colours.hairline), 1))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.muted), 1))
        left = area.left() + theme.GAP
        own = left + STEP * rail.lane + 0.5
        for lane in rail.passing:
            x = left + STEP * lane + 0.5
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if rail.is_aside:
            painter.drawLine(QPointF(own - STEP, middle), QPointF(own, middle))
        if rail.is_after:
            painter.drawLine(QPointF(own, area.top()), QPointF(own, middle))
        if rail.has_next:
            painter.drawLine(QPointF(own, middle), QPointF(own, area.bottom()))
        painter.setBrush(QColor(colours.muted))
        painter.drawEllipse(QPointF(own, middle), DOT, DOT)
        painter.restore()
        return option.rect.adjusted(round(own - area.left()) + theme.GAP // 2, 0, 0, 0)

    def _paint_placeholder(self, painter: QPainter, option: QStyleOptionViewItem, text: str) -> None:
        if text and not option.state & QStyle.StateFlag.State_Editing:
            painter.save()
            painter.setFont(theme.text_font())
            painter.setPen(QColor(theme.colours_of(option.palette).muted))
            words = option.rect.adjusted(theme.GAP, 0, -theme.GAP, 0)
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            painter.restore()

    def _paint_title(self, painter: QPainter, option: QStyleOptionViewItem, title: str) -> None:
        colours = theme.colours_of(option.palette)
        view = option.widget
        area = QRect(option.rect)
        if isinstance(view, QAbstractItemView):
            area.setWidth(view.viewport().width())
        painter.save()
        painter.fillRect(area, QColor(colours.chip))
        painter.setFont(theme.caption_font())
        painter.setPen(QColor(colours.text))
        words = area.adjusted(theme.MARGIN, 0, -theme.GAP, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()

    def _paint_link(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = theme.colours_of(option.palette)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(colours.accent_soft))
        painter.setPen(QPen(QColor(colours.hairline), 1))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        if option.state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, QRectF(option.rect), colours)
        font = theme.text_font()
        font.setUnderline(True)
        painter.setFont(font)
        painter.setPen(QColor(colours.accent))
        words = option.rect.adjusted(theme.GAP, 0, -theme.GAP, 0)
        text = one_line(str(index.data() or ""))
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setFrame(False)
        editor.setAccessibleName(str(index.model().index(index.row(), LABEL).data() or ""))
        del option
        return editor


class SheetView(DenseTable):
    """F2 or a double click edits, Enter follows a link or edits, Ctrl+C copies rows, Ctrl+Shift+V only the value."""

    followed = Signal(object)  # ObjectId

    def __init__(self, model: SheetModel, name: str, parent: QWidget | None = None) -> None:
        super().__init__(model, name, (LABEL_WIDTH, 0), parent, least_elastic=LEAST_VALUE)
        self._sheet = model
        self._is_tried = False  # a double click is under way
        self.setItemDelegate(SheetDelegate(self))
        self.horizontalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked)
        self.value = QAction(self.tr("Copy value"), self)
        self.value.setShortcut(QKeySequence("Ctrl+Shift+V"))
        self._offer(self.value, self.copy_value)
        self.opened.connect(self._open)

    def stamp_width(self) -> int:
        """Return the room for the longest of the times that stand before a tree."""
        metrics = QFontMetrics(theme.text_font())
        widest = max(map(metrics.horizontalAdvance, self._sheet.stamps), default=0)
        return min(theme.MARGIN + widest + theme.GAP + SLACK, self.columnWidth(LABEL))

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        for index in (current, previous):  # a line of a tree goes over both cells, and so does its frame
            if index.isValid():
                area = self.visualRect(index)
                self.viewport().update(0, area.top(), self.viewport().width(), area.height())

    def selected_line(self) -> Line | None:
        return self._sheet.line(self.currentIndex().row())

    @Slot()
    def copy_value(self) -> None:
        lines = [line for line in (self._sheet.line(row) for row in self.selected_rows()) if line is not None]
        QGuiApplication.clipboard().setText("\n".join(line.copied or value_of(line) for line in lines))

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        line = self._sheet.line(index.row())
        if line is None:
            return
        if line.link is not None:
            self.followed.emit(line.link)
        elif line.edit is not None and self.state() != QAbstractItemView.State.EditingState:
            self.edit(self._sheet.index(index.row(), VALUE))
        else:
            self._tell_why(line, index)

    def _tell_why(self, line: Line, index: QModelIndex) -> None:
        if line.edit is None and line.link is None and line.hint:  # such as why it cannot be changed
            cell = self.visualRect(self._sheet.index(index.row(), VALUE))
            QToolTip.showText(self.viewport().mapToGlobal(cell.bottomLeft()), pieces.hint(line.hint), self, cell)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        self._is_tried = True

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        line = self._sheet.line(index.row()) if self._is_tried else None
        self._is_tried = False
        if line is not None:
            self._tell_why(line, index)  # the button that goes up hides what was told before

    def event(self, event: QEvent) -> bool:
        # F2 is the window's shortcut for renaming what is selected; here it edits the line.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            line = self.selected_line()
            if event.key() == Qt.Key.Key_F2 and line is not None and line.edit is not None:
                event.accept()
                return True
        return super().event(event)
