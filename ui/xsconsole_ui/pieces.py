"""Small pieces that every panel is made of, so that they match."""

import html

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from xsconsole.domain import words
from xsconsole.domain.folding import one_line
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import theme
from xsconsole_ui.buttons import Button
from xsconsole_ui.resources import icon


def set_look(widget: QWidget, look: str, state: str = "") -> None:
    """Choose one of the style sheet's looks; may be called again to change it."""
    if widget.property("look") == look and (widget.property("state") or "") == state:
        return
    widget.setProperty("look", look)
    widget.setProperty("state", state)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def label(text: str = "", look: str = "", parent: QWidget | None = None) -> QLabel:
    """Return a plain-text label: names from a pool are never read as markup."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if look:
        made.setProperty("look", look)
    return made


def wrapped(text: str = "", look: str = "", parent: QWidget | None = None) -> QLabel:
    """Return a plain-text label that breaks lines and can be copied from."""
    made = label(text, look, parent)
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def breakable(text: str) -> str:
    """Return a text of which a label may break long words, such as digests."""
    return " ".join("\u200b".join(word[at : at + 16] for at in range(0, len(word), 16)) for word in text.split(" "))


def joined(*sentences: str) -> str:
    """Return the sentences that are not empty, as one text."""
    return " ".join(sentence for sentence in sentences if sentence)


def hint(text: str) -> str:
    """Return a tooltip that shows `text` as it is: Qt would read a name such as `<b>` as markup."""
    if "<" not in text and "&" not in text:
        return text
    lines = html.escape(text).replace("\n", "<br>")
    return f'<span style="white-space: pre-wrap">{lines}</span>'


def button(text: str, look: str = "", parent: QWidget | None = None) -> Button:
    made = Button(text, parent)
    made.setAutoDefault(False)
    if look:
        made.setProperty("look", look)
    return made


class ElidedLabel(QLabel):
    """One line of plain text that never asks for more room than it has; the whole stands in the tooltip."""

    def __init__(self, text: str = "", look: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""
        if look:
            self.setProperty("look", look)
        self.show_text(text)

    @property
    def whole(self) -> str:
        return self._whole

    def show_text(self, text: str) -> None:
        self._whole = one_line(text)
        self.setAccessibleName(self._whole)
        self._elide()

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.contentsRect().width())
        super().setText(shown)
        self.setToolTip(hint(self._whole) if shown != self._whole else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._elide()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._whole) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height())


class Line(QFrame):
    """A horizontal hairline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "line")
        self.setFixedHeight(1)


