"""Makes the nodes of one owner: a stage, a transition or the workflow itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Workflow
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import steps
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
    said,
)
from xsconsole_ui.workflow.forms.node import Change, Deed, DeedKind, Node, Shape
from xsconsole_ui.workflow.forms.slots import Slot
from xsconsole_ui.workflow.steps import Label


class Parts(TypedDict, total=False):
    """What a node may have beside what its owner gives it; as in `Node`."""

    words: str
    hint: str
    path: str
    editor: Editor
    change: Change | None
    aside: Callable[[], str] | None
    called: str
    label: Label
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """`owner` is what labels of steps say it belongs to."""

    owner: str
    stage: StageId | None = None
    transition: TransitionId | None = None

    def part(self, name: str) -> "Writer":
        """Return the writer of what belongs to a part of the owner."""
        return replace(self, owner=tr("{part} of {owner}").format(part=name, owner=self.owner))

    def changes(self, name: str, editor: Editor) -> Label:
        """Return what undo calls a change of a field."""

        def label(_: Workflow, value: Any) -> str:
            if isinstance(editor, Flag):
                return steps.tick(name, self.owner, is_on=bool(value))
            return steps.change(name, self.owner, said(editor, value))

        return label

    def node(self, key: str, name: str, shape: Shape, children: Sequence[Node] = (), **more: Unpack[Parts]) -> Node:
        """Return a node of this owner."""
        return Node(
            key=key,
            name=name,
            shape=shape,
            stage=self.stage,
            transition=self.transition,
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
        called: str | Label = "",
    ) -> Node:
        """Return a field. `called` is what undo calls it where its name alone would say little, or names the step."""
        told = _words(editor) if words is None else words
        label = called if callable(called) else self.changes(called or name, editor)
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
            called=name if callable(called) else called or name,
            label=label,
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
        called: str | Label = "",
    ) -> Node:
        """Return a field with a list. `words` where the value may not be among the options any more."""
        shown = words if words is not None else words_of(options(), value)
        editor = Choice(value=value, words=shown, options=options)
        return self.field(key, name, editor, change, path=path, hint=hint, aside=aside, called=called)

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
        def label(_: Workflow, key: Any) -> str:
            if options is None:
                return tr("{deed} to {owner}").format(deed=name, owner=self.owner)
            what = words_of(options(), str(key))
            return tr("Add {what} to {owner}").format(what=steps.named(what), owner=self.owner)

        return Deed(kind=DeedKind.ADD, name=name, label=label, change=change, options=options)

    def in_rows(self, slot: Slot, field: str, number: int, of: int, what: str) -> tuple[Deed, ...]:
        """Return what can be done to the part number `number` of `of` in a tuple: take it out, move it."""
        named = what[:1].lower() + what[1:]

        def label(words: str) -> Label:
            told = words.format(what=named, owner=self.owner)
            return lambda _workflow, _value: told

        remove, up, down = (
            tr("Remove {what} from {owner}"),
            tr("Move {what} of {owner} up"),
            tr("Move {what} of {owner} down"),
        )
        deeds = [Deed(kind=DeedKind.REMOVE, name=tr("Remove"), label=label(remove), change=slot.remove(field, number))]
        if number > 0:
            change = slot.move(field, number, -1)
            deeds.append(Deed(kind=DeedKind.UP, name=tr("Move up"), label=label(up), change=change))
        if number < of - 1:
            change = slot.move(field, number, 1)
            deeds.append(Deed(kind=DeedKind.DOWN, name=tr("Move down"), label=label(down), change=change))
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
