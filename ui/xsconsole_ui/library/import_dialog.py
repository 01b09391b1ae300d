"""Where a blueprint that comes with its disks goes to: pool and storage; the plan says what that amounts to."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Console
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR
from xsconsole.domain.naming import shortened
from xsconsole.engine.commands import ImportBlueprint
from xsconsole_ui import pieces
from xsconsole_ui.membership.dialogs import MembershipDialog


class ImportDialog(MembershipDialog):
    """Says as one chooses what the plan amounts to, which is then laid before the user whole."""

    def __init__(self, consoles: Sequence[Console], first: ImportBlueprint, parent: QWidget | None = None) -> None:
        super().__init__(consoles[0], "", (), can_edit_roles=False, parent=parent)
        self._consoles, self._first = tuple(consoles), first
        package = first.opened.package
        title = self.tr("Import {name}, version {version}")
        self.setWindowTitle(title.format(name=shortened(package.name, 60), version=package.version))
        self.table.hide()
        self.pool = pieces.Choice(self)
        self.form.addRow(self.tr("&Pool"), self.pool)
        for console in self._consoles:
            pool = console.inventory.pool
            self.pool.addItem(one_line(pool.name_label) if pool is not None else "", str(pool.uuid) if pool else "")
        self.storage = pieces.Choice(self)
        self.form.setRowVisible(self.pool, len(self._consoles) > 1)
        self.form.addRow(self.tr("S&torage"), self.storage)
        self._offer()
        self.pool.currentIndexChanged.connect(self._offer)
        self.storage.currentIndexChanged.connect(self._look_soon)
        self.storage.setFocus()

    @Slot()
    def _offer(self) -> None:
        """Offer the storages of the pool that is chosen."""
        self._console = self._consoles[max(0, self.pool.currentIndex())]
        was = self.storage.blockSignals(True)
        self.storage.clear()
        self.storage.addItem(self.tr("The usual one of the pool"), "")
        for sr in sorted(self._console.inventory.all(SR), key=lambda one: natural(one.name_label)):
            if sr.content_type != "iso" and sr.physical_size > 0:
                self.storage.addItem(one_line(sr.name_label), str(sr.uuid))
        self.storage.blockSignals(was)
        self.look()

    def wanted(self) -> ImportBlueprint:
        sr, pool = str(self.storage.currentData() or ""), str(self.pool.currentData() or "")
        return replace(self._first, sr=Uuid(sr) if sr else None, pool=Uuid(pool) if pool else None)
