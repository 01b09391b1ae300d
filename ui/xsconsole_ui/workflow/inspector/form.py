"""A form: rows made from nodes, changed by difference, so that what has the keyboard keeps it."""

from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from xsconsole.domain.workflow.findings import Finding
from xsconsole_ui import theme
from xsconsole_ui.announcing import Announcer
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.editors import Flag
from xsconsole_ui.workflow.forms.node import Deed, Node, Shape
from xsconsole_ui.workflow.inspector.beside import Findings
from xsconsole_ui.workflow.inspector.rows import FieldRow, FormRow, TitleRow, row_for
from xsconsole_ui.workflow.writing import findings_beside, mend, perform, take_back, write

SHORTEST_FOLDED = 3  # yes-or-no fields in a list from which on it is closed at first


class Form(QWidget):
    """Shows sections. It edits through the desk, and keeps nothing but which of its parts are open."""

    followed = Signal(object)  # Node: something that has a form of its own
    entered = Signal()  # the keyboard was given to a field

    def __init__(self, desk: DraftDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._sections: tuple[Node, ...] = ()
        self._rows: dict[str, FormRow] = {}
        self._is_open: dict[str, bool] = {}
        self.announcer = Announcer(self)
        self.general = Findings(self)  # of no field that is on show
        self.general.mended.connect(self._mend)
        self.general.setContentsMargins(theme.MARGIN, theme.GAP, theme.MARGIN, 0)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, theme.MARGIN)
        self._column.setSpacing(0)
        self._column.addWidget(self.general)
        self._column.addStretch(1)

    @property
    def rows(self) -> tuple[FormRow, ...]:
        """The rows on show, from top to bottom."""
        return tuple(self._rows.values())

    def row(self, path: str) -> FormRow | None:
        return self._rows.get(path)

    def show_sections(self, sections: Sequence[Node], findings: tuple[Finding, ...]) -> None:
        """Show these sections, and `findings`, which are those of the same owner."""
        self._sections = tuple(sections)
        wanted = {path: (node, depth) for path, node, depth in self._flat(self._sections, "", 0)}
        kinds_differ = {
            path for path, row in self._rows.items() if path in wanted and _kind(row.node) != _kind(wanted[path][0])
        }
        for path in [path for path in self._rows if path not in wanted or path in kinds_differ]:
            row = self._rows.pop(path)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        before = list(self._rows)
        rows: dict[str, FormRow] = {}
        for at, (path, (node, depth)) in enumerate(wanted.items()):
            row = self._rows.get(path) or self._made(path, node, depth)
            if self._column.indexOf(row) != at + 1:
                self._column.insertWidget(at + 1, row)
                row.show()  # now, and not when the layout comes to it: the keyboard may go there at once
            row.show_node(node, is_open=self._opened(path, node))
            rows[path] = row
        self._rows = rows
        first = next(iter(rows.values()), None)
        if isinstance(first, TitleRow):
            first.begin()
        self.show_findings(findings)
        if before != list(rows):
            self._order_keyboard()

    def show_findings(self, findings: tuple[Finding, ...]) -> None:
        beside: list[Finding] = []
        for row in self._rows.values():
            found = findings_beside(row.node, tuple(one for one in findings if one not in beside))
            row.show_findings(found)
            beside += found
        self.general.show_findings(tuple(finding for finding in findings if finding not in beside))

    def renew_asides(self) -> None:
        for row in self._rows.values():
            row.renew_aside()

    def open(self, path: str) -> None:
        """Make the children of a row seen."""
        self._is_open[path] = True
        self.show_sections(self._sections, self._findings())

    def focus_first(self, but: Set[str] = frozenset()) -> None:
        """Give the keyboard to the first field, or to the first of those that are not in `but`."""
        rows = [row for path, row in self._rows.items() if path not in but and isinstance(row, FieldRow)]
        stops = [stop for row in rows for stop in row.stops]
        if stops:
            stops[0].setFocus(Qt.FocusReason.TabFocusReason)  # as by Tab: what stands there is selected
            self.entered.emit()

    def _findings(self) -> tuple[Finding, ...]:
        shown = [self.general, *(row.findings for row in self._rows.values() if hasattr(row, "findings"))]
        return tuple(line.finding for findings in shown for line in findings.lines)

    def _flat(self, nodes: Sequence[Node], above: str, depth: int) -> Iterator[tuple[str, Node, int]]:
        for node in nodes:
            path = f"{above}/{node.key}"
            yield path, node, depth
            is_own_form = node.shape in (Shape.STAGE, Shape.TRANSITION, Shape.LINK)
            if node.children and not is_own_form and self._opened(path, node):
                yield from self._flat(node.children, path, depth + (1 if depth or node.shape is Shape.ITEM else 0))

    def _opened(self, path: str, node: Node) -> bool:
        known = self._is_open.get(path)
        if known is not None:
            return known
        flags = sum(isinstance(child.editor, Flag) for child in node.children)
        if node.shape is Shape.LIST and flags == len(node.children):
            return flags < SHORTEST_FOLDED
        return node.shape is not Shape.ITEM

    def _made(self, path: str, node: Node, depth: int) -> FormRow:
        row = row_for(path, node, depth, self)
        row.typed.connect(self._type)
        row.left.connect(self._settle)
        row.wanted.connect(self._do)
        row.toggled.connect(self._toggle)
        row.followed.connect(self.followed)
        row.mended.connect(self._mend)
        return row

    def _order_keyboard(self) -> None:
        stops = [stop for row in self._rows.values() for stop in row.stops]
        for one, other in pairwise(stops):
            QWidget.setTabOrder(one, other)

    @Slot(object, str)
    def _type(self, row: FieldRow, text: str) -> None:
        why = write(self._desk, row.node, text, merge=_typing(row))
        row.refuse(why)
        self.announcer.say(why)

    @Slot(object)
    def _settle(self, row: FieldRow) -> None:
        """What is typed is whole; where it ended in what cannot be, all of it is taken back."""
        why = row.refusal.text()
        if why:
            take_back(self._desk, _typing(row))
            row.refuse("")
            self._desk.refused.emit(self.tr("Not taken: {why}").format(why=why))
        self._desk.settle()

    @Slot(object, str)
    def _do(self, deed: Deed, key: str) -> None:
        before = set(self._rows)
        self._desk.settle()
        if perform(self._desk, deed, key):
            # What was just added is filled in next.
            for path in [
                path for path, row in self._rows.items() if path not in before and row.node.shape is Shape.ITEM
            ]:
                self.open(path)
            self.focus_first(before)

    @Slot(str)
    def _toggle(self, path: str) -> None:
        row = self._rows[path]
        self._is_open[path] = not self._opened(path, row.node)
        self.show_sections(self._sections, self._findings())

    @Slot(object)
    def _mend(self, found: object) -> None:
        mend(self._desk, found)  # type: ignore[arg-type]


def _typing(row: FormRow) -> str:
    return f"type {row.node.stage or row.node.transition or ''} {row.path}"


def _kind(node: Node) -> tuple[object, ...]:
    return (node.shape, type(node.editor), bool(node.children))
