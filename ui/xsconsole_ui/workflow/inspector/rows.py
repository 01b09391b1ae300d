"""The rows that a form consists of: titles, items, fields, links, and what is wrong with a field."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from xsconsole.domain.workflow.findings import Finding
from xsconsole_ui import pieces, theme
from xsconsole_ui.resources import icon
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms.editors import Flag, several
from xsconsole_ui.workflow.forms.node import Deed, DeedKind, Node, Shape
from xsconsole_ui.workflow.inspector.beside import Findings
from xsconsole_ui.workflow.inspector.inputs import Input, input_for

NAME_WIDTH = 108  # px
STEP = 12  # px, of one level of depth
FOLD = 18  # px, of the button that opens and closes
PICTURE, CHEVRON = 14, 12  # px
ORDER = (DeedKind.UP, DeedKind.DOWN, DeedKind.ADD, DeedKind.REMOVE)  # of the buttons of a title, from the left
FIRST_BUTTON = 2  # after what opens and closes, and the title


class FormRow(QWidget):
    """One row; `path` tells it from all others of the form."""

    typed = Signal(object, str)  # FormRow, what was typed
    left = Signal(object)  # FormRow: what was typed is whole
    wanted = Signal(object, str)  # Deed, the chosen key
    toggled = Signal(str)  # path: its children are to be seen, or no more
    followed = Signal(object)  # Node
    mended = Signal(object)  # Mend

    def __init__(self, path: str, node: Node, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path, self.node = path, node

    def show_node(self, node: Node, *, is_open: bool) -> None:
        raise NotImplementedError

    def show_findings(self, found: tuple[Finding, ...]) -> None:
        """Most rows have no room for findings of their own."""

    def renew_aside(self) -> None:
        """Show what changes by itself."""

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """The widgets that take the keyboard, in order."""
        return ()


class IconButton(QToolButton):
    """A picture in the colour of the scheme, whichever that is."""

    def __init__(self, picture: str, size_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture, self._size_px = picture, size_px
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_picture(picture)

    def show_picture(self, picture: str) -> None:
        self._picture = picture
        self.setIcon(icon(picture, theme.colours_of(self.palette()).muted, self._size_px))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.show_picture(self._picture)


class RemoveButton(IconButton):
    """Takes the row that it stands in out of its list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("close", PICTURE, parent)

    def show_deed(self, node: Node) -> None:
        deed = node.deed(DeedKind.REMOVE)
        self.setVisible(deed is not None)
        if deed is not None:
            self.setAccessibleName(f"{deed.name}: {node.words or node.name}")
            self.setToolTip(pieces.hint(deed.name))


def offer(menu: QMenu, deed: Deed, below: QToolButton) -> None:
    """Let one of a deed's options be chosen, below the button that asked for it."""
    menu.clear()
    for option in deed.options() if deed.options is not None else ():
        action = QAction(option.words.replace("&", "&&"), menu)
        action.setData(option.key)
        menu.addAction(action)
    if not menu.actions():
        nothing = QAction(tr("Nothing can be chosen"), menu)
        nothing.setEnabled(False)
        menu.addAction(nothing)
    menu.popup(below.mapToGlobal(below.rect().bottomLeft()))


