"""An archive that comes back into no stage, at a pool of values: machines alone, or nothing is left."""

from dataclasses import replace

import pytest

from tests.engine.desks import virtually
from tests.engine.memory_port import Fault
from tests.engine.test_archives import Scene
from tests.engine.test_copying import census
from xsconsole.domain.ids import StageId
from xsconsole.domain.plan import Plan
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain, title
from xsconsole.engine.commands import RestoreFromArchive
from xsconsole.engine.plans.planner import plan
from xsconsole.errors import NotPromotable


def test_without_a_stage_the_machines_come_back_alone_also_where_no_workflow_is_followed() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()
        command = scene.returning(target=StageId(""))
        proposed = replace(scene.there.board, is_proposed=True)
        now = scene.there.clock.now()

        def planned(command: RestoreFromArchive) -> Plan:
            return plan(command, proposed, scene.there.inventory, "root", now)

        with pytest.raises(NotPromotable) as refused:
            planned(scene.returning())
        assert refused.value.mend.endswith("Or restore the machines alone, into no stage.")
        assert planned(command).digest == scene.there.engine.plan(command).digest
        with pytest.raises(NotPromotable, match="A replica stands in a stage"):
            planned(replace(command, is_replica=True))
        empty = census(scene.other)
        scene.there.port.faults.append(Fault(method="shape", nth=2))
        assert (await scene.there.do(command)).state is RunState.UNDONE
        assert census(scene.other) == empty

        status = await scene.there.do(command)

        assert status.error is None, explain(status.error)
        assert title(status.plan) == "Restore the archive of shop 1.3.0"
        assert (scene.there.board.cards, scene.there.board.strays) == ({}, ())
        names = {"shop-db (restored)", "shop-web (restored)", "shop-lb (restored)"}
        machines = [vm for vm in scene.other.pool.vms() if not vm.is_a_snapshot]
        assert {vm.name_label for vm in machines} == names
        for vm in machines:
            assert (vm.power_state, vm.is_a_template) == ("Halted", False)
            assert not [key for key in vm.other_config if key.startswith("xsconsole")]
            assert scene.other.pool.networks_of(vm.uuid) == {"0": scene.prod.uuid}
        again = scene.there.engine.plan(command)
        assert {step.subject for step in again.steps if step.subject.endswith(" (restored) 2")} == {
            f"{name} 2" for name in names
        }

    virtually(story)
