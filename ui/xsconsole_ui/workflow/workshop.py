"""What stands around the canvas: inspector, findings, outline, sheets. It hears what the pool and the desk say."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QSplitter

from xsconsole.console import Console, Estate, read_key
from xsconsole.console.publication.approvals import read_asked
from xsconsole.domain.drafts import Draft
from xsconsole.domain.enrolment import KeyFile, enrolled
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.findings import Finding
from xsconsole.domain.workflow.history import History
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dialogs import answered
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.own_key import OwnKeyDialog, key_kinds
from xsconsole_ui.papers import Papers
from xsconsole_ui.promotion.inspector import Inspector
from xsconsole_ui.situation import Design
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.beginning import begun, known_keys, person_of, starts
from xsconsole_ui.workflow.comparing import CompareDialog
from xsconsole_ui.workflow.drafts_dialog import DraftsDialog
from xsconsole_ui.workflow.enrolling import EnrolDialog
from xsconsole_ui.workflow.findings_panel import FindingsPanel
from xsconsole_ui.workflow.forms.draft_tree import DraftTree
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.inspector.draft_inspector import DraftInspector
from xsconsole_ui.workflow.keys_sheet import KeysSheet
from xsconsole_ui.workflow.outline.panel import OutlinePanel
from xsconsole_ui.workflow.place import WorkflowPlace
from xsconsole_ui.workflow.publishing.decide_dialog import DecideDialog
from xsconsole_ui.workflow.publishing.said import NOTHING_SAID
from xsconsole_ui.workflow.publishing.sheet import PublishSheet
from xsconsole_ui.workflow.split_banner import SplitBanner
from xsconsole_ui.workflow.versions import more_versions, versions_at_hand
from xsconsole_ui.workflow.walking import WalkDialog

GATHER_MS = 500
GRAPH_AND_OUTLINE = (0.42, 0.58)  # of the width


class Workshop(QObject):
    """Brings together the place, its inspector and the console."""

    def __init__(
        self,
        console: Estate,
        bridge: Bridge,
        place: WorkflowPlace,
        inspector: Inspector,
        jobs: Jobs,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._bridge, self._jobs = bridge, jobs
        self._console, self._place, self._panel = console, place, inspector
        self.desk = place.desk
        self._said = NOTHING_SAID
        tree = DraftTree()
        self.inspector = DraftInspector(self.desk, self.surroundings, inspector, tree=tree)
        self.inspector.hide()  # until it is a page, it would lie over the one on show
        place.lend_keys(self.inspector)
        self.inspector.titled.connect(self._show_inspector)
        self.desk.selection_changed.connect(self._come_forward)
        self.findings = FindingsPanel(self.desk, place)
        self.findings.jumped.connect(self._jump)
        place.add_below(self.findings)
        self.banner = SplitBanner(place)
        self.banner.mend_wanted.connect(self._bring_up)
        self.banner.compare_wanted.connect(self._compare)
        self.banner.settle_wanted.connect(self._publish)
        place.add_above(self.banner)
        bridge.layout_changed.connect(self._look_at_versions)
        bridge.link_changed.connect(self._look_at_versions)
        self.outline = OutlinePanel(self.desk, self.surroundings, place, tree=tree)
        self.outline.hide()
        self.outline.rest()
        place.add_beside(self.outline)
        place.designer.offer(Design.OUTLINE, self._toggle_outline)
        place.designer.offer(Design.PUBLISH, self._publish)
        place.designer.offer(Design.DECIDE, self._decide)
        place.designer.offer(Design.TAKE_KEY, self._take_key)
        place.designer.offer(Design.DRAFTS, self._drafts)
        place.designer.offer(Design.COMPARE, self._compare)
        place.designer.offer(Design.WALK_THROUGH, self._walk)
        place.designer.offer(Design.KEYS, self._show_keys)
        self._soon = QTimer(self)  # what is checked against the pools, once what arrives together has arrived
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self._look_anew)
        bridge.inventory_changed.connect(self._look_soon)
        bridge.link_changed.connect(self._look_soon)
        bridge.inventory_changed.connect(self.inspector.renew_around_soon)
        bridge.link_changed.connect(self.inspector.renew_around_soon)
        place.hand.opened.connect(self._take_keyboard)
        place.installEventFilter(self)

    def surroundings(self) -> Surroundings:
        """Return the pools as they are now."""
        identity, keys = self._console.identity, known_keys(self._console)
        if identity is None:
            return Surroundings(keys=keys)
        return Surroundings.of(identity.pool, self._console.inventories, keys)

    @Slot()
    def _look_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _look_anew(self) -> None:
        if self._place.isVisible():
            self._look_at_versions()
            self.desk.find_by(self._console.publishing.findings)
            self.outline.renew_around()

    @Slot()
    def _look_at_versions(self) -> None:
        if self._place.isVisible():
            self.banner.show_split(self._console.publishing.split())

    def _toggle_outline(self) -> None:
        """Show the outline and give it the keyboard, or the graph alone."""
        is_shown = self.outline.isHidden()
        (self.outline.wake if is_shown else self.outline.rest)()
        self.outline.setVisible(is_shown)
        beside = self.outline.parentWidget()
        if is_shown and isinstance(beside, QSplitter):
            beside.setSizes([int(beside.width() * part) for part in GRAPH_AND_OUTLINE])
        (self.outline.view if is_shown else self._place.canvas).setFocus()

    # Sheets.

    @Slot()
    def _publish(self) -> None:
        self._jobs.start(answered(self.publish_sheet()), "publish the workflow")

    @Slot()
    def _bring_up(self) -> None:
        split = self._console.publishing.split()
        if split is not None:
            self._jobs.start(answered(self.publish_sheet(split.newest)), "bring pools up")

    def bring_together(self) -> None:
        """Bring all pools up to the newest version, and give it to the first that has none.

        Where it does not bind those that differ, a draft can: it is published where there is one.
        """
        bare = next(iter(self._console.bare), None)
        if self._console.publishing.split() is not None:
            self._bring_up()
        elif bare is not None:
            sheet = self.publish_sheet(self._console.board.workflow, to=bare)
            self._jobs.start(answered(sheet), "publish the workflow to one more pool")
        elif self.desk.is_changed:
            self._publish()

    def publish_sheet(self, standing: Workflow | None = None, to: Console | None = None) -> PublishSheet:
        """Return a sheet for the draft as it is; it follows what is done to it. Or one for a version that stands."""
        window = self._place.window()
        said = self._said if standing is None else NOTHING_SAID
        sheet = PublishSheet(
            self._console, self._bridge, self.desk, self._jobs, window, standing=standing, to=to, said=said
        )
        sheet.went_on.connect(self._place.said)
        if standing is not None:
            sheet.finished.connect(self._look_at_versions)
            return sheet
        sheet.rejected.connect(self._remember_said)
        sheet.rebased.connect(self._go_on_from)
        sheet.published.connect(self._begin_anew)
        return sheet

    @Slot()
    def _remember_said(self) -> None:
        """Keep what was said on a sheet that was left without publishing."""
        sheet = self.sender()
        if isinstance(sheet, PublishSheet):
            self._said = sheet.said

    def _decide(self) -> None:
        papers = Papers(self._place.window())
        asked = papers.read(self.tr("Open a request to publish"), self.open_request)
        self._jobs.start(asked, "decide on a publication")

    async def open_request(self, path: str) -> None:
        """Show a request to publish that came as a file, and let it be decided on; a refusal is told.

        Raises:
            Refused: it is forged, damaged, or another kind of file.
        """
        dialog = DecideDialog(await read_asked(path), self._console.home, self._jobs, self._place.window())
        if await answered(dialog):
            self._place.said.emit(self.tr("The decision is written: give it to whoever asked."))

    def show_key(self, come: Callable[[], None]) -> None:
        """Show by what this console signs. `come` shows the designer, where it is to be pinned in the draft."""
        self._jobs.start(self._show_key(come), "show this console's key")

    async def _show_key(self, come: Callable[[], None]) -> None:
        dialog = OwnKeyDialog(self._console, self._jobs, self._place.window())
        if await answered(dialog):
            come()
            await self.enrol(dialog.file)

    def _take_key(self) -> None:
        papers = Papers(self._place.window(), key_kinds(), "key")
        self._jobs.start(papers.read(self.tr("Take in a key"), self.take_key), "take in a key")

    async def take_key(self, path: str) -> None:
        """Let the key of a file be pinned to a person of the draft.

        Raises:
            Refused: the file holds no key, or who made it does not have it.
        """
        await self.enrol(await read_key(path))

    async def enrol(self, file: KeyFile) -> None:
        """Let a key be pinned to a person of the draft. It counts once that is published."""
        is_own = file.fingerprint == self._console.home.key_fingerprint
        dialog = EnrolDialog(file, self.desk.workflow, self._place.window(), is_own=is_own)
        if not await answered(dialog):
            return
        label = self.tr("Pin a key to {name}").format(name=steps.named(dialog.called))
        if self.desk.edit(label, lambda workflow: enrolled(workflow, file, dialog.person)[0]):
            self.desk.select()
            told = self.tr("The key is pinned to {name} in the draft. It counts once that is published.")
            self._place.said.emit(told.format(name=dialog.called))

    def _compare(self) -> None:
        self._jobs.start(answered(self.compare_dialog()), "compare versions")

    def compare_dialog(self) -> CompareDialog:
        """Return the draft beside what is published; any two versions and drafts can be chosen."""
        console, desk = self._console, self.desk
        at_hand = versions_at_hand(console, desk)
        return CompareDialog(desk, at_hand, self._jobs, self._place.window(), more=lambda: more_versions(console, desk))

    def _walk(self) -> None:
        self._jobs.start(answered(self.walk_dialog()), "walk through")

    def walk_dialog(self) -> WalkDialog:
        return WalkDialog(self._console, self.desk, self._console.home.clock.now(), self._place.window())

    def _show_keys(self) -> None:
        KeysSheet(self._place.window()).show()

    def _drafts(self) -> None:
        self._jobs.start(answered(self.drafts_dialog()), "choose a draft")

    def drafts_dialog(self) -> DraftsDialog:
        home = self._console.home
        dialog = DraftsDialog(
            home.drafts if home.has_drafts else None,
            lambda: starts(self._console),
            lambda: self.desk.workflow,
            self._jobs,
            self._place.window(),
        )
        dialog.begun.connect(self._begin)
        dialog.resumed.connect(self._resume)
        return dialog

    @Slot(object)
    def _resume(self, draft: Draft) -> None:
        """Go on with a draft that was kept."""
        self._said = NOTHING_SAID
        self.desk.select()  # nothing of another draft
        self._place.keeper.resume(draft)
        self._place.look_anew()

    @Slot(object, str)
    def _begin(self, chosen: Workflow, name: str) -> None:
        """Begin another draft, to follow what is published; the one on the desk is kept as it is."""
        published = self._published
        self._said = NOTHING_SAID
        self.desk.select()  # nothing of another draft
        self._place.keeper.let_go()
        if chosen == published:
            self.desk.open(chosen)
        else:
            history, base = begun(chosen, name, published, person_of(self._console))
            self.desk.resume(history, base=base)
        self._place.look_anew()

    @property
    def _published(self) -> Workflow | None:
        board = self._console.board
        return board.workflow if board.is_published else None

    @Slot(str, object, object)
    def _go_on_from(self, label: str, merged: Workflow, standing: Workflow) -> None:
        """Go on with a draft that has what was published meanwhile in it."""
        self._let_go()
        self.desk.resume(History(base=standing).do(label, merged), base=standing)

    @Slot(object)
    def _begin_anew(self, published: Workflow) -> None:
        """The draft is published: it is nobody's draft any more."""
        self._said = NOTHING_SAID
        self._let_go()
        self.desk.open(published)

    def _let_go(self) -> None:
        keeper = self._place.keeper
        draft = keeper.draft
        keeper.let_go()
        if draft is not None:
            self._jobs.start(self._console.home.drafts.delete(draft.id), "delete the draft")

    @Slot(object)
    def _jump(self, finding: Finding) -> None:
        self._place.show_thing(finding.stage, finding.transition)

    @Slot()
    def _show_inspector(self) -> None:
        if self._place.isVisible():
            self._panel.show_instead(self.inspector, self.inspector.title, self.inspector.caption)

    @Slot()
    def _come_forward(self) -> None:
        if self._place.isVisible():
            self._panel.show_instead(self.inspector, self.inspector.title, self.inspector.caption, is_new=True)

    @Slot()
    def _take_keyboard(self) -> None:
        self._come_forward()
        self.inspector.form.focus_first()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show:
            self._come_forward()
            self._look_soon()
        elif event.type() is QEvent.Type.Hide:
            self._panel.show_instead(None)
        return super().eventFilter(watched, event)
