"""The cards of a configuration that is to be fenced: which address each has inside, which ports lead to a member."""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from xsconsole.domain.fence.drawing import SourceCard
from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.typed import Port, address_of, ports_of
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import Uuid
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme

ADDRESS_WIDTH, PORTS_WIDTH = 128, 150  # px, at least


class AddressFields(QWidget):
    """A row for each card, with what is to be said of it below. Ports are asked for once for each member, if at all."""

    changed = Signal()

    def __init__(
        self, cards: Sequence[SourceCard], parent: QWidget | None = None, *, unknown: str = "", has_ports: bool = True
    ) -> None:
        super().__init__(parent)
        self._cards = tuple(cards)
        self._unknown = unknown or self.tr("not known: type it")
        self._has_ports = has_ports
        self.addresses: dict[tuple[Uuid, str], QLineEdit] = {}
        self.ports: dict[str, QLineEdit] = {}
        self._told: dict[tuple[Uuid, str], QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, theme.GAP)
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(theme.SPACE)
        grid.setColumnStretch(0, 1)
        heads = (self.tr("Card"), self.tr("Address inside"), self.tr("Ports that lead in"))
        for at, head in enumerate(heads if has_ports else heads[:2]):
            grid.addWidget(pieces.label(head, "caption", self), 0, at)
        for card in self._cards:
            self._add(card, grid)
        grid.setRowStretch(grid.rowCount(), 1)

    def _add(self, card: SourceCard, grid: QGridLayout) -> None:
        row, key = grid.rowCount(), (card.vm, card.device)
        name = self.tr("{member}, card {device}").format(member=card.member, device=card.device)
        shown = pieces.ElidedLabel(f"{name} · {one_line(card.network_name)}", "", self)
        address = self._field(self.tr("Address inside of {card}").format(card=name), ADDRESS_WIDTH)
        address.setPlaceholderText(str(card.addresses[0]) if card.addresses else self._unknown)
        self.addresses[key] = address
        grid.addWidget(shown, row, 0)
        grid.addWidget(address, row, 1)
        if self._has_ports and card.member not in self.ports:
            ports = self._field(self.tr("Ports of {member}").format(member=card.member), PORTS_WIDTH)
            ports.setPlaceholderText(self.tr("all, or such as tcp/443"))
            self.ports[card.member] = ports
            grid.addWidget(ports, row, 2)
        told = self._told[key] = pieces.wrapped("", "warn", self)
        told.hide()
        grid.addWidget(told, row + 1, 0, 1, 3)

    def _field(self, name: str, width: int) -> QLineEdit:
        field = QLineEdit(self)
        field.setAccessibleName(name)
        field.setMinimumWidth(width)
        field.textChanged.connect(self._hear)
        return field

    @Slot()
    def _hear(self) -> None:
        self.changed.emit()

    def let_in(self, is_open: bool, why_not: str) -> None:
        """Ask for ports, or say why there are none."""
        for field in self.ports.values():
            field.setEnabled(is_open)
            field.setToolTip("" if is_open else why_not)

    def typed(self) -> tuple[Mapping[tuple[Uuid, str], IPv4Address], Mapping[str, tuple[Port, ...]]]:
        """Return addresses and ports that were typed.

        Raises:
            Refused: one cannot be read; it is said at its field, too.
        """
        wrong: Refused | None = None
        addresses: dict[tuple[Uuid, str], IPv4Address] = {}
        published: dict[str, tuple[Port, ...]] = {}
        for card in self._cards:
            key, ports = (card.vm, card.device), self.ports.get(card.member)
            try:
                if (address := address_of(self.addresses[key].text())) is not None:
                    addresses[key] = address
                if ports is not None and ports.isEnabled() and (found := ports_of(ports.text())):
                    published[card.member] = found
            except Refused as refusal:
                wrong = wrong or refusal
                self._tell(key, f"{refusal.reason} {refusal.mend}")
        if wrong is not None:
            raise wrong
        return addresses, published

    def told(self, card: tuple[Uuid, str]) -> str:
        """Return what is said of a card, by machine and device."""
        return self._told[card].text()

    def show_findings(self, findings: Iterable[Finding]) -> None:
        """Say beside each card what is to be said of its member or its network."""
        found = tuple(findings)
        for card in self._cards:
            about = {card.member, one_line(card.network_name)}
            said = [one for one in found if one.subject in about and _is_of(one, card)]
            self._tell((card.vm, card.device), " ".join(f"{one.sentence} {one.mend}" for one in said))

    def _tell(self, key: tuple[Uuid, str], text: str) -> None:
        self._told[key].setText(text)
        self._told[key].setVisible(bool(text))


def _is_of(finding: Finding, card: SourceCard) -> bool:
    """Whether a finding of a member is about this card of it: where it names one, that has to be this one."""
    return (
        finding.rule not in ("address-unknown", "address-told-otherwise") or f"card {card.device} " in finding.sentence
    )
