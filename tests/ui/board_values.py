"""Cards and workflows for the board's tests, as the domain would make them."""

from dataclasses import replace
from datetime import UTC, datetime

from xsconsole.domain.board import Card, Member, RunView, Standing
from xsconsole.domain.ids import ConfigurationId, ConsoleId, Digest, Ref, RunId, StageId, StepKey, Uuid, WorkflowId
from xsconsole.domain.plan import Estimate, Intent, Plan, Purpose, RunKind, Start, Step, TakeSnapshot
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.poolstate import LeaseValue, MemberValue, RunRecord
from xsconsole.domain.workflow import Stage, default_workflow

STAGING, PRODUCTION = StageId("staging"), StageId("production")
AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def stage(stage_id: StageId) -> Stage:
    found = default_workflow().stage(stage_id)
    assert found is not None
    return found


def make_card(
    service: str = "shop",
    version: str = "1.3.0",
    *,
    at: StageId = STAGING,
    powers: tuple[str, ...] = ("Running", "Halted"),
    standing: Standing = Standing.WHOLE,
    revision: int = 1,
) -> Card:
    configuration = ConfigurationId(f"{service}-{version}")
    members = tuple(
        Member(
            ref=Ref(f"OpaqueRef:{configuration}-{at_}"),
            uuid=Uuid(f"{configuration}-{at_}"),
            name=f"{service}-{at_}",
            role=f"role-{at_}",
            power_state=power,
            memory_bytes=2**31,
            disks_bytes=10 * 2**30,
            order=at_,
            value=MemberValue(
                vm=Uuid(f"{configuration}-{at_}"),
                configuration=configuration,
                name=f"{service} {version}",
                service=service,
                version=version,
                stage=at,
                workflow=WorkflowId("release"),
                workflow_version=1,
                role=f"role-{at_}",
                revision=revision,
                roster_count=len(powers),
                roster_digest=Digest(""),
            ),
        )
        for at_, power in enumerate(powers)
    )
    return Card(
        id=configuration,
        name=f"{service} {version}",
        service=service,
        version=version,
        stage=at,
        revision=revision,
        workflow_version=1,
        members=members,
        standing=standing,
    )


def with_restore_point(card: Card) -> Card:
    point = RestorePoint(run=RunId("r0"), stage=STAGING, at=AT, snapshots={}, is_whole=True)
    return replace(card, restore_points=(point,))


def make_plan(card: Card, *, target: StageId = PRODUCTION, asks: bool = True) -> Plan:
    """A plan of two steps: a snapshot, and a start that waits for it."""
    vm = card.members[0].uuid
    snapshot = Step(
        key=StepKey("snapshot"),
        action=TakeSnapshot(vm=vm, purpose=Purpose.RESTORE_POINT),
        subject="shop-0",
        estimate=Estimate(seconds=4, bytes=2**30),
    )
    start = Step(
        key=StepKey("start"),
        action=Start(vm=vm),
        subject="shop-0",
        after=(snapshot.key,),
        estimate=Estimate(seconds=20, downtime_s=95),
    )
    intent = Intent(
        kind=RunKind.PROMOTE,
        configuration=card.id,
        name=card.name,
        service=card.service,
        workflow=WorkflowId("release"),
        workflow_version=1,
        source=card.stage,
        target=target,
        revision=card.revision,
    )
    return Plan(intent=intent, steps=(snapshot, start), leases=(), asks=asks)


def with_run(card: Card, *, by: str | None) -> Card:
    """The card while a run record stands; `by` works on it, None when nobody does."""
    plan = make_plan(card)
    record = RunRecord(
        run=RunId("r1"),
        plan=plan,
        plan_digest=plan.digest,
        actor="bob",
        console=ConsoleId("c"),
        console_name="ops-2",
        reason="",
        started_at=AT,
        settled=(StepKey("snapshot"),),
    )
    holder = None if by is None else LeaseValue(nonce="n", console="ops-2", actor=by, state="held", ttl_s=60)
    standing = Standing.INTERRUPTED if by is None else Standing.RUNNING
    return replace(card, standing=standing, run=RunView(record=record, holder=holder))
