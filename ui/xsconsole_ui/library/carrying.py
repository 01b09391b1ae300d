"""Blueprints that go with their disks into a file, and come out of one: what the place of the library offers of it."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from xsconsole.console import Console, PackageDesk
from xsconsole.domain import words
from xsconsole.domain.blueprint.package import SUFFIX, Package
from xsconsole.domain.folding import one_line
from xsconsole.errors import Refused
from xsconsole_ui import pieces
from xsconsole_ui.dialogs import answered
from xsconsole_ui.library.import_dialog import ImportDialog
from xsconsole_ui.library.rows import LibraryRow
from xsconsole_ui.papers import Papers


class Place(Protocol):
    """What is needed of the place."""

    @property
    def chosen(self) -> LibraryRow | None: ...

    @property
    def consoles(self) -> tuple[Console, ...]: ...

    @property
    def news(self) -> pieces.Notice: ...

    def start(self, job: Coroutine[None, None, None], name: str) -> None: ...


class Carrying(QObject):
    """One export at a time: its button says how far it is, and stops it. `dialog` asks where an import goes."""

    wanted = Signal(object)  # ImportBlueprint, to be shown as a plan
    changed = Signal()  # an export began, went on or ended

    def __init__(self, place: Place, over: QWidget, offer: Callable[[str, object], QAction]) -> None:
        super().__init__(over)
        self._place, self._over = place, over
        self._writing: asyncio.Task[object] | None = None
        self._share = 0.0
        self.dialog: ImportDialog | None = None
        self.papers = Papers(over, self.tr("Blueprints with disks (*.{suffix})").format(suffix=SUFFIX), SUFFIX)
        self.export = offer(self.tr("Export with disks…"), self._export)
        self.import_ = pieces.button(self.tr("Import with &disks…"), "quiet", over)
        self.import_.setToolTip(self.tr("Make templates and a version of a file that another pool's library exported"))
        self.import_.clicked.connect(self._import)

    def look(self, why_not: str) -> None:
        """Say whether the selected version can be exported; while one is, the same button stops that."""
        is_busy = self._writing is not None
        stop = self.tr("Stop exporting ({share})").format(share=f"{self._share:.0%}")
        self.export.setText(stop if is_busy else self.tr("Export with disks…"))
        self.export.setEnabled(is_busy or not why_not)
        self.export.setToolTip("" if is_busy else why_not)

    @Slot()
    def _export(self) -> None:
        row = self._place.chosen
        if self._writing is not None:
            self._writing.cancel()
        elif row is not None:
            self._place.start(self._exported(row), "export a blueprint with its disks")

    async def _exported(self, row: LibraryRow) -> None:
        desk = PackageDesk(row.console)
        made: list[Package] = []

        async def save(path: Path, *, may_replace: bool = False) -> None:
            self._writing = asyncio.current_task()
            self._tell(0)
            try:
                made.append(await desk.export(row.shelved, path, self._tell, may_replace=may_replace))
            finally:
                self._writing = None
                self.changed.emit()

        try:
            path = await self.papers.write(save, self.tr("Export with disks"), desk.file_name(row.shelved))
        except asyncio.CancelledError:
            stopped = self.tr("The export was stopped.")
            self._place.news.show_words("warn", stopped, self.tr("Nothing is left of the file."))
            raise
        if path is not None:
            done = self.tr("Exported version {version} of {name}: {size}.").format(
                version=made[-1].version, name=one_line(made[-1].name), size=words.size(made[-1].size_bytes)
            )
            readable = self.tr("Whoever can read the file can read the disks: it is signed, and not encrypted.")
            self._place.news.show_words("good", done, f"{path}. {readable}")

    def _tell(self, share: float) -> None:
        self._share = share
        self.changed.emit()

    @Slot()
    def _import(self) -> None:
        reading = self.papers.read(self.tr("Import with disks"), self.take_file)
        self._place.start(reading, "import a blueprint with its disks")

    async def take_file(self, path: str) -> None:
        """Ask where what lies in a file goes, then lay the plan before the user."""
        consoles = self._place.consoles
        if not consoles:
            raise Refused(reason=self.tr("There is no connection to a pool."), mend=self.tr("Connect to one first."))
        first = await PackageDesk(consoles[0]).importing(Path(path))
        self.dialog = dialog = ImportDialog(consoles, first, self._over.window())
        try:
            is_wanted = await answered(dialog)
        finally:
            self.dialog = None
        if is_wanted and dialog.command is not None:
            self.wanted.emit(dialog.command)
