"""The view of drift: members and classes of fields; of what is chosen there each difference, since when, by whom."""

from functools import partial

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from xsconsole.console import Estate, Verb, causes, drift_against, keep_statement, recorded, statement_of
from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.comparison import Aspect
from xsconsole.domain.drift import Against, Drift
from xsconsole.domain.fidelity import Statement, contents, likeness
from xsconsole.domain.folding import natural, one_line, shortened
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.manifest import Change, FieldChange, Judged, Topic, Verdict, topic_of, words
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Mend
from xsconsole.errors import ConsoleError, NotFound
from xsconsole_ui import pieces, theme
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.comparing.rows import ASPECTS, columns_of_members, differing, member_rows
from xsconsole_ui.conditions import denied
from xsconsole_ui.dense_table import DenseTable
from xsconsole_ui.dialogs import answered
from xsconsole_ui.drifting.rows import SPARE, WRAPPED, DriftRow, OnRecord, columns_of_drift, history, rows_of, to_mend
from xsconsole_ui.drifting.rule_dialog import AllowDialog, ForbidDialog
from xsconsole_ui.drifting.rules_dialog import RulesDialog
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_model import ListModel
from xsconsole_ui.papers import Papers
from xsconsole_ui.sizing import fit_on_screen
from xsconsole_ui.wrapped_rows import WrappedRows

SIZE = (1120, 700)  # px
LEAST = 110  # px, of the column that takes what is left
FILE_NAME = "fidelity.html"
NAME_LIMIT = 50
MOST_LEFT = 2  # differences that cannot be mended, named in the view; its hint names all


