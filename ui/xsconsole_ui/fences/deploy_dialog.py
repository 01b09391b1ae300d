"""Deploying a configuration in a fence: how tight, where, with which addresses; its rules and its plan beside that."""

from contextlib import suppress

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.console import Console, fences
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.fence.drawing import source_cards
from xsconsole.domain.fence.values import FenceMode, Services
from xsconsole.domain.ids import StageId
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Deploy
from xsconsole.errors import ConsoleError, Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.fences.address_fields import AddressFields
from xsconsole_ui.fences.rules_dialog import rule_rows
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.promotion.rows import RowsView
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.tick import Tick

WIDTH, HALVES = 880, 250  # px: of the dialog, and the height of addresses and rules
RULES_WIDTH = 330  # px


class DeployDialog(MembershipDialog):
    """Says as one chooses what the fence would be, what stands against it, and what the plan amounts to."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Deploy {name} in a fence").format(name=shortened(card.name, 60)))
        self.setMinimumWidth(WIDTH)
        self.table.hide()
        self.mode, self.method = pieces.Choice(self), pieces.Choice(self)
        for text, mode in (
            (self.tr("Isolated: nothing out, nothing in"), FenceMode.ISOLATED),
            (self.tr("Out only: as the router, and answers"), FenceMode.OUT_ONLY),
            (self.tr("In and out: each with an outside address of its own"), FenceMode.IN_AND_OUT),
        ):
            self.mode.addItem(text, mode)
        self.mode.setCurrentIndex(2)
        self.stage = self.stages()
        self.stage.setCurrentIndex(max(0, self.stage.findData(str(card.stage))))
        self.method.addItem(self.tr("Linked clones, which share blocks with the originals"), Method.LINKED_CLONE)
        self.method.addItem(self.tr("Full copies"), Method.FULL_COPY)
        self.name, self.domain = self.line(self.tr("&Name")), self.line(self.tr("&Domain"))
        self.name.setPlaceholderText(self.tr("{name} fence, with a number").format(name=shortened(card.name, 60)))
        self.domain.setPlaceholderText(self.tr("of names inside, such as shop.test"))
        self.dhcp, self.dns = Tick(self.tr("DHCP, with fixed addresses"), self), Tick(self.tr("DNS, for members"), self)
        self.stop = Tick(self.tr("Shut running machines down to freeze them together"), self)
        self.one_host = Tick(self.tr("On one host, without VLANs"), self)
        self.one_host.setVisible(fences.can_span(console))
        self.addresses = AddressFields(source_cards(card, console.inventory), self)
        self.rules = RowsView(self.tr("What would pass"), self)
        self._lay_out_more()
        self.stage.currentIndexChanged.connect(self._suit)
        for choice in (self.mode, self.method):
            choice.currentIndexChanged.connect(self._look_soon)
        for tick in (self.dhcp, self.dns, self.stop, self.one_host):
            tick.toggled.connect(self._look_soon)
        self.addresses.changed.connect(self._look_soon)
        self.mode.setFocus()
        self._suit()
        self._is_touched = False  # what was chosen so far was chosen here
        self.look()

    def _lay_out_more(self) -> None:
        for name, field in (
            (self.tr("&Mode"), self.mode),
            (self.tr("S&tage"), self.stage),
            (self.tr("&By"), self.method),
            (self.tr("&Name"), self.name),
        ):
            self.form.addRow(name, field)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP)
        self.form.addRow(self.tr("Router gives"), row)
        for part in (self.dhcp, self.dns):
            row.addWidget(part)
        row.addWidget(self.domain, 1)
        self.form.addRow("", self.stop)
        if not self.one_host.isHidden():
            self.form.addRow("", self.one_host)
        halves = QWidget(self)
        beside = QHBoxLayout(halves)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(theme.MARGIN)
        page = QWidget(self)
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.rules)
        inner.addStretch(1)
        beside.addWidget(UprightPage(self.addresses, self), 1)
        rules = UprightPage(page, self)
        rules.setFixedWidth(RULES_WIDTH)
        beside.addWidget(rules)
        halves.setFixedHeight(HALVES)
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(1, halves)

    @Slot()
    def _suit(self) -> None:
        """Choose the mode that the stage demands, where the one that is chosen lets more pass."""
        workflow = self._console.board.workflow
        stage = workflow.stage(StageId(str(self.stage.currentData() or ""))) if workflow is not None else None
        demanded = stage.fence if stage is not None else None
        if demanded is not None and not self.chosen_mode.satisfies(demanded):
            self.mode.setCurrentIndex(self.mode.findData(demanded))

    @property
    def chosen_mode(self) -> FenceMode:
        return FenceMode(self.mode.currentData())

    def wanted(self) -> Deploy:
        addresses, published = self.addresses.typed()
        return Deploy(
            configuration=self._card.id,
            revision=self._card.revision,
            target=StageId(str(self.stage.currentData() or "")),
            mode=self.chosen_mode,
            method=Method(self.method.currentData()),
            name=self.name.text().strip(),
            addresses=addresses,
            published=published,
            services=Services(
                has_dhcp=self.dhcp.isChecked(), has_dns=self.dns.isChecked(), domain=self.domain.text().strip()
            ),
            is_stopped_first=self.stop.isChecked(),
            is_on_one_host=self.one_host.isChecked(),
        )

    @Slot()
    def look(self) -> None:
        """Draw the fence and plan it; what cannot be read is said at its field and instead of a plan."""
        is_open = self.chosen_mode is FenceMode.IN_AND_OUT
        self.addresses.let_in(is_open, self.tr("Nothing leads in but in the mode “in and out”."))
        self.domain.setEnabled(self.dns.isChecked())
        try:
            drawing = fences.drawing(self._console, self.wanted())
        except ConsoleError as refusal:
            self.addresses.show_findings(())
            self.rules.show_rows([])
            if isinstance(refusal, Refused):
                self._refuse(refusal)
                return
            raise
        self.one_host.setEnabled(drawing.reserved is not None)
        self.addresses.show_findings(drawing.findings)
        self.rules.show_rows(rule_rows(drawing.fence), width=RULES_WIDTH - theme.MARGIN)
        super().look()

    def _refuse(self, refusal: Refused) -> None:
        self._soon.stop()
        self.command = None
        told = words.explain(refusal)
        self._show_plan(None)
        self.why_not.show_words("warn" if self._is_touched else "", told.failed, told.mend, told.details)
        self._make_room()
        self.go.setEnabled(False)
        self.go.setToolTip(self.why_not.text)
        with suppress(Refused):  # which is said at its field
            self.addresses.typed()
