"""The designer's page of the inspector: the selected stage, transition, several of them, or the workflow itself."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QVBoxLayout, QWidget

from xsconsole.domain.words import count
from xsconsole.domain.workflow.findings import Finding
from xsconsole_ui.scrolling import UprightPage
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.draft_tree import DraftTree
from xsconsole_ui.workflow.forms.multiple import together
from xsconsole_ui.workflow.forms.node import Node
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.inspector.form import Form

AROUND = 96  # px above and below a field that are brought into sight with it
SETTLE_MS = 60  # in which a form has found its height
GATHER_MS = 400  # free memory and space move all the time


class DraftInspector(QWidget):
    """Follows the desk. `title` and `caption` are for the head of the panel that it stands in."""

    titled = Signal()

    def __init__(
        self,
        desk: DraftDesk,
        around: Callable[[], Surroundings],
        parent: QWidget | None = None,
        *,
        tree: DraftTree | None = None,
    ) -> None:
        """`tree` is shared with others that show the same draft, so that it is made once."""
        super().__init__(parent)
        self._desk, self._look_around = desk, around
        self._around = around()
        self._tree = tree if tree is not None else DraftTree()
        self._owner: object = None
        self.title = self.caption = ""
        self.form = Form(desk, self)
        self.page = UprightPage(self.form, self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self._renew_around)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.page)
        self.form.followed.connect(self._follow)
        self._has_entered = False  # and nobody scrolled since
        self.form.entered.connect(self._enter)
        bar = self.page.verticalScrollBar()
        bar.rangeChanged.connect(self._reveal)  # the form grows in several turns
        bar.actionTriggered.connect(self._leave)
        self._held: tuple[str, int] | None = None  # the row with the keyboard, and how far down it stood
        bar.rangeChanged.connect(self._keep)
        self._let_go = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._let_go.timeout.connect(self._release)
        desk.changed.connect(self._show)
        desk.selection_changed.connect(self._show)
        desk.findings_changed.connect(self._show_findings)
        self.hide()  # until the panel shows it: as its child alone it would lie over what stands there
        self._show()

    def renew_around_soon(self) -> None:
        """The pools changed: look at them once what arrives together has arrived."""
        if not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _renew_around(self) -> None:
        found = self._look_around()
        if found != self._around:
            self._around = found
            self._show()
        else:
            self.form.renew_asides()

    @Slot()
    def _show(self) -> None:
        sections, owner = self._sections()
        if owner == self._owner:
            self._hold()
        else:
            self._owner = owner
            self._leave()
            self.page.verticalScrollBar().setValue(0)
        self.form.show_sections(sections, self._findings())
        self.titled.emit()

    def _sections(self) -> tuple[tuple[Node, ...], object]:
        draft, tree, around = self._desk.workflow, self._tree, self._around
        found = [tree.stage(draft, around, id_) for id_ in self._desk.stages]
        found_ways = [tree.way(draft, around, id_) for id_ in self._desk.transitions]
        stages = [node for node in found if node is not None]
        ways = [node for node in found_ways if node is not None]
        if len(stages) + len(ways) == 1:
            only = (stages or ways)[0]
            self.title = self.tr("Stage") if stages else self.tr("Transition")
            self.caption = only.name
            return tuple(only.children), only.key
        if stages or ways:
            return self._several(stages, ways), (tuple(self._desk.stages), tuple(self._desk.transitions))
        self.title, self.caption = self.tr("Workflow"), draft.name
        return tree.workflow(draft, around), None

    def _several(self, stages: list[Node], ways: list[Node]) -> tuple[Node, ...]:
        parts = [count(len(stages), self.tr("stage"))] if stages else []
        parts += [count(len(ways), self.tr("transition"))] if ways else []
        what = " + ".join(parts)
        self.title, self.caption = self.tr("Selection"), what
        if stages and ways:
            return ()
        return together(stages or ways, what)

    def _findings(self) -> tuple[Finding, ...]:
        stages, ways = self._desk.stages, self._desk.transitions
        if len(stages) + len(ways) > 1:
            return ()
        stage, way = (stages[0] if stages else None), (ways[0] if ways else None)
        return tuple(finding for finding in self._desk.findings if (finding.stage, finding.transition) == (stage, way))

    @Slot()
    def _show_findings(self) -> None:
        self._hold()
        self.form.show_findings(self._findings())

    @Slot()
    def _enter(self) -> None:
        self._has_entered, self._held = True, None
        self._reveal()

    @Slot()
    def _leave(self) -> None:
        self._has_entered, self._held = False, None

    def _hold(self) -> None:
        """Keep the row with the keyboard where it is: what comes and goes above it must not move it from the mouse."""
        focused = self.window().focusWidget()
        row = next((row for row in self.form.rows if focused is not None and row.isAncestorOf(focused)), None)
        if row is not None and self._held is None and row.isVisible():
            self._held = (row.path, self._top_of(row))
            self._let_go.start()

    @Slot()
    def _keep(self) -> None:
        row = self.form.row(self._held[0]) if self._held is not None else None
        if row is not None and self._held is not None:
            bar = self.page.verticalScrollBar()
            bar.setValue(bar.value() + self._top_of(row) - self._held[1])

    @Slot()
    def _release(self) -> None:
        self._keep()
        self._held = None

    def _top_of(self, row: QWidget) -> int:
        return row.mapTo(self.page.viewport(), QPoint(0, 0)).y()

    @Slot()
    def _reveal(self) -> None:
        """Scroll to the field that was given the keyboard, with what stands around it."""
        field = self.form.focusWidget()
        if self._has_entered and field is not None:
            self.page.ensureWidgetVisible(field, 0, AROUND)

    @Slot(object)
    def _follow(self, node: Node) -> None:
        if node.transition is not None:
            self._desk.select((), (node.transition,))
        elif node.stage is not None:
            self._desk.select((node.stage,))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self._desk.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self._desk.redo()
        else:
            super().keyPressEvent(event)
