"""The place in which the release process is designed: tools above, the graph, and room for what belongs to it."""

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMenu, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from xsconsole.console import Estate
from xsconsole.domain import words
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole_ui import pieces, workflow_actions
from xsconsole_ui.action_set import Actions, UserAction
from xsconsole_ui.announcing import Announcer
from xsconsole_ui.bridge import Bridge, Turns
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.jobs import Jobs
from xsconsole_ui.notices import Notices
from xsconsole_ui.situation import Action, DraftSituation
from xsconsole_ui.workflow.canvas import Canvas
from xsconsole_ui.workflow.designer import Designer
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.export import Exporter
from xsconsole_ui.workflow.faces import demands, in_words, ways_of
from xsconsole_ui.workflow.findings_panel import summary
from xsconsole_ui.workflow.hand import DrawingHand
from xsconsole_ui.workflow.keeper import Keeper
from xsconsole_ui.workflow.live import load_of
from xsconsole_ui.workflow.measures import DESIGNER
from xsconsole_ui.workflow.minimap import Minimap
from xsconsole_ui.workflow.paper import Paper
from xsconsole_ui.workflow.scene import Scene
from xsconsole_ui.workflow.tool_row import ToolRow


class EmptySheet(pieces.EmptyPlace):
    """The sheet before its first stage: a double click begins there as it does on any sheet."""

    doubled = Signal()

    def __init__(self, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(title, text, parent)
        for label in (self._title, self._text):  # also on the words, which would be marked instead
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.doubled.emit()
        event.accept()


class WorkflowPlace(QWidget):
    """Shows the draft of its desk, and gives its actions the keyboard while something in it has it."""

    said = Signal(str)
    zoom_told = Signal(str)
    situation_changed = Signal()
    load_changed = Signal(object)  # Load: what stands in the stages and runs along the transitions
    foot: QWidget | None = None

    def __init__(
        self, console: Estate, bridge: Bridge, actions: Actions, jobs: Jobs, notices: Notices, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._console, self._actions, self._jobs = console, actions, jobs
        self._has_looked_for_draft = False
        self._turns = Turns(self)
        self.desk = DraftDesk(self)
        self.keeper = Keeper(self.desk, lambda: console.home.drafts, jobs, notices.tell_error)
        self.scene = Scene(DESIGNER, self)
        self.canvas = Canvas(self.scene, self)
        self.hand = DrawingHand(self.canvas, self.desk)
        self.canvas.hand = self.hand
        self.canvas.hint_at = self._hint_at
        self.minimap = Minimap(self.canvas)
        self.exporter = Exporter(self.scene, jobs, lambda what, mend: notices.tell("bad", what, mend), self)
        self.paper = Paper(QApplication.clipboard(), self)
        self.designer = Designer(self.canvas, self.desk, self.hand, self.exporter, self.paper)
        self.empty = EmptySheet(
            self.tr("No stage yet"),
            self.tr("The workflow says through which stages a configuration goes, and what each step demands."),
            self,
        )
        self.empty.doubled.connect(actions[workflow_actions.ADD_STAGE].trigger)
        self._first_step = ActionButton(actions[workflow_actions.ADD_STAGE], "primary", self)
        self.empty.add_step(self._first_step)
        first, last = (
            [actions[tool] for tool in listed] for listed in (workflow_actions.TOOLS, workflow_actions.LAST_TOOLS)
        )
        self.tools = ToolRow(first, last, actions[workflow_actions.PUBLISH], self)
        self.about = self.tools.words
        self.announcer = Announcer(self)
        self._pages = QStackedLayout()
        self._above = QVBoxLayout()
        self._upright = QSplitter(Qt.Orientation.Vertical, self)
        self._level = QSplitter(Qt.Orientation.Horizontal, self)
        self._menus = {name: self._menu(listed) for name, listed in _MENUS.items()}
        self._lay_out()
        self._connect(bridge)
        self._tell()

    def _menu(self, listed: tuple[Action | None, ...]) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for action in listed:
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(self._actions[action])
        return menu

    def _lay_out(self) -> None:
        self.setAccessibleName(self.tr("Workflow"))
        sheet = QWidget(self)
        sheet.setLayout(self._pages)
        self._pages.setStackingMode(QStackedLayout.StackingMode.StackAll)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.canvas)
        self._level.addWidget(sheet)
        self._upright.addWidget(self._level)  # so that findings have the whole width, beside the outline too
        for splitter in (self._upright, self._level):
            splitter.setChildrenCollapsible(False)
            splitter.setHandleWidth(1)
            splitter.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addLayout(self._above)
        column.addWidget(self._upright, 1)

    def _connect(self, bridge: Bridge) -> None:
        desk = self.desk
        desk.changed.connect(self._show)
        desk.selection_changed.connect(self._show_selection)
        desk.history_changed.connect(self._tell)
        desk.findings_changed.connect(self._show_findings)
        desk.refused.connect(self.said)
        self.hand.said.connect(self.said)
        self.hand.menu_wanted.connect(self._show_menu)
        desk.done.connect(self.announcer.say)
        self.hand.said.connect(self.announcer.say)
        desk.refused.connect(self.announcer.insist)
        self.exporter.written.connect(self.said)
        self.keeper.told.connect(self.said)
        self.paper.changed.connect(self.situation_changed)
        self.designer.offers_changed.connect(self.situation_changed)
        self.canvas.zoomed.connect(self._tell_zoom)
        bridge.layout_changed.connect(self._look_at_published)
        for news in (bridge.card_changed, bridge.run_changed, bridge.layout_changed):
            news.connect(self._look_at_board)

    # What others ask of it.

    @property
    def situation(self) -> DraftSituation:
        """What is open here, and what is selected, for the actions."""
        desk = self.desk
        return DraftSituation(
            stages=desk.stages,
            transitions=desk.transitions,
            number_of_stages=len(desk.workflow.stages),
            undo_label=desk.history.undo_label,
            redo_label=desk.history.redo_label,
            version=desk.base.version if desk.base is not None and self._is_published else None,
            changes=desk.changes,
            can_paste=self.paper.has_stages,
            offers=self.designer.offers,
        )

    @property
    def menus(self) -> tuple[QMenu, ...]:
        """What a right click offers: on a stage, on a transition, on nothing."""
        return tuple(self._menus.values())

    def add_above(self, panel: QWidget) -> None:
        """Put a panel between the tools and the canvas."""
        self._above.addWidget(panel)

    def add_below(self, panel: QWidget) -> None:
        """Put a panel under the canvas; notices do not cover it."""
        self._upright.addWidget(panel)
        self.foot = panel

    def add_beside(self, panel: QWidget) -> None:
        """Put a panel right of the canvas."""
        self._level.addWidget(panel)

    def lend_keys(self, panel: QWidget) -> None:
        """Let undo, redo and the keys of the whole draft work in a panel outside of the place too."""
        panel.addActions([self._actions[action] for action in workflow_actions.LENT])
        panel.installEventFilter(self)

    def look_anew(self) -> None:
        """Bring the graph into view, with the keyboard: it is another draft's."""
        if self.desk.workflow.stages:
            self.canvas.begin()
        (self.canvas if self.desk.workflow.stages else self._first_step).setFocus()

    def show_thing(self, stage: StageId | None = None, transition: TransitionId | None = None) -> None:
        """Select one thing and bring it into view."""
        stages, ways = (stage,) if stage is not None else (), (transition,) if transition is not None else ()
        self.desk.select(stages, ways)
        self.canvas.reveal(self.scene.bounds_of(stages, ways))
        self.canvas.setFocus()

    # What the desk and the console say.

    @Slot(object)
    def _show(self) -> None:
        workflow = self.desk.workflow
        before = self.scene.workflow if self.scene.nodes else None
        self.scene.show(workflow)
        self.empty.setVisible(not workflow.stages)
        self._pages.setCurrentWidget(self.canvas if workflow.stages else self.empty)
        self._keep_keyboard()
        self.canvas.setAccessibleDescription(self._selection_in_words())
        if workflow.stages and (before is None or before.id != workflow.id):  # another one is drawn somewhere else
            self.canvas.begin()

    def _keep_keyboard(self) -> None:
        """Leave the keyboard in the place where what had it is hidden now; also behind a dialog."""
        holder = self.window().focusWidget()
        if self.scene.nodes and holder is self._first_step:
            self.canvas.setFocus()
        elif not self.scene.nodes and self.isVisible() and (holder is None or holder is self.canvas):
            self._first_step.setFocus()

    @Slot()
    def _show_selection(self) -> None:
        self.canvas.update()
        told = self._selection_in_words()
        self.canvas.setAccessibleDescription(told)
        self.canvas.readers.tell_selection()
        if self.canvas.hasFocus():
            self.announcer.say(told.replace("\n", ". "))
        self.situation_changed.emit()

    @Slot()
    def _show_findings(self) -> None:
        self.scene.tell(findings=self.desk.findings)
        self.announcer.say(self.tr("Findings: {summary}").format(summary=summary(self.desk.findings)))

    @property
    def _is_published(self) -> bool:
        return self._console.board.workflow is not None and self._console.board.is_published

    @Slot()
    def _look_at_published(self) -> None:
        self._turns.put("published", self._take_published, is_long=True)  # the board's columns have this turn

    def _take_published(self) -> None:
        """Show what is published, as long as nothing was changed here; at first, go on with the draft of before."""
        published = self._console.board.workflow
        if published is None:
            return
        if self.desk.is_changed or published == self.desk.base:
            self._tell()
            return
        self.desk.open(published)  # which tells, too
        self.keeper.let_go()
        if not self._has_looked_for_draft:
            self._has_looked_for_draft = True
            self._jobs.start(self.keeper.take_up(published), "go on with a draft")

    @Slot()
    def _look_at_board(self) -> None:
        self._turns.put("load", self._show_load)

    def _show_load(self) -> None:
        load = load_of(self._console.board)
        self.scene.tell(load=load)
        self.load_changed.emit(load)

    @Slot()
    def _tell(self) -> None:
        """Say what is open, how far it is from what is published, and what undo would undo."""
        self._tell_draft()
        label = self.desk.history.undo_label
        self.said.emit(self.tr("Undo: {label}").format(label=label) if label else "")
        self.situation_changed.emit()

    def _tell_draft(self) -> None:
        """Say it with the name where there is room, and in few words where there is none."""
        workflow, base = self.desk.workflow, self.desk.base
        changes = words.count(self.desk.changes, "change")
        texts: tuple[str, ...]
        if base is None:
            texts = (self.tr("Draft of a new workflow · {changes}").format(changes=changes), changes)
        elif not self.desk.is_changed:
            stands = self.tr("v{version}, as published") if self._is_published else self.tr("nothing is published yet")
            published = stands.format(version=base.version)
            texts = (f"“{workflow.name}”, {published}", published, f"v{base.version}")
        else:
            begun = (
                self.tr("from v{version} · {changes}") if self._is_published else self.tr("not published · {changes}")
            )
            draft = begun.format(version=base.version, changes=changes)
            standing = self._console.board.workflow
            if standing is not None and standing.id == base.id and standing.version > base.version:
                draft += self.tr(" · v{version} is published").format(version=standing.version)
            named = self.tr("Draft of “{name}”, {draft}").format(name=workflow.name, draft=draft)
            texts = (named, self.tr("Draft {draft}").format(draft=draft), draft, changes)
        self.tools.show_words(texts)

    @Slot()
    def _tell_zoom(self) -> None:
        if self.isVisible():
            self.zoom_told.emit(self.tr("{zoom} %").format(zoom=round(self.canvas.view.zoom * 100)))

    def _selection_in_words(self) -> str:
        workflow, stage, way = self.desk.workflow, self.desk.stage, self.desk.transition
        if stage is not None:
            return self._stage_in_words(stage.id)
        if way is not None:
            return in_words(workflow, way)
        number = len(self.desk.stages) + len(self.desk.transitions)
        if not number:
            parts = words.count(len(workflow.stages), "stage"), words.count(len(workflow.transitions), "transition")
            told = self.tr("{what}. Arrows go from stage to stage; Ctrl+Shift+O reads it as a tree; F1 shows all keys")
            return told.format(what=words.listing(parts))
        return self.tr("{objects} selected").format(objects=words.count(number, "object"))

    def _stage_in_words(self, id_: StageId) -> str:
        workflow, stage, node = self.desk.workflow, self.desk.workflow.stage(id_), self.scene.nodes.get(id_)
        if stage is None or node is None:
            return ""
        wrong = [finding.sentence for finding in self.desk.findings if finding.stage == id_]
        ways = [in_words(workflow, way) for way in ways_of(workflow, id_)]
        facts = f"{node.face.count} · {node.face.place}"
        return "\n".join(part for part in (stage.name, stage.description, facts, *wrong, *ways) if part)

    def _hint_at(self, at: QPointF) -> str:
        node = self.scene.node_at(at)
        if node is not None:
            return self._stage_in_words(node)
        way_id = self.scene.edge_at(at)
        way = self.desk.workflow.transition_of(way_id) if way_id is not None else None
        if way is None:
            return ""
        running = self.scene.edges[way.id].face.label if self.scene.edges[way.id].face.is_running else ""
        wrong = [finding.sentence for finding in self.desk.findings if finding.transition == way.id]
        wanted = "" if demands(self.desk.workflow, way) else self.tr("Demands nothing.")
        parts = (in_words(self.desk.workflow, way), wanted, way.description, running, *wrong)
        return "\n".join(part for part in parts if part)

    @Slot(QPoint)
    def _show_menu(self, at: QPoint) -> None:
        name = "stage" if self.desk.stages else "transition" if self.desk.transitions else "nothing"
        self._menus[name].popup(at)

    # Keys: the actions of this place, before those of the window that have the same ones.

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._action_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._action_of(event)
        if action is None:
            super().keyPressEvent(event)
        else:
            self._use(action)

    def eventFilter(self, panel: QObject, event: QEvent) -> bool:
        """Take in a panel that has our keys those that the window would take for commands of its own."""
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            action = self._action_of(event)
            if action is not None and action.action in workflow_actions.CONTESTED:
                event.accept()
                if event.type() is QEvent.Type.KeyPress:
                    self._use(action)
                return True
        return super().eventFilter(panel, event)

    def _use(self, action: UserAction) -> None:
        if action.isEnabled():
            action.trigger()
        else:
            self.said.emit(action.why_not)

    def _action_of(self, event: QKeyEvent) -> UserAction | None:
        combination = event.keyCombination()
        return self._actions.of_keys(workflow_actions.PLACE, QKeySequence(combination))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tell_zoom()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.zoom_told.emit("")


_MENUS = {
    "stage": workflow_actions.STAGE_MENU,
    "transition": workflow_actions.TRANSITION_MENU,
    "nothing": workflow_actions.EMPTY_MENU,
}
