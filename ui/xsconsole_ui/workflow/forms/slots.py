"""Where a part stands in a workflow: how it is read, and how another is put in its place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from xsconsole.domain.ids import GroupId, PersonId, StageId, TransitionId
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.edits import change_stage, change_transition, change_workflow
from xsconsole.domain.workflow.roll import change_group, change_person
from xsconsole.errors import NotFound
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.forms.node import Change


@dataclass(frozen=True, slots=True)
class Slot:
    """Edits through a slot always start from the workflow they are given, never from what was shown before."""

    get: Callable[[Workflow], Any]
    put: Callable[[Workflow, Any], Workflow]

    def set(self, field: str) -> Change:
        """Return the change that gives the part's field another value."""

        def change(workflow: Workflow, value: Any) -> Workflow:
            return self.put(workflow, msgspec.structs.replace(self.get(workflow), **{field: value}))

        return change

    def renames(self, before: Workflow, name: Any) -> str:
        """Return what undo calls giving the part another name."""
        return steps.rename(self.get(before).name, name)

    def member(self, field: str, value: Any) -> Change:
        """Return the change that takes `value` into a tuple of the part, or out of it."""

        def change(workflow: Workflow, is_in: Any) -> Workflow:
            part = self.get(workflow)
            others = tuple(one for one in getattr(part, field) if one != value)
            if bool(is_in) == (len(others) < len(getattr(part, field))):
                return workflow
            return self.put(workflow, msgspec.structs.replace(part, **{field: (*others, value) if is_in else others}))

        return change

    def part(self, field: str) -> "Slot":
        """Return the slot of a part within the part."""
        return Slot(lambda workflow: getattr(self.get(workflow), field), self.set(field))

    def at(self, field: str, number: int) -> "Slot":
        """Return the slot of one of a tuple of parts."""

        def get(workflow: Workflow) -> Any:
            parts = getattr(self.get(workflow), field)
            if number >= len(parts):
                raise gone()
            return parts[number]

        def put(workflow: Workflow, part: Any) -> Workflow:
            parts = getattr(self.get(workflow), field)
            return self.set(field)(workflow, (*parts[:number], part, *parts[number + 1 :]))

        return Slot(get, put)

    def add(self, field: str, make: Callable[[str], Any]) -> Change:
        """Return the change that adds what `make` makes of a chosen key."""

        def change(workflow: Workflow, key: Any) -> Workflow:
            return self.set(field)(workflow, (*getattr(self.get(workflow), field), make(str(key))))

        return change

    def remove(self, field: str, number: int) -> Change:
        def change(workflow: Workflow, _: Any) -> Workflow:
            parts = getattr(self.get(workflow), field)
            return self.set(field)(workflow, (*parts[:number], *parts[number + 1 :]))

        return change

    def move(self, field: str, number: int, by: int) -> Change:
        def change(workflow: Workflow, _: Any) -> Workflow:
            parts = list(getattr(self.get(workflow), field))
            to = number + by
            if not (0 <= number < len(parts) and 0 <= to < len(parts)):
                return workflow
            parts[number], parts[to] = parts[to], parts[number]
            return self.set(field)(workflow, tuple(parts))

        return change


def of_stage(stage_id: StageId) -> Slot:
    def put(workflow: Workflow, part: Any) -> Workflow:
        return change_stage(workflow, stage_id, **_changed(_there(workflow.stage(stage_id)), part))

    return Slot(lambda workflow: _there(workflow.stage(stage_id)), put)


def of_transition(transition_id: TransitionId) -> Slot:
    def put(workflow: Workflow, part: Any) -> Workflow:
        return change_transition(
            workflow, transition_id, **_changed(_there(workflow.transition_of(transition_id)), part)
        )

    return Slot(lambda workflow: _there(workflow.transition_of(transition_id)), put)


def of_workflow() -> Slot:
    return Slot(lambda workflow: workflow, lambda workflow, part: change_workflow(workflow, **_changed(workflow, part)))


def of_person(person_id: PersonId) -> Slot:
    def get(workflow: Workflow) -> Any:
        return _there(next((person for person in workflow.people if person.id == person_id), None))

    return Slot(get, lambda workflow, part: change_person(workflow, person_id, **_changed(get(workflow), part)))


def of_group(group_id: GroupId) -> Slot:
    def get(workflow: Workflow) -> Any:
        return _there(next((group for group in workflow.groups if group.id == group_id), None))

    return Slot(get, lambda workflow, part: change_group(workflow, group_id, **_changed(get(workflow), part)))


def gone() -> NotFound:
    return NotFound(reason=tr("That is not in the workflow any more."), mend=tr("Look at it as it is now."), choices=())


def _there(part: Any) -> Any:
    if part is None:
        raise gone()
    return part


def _changed(before: Any, after: Any) -> dict[str, Any]:
    names = before.__struct_fields__
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}
