"""The outline beside the graph: shares its selection, and does everything by keyboard."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QFrame, QMenu, QWidget

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow.findings import Mend
from xsconsole.errors import Refused
from xsconsole_ui import pieces, theme
from xsconsole_ui.announcing import Announcer
from xsconsole_ui.pieces import joined
from xsconsole_ui.workflow import between
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.draft_tree import DraftTree
from xsconsole_ui.workflow.forms.node import Deed, DeedKind, Node, Shape
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.outline.editing import OutlineDelegate
from xsconsole_ui.workflow.outline.model import OutlineModel
from xsconsole_ui.workflow.outline.view import OutlineView
from xsconsole_ui.workflow.writing import mend, perform, write

LEAST_WIDTH = 260  # px


class OutlinePanel(pieces.Panel):
    """Follows the desk, and edits through it. Which rows are open is all it knows by itself."""

    def __init__(
        self,
        desk: DraftDesk,
        around: Callable[[], Surroundings],
        parent: QWidget | None = None,
        *,
        tree: DraftTree | None = None,
    ) -> None:
        """`tree` is shared with others that show the same draft, so that it is made once."""
        super().__init__(self.tr("Outline"), "", parent)
        self._desk, self._look_around = desk, around
        self._around = around()
        self._tree = tree if tree is not None else DraftTree()
        self._is_following = self._is_resting = False
        self.model = OutlineModel(self._write, self)
        self.view = OutlineView(self)
        self.view.setModel(self.model)
        self.view.setItemDelegate(OutlineDelegate(self._check, self.view))
        self.why_not = pieces.wrapped("", "bad", self)
        self.why_not.setContentsMargins(theme.MARGIN, theme.SPACE, theme.MARGIN, theme.SPACE)
        self.why_not.hide()
        self.announcer = Announcer(self)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.triggered.connect(self._choose)
        self._choices: list[Callable[[], object]] = []
        self._shape()
        self.body.addWidget(self.view, 1)
        self.body.addWidget(self.why_not)
        self._connect()
        self._show()
        self.view.expand(self.model.index(0, 0))
        self.view.expand(self.model.index_of(("stages",)))

    def _shape(self) -> None:
        view = self.view
        view.setAccessibleName(self.tr("Outline of the workflow"))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setUniformRowHeights(True)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setExpandsOnDoubleClick(False)
        head = view.header()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setStretchLastSection(True)
        head.setTextElideMode(Qt.TextElideMode.ElideRight)
        head.setMinimumSectionSize(40)
        head.setFixedHeight(theme.ROW_HEIGHT)
        corner = QFrame(view)
        corner.setProperty("look", "surface")
        view.setCornerWidget(corner)
        self.setMinimumWidth(LEAST_WIDTH)

    def _connect(self) -> None:
        desk, view = self._desk, self.view
        desk.changed.connect(self._show)
        desk.selection_changed.connect(self._follow)
        desk.findings_changed.connect(self._show_findings)
        view.selectionModel().currentRowChanged.connect(self._lead)
        view.added.connect(self._add)
        view.connected.connect(self._join)
        view.removed.connect(self._remove)
        view.moved.connect(self._move)
        view.entered_row.connect(self._enter)
        view.menu_wanted.connect(self._open_menu)

    # What the desk says.

    @property
    def current(self) -> Node | None:
        return self.model.node(self.view.currentIndex())

    def renew_around(self) -> None:
        """Look at the pools again."""
        found = self._look_around()
        if found != self._around:
            self._around = found
            self._show()

    def rest(self) -> None:
        """Follow no more: nobody looks."""
        self._is_resting = True

    def wake(self) -> None:
        """Follow again, from where the draft is now."""
        self._is_resting = False
        self._show()

    @Slot()
    def _show(self) -> None:
        if self._is_resting:
            return
        self._is_following = True  # rows that go move the current one; that is nobody's choice
        try:
            self.model.show_tree(self._tree.of(self._desk.workflow, self._around))
        finally:
            self._is_following = False
        self._show_findings()
        self._follow()

    @Slot()
    def _show_findings(self) -> None:
        if not self._is_resting:
            self.model.show_findings(self._desk.findings)

    @Slot()
    def _follow(self) -> None:
        """Go to what is selected, unless one is within it already."""
        stage, way = self._desk.stage, self._desk.transition
        node = self.current
        if self._is_resting or (stage is None and way is None):
            return
        wanted = (stage.id if stage is not None else None, way.id if way is not None else None)
        if node is not None and _owner(node) == wanted:
            return
        path = ("stages", stage.id) if stage is not None else ("stages", way.source, "out", way.id) if way else ()
        index = self.model.index_of(path)
        self._is_following = True
        try:
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)
        finally:
            self._is_following = False

    @Slot()
    def _lead(self) -> None:
        """Select on the desk what the current row belongs to."""
        self._say("")
        node = self.current
        if self._is_following or node is None:
            return
        stage, way = _owner(node)
        self._desk.select((stage,) if stage is not None else (), (way,) if way is not None else ())

    # What the user does.

    def _write(self, node: Node, text: str) -> str:
        self._desk.settle()
        stage = self._desk.workflow.stage(node.stage) if node.shape is Shape.STAGE and node.stage is not None else None
        why = self._why_not(node, text)
        if stage is None:
            why = write(self._desk, node, text)
        elif not why:
            is_open = self.view.isExpanded(self.model.index_of(("stages", stage.id)))
            between.rename(self._desk, stage, text)
            if is_open and self._desk.stage is not None:  # it may be another row: its id follows the name
                self.view.expand(self.model.index_of(("stages", self._desk.stage.id)))
        self._say(why)
        return why

    def _check(self, node: Node, text: str) -> None:
        """Say at each key why what is typed cannot be."""
        self._say(self._why_not(node, text))

    def _why_not(self, node: Node, text: str) -> str:
        try:
            if node.change is not None and node.editor is not None:
                node.change(self._desk.workflow, node.editor.read(text))
        except Refused as refusal:
            return joined(refusal.reason, refusal.mend)
        return ""

    def _say(self, why: str) -> None:
        self.why_not.setText(why)
        self.why_not.setAccessibleName(why)
        self.why_not.setVisible(bool(why))
        self.announcer.say(why)

    def _within(self, kind: DeedKind) -> tuple[QModelIndex, Deed] | None:
        """Return the closest row, from the current one up, to which something can be done."""
        index = self.view.currentIndex().siblingAtColumn(0)
        while index.isValid():
            node = self.model.node(index)
            deed = node.deed(kind) if node is not None else None
            if deed is not None:
                return index, deed
            index = index.parent()
        return None

    @Slot()
    def _add(self) -> None:
        found = self._within(DeedKind.ADD)
        if found is None:
            stages = self.model.index_of(("stages",))
            node = self.model.node(stages)
            deed = node.deed(DeedKind.ADD) if node is not None else None
            found = (stages, deed) if deed is not None else None
        if found is None:
            return
        above = self.model.node(found[0])
        self._do(*found)
        if above is not None and above.key == "stages":
            self._enter()  # a new stage is named at once, as on the canvas

    @Slot()
    def _join(self) -> None:
        """Connect the stage of the current row to another one; on one of its ways, it once more."""
        index = self.view.currentIndex().siblingAtColumn(0)
        node = self.model.node(index)
        while node is not None and node.stage is None:
            index = index.parent()
            node = self.model.node(index)
        stage = node.stage if node is not None else None
        out = self.model.index_of(("stages", stage, "out")) if stage is not None else QModelIndex()
        target = self.model.node(out)
        deed = target.deed(DeedKind.ADD) if target is not None else None
        if deed is None:
            self._say(self.tr("Go to the stage that the transition shall leave first."))
        else:
            self._do(out, deed)

    @Slot()
    def _remove(self) -> None:
        index = self.view.currentIndex().siblingAtColumn(0)
        node = self.model.node(index)
        deed = node.deed(DeedKind.REMOVE) if node is not None else None
        if deed is None:
            self._say(self.tr("This row cannot be removed. Stages, transitions and items of lists can."))
        else:
            self._do(index, deed)
            self._lead()

    @Slot(object)
    def _move(self, kind: DeedKind) -> None:
        index = self.view.currentIndex().siblingAtColumn(0)
        node = self.model.node(index)
        deed = node.deed(kind) if node is not None else None
        if deed is None:
            self._say(self.tr("This row cannot be moved there."))
            return
        above, row = index.parent(), index.row() + (1 if kind is DeedKind.DOWN else -1)
        is_keyed = node is not None and node.shape is Shape.STAGE
        self._do(index, deed)
        if not is_keyed:  # items of lists are known by their number
            self.view.setCurrentIndex(self.model.index(row, 0, above))

    def _do(self, index: QModelIndex, deed: Deed) -> None:
        if deed.options is None:
            self._perform(index, deed, "")
            return
        options = deed.options()
        if not options:
            self._say(self.tr("Nothing can be chosen here."))
            return
        self._offer([(option.words, partial(self._perform, index, deed, option.key)) for option in options])

    def _perform(self, index: QModelIndex, deed: Deed, key: str) -> None:
        """Do it; what was added becomes the current row."""
        before = self.model.rowCount(index)
        self._desk.settle()
        if not perform(self._desk, deed, key):
            return
        self._say("")
        if deed.kind is DeedKind.ADD and self.model.rowCount(index) > before and not self._desk_has_new(index):
            last = max(
                row
                for row in range(self.model.rowCount(index))
                if (node := self.model.node(self.model.index(row, 0, index))) is not None and node.shape is Shape.ITEM
            )
            self.view.setCurrentIndex(self.model.index(last, 0, index))

    def _desk_has_new(self, index: QModelIndex) -> bool:
        node = self.model.node(index)
        return node is not None and node.key in ("stages", "out")

    @Slot()
    def _enter(self) -> None:
        """Edit; toggle what is yes or no; follow a link; open what has rows below it."""
        index = self.view.currentIndex()
        node = self.current
        if node is None or self.view.state() is QAbstractItemView.State.EditingState:
            return
        if node.shape is Shape.LINK:
            self._desk.select((), (node.transition,) if node.transition is not None else ())
            return
        column = self.model.edits(node)
        if self.model.data(index.siblingAtColumn(0), Qt.ItemDataRole.CheckStateRole) is not None:
            is_on = self.model.data(index.siblingAtColumn(0), Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
            wanted = Qt.CheckState.Unchecked if is_on else Qt.CheckState.Checked
            self.model.setData(index.siblingAtColumn(0), wanted, Qt.ItemDataRole.CheckStateRole)
        elif column is not None:
            self.view.edit(index.siblingAtColumn(column))
        else:
            self.view.setExpanded(index.siblingAtColumn(0), not self.view.isExpanded(index.siblingAtColumn(0)))

    # Menus.

    @property
    def menu(self) -> QMenu:
        return self._menu

    @Slot(object)
    def _open_menu(self, at: QPoint | None) -> None:
        index = self.view.currentIndex() if at is None else self.view.indexAt(at)
        node = self.model.node(index)
        if node is None:
            return
        self.view.setCurrentIndex(index)
        first = index.siblingAtColumn(0)
        offers: list[tuple[str, Callable[[], object]]] = []
        if node.editor is not None or node.shape is Shape.LINK:
            offers.append((self.tr("Go there") if node.shape is Shape.LINK else self.tr("Edit"), self._enter))
        if node.shape is Shape.STAGE:
            offers.append((self.tr("Connect to another stage"), self._join))
        offers += [(deed.name, partial(self._do, first, deed)) for deed in node.deeds]
        for finding in self.model.findings_at(node):
            offers += [(one.label, partial(self._mend, one)) for one in finding.mends]
        self._offer(offers, None if at is None else self.view.viewport().mapToGlobal(at))

    def _mend(self, found: Mend) -> None:
        mend(self._desk, found)

    def _offer(self, offers: list[tuple[str, Callable[[], object]]], at: QPoint | None = None) -> None:
        self._choices = [perform_ for _, perform_ in offers]
        self._menu.clear()
        for number, (words, _) in enumerate(offers):
            action = QAction(words.replace("&", "&&"), self._menu)
            action.setData(number)
            self._menu.addAction(action)
        if not offers:
            return
        self._menu.setActiveAction(self._menu.actions()[0])
        area = self.view.visualRect(self.view.currentIndex())
        self._menu.popup(at or self.view.viewport().mapToGlobal(area.bottomLeft()))

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self._choices[int(action.data())]()


def _owner(node: Node) -> tuple[StageId | None, TransitionId | None]:
    """Return the stage and the transition that a row belongs to; a link belongs to the stage it stands in."""
    return (node.stage, None if node.shape is Shape.LINK else node.transition)
