"""The top of the window: product, menus, the pool with the state of its road, the find field, and who one is."""

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenuBar, QWidget

from xsconsole.console import Estate
from xsconsole_ui import pieces, theme
from xsconsole_ui.pool_badges import PoolBadges

FIND_WIDTH, LEAST_FIND_WIDTH = 340, 140
HEIGHT = 44


class TopBar(QFrame):
    """Shows; the window fills its menus."""

    found = Signal(str)  # what is typed into the find field
    find_moved = Signal(int)  # up or down in what was found
    find_chosen = Signal()
    find_left = Signal()

    def __init__(self, console: Estate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console = console
        self.setProperty("look", "topbar")
        self.setFixedHeight(HEIGHT)
        self.menus = QMenuBar(self)
        self.menus.setNativeMenuBar(False)
        self.pools = PoolBadges(self)
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
        row.addWidget(self.pools)
        row.addStretch(1)
        row.addWidget(self.field, 100)  # all the room there is, up to its greatest width
        row.addSpacing(theme.GAP)
        row.addWidget(self.who)

    def show_link(self) -> None:
        """Show the pools, the state of the road to each, and who is logged in."""
        self.pools.show_sights(self._console.sights, is_awaited=bool(self._console.connecting))
        told = [(one.identity.actor, one.identity.role) for one in self._console.pools if one.identity is not None]
        who = dict.fromkeys(f"{actor} · {role}" for actor, role in told)
        self.who.setText(next(iter(who)) if len(who) == 1 else self.tr("several log-ins") if who else "")
        self.who.setToolTip("\n".join(self._rights()))
        self._fit()

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None and self.isVisible():
            self.pools.fit(lambda: layout.minimumSize().width() <= self.width())

    def _rights(self) -> Iterator[str]:
        """Yield what the log-ins may not do; where there are several pools, pool by pool."""
        for console in self._console.pools:
            if self._console.has_several and console.identity is not None:
                name = self._console.pool_name(console)
                yield f"{name}: {console.identity.actor} · {console.identity.role}"
            refused = [right for right in console.rights if not right.is_allowed]
            for right in refused:
                yield self.tr("May not {what}: needs {needs}").format(what=right.what, needs=right.needs)
            if not refused:
                yield self.tr("This role may do everything the console does.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

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
