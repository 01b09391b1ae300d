"""A fence whose host does not answer: shown, and started elsewhere by whoever answers for that."""

from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import virtually
from tests.engine.fence_scene import Scene, watched
from tests.engine.memory_pool import GIB
from xsconsole.domain.fence.state import State, state_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Confirmed, Redeploy, Undeploy
from xsconsole.errors import Refused


def test_a_fence_whose_host_died_starts_elsewhere_once_somebody_answers_for_that_and_not_while_it_answers() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        assert (await scene.do(scene.deploy())).error is None
        fence = scene.fence()
        redeploy, keep = Redeploy(configuration=fence.configuration), Undeploy(configuration=fence.configuration)
        assert "are not off" in scene.refusal(redeploy)
        scene.wire(scene.outside, "eth1", pool.add_host("xen-2", 64 * GIB))
        metrics = pool.records[pool.host.metrics]
        dead = msgspec.structs.replace(metrics, live=False)
        pool.put(dead)
        seen = watched(desk)
        assert (state_of(seen), seen.host, seen.silent) == (State.STRANDED, "xen-1", "xen-1")
        assert "nothing there can be shut down" in scene.refusal(keep)

        plan = desk.engine.plan(redeploy)
        assert len(plan.questions) == 1
        assert "“xen-1” does not answer. Is it certain that 4 machines there no more run" in plan.questions[0]
        with pytest.raises(Refused):
            await desk.engine.open(Confirmed(command=redeploy, digest=plan.digest))
        desk.port.on_call = lambda method: pool.put(metrics) if method == "is_attended" else None
        assert (await scene.do(redeploy)).state is RunState.UNDONE
        desk.port.on_call = lambda _: None
        assert {pool.vm(vm).power_state for vm in fence.site.members.values()} == {"Running"}
        pool.put(dead)
        status = await scene.do(redeploy)
        assert status.error is None, explain(status.error)
        machines = [pool.vm(vm) for vm in (*fence.site.members.values(), fence.site.router or Uuid(""))]
        assert {(vm.power_state, pool.records[vm.resident_on].name_label) for vm in machines} == {("Running", "xen-2")}
        assert scene.fence() == fence

        metrics = pool.records[pool.records[machines[0].resident_on].metrics]
        pool.put(msgspec.structs.replace(metrics, live=False))
        parked = await scene.do(replace(keep, keeps=True))
        assert parked.error is None, explain(parked.error)
        assert {pool.vm(vm.uuid).power_state for vm in machines} == {"Halted"}

    virtually(story)
