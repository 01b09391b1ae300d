"""What actions do with the window: the one implementation of `actions.Hands`."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QAction

from xsconsole.console import Console, Estate, Verb, moves_to
from xsconsole.domain import words
from xsconsole.domain.acts import Act, ObjectId
from xsconsole.domain.closures import ClosureKind
from xsconsole.domain.ids import ConfigurationId, RunId, StageId
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Kind
from xsconsole.engine.commands import Direction, Emergency, OfService, Plannable, Together
from xsconsole.errors import Barred, Refused
from xsconsole_ui import membership
from xsconsole_ui.actions import command_to
from xsconsole_ui.board.board_view import BoardView
from xsconsole_ui.board.column_freezes import ColumnFreezes
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.closures import ClosureDesk
from xsconsole_ui.comparing import CompareDialog, LineageDialog
from xsconsole_ui.dialogs import answered
from xsconsole_ui.drifting import DriftDesk
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.mnemonics import verbatim
from xsconsole_ui.objects.act_desk import ActDesk
from xsconsole_ui.outside import OutsideDesk
from xsconsole_ui.promotion.batch_dialog import BatchDialog
from xsconsole_ui.promotion.desk import Desk
from xsconsole_ui.promotion.points import PointsDialog
from xsconsole_ui.promotion.queueing import Queueing
from xsconsole_ui.provisioning import ProvisionDesk
from xsconsole_ui.service_desk import ServiceDesk
from xsconsole_ui.situation import About, ByFile, Design, Situation
from xsconsole_ui.ways_menu import WaysMenu

if TYPE_CHECKING:
    from xsconsole_ui.main_window import MainWindow


class WindowHands(QObject):
    """Every act of the user that is more than looking goes through the desk."""

    def __init__(
        self,
        window: "MainWindow",
        console: Estate,
        desk: Desk,
        act_desk: ActDesk,
        board: BoardView,
        bridge: Bridge,
        jobs: Jobs,
    ) -> None:
        super().__init__(window)
        self._act_desk = act_desk
        self._window, self._console = window, console
        self._desk, self._board, self._bridge = desk, board, bridge
        self.comparison: CompareDialog | None = None  # while it is open
        self.batch: BatchDialog | None = None  # the last one
        self._jobs = jobs
        self._queueing = Queueing(console, jobs, board, window)
        self._services = ServiceDesk(console, jobs, self, window)
        self.closures = ClosureDesk(console, jobs, window)
        self.drift = DriftDesk(console, bridge, jobs, desk, window)
        self.outside = OutsideDesk(console, bridge, jobs, window.notices, board.delegate, window.show_rows, window)
        ColumnFreezes(lambda: board.lanes, console, bridge, self)
        self.provisions = ProvisionDesk(console, bridge, jobs, self, board, window)
        self.targets_menu, self.urgent_menu, self._shows_only = WaysMenu(board, window), WaysMenu(board, window), False
        for menu, chosen in ((self.targets_menu, self._go_to_target), (self.urgent_menu, self._declare_to)):
            menu.triggered.connect(chosen)

    @property
    def _situation(self) -> Situation:
        return self._window.actions_.situation

    def ask(self, command: Plannable, *, show_only: bool = False) -> None:
        self._desk.ask(command, show_only=show_only)

    @Slot(object)
    def take(self, command: Plannable | Together) -> None:
        """Take what was dropped: one card, or several."""
        if isinstance(command, Together):
            self.ask_together(command)
        else:
            self.ask(command)

    def ask_together(self, together: Together) -> None:
        """Lay one plan of several before the user."""
        if self.batch is not None and self.batch.isVisible():
            self.batch.raise_()
            self._window.status.say(self.tr("Several are on their way already: let that end, or close it."))
            return
        if self.batch is not None and self.batch.planned.is_over:
            self.batch.deleteLater()
        self.batch = BatchDialog(self._console, self._bridge, self._jobs, together, self._window)
        self.batch.show()

    def settle(self, configuration: ConfigurationId, direction: Direction) -> None:
        self._desk.settle(configuration, direction)

    def choose_target(self, kind: Kind | None, *, show_only: bool = False) -> None:
        """Offer the stages a way leads to, or only to show their plans; those that are closed say why."""
        situation, self._shows_only = self._situation, show_only
        self.targets_menu.clear()
        if len(situation.cards) > 1:
            self._offer_together(situation, kind)
            return
        onward = [target for target in situation.targets if target.kind is Kind.PROMOTE and kind is not Kind.DEMOTE]
        back = [target for target in situation.targets if target.kind is Kind.DEMOTE and kind is not Kind.PROMOTE]
        for target in (*onward, *reversed(back)):  # the nearest way back first
            verb = self.tr("Promote to") if target.kind is Kind.PROMOTE else self.tr("Demote to")
            verb = self.tr("Show the plan: {verb}").format(verb=verb.lower()) if show_only else verb
            why_not = words.refusal(target.refusal) if target.refusal is not None else ""
            self._add_way(self.targets_menu, verb, target, "" if show_only and target.plan is not None else why_not)
        # Enter alone leads back only where ways back were asked for.
        self.targets_menu.open_at_card(None if kind is Kind.DEMOTE or show_only else len(onward))

    def _add_way(self, menu: WaysMenu, verb: str, target: Target, why_not: str) -> None:
        menu.add_way(f"{verb} {verbatim(self._situation.stage_name(target))}", str(target.stage), why_not)

    def _offer_together(self, situation: Situation, kind: Kind | None) -> None:
        """Offer the stages that a way leads to from all selected cards."""
        onward = len(situation.shared_ways(Kind.PROMOTE))
        for one in (Kind.PROMOTE, Kind.DEMOTE) if kind is None else (kind,):
            verb = self.tr("Promote all to") if one is Kind.PROMOTE else self.tr("Demote all to")
            for stage in situation.shared_ways(one):
                self.targets_menu.add_way(f"{verb} {verbatim(stage.name)}", str(stage.id))
        if self.targets_menu.isEmpty():
            self.targets_menu.addAction(self.tr("No way leads from all of them to one stage")).setEnabled(False)
        self.targets_menu.open_at_card(onward if kind is None else None)

    def declare(self) -> None:
        """Offer the ways out of the stage as an emergency; those that one cannot go say why."""
        situation = self._situation
        self.urgent_menu.clear()
        for target in situation.targets:
            command = command_to(situation, target)
            if command is None:
                continue
            verb = self.tr("Emergency: promote to") if target.kind is Kind.PROMOTE else self.tr("Emergency: demote to")
            why_not = self._desk.why_not(replace(command, emergency=Emergency()))
            self._add_way(self.urgent_menu, verb, target, why_not)
        self.urgent_menu.open_at_card()

    @Slot(QAction)
    def _declare_to(self, chosen: QAction) -> None:
        target = next((target for target in self._situation.targets if target.stage == chosen.data()), None)
        command = command_to(self._situation, target) if target is not None else None
        if command is not None:
            self._desk.ask(replace(command, emergency=Emergency()), show_only=True)

    @Slot(QAction)
    def _go_to_target(self, chosen: QAction) -> None:
        situation = self._situation
        if len(situation.cards) > 1 and situation.workflow is not None:
            self.ask_together(moves_to(situation.cards, StageId(str(chosen.data())), situation.workflow))
            return
        target = next((target for target in self._situation.targets if target.stage == chosen.data()), None)
        command = command_to(self._situation, target) if target is not None else None
        if command is not None:
            self._desk.ask(command, show_only=self._shows_only)

    def compare(self) -> None:
        """Compare the first two of the selected cards; one alone with its counterpart, or with its past."""
        chosen = tuple(card.id for card in self._situation.cards[:2])
        if self.comparison is None:
            self.comparison = CompareDialog(self._console, self._bridge, self._jobs, chosen, self._window)
            self._jobs.start(self._show_comparison(self.comparison), "compare configurations")

    async def _show_comparison(self, dialog: CompareDialog) -> None:
        try:
            await answered(dialog)
        finally:
            self.comparison = None

    def show_lineage(self) -> None:
        """Show what the selected card was copied from, and what was copied from it."""
        card = self._situation.card
        if card is not None:
            dialog = LineageDialog(self._console, self._bridge, self._jobs, card.id, self._window)
            dialog.wanted.connect(self._board.select)
            self._jobs.start(answered(dialog), "show a lineage")

    def show_drift(self) -> None:
        """Show how the selected card differs from what it is meant to be like."""
        self.drift.show(self._situation.card)

    def show_outside(self) -> None:
        """Show what of the selected card was changed outside of this console."""
        if self._situation.card is not None:
            self.outside.show(self._situation.card.id)

    def acknowledge_outside(self) -> None:
        self.outside.acknowledge(self._situation.card)

    def show_fence(self) -> None:
        """Show the map of the fence around the selected card."""
        if self._situation.card is not None:
            self.show_fence_of(self._situation.card.id)

    @Slot(object)
    def show_fence_of(self, configuration: ConfigurationId) -> None:
        self._window.go("fences")
        self._window.fences.show_fence(configuration)

    def queue(self) -> None:
        """Ask whether the selected card shall wait for a place; take one that waits out."""
        self._queueing.ask(self._situation)

    def ask_later(self) -> None:
        """Lay before the user what can be asked for now and begins once nothing bars it any more."""
        situation = self._situation
        for target in situation.later_ways[:1]:
            command = command_to(situation, target)
            if command is not None and isinstance(target.refusal, Barred) and target.refusal.until is not None:
                self._desk.ask_later(command, target.refusal.until)

    def create(self) -> None:
        console = self._owner_of_vms()
        if console is not None:
            self._open(membership.CreateDialog(console, self._situation.vms, self._window))

    def _owner_of_vms(self) -> Console | None:
        """Return the console of the selected machines' pool; say why not where they are of several."""
        try:
            return self._console.of_vms(self._situation.vms)
        except Refused as refusal:
            self._window.notices.tell_error(refusal)
            return None

    def add_members(self) -> None:
        card = self._situation.card
        owner = self._owner_of_vms() if card is not None and self._situation.vms else None
        if card is not None and owner is not None and owner is not self._console.of_card(card.id):
            self._window.notices.tell_error(
                Refused(
                    reason=self.tr("The selected machines are not of the pool of {name}.").format(name=card.name),
                    mend=self.tr("A configuration lives in one pool: choose machines of that one."),
                )
            )
        elif card is not None and (owner is not None or not self._situation.vms):
            self._open(membership.AddDialog(self._console.of_card(card.id), card, self._situation.vms, self._window))

    def ask_about(self, what: About) -> None:
        self._services.ask(what, self._situation)

    def ask_each(self, commands: tuple[OfService, ...]) -> None:
        self._services.ask_each(commands)

    def adopt(self) -> None:
        """Take the clones of the selected configuration in, or make it whole."""
        self._adopt(self._situation.to_adopt)

    def clean(self) -> None:
        """Take the mark of the selected configuration off its clones."""
        self._clean(self._situation.with_strays)

    @Slot()
    def adopt_strays(self) -> None:
        """Take clones in, of the selected configuration first: who asks here means the clones, whosever they are."""
        if self._may_change():
            self._adopt(self._owner_of_strays())

    @Slot()
    def clean_strays(self) -> None:
        if self._may_change():
            self._clean(self._owner_of_strays())

    def _owner_of_strays(self) -> ConfigurationId | None:
        situation = self._situation
        return situation.with_strays or next(iter(situation.stray_owners), None)

    @property
    def why_no_change(self) -> str:
        """Why no configuration can be changed now; empty where it can be."""
        situation = self._situation
        return situation.denials.get(Verb.CHANGE) or ("" if situation.is_live else self.tr("The pool is away."))

    def _may_change(self) -> bool:
        if self.why_no_change:
            self._window.status.say(self.why_no_change)
        return not self.why_no_change

    def _adopt(self, configuration: ConfigurationId | None) -> None:
        if configuration is not None:
            self._board.select(configuration)
            self._open(membership.AdoptDialog(self._console.of_card(configuration), configuration, self._window))

    def _clean(self, configuration: ConfigurationId | None) -> None:
        card = self._console.board.cards.get(configuration) if configuration is not None else None
        if card is None:
            self._window.notices.tell("warn", self.tr("The configuration of these clones is not on this pool."), "")
            return
        self._board.select(card.id)
        self._open(membership.CleanDialog(self._console.of_card(card.id), card, self._window))

    def provision(self) -> None:
        card = self._situation.card
        self.provisions.ask(card.stage if card is not None else None)

    def archive(self) -> None:
        if self._situation.card is not None:
            self._window.archive.ask_where(self._situation.card)

    @Slot(object, object)
    def remove_points(self, configuration: ConfigurationId, points: tuple[RunId, ...] = ()) -> None:
        """Let the user choose restore points that are to go; `points` are ticked already."""
        card = self._console.board.cards.get(configuration)
        if card is not None:
            self._board.select(card.id)
            self._open(PointsDialog(self._console.of_card(card.id), card, points, self._window))

    def close_by_hand(self, kind: ClosureKind) -> None:
        self.closures.by_hand(kind, self._situation.card)

    def lift_freeze(self) -> None:
        """Lift the freeze there is; of several, the one that is chosen."""
        self.closures.lift_freeze(self._board.mapToGlobal(QPoint(40, 40)))

    def _open(self, dialog: membership.MembershipDialog) -> None:
        self._jobs.start(self._ask_by(dialog), "ask about members")

    async def _ask_by(self, dialog: membership.MembershipDialog) -> None:
        if await answered(dialog) and dialog.command is not None:
            self._desk.ask(dialog.command, show_only=True)

    def act(self, act: Act, objects: tuple[ObjectId, ...]) -> None:
        self._act_desk.ask(act, objects)

    def design(self, what: Design) -> None:
        """Do it in the designer, and show that: it can be asked for from anywhere."""
        if not self._window.workflow.isVisible():
            self._window.go("workflow")
        self._window.workflow.designer.do(what)

    @Slot()
    def bring_together(self) -> None:
        """Show the workflow, and what brings pools of different versions together."""
        self._window.go("workflow")
        self._window.workshop.bring_together()

    def connect_to_pool(self) -> None:
        self._window.connecting.ask()

    def leave_pool(self) -> None:
        bar = self._window.bar.pools
        self._window.connecting.leave(bar.mapToGlobal(bar.rect().bottomLeft()))

    def show_key(self) -> None:
        self._window.workshop.show_key(lambda: self._window.go("workflow"))

    def by_file(self, what: ByFile) -> None:
        filing = self._window.inbox.filing
        (filing.decide if what is ByFile.DECIDE else filing.take_in)()

    def find(self) -> None:
        self._window.bar.field.setFocus()
        self._window.bar.field.selectAll()

    def go(self, place: str) -> None:
        self._window.go(place)

    def toggle_list(self) -> None:
        """Show the board as a list, or as columns again."""
        self._window.go("board")
        self._board.show_list(is_list=not self._board.looking.is_list)
        self._window.situate()

    def filter_cards(self) -> None:
        self._window.go("board")
        self._board.bar.filter.setFocus()

    def collapse_column(self) -> None:
        """Show the columns, and collapse the one with the keyboard or the selected card, or open it again."""
        if not self._board.isVisible():
            self._window.go("board")
        stage, looking = self._board.current_stage, self._board.looking
        if looking.is_list:
            self._window.status.say(self.tr("The board is shown as a list: show its columns first (Ctrl+L)."))
        elif stage is None:
            self._window.status.say(self.tr("Go into a column first."))
        else:
            self._board.walking.collapse(stage)

    def walk_panels(self) -> None:
        self._window.walk_panels()

    def toggle_theme(self) -> None:
        self._window.theme.toggle()

    def restore_panels(self) -> None:
        self._window.restore_panels()

    def quit(self) -> None:
        self._window.close()
