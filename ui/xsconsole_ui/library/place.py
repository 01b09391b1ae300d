"""The place of the library: versions of blueprints listed, looked into, edited, compared, signed and retired."""

from collections.abc import Coroutine
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from xsconsole.console import Console, Estate, LibraryDesk, Verb, read_document, write_document
from xsconsole.domain import words
from xsconsole.domain.approval import Meaning
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.events import BoardChanged, InventoryChanged
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import BlueprintId
from xsconsole.errors import Refused
from xsconsole_ui import pieces
from xsconsole_ui import theme as look
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dialogs import Question, answered
from xsconsole_ui.filtered_list import FilteredList
from xsconsole_ui.flow import Flow
from xsconsole_ui.jobs import Jobs, told_in
from xsconsole_ui.library.carrying import Carrying
from xsconsole_ui.library.compare_dialog import CompareVersions
from xsconsole_ui.library.detail import Detail
from xsconsole_ui.library.dialogs import DecideDialog, OtherDraft, RetireDialog
from xsconsole_ui.library.edit_dialog import EditDialog
from xsconsole_ui.library.rows import LIBRARY, SPARE, LibraryRow, columns_of_versions, told
from xsconsole_ui.list_acts import ListActs, allow
from xsconsole_ui.papers import Papers
from xsconsole_ui.reason_dialog import ReasonDialog
from xsconsole_ui.theme import Theme
from xsconsole_ui.timers import one_shot

LEAST_NAME = 110  # px
GATHER_MS = 300