class Header(QFrame):
    """The head of a panel: a title at the left, a caption at the right, and room for controls between them.

    It can become the title bar of a dock: it lets the mouse through, so that the dock can be dragged by it.
    """

    def __init__(self, title: str, caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "header")
        self.setFixedHeight(theme.HEADER_HEIGHT)
        self._title = ElidedLabel(title, "title", self)
        self._caption = label(caption, "caption", self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        self._row.setSpacing(theme.GAP)
        self._row.addWidget(self._title, 1)
        self._row.addWidget(self._caption)

    @property
    def title(self) -> str:
        return self._title.whole

    @property
    def caption(self) -> str:
        return self._caption.text()

    def set_title(self, title: str) -> None:
        self._title.show_text(title)

    def set_caption(self, caption: str, look: str = "caption") -> None:
        self._caption.setText(caption)
        set_look(self._caption, look)

    def sizeHint(self) -> QSize:
        # A dock takes the height of its title bar from here and from nowhere else.
        return QSize(super().sizeHint().width(), theme.HEADER_HEIGHT)

    def add_control(self, widget: QWidget) -> None:
        """Put a control at the right end."""
        self._row.addWidget(widget)


class Panel(QFrame):
    """A header above a body. Put widgets into `body`; a dock may take the header as its title bar."""

    def __init__(self, title: str, caption: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("look", "surface")
        self.setAccessibleName(title)
        self.header = Header(title, caption, self)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(self.body, 1)


class Dot(QWidget):
    """A state as a shape: a full disc is well, a ring with a bar is not, a ring waits. A word stands beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(10, 10)
        self._state = "wait"

    def set_state(self, state: str) -> None:
        """Show `good`, `warn`, `bad` or `wait`."""
        self._state = state
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        colours = theme.colours_of(self.palette())
        colour = {"good": colours.good, "warn": colours.warn, "bad": colours.bad}.get(self._state, colours.muted)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(1, 1, -1, -1)
        painter.setPen(QColor(colour))
        if self._state == "good":
            painter.setBrush(QColor(colour))
        painter.drawEllipse(area)
        if self._state == "bad":
            painter.drawLine(area.left() + 2, area.center().y(), area.right() - 1, area.center().y())


class Choice(QComboBox):
    """A combo box with an arrow of ours: style sheets take the platform's away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(QStyledItemDelegate(self))  # Qt's own for combo boxes knows no heights from a style sheet

    def showPopup(self) -> None:
        """Open a list that is as wide as its widest line, where the box is narrower."""
        list_ = self.view()
        list_.setMinimumWidth(list_.sizeHintForColumn(0) + 2 * theme.GAP)
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_arrow(self, QPainter(self))


def paint_arrow(widget: QWidget, painter: QPainter) -> None:
    """Paint the arrow of a list that opens at the widget's right end."""
    arrow = icon("chevron-down", theme.colours_of(widget.palette()).muted, 12)
    arrow.paint(painter, QRect(widget.width() - 22, (widget.height() - 12) // 2, 12, 12))


class EmptyPlace(QFrame):
    """What a place is for, and the first step, while there is nothing in it."""

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = label("", "title", self)
        self._title.setWordWrap(True)  # the names of pools widen no panel
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text = wrapped("", "muted", self)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.column = QVBoxLayout(self)
        self.column.setSpacing(theme.GAP)
        self.column.setContentsMargins(3 * theme.MARGIN, theme.GAP, 3 * theme.MARGIN, theme.GAP)
        self.column.addStretch(1)
        self.column.addWidget(self._title)
        self.column.addWidget(self._text)
        self.column.addStretch(2)
        self.set_words(title, text)

    @property
    def text(self) -> str:
        return self._text.text()

    def set_words(self, title: str, text: str) -> None:
        self.title = title
        self._title.setText(breakable(title))
        self._text.setText(text)

    def add_step(self, widget: QWidget) -> None:
        """Put the first step below the words."""
        self.column.insertWidget(self.column.count() - 1, widget, 0, Qt.AlignmentFlag.AlignHCenter)


class Notice(QFrame):
    """A few sentences on coloured ground: what happened, what remains, what to do; and details that can be copied."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None, *, can_close: bool = False) -> None:
        super().__init__(parent)
        self.setProperty("look", "notice")
        self._headline = wrapped("", "title", self)
        self._advice = wrapped("", "", self)
        self._details = wrapped("", "caption", self)
        self.more = button(self.tr("Details"), "quiet", self)
        self.more.setCheckable(True)
        self.copy = button(self.tr("Copy"), "quiet", self)
        self.close_button = button(self.tr("Close"), "quiet", self)
        self.close_button.setVisible(can_close)
        self.more.toggled.connect(self._toggle)
        self.copy.clicked.connect(self._copy_all)
        self.close_button.clicked.connect(self.closed)
        self._row = row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        column.setSpacing(theme.SPACE)
        for part in (self._headline, self._advice, self._details):
            column.addWidget(part)
        column.addLayout(row)
        for control in (self.more, self.copy):
            row.addWidget(control)
        row.addStretch(1)
        row.addWidget(self.close_button)
        self.hide()

    def offer(self, text: str, action: QAction) -> Button:
        """Put a button for the way out before the others, and return it."""
        way_out = button(text, "", self)
        way_out.clicked.connect(action.trigger)
        self._row.insertWidget(0, way_out)
        return way_out

    @property
    def headline(self) -> str:
        return self._headline.text()

    @property
    def visible_text(self) -> str:
        parts = (self._headline, self._advice, self._details)
        return "\n".join(part.text() for part in parts if part.isVisible())

    @property
    def text(self) -> str:
        parts = (self._headline.text(), self._advice.text(), self._details.text())
        return "\n".join(part for part in parts if part)

    def show_words(self, state: str, headline: str, advice: str, details: str = "") -> None:
        """Show `good`, `warn` or `bad` news."""
        set_look(self, "notice", state)
        self._headline.setText(headline)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        self._details.setText(details)
        self._details.setVisible(bool(details) and self.more.isChecked())
        self.more.setVisible(bool(details))
        self.copy.setVisible(bool(details))
        self.setAccessibleName(f"{headline} {advice}".strip())
        self.show()

    def show_error(self, error: ConsoleError) -> None:
        """Say what failed, what remains and what to do; a refusal is no failure."""
        told = words.explain(error)
        state = "warn" if isinstance(error, Refused) else "bad"
        self.show_words(state, told.failed, joined(told.remains, told.mend), told.details)

    @Slot(bool)
    def _toggle(self, is_shown: bool) -> None:
        self._details.setVisible(is_shown)

    @Slot()
    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
