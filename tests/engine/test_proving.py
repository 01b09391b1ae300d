"""An archive is proven at a pool of values: restored apart, asked, and all of it gone, whatever comes in between."""

from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.engine.deaths import Fate, deaths, settled
from tests.engine.desks import virtually
from tests.engine.memory_port import Fault
from tests.engine.test_archives import Scene, failure
from tests.engine.test_copying import census
from tests.engine.test_pool_archives import Scene as PoolScene
from xsconsole.domain.actions.proofs import CheckScratch, MakeScratchNetwork
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VIF, GuestMetrics, Network
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Binding, PoolObject, default_workflow
from xsconsole.domain.workflow.gates import AddressesAnswer, GuestToolsUp, MaintenanceWindow, Script
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import Direction, ProveArchive
from xsconsole.engine.plans import planner
from xsconsole.errors import ConsoleError, NotPromotable

EVERY = 6  # so many deaths, one is inherited


def proving(scene: Scene, *, stage: str = "", asks_tools: bool = True, **more: Any) -> ProveArchive:
    back = scene.returning(**{"target": StageId(stage), "networks": {}, **more})
    return ProveArchive(of=back, is_in_stage=bool(stage), asks_tools=asks_tools, reason="the yearly trial")


def left(scene: Scene) -> dict[str, object]:
    """Count what a trial could leave on the other pool."""
    networks = {one.name_label for one in scene.other.pool.records.values() if isinstance(one, Network)}
    # What the import itself makes there the real port takes away; see `tests/console/test_archives.py`.
    return {**census(scene.other), "networks": networks - {"front-net"}}


def test_a_trial_runs_apart_from_everything_says_what_it_found_and_leaves_nothing() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        archive = await scene.archived()
        before = left(scene)
        seen: list[set[str]] = []

        def look(method: str) -> None:
            if method == "start":
                pool = scene.other.pool
                refs = {vif.network for vif in pool.records.values() if isinstance(vif, VIF)}
                seen.append({pool.records[ref].name_label for ref in refs})

        scene.there.port.on_call = look
        status = await scene.there.do(proving(scene))
        scene.there.port.on_call = lambda _: None

        assert status.error is None, explain(status.error)
        assert left(scene) == before
        assert scene.there.board.cards == {}
        assert len(seen) == 3
        assert all(len(names) == 1 and min(names).startswith("Proof of shop 1.3.0: front-net · ") for names in seen)
        (proof,) = scene.desk.port.shelf.proofs
        assert (proof.archive, proof.place, proof.failure, proof.run) == (archive.id, "", "", status.run)
        assert proof.found == ("Every machine runs.", "The guest tools of 3 machines answer.")
        plan = status.plan
        proposed = replace(scene.there.board, is_proposed=True)  # also where no workflow is followed
        now = scene.there.clock.now()
        assert planner.plan(proving(scene), proposed, scene.there.inventory, "root", now).digest == plan.digest
        with pytest.raises(NotPromotable) as refused:
            planner.plan(proving(scene, stage="staging"), proposed, scene.there.inventory, "root", now)
        assert refused.value.mend.endswith("Or prove it apart, on private networks.")
        assert plan.warnings[0].endswith("all of it is removed again, whatever comes of it.")
        hosts = {step.host for step in plan.steps if step.key.endswith("start-copy")}
        assert hosts == {scene.other.pool.host.uuid}

        def silence(method: str) -> None:
            pool = scene.other.pool
            found = [one for one in pool.records.values() if isinstance(one, GuestMetrics) and one.PV_drivers_detected]
            for record in found:
                pool.put(msgspec.structs.replace(record, PV_drivers_detected=False))

        scene.there.port.on_call = silence
        failed = await scene.there.do(proving(scene))
        assert failed.state is RunState.UNDONE
        assert "No guest tools answer at shop-db (proof)" in failure(failed)
        assert left(scene) == before
        assert "Guest tools answer: No guest tools" in scene.desk.port.shelf.proofs[-1].failure
        bare = await scene.there.do(proving(scene, asks_tools=False))
        assert bare.error is None
        assert scene.desk.port.shelf.proofs[-1].found == ("Every machine runs.",)
        assert left(scene) == before

    virtually(story)


