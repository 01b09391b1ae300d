"""Gates: what is unmet is said before, waited for in the run, and stops it or leads it back."""

import asyncio

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.requesting import approved_request, run
from tests.engine.test_planning import kinds
from tests.workflows import guarded
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.inventory import VIF, VM, Host
from xsconsole.domain.poolstate import encode
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Limits
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    ExactReplica,
    Gate,
    GuestToolsUp,
    HttpCall,
    MaintenanceWindow,
    NoDrift,
    NoDuplicateAddresses,
    PoolFit,
    RecentRestorePoint,
    Script,
    ShortChains,
    When,
)
from xsconsole.engine.commands import AddMembers, AllowDifference, Confirmed, Create, NewMember
from xsconsole.engine.ports import Field
from xsconsole.engine.requests.asked import command_of
from xsconsole.errors import GateNotMet, NotPromotable, RunFailed


async def shop_before(office: Office, *gates: Gate, soak_s: int = 0) -> tuple[Desk, ConfigurationId]:
    desk = office.desk()
    shop = await office.shop(desk)
    await desk.publish(guarded(*gates, soak_s=soak_s))
    return desk, shop


def test_gates_come_first_and_last_and_everything_else_waits_for_them() -> None:
    async def story() -> None:
        desk, shop = await shop_before(Office(), PoolFit(), HttpCall(url="http://shop/health", when=When.AFTER))

        plan = desk.engine.plan(desk.promotion(shop, "production"))

        assert kinds(plan) == ["gate", *["snapshot"] * 3, "start", *["member"] * 3, "verify", "gate"]
        first, *middle, last = plan.steps
        assert all(step.after == (first.key,) for step in middle if "snapshot" in step.key)
        assert last.after == (plan.steps[-2].key,)

    virtually(story)


def test_what_the_records_tell_unmet_is_refused_before_with_every_reason() -> None:
    async def story() -> None:
        office = Office()
        closed = MaintenanceWindow(weekdays=(6,), from_minute=0, to_minute=60)
        desk, shop = await shop_before(office, PoolFit(), closed, RecentRestorePoint(), ShortChains(longest=3))
        office.pool.change_record(Host, enabled=False)

        refusal = desk.refusal(desk.promotion(shop, "production"))

        assert isinstance(refusal, NotPromotable)
        assert "In maintenance or not heard of: xen-1." in refusal.reason
        assert "The maintenance window is closed; it opens" in refusal.reason
        assert "No restore point is younger than 24 h: there is none." in refusal.reason
        assert "snapshots of one disk" not in refusal.reason
        assert refusal.mend == (
            "Take those hosts out of maintenance, or see that they run and are reached. Wait until it opens; an "
            "emergency goes past it. Take a restore point of it, such as by `xsconsole config snapshot`."
        )
        offers = {target.stage: target.refusal for target in desk.engine.targets(shop)}
        offered = offers[StageId("production")]
        assert offered is not None
        assert offered.reason == refusal.reason

    virtually(story)


def test_a_pool_is_not_fit_while_a_snapshot_of_a_member_is_exported() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, PoolFit(), RecentRestorePoint(tag="nightly"))
        member = desk.card(shop).members[0].uuid
        backup = office.pool.vm(office.pool.snapshot(member, "nightly"))
        office.pool.put_raw(msgspec.structs.replace(backup, current_operations={"OpaqueRef:task": "export"}))

        refusal = desk.refusal(desk.promotion(shop, "production"))

        assert f"A backup or a copy is under way at {office.pool.vm(member).name_label}." in refusal.reason
        assert "there is none, and not every machine has such a snapshot with the tag nightly." in refusal.reason

    virtually(story)


def test_a_gate_before_is_waited_for_and_then_the_run_goes_on() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, HttpCall(url="http://ready", timeout_s=30))
        desk.prober.will("http://ready", False, False, True)

        status = await desk.do(desk.promotion(shop, "production"))

        assert (status.state, status.remarks) == (RunState.DONE, {})
        assert desk.prober.asked == ["http://ready"] * 3
        assert desk.card(shop).stage == "production"

    virtually(story)


