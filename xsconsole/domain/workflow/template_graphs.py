"""The templates that are more than a row of stages."""

from typing import Any

from xsconsole.domain.ids import GroupId, StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow.afterwards import DemoteIncumbent, Review
from xsconsole.domain.workflow.gates import GuestToolsUp, NoDuplicateAddresses, PoolFit, When
from xsconsole.domain.workflow.rules import ApprovalRule, Group
from xsconsole.domain.workflow.values import (
    DiskRule,
    DiskTreatment,
    EntryAction,
    Kind,
    Limits,
    RestorePointRule,
    Stage,
    Transition,
    Workflow,
)

GREY, VIOLET, TEAL, AMBER, GREEN, RED, BLUE = (
    "#64748b", "#7c5cbf", "#2a8fa8", "#c98a16", "#1f8a4c", "#b4483c", "#3b6fd4",
)  # fmt: skip
HOUR_S, DAY_S = 3600, 24 * 3600
UP_AFTERWARDS = GuestToolsUp(when=When.AFTER, timeout_s=600, leads_back=True)
FIT_BEFORE = (PoolFit(), NoDuplicateAddresses())
TAKING_OVER = {
    "disks": (DiskRule(role="data", treatment=DiskTreatment.STAYS),),
    "afterwards": (DemoteIncumbent(),),
}


def features_and_patches() -> Workflow:
    """Return two ways that meet: features are put together, patches are tried beside them."""
    return Workflow(
        id=WorkflowId("features-and-patches"),
        name="Patch testing beside feature release",
        description="Features and patches are tried apart and meet in staging, which leads to production.",
        version=1,
        stages=(
            _stage("integration", "Integration", GREY, "New versions are put together."),
            _stage("feature-test", "Feature test", TEAL, "What is new is tried.", entry=EntryAction.START),
            _stage("patches", "Patches", GREY, "Machines as they are in production, with patches put in."),
            _stage("patch-testing", "Patch testing", VIOLET, "Patches meet real machines.", entry=EntryAction.START),
            _stage("staging", "Staging", AMBER, "The last look at either.", entry=EntryAction.START),
            _production("production", "Production", GREEN, "What users work with."),
        ),
        transitions=(
            _promotion("integration", "feature-test", "Everything that belongs together is there."),
            _promotion("feature-test", "staging", "The tests of what is new are passed.", soak_s=HOUR_S),
            _promotion("patches", "patch-testing", "The patches are in."),
            _promotion("patch-testing", "staging", "The patches have run for a day.", soak_s=DAY_S),
            _release("staging", "production"),
            _back("feature-test", "integration"),
            _back("patch-testing", "patches"),
            _back("staging", "feature-test"),
            _back("staging", "patch-testing"),
            _back("production", "staging"),
        ),
    )


def release_with_hotfix() -> Workflow:
    """Return a row of stages, and a short way that is looked at afterwards without fail."""
    reviewers = GroupId("reviewers")
    review = Review(rule=ApprovalRule(count=1, groups=(reviewers,), excludes_author=True), within_s=3 * DAY_S)
    return Workflow(
        id=WorkflowId("release-with-hotfix"),
        name="Release with a short way for hotfixes",
        description="A release passes every stage. A hotfix goes straight to production, and somebody else reviews it "
        "within three days.",
        version=1,
        stages=(
            _stage("integration", "Integration", GREY, "New versions are put together."),
            _stage("testing", "Testing", TEAL, "Everything is tried.", entry=EntryAction.START),
            _stage("staging", "Staging", AMBER, "The last look.", entry=EntryAction.START),
            _stage("hotfix", "Hotfix", RED, "What cannot wait is mended here.", entry=EntryAction.START),
            _production("production", "Production", GREEN, "What users work with."),
        ),
        transitions=(
            _promotion("integration", "testing", "Everything that belongs together is there."),
            _promotion("testing", "staging", "The tests are passed."),
            _release("staging", "production", soak_s=DAY_S),
            _release("hotfix", "production", "What cannot wait. A review follows.", afterwards=(review,)),
            _back("testing", "integration"),
            _back("staging", "testing"),
            _back("production", "staging"),
            _back("production", "hotfix"),
        ),
        groups=(Group(id=reviewers, name="Reviewers"),),
    )


def blue_and_green() -> Workflow:
    """Return two production slots: one serves, the next version goes into the other."""
    return Workflow(
        id=WorkflowId("blue-and-green"),
        name="Blue and green production",
        description="Two production slots. The next version goes into the one that does not serve: what stood there "
        "goes back to staging in the same run and leaves its data to the slot. The other stays as it is until nobody "
        "needs it any more.",
        version=1,
        stages=(
            _stage("integration", "Integration", GREY, "New versions are put together."),
            _stage("staging", "Staging", AMBER, "The last look.", entry=EntryAction.START),
            _production("blue", "Blue", BLUE, "One of two production slots."),
            _production("green", "Green", GREEN, "The other production slot."),
        ),
        transitions=(
            _promotion("integration", "staging", "Everything that belongs together is there."),
            _release("staging", "blue", "Blue does not serve.", **TAKING_OVER),
            _release("staging", "green", "Green does not serve.", **TAKING_OVER),
            _back("staging", "integration"),
            _back("blue", "staging"),
            _back("green", "staging"),
        ),
    )


def _stage(stage_id: str, name: str, colour: str, description: str, **fields: Any) -> Stage:
    return Stage(id=StageId(stage_id), name=name, colour=colour, description=description, **fields)


def _production(stage_id: str, name: str, colour: str, description: str) -> Stage:
    return _stage(
        stage_id,
        name,
        colour,
        description,
        entry=EntryAction.START,
        protection=("destroy",),
        limits=Limits(per_service=1),
        is_production=True,
    )


def _promotion(source: str, target: str, description: str, **fields: Any) -> Transition:
    return _way(source, target, Kind.PROMOTE, description, restore_point=RestorePointRule(), **fields)


def _release(
    source: str, target: str, description: str = "The pool is fit, and the guests answer afterwards.", **fields: Any
) -> Transition:
    return _promotion(source, target, description, gates=(*FIT_BEFORE, UP_AFTERWARDS), **fields)


def _back(source: str, target: str) -> Transition:
    return _way(source, target, Kind.DEMOTE, "")


def _way(source: str, target: str, kind: Kind, description: str, **fields: Any) -> Transition:
    return Transition(
        id=TransitionId(f"{source}-to-{target}"),
        source=StageId(source),
        target=StageId(target),
        kind=kind,
        description=description,
        **fields,
    )
