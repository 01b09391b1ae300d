"""Where an archive is restored for a trial, and what is asked of it there."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from xsconsole.console import Estate
from xsconsole.engine.commands import ProveArchive, Restoring
from xsconsole_ui.archives.restore_dialog import RestoreDialog
from xsconsole_ui.tick import Tick


class ProveDialog(RestoreDialog):
    """Offers private networks first: what is tried there meets nothing."""

    CAN_BE_ALONE = False

    def __init__(self, console: Estate, first: Restoring, parent: QWidget | None = None) -> None:
        self.tools: Tick | None = None
        super().__init__(console, first, parent)
        self.tools = Tick(self.tr("Guest tools have to answer"), self)
        self.tools.setChecked(True)
        self.form.addRow("", self.tools)
        self.tools.toggled.connect(self.look)
        was = self.stage.blockSignals(True)
        self.stage.insertItem(0, self.tr("None: on private networks, apart from everything"), "")
        self.stage.setCurrentIndex(0)
        self.stage.blockSignals(was)
        self.stage.currentIndexChanged.connect(self._offer_networks)
        self._offer_networks()
        self.look()

    def _title(self, name: str) -> str:
        return self.tr("Prove the archive of {name}").format(name=name)

    def _about(self) -> str:
        return self.tr(
            "As it stood in {stage} on {pool} at {time}, it is restored, started in its order and asked; then all of "
            "it is removed again. What was found is kept with the archive."
        )

    @property
    def wanted(self) -> ProveArchive:
        back = self.back
        tools = self.tools is None or self.tools.isChecked()
        return ProveArchive(of=back, is_in_stage=bool(back.target), asks_tools=tools)

    @Slot()
    def _offer_networks(self) -> None:
        """Private networks are not mapped: each is made."""
        for choice in self.networks.values():
            self.form.setRowVisible(choice, bool(self.stage.currentData()))
        self.adjustSize()
