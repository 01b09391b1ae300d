"""Says at once that a fence is not tight any more, wherever one looks: on the desktop, and in the window."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction

from xsconsole.console import Estate
from xsconsole.domain.fence.state import State, breaches_of
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.fences.place import FencePlace
from xsconsole_ui.notices import Notices

MOST_LINES = 3  # of breaches, on the desktop
Show = Callable[[str, str], bool]
"""Shows a title and a text on the desktop; whether there was a way to."""


class FenceNews(QObject):
    """Compares how fences stood with how they stand, and tells each breach once."""

    wanted = Signal(object)  # ConfigurationId: somebody wants to see its fence

    def __init__(self, console: Estate, bridge: Bridge, notices: Notices, show: Show, place: FencePlace) -> None:
        super().__init__(place)
        self._console, self._notices, self._show, self._place = console, notices, show, place
        self._told: dict[ConfigurationId, tuple[str, ...]] = {}
        self._ways: dict[ConfigurationId, QAction] = {}
        self._said: set[ConfigurationId] = set()  # of which the status bar still tells
        bridge.fences_changed.connect(self._look)
        self._look()

    @Slot()
    def _look(self) -> None:
        fencing = self._console.fencing
        now = {
            id_: tuple(breach.sentence for breach in breaches_of(one, fencing.work_on(one)))
            for id_, one in (fencing.all.items() if fencing is not None else ())
            if fencing is not None and fencing.state(one) is State.BREACHED and id_ in self._console.board.cards
        }
        for configuration in self._told.keys() - now.keys():
            self._withdraw(configuration)
            self._say_end(configuration)
        for configuration, sentences in now.items():
            if self._told.get(configuration) != sentences:
                self._withdraw(configuration)
                self._tell(configuration, sentences)
        self._told = now

    def _tell(self, configuration: ConfigurationId, sentences: tuple[str, ...]) -> None:
        fence = self._console.fencing.of(configuration) if self._console.fencing is not None else None
        name = one_line(fence.standing.fence.name) if fence is not None else ""
        headline = self.tr("The fence “{name}” is not tight").format(name=name)
        self._show(headline, "\n".join(sentences[:MOST_LINES]))
        if self._place.isVisible():  # the place shows it in red: over it, news would hide what it is about
            self._place.said.emit(f"{headline}: {sentences[0]}")
            self._said.add(configuration)
            return
        way = self._ways[configuration] = QAction(self.tr("Show it"), self)
        way.setData(configuration)
        way.triggered.connect(self._go)
        self._notices.tell(
            "bad", headline, sentences[0], "\n".join(sentences[1:]), about=way, way_out=(way.text(), way)
        )

    def _say_end(self, configuration: ConfigurationId) -> None:
        """Say what became of a breach of which the status bar tells: words there stay until others come."""
        if configuration not in self._said:
            return
        self._said.discard(configuration)
        fencing = self._console.fencing
        fence = fencing.of(configuration) if fencing is not None else None
        if fence is None or fencing is None or fencing.work_on(fence) is not None:
            self._place.said.emit("")
        else:
            name = one_line(fence.standing.fence.name)
            self._place.said.emit(self.tr("The fence “{name}” is tight again").format(name=name))

    @Slot()
    def _go(self) -> None:
        way = self.sender()
        if isinstance(way, QAction):
            self.wanted.emit(way.data())

    def _withdraw(self, configuration: ConfigurationId) -> None:
        way = self._ways.pop(configuration, None)
        if way is not None:
            self._notices.withdraw(way)
            way.deleteLater()
