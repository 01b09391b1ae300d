"""A piece of a draft that can be read, edited, added to and removed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, overload

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Workflow
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.forms.editors import Editor, Options
from xsconsole_ui.workflow.steps import Label

Change = Callable[[Workflow, Any], Workflow]


class Shape(StrEnum):
    """What a node is, and so how it is shown."""

    WORKFLOW = "workflow"
    STAGE = "stage"
    TRANSITION = "transition"
    SECTION = "section"  # a title above fields
    LIST = "list"  # a title above items
    ITEM = "item"  # of a list: its own fields are below it
    FIELD = "field"
    LINK = "link"  # leads to a stage or transition that stands elsewhere


class DeedKind(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What can be done to a node beside editing its value. With `options` one of them is chosen first."""

    kind: DeedKind
    name: str
    label: Label = field(compare=False)
    change: Change = field(compare=False)
    options: Options | None = field(default=None, compare=False)


class Later(Sequence["Node"]):
    """Nodes that are made when somebody looks at them. There is always one of them, which is known without looking."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], tuple["Node", ...]]) -> None:
        self._make: Callable[[], tuple[Node, ...]] | None = make
        self._made: tuple[Node, ...] = ()

    @property
    def nodes(self) -> tuple["Node", ...]:
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self.nodes)

    @overload
    def __getitem__(self, at: int) -> "Node": ...
    @overload
    def __getitem__(self, at: slice) -> tuple["Node", ...]: ...
    def __getitem__(self, at: int | slice) -> "Node | tuple[Node, ...]":
        return self.nodes[at]

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Sequence) and self.nodes == tuple(other))

    def __hash__(self) -> int:
        return hash(self.nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`key` is unlike those of its siblings and outlasts edits. `path` is the field that findings name.

    `change` takes what `editor` has read; `label` is what undo calls it. `aside` are words that change by themselves.
    `short` is the name where it has no room: what the rows above do not say already.
    """

    key: str
    name: str
    shape: Shape
    short: str = ""
    words: str = ""
    hint: str = ""
    path: str = ""
    stage: StageId | None = None
    transition: TransitionId | None = None
    editor: Editor | None = None
    called: str = field(default="", compare=False)  # in undo
    label: Label = field(default=steps.nothing, compare=False)
    change: Change | None = field(default=None, compare=False)
    aside: Callable[[], str] | None = field(default=None, compare=False)
    deeds: tuple[Deed, ...] = ()
    children: Sequence["Node"] = ()

    def deed(self, kind: DeedKind) -> Deed | None:
        return next((deed for deed in self.deeds if deed.kind is kind), None)

    def child(self, key: str) -> "Node | None":
        return next((child for child in self.children if child.key == key), None)

    def walk(self) -> Iterator["Node"]:
        """Yield the node and all below it, from top to bottom."""
        yield self
        for child in self.children:
            yield from child.walk()
