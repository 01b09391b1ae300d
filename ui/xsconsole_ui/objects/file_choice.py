"""Which file a machine is written to or read from."""

import re
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from xsconsole.domain.acts import Act
from xsconsole.domain.wording.acts import act_name

SUFFIX = "xva"


class FileChoice(QFileDialog):
    """Asks for a file. Whether one that is there may go is asked apart: Qt asks that in a loop of its own."""

    def __init__(self, act: Act, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, act_name(act))
        is_saving = act is Act.EXPORT
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave if is_saving else QFileDialog.AcceptMode.AcceptOpen)
        self.setFileMode(QFileDialog.FileMode.AnyFile if is_saving else QFileDialog.FileMode.ExistingFile)
        self.setOption(QFileDialog.Option.DontConfirmOverwrite)
        self.setNameFilters([self.tr("Machines as files (*.{suffix})").format(suffix=SUFFIX), self.tr("All files (*)")])
        if is_saving:
            self.setDefaultSuffix(SUFFIX)
            self.selectFile(f"{_file_name(name)}.{SUFFIX}")

    @property
    def file(self) -> Path | None:
        chosen = self.selectedFiles()
        return Path(chosen[0]) if chosen else None


def _file_name(name: str) -> str:
    """Return a name without what no file system takes."""
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "-", name).strip(" .") or "machine"
