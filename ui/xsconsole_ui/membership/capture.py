"""Capturing a configuration into the library: as which blueprint, how, and where to."""

from PySide6.QtWidgets import QWidget

from xsconsole.console import Console, LibraryDesk
from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import BlueprintId, Uuid
from xsconsole.domain.inventory import SR
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Capture
from xsconsole_ui import pieces
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.tick import Tick


class CaptureDialog(MembershipDialog):
    """Says as one chooses what the plan amounts to, which is then laid before the user whole."""

    def __init__(self, console: Console, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(console, "", (), can_edit_roles=False, parent=parent)
        self._card, self._desk = card, LibraryDesk(console)
        self._new = self._desk.capturing(card).blueprint  # the same while the dialog is open: the plan names it
        self.setWindowTitle(self.tr("Capture {name} into the library").format(name=shortened(card.name, 60)))
        self.table.hide()
        self.into = pieces.Choice(self)
        self.into.addItem(self.tr("a new blueprint"), "")
        for one in self._desk.library.newest:
            if one.blueprint is not None:
                version = self.tr("{name}, after version {version}")
                self.into.addItem(version.format(name=one_line(one.called), version=one.version), str(one.id))
        self.name = self.line(self.tr("&Name"), card.service or card.name)
        self.purpose = self.line(self.tr("&Summary"))
        self.purpose.setPlaceholderText(self.tr("What it is for"))
        self.changes = self.line(self.tr("&Changes"))
        self.changes.setPlaceholderText(self.tr("What is other than before"))
        self.method = pieces.Choice(self)
        self.method.addItem(self.tr("Linked clones, which share blocks with the originals"), Method.LINKED_CLONE)
        self.method.addItem(self.tr("Full copies"), Method.FULL_COPY)
        self.storage = pieces.Choice(self)
        self.storage.addItem(self.tr("each disk where its original is"), "")
        for sr in sorted(console.inventory.all(SR), key=lambda one: natural(one.name_label)):
            if sr.content_type != "iso" and sr.physical_size > 0:
                self.storage.addItem(one_line(sr.name_label), str(sr.uuid))
        self.stop = Tick(self.tr("Shut running machines down to freeze them together"), self)
        for name, field in (
            (self.tr("&As"), self.into),
            (self.tr("&Name"), self.name),
            (self.tr("&Summary"), self.purpose),
            (self.tr("C&hanges"), self.changes),
            (self.tr("&By"), self.method),
            (self.tr("S&torage"), self.storage),
        ):
            self.form.addRow(name, field)
        self.form.addRow("", self.stop)
        for choice in (self.into, self.method, self.storage):
            choice.currentIndexChanged.connect(self._look_soon)
            choice.currentIndexChanged.connect(self._fit)
        self.stop.toggled.connect(self._look_soon)
        self._choose()
        self._fit()
        self.name.setFocus()
        self.look()

    def _choose(self) -> None:
        """Begin with the blueprint that the configuration came of, or that was captured from it before."""
        origin = self._card.origin
        for one in self._desk.library.newest:
            source = one.blueprint.source if one.blueprint is not None else None
            is_own = source is not None and source.configuration == self._card.id
            if is_own or (origin is not None and origin.blueprint == one.id):
                self.into.setCurrentIndex(max(0, self.into.findData(str(one.id))))
                return

    def _fit(self) -> None:
        """Show what is asked of a new blueprint, or of a new version."""
        is_new = not self.into.currentData()
        for field in (self.name, self.purpose):
            self.form.setRowVisible(field, is_new)
        self.form.setRowVisible(self.changes, not is_new)
        self.form.setRowVisible(self.storage, self.method.currentData() == Method.FULL_COPY)

    def wanted(self) -> Capture:
        into, sr = str(self.into.currentData() or ""), str(self.storage.currentData() or "")
        method = Method(self.method.currentData())
        return self._desk.capturing(
            self._card,
            BlueprintId(into) if into else self._new,
            name=self.name.text().strip(),
            summary=self.purpose.text().strip(),
            changes=self.changes.text().strip(),
            method=method,
            sr=Uuid(sr) if sr and method is Method.FULL_COPY else None,
            is_stopped_first=self.stop.isChecked(),
        )
