"""A walk through the draft without a pool: which ways open for one configuration, person and moment, and why not."""

from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, Qt, Slot
from PySide6.QtWidgets import QDateTimeEdit, QDialog, QFormLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import ConfigurationId, PersonId, StageId, TransitionId
from xsconsole.domain.words import instant
from xsconsole.domain.workflow.findings import Occupant
from xsconsole.domain.workflow.walk import StageView, Traveller, Verdict, WayView, walk
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.list_model import Column, ListModel
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.texts import tr
from xsconsole_ui.tick import Tick
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.transition_form import kind_words
from xsconsole_ui.workflow.live import load_of
from xsconsole_ui.workflow.marked_graph import GraphMark, MarkedGraph, Marks
from xsconsole_ui.wrapped_rows import WrappedRows

SIZE = (1080, 700)  # px
WHY = 3  # the column
SIDE = 380  # px, of what is asked
TONES = {Verdict.OPENS: "good", Verdict.ASKS: "accent", Verdict.LATER: "warn", Verdict.REFUSES: "bad"}


def verdict_words(verdict: Verdict) -> str:
    match verdict:
        case Verdict.OPENS:
            return tr("✓ opens")
        case Verdict.ASKS:
            return tr("? asks")
        case Verdict.LATER:
            return tr("◷ later")
        case Verdict.REFUSES:
            return tr("✖ refuses")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    stage: StageId
    way: TransitionId
    at: str
    to: str
    verdict: Verdict
    why: str
    beside: str


def rows_of(views: tuple[StageView, ...]) -> tuple[Row, ...]:
    """Return one row for each way, those out of the stage where the configuration is first."""
    ordered = sorted(views, key=lambda view: not view.is_here)
    return tuple(_row(view, way) for view in ordered for way in view.ways)


def _row(view: StageView, way: WayView) -> Row:
    here = tr("{stage} (here)").format(stage=view.name) if view.is_here else view.name
    opens = instant(way.opens_at) if way.verdict is Verdict.LATER and way.opens_at is not None else ""
    why = [reason.sentence for reason in way.reasons]
    if opens and not any(opens in sentence for sentence in why):  # where several times have to come
        why.append(tr("Opens {time}.").format(time=opens))
    told = [tr("checks: {gates}").format(gates="; ".join(way.gates))] if way.gates else []
    told += [tr("then: {actions}").format(actions="; ".join(way.afterwards))] if way.afterwards else []
    return Row(
        stage=view.stage,
        way=way.transition.id,
        at=here,
        to=f"{way.target} ({kind_words(way.transition.kind)})",
        verdict=way.verdict,
        why=pieces.joined(*why) or tr("Nothing stands against it."),
        beside="; ".join(told),
    )


def marks_of(views: tuple[StageView, ...]) -> Marks:
    stages = {view.stage: GraphMark(words=tr("here"), tone="accent") for view in views if view.is_here}
    ways = {
        way.transition.id: GraphMark(
            words=verdict_words(way.verdict),
            tone=TONES[way.verdict],
            is_dashed=way.verdict is Verdict.REFUSES,
            hint="\n".join(reason.sentence for reason in way.reasons),
        )
        for view in views
        for way in view.ways
    }
    return Marks(stages=stages, ways=ways)


def _columns() -> tuple[Column[Row], ...]:
    return (
        Column(head=tr("At"), text=lambda row: row.at, width=150),
        Column(head=tr("To"), text=lambda row: row.to, width=190),
        Column(
            head=tr("Way"), text=lambda row: verdict_words(row.verdict), tone=lambda row: TONES[row.verdict], width=84
        ),
        Column(head=tr("Why, and who could approve"), text=lambda row: row.why),
        Column(head=tr("Checks, and what follows"), text=lambda row: row.beside, tone=lambda _: "muted", width=220),
    )


