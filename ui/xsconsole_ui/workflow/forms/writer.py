"""Makes the nodes of one owner: a stage, a transition or the workflow itself."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
    yes_or_no,
)
from xsconsole_ui.workflow.forms.node import Change, Deed, DeedKind, Node, Shape
from xsconsole_ui.workflow.forms.slots import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """`owner` is what labels of steps say it belongs to."""

    owner: str
    stage: StageId | None = None
    transition: TransitionId | None = None

    def label(self, name: str) -> str:
        return tr("Change {field} of {owner}").format(field=name[:1].lower() + name[1:], owner=self.owner)

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
        return Node(
            key=key,
            name=name,
            shape=Shape.FIELD,
            words=_words(editor) if words is None else words,
            hint=hint,
            path=path or key,
            stage=self.stage,
            transition=self.transition,
            editor=editor,
            label=self.label(name),
            change=change,
            aside=aside,
        )

    def told(self, key: str, name: str, words: str, *, hint: str = "", path: str = "") -> Node:
        """Return a field that is only read."""
        return Node(
            key=key,
            name=name,
            shape=Shape.FIELD,
            words=words,
            hint=hint,
            path=path or key,
            stage=self.stage,
            transition=self.transition,
        )

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

    def section(
        self, key: str, name: str, children: Iterable[Node], *, path: str = "", words: str = "", hint: str = ""
    ) -> Node:
        return Node(
            key=key,
            name=name,
            shape=Shape.SECTION,
            words=words,
            hint=hint,
            path=path,
            stage=self.stage,
            transition=self.transition,
            children=tuple(children),
        )

    def listing(
        self,
        key: str,
        name: str,
        children: Iterable[Node],
        adds: Iterable[Deed] = (),
        *,
        path: str = "",
        words: str | None = None,
        hint: str = "",
    ) -> Node:
        found = tuple(children)
        return Node(
            key=key,
            name=name,
            shape=Shape.LIST,
            words=("" if found else tr("none")) if words is None else words,
            hint=hint,
            path=path or key,
            stage=self.stage,
            transition=self.transition,
            deeds=tuple(adds),
            children=found,
        )

    def item(
        self,
        key: str,
        name: str,
        children: Iterable[Node],
        deeds: Iterable[Deed],
        *,
        words: str = "",
        path: str = "",
        editor: Editor | None = None,
        change: Change | None = None,
        hint: str = "",
    ) -> Node:
        return Node(
            key=key,
            name=name,
            shape=Shape.ITEM,
            words=words,
            hint=hint,
            path=path,
            stage=self.stage,
            transition=self.transition,
            editor=editor,
            label=self.label(name),
            change=change,
            deeds=tuple(deeds),
            children=tuple(children),
        )

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
        case Flag(value=value):
            return yes_or_no(value)
        case Number(value=None, none=none) | Span(value=None, none=none):
            return none
        case Words(value=value) | Colour(value=value):
            return value
        case Lines(value=value):
            return ", ".join(value)
        case Number() | Span() | Clock() | Choice():
            return editor.text