class DriftDialog(QDialog):
    """Follows the pools while it is open. To be opened with `open()`."""

    def __init__(
        self, console: Estate, bridge: Bridge, jobs: Jobs, configuration: ConfigurationId, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._console, self._bridge, self._jobs = console, bridge, jobs
        self._on_record: OnRecord = {}
        self._who: dict[Topic, str] = {}
        self._asked: tuple[Judged, ...] = ()  # of which it was asked who did them
        self._cell: tuple[str | None, Aspect | None] = (None, None)
        self._is_over = self._is_asking = False
        self.drift: Drift | None = None
        self.command: Mend | None = None  # what was asked for, where the view was accepted
        self.setWindowTitle(self.tr("Drift"))
        fit_on_screen(self, SIZE)
        self.card, self.against = pieces.Choice(self), pieces.Choice(self)
        self.card.setAccessibleName(self.tr("Configuration"))
        self.against.setAccessibleName(self.tr("Compared with"))
        self.summary = pieces.wrapped("", "section", self)
        self.contents = pieces.wrapped("", "muted", self)
        self.news = pieces.Notice(self, can_close=True)
        self.members = ListModel(columns_of_members(), self)
        self.picture = DenseTable(
            self.members, self.tr("Members and classes of fields"), self.members.widths, self, least_elastic=LEAST
        )
        self.rows = ListModel(columns_of_drift(), self)
        title, widths = self.tr("Differences"), self.rows.widths
        self.list = DenseTable(self.rows, title, widths, self, least_elastic=LEAST, spare=SPARE)
        WrappedRows(self.list, *WRAPPED)
        self.list.offer_sorting(self.rows.order_by)
        self.whole = pieces.wrapped("", "muted", self)  # since when and by whom the selected one is so
        self.left = pieces.wrapped("", "muted", self)  # what of the selected cannot be mended
        self.title = pieces.label("", "section", self)
        self.all = pieces.button(self.tr("Show all"), "quiet", self)
        self.allow = pieces.button(self.tr("Allow from now on…"), "", self)
        self.forbid = pieces.button(self.tr("Remove rule…"), "", self)
        self.rules = pieces.button(self.tr("Rules…"), "quiet", self)
        self.rules_view: RulesDialog | None = None  # while it is open
        self.mend = pieces.button(self.tr("Mend…"), "", self)
        self.export = pieces.button(self.tr("Statement…"), "", self)
        self.export.setToolTip(self.tr("Every field of every member, as a page or a text; on record"))
        self.close_ = pieces.button(self.tr("Close"), "primary", self)
        self.papers = Papers(self, self.tr("Pages (*.html);;Texts (*.txt)"), "html")
        self.question: AllowDialog | ForbidDialog | None = None
        self._lay_out()
        self._connect(bridge)
        self._fill(configuration)
        self.list.setFocus()  # in the picture the keyboard would choose its first member

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        head.setSpacing(theme.GAP)
        told = QVBoxLayout()
        told.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        between = QHBoxLayout()
        between.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        below = QWidget(self)
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addLayout(between)
        between.addWidget(self.title, 1)
        between.addWidget(self.all)
        between.addWidget(self.rules)
        column.addWidget(self.list, 1)
        beneath = QVBoxLayout()
        beneath.setContentsMargins(theme.MARGIN, 0, theme.MARGIN, theme.GAP)
        column.addLayout(beneath)
        beneath.addWidget(self.whole)
        beneath.addWidget(self.left)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        parts.addWidget(self.picture)
        parts.addWidget(below)
        parts.setStretchFactor(0, 2)
        parts.setStretchFactor(1, 3)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        foot.setSpacing(theme.GAP)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        for name, choice, share in ((self.tr("Of"), self.card, 3), (self.tr("Compared with"), self.against, 2)):
            title = pieces.label(name, "muted", self)
            title.setBuddy(choice)
            head.addWidget(title)
            head.addWidget(choice, share)
        whole.addWidget(pieces.Line(self))
        whole.addLayout(told)
        not_compared = pieces.wrapped(self.tr("Not compared: {what}").format(what=words.NOT_COMPARED), "caption")
        for line in (self.summary, self.contents, not_compared, self.news):
            told.addWidget(line)
        whole.addWidget(pieces.Line(self))
        whole.addWidget(parts, 1)
        whole.addWidget(pieces.Line(self))
        whole.addLayout(foot)
        foot.addStretch(1)
        for button in (self.mend, self.allow, self.forbid, self.export, self.close_):
            foot.addWidget(button)

    def _connect(self, bridge: Bridge) -> None:
        self.card.activated.connect(self._on_card)
        self.against.activated.connect(self._show)
        self.picture.selectionModel().currentChanged.connect(self._on_cell)
        self.list.selectionModel().selectionChanged.connect(self._look)
        self.all.clicked.connect(self._show_all)
        self.allow.clicked.connect(self._ask_to_allow)
        self.forbid.clicked.connect(self._ask_to_forbid)
        self.rules.clicked.connect(self._open_rules)
        self.export.clicked.connect(self._export)
        self.mend.clicked.connect(self._ask_to_mend)
        self.close_.clicked.connect(self.reject)
        self.finished.connect(self._leave)
        bridge.drift_changed.connect(self._on_drift)

    def _fill(self, chosen: ConfigurationId) -> None:
        board = self._console.board
        for card in sorted(board.cards.values(), key=lambda card: (natural(card.name), card.id)):
            stage = board.workflow.stage(card.stage) if board.workflow else None
            place = stage.name if stage else card.stage
            pool = self._console.pool_name(self._console.of_card(card.id))
            parts = (shortened(card.name, NAME_LIMIT), one_line(place), pool)
            self.card.addItem(" · ".join(filter(None, parts)), str(card.id))
        self.card.setCurrentIndex(max(0, self.card.findData(str(chosen))))
        for name, against in (
            (self.tr("its origin, or production"), None),
            (self.tr("its origin"), Against.ORIGIN),
            (self.tr("production"), Against.PRODUCTION),
        ):
            self.against.addItem(name, against)
        self._on_card()

    @property
    def configuration(self) -> ConfigurationId:
        return ConfigurationId(str(self.card.currentData()))

    @Slot()
    def _leave(self) -> None:
        self._is_over = True

    @Slot()
    def _on_card(self) -> None:
        self._on_record, self._who, self._asked, self._cell = {}, {}, (), (None, None)
        self._show()
        self._jobs.start(self._look_back(self.configuration), "look for since when")

    async def _look_back(self, configuration: ConfigurationId) -> None:
        try:
            found = await recorded(self._console, configuration)
        except ConsoleError as error:
            self._tell(error)
            return
        if not self._is_over and configuration == self.configuration:
            self._on_record = found
            self._show_rows()
            self._ask_who()

    def _ask_who(self) -> None:
        # The log of days is long: it is read again only for what is new.
        if self.drift is not None and not self._is_asking and self.drift.comparison.judged != self._asked:
            self._is_asking, self._asked = True, self.drift.comparison.judged
            self._jobs.start(self._find_who(self.drift), "look into the pool's log")

    async def _find_who(self, drift: Drift) -> None:
        try:
            found = await causes(self._console, drift)
        except ConsoleError as error:
            self._tell(error)
            return
        finally:
            self._is_asking = False
        if not self._is_over and drift.configuration == self.configuration:
            self._who = {topic: f"{call.who}, {call.name}" for topic, call in found.items()}
            self._show_rows()

    @Slot()
    def _on_drift(self) -> None:
        if not self._is_over:
            self._show()
            self._ask_who()

    @Slot()
    def _show(self) -> None:
        wanted = self.against.currentData()
        live = self._console.drifting.of(self.configuration) if self._console.drifting is not None else None
        try:
            against = Against(wanted) if wanted is not None else None
            is_live = live is not None and against in (None, live.baseline.against)
            is_live |= live is not None and live.baseline.against is Against.BLUEPRINT and against is Against.ORIGIN
            self.drift = live if is_live else drift_against(self._console, self.configuration, against)
        except NotFound as failure:
            self.drift = None
            self.summary.setText(pieces.breakable(one_line(failure.reason)))
        drift = self.drift
        card = self._console.board.cards.get(self.configuration)
        self.contents.setVisible(drift is not None)
        self.members.show_rows(member_rows(drift.comparison) if drift is not None else ())
        if drift is not None and card is not None:
            self.summary.setText(pieces.breakable(likeness(drift.comparison, "").strip()))
            self.contents.setText(contents(drift.comparison.first, card))
        self.export.setEnabled(drift is not None)
        self._show_rows()

    def _show_rows(self) -> None:
        role, aspect = self._cell
        found = rows_of(self.drift, self._on_record, self._who, role, aspect) if self.drift is not None else ()
        chosen = self._topics()
        self.rows.show_rows(found)
        if self._topics() != chosen:  # what is selected may stand elsewhere by now; what is gone gives way to nothing
            kept = [
                at for at in range(len(found)) if (row := self.rows.row(at)) and topic_of(row.judged.change) in chosen
            ]
            self.list.select_only(kept)
        real = sum(row.judged.verdict is Verdict.DRIFT for row in found)
        what = self.tr("{real}, {allowed} may").format(real=differing(str(real), real), allowed=len(found) - real)
        where = ", ".join(filter(None, (role, ASPECTS[aspect] if aspect is not None else None)))
        self.title.setText(f"{one_line(where)}: {what}" if where else what)
        self.all.setVisible(self._cell != (None, None))
        self._look()

    @Slot(QModelIndex, QModelIndex)
    def _on_cell(self, now: QModelIndex, before: QModelIndex) -> None:
        del before
        row = self.members.row(now.row()) if now.isValid() else None
        aspects = tuple(Aspect)
        aspect = aspects[now.column() - 1] if now.column() > 0 else None
        self._cell = (row.role, aspect) if row is not None else (None, None)
        self._show_rows()

    @Slot()
    def _show_all(self) -> None:
        self.picture.clearSelection()
        self._cell = (None, None)
        self._show_rows()

    def _topics(self) -> set[Topic]:
        rows = (self.rows.row(at) for at in self.list.selected_rows())
        return {topic_of(row.judged.change) for row in rows if row is not None}

    @property
    def chosen(self) -> DriftRow | None:
        """The one difference that is selected."""
        rows = self.list.selected_rows()
        return self.rows.row(rows[0]) if len(rows) == 1 else None

    @property
    def rule(self) -> AllowedField | None:
        """The rule made by hand that allows the selected difference."""
        chosen = self.chosen
        rules = self._console.of_card(self.configuration).own_board.allowances
        return next((rule for rule in rules if chosen is not None and rule.id == chosen.judged.by_hand), None)

    @Slot()
    def _look(self) -> None:
        chosen = self.chosen
        self.whole.setText(pieces.breakable(history(chosen)) if chosen is not None else "")
        why = ""
        if chosen is None:
            why = self.tr("Select one difference first.")
        elif chosen.judged.verdict is not Verdict.DRIFT:
            why = self.tr("A rule allows it already.")
        elif not isinstance(chosen.judged.change, FieldChange):
            why = self.tr("What one side lacks altogether is always drift.")
        owner = self._console.of_card(self.configuration)
        no_rule = "" if self.rule is not None else self.tr("Select what a rule made by hand allows.")
        for button, reason in ((self.allow, why), (self.forbid, no_rule)):
            reason_ = denied(owner, Verb.ALLOW) or reason
            button.setEnabled(not reason_)
            button.setToolTip(reason_)

        can, cannot = self._mendable()
        may_not = denied(owner, Verb.CHANGE)
        self.mend.setEnabled(bool(can) and not may_not)
        none = "" if can or cannot else self.tr("Select what is to be brought back.")
        brought = self.tr("Bring what is selected back, by a plan that is shown first") if can and not cannot else ""
        told = self.tr("{some} of {all} can be brought back. Not: {these}")
        counts = {"some": len(can), "all": len(can) + len(cannot)}
        more = self.tr("and {more} more").format(more=len(cannot) - MOST_LEFT)
        first = cannot if len(cannot) <= MOST_LEFT else (*cannot[:MOST_LEFT], more)
        self.mend.setToolTip(may_not or none or brought or told.format(**counts, these="; ".join(cannot)))
        self.left.setText(pieces.breakable(told.format(**counts, these="; ".join(first))))
        self.left.setVisible(bool(cannot))

    def _mendable(self) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """Return what is selected and can be brought back, and sentences of what cannot."""
        rows = [row for at in self.list.selected_rows() if (row := self.rows.row(at)) is not None]
        changes = [(row.judged.change, why) for row, why in to_mend(rows)]
        told = [f"{words.place(change)}, {words.label(change)} ({why})" for change, why in changes if why]
        return tuple(change for change, why in changes if not why), tuple(one_line(each) for each in told)

    @Slot()
    def _ask_to_mend(self) -> None:
        """Leave the view with what is selected and can be mended, whose plan is laid before the user then."""
        card = self._console.board.cards.get(self.configuration)
        changes, _ = self._mendable()
        if card is not None and changes:
            self.command = Mend(configuration=card.id, revision=card.revision, changes=changes)
            self.accept()

    @Slot()
    def _ask_to_allow(self) -> None:
        chosen, card = self.chosen, self._console.board.cards.get(self.configuration)
        if chosen is not None and card is not None:
            owner = self._console.of_card(card.id)
            self._open(AllowDialog(chosen.judged.change, card, owner, self._jobs, self))

    @Slot()
    def _ask_to_forbid(self) -> None:
        rule = self.rule
        if rule is not None:
            self._open(ForbidDialog(rule, self._console.of_card(self.configuration), self._jobs, self))

    @Slot()
    def _open_rules(self) -> None:
        if self.rules_view is None:
            owner = self._console.of_card(self.configuration)
            self.rules_view = RulesDialog(owner, self._bridge, self._jobs, self)
            self._jobs.start(self._see_rules(self.rules_view), "show rules")

    async def _see_rules(self, dialog: RulesDialog) -> None:
        try:
            await answered(dialog)
        finally:
            self.rules_view = None

    def _open(self, question: AllowDialog | ForbidDialog) -> None:
        self.question = question
        self._jobs.start(self._ask(question), question.windowTitle())

    async def _ask(self, question: AllowDialog | ForbidDialog) -> None:
        try:
            await answered(question)
        finally:
            self.question = None

    @Slot()
    def _export(self) -> None:
        if self.drift is not None:
            self._jobs.start(self._keep(statement_of(self._console, self.drift)), "keep a statement")

    async def _keep(self, made: Statement) -> None:
        save = partial(keep_statement, self._console, made)
        try:
            file = await self.papers.write(save, self.tr("Keep a fidelity statement"), FILE_NAME)
        except ConsoleError as error:
            self._tell(error)
        else:
            if file is not None and not self._is_over:
                self.news.show_words("good", self.tr("The statement is in {file}.").format(file=file), "")

    def _tell(self, error: ConsoleError) -> None:
        if not self._is_over:
            told = explain(error)
            self.news.show_words("warn", told.failed, told.mend, told.details)
