"""The top of the window: product, menus, the pool with the state of its road, the find field, and who one is."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenuBar, QWidget

from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.events import LinkState
from xsconsole.domain.inventory import Host
from xsconsole_ui import pieces, theme, times

STATES = {
    LinkState.LIVE: ("good", "live"),
    LinkState.CONNECTING: ("wait", "connecting"),
    LinkState.LOST: ("bad", "reconnecting"),
    LinkState.CLOSED: ("wait", "not connected"),
}
FIND_WIDTH, LEAST_FIND_WIDTH = 340, 140
HEIGHT = 44


class TopBar(QFrame):
    """Shows; the window fills its menus."""

    found = Signal(str)  # what is typed into the find field
    find_moved = Signal(int)  # up or down in what was found
    find_chosen = Signal()
    find_left = Signal()

    def __init__(self, console: Console, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self.setProperty("look", "topbar")
        self.setFixedHeight(HEIGHT)
        self.menus = QMenuBar(self)
        self.menus.setNativeMenuBar(False)
        self.dot = pieces.Dot(self)
        self.pool = pieces.label("", "", self)
        self.state = pieces.label("", "muted", self)
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("Find a configuration, a VM or a command…   Ctrl+K"))
        self.field.setAccessibleName(self.tr("Find"))
        self.field.setMinimumWidth(LEAST_FIND_WIDTH)
        self.field.setMaximumWidth(FIND_WIDTH)
        self.field.textEdited.connect(self.found)
        self.field.returnPressed.connect(self.find_chosen)
        self.field.installEventFilter(self)
        self.who = pieces.label("", "muted", self)
        self._lay_out()
        self.show_link()

    def _lay_out(self) -> None:
        name = pieces.label("xsconsole", "product", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.MARGIN + 2, 0, theme.MARGIN + 2, 1)
        row.setSpacing(theme.GAP)
        row.addWidget(name)
        row.addSpacing(theme.SPACE)
        row.addWidget(self.menus, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(theme.GAP)
        row.addWidget(self.dot)
        row.addWidget(self.pool)
        row.addWidget(self.state)
        row.addStretch(1)
        row.addWidget(self.field, 100)  # all the room there is, up to its greatest width
        row.addSpacing(theme.GAP)
        row.addWidget(self.who)

    def show_link(self) -> None:
        """Show the pool, the state of the road to it, and who is logged in."""
        link, identity = self._console.link, self._console.identity
        dot, word = STATES[link.state]
        self.dot.set_state(dot)
        hosts = self._console.inventory.count(Host)
        name = identity.pool_name if identity else ""
        self.pool.setText(f"{name} · {words.count(hosts, 'host')}" if name else "")
        self.state.setText(self.tr("not reconnecting") if link.has_given_up else self.tr(word))
        self.state.setToolTip(
            self.tr("Last heard of {exact_time}").format(exact_time=times.exact_time(link.as_of)) if link.as_of else ""
        )
        self.who.setText(f"{identity.actor} · {identity.role}" if identity else "")
        refused = [right for right in self._console.rights if not right.is_allowed]
        lines = [
            self.tr("May not {what}: needs {needs}").format(what=right.what, needs=right.needs) for right in refused
        ]
        everything = self.tr("This role may do everything the console does.") if identity else ""
        self.who.setToolTip("\n".join(lines) or everything)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() is QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            match event.key():
                case Qt.Key.Key_Down | Qt.Key.Key_Up:
                    self.find_moved.emit(1 if event.key() == Qt.Key.Key_Down else -1)
                    return True
                case Qt.Key.Key_Escape:
                    self.find_left.emit()
                    return True
        return super().eventFilter(watched, event)
