"""Makes the nodes of one owner: a stage, a transition or the workflow itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms.editors import (
    Choice,
    Clock,
    Colour,
    Editor,
    Flag,
    Lines,
    Number,
    Option,
    Options,
    Span,
    Words,
)
from xsconsole_ui.workflow.forms.node import Change, Deed, DeedKind, Node, Shape
from xsconsole_ui.workflow.forms.slots import Slot


class Parts(TypedDict, total=False):
    """What a node may have beside what its owner gives it; as in `Node`."""

    words: str
    hint: str
    path: str
    editor: Editor
    change: Change | None
    aside: Callable[[], str] | None
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """`owner` is what labels of steps say it belongs to."""

    owner: str
    stage: StageId | None = None
    transition: TransitionId | None = None

    def label(self, name: str) -> str:
        return tr("Change {field} of {owner}").format(field=name[:1].lower() + name[1:], owner=self.owner)

    def node(self, key: str, name: str, shape: Shape, children: Sequence[Node] = (), **more: Unpack[Parts]) -> Node:
        """Return a node of this owner."""
        return Node(
            key=key,
            name=name,
            shape=shape,
            stage=self.stage,
            transition=self.transition,
            label=self.label(name),
            children=children,
            **more,
        )

    def field(
        self,
        key: str,
        name: str,
        editor: Editor,
        change: Change | None,
        *,
        path: str = "",
        words: str | None = None,
        hint: str = "",
        aside: Callable[[], str] | None = None,
    ) -> Node:
        told = _words(editor) if words is None else words
        return self.node(
            key,
            name,
            Shape.FIELD,
            words=told,
            hint=hint,
            path=path or key,
            editor=editor,
            change=change,
            aside=aside,
        )

    def told(self, key: str, name: str, words: str, *, hint: str = "", path: str = "") -> Node:
        """Return a field that is only read."""
        return self.node(key, name, Shape.FIELD, words=words, hint=hint, path=path or key)

    def choice(
        self,
        key: str,
        name: str,
        value: str,
        options: Options,
        change: Change,
        *,
        path: str = "",
        words: str | None = None,
        hint: str = "",
        aside: Callable[[], str] | None = None,
    ) -> Node:
        """Return a field with a list. `words` where the value may not be among the options any more."""
        called = words if words is not None else words_of(options(), value)
        editor = Choice(value=value, words=called, options=options)
        return self.field(key, name, editor, change, path=path, hint=hint, aside=aside)

    def section(self, key: str, name: str, children: Sequence[Node], **more: Unpack[Parts]) -> Node:
        return self.node(key, name, Shape.SECTION, children, **more)

    def listing(
        self,
        key: str,
        name: str,
        children: Sequence[Node],
        adds: tuple[Deed, ...] = (),
        *,
        path: str = "",
        words: str | None = None,
        hint: str = "",
    ) -> Node:
        told = ("" if children else tr("none")) if words is None else words
        return self.node(key, name, Shape.LIST, children, words=told, hint=hint, path=path or key, deeds=adds)

    def item(self, key: str, name: str, children: Sequence[Node], **more: Unpack[Parts]) -> Node:
        return self.node(key, name, Shape.ITEM, children, **more)

    def add(self, name: str, change: Change, options: Options | None = None) -> Deed:
        label = tr("{deed} to {owner}").format(deed=name.removesuffix("…"), owner=self.owner)
        return Deed(kind=DeedKind.ADD, name=name, label=label, change=change, options=options)

    def in_rows(self, slot: Slot, field: str, number: int, of: int, what: str) -> tuple[Deed, ...]:
        """Return what can be done to the part number `number` of `of` in a tuple: take it out, move it."""
        named = what[:1].lower() + what[1:]
        remove = tr("Remove {what} from {owner}").format(what=named, owner=self.owner)
        move = tr("Move {what} of {owner}").format(what=named, owner=self.owner)
        deeds = [Deed(kind=DeedKind.REMOVE, name=tr("Remove"), label=remove, change=slot.remove(field, number))]
        if number > 0:
            deeds.append(Deed(kind=DeedKind.UP, name=tr("Move up"), label=move, change=slot.move(field, number, -1)))
        if number < of - 1:
            deeds.append(Deed(kind=DeedKind.DOWN, name=tr("Move down"), label=move, change=slot.move(field, number, 1)))
        return tuple(deeds)


def words_of(options: tuple[Option, ...], key: str) -> str:
    return next((option.words for option in options if option.key == key), key)


def _words(editor: Editor) -> str:
    match editor:
        case Number(value=None, none=none) | Span(value=None, none=none):
            return none
        case Words(value=value) | Colour(value=value):
            return value
        case Lines(value=value):
            return ", ".join(value)
        case Flag() | Number() | Span() | Clock() | Choice():
            return editor.text
