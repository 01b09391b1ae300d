"""The tree of a draft as Qt's model: another draft changes only the rows that differ."""

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from itertools import count

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow.findings import Finding
from xsconsole_ui import pieces, theme
from xsconsole_ui.dense_table import TONE_ROLE
from xsconsole_ui.tick import state_of
from xsconsole_ui.workflow.findings_panel import summary
from xsconsole_ui.workflow.forms.editors import Flag
from xsconsole_ui.workflow.forms.node import Node, Shape
from xsconsole_ui.workflow.severity import severity_tone, severity_word

Index = QModelIndex | QPersistentModelIndex
Write = Callable[[Node, str], str]
Place = tuple[StageId | None, TransitionId | None, str | None]

NODE_ROLE = Qt.ItemDataRole.UserRole + 40
STRONG = frozenset({Shape.WORKFLOW, Shape.STAGE, Shape.TRANSITION})


class Column(IntEnum):
    WHAT = 0
    VALUE = 1
    FINDING = 2


class Item:
    """A row: its node, and where it is in the tree. `children` is None until somebody looks below it."""

    __slots__ = ("children", "id", "node", "parent", "row")

    def __init__(self, id_: int, node: Node, parent: "Item | None") -> None:
        self.id, self.node, self.parent, self.row = id_, node, parent, 0
        self.children: list[Item] | None = None if node.children else []

    @property
    def owner(self) -> tuple[object, object]:
        return (self.node.stage, self.node.transition)


