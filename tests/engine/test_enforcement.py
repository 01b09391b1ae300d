"""What a workflow demands and the engine does not carry out is refused; what it does carry out is held to."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.test_planning import changed, reason
from xsconsole.domain.ids import GroupId, PersonId, StageId, TransitionId, Uuid
from xsconsole.domain.workflow import (
    Binding,
    DiskRule,
    DiskTreatment,
    Group,
    Kind,
    Limits,
    Method,
    Person,
    PoolObject,
    Workflow,
    default_workflow,
)
from xsconsole.domain.workflow.afterwards import Tell
from xsconsole.domain.workflow.findings import Severity, findings
from xsconsole.domain.workflow.gates import Checklist, When
from xsconsole.domain.workflow.templates import templates
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import Create, Dissolve, NewMember
from xsconsole.engine.plans.enforcement import findings_of_gaps, gaps
from xsconsole.errors import NotPermitted, NotPromotable, PlanIsStale

INTO_PRODUCTION = TransitionId("staging-to-production")
ELSEWHERE = PoolObject(uuid=Uuid("00000000-0000-0000-0000-0000000000ff"), name="elsewhere")
THERE = NetworkEntry(logical="front", network=ELSEWHERE)


def with_way(**fields: object) -> Workflow:
    workflow = default_workflow()
    ways = tuple(
        msgspec.structs.replace(way, **fields) if way.id == INTO_PRODUCTION else way for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=2, transitions=ways)


def elsewhere(workflow: Workflow) -> Workflow:
    """Return the workflow with production in another pool."""
    stages = (
        msgspec.structs.replace(it, binding=Binding(pool=ELSEWHERE)) if it.id == "production" else it
        for it in workflow.stages
    )
    return msgspec.structs.replace(workflow, stages=tuple(stages))


UNENFORCED = {
    "gates (checklist)": with_way(gates=(Checklist(items=("Seen?",), when=When.AFTER),)),
    "actions afterwards (telling a web address)": with_way(afterwards=(Tell(url="https://example.invalid"),)),
    "the method “linked-clone” to another pool": elsewhere(with_way(method=Method.LINKED_CLONE)),
}


@pytest.mark.parametrize(
    "workflow", [default_workflow(), *(one.workflow for one in templates())], ids=lambda one: one.name
)
def test_nothing_to_begin_from_demands_what_is_not_carried_out(workflow: Workflow) -> None:
    assert gaps(workflow, None) == ()


@pytest.mark.parametrize("what", UNENFORCED)
def test_a_way_whose_demand_is_not_carried_out_is_refused_everywhere_and_said_at_the_draft(what: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        seen = desk.promotion(shop, "production")
        digest = desk.engine.plan(seen).digest
        await desk.publish(UNENFORCED[what])

        refused = desk.refusal(seen)
        target = next(target for target in desk.engine.targets(shop) if target.stage == "production")

        assert isinstance(refused, NotPromotable)
        assert (
            f"The way from Staging to Production demands {what}, which this console cannot carry out" in refused.reason
        )
        assert target.plan is None
        assert target.refusal is not None
        assert target.refusal.reason == refused.reason
        with pytest.raises(NotPromotable, match="cannot carry out"):
            await desk.open(seen, digest)
        assert desk.card(shop).stage == "staging"

    virtually(story)
    pool = Uuid("00000000-0000-0000-0000-000000000001")
    found = findings_of_gaps(UNENFORCED[what], pool)
    assert found
    assert all(finding.severity is Severity.WARNING and what in finding.sentence for finding in found)
    assert all((finding.stage or finding.transition) and finding.field for finding in found)


SENSELESS = {
    "disks that do not travel": with_way(disks=(DiskRule(role="data", treatment=DiskTreatment.STAYS),)),
    "a way back by “full-copy”": msgspec.structs.replace(
        default_workflow(),
        version=2,
        transitions=tuple(
            msgspec.structs.replace(way, method=Method.FULL_COPY) if way.kind is Kind.DEMOTE else way
            for way in default_workflow().transitions
        ),
    ),
}


@pytest.mark.parametrize("what", SENSELESS)
def test_what_no_console_will_carry_out_is_an_error_of_the_workflow_and_refused_where_it_stands(what: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk, "production" if "back" in what else "staging")
        await desk.publish(SENSELESS[what])
        command = desk.demotion(shop, "staging") if "back" in what else desk.promotion(shop, "production")

        assert what in desk.refusal(command).reason

    virtually(story)
    assert findings_of_gaps(SENSELESS[what], None) == ()
    assert any(finding.severity is Severity.ERROR for finding in findings(SENSELESS[what]))


@pytest.mark.parametrize("method", [Method.MOVE, Method.FULL_COPY])
def test_bindings_of_stages_are_carried_out(method: Method) -> None:
    there = msgspec.structs.replace(
        changed("production", binding=Binding(sr=ELSEWHERE, hosts=(ELSEWHERE,), networks=(THERE,))), networks=("front",)
    )
    ways = tuple(
        msgspec.structs.replace(way, method=method) if way.id == INTO_PRODUCTION else way
        for way in there.transitions
        if way.id == INTO_PRODUCTION or "production" not in (way.source, way.target)
    )

    assert gaps(msgspec.structs.replace(there, transitions=ways), None) == ()


def test_a_stage_that_names_the_pool_it_is_in_binds_to_no_other() -> None:
    pool = PoolObject(uuid=Uuid("00000000-0000-0000-0000-000000000001"), name="acme")

    assert gaps(changed("production", binding=Binding(pool=pool)), pool.uuid) == ()


def test_a_stage_of_another_pool_takes_nothing_of_this_one_though_the_way_stays_in_one_pool() -> None:
    """Both ends live elsewhere, as when a version was published here that was made for another pool."""

    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        seen = desk.promotion(shop, "production")
        far = Binding(pool=ELSEWHERE)
        stages = tuple(msgspec.structs.replace(stage, binding=far) for stage in default_workflow().stages)
        await desk.publish(msgspec.structs.replace(default_workflow(), version=2, stages=stages))

        refused = desk.refusal(seen)

        assert isinstance(refused, NotPromotable)
        assert "Production lives in pool “elsewhere”" in refused.reason
        assert desk.card(shop).stage == "staging"

    virtually(story)


async def two_in_staging(office: Office, desk: Desk, power: str) -> tuple[str, str]:
    found = []
    for service in ("crm", "shop"):
        vm = office.pool.add_vm(f"{service}-1", power)
        found.append(await office.configuration(desk, service, "1", "staging", [vm.uuid]))
    return found[0], found[1]


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (Limits(configurations=1), "Production already has crm 1; it takes 1 configuration."),
        (Limits(running=1), "Production already has crm 1; it takes 1 configuration with running machines."),
        (Limits(configurations=0), "Production takes 0 configurations."),
    ],
)
def test_a_limit_of_a_stage_counts_every_service(limits: Limits, sentence: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        crm, shop = await two_in_staging(office, desk, "Running")
        await desk.publish(changed("production", limits=limits))
        if limits.configurations != 0:
            assert (await desk.do(desk.promotion(crm, "production"))).error is None

        assert desk.refusal(desk.promotion(shop, "production")).reason == sentence
        vm = office.pool.add_vm("new", "Running")
        command = Create(service="new", version="1", stage=StageId("production"), members=(NewMember(vm=vm.uuid),))
        assert desk.refusal(command).reason == sentence

    virtually(story)


def test_a_limit_of_the_first_stage_does_not_count_who_stands_elsewhere() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        crm, shop = await two_in_staging(office, desk, "Halted")
        await desk.publish(changed("integration", limits=Limits(configurations=1)))

        status = await desk.do(desk.demotion(crm, "integration"))  # the last look reads the machines of crm alone

        assert status.error is None
        assert "already has crm 1" in desk.refusal(desk.demotion(shop, "integration")).reason

    virtually(story)


def test_who_has_to_leave_is_as_many_as_are_in_the_way() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await two_in_staging(office, desk, "Halted")
        vm = office.pool.add_vm("new", "Halted")
        command = Create(service="new", version="1", stage=StageId("staging"), members=(NewMember(vm=vm.uuid),))
        mends = []
        for most in (2, 1, 0):
            stage = changed("staging", limits=Limits(configurations=most))
            await desk.publish(msgspec.structs.replace(stage, version=4 - most))
            mends.append(desk.refusal(command).mend)

        assert mends == ["Demote one of them first.", "Demote 2 of them first.", "Change the limit in the workflow."]

    virtually(story)


def test_a_configuration_that_will_not_run_takes_no_running_place() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        crm, shop = await two_in_staging(office, desk, "Halted")
        office.pool.change(desk.member(crm, "crm-1"), power_state="Running")
        stage = changed("patch-testing", limits=Limits(running=1))
        await desk.publish(stage)
        assert (await desk.do(desk.demotion(crm, "patch-testing"))).error is None

        assert (await desk.do(desk.demotion(shop, "patch-testing"))).error is None

    virtually(story)


def test_of_two_consoles_that_fill_the_last_place_of_a_stage_one_wins() -> None:
    async def story() -> None:
        office = Office()
        alice, bob = office.desk(), office.desk()
        crm, shop = await two_in_staging(office, alice, "Running")
        await alice.publish(changed("production", limits=Limits(configurations=1)))
        asked = [(alice, alice.promotion(crm, "production")), (bob, bob.promotion(shop, "production"))]

        ended = await asyncio.gather(*(desk.do(command) for desk, command in asked), return_exceptions=True)

        refused = [one for one in ended if isinstance(one, BaseException)]
        assert len(refused) == 1
        assert isinstance(refused[0], (NotPromotable, PlanIsStale)) or "being changed" in reason(refused[0])  # type: ignore[arg-type]
        assert len(alice.board.in_stage(StageId("production"))) == 1

    virtually(story)


def for_operators(subject: str) -> Workflow:
    workflow = changed("production", actors=(GroupId("operators"),))
    people = (Person(id=PersonId("user"), name="User One", subject=subject),)
    groups = (Group(id=GroupId("operators"), name="Operators", people=(PersonId("user"),)),)
    return msgspec.structs.replace(workflow, people=people, groups=groups)


def test_only_who_is_named_by_the_stage_moves_what_is_in_it() -> None:
    async def story() -> None:
        office = Office()
        named, other = office.desk(), office.desk()
        shop = await office.shop(named)
        await named.publish(for_operators("USER-1"))

        refused = other.refusal(other.promotion(shop, "production"))
        assert isinstance(refused, NotPermitted)
        assert "user-2 may not move configurations into or out of Production" in refused.reason
        assert refused.mend == "Ask User One."
        assert (await named.do(named.promotion(shop, "production"))).error is None
        assert isinstance(other.refusal(other.demotion(shop, "staging")), NotPermitted)
        dissolve = Dissolve(configuration=shop, revision=other.card(shop).revision)
        assert isinstance(other.refusal(dissolve), NotPermitted)

    virtually(story)


def test_a_shared_root_is_nobody() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        desk.port.identity = replace(desk.port.identity, actor="root")
        shop = await office.shop(desk)
        await desk.publish(for_operators("root"))

        refused = desk.refusal(desk.promotion(shop, "production"))

        assert isinstance(refused, NotPermitted)
        assert "root may not move" in refused.reason

    virtually(story)
