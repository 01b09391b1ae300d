"""A piece of a draft that can be read, edited, added to and removed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow import Workflow
from xsconsole_ui.workflow.forms.editors import Editor, Options

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
    label: str  # what undo calls it
    change: Change = field(compare=False)
    options: Options | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`key` is unlike those of its siblings and outlasts edits. `path` is the field that findings name.

    `change` takes what `editor` has read; `label` is what undo calls it. `aside` are words that change by themselves.
    """

    key: str
    name: str
    shape: Shape
    words: str = ""
    hint: str = ""
    path: str = ""
    stage: StageId | None = None
    transition: TransitionId | None = None
    editor: Editor | None = None
    label: str = ""
    change: Change | None = field(default=None, compare=False)
    aside: Callable[[], str] | None = field(default=None, compare=False)
    deeds: tuple[Deed, ...] = ()
    children: tuple["Node", ...] = ()

    def deed(self, kind: DeedKind) -> Deed | None:
        return next((deed for deed in self.deeds if deed.kind is kind), None)

    def child(self, key: str) -> "Node | None":
        return next((child for child in self.children if child.key == key), None)

    def walk(self) -> Iterator["Node"]:
        """Yield the node and all below it, from top to bottom."""
        yield self
        for child in self.children:
            yield from child.walk()
