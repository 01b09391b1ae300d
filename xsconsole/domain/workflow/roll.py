"""Edits of people, groups and logical networks. What refers to them elsewhere in the workflow follows."""

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from xsconsole.domain.ids import GroupId, PersonId
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.domain.workflow.check import problems
from xsconsole.domain.workflow.edits import change_workflow, fresh_id, fresh_name, refuse_new
from xsconsole.domain.workflow.rules import ApprovalRule, Group, Person
from xsconsole.domain.workflow.values import Binding, Stage, Transition, Workflow


def add_person(workflow: Workflow, name: str, **fields: Any) -> tuple[Workflow, PersonId]:
    """Add somebody who may approve; people may share a name."""
    made = PersonId(fresh_id(name, {person.id for person in workflow.people}))
    person = Person(id=made, name=" ".join(name.split()), **fields)
    return change_workflow(workflow, people=(*workflow.people, person)), made


def change_person(workflow: Workflow, person_id: PersonId, **fields: Any) -> Workflow:
    people = tuple(
        msgspec.structs.replace(person, **fields) if person.id == person_id else person for person in workflow.people
    )
    return change_workflow(workflow, people=people)


def remove_person(workflow: Workflow, person_id: PersonId) -> Workflow:
    """Remove somebody, from all groups and rules as well. A rule that named nobody else stays, and is a finding."""
    groups = tuple(
        msgspec.structs.replace(group, people=_without(group.people, person_id)) for group in workflow.groups
    )
    changed = _with_rules(workflow, lambda rule: msgspec.structs.replace(rule, people=_without(rule.people, person_id)))
    people = tuple(person for person in workflow.people if person.id != person_id)
    return msgspec.structs.replace(changed, people=people, groups=groups)


def add_group(workflow: Workflow, name: str, people: Collection[PersonId] = ()) -> tuple[Workflow, GroupId]:
    """Add a group; its name gets a number where another one has it."""
    made = GroupId(fresh_id(name, {group.id for group in workflow.groups}))
    called = fresh_name(" ".join(name.split()), [group.name for group in workflow.groups])
    group = Group(id=made, name=called, people=tuple(people))
    return change_workflow(workflow, groups=(*workflow.groups, group)), made


def change_group(workflow: Workflow, group_id: GroupId, **fields: Any) -> Workflow:
    groups = tuple(
        msgspec.structs.replace(group, **fields) if group.id == group_id else group for group in workflow.groups
    )
    return change_workflow(workflow, groups=groups)


def remove_group(workflow: Workflow, group_id: GroupId) -> Workflow:
    """Remove a group, from all rules and stages as well.

    A rule that named nobody else stays, and is a finding. A stage that only this group could act on would be open to
    everybody: see the finding of `who may act`.
    """
    changed = _with_rules(workflow, lambda rule: msgspec.structs.replace(rule, groups=_without(rule.groups, group_id)))
    stages = tuple(msgspec.structs.replace(stage, actors=_without(stage.actors, group_id)) for stage in changed.stages)
    groups = tuple(group for group in workflow.groups if group.id != group_id)
    declarers = _without(workflow.declarers, group_id)
    return msgspec.structs.replace(changed, stages=stages, groups=groups, declarers=declarers)


def add_network(workflow: Workflow, name: str) -> tuple[Workflow, str]:
    """Add a logical network; its name gets a number where another one has it."""
    called = fresh_name(" ".join(name.split()), workflow.networks)
    return change_workflow(workflow, networks=(*workflow.networks, called)), called


def rename_network(workflow: Workflow, name: str, wanted: str) -> Workflow:
    """Rename a logical network, in the maps of all stages as well."""
    called = " ".join(wanted.split())
    networks = tuple(called if network == name else network for network in workflow.networks)

    def renamed(binding: Binding) -> Binding:
        entries = tuple(
            msgspec.structs.replace(entry, logical=called) if entry.logical == name else entry
            for entry in binding.networks
        )
        return msgspec.structs.replace(binding, networks=entries)

    changed = _with_bindings(workflow, renamed, networks)
    refuse_new(problems(changed), problems(workflow))
    return changed


def remove_network(workflow: Workflow, name: str) -> Workflow:
    """Remove a logical network, from the maps of all stages as well."""

    def without(binding: Binding) -> Binding:
        return msgspec.structs.replace(
            binding, networks=tuple(entry for entry in binding.networks if entry.logical != name)
        )

    return _with_bindings(workflow, without, tuple(network for network in workflow.networks if network != name))


def _with_bindings(workflow: Workflow, change: Callable[[Binding], Binding], networks: tuple[str, ...]) -> Workflow:
    def changed(stage: Stage) -> Stage:
        return msgspec.structs.replace(stage, binding=change(stage.binding))

    return msgspec.structs.replace(workflow, stages=tuple(map(changed, workflow.stages)), networks=networks)


def _with_rules(workflow: Workflow, change: Callable[[ApprovalRule], ApprovalRule]) -> Workflow:
    """Change every approval rule: of transitions, of the reviews after them, and of publishing."""

    def changed(way: Transition) -> Transition:
        afterwards = tuple(
            msgspec.structs.replace(action, rule=change(action.rule)) if isinstance(action, Review) else action
            for action in way.afterwards
        )
        return msgspec.structs.replace(way, approvals=tuple(map(change, way.approvals)), afterwards=afterwards)

    return msgspec.structs.replace(
        workflow,
        transitions=tuple(map(changed, workflow.transitions)),
        publishing=tuple(map(change, workflow.publishing)),
    )


def _without(values: tuple[Any, ...], gone: str) -> tuple[Any, ...]:
    return tuple(value for value in values if value != gone)
