"""The pools in the top bar, each with the state of its road."""

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


class PoolBadge(QWidget):
    """A dot, the name of a pool, and in a word how its road is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        as_of = link.as_of if link is not None else None
        if not is_alone and state is not LinkState.LIVE and as_of is not None:
            told = self.tr("{state}, as of {when}").format(state=told, when=times.clock_time(as_of))
        name = "" if sight is None or sight.url == sight.name else sight.name
        if sight is not None and not is_alone:
            name = sight.name
            metrics = self.pool.fontMetrics()
            self.pool.setText(metrics.elidedText(name, Qt.TextElideMode.ElideRight, MOST_NAME))
        else:
            hosts = 0 if sight is None else sight.hosts
            self.pool.setText(" · ".join([name, *([words.count(hosts, "host")] if hosts else [])]) if name else "")
        self.state.setText(told)
        heard = self.tr("Last heard of {exact_time}").format(exact_time=times.exact_time(as_of)) if as_of else ""
        self.state.setToolTip(heard)
        self.pool.setToolTip(pieces.hint(name))
        self.setAccessibleName(f"{name}: {told}" if name else told)


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
