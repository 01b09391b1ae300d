"""Bringing a configuration elsewhere in its pool: which of its machines, to which host, to which storage."""

from PySide6.QtWidgets import QWidget

from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VM, Host, HostMetrics, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import size
from xsconsole.engine.commands import Relocate
from xsconsole_ui import pieces
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.membership.model import Candidate

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
        self.host, self.storage = pieces.Choice(self), pieces.Choice(self)
        self.form.addRow(self.tr("To &host"), self.host)
        self.form.addRow(self.tr("To &storage"), self.storage)
        self.host.addItem(self.tr("where each runs"), "")
        for name, uuid in _hosts(console.inventory):
            self.host.addItem(name, uuid)
        self.storage.addItem(self.tr("where each disk is"), "")
        for name, uuid in _storages(console.inventory):
            self.storage.addItem(name, uuid)
        for choice in (self.host, self.storage):
            choice.currentIndexChanged.connect(self._look_soon)
        self.host.setFocus()
        self.look()

    def wanted(self) -> Relocate:
        chosen = tuple(one.uuid for one in self.members.chosen)
        return Relocate(
            configuration=self._card.id,
            revision=self._card.revision,
            host=Uuid(str(self.host.currentData() or "")) or None,
            sr=Uuid(str(self.storage.currentData() or "")) or None,
            members=() if len(chosen) == len(self._card.members) else chosen,
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
