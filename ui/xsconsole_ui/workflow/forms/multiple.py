"""Several stages or transitions as one form: the fields that they share, with the values that they share."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, assert_never

from xsconsole.domain.workflow import Workflow
from xsconsole_ui.workflow.forms.editors import (
    Choice,
    Clock,
    Colour,
    Editor,
    Flag,
    Lines,
    Number,
    Span,
    Words,
    several,
)
from xsconsole_ui.workflow.forms.node import Change, Node, Shape
from xsconsole_ui.workflow.forms.writer import Writer

OWN = frozenset({"name", "source", "target"})  # fields of which each must have its own


def together(nodes: Sequence[Node], what: str) -> tuple[Node, ...]:
    """Return the sections that all of `nodes` have; a change is made in each of them, as one step.

    `what` names them in labels: `3 stages`.
    """
    shared = [_shared([node.child(section.key) for node in nodes], what) for section in nodes[0].children]
    return tuple(section for section in shared if section is not None and section.children)


def _shared(found: Sequence[Node | None], what: str) -> Node | None:
    nodes = [node for node in found if node is not None]
    first = nodes[0] if nodes else None
    if first is None or len(nodes) < len(found) or any(node.shape is not first.shape for node in nodes):
        return None
    if first.shape is Shape.FIELD:
        return _field(nodes, what)
    if first.shape not in (Shape.SECTION, Shape.LIST):
        return None
    children = [_shared([node.child(child.key) for node in nodes], what) for child in first.children]
    kept = tuple(child for child in children if child is not None)
    is_same = all(node.words == first.words for node in nodes)
    return replace(first, stage=None, transition=None, deeds=(), children=kept, words=first.words if is_same else "")


def _field(nodes: Sequence[Node], what: str) -> Node | None:
    first = nodes[0]
    if first.key in OWN or first.editor is None or any(type(node.editor) is not type(first.editor) for node in nodes):
        return None
    changes = [node.change for node in nodes if node.change is not None]
    label = Writer(owner=what).changes(first.called, first.editor)
    shared = replace(first, stage=None, transition=None, change=_all(changes), label=label, aside=None)
    if all(node.editor == first.editor for node in nodes):
        return shared
    return replace(shared, words=several(), editor=_mixed(first.editor))


def _all(changes: Sequence[Change]) -> Change:
    def change(workflow: Workflow, value: Any) -> Workflow:
        return reduce(lambda changed, each: each(changed, value), changes, workflow)

    return change


def _mixed(editor: Editor) -> Editor:
    """Return the editor that shows that values differ, and takes one for all."""
    match editor:
        case Choice():
            return replace(editor, value="\0", words=several())
        case Words():
            return replace(editor, value="", placeholder=several())
        case Lines():
            return replace(editor, value=(), placeholder=several())
        case Number() | Span():
            return replace(editor, value=None, none=several())
        case Colour():
            return replace(editor, value="", placeholder=several())
        case Flag():
            return replace(editor, value=None)
        case Clock():
            return editor  # stands in items of lists only, and those are not edited together
        case _:
            assert_never(editor)