class FieldRow(FormRow):
    """A name, the value, what is free now, and what is wrong."""

    def __init__(self, path: str, node: Node, depth: int, parent: QWidget | None = None) -> None:
        super().__init__(path, node, parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.MARGIN + depth * STEP, 2, theme.MARGIN, 2)
        grid.setHorizontalSpacing(theme.GAP)
        grid.setVerticalSpacing(2)
        self.name = pieces.wrapped("", "muted", self)
        self.name.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.input: Input | None = None
        self.told = pieces.wrapped("", "", self)
        self.aside = pieces.wrapped("", "caption", self)
        self.refusal = pieces.wrapped("", "bad", self)
        self.findings = Findings(self)
        self.findings.mended.connect(self.mended)
        is_flag = isinstance(node.editor, Flag)
        if node.editor is not None:
            self.input = input_for(node.editor, node.name, self)
            self.input.typed.connect(self._tell)
            self.input.left.connect(self._settle)
        value: QWidget = self.input if self.input is not None else self.told
        if is_flag:
            self.name.hide()
            grid.addWidget(value, 0, 0)
            grid.addWidget(self.aside, 0, 1, Qt.AlignmentFlag.AlignRight)
            self.aside.setWordWrap(False)
        else:
            self.name.setFixedWidth(NAME_WIDTH)
            grid.addWidget(self.name, 0, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, 0, 1)
        self.told.setVisible(self.input is None)
        self.remove = RemoveButton(self)
        self.remove.clicked.connect(self._remove)
        grid.addWidget(self.remove, 0, 2)
        self.add = IconButton("add", PICTURE, self)  # to what is in the field, from a list
        self.add.clicked.connect(self._ask)
        grid.addWidget(self.add, 0, 3, Qt.AlignmentFlag.AlignTop)
        self.menu = QMenu(self)
        self.menu.triggered.connect(self._choose)
        for row, below in enumerate((self.aside, self.refusal, self.findings), 1):
            if below is not self.aside or not is_flag:
                grid.addWidget(below, row, 0 if is_flag else 1, 1, 2 if is_flag else 1)
        grid.setColumnStretch(1, 1)
        self.refusal.hide()
        self.show_node(node, is_open=True)

    def show_node(self, node: Node, *, is_open: bool) -> None:
        del is_open
        self.node = node
        self.name.setText(node.name.replace("&", "&&") if self.input is not None else node.name)
        self.name.setContentsMargins(0, 4 if self.input is not None else 0, 0, 0)
        self.told.setText(node.words)
        if self.input is not None and node.editor is not None:
            self.input.show_value(node.editor)
            control = self.input.control
            control.setAccessibleName(node.name)
            self.name.setBuddy(control)
            self.setToolTip(pieces.hint(node.hint))
        self.remove.show_deed(node)
        deed = node.deed(DeedKind.ADD)
        self.add.setVisible(deed is not None)
        if deed is not None:
            self.add.setAccessibleName(deed.name)
            self.add.setToolTip(pieces.hint(deed.name))
        self.renew_aside()
        self._describe()

    def renew_aside(self) -> None:
        told = self.node.aside() if self.node.aside is not None else ""
        self.aside.setText(told)
        self.aside.setVisible(bool(told))

    def refuse(self, why: str) -> None:
        """Say below the field why what is typed there cannot be."""
        self.refusal.setText(pieces.breakable(why))
        self.refusal.setVisible(bool(why))
        self._describe()

    def show_findings(self, found: tuple[Finding, ...]) -> None:
        self.findings.show_findings(found)
        self._describe()

    def _describe(self) -> None:
        if self.input is not None:
            unlike = self.node.words if self.node.words == several() else ""
            parts = (unlike, self.node.hint, self.aside.text(), self.refusal.text(), self.findings.text)
            self.input.control.setAccessibleDescription(pieces.joined(*parts))

    @Slot(str)
    def _tell(self, text: str) -> None:
        self.typed.emit(self, text)

    @Slot()
    def _settle(self) -> None:
        self.left.emit(self)

    @Slot()
    def _ask(self) -> None:
        deed = self.node.deed(DeedKind.ADD)
        if deed is not None:
            offer(self.menu, deed, self.add)

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self.wanted.emit(self.node.deed(DeedKind.ADD), str(action.data()))

    @Slot()
    def _remove(self) -> None:
        self.wanted.emit(self.node.deed(DeedKind.REMOVE), "")

    @property
    def stops(self) -> tuple[QWidget, ...]:
        own: tuple[QWidget, ...] = (self.input.control,) if self.input is not None else ()
        own += tuple(made for made in (self.remove, self.add) if made.isVisibleTo(self))
        return (*own, *(made for line in self.findings.lines for made in line.buttons))


