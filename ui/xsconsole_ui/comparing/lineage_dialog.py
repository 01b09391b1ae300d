"""The family of a configuration: a graph of who was copied from whom, and what happened to each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from xsconsole.console import Estate, known_archives
from xsconsole.domain.board import Board
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId, StageId, TransitionId
from xsconsole.domain.lineage import KnownArchives, Relative, descent, drawn, family
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow
from xsconsole.domain.wording.record import event_sentence
from xsconsole.domain.words import count, explain
from xsconsole.domain.workflow import Stage
from xsconsole.domain.workflow.findings import Finding
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme, times
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.faces import Load, NodeFace, node_face
from xsconsole_ui.workflow.marked_graph import GraphMark, MarkedGraph, Marks

SIZE = (980, 640)  # px
LEAST = 240  # px
MOST_ROWS = 100  # of each configuration
EVENTS = (AuditEvent.RUN_CLOSED, AuditEvent.OBSERVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What this console recorded of one of the family."""

    row: AuditRow
    name: str


def columns() -> tuple[Column[Happening], ...]:
    return (
        Column(
            head="When",
            text=lambda one: times.clock_time(one.row.at),
            hint=lambda one: times.exact_time(one.row.at),
            key=lambda one: one.row.at.timestamp(),
            width=110,
        ),
        Column(head="Configuration", text=lambda one: one_line(one.name), width=180),
        Column(head="Who", text=lambda one: one_line(one.row.fact.actor), width=110),
        Column(head="What", text=lambda one: event_sentence(one.row.fact)),
    )


def relative_face(stage: Stage, load: Load, findings: Sequence[Finding]) -> NodeFace:
    """Return what a relative looks like: its name, and where it stands; it has no limits and lives in no pool."""
    return replace(node_face(stage, load, findings), count=one_line(stage.description), place="")


def marks_of(relatives: tuple[Relative, ...], shown: ConfigurationId, board: Board) -> Marks:
    """Return what stands on each: this one, where it stands, or that it is gone; and of what it is a copy."""
    stages: dict[StageId, GraphMark] = {}
    ways: dict[TransitionId, GraphMark] = {}
    workflow = board.workflow
    for relative in relatives:
        is_shown = relative.configuration == shown
        hint = descent(relative.origin, workflow) if relative.origin is not None else relative.fate
        node = StageId(relative.configuration)
        is_lost = relative.is_gone or relative.is_damaged
        if is_shown or is_lost:
            words, tone = (tr("damaged"), "bad") if relative.is_damaged else (tr("gone"), "muted")
            words, tone = (tr("this one"), "accent") if is_shown else (words, tone)
            stages[node] = GraphMark(words=words, tone=tone, is_dashed=is_lost, hint=hint)
        if relative.origin is not None:
            copied = TransitionId(f"copy-{relative.configuration}")
            if relative.origin.frozen_at is not None:
                ways[copied] = GraphMark(words=times.clock_time(relative.origin.frozen_at), tone="muted", hint=hint)
    return Marks(stages=stages, ways=ways)


class LineageDialog(QDialog):
    """Follows the board while it is open. A click on a configuration shows only what happened to it."""

    wanted = Signal(object)  # ConfigurationId: show it on the board

    def __init__(
        self, console: Estate, bridge: Bridge, jobs: Jobs, configuration: ConfigurationId, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._console, self._shown = console, configuration
        self._rows: tuple[Happening, ...] = ()
        self._archives: KnownArchives | None = None  # not known yet
        self._only: ConfigurationId | None = None
        self._is_over = False
        self.relatives: tuple[Relative, ...] = ()
        self.setWindowTitle(self.tr("Lineage"))
        fit_on_screen(self, SIZE)
        self.summary = pieces.wrapped("", "section", self)
        self.graph = MarkedGraph(self)
        self.graph.setAccessibleName(self.tr("Graph of copies"))
        self.graph.scene.face_of = relative_face
        self.model = ListModel(columns(), self)
        self.view = DenseTable(
            self.model, self.tr("What happened to them"), self.model.widths, self, least_elastic=LEAST
        )
        self.view.offer_sorting(self.model.order_by)
        self.go = pieces.button(self.tr("Show on the board"), "", self)
        self.close_ = pieces.button(self.tr("Close"), "primary", self)
        self._lay_out()
        self.graph.picked.connect(self._pick)
        self.go.clicked.connect(self._go)
        self.close_.clicked.connect(self.accept)
        self.finished.connect(self._leave)
        bridge.card_changed.connect(self._show)
        self._show()
        jobs.start(self._read(), "read what happened")
        self.view.setFocus()

    def _lay_out(self) -> None:
        halves = QSplitter(Qt.Orientation.Vertical, self)
        halves.setChildrenCollapsible(False)
        halves.addWidget(self.graph)
        halves.addWidget(self.view)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        self.summary.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        foot.setSpacing(theme.GAP)
        told = self.tr("Copies know what they were copied from. What happened is what this console recorded.")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.summary)
        column.addWidget(pieces.Line(self))
        column.addWidget(halves, 1)
        column.addLayout(foot)
        foot.addWidget(pieces.wrapped(told, "caption", self), 1)
        for button in (self.go, self.close_):
            foot.addWidget(button)

    @Slot()
    def _show(self) -> None:
        board = self._console.board
        self.relatives = family(self._shown, board, self._archives)
        names = {relative.configuration: relative.name for relative in self.relatives}
        copies = count(max(0, sum(not one.is_archive for one in self.relatives) - 1), self.tr("relative"))
        name = one_line(names.get(self._shown, ""))
        self.summary.setText(self.tr("{name} has {copies}.").format(name=name, copies=copies))
        pools = {
            id_: self._console.pool_name(self._console.of_card(id_))
            for one in self.relatives
            if (id_ := one.configuration) in board.cards
        }
        self.graph.show_marked(
            drawn(self.relatives, board.workflow, pools), marks_of(self.relatives, self._shown, board)
        )
        self._show_rows()

    def _show_rows(self) -> None:
        self.model.show_rows([one for one in self._rows if self._only in (None, one.row.fact.configuration)])
        chosen = self._only or self._shown
        self.go.setEnabled(chosen in self._console.board.cards)

    async def _read(self) -> None:
        found: list[Happening] = []
        try:
            self._archives = await known_archives(self._console.home, lambda: self._console.pools)
            if not self._is_over:
                self._show()
            for relative in self.relatives:
                for event in EVENTS:
                    query = AuditQuery(event=event, configuration=relative.configuration)
                    rows = await self._console.audit_page(query, limit=MOST_ROWS)
                    found += [Happening(row=row, name=relative.name) for row in rows]
        except ConsoleError as error:
            if not self._is_over:
                self.summary.setText(explain(error).failed)
            return
        if not self._is_over:
            self._rows = tuple(sorted(found, key=lambda one: one.row.seq, reverse=True))
            self._show_rows()

    @Slot(object, object)
    def _pick(self, stage: StageId | None, way: TransitionId | None) -> None:
        del way
        self._only = ConfigurationId(stage) if stage is not None else None
        self._show_rows()

    @Slot()
    def _go(self) -> None:
        self.wanted.emit(self._only or self._shown)
        self.accept()

    @Slot()
    def _leave(self) -> None:
        self._is_over = True
