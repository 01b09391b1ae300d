"""Workflows worth starting from: the four that come with the program, and what is left of one that is kept as such."""

from dataclasses import dataclass

import msgspec

from xsconsole.domain.ids import GroupId, StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.domain.workflow.arrange import arrange
from xsconsole.domain.workflow.edits import change_workflow, fresh_id, fresh_name, place_stages
from xsconsole.domain.workflow.rules import ApprovalRule, Group, Person
from xsconsole.domain.workflow.template_graphs import blue_and_green, features_and_patches, release_with_hotfix
from xsconsole.domain.workflow.values import (
    Binding,
    EntryAction,
    Kind,
    Limits,
    RestorePointRule,
    Stage,
    Transition,
    Workflow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Drawn and described, without people and pools: `start_from` makes a draft of it."""

    name: str
    description: str
    workflow: Workflow


def templates() -> tuple[Template, ...]:
    """Return the templates that come with the program, the plainest first."""
    made = (default_workflow(), features_and_patches(), release_with_hotfix(), blue_and_green())
    return tuple(
        Template(name=workflow.name, description=workflow.description, workflow=_drawn(workflow)) for workflow in made
    )


def start_from(template: Workflow, name: str, person: Person | None = None) -> Workflow:
    """Return a draft made from a template.

    `person` goes into every group that is empty, so that its rules can be satisfied until others are added.
    """
    draft = msgspec.structs.replace(
        _drawn(template), id=WorkflowId(fresh_id(name, ())), version=1, author="", summary="", signature=None
    )
    draft = change_workflow(draft, name=name)
    if person is None or all(group.people for group in draft.groups):
        return draft
    people = draft.people if person.id in {known.id for known in draft.people} else (*draft.people, person)
    groups = tuple(
        group if group.people else msgspec.structs.replace(group, people=(person.id,)) for group in draft.groups
    )
    return change_workflow(draft, people=people, groups=groups)


def as_template(workflow: Workflow, name: str, description: str = "") -> Workflow:
    """Return what of a workflow others can start from: without people, keys, pools, author and signature.

    Groups stay and are empty. A rule that named people only asks a group `Approvers` instead.
    """
    approvers = GroupId(fresh_id("approvers", {group.id for group in workflow.groups}))
    is_asked = False

    def anonymous(rule: ApprovalRule) -> ApprovalRule:
        nonlocal is_asked
        is_asked |= not rule.groups
        return msgspec.structs.replace(rule, people=(), groups=rule.groups or (approvers,))

    transitions = tuple(
        msgspec.structs.replace(
            way,
            approvals=tuple(map(anonymous, way.approvals)),
            afterwards=tuple(
                msgspec.structs.replace(action, rule=anonymous(action.rule)) if isinstance(action, Review) else action
                for action in way.afterwards
            ),
        )
        for way in workflow.transitions
    )
    publishing = tuple(map(anonymous, workflow.publishing))
    groups = [msgspec.structs.replace(group, people=()) for group in workflow.groups]
    if is_asked:
        groups.append(Group(id=approvers, name=fresh_name("Approvers", [group.name for group in groups])))
    return msgspec.structs.replace(
        _drawn(workflow),
        id=WorkflowId(fresh_id(name, ())),
        name=name,
        description=description or workflow.description,
        version=1,
        stages=tuple(msgspec.structs.replace(stage, binding=Binding()) for stage in _drawn(workflow).stages),
        transitions=transitions,
        publishing=publishing,
        people=(),
        groups=tuple(groups),
        author="",
        summary="",
        signature=None,
    )


def _drawn(workflow: Workflow) -> Workflow:
    """Return a workflow in which every stage has its place."""
    if all(stage.place is not None for stage in workflow.stages):
        return workflow
    return place_stages(workflow, arrange(workflow))


def default_workflow() -> Workflow:
    """Return the workflow that a pool without one gets: four stages in a row, each with its way back."""
    integration, patch_testing, staging, production = (
        StageId(name) for name in ("integration", "patch-testing", "staging", "production")
    )

    def edge(source: StageId, target: StageId, kind: Kind) -> Transition:
        return Transition(
            id=TransitionId(f"{source}-to-{target}"),
            source=source,
            target=target,
            kind=kind,
            restore_point=RestorePointRule() if kind is Kind.PROMOTE else None,
        )

    return Workflow(
        id=WorkflowId("release"),
        name="Release to production",
        description="One way from new versions to production, stage by stage, each with its way back.",
        version=1,
        stages=(
            Stage(id=integration, name="Integration", colour="#64748b", description="New versions are put together."),
            Stage(id=patch_testing, name="Patch testing", colour="#7c5cbf", description="Patches meet real machines."),
            Stage(id=staging, name="Staging", colour="#c98a16", description="The last look.", entry=EntryAction.START),
            Stage(
                id=production,
                name="Production",
                colour="#1f8a4c",
                description="What users work with.",
                entry=EntryAction.START,
                protection=("destroy",),
                limits=Limits(per_service=1),
                is_production=True,
            ),
        ),
        transitions=(
            edge(integration, patch_testing, Kind.PROMOTE),
            edge(patch_testing, staging, Kind.PROMOTE),
            edge(staging, production, Kind.PROMOTE),
            edge(patch_testing, integration, Kind.DEMOTE),
            edge(staging, patch_testing, Kind.DEMOTE),
            edge(staging, integration, Kind.DEMOTE),
            edge(production, staging, Kind.DEMOTE),
        ),
    )
