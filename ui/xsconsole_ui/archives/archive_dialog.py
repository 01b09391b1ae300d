"""Whether an archive is put into files or into the pool, and where. What it will do is the plan's to say."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xsconsole.console import ArchiveRoom
from xsconsole.domain.archive import Form
from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import ArchiveInPool, ArchiveToFiles
from xsconsole_ui import pieces, theme
from xsconsole_ui.archives.keeping import KeepChoice

WIDTH = 520  # px
FILES, CLONES, COPIES, RETIRED = "files", "clones", "copies", "retired"


class ArchiveDialog(QDialog):
    """Asks for a folder, or for a storage of the pool; `command` is what was chosen."""

    def __init__(
        self, room: ArchiveRoom, card: Card, storages: Sequence[SR] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._room, self._card = room, card
        self.setWindowTitle(self.tr("Archive {name}").format(name=one_line(card.name)))
        self.setMinimumWidth(WIDTH)
        self.into = pieces.Choice(self)
        self.into.setAccessibleName(self.tr("Into"))
        for into, name in (
            (FILES, self.tr("files on this computer")),
            (CLONES, self.tr("the pool, as linked clones")),
            (COPIES, self.tr("the pool, as full copies")),
            (RETIRED, self.tr("the pool, the machines themselves: it leaves the board")),
        ):
            self.into.addItem(name, into)
        self.storage = pieces.Choice(self)
        self.storage.setAccessibleName(self.tr("Storage"))
        self.storage.addItem(self.tr("Where the disks are"), "")
        for sr in sorted(storages, key=lambda one: natural(one.name_label)):
            self.storage.addItem(one_line(sr.name_label), str(sr.uuid))
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
        self.into.currentIndexChanged.connect(self._look)
        self.go.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        self.into.setFocus()
        self._look()

    def _lay_out(self) -> None:
        where = QHBoxLayout()
        form = self._form = QFormLayout()
        form.setSpacing(theme.GAP)
        buttons = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(pieces.wrapped(pieces.breakable(self.windowTitle()), "title", self))
        self.about = pieces.wrapped("", "muted", self)
        column.addWidget(self.about)
        column.addLayout(form)
        form.addRow(self.tr("&Into"), self.into)
        self._where = where
        form.addRow(self.tr("Folder"), where)
        form.addRow(self.tr("&Storage"), self.storage)
        form.addRow(self.tr("&Kept"), self.keep)
        where.addWidget(self.folder, 1)
        where.addWidget(self.choose)
        column.addLayout(buttons)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)

    @property
    def command(self) -> ArchiveToFiles | ArchiveInPool:
        into, until = self.into.currentData(), self.keep.until(self._room.now())
        if into != FILES:
            storage = self.storage.currentData() if into == COPIES else ""
            return ArchiveInPool(
                configuration=self._card.id,
                revision=self._card.revision,
                form=Form.RETIRED if into == RETIRED else Form.COPY,
                method=Method.FULL_COPY if into == COPIES else Method.LINKED_CLONE,
                sr=Uuid(storage) if storage else None,
                keep_until=until,
            )
        return self._room.archiving(self._card, Path(self.folder.text().strip()), keep_until=until)

    @Slot()
    def _look(self) -> None:
        into = self.into.currentData()
        self._form.setRowVisible(self._where, into == FILES)
        self._form.setRowVisible(self.storage, into == COPIES)
        text = self._texts()[into]
        self.about.setText(text)
        self.setAccessibleDescription(text)
        why_not = "" if self.folder.text().strip() or into != FILES else self.tr("Name a folder first.")
        self.go.setEnabled(not why_not)
        self.go.setToolTip(why_not)

    def _texts(self) -> dict[str, str]:
        """Return what each choice amounts to."""
        in_pool = self.tr("Nobody starts, changes or destroys them by accident. The configuration stays as it is.")
        return {
            FILES: self.tr(
                "Its machines are written as files into a new folder within this one, on this computer, with a "
                "manifest, the approvals and the hash of each file, signed. The configuration stays as it is."
            ),
            CLONES: self.tr("Templates are made that share what was written until now with it: fast and small.")
            + f" {in_pool}",
            COPIES: self.tr("Templates are made with disks of their own.") + f" {in_pool}",
            RETIRED: self.tr(
                "Its machines are shut down and become the templates of the archive, where they are. It leaves the "
                "board, and comes back only as a new configuration."
            ),
        }
