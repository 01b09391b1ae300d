"""The place of the archives, of this home and of pools: listed, filtered, verified, brought back, held and deleted."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from xsconsole.console import ArchiveRoom, Destination, Estate, PoolArchives, runs_on
from xsconsole.domain import words
from xsconsole.domain.archive import ARCHIVES, Finding, Listed, Pooled, Shelved
from xsconsole.domain.board import Card
from xsconsole.domain.events import InventoryChanged
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ArchiveId, RunId, StageId
from xsconsole.domain.inventory import SR
from xsconsole.engine.commands import Restoring
from xsconsole.errors import Refused
from xsconsole_ui import pieces
from xsconsole_ui import theme as look
from xsconsole_ui.archives.archive_dialog import ArchiveDialog
from xsconsole_ui.archives.columns import NAME, SPARE, columns_of_archives, told
from xsconsole_ui.archives.deleting import deletion_question
from xsconsole_ui.archives.hold_dialog import HoldDialog
from xsconsole_ui.archives.keeping import KeepDialog
from xsconsole_ui.archives.owners import owner_name, pinned_keys, why_denied
from xsconsole_ui.archives.prove_dialog import ProveDialog
from xsconsole_ui.archives.replicate_dialog import ReplicateArchiveDialog
from xsconsole_ui.archives.restore_dialog import RestoreDialog
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.comparing import CompareDialog
from xsconsole_ui.dialogs import answered
from xsconsole_ui.filtered_list import FilteredList
from xsconsole_ui.jobs import Jobs, told_in
from xsconsole_ui.list_acts import ListActs, allow
from xsconsole_ui.theme import Theme
from xsconsole_ui.timers import one_shot

LEAST_FOLDER = 90  # px
GATHER_MS = 300


class ArchivePlace(pieces.Panel):
    """Reads the documents when it is seen and when a run ends; all else only when asked."""

    wanted = Signal(object)  # a command about archives, to be shown as a plan
    listed = Signal()  # what lies there is shown

    def __init__(
        self, console: Estate, theme: Theme, bridge: Bridge, jobs: Jobs, parent: QWidget | None = None
    ) -> None:
        super().__init__(self.tr("Archive"), parent=parent)
        self._console, self._bridge, self._jobs = console, bridge, jobs
        self.room = ArchiveRoom(console.home, lambda: runs_on(console.board))
        self.pooled = PoolArchives(console.home, lambda: console.pools)
        self._reading: asyncio.Task[object] | None = None  # that verifies one
        self._share = 0.0  # of it that is read
        self._looks = 0
        self.dialog: QDialog | None = None  # while it is open
        empty = (
            self.tr("No archives yet"),
            self.tr("Archive or export… in the menu of a card does it; what is archived comes back as a new one."),
        )
        self.list = FilteredList(
            self.tr("Archives"),
            columns_of_archives(),
            ARCHIVES,
            empty,
            self,
            spare=SPARE,
            growing=NAME,
            told=lambda one: told(one, owner_name(one, console.board.workflow)),
            least_words=LEAST_FOLDER,
            key=lambda one: one.place,
        )
        self.files = QFileDialog(self, self.tr("A folder with archives, or an archive"))
        self.files.setFileMode(QFileDialog.FileMode.Directory)
        self.files.setOption(QFileDialog.Option.DontUseNativeDialog)
        self.files.setOption(QFileDialog.Option.ShowDirsOnly)
        self.files.fileSelected.connect(self.look_in)
        self.more = pieces.button(self.tr("&Look in…"), "quiet", self)
        self.more.setToolTip(self.tr("List what lies in another folder too, such as from another console"))
        self.more.clicked.connect(self.files.open)
        self.header.add_control(self.more)
        self.news = pieces.Notice(self, can_close=True)
        self.news.closed.connect(self.news.hide)
        row = QHBoxLayout()
        row.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, 0)
        row.setSpacing(look.GAP)
        above = QVBoxLayout()
        above.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, 0)
        self.body.addLayout(above)
        above.addWidget(self.news)
        self.body.addLayout(row)
        acts = ListActs(self.list.view, row, self)
        self.verify = acts.offer(self.tr("Verify"), self._verify)
        self.restore = acts.offer(self.tr("Restore…"), self._restore)
        self.prove = acts.offer(self.tr("Prove…"), self._prove)
        self.hold = acts.offer(self.tr("Hold…"), self._hold)
        self.replicate = acts.offer_in_menu(self.tr("Replicate into…"), self._replicate)
        self.compare = acts.offer_in_menu(self.tr("Compare…"), self._compare)
        self.keep = acts.offer_in_menu(self.tr("Keep until…"), self._keep)
        self.delete = acts.offer(self.tr("Delete…"), self._delete)
        row.addStretch(1)
        self.body.addWidget(self.list, 1)
        self.list.view.selectionModel().selectionChanged.connect(self._look)
        self.list.opened.connect(self._restore)
        self._told = self._present
        self._soon = one_shot(self, self.renew, GATHER_MS)
        self._end = console.subscribe(InventoryChanged, self._hear)
        bridge.run_changed.connect(self._hear_run)
        theme.changed.connect(self.list.view.viewport().update)
        self._look()

    def stop(self) -> None:
        """Follow the pools no more."""
        self._end()
        self._soon.stop()

    def _hear(self, event: InventoryChanged) -> None:
        is_pool = event.batch.is_whole or any(change.class_name == "pool" for change in event.batch.changes)
        if is_pool and self.isVisible() and self._present != self._told and not self._soon.isActive():
            self._soon.start()

    @property
    def _present(self) -> tuple[object, object]:
        """What decides on the list beside the folders: what pools say of archives, and which runs stand there."""
        return self.pooled.told(), runs_on(self._console.board)

    @property
    def chosen(self) -> Listed | None:
        """The one that is selected; None where none is, or several."""
        return self.list.chosen

    @Slot()
    def renew(self) -> None:
        """Read what lies there."""
        self._jobs.start(self._read(), "look at the archives")

    async def _read(self) -> None:
        self._looks += 1
        mine = self._looks
        self._told = self._present
        found: list[Listed] = [*await self.room.listed(), *await self.pooled.listed()]
        if mine != self._looks:
            return  # a later look shows what is newer
        found.sort(key=lambda one: one.archive.at.timestamp() if one.archive is not None else 0.0, reverse=True)
        self.list.show_all(found)
        size = words.size(sum(one.archive.size_bytes for one in found if one.archive is not None))
        left = sum(one.is_unfinished for one in found)
        told = [f"{words.count(len(found) - left, 'archive')}, {size}"] if len(found) > left else []
        told += [self.tr("{number} unfinished").format(number=left)] if left else []
        self.header.set_caption(", ".join(told))
        self._look()
        self.listed.emit()

    @Slot(str)
    def _hear_run(self, run: RunId) -> None:
        status = next((status for status in self._console.runs if status.run == run), None)
        if status is not None and status.ended_at is not None and self.isVisible():
            self.renew()

    @Slot()
    def _look(self) -> None:
        one = self.chosen
        none = "" if one is not None else self.tr("Select one archive first.")
        unreadable = none or ("" if one is not None and one.archive is not None else self.tr("It cannot be read."))
        busy = self.tr("It is being read.") if self._reading else ""
        away = "" if self._console.is_live else self.tr("There is no connection to a pool.")
        held = one is not None and one.held is not None
        in_pool = isinstance(one, Pooled)
        unfinished = self.tr("It was not finished.") if one is not None and one.is_unfinished else ""
        allow(self.verify, "" if busy else none or unfinished)
        denied = why_denied(self._console, one)
        for act in (self.restore, self.replicate, self.prove):
            allow(act, unreadable or busy or away or denied)
        of_pool = denied if in_pool else ""
        for act in (self.hold, self.keep):
            allow(act, unreadable or busy or of_pool)
        few = self.tr("Select one archive, or two.")
        allow(self.compare, "" if len(self.list.selected()) in (1, 2) else few)
        stays = self.tr("It is held: lift the hold first.") if held else ""
        allow(self.delete, ("" if unfinished or in_pool else unreadable) or busy or stays or of_pool)
        self.hold.setText(self.tr("Lift hold") if held else self.tr("Hold…"))
        stop = self.tr("Stop verifying ({share})") if busy else self.tr("Verify")
        self.verify.setText(stop.format(share=f"{self._share:.0%}"))

    def ask_where(self, card: Card) -> None:
        """Ask where the archive of a card is put, and want its plan."""
        self._jobs.start(self._asked_into(card), "archive a configuration")

    async def _asked_into(self, card: Card) -> None:
        storages = self._console.of_card(card.id).inventory.all(SR)
        fit = [sr for sr in storages if sr.content_type != "iso" and sr.type not in ("udev", "iso")]
        self.dialog = dialog = ArchiveDialog(self.room, card, fit, self.window())
        try:
            if await answered(dialog):
                self.wanted.emit(dialog.command)
        finally:
            self.dialog = None

    # What is asked for

    @Slot(str)
    def look_in(self, folder: str) -> None:
        """List what lies in another folder too."""
        self._start(self._looked_in(Path(folder)), "look into a folder")

    async def _looked_in(self, folder: Path) -> None:
        self.room.know(folder)
        await self._read()

    @Slot()
    def _verify(self) -> None:
        """Verify the one that is selected; while one is verified, stop that."""
        one = self.chosen
        if self._reading is not None:
            self._reading.cancel()
        elif one is not None:
            self._start(self._verified(one), "verify an archive")

    def _tell_share(self, share: float) -> None:
        self._share = share
        self._look()

    async def _verified(self, one: Listed) -> None:
        if self._reading is not None:
            return
        if isinstance(one, Pooled):
            present = await self.pooled.verify(one)
            await self._read()
            self._tell(present, present.findings, "good" if present.is_whole else "bad", present.sentence)
            return
        self._reading = asyncio.current_task()
        self._tell_share(0)
        try:
            pinned = pinned_keys(self._console.board.workflow)
            found = await self.room.verify(Path(one.folder), pinned, self._tell_share)
        finally:
            self._reading = None
            self._look()
        await self._read()
        state = "bad" if not found.is_good else "good" if found.is_vouched else "warn"
        self._tell(one, found.findings, state, found.sentence)

    def _tell(self, one: Listed, findings: Sequence[Finding], state: str, sentence: str) -> None:
        whole, other = self.tr("{name} is whole."), self.tr("{name} is not as it was archived.")
        title = (other if state == "bad" else whole).format(name=one_line(one.called))
        self.news.show_words(state, title, sentence, "\n".join(finding.sentence for finding in findings))

    @Slot()
    def _restore(self) -> None:
        one = self.chosen
        if one is not None and self.restore.isEnabled():
            self._start(self._asked_where(one, RestoreDialog), "restore an archive")

    @Slot()
    def _replicate(self) -> None:
        one = self.chosen
        if one is not None:
            self._start(self._asked_where(one, ReplicateArchiveDialog), "replicate an archive")

    @Slot()
    def _prove(self) -> None:
        one = self.chosen
        if one is not None:
            self._start(self._asked_where(one, ProveDialog), "prove an archive")

    async def _asked_where(self, one: Listed, kind: type[RestoreDialog]) -> None:
        workflow = self._console.board.workflow
        if workflow is None or one.archive is None:
            raise Refused(
                reason=self.tr("There is no workflow to restore it into."), mend=self.tr("Connect to a pool.")
            )
        known = {stage.id for stage in workflow.stages}
        target = one.archive.stage if one.archive.stage in known else workflow.stages[0].id
        to = Destination(target=StageId(target), networks={})
        first: Restoring
        if isinstance(one, Pooled):
            first = self.pooled.returning(one, to)
        else:
            first = await self.room.returning(Path(one.folder), to)
        self.dialog = dialog = kind(self._console, first, self.window())
        dialog.follow(self._bridge)
        try:
            if await answered(dialog) and dialog.command is not None:
                self.wanted.emit(dialog.command)
        finally:
            self.dialog = None

    @Slot()
    def _hold(self) -> None:
        one = self.chosen
        if one is not None:
            self._start(self._held(one), "hold an archive")

    async def _held(self, one: Listed) -> None:
        if one.held is not None:
            await (self.pooled.release(one, "") if isinstance(one, Pooled) else self.room.release(Path(one.folder), ""))
        else:
            self.dialog = dialog = HoldDialog(one.called, self.window())
            try:
                if await answered(dialog):
                    await self._hold_for(one, dialog.reason.text().strip())
            finally:
                self.dialog = None
        await self._read()

    async def _hold_for(self, one: Listed, reason: str) -> None:
        if isinstance(one, Pooled):
            await self.pooled.hold(one, reason)
        else:
            await self.room.hold(Path(one.folder), reason)

    @Slot()
    def _compare(self) -> None:
        """Compare two archives, the older one first, or one with what it is of."""
        archives = [one.archive for one in self.list.selected() if one.archive is not None]
        if archives:
            chosen = [archive.id for archive in sorted(archives, key=lambda archive: archive.frozen_at)]
            self._start(self._compared(chosen), "compare archives")

    async def _compared(self, chosen: list[ArchiveId]) -> None:
        self.dialog = dialog = CompareDialog(self._console, self._bridge, self._jobs, (), self.window(), chosen)
        try:
            await answered(dialog)
        finally:
            self.dialog = None

    @Slot()
    def _keep(self) -> None:
        one = self.chosen
        if one is not None:
            self._start(self._kept(one), "keep an archive")

    async def _kept(self, one: Listed) -> None:
        self.dialog = dialog = KeepDialog(one, self.window())
        try:
            if await answered(dialog):
                until = dialog.choice.until(one.clock(self.room.now()))
                if isinstance(one, Pooled):
                    await self.pooled.keep(one, until)
                else:
                    await self.room.keep(Path(one.folder), until)
        finally:
            self.dialog = None
        await self._read()

    @Slot()
    def _delete(self) -> None:
        one = self.chosen
        if isinstance(one, Pooled):
            self.wanted.emit(self.pooled.deleting(one))  # its plan says what that frees
        elif one is not None:
            self._start(self._deleted(one), "delete an archive")

    async def _deleted(self, one: Shelved) -> None:
        self.dialog = box = deletion_question(one, self.room.now(), self)
        try:
            if await answered(box):
                await self.room.delete(Path(one.folder), "")
        finally:
            self.dialog = None
        await self._read()

    def _start(self, job: Coroutine[None, None, None], name: str) -> None:
        self.news.hide()
        self._jobs.start(told_in(self.news, job), name)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.renew()