def test_in_a_stage_its_checks_are_asked_and_nothing_can_meet_production() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()
        base, pool = default_workflow(), scene.other.pool
        test_net = pool.add_network("test-net")
        nets = {"patch-testing": test_net, "staging": scene.prod, "production": scene.prod}
        stages = tuple(
            msgspec.structs.replace(
                stage,
                binding=Binding(
                    networks=(
                        NetworkEntry(
                            logical="front-net",
                            network=PoolObject(uuid=nets[stage.id].uuid, name=nets[stage.id].name_label),
                        ),
                    )
                ),
            )
            if stage.id in nets
            else stage
            for stage in base.stages
        )
        gates = (GuestToolsUp(timeout_s=30), Script(argv=("probe",)), MaintenanceWindow(), AddressesAnswer(port=443))
        ways = tuple(
            msgspec.structs.replace(way, gates=gates) if way.target == "patch-testing" else way
            for way in base.transitions
        )
        new = msgspec.structs.replace(base, version=2, networks=("front-net",), stages=stages, transitions=ways)
        await scene.there.publish(new)
        before = left(scene)
        table = {"networks": {"front-net": test_net.uuid}}

        assert "is production" in scene.there.refusal(proving(scene, stage="production", **table)).reason
        shared = {"networks": {"front-net": scene.prod.uuid}}
        assert (
            "Production is on “prod-net” too" in scene.there.refusal(proving(scene, stage="staging", **shared)).reason
        )
        assert "on which network" in scene.there.refusal(proving(scene, stage="integration")).reason

        plan = scene.there.engine.plan(proving(scene, stage="patch-testing", **table))
        assert not any(isinstance(step.action, MakeScratchNetwork) for step in plan.steps)
        asked = [step.action.gate for step in plan.steps if isinstance(step.action, CheckScratch)]
        assert [type(gate) for gate in asked] == [GuestToolsUp, Script, AddressesAnswer]
        scene.there.prober.will("probe", True)
        failed = await scene.there.do(proving(scene, stage="patch-testing", **table))
        assert "reports no address" in failure(failed)
        assert scene.there.prober.asked == ["probe"]
        assert scene.desk.port.shelf.proofs[-1].place == "Patch testing"
        assert left(scene) == before

    virtually(story)


def test_whatever_fails_or_dies_nothing_of_a_trial_is_left() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()
        before, command = left(scene), proving(scene)
        configuration = scene.there.engine.plan(command).intent.configuration
        for method in ("create_network", "bring", "shape", "start", "destroy", "destroy_network"):
            for how in ("fail", "lose-before", "lose-after"):
                scene.there.port.faults.append(Fault(method=method, nth=1, how=how))
                try:
                    await scene.there.do(command)
                except ConsoleError:
                    continue
                finally:
                    scene.there.port.faults.clear()
                card = scene.there.board.cards.get(configuration)
                if card is not None and card.standing is Standing.INTERRUPTED:
                    assert "this archive" in scene.there.refusal(command).reason.lower()
                    await scene.there.settle(configuration, Direction.UNDO)
                assert left(scene) == before, (method, how)

        run = await scene.there.open(command)
        scene.there.port.on_call = lambda method: run.stop() if method == "destroy" else None
        assert (await run.wait()).state is RunState.INTERRUPTED
        card = scene.there.board.cards[configuration]
        assert (card.name, card.service, card.stage) == ("trial of shop 1.3.0", "", "")
        assert scene.there.board.homeless == (card,)
        scene.there.port.on_call = lambda _: None
        assert (await scene.there.settle(configuration, Direction.RESUME)).state is RunState.DONE
        assert left(scene) == before

        fates: Counter[Fate] = Counter()
        for death in (await deaths(scene.there, scene.there.do(command), scene.there.pool))[::EVERY]:
            (office,) = death.offices()
            fates[await settled(office.desk(death.home()), configuration, Direction.UNDO)] += 1
            scene.other = office
            assert left(scene) == before
        assert fates[Fate.UNDONE] > 0

    virtually(story)


def test_what_was_tried_and_adopted_meanwhile_is_not_destroyed() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()

        def adopt(method: str) -> None:
            pool = scene.other.pool
            tried = [vm for vm in pool.vms() if vm.name_label.endswith("(proof)") and vm.power_state == "Running"]
            for vm in tried[:1]:
                member = next(one for one in scene.office.pool.vms() if not one.is_a_snapshot)
                value = next(text for key, text in member.other_config.items() if key.startswith("xsconsole.member"))
                pool.change(vm.uuid, other_config={"xsconsole.member.1": value.replace(str(member.uuid), vm.uuid)})

        scene.there.port.on_call = lambda method: adopt(method) if method == "add_key" else None
        status = await scene.there.do(proving(scene))
        assert "is a member of a configuration by now" in failure(status)

    virtually(story)


def test_an_archive_in_the_pool_is_proven_there_and_what_was_found_goes_with_it() -> None:
    async def story() -> None:
        scene = await PoolScene().begin()
        await scene.done(scene.archiving())
        pool = scene.office.pool
        before = {**census(scene.office), "networks": pool.count(Network)}
        command = ProveArchive(of=scene.returning(target=StageId(""), networks={}))
        away: list[int] = []
        scene.desk.port.on_call = lambda method: away.append(pool.count(Network)) if method == "start" else None

        status = await scene.done(command)

        scene.desk.port.on_call = lambda _: None
        assert [number - int(str(before["networks"])) for number in away] == [1, 1, 1]
        keys = {str(key) for key in before.pop("keys")}  # type: ignore[attr-defined]
        after = {**census(scene.office), "networks": pool.count(Network)}
        assert {str(key) for key in after.pop("keys")} - keys == {f"xsconsole.archive_proof.{scene.archive.id}"}  # type: ignore[attr-defined]
        assert after == before
        (one,) = scene.listed
        assert one.proofs.proven is not None
        assert one.proofs.proven.run == status.run
        assert one.proofs.proven.found == ("Every machine runs.", "The guest tools of 3 machines answer.")
        pool.change(scene.templates()[0].uuid, memory_static_max=2**34)
        assert "is not as it was archived" in scene.desk.refusal(command).reason
        await scene.done(scene.deleting())
        scene.nothing_is_left()

    virtually(story)