class WalkDialog(QDialog):
    """Follows the draft while it is open. To be opened with `open()`."""

    def __init__(self, console: Estate, desk: DraftDesk, now: datetime, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._console, self._desk = console, desk
        self.setWindowTitle(self.tr("Walk through"))
        fit_on_screen(self, SIZE)
        self.configuration, self.stage = pieces.Choice(self), pieces.Choice(self)
        self.person, self.author = pieces.Choice(self), pieces.Choice(self)
        self.service = QLineEdit(self)
        self.is_running = Tick(self.tr("Its machines run"), self)
        self.is_running.setChecked(True)
        self.at, self.since = QDateTimeEdit(self), QDateTimeEdit(self)
        for moment in (self.at, self.since):
            moment.setDisplayFormat("yyyy-MM-dd HH:mm")
            moment.lineEdit().setTextMargins(theme.SPACE, 0, theme.SPACE, 0)
            moment.setDateTime(QDateTime.fromSecsSinceEpoch(int(now.timestamp())))
        self.graph = MarkedGraph(self)
        self.graph.setAccessibleName(self.tr("Graph of the draft"))
        self.graph.scene.tell(load=load_of(console.board))
        self.model = ListModel(_columns(), self)
        self.view = DenseTable(self.model, self.tr("Ways"), self.model.widths, self, least_elastic=220, spare=(4,))
        WrappedRows(self.view, WHY)
        self._fill()
        self._lay_out()
        self._connect()
        self._take_configuration()
        self.configuration.setFocus()

    def _fill(self) -> None:
        draft = self._desk.workflow
        for card in sorted(self._console.board.cards.values(), key=lambda card: natural(card.name)):
            if draft.stage(card.stage) is not None:
                self.configuration.addItem(one_line(card.name), card.id)
        self.configuration.addItem(self.tr("another one, as said here"), "")
        for stage in draft.stages:
            self.stage.addItem(one_line(stage.name), stage.id)
        for made, nobody in (
            (self.person, self.tr("somebody it does not name")),
            (self.author, self.tr("not known")),
        ):
            made.addItem(nobody, "")
            for person in draft.people:
                made.addItem(one_line(person.name), person.id)
        if draft.people:
            self.person.setCurrentIndex(1)

    def _lay_out(self) -> None:
        side = QWidget(self)
        form = QFormLayout(side)
        form.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.GAP)
        form.setSpacing(theme.SPACE)
        for name, made in (
            (self.tr("&Person who asks"), self.person),
            (self.tr("&When"), self.at),
            (self.tr("&Configuration"), self.configuration),
            (self.tr("Stands &in"), self.stage),
            (self.tr("Stands there &since"), self.since),
            (self.tr("Se&rvice"), self.service),
            (self.tr("Changed last &by"), self.author),
        ):
            made.setAccessibleName(name.replace("&", ""))
            form.addRow(name, made)
        form.addRow(self.is_running)
        side.setMaximumWidth(SIDE)
        level = QSplitter(self)
        level.addWidget(side)
        level.addWidget(self.graph)
        level.setStretchFactor(1, 1)
        level.setSizes([SIDE, self.width() - SIDE])
        upright = QSplitter(self)
        upright.setOrientation(Qt.Orientation.Vertical)
        upright.addWidget(level)
        upright.addWidget(self.view)
        for splitter in (level, upright):
            splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(upright)

    def _connect(self) -> None:
        self.configuration.activated.connect(self._take_configuration)
        for made in (self.person, self.author, self.stage):
            made.activated.connect(self._show)
        for moment in (self.at, self.since):
            moment.dateTimeChanged.connect(self._show)
        self.service.textEdited.connect(self._show)
        self.is_running.toggled.connect(self._show)
        self.graph.picked.connect(self._pick)
        self.view.selectionModel().currentRowChanged.connect(self._jump)
        self._desk.changed.connect(self._show)

    @property
    def _card(self) -> Card | None:
        return self._console.board.cards.get(ConfigurationId(str(self.configuration.currentData())))

    @Slot()
    def _take_configuration(self) -> None:
        """Show what a live configuration says of itself; another one is as it is said here."""
        card = self._card
        for made in (self.stage, self.service, self.is_running):
            made.setEnabled(card is None)
        if card is not None:
            self.stage.setCurrentIndex(self.stage.findData(card.stage))
            self.service.setText(card.service)
            self.is_running.setChecked(Occupant.of(card).is_running)
        self._show()

    @Slot()
    def _show(self) -> None:
        draft, card = self._desk.workflow, self._card
        stage = StageId(str(self.stage.currentData()))
        if draft.stage(stage) is None:
            return
        name = card.name if card is not None else self.service.text().strip() or self.tr("a configuration")
        traveller = Traveller(
            name=name,
            service=self.service.text().strip(),
            stage=stage,
            since=_moment(self.since),
            author=_person(self.author),
            is_running=self.is_running.isChecked(),
        )
        others = [Occupant.of(other) for other in self._console.board.cards.values() if other is not card]
        views = walk(draft, traveller, _person(self.person), _moment(self.at), others)
        self.model.show_rows(rows_of(views))
        self.graph.show_marked(draft, marks_of(views))

    @Slot()
    def _jump(self) -> None:
        row = self.model.row(self.view.currentIndex().row())
        if row is not None:
            self.graph.choose(None, row.way)

    @Slot(object, object)
    def _pick(self, stage: StageId | None, way: TransitionId | None) -> None:
        for at in range(self.model.rowCount()):
            row = self.model.row(at)
            if row is not None and (row.way == way or row.stage == stage):
                self.view.selectRow(at)
                return


def _moment(edit: QDateTimeEdit) -> datetime:
    return datetime.fromtimestamp(edit.dateTime().toSecsSinceEpoch(), UTC)


def _person(made: pieces.Choice) -> PersonId | None:
    return PersonId(str(made.currentData())) if made.currentData() else None
