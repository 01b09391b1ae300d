"""Into which stage a replica of an archive is put, and what its machines are called."""

from dataclasses import replace

from PySide6.QtWidgets import QLineEdit, QWidget

from xsconsole.console import Estate
from xsconsole.engine.commands import Restoring
from xsconsole_ui.archives.restore_dialog import RestoreDialog


class ReplicateArchiveDialog(RestoreDialog):
    """As of what stands: it leads past no rule, and what is held or quarantined may be looked into."""

    CAN_BE_ALONE = False

    def __init__(self, console: Estate, first: Restoring, parent: QWidget | None = None) -> None:
        self.pattern: QLineEdit | None = None
        super().__init__(console, first, parent)
        self.pattern = QLineEdit(self)
        self.pattern.setPlaceholderText(self.tr("{name} (stage), or such as {service}-{role} {stage} {number}"))
        self.pattern.setAccessibleName(self.tr("Names of the machines"))
        self.form.addRow(self.tr("&Names"), self.pattern)
        self.pattern.textChanged.connect(self.look)

    def _title(self, name: str) -> str:
        return self.tr("Replicate the archive of {name}").format(name=name)

    @property
    def wanted(self) -> Restoring:
        pattern = self.pattern.text().strip() if self.pattern is not None else ""
        return replace(self.back, is_replica=True, pattern=pattern)
