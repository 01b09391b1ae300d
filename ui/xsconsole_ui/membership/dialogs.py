"""Create, add, remove, adopt. Each says what that amounts to as one chooses, and hands over the command."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.events import BoardChanged
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, WriteMember
from xsconsole.domain.poolstate import MemberValue, decode
from xsconsole.engine.commands import AddMembers, Adopt, Create, NewMember, Plannable, RemoveMembers
from xsconsole.errors import ConsoleError
from xsconsole_ui import pieces, theme
from xsconsole_ui.membership.model import HEADS, Candidate, CandidatesModel
from xsconsole_ui.membership.table import CandidatesTable
from xsconsole_ui.promotion.rows import Mark, Row, RowsView

WIDTH = 560
TYPING_MS = 80
MOST_WORDS = 200  # px of what to know before: a dialog fits a small screen


class MembershipDialog(QDialog):
    """Holds a table of machines and says what the plan of `command` amounts to. Accepted only with a command."""

    def __init__(
        self,
        console: Console,
        title: str,
        candidates: Iterable[Candidate],
        *,
        can_edit_roles: bool,
        heads: tuple[str, str, str] = HEADS,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.command: Plannable | None = None
        self._console = console
        self._end_hearing: Callable[[], None] | None = None
        self._is_touched = False  # what is lacking before anything was chosen is no mistake of anybody
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self.members = CandidatesModel(candidates, can_edit_roles=can_edit_roles, heads=heads, parent=self)
        self.table = CandidatesTable(self.members, self.tr("Machines"), self)
        self.fields = QWidget(self)
        self.form = QFormLayout(self.fields)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setSpacing(theme.GAP)
        self.why_not = pieces.Notice(self)
        self.warnings = RowsView(self.tr("What to know before"), self)
        self.warnings.most_height = MOST_WORDS
        self.summary = pieces.label("", "section", self)
        self.go = pieces.button(self.tr("Review plan"), "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(TYPING_MS)
        self._soon.timeout.connect(self.look)
        self.members.dataChanged.connect(self._look_soon)
        self.go.clicked.connect(self._accept_planned)
        self.cancel.clicked.connect(self.reject)
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.fields)
        column.addWidget(self.table)
        column.addWidget(self.why_not)
        column.addWidget(self.summary)
        column.addWidget(self.warnings)
        column.addStretch(1)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)

    def wanted(self) -> Plannable:
        """Return the command for what is chosen now."""
        raise NotImplementedError

    @Slot()
    def _look_soon(self) -> None:
        # Who types fast and presses Enter is answered by the plan of that moment, not by the last one.
        self._is_touched = True
        self.go.setEnabled(True)
        self._soon.start()

    def _hear_board(self, _: BoardChanged) -> None:
        """Say anew what it would do: what kept it back a moment ago may be over, or begun."""
        if not self._soon.isActive():
            self._soon.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._end_hearing is None:
            self._end_hearing = self._console.subscribe(BoardChanged, self._hear_board)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._end_hearing is not None:
            self._end_hearing()
            self._end_hearing = None
        self._soon.stop()

    @Slot()
    def look(self) -> None:
        """Plan what is chosen now, and say what that amounts to or why there is none."""
        self._soon.stop()
        command = self.wanted()
        try:
            plan = self._console.plan(command)
        except ConsoleError as refusal:
            told = words.explain(refusal)
            self.command = None
            self._show_plan(None)
            self.why_not.show_words("warn" if self._is_touched else "", told.failed, told.mend, told.details)
            self._make_room()
        else:
            self.command = command
            self.why_not.hide()
            self._show_plan(plan)
        self.go.setEnabled(self.command is not None)
        self.go.setToolTip("" if self.command is not None else self.why_not.text)

    def _show_plan(self, plan: Plan | None) -> None:
        rows: list[Row] = []
        if plan is not None:
            # The steps are shown once, where they are confirmed and then followed.
            rows = [Row(mark=Mark.WARNING, text=warning) for warning in plan.warnings]
            self.summary.setText(
                self.tr("What it would do: {steps}, nothing is stopped").format(
                    steps=words.count(len(plan.steps), "step")
                )
                if plan.downtime_s < 1
                else self.tr("What it would do: {steps}").format(steps=words.count(len(plan.steps), "step"))
            )
        self.summary.setVisible(plan is not None)
        # Rows that were hidden would measure themselves by a width that they will not have.
        wide = max(self.minimumWidth(), self.width() if self.isVisible() else 0)
        self.warnings.show_rows(rows, width=wide - 2 * theme.MARGIN)
        self.warnings.setVisible(bool(rows))
        self._make_room()

    def _make_room(self) -> None:
        """Grow to what is said now. A dialog that is seen never shrinks: its buttons would leave the mouse."""
        column = self.layout()
        if column is None or not self.isVisible():
            self.adjustSize()
            return
        self.why_not.updateGeometry()  # other words in it are told to nobody before the next turn of the loop
        column.activate()
        wanted = self.sizeHint()
        width = max(self.width(), wanted.width())
        height = column.totalHeightForWidth(width) if column.hasHeightForWidth() else wanted.height()
        self.resize(width, max(self.height(), min(height, self.screen().availableSize().height())))

    @Slot()
    def _accept_planned(self) -> None:
        self.look()
        if self.command is not None:
            self.accept()

    def stages(self) -> QComboBox:
        """Return a choice of the workflow's stages."""
        choice = pieces.Choice(self)
        workflow = self._console.board.workflow
        for stage in workflow.stages if workflow is not None else ():
            choice.addItem(stage.name, str(stage.id))
        choice.currentIndexChanged.connect(self._look_soon)
        return choice

    def line(self, name: str, text: str = "") -> QLineEdit:
        field = QLineEdit(text, self)
        field.setAccessibleName(name.replace("&", ""))
        field.textChanged.connect(self._look_soon)
        return field

    def new_members(self) -> tuple[NewMember, ...]:
        return tuple(NewMember(vm=one.uuid, role=one.role) for one in self.members.chosen)


