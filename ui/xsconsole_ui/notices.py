"""News that must not be missed and must not stop anybody: they lie over the centre until they are closed.

A page whose `foot` is a widget keeps that one clear.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from xsconsole.domain import words
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.focus import holds_keyboard

MOST_NOTICES = 3
WIDEST = 720  # px
MOST_SHARE = 0.4  # of a place that several notices may cover before all but the newest are folded into a line


class Notices(QWidget):
    """The newest few, oldest first, over the foot of a place: what a user aims at never moves because of news.

    Where there is little room the newest one is whole, and the others are a line that opens.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Notices"))
        self._shown: list[pieces.Notice] = []
        self._subjects: dict[pieces.Notice, object] = {}
        self._passing: set[pieces.Notice] = set()  # those that are of the place in which they were told
        self._home: QStackedWidget | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE)
        self.fold = pieces.button("", "", self)
        self.fold.setCheckable(True)
        self.fold.toggled.connect(self._place)
        self.fold.hide()
        self._column.addWidget(self.fold)
        self.hide()

    @property
    def shown(self) -> tuple[pieces.Notice, ...]:
        return tuple(self._shown)

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(notice.text for notice in self._shown)

    def lie_over(self, place: QWidget, home: QStackedWidget) -> None:
        """Stay at the foot of this widget, whatever its size becomes. `home` gets the keyboard of what is closed."""
        self.setParent(place)
        self._home = home
        place.installEventFilter(self)
        home.currentChanged.connect(self._leave_place)
        self._place()

    def tell(
        self,
        state: str,
        headline: str,
        advice: str = "",
        details: str = "",
        *,
        about: object = None,
        way_out: tuple[str, QAction] | None = None,
        stays: bool = True,
    ) -> None:
        """Add news: `good`, `warn` or `bad`. The same news twice is told once.

        `about` is what `withdraw` names once they are no longer so; `way_out` becomes a button. What does not `stay`
        goes when another place is shown.
        """
        for notice in self._shown:
            if notice.text == "\n".join(part for part in (headline, advice, details) if part):
                return
        while len(self._shown) >= MOST_NOTICES:
            self._drop(self._shown[0])
        notice = pieces.Notice(self, can_close=True)
        notice.show_words(state, headline, advice, details)
        notice.closed.connect(self._close_sender)
        if way_out is not None:
            notice.offer(*way_out)
        self._shown.append(notice)
        self._subjects[notice] = about
        if not stays:
            self._passing.add(notice)
        self._column.addWidget(notice)
        self.show()
        self._place()

    def withdraw(self, about: object) -> None:
        """Take back what is no longer so."""
        for notice in tuple(self._shown):
            if self._subjects[notice] == about:
                self._drop(notice)

    def tell_error(
        self,
        error: ConsoleError,
        subject: str = "",
        *,
        about: object = None,
        way_out: tuple[str, QAction] | None = None,
        stays: bool | None = None,
    ) -> None:
        """Say what failed, what was put back, what remains and what to do.

        A refusal changed nothing, and is of the place in which it was asked for; a failure stays until it is closed.
        """
        told = words.explain(error)
        headline = f"{subject}: {told.failed}" if subject else told.failed
        state = "warn" if isinstance(error, Refused) else "bad"
        advice = pieces.joined(told.put_back, told.remains, told.mend)
        is_staying = not isinstance(error, Refused) if stays is None else stays
        self.tell(state, headline, advice, told.details, about=about, way_out=way_out, stays=is_staying)

    def tell_bug(self, failure: BaseException) -> None:
        """Say that the program itself is wrong. What runs on the pool goes on."""
        headline = self.tr("Something went wrong inside the console.")
        advice = self.tr("What was asked may not have been done: look at the board before trying again.")
        self.tell("bad", headline, advice, f"{type(failure).__name__}: {failure}")

    def clear(self) -> None:
        for notice in tuple(self._shown):
            self._drop(notice)

    @Slot()
    def _leave_place(self) -> None:
        for notice in tuple(self._passing):
            self._drop(notice)
        self._place()

    @Slot()
    def _close_sender(self) -> None:
        sender = self.sender()
        if isinstance(sender, pieces.Notice):
            self._drop(sender)

    def _drop(self, notice: pieces.Notice) -> None:
        self._give_back(notice)
        self._shown.remove(notice)
        del self._subjects[notice]
        self._passing.discard(notice)
        self._column.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        self.setVisible(bool(self._shown))
        self._place()

    def _give_back(self, notice: pieces.Notice) -> None:
        """Give the keyboard back to where it was in the page below, before Qt gives it to anything."""
        page = self._home.currentWidget() if self._home is not None else None
        if page is not None and holds_keyboard(notice):
            before = page.focusWidget()
            is_there = before is not None and before.isVisible() and before.isEnabled()
            (before if before is not None and is_there else page).setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _place(self) -> None:
        place = self.parentWidget()
        if place is None or not self._shown:
            return
        width = min(WIDEST, place.width() - 2 * theme.MARGIN)
        foot = self._foot_of(place)
        self._fold_earlier(width, place.height())
        height = self._column.totalHeightForWidth(width)
        if height > foot - 2 * theme.GAP:
            foot = place.height()  # to be read at all goes before what lies below
        height = min(height, foot - 2 * theme.GAP)
        self.setGeometry((place.width() - width) // 2, foot - theme.GAP - height, width, height)
        self.raise_()

    def _fold_earlier(self, width: int, room: int) -> None:
        """Fold all but the newest notice where together they would cover too much of a room so high."""
        *earlier, newest = self._shown
        heights = [max(one.heightForWidth(width), 0) for one in self._shown]
        covers = sum(heights) + theme.SPACE * len(earlier) > MOST_SHARE * room
        is_needed = bool(earlier) and covers
        self.fold.setVisible(is_needed)
        self.fold.setChecked(self.fold.isChecked() and is_needed)
        is_open = self.fold.isChecked() or not covers
        told = words.count(len(earlier), self.tr("earlier notice"), self.tr("earlier notices"))
        mark = "✖ " if any(one.property("state") == "bad" for one in earlier) else ""
        self.fold.setText(self.tr("Fold {notices}").format(notices=told) if is_open else f"{mark}{told}…")
        for notice in earlier:
            notice.setVisible(is_open)
        newest.show()

    def _foot_of(self, place: QWidget) -> int:
        """Return where what is to be kept clear begins."""
        page = self._home.currentWidget() if self._home is not None else None
        foot = getattr(page, "foot", None)
        if not isinstance(foot, QWidget) or not foot.isVisible():
            return place.height()
        foot.removeEventFilter(self)
        foot.installEventFilter(self)
        return foot.mapTo(place, QPoint(0, 0)).y()

    def event(self, event: QEvent) -> bool:
        answer = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._place()  # details were unfolded
        return answer

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self._place()
        return super().eventFilter(watched, event)
