"""Where an archive is put. What it will do is the plan's to say."""

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import ArchiveRoom
from xsconsole.domain.board import Card
from xsconsole.domain.folding import one_line
from xsconsole.engine.commands import ArchiveToFiles
from xsconsole_ui import pieces, theme
from xsconsole_ui.archives.keeping import KeepChoice

WIDTH = 520  # px


class ArchiveDialog(QDialog):
    """Asks for a folder; `command` is what was chosen."""

    def __init__(self, room: ArchiveRoom, card: Card, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._room, self._card = room, card
        self.setWindowTitle(self.tr("Archive {name}").format(name=one_line(card.name)))
        self.setMinimumWidth(WIDTH)
        self.folder = QLineEdit(str(room.usual), self)
        self.folder.setAccessibleName(self.tr("Folder"))
        self.choose = pieces.button(self.tr("C&hoose…"), "", self)
        self.files = QFileDialog(self, self.tr("Where the archive is put"), str(room.usual))
        self.files.setFileMode(QFileDialog.FileMode.Directory)
        self.files.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.files.setOption(QFileDialog.Option.ShowDirsOnly)
        self.keep = KeepChoice(self)
        self.go = pieces.button(self.tr("Review plan"), "primary", self)
        self.go.setDefault(True)
        self.cancel = pieces.button(self.tr("Cancel"), "", self)
        self._lay_out()
        self.choose.clicked.connect(self.files.open)
        self.files.fileSelected.connect(self.folder.setText)
        self.folder.textChanged.connect(self._look)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        self.folder.setFocus()
        self._look()

    def _lay_out(self) -> None:
        text = self.tr(
            "Its machines are written as files into a new folder within this one, on this computer, with a manifest, "
            "the approvals and the hash of each file, signed. The configuration stays as it is."
        )
        where = QHBoxLayout()
        form = QFormLayout()
        form.setSpacing(theme.GAP)
        buttons = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(pieces.wrapped(pieces.breakable(self.windowTitle()), "title", self))
        column.addWidget(pieces.wrapped(text, "muted", self))
        column.addLayout(form)
        form.addRow(self.tr("Folder"), where)
        form.addRow(self.tr("&Kept"), self.keep)
        where.addWidget(self.folder, 1)
        where.addWidget(self.choose)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        self.setAccessibleDescription(text)

    @property
    def command(self) -> ArchiveToFiles:
        until = self.keep.until(self._room.now())
        return self._room.archiving(self._card, Path(self.folder.text().strip()), keep_until=until)

    @Slot()
    def _look(self) -> None:
        why_not = "" if self.folder.text().strip() else self.tr("Name a folder first.")
        self.go.setEnabled(not why_not)
        self.go.setToolTip(why_not)
