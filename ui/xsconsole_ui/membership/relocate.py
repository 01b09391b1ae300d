"""Bringing a configuration elsewhere in its pool: which of its machines, to which host, to which storage."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QWidget

from xsconsole.console import Console, Estate
from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VM, Host, HostMetrics, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, size
from xsconsole.engine.commands import Relocate
from xsconsole_ui import pieces
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.membership.model import Candidate
from xsconsole_ui.membership.together import TogetherDialog

HEADS = ("Machine", "Role", "Where it runs")


class RelocateDialog(MembershipDialog):
    """All its machines are ticked at first."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        members = [
            Candidate(uuid=member.uuid, name=member.name, role=member.role, state=_place(member.uuid, console))
            for member in card.members
        ]
        super().__init__(console, "", members, can_edit_roles=False, heads=HEADS, parent=parent)
        self._card = card
        self.setWindowTitle(self.tr("Migrate {name}").format(name=shortened(card.name, 60)))
        self.host, self.storage = _choices(self, self.form, console.inventory)
        for choice in (self.host, self.storage):
            choice.currentIndexChanged.connect(self._look_soon)
        self.host.setFocus()
        self.look()

    def wanted(self) -> Relocate:
        chosen = tuple(one.uuid for one in self.members.chosen)
        members = () if len(chosen) == len(self._card.members) else chosen
        return replace(_relocation(self._card, self.host, self.storage), members=members)


class RelocateAllDialog(TogetherDialog):
    """Chooses one host or storage for several configurations, whose plans then come as one."""

    def __init__(self, console: Estate, cards: Sequence[Card], parent: QWidget | None = None) -> None:
        super().__init__(console, cards, parent)
        self.setWindowTitle(self.tr("Migrate {number}").format(number=count(len(cards), "configuration")))
        owners = {console.of_card(card.id) for card in cards}
        self._are_apart = len(owners) > 1
        self.host, self.storage = _choices(self, self.form, console.of_card(cards[0].id).inventory)
        for choice in (self.host, self.storage):
            choice.setEnabled(not self._are_apart)
            choice.currentIndexChanged.connect(self._look)
        if self._are_apart:
            self.form.addRow(pieces.wrapped(self._why_not, "muted", self))
        self.host.setFocus()
        self._look()

    @property
    def _why_not(self) -> str:
        if self._are_apart:
            return self.tr("They are in several pools, and a host or a storage is of one: select those of one pool.")
        is_chosen = self.host.currentData() or self.storage.currentData()
        return "" if is_chosen else self.tr("Choose a host or a storage first.")

    @Slot()
    def _look(self) -> None:
        self.go.setEnabled(not self._why_not)
        self.go.setToolTip(self._why_not)

    def wanted(self) -> tuple[Relocate, ...]:
        return tuple(_relocation(card, self.host, self.storage) for card in self.cards)


def _choices(dialog: QWidget, form: QFormLayout, inventory: Inventory) -> tuple[pieces.Choice, pieces.Choice]:
    """Add to the form which host and which storage of a pool there are to go to."""
    host, storage = pieces.Choice(dialog), pieces.Choice(dialog)
    form.addRow(dialog.tr("To &host"), host)
    form.addRow(dialog.tr("To &storage"), storage)
    host.addItem(dialog.tr("where each runs"), "")
    for name, uuid in _hosts(inventory):
        host.addItem(name, uuid)
    storage.addItem(dialog.tr("where each disk is"), "")
    for name, uuid in _storages(inventory):
        storage.addItem(name, uuid)
    return host, storage


def _relocation(card: Card, host: pieces.Choice, storage: pieces.Choice) -> Relocate:
    return Relocate(
        configuration=card.id,
        revision=card.revision,
        host=Uuid(str(host.currentData() or "")) or None,
        sr=Uuid(str(storage.currentData() or "")) or None,
    )


def _place(uuid: Uuid, console: Console) -> str:
    vm = console.inventory.by_uuid(VM, uuid)
    host = console.inventory.get(Host, vm.resident_on) if vm is not None and vm.power_state == "Running" else None
    return shortened(host.name_label, 60) if host is not None else "off" if vm is not None else ""


def _hosts(inventory: Inventory) -> list[tuple[str, str]]:
    found = []
    for host in sorted(inventory.all(Host), key=lambda host: natural(host.name_label)):
        metrics = inventory.get(HostMetrics, host.metrics)
        free = f" ({size(metrics.memory_free)} free)" if metrics is not None else ""
        found.append((one_line(f"{host.name_label}{free}"), str(host.uuid)))
    return found


def _storages(inventory: Inventory) -> list[tuple[str, str]]:
    disks = (sr for sr in inventory.all(SR) if sr.content_type != "iso" and sr.physical_size > 0)
    return [
        (one_line(f"{sr.name_label} ({size(max(0, sr.free_bytes))} free)"), str(sr.uuid))
        for sr in sorted(disks, key=lambda sr: natural(sr.name_label))
    ]
