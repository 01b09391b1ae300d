"""What is gone is named as the plan knows it, whatever the pool calls it."""

import pytest

from xsconsole.domain.ids import ConfigurationId, StepKey, Uuid, WorkflowId
from xsconsole.domain.plan import Intent, Plan, Purpose, Revert, RunKind, Start, Step, TakeSnapshot
from xsconsole.domain.words import explain
from xsconsole.engine.runs.missing import note_missing
from xsconsole.errors import PoolFailed

WEB, POINT, ASIDE = Uuid("web-uuid"), Uuid("point-uuid"), StepKey("1-aside")
STEPS = (
    Step(key=ASIDE, action=TakeSnapshot(vm=WEB, purpose=Purpose.SET_ASIDE), subject="web-01"),
    Step(key=StepKey("2-revert"), action=Revert(vm=WEB, snapshot=POINT, set_aside=ASIDE), subject="web-01"),
    Step(key=StepKey("3-start"), action=Start(vm=WEB), subject="web-01"),
)
PLAN = Plan(
    intent=Intent(
        kind=RunKind.REVERT,
        configuration=ConfigurationId("shop"),
        name="shop",
        service="shop",
        workflow=WorkflowId("w"),
        workflow_version=1,
    ),
    steps=STEPS,
    leases=(),
)


@pytest.mark.parametrize(
    ("code", "parameters", "at", "told"),
    [
        ("UUID_INVALID", ("VM", WEB), 2, "The machine “web-01” is gone from the pool."),
        ("UUID_INVALID", ("VM", POINT), 1, "The snapshot of “web-01” is gone from the pool."),
        ("HANDLE_INVALID", ("VM", "OpaqueRef:1"), 2, "The machine “web-01” is gone from the pool."),
        ("HANDLE_INVALID", ("VM", "OpaqueRef:1"), 1, "The machine “web-01” or its snapshot is gone from the pool."),
        ("HANDLE_INVALID", ("VDI", "OpaqueRef:2"), 2, "A disk that “web-01” needs is gone from the pool."),
        ("XSCONSOLE_SNAPSHOT_GONE", (WEB,), 0, "The snapshot of “web-01” is gone from the pool."),
        ("XSCONSOLE_SNAPSHOT_GONE", (ASIDE,), 0, "The snapshot of “web-01” is gone from the pool."),
        ("SR_FULL", ("1", "2"), 0, "The storage is full."),
    ],
)
def test_what_is_gone_is_named(code: str, parameters: tuple[str, ...], at: int, told: str) -> None:
    failure = PoolFailed(code=code, parameters=parameters)

    note_missing(failure, STEPS[at], PLAN)

    assert explain(failure).failed == told
    assert explain(failure).mend
