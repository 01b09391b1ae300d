"""One side of a comparison: which configuration, and as of when."""

from collections.abc import Mapping
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from xsconsole.console import Estate, past, present
from xsconsole.domain.comparison import Source, Version
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ArchiveId, ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.jobs import Jobs

NAME_LIMIT = 60
NOW = -1
SOURCES = {
    Source.RESTORE_POINT: "restore point",
    Source.RECORD: "this console's record",
    Source.ARCHIVE: "archive",
}


class State(NamedTuple):
    """Rows of both lists, and what the second one shows."""

    card: int
    time: int
    past: tuple[Version, ...]


class Side(QWidget):
    """Two lists: all configurations, and the times at which the chosen one is known."""

    changed = Signal()
    failed = Signal(object)  # ConsoleError

    def __init__(self, name: str, console: Estate, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console, self._jobs = console, jobs
        self._past: tuple[Version, ...] = ()
        self._archives: Mapping[ArchiveId, Version] = {}
        self._is_over = False
        self._looks = 0  # back: what an earlier one finds is not shown over what a later one did
        self.card, self.time = pieces.Choice(self), pieces.Choice(self)
        self.card.setAccessibleName(self.tr("{side}: configuration").format(side=name))
        self.time.setAccessibleName(self.tr("{side}: time").format(side=name))
        for made in (self.card, self.time):
            made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        title = pieces.label(name, "muted", self)
        title.setBuddy(self.card)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP)
        row.addWidget(title)
        row.addWidget(self.card, 3)
        row.addWidget(self.time, 2)
        self._fill()
        self.card.activated.connect(self._on_card)
        self.time.activated.connect(self._on_time)

    def _fill(self) -> None:
        board = self._console.board
        for card in sorted(board.cards.values(), key=lambda card: (natural(card.name), card.id)):
            stage = board.workflow.stage(card.stage) if board.workflow else None
            place = stage.name if stage else shortened(card.stage)
            pool = self._console.pool_name(self._console.of_card(card.id))
            text = " · ".join(filter(None, (shortened(card.name, NAME_LIMIT), place, pool)))
            self.card.addItem(text, str(card.id))
            self.card.setItemData(self.card.count() - 1, pieces.hint(card.name), Qt.ItemDataRole.ToolTipRole)

    @property
    def configuration(self) -> ConfigurationId | None:
        chosen = self.card.currentData()
        return ConfigurationId(str(chosen)) if chosen and self._archived is None else None

    @property
    def _archived(self) -> Version | None:
        return self._archives.get(ArchiveId(str(self.card.currentData())))

    def show_archives(self, archives: Mapping[ArchiveId, Version]) -> None:
        """Offer archives too, behind the configurations."""
        self._archives = archives
        for id_, version in archives.items():
            when = times.clock_time(version.at) if version.at is not None else ""
            text = self.tr("Archive of {name} · {when}").format(name=shortened(version.name, NAME_LIMIT), when=when)
            self.card.addItem(text, str(id_))

    def choose_archive(self, archive: ArchiveId) -> None:
        """Show what an archive is of."""
        self.card.setCurrentIndex(max(0, self.card.findData(str(archive))))
        self._look_back(is_past=False)

    @property
    def version(self) -> Version | None:
        """What was chosen, as it is known now; None where it is gone."""
        at = self.time.currentData()
        if isinstance(at, int) and 0 <= at < len(self._past):
            return self._past[at]
        configuration = self.configuration
        if configuration is None:
            return self._archived
        return present(self._console.of_card(configuration), configuration)

    def choose(self, configuration: ConfigurationId, *, is_past: bool = False) -> None:
        """Show a configuration as it is now, or as it was last before."""
        self.card.setCurrentIndex(max(0, self.card.findData(str(configuration))))
        self._look_back(is_past=is_past)

    @property
    def state(self) -> "State":
        """What is chosen, to be taken by the other side."""
        return State(self.card.currentIndex(), self.time.currentIndex(), self._past)

    def take(self, state: "State") -> None:
        """Show what the other side did."""
        self._looks += 1
        self.card.setCurrentIndex(state.card)
        self._show_times(state.past)
        self.time.setCurrentIndex(state.time)

    def leave(self) -> None:
        """Look no further: the window goes."""
        self._is_over = True

    @Slot()
    def _on_card(self) -> None:
        self._look_back(is_past=False)

    @Slot()
    def _on_time(self) -> None:
        self.changed.emit()

    def _look_back(self, *, is_past: bool) -> None:
        self._looks += 1
        self._show_times(())
        configuration = self.configuration
        if configuration is not None:
            self._jobs.start(self._find(configuration, self._looks, is_past=is_past), "look for earlier versions")
        self.changed.emit()

    async def _find(self, configuration: ConfigurationId, look: int, *, is_past: bool) -> None:
        try:
            found = await past(self._console.of_card(configuration), configuration)
        except ConsoleError as error:
            if not self._is_over:
                self.failed.emit(error)
            return
        if self._is_over or look != self._looks:
            return
        self._show_times(found)
        if is_past and found:
            self.time.setCurrentIndex(1)
        self.changed.emit()

    def _show_times(self, versions: tuple[Version, ...]) -> None:
        self._past = versions
        self.time.clear()
        is_archive = self._archived is not None
        self.time.setEnabled(not is_archive)
        self.time.addItem(self.tr("as archived") if is_archive else self.tr("now"), NOW)
        for at, version in enumerate(versions):
            if version.at is not None:
                when, source = times.clock_time(version.at), self.tr(SOURCES[version.source])
                self.time.addItem(self.tr("{when}, {source}").format(when=when, source=source), at)
                self.time.setItemData(at + 1, times.exact_time(version.at), Qt.ItemDataRole.ToolTipRole)
