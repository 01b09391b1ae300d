"""Making configurations of a blueprint: of what, where, with which values, how many; and what the plan amounts to."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from xsconsole.console import (
    NAME_PATTERN,
    VERSION_PATTERN,
    Estate,
    FilledRow,
    ProvisionOrder,
    fill_rows,
    is_signed,
    provisions_from,
)
from xsconsole.domain import words
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.fence.arrivals import addresses_of_captured, cards_of_blueprint
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Together
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dense_table import CellDelegate
from xsconsole_ui.fences.arrival_fields import ArrivalFields
from xsconsole_ui.promotion.rows import Mark, Row, RowsView
from xsconsole_ui.provisioning.fields import ParameterFields, scrolling, shrinkable
from xsconsole_ui.provisioning.nearest import fitting, nearest
from xsconsole_ui.provisioning.offers import Offer, Version, offers
from xsconsole_ui.provisioning.rows import RowsModel
from xsconsole_ui.sizing import fit_on_screen

SIZE = (980, 640)  # px
LEFT_SHARE, RIGHT_SHARE = 5, 4
MOST = 20  # more come by a file
TYPING_MS = 120
CHANGES_MS = 500  # a busy pool tells of many, and several configurations are much to plan
MOST_TOLD = 8  # sentences of several plans; the list that follows has them all
SHOWN_ROWS = 6
CELL_WIDTH = 130  # px
WHOLE, STAYS = "whole", "stays"


class ProvisionDialog(QDialog):
    """Accepted only with a `together` that can be planned: one command for all, or one for each."""

    def __init__(
        self,
        console: Estate,
        stage: StageId | None = None,
        blueprint: Version | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._console, self._offers = console, offers(console)
        self.together: Together | None = None
        self._shown: Blueprint | None = None  # of which the fields are
        self._is_touched = False  # what is lacking before anything was filled in is nobody's mistake
        self.setWindowTitle(self.tr("Make configurations of a blueprint"))
        fit_on_screen(self, SIZE)
        self._make_choices()
        self._make_plan()
        self._lay_out()
        self._begin(stage, blueprint)
        self._listen()
        self._offer_fields()
        self._is_touched = False
        self.look()

    def follow(self, bridge: Bridge) -> None:
        """Plan anew when something of a pool changes: what it refused may be possible now, and the other way round."""
        self._again.timeout.connect(self._look_again)
        bridge.inventory_changed.connect(self._look_later)
        bridge.layout_changed.connect(self._look_later)

    @Slot()
    def _look_later(self) -> None:
        if self.isVisible() and not self._again.isActive():
            self._again.start()

    @Slot()
    def _look_again(self) -> None:
        if self.table.isPersistentEditorOpen(self.table.currentIndex()):
            self._again.start()  # what is being typed into a cell is not taken away
        elif self.isVisible():
            self.look()

    def _make_choices(self) -> None:
        choices = (shrinkable(pieces.Choice(self)) for _ in range(5))
        self.blueprint, self.stage, self.method, self.number, self.how = choices
        several = len({offer.console for offer in self._offers}) > 1
        for offer in self._offers:
            found = offer.blueprint
            called = one_line(offer.called)
            name = self.tr("{name}, version {n}").format(name=called, n=found.version)
            pool = offer.console.identity.pool_name if several and offer.console.identity is not None else ""
            self.blueprint.addItem(f"{name} ({one_line(pool)})" if pool else name)
        workflow = self._console.board.workflow
        for stage in workflow.stages if workflow is not None else ():
            self.stage.addItem(one_line(stage.name), str(stage.id))
        self.method.addItem(self.tr("Linked clones, which share blocks with the templates"), Method.LINKED_CLONE.value)
        self.method.addItem(self.tr("Full copies"), Method.FULL_COPY.value)
        self.service, self.version, self.name = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.version.setPlaceholderText(VERSION_PATTERN)
        self.name.setPlaceholderText(NAME_PATTERN)
        for number in range(1, MOST + 1):
            self.number.addItem(str(number), number)
        self.how.addItem(self.tr("All or nothing: where one fails, nothing is left of any"), WHOLE)
        self.how.addItem(self.tr("What stands stays: where one fails, the others go on"), STAYS)
        self.fields, self.arrival = ParameterFields(self), ArrivalFields(self)
        self.rows = RowsModel(self)
        self.table = QTableView(self)
        self.table.setModel(self.rows)
        self.table.setItemDelegate(CellDelegate(self.table))
        self.table.setAccessibleName(self.tr("Configurations, with what is other than above"))
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setCornerButtonEnabled(False)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        down, across = self.table.verticalHeader(), self.table.horizontalHeader()
        down.hide()
        down.setDefaultSectionSize(theme.ROW_HEIGHT)
        across.setHighlightSections(False)
        across.setDefaultSectionSize(CELL_WIDTH)
        across.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for widget, name in (
            (self.blueprint, self.tr("Blueprint")),
            (self.stage, self.tr("Stage")),
            (self.method, self.tr("How machines are made")),
            (self.service, self.tr("Service of the configurations")),
            (self.version, self.tr("Version of the configurations")),
            (self.name, self.tr("Names of the configurations")),
            (self.number, self.tr("How many")),
            (self.how, self.tr("Where one of them fails")),
        ):
            widget.setAccessibleName(name)

    def _make_plan(self) -> None:
        self.why_not = pieces.Notice(self)
        self.summary = pieces.wrapped("", "section", self)
        self.warnings = RowsView(self.tr("What to know before"), self)
        self.go = pieces.button(self.tr("Review plan"), "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(TYPING_MS)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(CHANGES_MS)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        halves = QHBoxLayout()
        halves.setSpacing(theme.MARGIN)
        column.addLayout(halves, 1)
        left, right = QWidget(self), QWidget(self)
        halves.addWidget(scrolling(left, self), LEFT_SHARE)
        halves.addWidget(scrolling(right, self), RIGHT_SHARE)
        inner = QVBoxLayout(left)
        inner.setContentsMargins(0, 0, theme.GAP, 0)
        inner.setSpacing(theme.MARGIN)
        form = QFormLayout()
        form.setSpacing(theme.GAP)
        inner.addLayout(form)
        for name, field in (
            (self.tr("&Blueprint"), self.blueprint),
            (self.tr("Sta&ge"), self.stage),
            (self.tr("B&y"), self.method),
            (self.tr("&Service"), self.service),
            (self.tr("&Version"), self.version),
            (self.tr("&Name"), self.name),
            (self.tr("&How many"), self.number),
            (self.tr("If one &fails"), self.how),
        ):
            form.addRow(name, field)
        inner.addWidget(self.fields)
        inner.addWidget(self.arrival)
        inner.addStretch(1)
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, theme.GAP, 0)
        beside.setSpacing(theme.MARGIN)
        for part in (self.why_not, self.summary, self.warnings):
            beside.addWidget(part)
        beside.addStretch(1)
        column.addWidget(self.table)
        buttons = QHBoxLayout()
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)

    def _begin(self, stage: StageId | None, blueprint: Version | None) -> None:
        keys = [(offer.console, offer.blueprint.id, offer.blueprint.version) for offer in self._offers]
        asked = keys.index(blueprint) if blueprint in keys else None
        at, stage = nearest([offer.pool for offer in self._offers], self._console.board.workflow, stage, asked)
        self.blueprint.setCurrentIndex(at)
        self.stage.setCurrentIndex(max(0, self.stage.findData(str(stage or ""))))

    def _listen(self) -> None:
        self._soon.timeout.connect(self.look)
        self.blueprint.currentIndexChanged.connect(self._follow)
        self.blueprint.currentIndexChanged.connect(self._offer_fields)
        self.stage.currentIndexChanged.connect(self._offer_fields)
        for choice in (self.blueprint, self.stage, self.method, self.how):
            choice.currentIndexChanged.connect(self._look_soon)
        for line in (self.service, self.version, self.name):
            line.textChanged.connect(self._look_soon)
        self.number.currentIndexChanged.connect(self._count)
        self.fields.changed.connect(self._look_soon)
        self.arrival.changed.connect(self._look_soon)
        self.rows.dataChanged.connect(self._hear_row)
        self.go.clicked.connect(self._accept_planned)
        self.cancel.clicked.connect(self.reject)

    # What is chosen

    @property
    def how_many(self) -> int:
        return int(self.number.currentData())

    @property
    def offer(self) -> Offer | None:
        at = self.blueprint.currentIndex()
        return self._offers[at] if 0 <= at < len(self._offers) else None

    @Slot()
    def _follow(self) -> None:
        """Go to a stage of the pool that the blueprint is in, unless the chosen one fits."""
        chosen = StageId(str(self.stage.currentData() or ""))
        if self.offer is not None:
            stage = fitting(self.offer.pool, self._console.board.workflow, chosen) or chosen
            self.stage.setCurrentIndex(self.stage.findData(str(stage)))

    @Slot()
    def _offer_fields(self) -> None:
        """Have fields for what is chosen now: networks are those of the stage."""
        offer, workflow = self.offer, self._console.board.workflow
        stage = workflow.stage(StageId(str(self.stage.currentData() or ""))) if workflow is not None else None
        networks = [entry.logical for entry in stage.binding.networks] if stage is not None else []
        if offer is not None:
            self._shown = offer.blueprint
            self.fields.offer(offer.blueprint.parameters, networks or offer.blueprint.networks)
            self.rows.offer(offer.blueprint.parameters)
            told = addresses_of_captured(offer.blueprint, self._console.board, offer.console.inventory)
            self.arrival.offer(cards_of_blueprint(offer.blueprint, told), stage)
            self.service.setPlaceholderText(one_line(offer.blueprint.service))
        self._count()

    @Slot()
    def _count(self) -> None:
        self.rows.set_number(number := self.how_many)
        self.how.setEnabled(number > 1)
        self.how.setToolTip("" if number > 1 else self.tr("Where one fails, nothing is left of it."))
        self.table.setVisible(number > 1)
        shown = min(SHOWN_ROWS, number)
        self.table.setFixedHeight((shown + 1) * theme.ROW_HEIGHT + 2 * theme.GAP)
        self._look_soon()

    def order(self) -> ProvisionOrder | None:
        """Return what is asked for now.

        Raises:
            Refused: an address cannot be read.
        """
        offer = self.offer
        if offer is None or offer.console.identity is None:
            return None
        return ProvisionOrder(
            blueprint=offer.blueprint,
            is_signed=is_signed(offer.blueprint),
            target=StageId(str(self.stage.currentData() or "")),
            rows=self.rows.rows(self.fields.values()),
            service=self.service.text().strip(),
            version=self.version.text().strip() or self.version.placeholderText(),
            name=self.name.text().strip() or self.name.placeholderText(),
            is_whole=self.how_many == 1 or self.how.currentData() == WHOLE,
            method=Method(str(self.method.currentData())),
            pool=offer.pool,
            addresses=self.arrival.typed,
        )

    # What it amounts to

    @Slot()
    def _hear_row(self, first: object, last: object, roles: Sequence[int] = ()) -> None:
        del first, last
        if list(roles) == [Qt.ItemDataRole.EditRole]:
            self._look_soon()

    @Slot()
    def _look_soon(self) -> None:
        # Who types fast and presses Enter is answered by the plan of that moment, not by the last one.
        self._is_touched = True
        self.go.setEnabled(True)
        self._soon.start()

    @Slot()
    def look(self) -> None:
        """Fill in and plan what is there now, and say what that amounts to or why there is no plan."""
        self._soon.stop()
        self.together = None
        if (fault := self.arrival.fault) is not None:
            self._refuse(fault)
            return
        order, offer = self.order(), self.offer
        if order is None or offer is None or order.pool is None:
            self._refuse(
                Refused(
                    reason=self.tr("The library has no blueprint that something can be made of."),
                    mend=self.tr("Capture a configuration first."),
                )
            )
            return
        filled = fill_rows(order, offer.console.board, order.pool, self._console.board.cards.values())
        self._show_filled(filled)
        try:
            together = provisions_from(order, filled)
            told = self._planned(together)
        except ConsoleError as refusal:
            self._refuse(refusal)
            return
        self.together = together
        self.why_not.hide()
        self.summary.setText(told[0])
        self._show_warnings(told[1])

    def _planned(self, together: Together) -> tuple[str, Sequence[str]]:
        """Return what the plan amounts to, and what to know before.

        Raises:
            Refused: none of it can be done.
        """
        if len(together.commands) == 1:
            plan = self._console.plan(together.commands[0])
            steps, size = words.count(len(plan.steps), "step"), words.size(plan.size_bytes)
            text = self.tr("What it would do: {steps}, about {time}, up to {size}")
            return text.format(steps=steps, time=words.duration(plan.duration_s), size=size), plan.warnings
        planned = self._console.plan_together(together)
        if not planned.ready and planned.refused[0].refusal is not None:
            raise planned.refused[0].refusal
        text = self.tr("{n} of {all} can be made, a run for each: about {time}, up to {size}").format(
            n=len(planned.ready),
            all=len(planned.parts),
            time=words.duration(planned.duration_s),
            size=words.size(planned.size_bytes),
        )
        refused = [
            f"{one_line(part.name)}: {words.refusal(part.refusal)}"
            for part in planned.refused
            if part.refusal is not None
        ]
        told = (*refused, *planned.warnings)
        more = len(told) - MOST_TOLD
        return text, told if more <= 1 else (*told[:MOST_TOLD], self.tr("and {n} more of the same kind").format(n=more))

    def _show_filled(self, filled: Sequence[FilledRow]) -> None:
        self.rows.show_filled(filled)
        self.fields.show_findings(filled[0].findings if self._is_touched and self.how_many == 1 else ())

    def _refuse(self, refusal: ConsoleError) -> None:
        told = words.explain(refusal)
        self.why_not.show_words("warn" if self._is_touched else "", told.failed, told.mend, told.details)
        self.summary.setText("")
        self._show_warnings(())
        self.go.setEnabled(False)
        self.go.setToolTip(self.why_not.text)

    def _show_warnings(self, warnings: Sequence[str]) -> None:
        self.summary.setVisible(bool(self.summary.text()))
        self.warnings.show_rows([Row(mark=Mark.WARNING, text=one) for one in warnings])
        self.warnings.setVisible(bool(warnings))
        self.go.setEnabled(self.together is not None)
        self.go.setToolTip("")

    @Slot()
    def _accept_planned(self) -> None:
        self.look()
        if self.together is not None:
            self.accept()