class OutlineModel(QAbstractItemModel):
    """The workflow is the one row at the top. `write` takes what was typed and answers why it cannot be."""

    def __init__(self, write: Write, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._write = write
        self._ids = count(1)
        self._items: dict[int, Item] = {}
        self._top: Item | None = None
        self._findings: dict[Place, tuple[Finding, ...]] = {}
        self._every: tuple[Finding, ...] = ()

    # What it shows.

    def show_tree(self, tree: Node) -> None:
        if self._top is None:
            self.beginInsertRows(QModelIndex(), 0, 0)
            self._top = self._made(tree, None)
            self.endInsertRows()
            return
        self._sync(self._top, tree)

    def show_findings(self, findings: tuple[Finding, ...]) -> None:
        """Say which rows something is said of; rows whose words stay the same do not change."""
        before, self._findings = self._findings, _by_place(findings)
        is_other, self._every = self._every != findings, findings
        if is_other and self._top is not None:
            index = self._index_of(self._top, Column.FINDING)
            self.dataChanged.emit(index, index)
        places = {place for place in (*before, *self._findings) if before.get(place) != self._findings.get(place)}
        if not places:
            return
        for item in self._items.values():
            if _place_of(item.node) in places:
                index = self._index_of(item, Column.FINDING)
                self.dataChanged.emit(index, index)

    def node(self, index: Index) -> Node | None:
        item = self._items.get(index.internalId()) if index.isValid() else None
        return item.node if item is not None else None

    def index_of(self, path: Sequence[str]) -> QModelIndex:
        """Return the row that these keys lead to, from the top."""
        found = self._top
        for key in path:
            found = next((child for child in self._below(found) if child.node.key == key), None) if found else None
        return self._index_of(found, 0) if found is not None else QModelIndex()

    def findings_at(self, node: Node) -> tuple[Finding, ...]:
        """Return what is said of a row: beside a field; of a stage or a transition, everything."""
        place = _place_of(node)
        return self._findings.get(place, ()) if place is not None else ()

    def _counted_at(self, node: Node) -> tuple[Finding, ...]:
        """Return what the row counts: the top one everything, as the list of findings does."""
        return self._every if node.shape is Shape.WORKFLOW else self.findings_at(node)

    # By difference.

    def _below(self, item: Item) -> list[Item]:
        """Return the rows below one; made when somebody looks: most of a large tree nobody ever opens."""
        if item.children is None:
            item.children = [self._made(child, item) for child in item.node.children]
            _number(item.children)
        return item.children

    def _sync(self, item: Item, node: Node) -> None:
        if item.node is node:
            return
        if item.children is None and not node.children:
            self._below(item)  # the view knows that there were some
        before, item.node = item.node, node
        if _own(before) != _own(node):
            self.dataChanged.emit(self._index_of(item, 0), self._index_of(item, Column.FINDING))
        if item.children is None:
            return
        wanted = {child.key: child for child in node.children}
        self._drop(item, item.children, wanted)
        self._order(item, item.children, [child.key for child in node.children])
        self._add(item, item.children, node.children)
        for child in item.children:
            self._sync(child, wanted[child.node.key])

    def _drop(self, item: Item, children: list[Item], wanted: dict[str, Node]) -> None:
        parent = self._index_of(item, 0)
        last = len(children) - 1
        while last >= 0:
            if children[last].node.key in wanted:
                last -= 1
                continue
            first = last
            while first > 0 and children[first - 1].node.key not in wanted:
                first -= 1
            self.beginRemoveRows(parent, first, last)
            for gone in children[first : last + 1]:
                for below in list(_walk(gone)):
                    del self._items[below.id]
            del children[first : last + 1]
            _number(children)
            self.endRemoveRows()
            last = first - 1

    def _order(self, item: Item, children: list[Item], keys: Sequence[str]) -> None:
        parent = self._index_of(item, 0)
        known = {child.node.key for child in children}
        for to, key in enumerate(key for key in keys if key in known):
            at = next(at for at, child in enumerate(children) if child.node.key == key)
            if at == to:
                continue
            self.beginMoveRows(parent, at, at, parent, to)
            children.insert(to, children.pop(at))
            _number(children)
            self.endMoveRows()

    def _add(self, item: Item, children: list[Item], nodes: Sequence[Node]) -> None:
        parent = self._index_of(item, 0)
        known = {child.node.key for child in children}
        at = 0
        while at < len(nodes):
            if nodes[at].key in known:
                at += 1
                continue
            end = at
            while end < len(nodes) and nodes[end].key not in known:
                end += 1
            self.beginInsertRows(parent, at, end - 1)
            children[at:at] = [self._made(node, item) for node in nodes[at:end]]
            _number(children)
            self.endInsertRows()
            at = end

    def _made(self, node: Node, parent: Item | None) -> Item:
        item = Item(next(self._ids), node, parent)
        self._items[item.id] = item
        return item

    def _index_of(self, item: Item, column: int) -> QModelIndex:
        return self.createIndex(item.row, column, item.id)

    # What Qt asks of it.

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        above = self._items.get(parent.internalId()) if parent is not None and parent.isValid() else None
        rows = self._below(above) if above is not None else ([self._top] if self._top is not None else [])
        if not (0 <= row < len(rows) and 0 <= column < len(Column)) or (parent is not None and parent.column() > 0):
            return QModelIndex()
        return self._index_of(rows[row], column)

    def parent(self, index: Index | None = None) -> QModelIndex:  # type: ignore[override]
        item = self._items.get(index.internalId()) if index is not None and index.isValid() else None
        above = item.parent if item is not None else None
        return self._index_of(above, 0) if above is not None else QModelIndex()

    def rowCount(self, parent: Index | None = None) -> int:
        if parent is None or not parent.isValid():
            return int(self._top is not None)
        item = self._items.get(parent.internalId())
        return len(self._below(item)) if item is not None and parent.column() == 0 else 0

    def hasChildren(self, parent: Index | None = None) -> bool:
        if parent is None or not parent.isValid():
            return self._top is not None
        item = self._items.get(parent.internalId())
        return item is not None and parent.column() == 0 and bool(item.node.children)

    def columnCount(self, parent: Index | None = None) -> int:
        del parent
        return len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        heads = (self.tr("What"), self.tr("Value"), self.tr("Findings"))
        return heads[section] if 0 <= section < len(heads) else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        node = self.node(index)
        if node is None:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if isinstance(node.editor, Flag):
            return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == Column.WHAT else flags
        return flags | Qt.ItemFlag.ItemIsEditable if self.edits(node) == index.column() else flags

    def edits(self, node: Node) -> Column | None:
        """Return the column in which a row is edited: stages and the workflow by their name."""
        if node.change is None or node.editor is None:
            return None
        return Column.WHAT if node.shape in (Shape.WORKFLOW, Shape.STAGE) else Column.VALUE

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self._items.get(index.internalId()) if index.isValid() else None
        if item is None:
            return None
        node, column = item.node, index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (node.name, self._value(node), self._said(item))[column]
            case Qt.ItemDataRole.EditRole:
                return node.editor.text if node.editor is not None and column == self.edits(node) else None
            case Qt.ItemDataRole.CheckStateRole if isinstance(node.editor, Flag) and column == Column.WHAT:
                return state_of(node.editor.value)
            case Qt.ItemDataRole.ToolTipRole:
                said = self._said(item)
                return pieces.hint("\n".join(filter(None, (node.name, self._value(node), node.hint, said))))
            case Qt.ItemDataRole.AccessibleTextRole:
                return ": ".join(filter(None, (node.name, self._value(node)))) if column == Column.WHAT else None
            case Qt.ItemDataRole.AccessibleDescriptionRole:
                return pieces.joined(node.hint, self._said(item))
            case Qt.ItemDataRole.SizeHintRole:
                return QSize(0, theme.ROW_HEIGHT)
            case _ if role == TONE_ROLE:
                return self._tone(item, column)
            case _ if role == NODE_ROLE:
                return node
            case _:
                return None

    def _value(self, node: Node) -> str:
        aside = node.aside() if node.aside is not None else ""
        if isinstance(node.editor, Flag):
            return aside
        is_name = node.shape in (Shape.WORKFLOW, Shape.STAGE)
        return node.words if is_name or not aside else f"{node.words} · {aside}"

    def _said(self, item: Item) -> str:
        found = self._counted_at(item.node)
        if not found or _is_said_above(item):
            return ""
        if item.node.shape in STRONG:
            return summary(found)
        return " ".join(f"{severity_word(one.severity)}: {one.sentence}" for one in found)

    def _tone(self, item: Item, column: int) -> str:
        node = item.node
        if column == Column.FINDING:
            found = self._counted_at(node)
            return severity_tone(found[0].severity) if found else ""
        is_name = column == Column.WHAT and node.shape is Shape.FIELD and not isinstance(node.editor, Flag)
        is_count = column == Column.VALUE and node.shape in (*STRONG, Shape.LIST, Shape.SECTION, Shape.LINK)
        return "muted" if is_name or is_count else ""

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Ask the draft for it; the row changes when the draft does."""
        node = self.node(index)
        if node is None or node.editor is None:
            return False
        if role == Qt.ItemDataRole.CheckStateRole and isinstance(node.editor, Flag):
            return not self._write(node, Flag(value=Qt.CheckState(value) is Qt.CheckState.Checked).text)
        if role != Qt.ItemDataRole.EditRole or str(value) == node.editor.text:
            return False
        return not self._write(node, str(value))


def _is_said_above(item: Item) -> bool:
    """Whether what is said of the row is of the list that it stands in, which says it already."""
    above = item.parent
    while above is not None:
        if above.node.path and above.node.path == item.node.path:
            return True
        above = above.parent
    return False


def _place_of(node: Node) -> Place | None:
    """Return what is said at a row: beside a field; at a stage, a transition or the workflow everything of it."""
    if node.shape in STRONG:
        return (node.stage, node.transition, None)
    return (node.stage, node.transition, node.path) if node.path else None


def _by_place(findings: tuple[Finding, ...]) -> dict[Place, tuple[Finding, ...]]:
    found: dict[Place, tuple[Finding, ...]] = {}
    for one in findings:
        places: list[Place] = [(one.stage, one.transition, None)]
        if one.field:
            places.append((one.stage, one.transition, one.field))
        for place in places:
            found[place] = (*found.get(place, ()), one)
    return found


def _own(node: Node) -> tuple[object, ...]:
    """Return what of a node is shown in its own row."""
    return (node.name, node.short, node.words, node.editor, node.shape, node.hint, node.stage, node.transition)


def _walk(item: Item) -> Iterator[Item]:
    yield item
    for child in item.children or ():
        yield from _walk(child)


def _number(children: Sequence[Item]) -> None:
    for row, child in enumerate(children):
        child.row = row
