"""The gate against drift from what was approved: the manifest that the plan holds, against what stands."""

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.requesting import approve, ask, person_of, ruled, run
from tests.engine.test_copying import copying, made
from tests.engine.test_relocation import Scene
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import DiskRule, DiskTreatment, Method, Workflow, default_workflow
from xsconsole.domain.workflow.gates import NoDrift, When
from xsconsole.errors import GateNotMet, PlanIsStale, RunFailed

GIB = 1024**3
WAY = "staging-to-production"


def gated_way(workflow: Workflow, *gates: NoDrift, **fields: object) -> Workflow:
    ways = tuple(
        msgspec.structs.replace(way, gates=gates, **fields) if way.id == WAY else way for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=2, transitions=ways)


async def begin(workflow: Workflow) -> tuple[Office, Desk, ConfigurationId]:
    office = Office()
    desk = office.desk()
    shop = await office.shop(desk)
    await desk.publish(workflow)
    return office, desk, shop


def changing(office: Office, desk: Desk, at: str, name: str, **fields: object) -> None:
    """Let somebody change a machine of that name as soon as the run makes such a call."""

    def change(method: str) -> None:
        if method == at:
            for vm in [vm for vm in office.pool.vms() if vm.name_label == name and not vm.is_a_snapshot]:
                office.pool.change(vm.uuid, **fields)

    desk.port.on_call = change


AFTER = NoDrift(when=When.AFTER, leads_back=True, timeout_s=3)


@pytest.mark.parametrize("method", [Method.MOVE, Method.LINKED_CLONE, Method.FULL_COPY])
def test_what_stands_afterwards_is_what_was_confirmed(method: Method) -> None:
    async def story() -> None:
        workflow = gated_way(default_workflow() if method is Method.MOVE else copying(method), NoDrift(), AFTER)
        _, desk, shop = await begin(workflow)

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.error is None
        moved = desk.card(shop) if method is Method.MOVE else made(desk, shop)
        assert moved.stage == "production"

    virtually(story)


def test_each_field_that_differs_is_named_and_the_way_back_is_taken() -> None:
    async def story() -> None:
        office, desk, shop = await begin(gated_way(default_workflow(), AFTER))
        changing(office, desk, "start", "shop-lb", memory_static_max=9 * GIB, VCPUs_max=7)

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.UNDONE
        assert isinstance(status.error, RunFailed)
        assert isinstance(status.error.cause, GateNotMet)
        assert status.error.cause.sentence == (
            "2 fields of shop 1.3.0 differ from what was approved: "
            "shop-lb: memory, static maximum was 2 GiB, is 9 GiB; shop-lb: vCPUs at most was 1, is 7."
        )
        assert explain(status.error).mend.startswith("Make it again what was approved; or plan anew")
        assert desk.card(shop).stage == "staging"

    virtually(story)


def test_a_copy_that_is_not_what_was_approved_is_destroyed_again() -> None:
    async def story() -> None:
        office, desk, shop = await begin(gated_way(copying(), AFTER))
        changing(office, desk, "start", "shop-db (Production)", memory_static_max=9 * GIB)

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.state is RunState.UNDONE
        assert "shop-db: memory, static maximum was 2 GiB, is 9 GiB" in str(status.error.cause.sentence)  # type: ignore[union-attr]
        assert len(desk.board.cards) == 1

    virtually(story)


def test_disks_that_do_not_travel_are_no_drift() -> None:
    async def story() -> None:
        empty = (DiskRule(role="data", treatment=DiskTreatment.EMPTY),)
        office, desk, shop = await begin(gated_way(copying(), AFTER, disks=empty))
        office.pool.add_disk(desk.member(shop, "shop-db"), "data", "1")

        assert (await desk.do(desk.promotion(shop, "production"))).error is None

    virtually(story)


def test_what_somebody_confirms_is_the_manifest_too_where_the_gate_asks_for_it() -> None:
    async def story() -> None:
        office, desk, shop = await begin(gated_way(default_workflow(), NoDrift()))
        command = desk.promotion(shop, "production")
        seen = desk.engine.plan(command).digest
        office.pool.change(desk.member(shop, "shop-db"), memory_static_max=9 * GIB)

        with pytest.raises(PlanIsStale):
            await desk.open(command, seen)

    virtually(story)


def test_before_the_copying_of_what_was_approved_the_source_has_to_be_it_still() -> None:
    async def story() -> None:
        office = Office()
        alice, bob = office.desk(), office.desk()
        shop = await office.shop(alice)
        workflow = gated_way(ruled(alice, bob), NoDrift(timeout_s=3), method=Method.LINKED_CLONE)
        await alice.publish(msgspec.structs.replace(workflow, people=(person_of(alice, 1), person_of(bob, 2))))
        request = await ask(alice, shop)
        await approve(bob, request)
        machine = alice.member(shop, "shop-db")
        office.pool.change(machine, memory_static_max=9 * GIB, tags=("new",))

        status = await (await run(bob, request)).wait()

        assert isinstance(status.error, RunFailed)
        assert "1 field of shop 1.3.0 differs from what was approved: shop-db: memory" in str(
            status.error.cause.sentence
        )  # type: ignore[attr-defined]
        office.pool.change(machine, memory_static_max=2 * GIB)
        assert (await (await run(bob, request)).wait()).error is None
        await bob.engine.close()

    virtually(story)


def test_the_networks_of_the_stage_it_has_come_to_are_no_difference() -> None:
    async def story() -> None:
        scene = await Scene().begin(gates=(AFTER,))

        status = await scene.desk.do(scene.desk.promotion(scene.shop, "production"))

        assert status.error is None, explain(status.error)

    virtually(story)
