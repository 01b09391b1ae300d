"""Workflows worth starting from."""

from xsconsole.domain.ids import StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow.values import (
    EntryAction,
    Kind,
    Limits,
    RestorePointRule,
    Stage,
    Transition,
    Workflow,
)


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
