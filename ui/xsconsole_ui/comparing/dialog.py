"""The window of a comparison: members and classes of fields, what really differs, and apart from it what may."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from xsconsole.console import ArchiveRoom, Estate, PoolArchives, write_text
from xsconsole.domain.comparison import Comparison, Version, compare
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ArchiveId, ConfigurationId
from xsconsole.domain.manifest import words
from xsconsole.domain.words import explain
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.comparing.rows import (
    columns_of_differences,
    columns_of_members,
    member_rows,
    sheet,
    summary,
)
from xsconsole_ui.comparing.side import Side
from xsconsole_ui.dense_table import DenseTable, csv_text, plain_text
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_model import ListModel
from xsconsole_ui.papers import Papers
from xsconsole_ui.sizing import fit_on_screen

SIZE = (1120, 720)  # px
LEAST = 120  # px, of the column that takes what is left
RENEW_MS = 300
FILE_NAME = "comparison.csv"


class CompareDialog(QDialog):
    """Follows the pool while it is open. To be opened with `open()`."""

    def __init__(
        self,
        console: Estate,
        bridge: Bridge,
        jobs: Jobs,
        chosen: Sequence[ConfigurationId],
        parent: QWidget | None = None,
        archives: Sequence[ArchiveId] = (),
    ) -> None:
        """`chosen` are one or two configurations; one is compared with another of its service, or with its past.

        Of `archives`, two are compared with each other, one with what it is of, where that stands.
        """
        super().__init__(parent)
        self._console, self._jobs = console, jobs
        self.comparison: Comparison | None = None
        self.setWindowTitle(self.tr("Compare configurations"))
        fit_on_screen(self, SIZE)
        self.first, self.second = (Side(name, console, jobs, self) for name in (self.tr("First"), self.tr("Second")))
        self.swap = pieces.button(self.tr("Swap"), "quiet", self)
        self.summary = pieces.wrapped("", "section", self)
        self.news = pieces.Notice(self, can_close=True)
        self.news.hide()
        self.members = ListModel(columns_of_members(), self)
        self.picture = self._table(self.members, self.tr("Members and classes of fields"))
        self.drift = ListModel(columns_of_differences(has_rule=False), self)
        self.allowed = ListModel(columns_of_differences(has_rule=True), self)
        self.drift_view = self._table(self.drift, self.tr("What really differs"))
        self.allowed_view = self._table(self.allowed, self.tr("Allowed by a rule"))
        self.copy = pieces.button(self.tr("Copy"), "", self)
        self.export = pieces.button(self.tr("Export…"), "", self)
        self.close_ = pieces.button(self.tr("Close"), "primary", self)
        self.papers = Papers(self, self.tr("Tables (*.csv)"), "csv")
        self._titles = (pieces.label("", "section", self), pieces.label("", "section", self))
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(RENEW_MS)
        self._lay_out()
        self._connect(bridge)
        self._choose(console, chosen)
        jobs.start(self._offer_archives(tuple(archives)), "look at the archives")
        self.first.card.setFocus()

    def _table(self, model: ListModel, name: str) -> DenseTable:  # type: ignore[type-arg]
        view = DenseTable(model, name, model.widths, self, least_elastic=LEAST)
        view.offer_sorting(model.order_by)
        return view

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        head.setSpacing(theme.GAP)
        told = QVBoxLayout()
        told.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        parts.addWidget(self.picture)
        for title, view in zip(self._titles, (self.drift_view, self.allowed_view), strict=True):
            parts.addWidget(self._titled(title, view))
        for at, share in enumerate((2, 3, 2)):
            parts.setStretchFactor(at, share)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        foot.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        head.addWidget(self.first, 1)
        head.addWidget(self.swap)
        head.addWidget(self.second, 1)
        column.addWidget(pieces.Line(self))
        column.addLayout(told)
        told.addWidget(self.summary)
        told.addWidget(self.news)
        column.addWidget(pieces.Line(self))
        column.addWidget(parts, 1)
        column.addWidget(pieces.Line(self))
        column.addLayout(foot)
        foot.addWidget(pieces.wrapped(self.tr("Not compared: {what}").format(what=words.NOT_COMPARED), "caption"), 1)
        for button in (self.copy, self.export, self.close_):
            foot.addWidget(button)

    @staticmethod
    def _titled(title: QWidget, view: QWidget) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, theme.GAP, 0, 0)
        column.setSpacing(theme.SPACE)
        title.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, 0)
        column.addWidget(title)
        column.addWidget(view, 1)
        return box

    def _connect(self, bridge: Bridge) -> None:
        for side in (self.first, self.second):
            side.changed.connect(self._show)
            side.failed.connect(self._tell)
            self.finished.connect(side.leave)
        self.swap.clicked.connect(self._swap)
        self.copy.clicked.connect(self._copy)
        self.export.clicked.connect(self._export)
        self.close_.clicked.connect(self.accept)
        self._soon.timeout.connect(self._show)
        bridge.inventory_changed.connect(self._show_soon)
        bridge.card_changed.connect(self._show_soon)

    def _choose(self, console: Estate, chosen: Sequence[ConfigurationId]) -> None:
        known = [one for one in chosen if one in console.board.cards]
        first = known[0] if known else next(iter(console.board.cards), None)
        if first is None:
            return
        second = known[1] if len(known) > 1 else _counterpart(console, first)
        if second is None:
            self.first.choose(first, is_past=True)
            self.second.choose(first)
        else:
            self.first.choose(first)
            self.second.choose(second)

    async def _offer_archives(self, wanted: tuple[ArchiveId, ...]) -> None:
        try:
            pooled = PoolArchives(self._console.home, lambda: self._console.pools)
            found = {**await ArchiveRoom(self._console.home).versions(), **await pooled.versions()}
        except ConsoleError as error:
            self._tell(error)
            return
        if self.result() or not self.isVisible():
            return  # it was closed meanwhile
        for side in (self.first, self.second):
            side.show_archives(found)
        known = [one for one in wanted if one in found]
        for side, archive in zip((self.first, self.second), known, strict=False):
            side.choose_archive(archive)
        if len(known) == 1:
            of = found[known[0]].configuration
            if of in self._console.board.cards:
                self.second.choose(of)
        self._show()

    @Slot()
    def _show_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _show(self) -> None:
        first, second = self.first.version, self.second.version
        found = self._compared(first, second) if first is not None and second is not None else None
        self.comparison = found
        for button in (self.copy, self.export):
            button.setEnabled(found is not None)
        if found is None:
            self.summary.setText(self.tr("One of them is no configuration any more: choose another."))
            return
        self.summary.setText(summary(found))
        self.members.show_rows(member_rows(found))
        self.drift.show_rows(found.drift)
        self.allowed.show_rows(found.allowed)
        self._titles[0].setText(self.tr("What really differs: {n}").format(n=len(found.drift)))
        self._titles[1].setText(self.tr("Allowed by a rule: {n}").format(n=len(found.allowed)))

    def _compared(self, first: Version, second: Version) -> Comparison:
        """Return how they differ, by the rules of the pool of the second one."""
        return compare(first, second, self._console.of_card(second.configuration).own_board.allowances)

    @Slot(object)
    def _tell(self, error: ConsoleError) -> None:
        told = explain(error)
        self.news.show_words("warn", told.failed, told.mend, told.details)

    @Slot()
    def _swap(self) -> None:
        first, second = self.first.state, self.second.state
        self.first.take(second)
        self.second.take(first)
        self._show()

    @Slot()
    def _copy(self) -> None:
        if self.comparison is not None:
            text = f"{summary(self.comparison)}\n{plain_text(sheet(self.comparison))}"
            QGuiApplication.clipboard().setText(text)

    @Slot()
    def _export(self) -> None:
        if self.comparison is not None:
            self._jobs.start(self._save(csv_text(sheet(self.comparison))), "export a comparison")

    async def _save(self, text: str) -> None:
        try:
            file = await self.papers.write(partial(write_text, text), self.tr("Export the comparison"), FILE_NAME)
        except ConsoleError as error:
            self._tell(error)
        else:
            if file is not None:
                self.news.show_words("good", self.tr("The comparison is in {file}.").format(file=file), "")


def _counterpart(console: Estate, configuration: ConfigurationId) -> ConfigurationId | None:
    """Return what one is most likely to be compared with: its service's in production, or else elsewhere."""
    board = console.board
    card = board.cards[configuration]
    same = [other for other in board.cards.values() if other.service == card.service and other.id != card.id]

    def rank(stage_id: str) -> int:
        stages = board.workflow.stages if board.workflow else ()
        return next((0 if stage.is_production else 1 for stage in stages if stage.id == stage_id), 2)

    found = sorted(same, key=lambda other: (rank(other.stage), natural(other.name), other.id))
    return found[0].id if found else None