def test_a_gate_before_that_stays_unmet_changes_nothing() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, HttpCall(url="http://ready", timeout_s=10))
        desk.prober.will("http://ready", False)

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, GateNotMet)
        assert (status.error.cause.sentence, status.error.cause.waited_s) == ("http://ready is silent.", 10.0)
        assert status.error.undone == ()
        assert not [
            record for record in office.pool.records.values() if isinstance(record, VM) and record.is_a_snapshot
        ]
        assert desk.card(shop).stage == "staging"

    virtually(story)


def test_a_gate_afterwards_that_leads_back_takes_the_way_back() -> None:
    async def story() -> None:
        office = Office()
        gate = Script(argv=("smoke-test",), when=When.AFTER, leads_back=True)
        desk, shop = await shop_before(office, gate)
        desk.prober.will("smoke-test", False)

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.UNDONE
        assert desk.card(shop).stage == "staging"
        assert desk.prober.asked == ["smoke-test"]

    virtually(story)


def test_leading_back_asks_nobody_whatever_the_way_back_demands() -> None:
    async def story() -> None:
        gate = Script(argv=("smoke-test",), when=When.AFTER, leads_back=True)
        scene, request = await approved_request(gates=(gate,))  # on the way back as well, with its approval
        scene.alice.prober.will("smoke-test", False)
        assert (
            scene.alice.engine.plan(command_of(request))
            .notes[-1]
            .startswith("If script is not met afterwards, all of it is put back by itself. Nobody is asked for that")
        )

        status = await (await run(scene.alice, request)).wait()

        assert (status.state, scene.stage()) == (RunState.UNDONE, "staging")
        assert scene.alice.prober.asked == ["smoke-test"]

    virtually(story)


def test_a_gate_afterwards_that_leads_nowhere_back_is_told_and_recorded() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, AddressesAnswer(port=443, when=When.AFTER, timeout_s=5))

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.DONE
        assert list(status.remarks.values()) == [
            "The gate “addresses answer” is not met, and nothing is put back for it: shop-db reports no address."
        ]
        settled = [
            fact for fact in desk.ledger.facts if fact.event is AuditEvent.STEP_SETTLED and "after" in str(fact.step)
        ]
        assert [fact.details["result"] for fact in settled if fact.details] == ["not met: shop-db reports no address."]

    virtually(story)


def test_a_checklist_is_answered_before_anything_happens() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, Checklist(items=("Told the users", "Looked at the report")))
        command = desk.promotion(shop, "production")
        plan = desk.engine.plan(command)
        assert plan.asks
        assert plan.questions == ("Told the users", "Looked at the report")

        with pytest.raises(NotPromotable, match="Looked at the report"):
            await desk.engine.open(Confirmed(command=command, digest=plan.digest, answers=("Told the users",)))
        run = await desk.engine.open(Confirmed(command=command, digest=plan.digest, answers=plan.questions))

        assert (await run.wait()).state is RunState.DONE

    virtually(story)


def test_tools_and_duplicates_are_read_from_the_records() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, NoDuplicateAddresses())
        assert desk.engine.plan(desk.promotion(shop, "production"))

        network, other = office.pool.add_network("front"), office.pool.add_network("back")
        for role, at in (("shop-db", network), ("shop-web", other)):
            office.pool.plug(desk.member(shop, role), at)
        db, web = (office.pool.interfaces(desk.member(shop, role))[0] for role in ("shop-db", "shop-web"))
        office.pool.put(msgspec.structs.replace(web, MAC=db.MAC))
        await desk.until(lambda: desk.inventory.get(VIF, web.ref).MAC == db.MAC)  # type: ignore[union-attr]
        assert desk.engine.plan(desk.promotion(shop, "production")), "on two networks they do not meet"
        office.pool.put(msgspec.structs.replace(web, MAC=db.MAC, network=network.ref))
        await desk.until(lambda: desk.inventory.get(VIF, web.ref).network == network.ref)  # type: ignore[union-attr]
        refusal = desk.refusal(desk.promotion(shop, "production"))
        assert f"{db.MAC} of shop-db and shop-web." in refusal.reason
        assert "another address" in refusal.mend

        await desk.publish(msgspec.structs.replace(guarded(GuestToolsUp()), version=3))
        refusal = desk.refusal(desk.promotion(shop, "production"))
        assert "No guest tools answer at shop-lb (halted)." in refusal.reason
        assert refusal.mend.startswith("See that these machines run")

    virtually(story)


