"""The place of the fences: a list of them, and the maps of those that are selected, side by side."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from xsconsole.console import Console, Estate, Verb, fences
from xsconsole.domain import words
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.fence.picture import Picture, Place, picture
from xsconsole.domain.fence.state import State
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import Network
from xsconsole.engine.commands import Redeploy
from xsconsole_ui import pieces
from xsconsole_ui import theme as look
from xsconsole_ui.bridge import Bridge
from xsconsole_ui.dialogs import answered
from xsconsole_ui.fences.change_dialogs import ConnectDialog, PortsDialog
from xsconsole_ui.fences.columns import FENCES, NAME, SPARE, FenceRow, columns_of_fences, fence_rows, told
from xsconsole_ui.fences.ground_dialog import GroundDialog
from xsconsole_ui.fences.map_view import FenceMap
from xsconsole_ui.fences.rules_dialog import RulesDialog
from xsconsole_ui.fences.undeploy_dialog import UndeployDialog
from xsconsole_ui.filtered_list import FilteredList
from xsconsole_ui.flow import Flow
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.list_acts import ListActs, allow
from xsconsole_ui.membership.dialogs import MembershipDialog
from xsconsole_ui.scrolling import ScrollPage
from xsconsole_ui.theme import Theme

LEAST_NAME = 80  # px
LIST_HEIGHT = 168  # px, at first; the maps have the rest
MOST_MAPS = 6  # side by side


class FencePlace(pieces.Panel):
    """Follows the fences while it is there. Several that are selected are looked at side by side."""

    said = Signal(str)
    card_wanted = Signal(object)  # ConfigurationId, to be shown on the board
    wanted = Signal(object)  # a command about a fence, to be shown as a plan
    object_wanted = Signal(object)  # ObjectId, to be shown in the inspector

    def __init__(
        self, console: Estate, theme: Theme, bridge: Bridge, jobs: Jobs, parent: QWidget | None = None
    ) -> None:
        super().__init__(self.tr("Fences"), parent=parent)
        self._console, self._jobs = console, jobs
        self.dialog: RulesDialog | MembershipDialog | GroundDialog | None = None  # while it is open
        self.maps: list[FenceMap] = []
        self._all: tuple[FenceRow, ...] = ()  # whatever the filter lets through
        empty = (
            self.tr("No fences yet"),
            self.tr(
                "A fence lets a clone run beside its original with the same addresses, and nothing leaks. Say what "
                "fences are built on (Ground…), then choose Deploy in a fence… in the menu of a card."
            ),
        )
        self.list = FilteredList(
            self.tr("Fences"),
            columns_of_fences(),
            FENCES,
            empty,
            self,
            spare=SPARE,
            growing=NAME,
            told=told,
            least_words=LEAST_NAME,
            key=lambda row: row.configuration,
            is_told_below=False,
        )
        self.ground = pieces.button(self.tr("&Ground…"), "quiet", self)
        self.ground.setToolTip(self.tr("What fences are built on: outside network, addresses, router, subnets"))
        self.ground.clicked.connect(self._show_ground)
        self.header.add_control(self.ground)
        buttons = QWidget(self)
        row = Flow(buttons)
        row.setContentsMargins(look.MARGIN, look.GAP, look.MARGIN, 0)
        row.setSpacing(look.GAP)
        self.body.addWidget(buttons)
        acts = ListActs(self.list.view, row, self)
        self.rules = acts.offer(self.tr("Rules…"), self._show_rules)
        self.beside = acts.offer(self.tr("Side by side"), self._show_siblings)
        self.ports = acts.offer(self.tr("Ports…"), self._change_ports)
        self.connect_ = acts.offer(self.tr("Connect…"), self._connect)
        self.redeploy = acts.offer(self.tr("Redeploy…"), self._redeploy)
        self.undeploy = acts.offer(self.tr("Undeploy…"), self._undeploy)
        self.to_board = acts.offer(self.tr("Show on the board"), self._go_to_card)
        self._lay_out()
        self.list.view.selectionModel().selectionChanged.connect(self._look)
        self.list.filter.asked.connect(self._look)  # what is selected may stay so, and who is beside it may go
        self.list.opened.connect(self._show_rules)
        bridge.fences_changed.connect(self.renew)
        bridge.layout_changed.connect(self.renew)
        theme.changed.connect(self.update)
        self.renew()

    def _lay_out(self) -> None:
        self.page = QWidget(self)
        stacked = QVBoxLayout(self.page)
        stacked.setContentsMargins(0, 0, 0, 0)
        stacked.setSpacing(0)
        stacked.addWidget(self.list.whole)  # it scrolls with the maps: in a low window the list has its rows
        self._row = QHBoxLayout()
        stacked.addLayout(self._row, 1)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self.pages = ScrollPage(self.page, self)
        self.pages.setAccessibleName(self.tr("Maps of the selected fences"))
        halves = QSplitter(Qt.Orientation.Vertical, self)
        halves.setChildrenCollapsible(False)
        below = QWidget(halves)
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(pieces.Line(below))
        column.addWidget(self.pages, 1)
        halves.addWidget(self.list)
        halves.addWidget(below)
        halves.setStretchFactor(1, 1)
        halves.setSizes([LIST_HEIGHT, 4 * LIST_HEIGHT])
        self.body.addWidget(halves, 1)

    @property
    def chosen(self) -> FenceRow | None:
        """The one that is selected; None where none is, or several."""
        return self.list.chosen

    @Slot()
    def renew(self) -> None:
        """Show the fences as they stand now; the first one is selected where none is."""
        self._all = rows = fence_rows(self._console)
        self.list.name_pools(self._console.pool_names)
        self.list.show_all(rows)
        leaking = sum(row.state is State.BREACHED for row in rows)
        self.header.set_caption(self.tr("{n} not tight").format(n=leaking) if leaking else "")
        if rows and not self.list.selected():
            self.list.view.selectRow(0)
        self._look()

    def show_fence(self, configuration: ConfigurationId) -> bool:
        """Select the fence of a configuration; whether there is one."""
        for at in range(self.list.model.rowCount()):
            row = self.list.model.row(at)
            if row is not None and row.configuration == configuration:
                self.list.view.selectRow(at)
                return True
        return False

    @Slot()
    def _look(self) -> None:
        chosen = self.list.selected()
        self._show_maps(chosen[:MOST_MAPS])
        one = self.chosen
        none = "" if one is not None else self.tr("Select one fence first.")
        if len(chosen) > 1:
            none = self.tr("{n} fences are selected: select only one.").format(n=len(chosen))
        siblings = self._siblings(one) if one is not None else []
        alone = ""
        if one is not None and len(siblings) < 2:
            is_hidden = any(other is not one and self._are_siblings(one, other) for other in self._all)
            hidden = self.tr("The filter hides the other fences of {origin}.")
            alone = hidden if is_hidden else self.tr("It is the only fence of {origin}.")
        allow(self.rules, none)
        allow(self.beside, none or alone.format(origin=one.origin if one is not None else ""))
        away = self._why_no_change(one)
        fence = one.watched.standing.fence if one is not None else None
        shut = "" if fence is not None and fence.reachable else self.tr("Nothing leads in from outside.")
        isolated = "" if fence is not None and fence.is_open else self.tr("It is isolated.")
        beside = [other for other in self._all if one is not None and self._is_in_pool_of(one, other)]
        apart = "" if len(beside) > 1 else self.tr("There is no other fence.")
        allow(self.ports, none or away or shut)
        allow(self.connect_, none or away or isolated or apart)
        allow(self.redeploy, none or away)
        allow(self.undeploy, none or away)
        lost = self.tr("Its configuration is gone from the board.") if one is not None and one.is_lost else ""
        allow(self.to_board, none or lost)

    def _why_no_change(self, row: FenceRow | None) -> str:
        if row is None:
            return ""
        console = self._console.of_card(row.configuration)
        denial = console.denial(Verb.FENCE)
        return words.refusal(denial) if denial is not None else ""

    def _show_maps(self, rows: Sequence[FenceRow]) -> None:
        while len(self.maps) > max(1, len(rows)):
            gone = self.maps.pop()
            self._row.removeWidget(gone)
            gone.deleteLater()
        while len(self.maps) < len(rows):
            made = FenceMap(self.page)
            made.looked_at.connect(self._bring_in)
            made.opened.connect(self._open)
            made.reach_wanted.connect(self._copy_reach)
            self._row.addWidget(made, 1, Qt.AlignmentFlag.AlignTop)
            self.maps.append(made)
        self.page.setVisible(bool(rows))
        for shown, row in zip(self.maps, rows, strict=False):
            shown.show_picture(self._picture(row))

    def _picture(self, row: FenceRow) -> Picture:
        watched, fencing = row.watched, self._console.fencing
        inventory = fencing.inventory_of(watched) if fencing is not None else None
        uuid = watched.standing.site.outside
        network = inventory.by_uuid(Network, uuid) if inventory is not None and uuid is not None else None
        name = network.name_label if network is not None else ""
        return picture(watched, name, row.work)

    def _siblings(self, row: FenceRow) -> list[int]:
        """Return where in the list the fences of the same origin are, itself too."""
        rows = ((at, self.list.model.row(at)) for at in range(self.list.model.rowCount()))
        return [at for at, one in rows if one is not None and self._are_siblings(row, one)]

    @staticmethod
    def _are_siblings(one: FenceRow, other: FenceRow) -> bool:
        return one.watched.standing.origin == other.watched.standing.origin

    def _is_in_pool_of(self, one: FenceRow, other: FenceRow) -> bool:
        return self._console.of_card(one.configuration) is self._console.of_card(other.configuration)

    @Slot(QRectF)
    def _bring_in(self, area: QRectF) -> None:
        shown = self.sender()
        if isinstance(shown, FenceMap):
            at = shown.mapTo(self.page, area.center().toPoint())
            self.pages.ensureVisible(at.x(), at.y(), round(area.width() / 2) + look.GAP, round(area.height() / 2))

    # What is asked for

    @Slot()
    def _show_siblings(self) -> None:
        """Select all fences of the same origin, and so see their maps side by side."""
        one = self.chosen
        if one is not None:
            model, view = self.list.model, self.list.view
            flag = view.selectionModel().SelectionFlag
            for at in self._siblings(one):
                view.selectionModel().select(model.index(at, 0), flag.Select | flag.Rows)

    @Slot()
    def _show_ground(self) -> None:
        """Edit what fences are built on, of the pool of the one that is selected, else of the first."""
        row = self.chosen
        console = self._console.of_card(row.configuration) if row is not None else self._console.pools.first
        self._jobs.start(self._ground_shown(console), "edit the ground of fences")

    async def _ground_shown(self, console: Console) -> None:
        self.dialog = dialog = GroundDialog(self._console, console, self._jobs, self.window())
        try:
            await answered(dialog)
        finally:
            self.dialog = None

    @Slot()
    def _show_rules(self) -> None:
        one = self.chosen
        if one is not None:
            self._jobs.start(self._rules_shown(one), "show the rules of a fence")

    async def _rules_shown(self, row: FenceRow) -> None:
        self.dialog = dialog = RulesDialog(row.watched.standing, self._jobs, self.window())
        try:
            await answered(dialog)
        finally:
            self.dialog = None

    @Slot()
    def _redeploy(self) -> None:
        if self.chosen is not None:
            self.wanted.emit(Redeploy(configuration=self.chosen.configuration))

    @Slot()
    def _undeploy(self) -> None:
        row = self.chosen
        if row is not None:
            console = self._console.of_card(row.configuration)
            self._ask(UndeployDialog(console, row.configuration, row.name, self.window()))

    @Slot()
    def _change_ports(self) -> None:
        row = self.chosen
        if row is not None:
            self._ask(PortsDialog(self._console.of_card(row.configuration), row.watched.standing, self.window()))

    @Slot()
    def _connect(self) -> None:
        row = self.chosen
        if row is not None:
            self._ask(ConnectDialog(self._console.of_card(row.configuration), row.watched.standing, self.window()))

    def _ask(self, dialog: MembershipDialog) -> None:
        self._jobs.start(self._asked(dialog), "ask about a fence")

    async def _asked(self, dialog: MembershipDialog) -> None:
        """Show a dialog about a fence, and want what it asks for."""
        self.dialog = dialog
        try:
            if await answered(dialog) and dialog.command is not None:
                self.wanted.emit(dialog.command)
        finally:
            self.dialog = None

    @Slot()
    def _go_to_card(self) -> None:
        if self.chosen is not None:
            self.card_wanted.emit(self.chosen.configuration)

    @Slot(object)
    def _open(self, place: Place) -> None:
        if place.vm is not None:
            self.object_wanted.emit(ObjectId(kind=Kind.VM, uuid=place.vm))

    @Slot(str)
    def _copy_reach(self, member: str) -> None:
        """Copy how to reach a member from outside: its address, its ports, its name."""
        shown = self.sender()
        row = next((row for map_, row in zip(self.maps, self.list.selected(), strict=False) if map_ is shown), None)
        if row is not None:
            standing = row.watched.standing
            way = fences.reach_of(standing, member)
            place = shown.current if isinstance(shown, FenceMap) else None
            head = self.tr("{member} of fence {name}").format(member=member, name=standing.fence.name)
            QGuiApplication.clipboard().setText("\n".join((head, way.sentence, *(place.lines if place else ()))))
            self.said.emit(self.tr("Copied: {text}").format(text=one_line(way.sentence)))
