"""Bringing a configuration elsewhere: which of its machines, to which pool, host and storage."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from xsconsole.console import Console, Estate, Pools
from xsconsole.domain.board import Card
from xsconsole.domain.events import ClearanceChanged
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM, Host
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count
from xsconsole.engine.commands import Relocate
from xsconsole_ui import pieces
from xsconsole_ui.membership.aim import Aim
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.membership.model import Candidate
from xsconsole_ui.membership.together import TogetherDialog

HEADS = ("Machine", "Role", "Where it runs")


class RelocateDialog(MembershipDialog):
    """All its machines are ticked at first; into another pool all of them go."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        members = [
            Candidate(uuid=member.uuid, name=member.name, role=member.role, state=_place(member.uuid, console))
            for member in card.members
        ]
        super().__init__(console, "", members, can_edit_roles=False, heads=HEADS, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Migrate {name}").format(name=shortened(card.name, 60)))
        self.aim = Aim(self, self.form, console, (card,))
        self.aim.changed.connect(self._look_soon)
        self.aim.turned.connect(self._turn)
        self._end_asking: Callable[[], None] | None = None
        (self.aim.host if self.aim.pool.count() == 1 else self.aim.pool).setFocus()
        self.look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._end_asking is None and isinstance(self._console.abroad, Pools):
            self._end_asking = self._console.abroad.subscribe(ClearanceChanged, self._hear_answer)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._end_asking is not None:
            self._end_asking()
            self._end_asking = None

    def _hear_answer(self, answer: ClearanceChanged) -> None:
        """Say anew what it would do when the pools have answered whether the machines may go there."""
        if self._card.id in answer.configurations:
            self.look()

    @Slot()
    def _turn(self) -> None:
        self.table.setVisible(not self.aim.leads_away)

    def wanted(self) -> Relocate:
        chosen = tuple(one.uuid for one in self.members.chosen)
        is_all = self.aim.leads_away or len(chosen) == len(self._card.members)
        return replace(self.aim.command(self._card), members=() if is_all else chosen)


class RelocateAllDialog(TogetherDialog):
    """Chooses one pool, host or storage for several configurations, whose plans then come as one."""

    def __init__(self, console: Estate, cards: Sequence[Card], parent: QWidget | None = None) -> None:
        super().__init__(console, cards, parent)
        self.setWindowTitle(self.tr("Migrate {number}").format(number=count(len(cards), "configuration")))
        owners = {console.of_card(card.id) for card in cards}
        self._are_apart = len(owners) > 1
        self.aim = Aim(self, self.form, console.of_card(cards[0].id), cards)
        self.aim.enable(is_possible=not self._are_apart)
        self.aim.changed.connect(self._look)
        if self._are_apart:
            self.form.addRow(pieces.wrapped(self._why_not, "muted", self))
        self.aim.host.setFocus()
        self._look()

    @property
    def _why_not(self) -> str:
        if self._are_apart:
            return self.tr("They are in several pools, and a host or a storage is of one: select those of one pool.")
        return "" if self.aim.is_chosen else self.tr("Choose a pool, a host or a storage first.")

    @Slot()
    def _look(self) -> None:
        self.go.setEnabled(not self._why_not)
        self.go.setToolTip(self._why_not)
        self.adjustSize()

    def wanted(self) -> tuple[Relocate, ...]:
        return tuple(map(self.aim.command, self.cards))


def _place(uuid: Uuid, console: Console) -> str:
    vm = console.inventory.by_uuid(VM, uuid)
    host = console.inventory.get(Host, vm.resident_on) if vm is not None and vm.power_state == "Running" else None
    return shortened(host.name_label, 60) if host is not None else "off" if vm is not None else ""
