"""Where configurations are to go: a pool, a host and a storage of it, and which of its networks are what here."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFormLayout, QWidget

from xsconsole.console import Console, pools_beside
from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VM, Host, HostMetrics, Inventory
from xsconsole.domain.networks import networks_for_machines, networks_used
from xsconsole.domain.words import size
from xsconsole.engine.commands import Relocate
from xsconsole_ui import pieces


class Aim(QObject):
    """The rows of a form. Which pools there are to go to is that of the first look."""

    changed = Signal()
    turned = Signal()  # to another pool

    def __init__(self, dialog: QWidget, form: QFormLayout, console: Console, cards: Sequence[Card]) -> None:
        super().__init__(dialog)
        self._form, self._console, self._cards = form, console, tuple(cards)
        self._pools = {str(one.identity.pool): one for one in pools_beside(console) if one.identity is not None}
        self.pool, self.host, self.storage = (pieces.Choice(dialog) for _ in range(3))
        self.networks: dict[Uuid, pieces.Choice] = {}
        self._lay_out(dialog)
        self._offer()
        self.pool.currentIndexChanged.connect(self._turn)
        for choice in (self.host, self.storage, *self.networks.values()):
            choice.currentIndexChanged.connect(self.changed)

    def _lay_out(self, dialog: QWidget) -> None:
        self._form.addRow(self.tr("To &pool"), self.pool)
        self._form.addRow(self.tr("To &host"), self.host)
        self._form.addRow(self.tr("To &storage"), self.storage)
        self.pool.addItem(self.tr("where it is"), "")
        for uuid, console in self._pools.items():
            self.pool.addItem(one_line(console.identity.pool_name if console.identity else uuid), uuid)
        self._form.setRowVisible(self.pool, bool(self._pools))
        members = (member for card in self._cards for member in card.members)
        found = (self._console.inventory.get(VM, member.ref) for member in members)
        used = networks_used([vm for vm in found if vm is not None], self._console.inventory) if self._pools else {}
        for uuid, name in used.items():
            choice = self.networks[uuid] = pieces.Choice(dialog)
            choice.setAccessibleName(self.tr("What network {name} is there").format(name=one_line(name)))
            self._form.addRow(self.tr("Network {name} is").format(name=one_line(name)), choice)

    @property
    def leads_away(self) -> bool:
        """Whether another pool is chosen."""
        return bool(self.pool.currentData())

    @property
    def is_chosen(self) -> bool:
        return bool(self.pool.currentData() or self.host.currentData() or self.storage.currentData())

    def enable(self, *, is_possible: bool) -> None:
        for choice in (self.pool, self.host, self.storage):
            choice.setEnabled(is_possible)

    def command(self, card: Card) -> Relocate:
        """Return the command that brings a configuration there."""
        found = (self._console.inventory.get(VM, member.ref) for member in card.members)
        used = networks_used([vm for vm in found if vm is not None], self._console.inventory)
        chosen = {uuid: str(choice.currentData() or "") for uuid, choice in self.networks.items() if uuid in used}
        return Relocate(
            configuration=card.id,
            revision=card.revision,
            host=Uuid(str(self.host.currentData() or "")) or None,
            sr=Uuid(str(self.storage.currentData() or "")) or None,
            pool=Uuid(str(self.pool.currentData() or "")) or None,
            networks={uuid: Uuid(network) for uuid, network in chosen.items() if network and self.leads_away},
        )

    @Slot()
    def _turn(self) -> None:
        self._offer()
        self.turned.emit()
        self.changed.emit()

    def _offer(self) -> None:
        """Offer the hosts, storages and networks of the pool that is chosen."""
        there = self._pools.get(str(self.pool.currentData() or ""))
        inventory = (there or self._console).inventory
        _fill(
            self.host, self.tr("where each runs") if there is None else self.tr("any that has room"), hosts(inventory)
        )
        usual = self.tr("where each disk is") if there is None else self.tr("as the stage, or the pool, says")
        _fill(self.storage, usual, storages(inventory))
        offered = sorted(networks_for_machines(inventory), key=lambda one: natural(one.name_label))
        for choice in self.networks.values():
            usual = self.tr("as the stage says, or of the same name")
            _fill(choice, usual, [(one_line(one.name_label), str(one.uuid)) for one in offered])
            self._form.setRowVisible(choice, there is not None)


def _fill(choice: pieces.Choice, usual: str, found: Sequence[tuple[str, str]]) -> None:
    was = choice.blockSignals(True)
    choice.clear()
    choice.addItem(usual, "")
    for name, uuid in found:
        choice.addItem(name, uuid)
    choice.blockSignals(was)


def hosts(inventory: Inventory) -> list[tuple[str, str]]:
    """Return the hosts of a pool with the memory that they have free, by name."""
    found = []
    for host in sorted(inventory.all(Host), key=lambda host: natural(host.name_label)):
        metrics = inventory.get(HostMetrics, host.metrics)
        free = f" ({size(metrics.memory_free)} free)" if metrics is not None else ""
        found.append((one_line(f"{host.name_label}{free}"), str(host.uuid)))
    return found


def storages(inventory: Inventory) -> list[tuple[str, str]]:
    """Return the storages for disks with the room that they have, by name."""
    disks = (sr for sr in inventory.all(SR) if sr.content_type != "iso" and sr.physical_size > 0)
    return [
        (one_line(f"{sr.name_label} ({size(max(0, sr.free_bytes))} free)"), str(sr.uuid))
        for sr in sorted(disks, key=lambda sr: natural(sr.name_label))
    ]