class TitleRow(FormRow):
    """Above fields or items: the title, what is in there, and a button that adds. It opens and closes."""

    def __init__(self, path: str, node: Node, depth: int, parent: QWidget | None = None) -> None:
        super().__init__(path, node, parent)
        self._is_item = node.shape is Shape.ITEM
        self.fold = IconButton("chevron-down", CHEVRON, self)
        self.fold.setProperty("look", "fold")
        self.fold.setFixedSize(FOLD, FOLD)
        keeps = self.fold.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self.fold.setSizePolicy(keeps)
        self.fold.clicked.connect(self._toggle)
        self.title = pieces.label("", "" if self._is_item else "section", self)
        self.words = pieces.wrapped("", "muted", self)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.findings = Findings(self)
        self.findings.mended.connect(self.mended)
        self.buttons: dict[DeedKind, QToolButton] = {}
        self._menu = QMenu(self)
        self._menu.triggered.connect(self._choose)
        self._row = QHBoxLayout()
        self._row.setSpacing(2)
        column = QVBoxLayout(self)
        is_section = depth == 0 and not self._is_item
        column.setContentsMargins(0, 0, 0, 0)
        self._line = pieces.Line(self)
        self._line.setVisible(is_section)
        if is_section:
            column.addSpacing(theme.SPACE)
            column.addWidget(self._line)
        inner = QVBoxLayout()
        inner.setContentsMargins(theme.SPACE + depth * STEP, theme.SPACE if is_section else 2, theme.MARGIN, 2)
        inner.setSpacing(2)
        column.addLayout(inner)
        column.setSpacing(0)
        inner.addLayout(self._row)
        self._row.addWidget(self.fold)
        self._row.addWidget(self.title, 1)
        inner.addWidget(self.words)
        inner.addWidget(self.findings)
        for below in (self.words, self.findings):
            below.setContentsMargins(FOLD + 2, 0, 0, 0)
        self.show_node(node, is_open=True)

    def show_node(self, node: Node, *, is_open: bool) -> None:
        self.node = node
        self.title.setText(node.name)
        self.title.setToolTip(pieces.hint(node.hint))
        self.words.setText(node.words)
        self.words.setVisible(bool(node.words) and (self._is_item or not is_open or not node.children))
        self.fold.show_picture("chevron-down" if is_open else "chevron-right")
        self.fold.setVisible(bool(node.children))
        self.fold.setAccessibleName(self.tr("Close {name}" if is_open else "Open {name}").format(name=node.name))
        self.fold.setAccessibleDescription(pieces.joined(node.words, node.hint))
        self._show_deeds()

    def begin(self) -> None:
        """Stand below the head of the panel, which has a line of its own."""
        self._line.hide()

    def _show_deeds(self) -> None:
        for at, kind in enumerate(ORDER):
            deed = self.node.deed(kind)
            made = self.buttons.get(kind)
            if made is None and deed is not None:
                before = sum(earlier in self.buttons for earlier in ORDER[:at])
                made = self.buttons[kind] = self._button(kind)
                self._row.insertWidget(FIRST_BUTTON + before, made)
            if made is not None:
                made.setVisible(deed is not None)
                if deed is not None:
                    told = deed.name if kind is DeedKind.ADD else f"{deed.name}: {self.node.name}"
                    made.setAccessibleName(told)
                    made.setToolTip(pieces.hint(deed.name))

    def _button(self, kind: DeedKind) -> QToolButton:
        made: QToolButton
        match kind:
            case DeedKind.ADD | DeedKind.REMOVE:
                made = IconButton("add" if kind is DeedKind.ADD else "close", PICTURE, self)
            case DeedKind.UP | DeedKind.DOWN:
                made = QToolButton(self)
                made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                made.setArrowType(Qt.ArrowType.UpArrow if kind is DeedKind.UP else Qt.ArrowType.DownArrow)
        made.clicked.connect(self._doing(kind))
        return made

    def _doing(self, kind: DeedKind) -> Callable[[], None]:
        def work() -> None:
            deed = self.node.deed(kind)
            if deed is not None:
                self._do(deed)

        return work

    def _do(self, deed: Deed) -> None:
        if deed.options is None:
            self.wanted.emit(deed, "")
            return
        offer(self._menu, deed, self.buttons[deed.kind])

    @property
    def menu(self) -> QMenu:
        """What is asked before something is added."""
        return self._menu

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        deed = self.node.deed(DeedKind.ADD)
        if deed is not None:
            self.wanted.emit(deed, str(action.data()))

    @Slot()
    def _toggle(self) -> None:
        self.toggled.emit(self.path)

    def show_findings(self, found: tuple[Finding, ...]) -> None:
        self.findings.show_findings(found)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        shown = [made for kind in ORDER if (made := self.buttons.get(kind)) is not None and made.isVisibleTo(self)]
        mends = [made for line in self.findings.lines for made in line.buttons]
        return (*([self.fold] if self.node.children else ()), *shown, *mends)


class LinkRow(FormRow):
    """Leads to a transition that has a form of its own."""

    def __init__(self, path: str, node: Node, depth: int, parent: QWidget | None = None) -> None:
        super().__init__(path, node, parent)
        self.go = pieces.button("", "quiet", self)
        self.go.setAutoDefault(True)
        self.words = pieces.label("", "muted", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE + depth * STEP, 0, theme.MARGIN, 0)
        row.addWidget(self.go)
        row.addStretch(1)
        row.addWidget(self.words)
        self.go.clicked.connect(self._follow)
        self.show_node(node, is_open=True)

    def show_node(self, node: Node, *, is_open: bool) -> None:
        del is_open
        self.node = node
        metrics = self.go.fontMetrics()
        self.go.setText(metrics.elidedText(node.name.replace("&", "&&"), Qt.TextElideMode.ElideMiddle, 200))
        self.go.setAccessibleName(self.tr("Go to {name}").format(name=node.name))
        self.go.setToolTip(pieces.hint(node.name))
        self.words.setText(node.words)

    @Slot()
    def _follow(self) -> None:
        self.followed.emit(self.node)

    @property
    def stops(self) -> tuple[QWidget, ...]:
        return (self.go,)


def row_for(path: str, node: Node, depth: int, parent: QWidget) -> FormRow:
    match node.shape:
        case Shape.FIELD:
            return FieldRow(path, node, depth, parent)
        case Shape.LINK | Shape.TRANSITION | Shape.STAGE:
            return LinkRow(path, node, depth, parent)
        case _ if node.editor is not None and not node.children:
            return FieldRow(path, node, depth, parent)
        case _:
            return TitleRow(path, node, depth, parent)
