"""What members are for, and when each starts and stops beside the others."""

from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QLineEdit, QWidget

from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import Arrange, Seat
from xsconsole_ui import pieces
from xsconsole_ui.membership.dialogs import MembershipDialog

MOST_ORDER, MOST_DELAY_S = 9999, 86_400


class ArrangeDialog(MembershipDialog):
    """Shows one member at a time; what is changed at one is kept while another is looked at."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Arrange the members of {name}").format(name=shortened(card.name, 60)))
        self.table.hide()
        self._found = {member.uuid: _seat_of(console, member.uuid, member.role) for member in card.members}
        self._seats = dict(self._found)
        self._is_showing = False
        self.member = pieces.Choice(self)
        self.role = self.line(self.tr("&Role"))
        self.order = self._number(self.tr("Start &order"), MOST_ORDER)
        self.start_delay = self._number(self.tr("&Delay after its start, in s"), MOST_DELAY_S)
        self.shutdown_delay = self._number(self.tr("Delay after its &shutdown, in s"), MOST_DELAY_S)
        for name, field in (
            (self.tr("&Member"), self.member),
            (self.tr("&Role"), self.role),
            (self.tr("Start &order"), self.order),
            (self.tr("&Delay after its start, in s"), self.start_delay),
            (self.tr("Delay after its &shutdown, in s"), self.shutdown_delay),
        ):
            self.form.addRow(name, field)
        for member in card.members:
            self.member.addItem(one_line(member.name), str(member.uuid))
        self.member.currentIndexChanged.connect(self._show_seat)
        self.role.textChanged.connect(self._take)
        for number in (self.order, self.start_delay, self.shutdown_delay):
            number.textChanged.connect(self._take)
        self._show_seat()
        self.member.setFocus()
        self.look()

    def _number(self, name: str, most: int) -> QLineEdit:
        field = self.line(name)
        field.setValidator(QIntValidator(0, most, field))
        return field

    @property
    def _shown(self) -> Uuid:
        return Uuid(str(self.member.currentData() or ""))

    @Slot()
    def _show_seat(self) -> None:
        seat = self._seats.get(self._shown)
        if seat is not None:
            self._is_showing = True
            self.role.setText(seat.role or "")
            self.order.setText(str(seat.order or 0))
            self.start_delay.setText(str(seat.start_delay_s or 0))
            self.shutdown_delay.setText(str(seat.shutdown_delay_s or 0))
            self._is_showing = False

    @Slot()
    def _take(self) -> None:
        """Keep what was changed at the member that is shown."""
        if self._is_showing:
            return
        self._seats[self._shown] = replace(
            self._seats[self._shown],
            role=self.role.text(),
            order=_number_in(self.order),
            start_delay_s=_number_in(self.start_delay),
            shutdown_delay_s=_number_in(self.shutdown_delay),
        )
        self._look_soon()

    def wanted(self) -> Arrange:
        """Ask for what was changed here alone: what others change meanwhile stays as they have it."""
        changes = (_change(self._found[vm], seat) for vm, seat in self._seats.items())
        return Arrange(
            configuration=self._card.id,
            revision=self._card.revision,
            seats=tuple(change for change in changes if change is not None),
        )


def _seat_of(console: Console, uuid: Uuid, role: str) -> Seat:
    vm = console.inventory.by_uuid(VM, uuid)
    return Seat(
        vm=uuid,
        role=role,
        order=vm.order if vm is not None else None,
        start_delay_s=vm.start_delay if vm is not None else None,
        shutdown_delay_s=vm.shutdown_delay if vm is not None else None,
    )


def _change(found: Seat, wanted: Seat) -> Seat | None:
    if wanted == found:
        return None
    return Seat(
        vm=wanted.vm,
        role=wanted.role if wanted.role != found.role else None,
        order=wanted.order if wanted.order != found.order else None,
        start_delay_s=wanted.start_delay_s if wanted.start_delay_s != found.start_delay_s else None,
        shutdown_delay_s=wanted.shutdown_delay_s if wanted.shutdown_delay_s != found.shutdown_delay_s else None,
    )


def _number_in(field: QLineEdit) -> int | None:
    """Return what stands there; nothing: it stays as it is."""
    return int(field.text()) if field.text().isdecimal() else None
