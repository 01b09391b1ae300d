"""What undo calls a step: what was done, and to whom. The same words whichever way it was done."""

from collections.abc import Callable, Sequence
from typing import Any

from xsconsole.domain import words
from xsconsole.domain.ids import StageId
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Kind, Transition, Workflow
from xsconsole.domain.workflow.edits import fresh_name
from xsconsole_ui.texts import tr

Label = Callable[[Workflow, Any], str]  # of the draft before the step, and of what was typed or chosen

MOST = 40  # characters of a name


def short(name: str) -> str:
    return shortened(name, MOST)


def named(name: str) -> str:
    return tr("“{name}”").format(name=short(name))


def ends(workflow: Workflow, way: Transition | None) -> str:
    """Return the names of a transition's ends, as `“A” → “B”`."""
    return named_ends(workflow, way.source, way.target) if way is not None else ""


def named_ends(workflow: Workflow, source: StageId, target: StageId) -> str:
    found = [workflow.stage(end) for end in (source, target)]
    return " → ".join(named(stage.name) if stage else "?" for stage in found)


def several(workflow: Workflow, stages: Sequence[StageId], ways: int = 0) -> str:
    """Return a stage's name, or how many stages and transitions there are."""
    only = workflow.stage(stages[0]) if len(stages) == 1 and not ways else None
    if only is not None:
        return named(only.name)
    parts = [words.count(len(stages), "stage")] if stages else []
    if ways:
        parts.append(words.count(ways, "transition"))
    return words.listing(tuple(parts))


def new_name(workflow: Workflow) -> str:
    """Return what a new stage is called until somebody names it."""
    return fresh_name(tr("New stage"), (stage.name for stage in workflow.stages))


def add(name: str) -> str:
    return tr("Add stage {name}").format(name=named(name))


def add_after(name: str, source: str) -> str:
    return tr("Add stage {name} after {source}").format(name=named(name), source=named(source))


def rename(before: str, after: str) -> str:
    return tr("Rename {before} to {after}").format(before=named(before), after=named(after))


def draw(workflow: Workflow, source: StageId, target: StageId, kind: Kind) -> str:
    label = tr("Add way back {ends}") if kind is Kind.DEMOTE else tr("Add transition {ends}")
    return label.format(ends=named_ends(workflow, source, target))


def lead(workflow: Workflow, way: Transition, source: StageId, target: StageId) -> str:
    after = named_ends(workflow, source, target)
    return tr("Lead {before} to {after}").format(before=ends(workflow, way), after=after)


def turn(workflow: Workflow, way: Transition, kind: Kind) -> str:
    label = tr("Make {ends} a promotion") if kind is Kind.PROMOTE else tr("Make {ends} a way back")
    return label.format(ends=ends(workflow, way))


def delete(what: str) -> str:
    return tr("Delete {what}").format(what=what)


def put(workflow: Workflow, way: Transition, name: str) -> str:
    return tr("Put {name} between {ends}").format(name=named(name), ends=ends(workflow, way))


def nothing(workflow: Workflow, value: Any) -> str:
    """Name no step: of what is only read."""
    del workflow, value
    return ""


def change(field: str, owner: str, value: str) -> str:
    """Return the step that gives a field another value; `value` empty where it is too long to say."""
    lowered = field[:1].lower() + field[1:]
    if not value:
        return tr("Change {field} of {owner}").format(field=lowered, owner=owner)
    return tr("Change {field} of {owner} to {value}").format(field=lowered, owner=owner, value=short(value))


def tick(field: str, owner: str, *, is_on: bool) -> str:
    label = tr("Tick {field} of {owner}") if is_on else tr("Untick {field} of {owner}")
    return label.format(field=named(field), owner=owner)
