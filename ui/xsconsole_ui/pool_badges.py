"""The pools in the top bar, each with the state of its road."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from xsconsole.domain import words
from xsconsole.domain.estate import PoolSight
from xsconsole.domain.events import LinkState
from xsconsole_ui import pieces, theme, times

STATES = {
    LinkState.LIVE: ("good", "live"),
    LinkState.CONNECTING: ("wait", "connecting"),
    LinkState.LOST: ("bad", "reconnecting"),
    LinkState.CLOSED: ("wait", "not connected"),
}
MOST_NAME = 180  # px
ROOMS = ((True, MOST_NAME), (False, MOST_NAME), (False, 64), (False, 0))
"""Ways to show several pools, the most telling first: whether in words how each is, and the width of its name."""


class PoolBadge(QWidget):
    """A dot, the name of a pool, and in a word how its road is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""  # of one of several
        self.dot = pieces.Dot(self)
        self.pool = pieces.label("", "", self)
        self.state = pieces.label("", "muted", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        for part in (self.dot, self.pool, self.state):
            row.addWidget(part)

    def show_sight(self, sight: PoolSight | None, *, is_alone: bool, is_awaited: bool = False) -> None:
        """Show a pool; alone it has room to say how many hosts it has. Without one, say whether one is on its way."""
        state = sight.link.state if sight is not None else LinkState.CONNECTING if is_awaited else LinkState.CLOSED
        dot, word = STATES[state]
        self.dot.set_state(dot)
        link = None if sight is None else sight.link
        told = self.tr("not reconnecting") if link is not None and link.has_given_up else self.tr(word)
        as_of = link.as_of if link is not None and state is not LinkState.LIVE else None
        if not is_alone and as_of is not None:
            told = self.tr("{state}, as of {when}").format(state=told, when=times.clock_time(as_of))
        name = "" if sight is None or sight.url == sight.name else sight.name
        if sight is not None and not is_alone:
            name = sight.name
        else:
            hosts = 0 if sight is None else sight.hosts
            self.pool.setText(" · ".join([name, *([words.count(hosts, "host")] if hosts else [])]) if name else "")
        self.state.setText(told)
        heard = self.tr("Last heard of {exact_time}").format(exact_time=times.exact_time(as_of)) if as_of else ""
        self._name = "" if is_alone else name
        self.take_room(0)
        self.setToolTip(pieces.hint("\n".join(filter(None, (name, told, heard)))))
        self.setAccessibleName(f"{name}: {told}" if name else told)

    def take_room(self, which: int) -> None:
        """Show one of several pools in one of the ways of `ROOMS`; one that stands alone has its room."""
        is_worded, width = ROOMS[which]
        if self._name:
            shown = self.pool.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideRight, width)
            self.pool.setText(shown)
            self.pool.setVisible(width > 0)
        self.state.setVisible(is_worded or not self._name)
        self.updateGeometry()


class PoolBadges(QWidget):
    """A badge for each pool; without any, one that says so."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2 * theme.MARGIN)
        self.badges: list[PoolBadge] = []
        self.show_sights(())

    def show_sights(self, sights: tuple[PoolSight, ...], *, is_awaited: bool = False) -> None:
        wanted = max(1, len(sights))
        while len(self.badges) < wanted:
            self.badges.append(PoolBadge(self))
            self._row.addWidget(self.badges[-1])
        while len(self.badges) > wanted:
            gone = self.badges.pop()
            self._row.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for at, badge in enumerate(self.badges):
            badge.show_sight(sights[at] if sights else None, is_alone=len(sights) < 2, is_awaited=is_awaited)

    def fit(self, is_fitting: Callable[[], bool]) -> None:
        """Say as much of the pools as there is room for: the dots and the hints tell the rest."""
        for which in range(len(ROOMS)):
            for badge in self.badges:
                badge.take_room(which)
            self.updateGeometry()
            if is_fitting():
                return
