"""The networks that configurations stand on: which subnet and which gateway their guests know there."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from xsconsole.console import Console, fences
from xsconsole.domain.fence.drawing import source_cards
from xsconsole.domain.fence.ground import Ground, Original
from xsconsole.domain.fence.typed import address_of, network_of
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Network
from xsconsole_ui import pieces, theme

WIDTHS = (140, 118)  # px, at least: of a subnet, and of a gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A network of the pool, or one that a ground names and that is gone."""

    uuid: Uuid
    name: str
    original: Original | None = None


def known_networks(console: Console, ground: Ground | None) -> tuple[Known, ...]:
    """Return the networks that configurations stand on, without those of fences, and all that a ground names."""
    inventory, board = console.inventory, console.board
    own = {uuid for state in fences.fences(console) for uuid in state.standing.site.networks.values()}
    cards = (one for card in board.cards.values() for one in source_cards(card, inventory))
    names = {one.network: one.network_name for one in cards if one.network not in own}
    for one in ground.originals if ground is not None else ():
        found = inventory.by_uuid(Network, one.network)
        names[one.network] = found.name_label if found is not None else one.name
    originals = {one.network: one for one in (ground.originals if ground is not None else ())}
    rows = (Known(uuid=uuid, name=name, original=originals.get(uuid)) for uuid, name in names.items())
    return tuple(sorted(rows, key=lambda one: (natural(one.name), one.uuid)))


class OriginalFields(QWidget):
    """A row for each network. Where no subnet is typed, no fence can stand in for that network."""

    changed = Signal()

    def __init__(self, networks: Sequence[Known], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._networks = tuple(networks)
        self.subnets: dict[Uuid, QLineEdit] = {}
        self.gateways: dict[Uuid, QLineEdit] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(theme.SPACE)
        grid.setColumnStretch(0, 1)
        for at, head in enumerate((self.tr("Network"), self.tr("Subnet"), self.tr("Gateway"))):
            grid.addWidget(pieces.label(head, "caption", self), 0, at)
        for row, one in enumerate(self._networks, start=1):
            name, original = one_line(one.name), one.original
            subnet = self._field(self.tr("Subnet of {network}").format(network=name), WIDTHS[0])
            gateway = self._field(self.tr("Gateway of {network}").format(network=name), WIDTHS[1])
            subnet.setText(str(original.subnet) if original is not None else "")
            gateway.setText(str(original.gateway or "") if original is not None else "")
            subnet.setPlaceholderText(self.tr("not known"))
            gateway.setPlaceholderText(self.tr("none"))
            self.subnets[one.uuid], self.gateways[one.uuid] = subnet, gateway
            for column, widget in enumerate((pieces.ElidedLabel(name, "", self), subnet, gateway)):
                grid.addWidget(widget, row, column)
        for fields in (self.subnets, self.gateways):
            for field in fields.values():
                field.textChanged.connect(self._hear)
        grid.setRowStretch(grid.rowCount(), 1)

    def _field(self, name: str, width: int) -> QLineEdit:
        field = QLineEdit(self)
        field.setAccessibleName(name)
        field.setMinimumWidth(width)
        return field

    @Slot()
    def _hear(self) -> None:
        self.changed.emit()

    def originals(self) -> tuple[Original, ...]:
        """Return what is typed.

        Raises:
            Refused: a field cannot be read.
        """
        found = []
        for one in self._networks:
            subnet = network_of(self.subnets[one.uuid].text())
            gateway = address_of(self.gateways[one.uuid].text())
            if subnet is not None:
                found.append(Original(network=one.uuid, name=one.name, subnet=subnet, gateway=gateway))
        return tuple(found)