class CreateDialog(MembershipDialog):
    """Makes a configuration from machines selected in the inventory."""

    def __init__(self, console: Console, vms: Iterable[Uuid], parent: QWidget | None = None) -> None:
        super().__init__(
            console,
            "",
            candidates_from(console.inventory, vms),
            can_edit_roles=True,
            parent=parent,
        )
        self.setWindowTitle(self.tr("Create a configuration"))
        self.service = self.line(self.tr("&Service"))
        self.service.setPlaceholderText(self.tr("such as shop"))
        self.version = self.line(self.tr("&Version"))
        self.version.setPlaceholderText(self.tr("such as 1.3.0"))
        self.stage = self.stages()
        self.name = self.line(self.tr("&Name"))
        self.form.addRow(self.tr("&Service"), self.service)
        self.form.addRow(self.tr("&Version"), self.version)
        self.form.addRow(self.tr("S&tage"), self.stage)
        self.form.addRow(self.tr("&Name"), self.name)
        self.service.textChanged.connect(self._show_name)
        self.version.textChanged.connect(self._show_name)
        self._show_name()
        self.service.setFocus()
        self.look()

    def wanted(self) -> Create:
        return Create(
            service=self.service.text().strip(),
            version=self.version.text().strip(),
            stage=StageId(self.stage.currentData() or ""),
            members=self.new_members(),
            name=self.name.text().strip(),
        )

    @Slot()
    def _show_name(self) -> None:
        """Show which name it will have where none is given."""
        parts = (self.service.text().strip(), self.version.text().strip())
        self.name.setPlaceholderText(shortened(" ".join(part for part in parts if part)))