def test_production_is_what_drift_is_measured_against() -> None:
    async def story() -> None:
        desk, shop = await shop_before(Office(), NoDrift(against="production"))  # type: ignore[arg-type]

        refusal = desk.refusal(desk.promotion(shop, "production"))

        assert "No configuration of shop is in production." in refusal.reason
        assert refusal.mend == "The first one goes there by a way without this gate."

    virtually(story)


def test_an_exact_replica_passes_by_the_rules_that_its_sentence_names_which_the_run_keeps() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, ExactReplica())
        flow = desk.board.workflow
        assert flow is not None
        stages = tuple(msgspec.structs.replace(stage, limits=Limits()) for stage in flow.stages)
        await desk.publish(msgspec.structs.replace(flow, version=flow.version + 1, stages=stages))
        members = desk.card(shop).members
        vms = {member.role: office.pool.add_vm(f"prod-{member.role}", order=member.order) for member in members}
        made = tuple(NewMember(vm=vm.uuid, role=role) for role, vm in vms.items())
        create = Create(service="shop", version="1.2.0", stage=StageId("production"), members=made)
        assert (await desk.do(create)).error is None
        office.pool.change(members[0].uuid, VCPUs_max=16)
        await desk.until(lambda: len(desk.board.cards) == 2)
        refusal = desk.refusal(desk.promotion(shop, "production"))
        assert "1 difference from shop 1.2.0 in Production that no rule allows: " in refusal.reason, refusal.reason
        assert "names each field: make it equal, or allow it by a rule" in refusal.mend

        rule = AllowDifference(part="member", field="vcpus_max", service="shop", reason="more load in the test")
        stands = await desk.engine.allowing.allow(rule)
        await desk.until(lambda: desk.board.allowances == (stands,))
        status = await desk.do(desk.promotion(shop, "production"))

        assert status.error is None
        settled = [fact for fact in desk.ledger.facts if fact.event is AuditEvent.STEP_SETTLED]
        kept = [str((fact.details or {}).get("result", "")) for fact in settled if "gate" in str(fact.step)]
        assert any("Allowed by hand: more load in the test (user-1, " in result for result in kept), kept
        assert any("Disk contents: unknown." in result for result in kept)

    virtually(story)


def test_a_soak_time_is_waited_for_from_the_arrival_and_a_new_machine_begins_it_anew() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, soak_s=3600)
        arrived = desk.card(shop).since
        assert arrived is not None

        refusal = desk.refusal(desk.promotion(shop, "production"))
        assert "shop 1.3.0 must stand there for 1 h: until " in refusal.reason
        await asyncio.sleep(3600)
        assert desk.engine.plan(desk.promotion(shop, "production"))

        late = office.pool.add_vm("shop-cache")
        added = AddMembers(configuration=shop, revision=desk.card(shop).revision, members=(NewMember(vm=late.uuid),))
        assert (await desk.do(added)).state is RunState.DONE
        later = desk.card(shop).since
        assert later is not None
        assert later > arrived
        assert "must stand there" in desk.refusal(desk.promotion(shop, "production")).reason
        kept = {member.value.entered_at for member in desk.card(shop).members if member.uuid != late.uuid}
        assert max(moment for moment in kept if moment) == arrived

    virtually(story)


def test_an_undone_promotion_does_not_begin_the_soak_time_anew() -> None:
    async def story() -> None:
        office = Office()
        gate = HttpCall(url="http://shop", when=When.AFTER, leads_back=True, timeout_s=5)
        desk, shop = await shop_before(office, gate)
        desk.prober.will("http://shop", False)
        before = desk.card(shop).since

        assert (await desk.do(desk.promotion(shop, "production"))).state is RunState.UNDONE

        assert desk.card(shop).since == before

    virtually(story)


def test_who_stands_there_since_nobody_knows_when_does_not_pass() -> None:
    async def story() -> None:
        office = Office()
        desk, shop = await shop_before(office, soak_s=60)
        for member in desk.card(shop).members:
            marks = office.pool.map_of(Field.VM, member.uuid)
            assert marks is not None
            old = encode(msgspec.structs.replace(member.value, entered_at=None))
            office.pool.set_map(Field.VM, member.uuid, {**marks, "xsconsole.member.1": old})

        assert "It is not known since when" in desk.refusal(desk.promotion(shop, "production")).reason

    virtually(story)
