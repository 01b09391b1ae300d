"""Which file a machine is written to or read from."""

import re
from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.domain.act_words import act_name
from xsconsole.domain.acts import Act
from xsconsole_ui import pieces, theme

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


class ReplaceQuestion(QDialog):
    """Whether a file that is there gives way. Enter says no."""

    def __init__(self, file: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Replace the file?"))
        notice = pieces.Notice(self)
        notice.show_words(
            "warn",
            self.tr("{file} is there already.").format(file=file),
            self.tr("It stays until the new one is whole; then it is gone."),
        )
        self.go = pieces.button(self.tr("Replace"), "", self)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self.cancel.setDefault(True)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(notice)
        column.addLayout(buttons)


def _file_name(name: str) -> str:
    """Return a name without what no file system takes."""
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]+', "-", name).strip(" .") or "machine"
