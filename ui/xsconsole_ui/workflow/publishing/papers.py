"""Requests and decisions on publications as files: chosen, written and read, with every refusal said."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from xsconsole.console.publish_approvals import write_paper
from xsconsole.domain.publication_files import PublicationDecision, PublicationRequest
from xsconsole.errors import AlreadyThere
from xsconsole_ui.dialogs import Question, answered


class Papers(QObject):
    """Asks for files on behalf of a dialog. `asked` is what it shows now."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.asked: QDialog | None = None

    async def write(self, value: PublicationRequest | PublicationDecision, title: str, name: str) -> Path | None:
        """Write it where the user says; None where they leave. One that is there is replaced only if they say so.

        Raises:
            Refused: it cannot be written there.
        """
        files = self._dialog(title, name)
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setDefaultSuffix("json")
        files.setOption(QFileDialog.Option.DontConfirmOverwrite)
        if not await self._answered(files) or not files.selectedFiles():
            return None
        return await self.write_to(value, Path(files.selectedFiles()[0]))

    async def write_to(self, value: PublicationRequest | PublicationDecision, path: Path) -> Path | None:
        try:
            await write_paper(value, path)
        except AlreadyThere as refusal:
            remains = self.tr("What is in it would be lost.")
            box = Question(self._over, self.tr("Replace the file?"), refusal.reason, remains, self.tr("Replace"))
            if not await self._answered(box):
                return None
            await write_paper(value, path, may_replace=True)
        return path

    async def read(self, title: str, take: Callable[[str], Awaitable[object]]) -> None:
        """Let a file be chosen, and hand it to `take`."""
        files = self._dialog(title, "")
        files.setFileMode(QFileDialog.FileMode.ExistingFile)
        if await self._answered(files) and files.selectedFiles():
            await take(files.selectedFiles()[0])

    def _dialog(self, title: str, name: str) -> QFileDialog:
        files = QFileDialog(self._over, title, name, self.tr("Requests and decisions (*.json);;All files (*)"))
        files.setOption(QFileDialog.Option.DontUseNativeDialog)
        return files

    async def _answered(self, dialog: QDialog) -> bool:
        self.asked = dialog
        try:
            return await answered(dialog)
        finally:
            self.asked = None
