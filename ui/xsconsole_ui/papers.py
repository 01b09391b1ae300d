"""What is written to a file and read from one: chosen, written whole or not at all, with every refusal said."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from xsconsole.errors import AlreadyThere
from xsconsole_ui.dialogs import ReplaceQuestion, answered


class Save(Protocol):
    """Writes something to a file, whole or not at all; raises `AlreadyThere` where it may not replace one."""

    def __call__(self, path: Path, *, may_replace: bool = False) -> Awaitable[None]: ...


class Papers(QObject):
    """Asks for files on behalf of a dialog or a place. `asked` is what it shows now."""

    def __init__(self, parent: QWidget, kinds: str = "", suffix: str = "json") -> None:
        super().__init__(parent)
        self._over = parent
        self._kinds = kinds or self.tr("Requests and decisions (*.json)")
        self._suffix = suffix
        self.asked: QDialog | None = None

    async def write(self, save: Save, title: str, name: str) -> Path | None:
        """Write it where the user says; None where they leave. One that is there is replaced only if they say so.

        Raises:
            Refused: it cannot be written there.
        """
        files = self._dialog(title, name)
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setDefaultSuffix(self._suffix)
        files.setOption(QFileDialog.Option.DontConfirmOverwrite)
        if not await self._answered(files) or not files.selectedFiles():
            return None
        return await self.write_to(save, Path(files.selectedFiles()[0]))

    async def write_to(self, save: Save, path: Path) -> Path | None:
        try:
            await save(path)
        except AlreadyThere:
            if not await self._answered(ReplaceQuestion(self._over, path)):
                return None
            await save(path, may_replace=True)
        return path

    async def read(self, title: str, take: Callable[[str], Awaitable[object]]) -> None:
        """Let a file be chosen, and hand it to `take`."""
        files = self._dialog(title, "")
        files.setFileMode(QFileDialog.FileMode.ExistingFile)
        if await self._answered(files) and files.selectedFiles():
            await take(files.selectedFiles()[0])

    def _dialog(self, title: str, name: str) -> QFileDialog:
        files = QFileDialog(self._over, title, name, f"{self._kinds};;{self.tr('All files (*)')}")
        files.setOption(QFileDialog.Option.DontUseNativeDialog)
        return files

    async def _answered(self, dialog: QDialog) -> bool:
        self.asked = dialog
        try:
            return await answered(dialog)
        finally:
            self.asked = None