class LibraryPlace(pieces.Panel):
    """Looks at the pools while it is seen. What makes something of a version puts its own button into `acts`."""

    card_wanted = Signal(object)  # ConfigurationId
    chosen_changed = Signal()
    listed = Signal()  # what stands there is shown

    def __init__(
        self, console: Estate, theme: Theme, bridge: Bridge, jobs: Jobs, parent: QWidget | None = None
    ) -> None:
        super().__init__(self.tr("Library"), parent=parent)
        self._console, self._bridge, self._jobs = console, bridge, jobs
        self.dialog: EditDialog | CompareVersions | ReasonDialog | Question | None = None  # while it is open
        empty = (
            self.tr("Nothing in the library yet"),
            self.tr("Capture into library… in the menu of a card makes templates and a blueprint of a configuration."),
        )
        self.list = FilteredList(
            self.tr("Blueprints"),
            columns_of_versions(),
            LIBRARY,
            empty,
            self,
            spare=SPARE,
            told=told,
            least_words=LEAST_NAME,
            key=lambda row: row.key,
            is_told_below=False,
        )
        self.detail = Detail(self.list.whole, self)
        self.detail.card_wanted.connect(self.card_wanted)
        self.papers = Papers(self, self.tr("Blueprints (*.json)"))
        self.news = pieces.Notice(self, can_close=True)
        self.news.closed.connect(self.news.hide)
        buttons = QWidget(self)
        row = Flow(buttons)
        row.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, 0)
        row.setSpacing(look.GAP)
        above = QVBoxLayout()
        above.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, 0)
        self.body.addLayout(above)
        above.addWidget(self.news)
        self.body.addWidget(buttons)
        self._acts = acts = ListActs(self.list.view, row, self)
        self.edit = acts.offer(self.tr("Edit…"), self._edit)
        self.compare = acts.offer(self.tr("Compare…"), self._compare)
        self.sign = acts.offer(self.tr("Sign as gold…"), partial(self._decide, Meaning.APPROVE))
        self.reject = acts.offer_in_menu(self.tr("Sign against it…"), partial(self._decide, Meaning.REJECT))
        self.export = acts.offer(self.tr("Export…"), self._export)
        self.carrying = Carrying(self, self, acts.offer)
        self.carrying.changed.connect(self._look)
        self.retire = acts.offer(self.tr("Retire…"), self._retire)
        self.import_ = pieces.button(self.tr("&Import…"), "quiet", self)
        self.import_.setToolTip(self.tr("Begin a draft with the document of a file"))
        self.import_.clicked.connect(self._import)
        self.clean = pieces.button(self.tr("Clean &up…"), "quiet", self)
        self.clean.setToolTip(self.tr("Remove templates of the library that no version needs any more"))
        self.clean.clicked.connect(self._clean)
        self.clean.hide()
        for control in (self.clean, self.carrying.import_, self.import_):
            self.header.add_control(control)
        parts = QSplitter(Qt.Orientation.Vertical, self)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        parts.addWidget(self.list)
        parts.addWidget(self.detail)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        self.body.addWidget(parts, 1)
        self._soon = one_shot(self, self.renew, GATHER_MS)
        self._looks = 0
        self._published: tuple[str, str, int] | None = None  # what is selected once it is listed
        self.list.view.selectionModel().selectionChanged.connect(self._look)
        self.list.opened.connect(self._edit)
        self._ends = (
            console.subscribe(BoardChanged, self._hear),
            console.subscribe(InventoryChanged, self._hear_inventory),
        )
        theme.changed.connect(self.list.view.viewport().update)
        self._look()

    def stop(self) -> None:
        """Follow the console no more."""
        for end in self._ends:
            end()
        self._soon.stop()

    def offer(self, action: QAction) -> None:
        """Show what can be done to the selected version, also others' deeds: a button, and a line of its menu."""
        self._acts.show(action)

    @property
    def chosen(self) -> LibraryRow | None:
        """The version that is selected; None where none is, or several."""
        return self.list.chosen

    @property
    def consoles(self) -> tuple[Console, ...]:
        return tuple(one for one in self._console.pools.all if one.inventory.pool is not None)

    @Slot()
    def renew(self) -> None:
        """Read what stands there."""
        self._jobs.start(self._read(), "look at the library")

    async def _read(self) -> None:
        self._looks += 1
        mine, left = self._looks, 0
        rows: list[LibraryRow] = []
        for console in self.consoles:
            desk = LibraryDesk(console)
            library = desk.library
            drafts = {draft.id for draft in await desk.drafts()}
            left += len(library.left)
            rows += [
                LibraryRow(
                    console=console,
                    shelved=one,
                    made=desk.made_of(one.id, one.version),
                    has_draft=one.id in drafts and one.is_newest,
                )
                for one in library.versions
            ]
        if mine != self._looks:
            return  # a later look shows what is newer
        self.list.show_all(rows)
        if self._published is not None and self.list.choose(self._published):
            self._published = None
        if rows and not self.list.selected():
            self.list.view.selectRow(0)
        names = len({row.shelved.id for row in rows})
        told_ = [words.count(names, "blueprint"), words.count(len(rows), "version")] if rows else []
        self.header.set_caption(", ".join(told_))
        self.clean.setVisible(bool(left))
        self.clean.setText(self.tr("Clean &up {templates}…").format(templates=words.count(left, "template")))
        self._look()
        self.listed.emit()

    def _hear(self, event: BoardChanged) -> None:
        if event.configurations and self.isVisible():
            self._soon.start()

    def _hear_inventory(self, event: InventoryChanged) -> None:
        if self.isVisible() and not self._soon.isActive():
            is_ours = event.batch.is_whole or any(change.class_name in ("pool", "vm") for change in event.batch.changes)
            if is_ours:
                self._soon.start()

    @Slot()
    def _look(self) -> None:
        row = self.chosen
        one = row.shelved if row is not None else None
        none = "" if one is not None else self.tr("Select one version first.")
        unread = none or ("" if one is not None and one.blueprint is not None else self.tr("It cannot be read."))
        away = "" if self._console.is_live else self.tr("There is no connection to a pool.")
        denial = row.console.denial(Verb.SHELVE) if row is not None else None
        denied = words.refusal(denial) if denial is not None else ""
        allow(self.edit, unread)
        several = row is not None and len([one for one in self._of(row) if one.shelved.blueprint is not None]) > 1
        allow(self.compare, unread or ("" if several else self.tr("There is only one version.")))
        refusal = row.desk.why_not_decide(row.shelved) if row is not None else None
        cannot = unread or away or denied or (words.refusal(refusal) if refusal is not None else "")
        allow(self.sign, cannot)
        allow(self.reject, cannot)
        allow(self.export, unread)
        error = "" if one is not None and one.is_usable else self.tr("It has an error; look at it first.")
        self.carrying.look(unread or away or error)
        allow(self.retire, none or away or denied)
        self.detail.show_row(row)
        self.chosen_changed.emit()

    def _of(self, row: LibraryRow) -> list[LibraryRow]:
        """Return the versions of a row's blueprint, newest first."""
        every = (self.list.model.row(at) for at in range(self.list.model.rowCount()))
        return [one for one in every if one is not None and one.key[:2] == row.key[:2]]

    # What is asked for

    @Slot()
    def _edit(self) -> None:
        row = self.chosen
        if row is not None and self.edit.isEnabled():
            self.start(self._edited(row), "edit a blueprint")

    async def _edited(self, row: LibraryRow) -> None:
        draft = await row.desk.draft_of(row.shelved)
        if draft.blueprint.version != row.shelved.version:
            self.dialog = box = OtherDraft(row.shelved, draft, self)
            try:
                if not await answered(box):
                    return
            finally:
                self.dialog = None
            if box.is_anew:
                draft = await row.desk.draft_of(row.shelved, is_anew=True)
        await self._show_editor(row.console, draft.id)

    async def _show_editor(self, console: Console, draft_id: BlueprintId) -> None:
        desk = LibraryDesk(console)
        draft = next(one for one in await desk.drafts() if one.id == draft_id)
        self.dialog = dialog = EditDialog(desk, draft, self._jobs, self.window())
        try:
            if await answered(dialog) and dialog.published is not None:
                made = dialog.published
                pool = console.inventory.pool
                self._published = (pool.uuid if pool is not None else "", made.id, made.version)
                told_ = self.tr("Published version {version} of {name}.")
                self.news.show_words("good", told_.format(version=made.version, name=one_line(made.name)), "")
        finally:
            self.dialog = None
            await self._read()

    @Slot()
    def _compare(self) -> None:
        row = self.chosen
        if row is not None:
            self.start(self._compared(row), "compare versions")

    async def _compared(self, row: LibraryRow) -> None:
        versions: list[tuple[str, Blueprint]] = []
        at = 0
        for one in self._of(row):
            if one.shelved.blueprint is not None:
                at = len(versions) if one.key == row.key else at
                versions.append((self.tr("version {number}").format(number=one.shelved.version), one.shelved.blueprint))
        draft = next((one for one in await row.desk.drafts() if one.id == row.shelved.id), None)
        if draft is not None:
            versions.append((self.tr("the draft"), draft.blueprint))
        other = at + 1 if at + 1 < len(versions) else 0
        before, after = (other, at) if other > at and other < len(versions) - (draft is not None) else (at, other)
        self.dialog = dialog = CompareVersions(tuple(versions), before, after, self.window())
        try:
            await answered(dialog)
        finally:
            self.dialog = None

    @Slot()
    def _decide(self, meaning: Meaning) -> None:
        row = self.chosen
        if row is not None:
            self.start(self._decided(row, meaning), "sign a blueprint")

    async def _decided(self, row: LibraryRow, meaning: Meaning) -> None:
        self.dialog = dialog = DecideDialog(row, meaning, self._jobs, self.window())
        try:
            await answered(dialog)
        finally:
            self.dialog = None
        await self._read()

    @Slot()
    def _retire(self) -> None:
        row = self.chosen
        if row is not None:
            self.start(self._retired(row), "retire a blueprint")

    async def _retired(self, row: LibraryRow) -> None:
        self.dialog = dialog = RetireDialog(row, self._jobs, self.window())
        try:
            await answered(dialog)
        finally:
            self.dialog = None
        await self._read()

    @Slot()
    def _export(self) -> None:
        row = self.chosen
        if row is not None and row.shelved.blueprint is not None:
            self.start(self._exported(row.shelved.blueprint), "export a blueprint")

    async def _exported(self, blueprint: Blueprint) -> None:
        name = f"{blueprint.id[:8]}-{blueprint.version}.json"
        await self.papers.write(partial(write_document, blueprint), self.tr("Export the document"), name)

    @Slot()
    def _import(self) -> None:
        self.start(self.papers.read(self.tr("Import a document"), self.take_document), "import a blueprint")

    async def take_document(self, path: str) -> None:
        """Begin a draft with a file, on the first pool, and edit it."""
        blueprint = await read_document(Path(path))
        consoles = self.consoles
        if not consoles:
            raise Refused(reason=self.tr("There is no connection to a pool."), mend=self.tr("Connect to one first."))
        holders = (one for one in consoles if LibraryDesk(one).library.of(blueprint.id))
        console = next(holders, consoles[0])
        desk = LibraryDesk(console)
        newest = next((one.version for one in desk.library.of(blueprint.id)), 0)
        await desk.keep_draft(blueprint, newest)
        await self._show_editor(console, blueprint.id)

    @Slot()
    def _clean(self) -> None:
        self.start(self._cleaned(), "clean up the library")

    async def _cleaned(self) -> None:
        names = [name for console in self.consoles for _, name in LibraryDesk(console).library.left]
        self.dialog = box = Question(
            self,
            self.tr("Remove templates?"),
            self.tr("{templates} of the library are needed by no version.").format(
                templates=words.count(len(names), "template")
            ),
            self.tr("{names}. Those that were made for the library are destroyed with their disks.").format(
                names=words.listing(tuple(names))
            ),
            self.tr("Remove"),
        )
        try:
            if await answered(box):
                for console in self.consoles:
                    await LibraryDesk(console).remove_left()
        finally:
            self.dialog = None
        await self._read()

    def start(self, job: Coroutine[None, None, None], name: str) -> None:
        self.news.hide()
        self._jobs.start(told_in(self.news, job), name)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.renew()
