"""Addresses of what comes anew into a fence: asked for where the stage demands one, and not known before."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from xsconsole.domain.fence.drawing import SourceCard
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.workflow import Stage
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.fences.address_fields import AddressFields
from xsconsole_ui.scrolling import UprightPage

HEIGHT = 150  # px: of the cards, beyond which they scroll


class ArrivalFields(QWidget):
    """Shown only for a stage that demands a fence; what was typed for cards that stay there stays."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: tuple[SourceCard, ...] = ()
        self.fields = self._made()
        self.head = pieces.wrapped("", "muted", self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE)
        self._column.addWidget(self.head)
        self._page = UprightPage(self.fields, self)
        self._column.addWidget(self._page)
        self.hide()

    def _made(self) -> AddressFields:
        return AddressFields(self._cards, self, unknown=self.tr("as told, else by DHCP"), has_ports=False)

    def offer(self, cards: Sequence[SourceCard], stage: Stage | None) -> None:
        """Ask for addresses of these cards, if the stage demands a fence; `vm` of a card is its member's name."""
        demanded = stage.fence if stage is not None else None
        self.setVisible(demanded is not None and bool(cards))
        if stage is not None and demanded is not None:
            text = self.tr("{stage} demands a fence, {mode}. Addresses inside, where these are known:")
            self.head.setText(pieces.breakable(text.format(stage=stage.name, mode=mode_words(demanded))))
        if tuple(cards) == self._cards:
            return
        before = {key: field.text() for key, field in self.fields.addresses.items()}
        self._cards = tuple(cards)
        self.fields = self._made()
        for key, field in self.fields.addresses.items():
            field.setText(before.get(key, ""))
        self.fields.changed.connect(self._hear)
        gone, self._page = self._page, UprightPage(self.fields, self)
        self._page.setFixedHeight(min(HEIGHT, self.fields.sizeHint().height()))
        self._column.replaceWidget(gone, self._page)
        gone.deleteLater()

    @Slot()
    def _hear(self) -> None:
        self.changed.emit()

    @property
    def typed(self) -> Mapping[tuple[str, str], IPv4Address]:
        """Return what is typed, by member and device; nothing where no fence is demanded.

        Raises:
            Refused: one of them cannot be read; it is said at its field, too.
        """
        self.fields.show_findings(())
        found = {} if self.isHidden() else self.fields.typed()[0]
        return {(str(member), device): address for (member, device), address in found.items()}

    @property
    def fault(self) -> Refused | None:
        """Return what is wrong with what is typed."""
        try:
            self.typed  # noqa: B018 - it is read only for what is wrong with it
        except Refused as refusal:
            return refusal
        return None