class AddDialog(MembershipDialog):
    """Adds machines selected in the inventory to a configuration."""

    def __init__(self, console: Console, card: Card, vms: Iterable[Uuid], parent: QWidget | None = None) -> None:
        super().__init__(console, "", candidates_from(console.inventory, vms), can_edit_roles=True, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Add members to {name}").format(name=shortened(card.name, 60)))
        self.fields.hide()
        self.table.setFocus()
        self.look()

    def wanted(self) -> AddMembers:
        return AddMembers(
            configuration=self._card.id,
            revision=self._card.revision,
            members=self.new_members(),
        )


class LeavingDialog(MembershipDialog):
    """Takes machines out of a configuration: whichever are ticked."""

    def __init__(
        self, console: Console, card: Card, title: str, candidates: list[Candidate], parent: QWidget | None = None
    ) -> None:
        super().__init__(console, "", candidates, can_edit_roles=False, parent=parent)
        self._card = card
        self.setWindowTitle(title.format(name=shortened(card.name, 60)))
        self.fields.hide()
        self.table.setFocus()
        self.look()

    def wanted(self) -> RemoveMembers:
        return RemoveMembers(
            configuration=self._card.id,
            revision=self._card.revision,
            vms=tuple(one.uuid for one in self.members.chosen),
        )


class RemoveDialog(LeavingDialog):
    """Takes members out; those that are gone from the pool are ticked already."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        members = [
            Candidate(uuid=member.uuid, name=member.name, role=member.role, state=member.power_state, is_chosen=False)
            for member in card.members
        ]
        gone = [
            Candidate(
                uuid=uuid, name=str(uuid), role=card.missing_roles.get(uuid, "—"), state=self.tr("gone from the pool")
            )
            for uuid in card.missing
        ]
        super().__init__(console, card, self.tr("Remove members from {name}"), [*gone, *members], parent)


class CleanDialog(LeavingDialog):
    """Takes the mark of a configuration off clones of its members. They stay as VMs that belong to nothing."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        clones = [
            Candidate(uuid=stray.uuid, name=stray.name, role=stray.value.role, state=_state(console, stray.uuid))
            for stray in console.board.strays
            if stray.value.configuration == card.id
        ]
        super().__init__(console, card, self.tr("Clean clones of {name}"), clones, parent)


class AdoptDialog(MembershipDialog):
    """Takes clones that carry a member's mark in, and settles at which stage the configuration stands."""

    def __init__(self, console: Console, configuration: ConfigurationId, parent: QWidget | None = None) -> None:
        strays = [stray for stray in console.board.strays if stray.value.configuration == configuration]
        candidates = [
            Candidate(uuid=stray.uuid, name=stray.name, role=stray.value.role, state=_state(console, stray.uuid))
            for stray in strays
        ]
        super().__init__(console, "", candidates, can_edit_roles=False, parent=parent)
        self._configuration = configuration
        card = console.board.cards.get(configuration)
        name = card.name if card is not None else strays[0].value.name if strays else configuration
        self.setWindowTitle(self.tr("Make {name} whole").format(name=shortened(name, 60)))
        self.stage = self.stages()
        if card is not None:
            self.stage.setCurrentIndex(max(0, self.stage.findData(str(card.stage))))
        self.form.addRow(self.tr("S&tage"), self.stage)
        self.table.setFocus()
        self.look()

    def _show_plan(self, plan: Plan | None) -> None:
        super()._show_plan(plan)
        if plan is not None:  # it gives another role where a member has the one that a clone brings along
            self.members.show_roles(given_roles(plan))

    def wanted(self) -> Adopt:
        return Adopt(
            configuration=self._configuration,
            stage=StageId(self.stage.currentData() or ""),
            vms=tuple(one.uuid for one in self.members.chosen),
        )


def candidates_from(inventory: Inventory, vms: Iterable[Uuid]) -> list[Candidate]:
    """Return the machines that still are there."""
    found = (inventory.by_uuid(VM, uuid) for uuid in vms)
    return [
        Candidate(uuid=vm.uuid, name=vm.name_label, state=vm.power_state)
        for vm in found
        if vm is not None and vm.is_ordinary
    ]


def given_roles(plan: Plan) -> dict[Uuid, str]:
    """Return the role that each machine will have."""
    written = (step.action for step in plan.steps if isinstance(step.action, WriteMember))
    values = ((action.vm, decode(action.value, MemberValue)) for action in written)
    return {vm: value.role for vm, value in values if value is not None}


def _state(console: Console, uuid: Uuid) -> str:
    vm = console.inventory.by_uuid(VM, uuid)
    return vm.power_state if vm is not None else ""


OfCard = Callable[[Console, Card, QWidget | None], MembershipDialog]
"""Makes a dialog about one configuration."""
