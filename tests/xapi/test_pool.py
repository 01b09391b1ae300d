import asyncio
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.errors import ConnectionLost, NotPermitted, PoolFailed
from xsconsole.xapi.custom_fields import KEY, with_field
from xsconsole.xapi.gateway import Gateway

RUN = RunId("a-run")
NOBODY = Uuid("00000000-0000-0000-0000-000000000001")


def ignored(progress: float) -> None:
    del progress


@pytest.fixture
async def port(pool: EmbeddedPool, connect: Connect) -> PoolPort:
    gateway, _ = await connect(pool)
    return gateway.pool


@pytest.fixture
def machine(plain: Any) -> Uuid:
    """A halted VM of its own."""
    ref = plain.VM.clone(plain.VM.get_by_name_label("Debian 12 golden")[0], "of its own")
    plain.VM.set_is_a_template(ref, False)
    return Uuid(plain.VM.get_uuid(ref))


@pytest.mark.parametrize("field", list(Field))
async def test_keys_are_added_once_read_and_removed(port: PoolPort, machine: Uuid, field: Field) -> None:
    vm = machine if field in (Field.VM, Field.BLOCKED) else None
    key = "destroy" if field is Field.BLOCKED else "xsconsole.test"

    assert await port.add_key(field, key, "first", vm)
    assert not await port.add_key(field, key, "second", vm)
    assert (await port.keys(field, vm))[key] == "first"
    await port.remove_key(field, key, vm)
    await port.remove_key(field, key, vm)
    assert key not in await port.keys(field, vm)


async def test_of_eight_that_add_one_key_at_once_one_succeeds(port: PoolPort) -> None:
    added = await asyncio.gather(*(port.add_key(Field.POOL, "xsconsole.race", str(one)) for one in range(8)))

    assert sorted(added) == [False] * 7 + [True]
    await port.remove_key(Field.POOL, "xsconsole.race")


async def test_a_vm_that_is_gone_has_no_keys_and_no_record(port: PoolPort) -> None:
    assert await port.keys(Field.VM, NOBODY) == {}
    assert await port.read_vm(NOBODY) is None
    assert await port.snapshots_of(NOBODY) == ()
    await port.remove_key(Field.VM, "x", NOBODY)
    await port.destroy_snapshot(NOBODY, RUN)
    with pytest.raises(PoolFailed, match="UUID_INVALID"):
        await port.add_key(Field.VM, "x", "y", NOBODY)


async def test_whether_a_key_was_added_is_unknown_when_the_answer_is_lost(
    pool: EmbeddedPool, port: PoolPort, plain: Any
) -> None:
    pool.control("drop", method="pool.add_to_other_config", when="after")
    pool.calls()

    with pytest.raises(ConnectionLost) as caught:
        await port.add_key(Field.POOL, "xsconsole.lost", "value")

    assert caught.value.was_sent
    assert [call["method"] for call in pool.calls()].count("pool.add_to_other_config") == 1
    assert (await port.keys(Field.POOL))["xsconsole.lost"] == "value"
    await port.remove_key(Field.POOL, "xsconsole.lost")


async def test_a_snapshot_is_taken_found_returned_to_and_destroyed_with_its_disks(
    port: PoolPort, plain: Any, machine: Uuid
) -> None:
    disks = len(plain.VDI.get_all())
    name = "renamed since"
    snapshot = await port.snapshot(machine, "restore point", RUN, ignored)
    plain.VM.set_name_label(plain.VM.get_by_uuid(machine), name)

    (found,) = await port.snapshots_of(machine)
    assert (found.uuid, found.name_label, found.is_a_snapshot) == (snapshot, "restore point", True)
    assert len(plain.VDI.get_all()) == disks + 1

    await port.revert(snapshot, RUN, ignored)
    present = await port.read_vm(machine)
    assert present is not None
    assert present.name_label == "of its own"

    await port.destroy_snapshot(snapshot, RUN)
    assert await port.snapshots_of(machine) == ()
    assert len(plain.VDI.get_all()) == disks


async def test_a_disk_that_is_busy_for_a_while_is_destroyed_all_the_same(
    pool: EmbeddedPool, port: PoolPort, plain: Any, machine: Uuid
) -> None:
    disks = len(plain.VDI.get_all())
    snapshot = await port.snapshot(machine, "restore point", RUN, ignored)
    pool.control("fail", method="VDI.destroy", code="VDI_IN_USE", params=["OpaqueRef:x", "destroy"])

    await port.destroy_snapshot(snapshot, RUN)

    assert len(plain.VDI.get_all()) == disks


async def test_disks_that_are_left_of_a_snapshot_that_is_gone_are_destroyed_by_the_same_run_afterwards(
    pool: EmbeddedPool, port: PoolPort, plain: Any, machine: Uuid
) -> None:
    disks = len(plain.VDI.get_all())
    snapshot = await port.snapshot(machine, "restore point", RUN, ignored)
    pool.control("fail", method="VM.destroy", code="OPERATION_BLOCKED", params=["OpaqueRef:x", "a reason"])
    with pytest.raises(PoolFailed, match="OPERATION_BLOCKED"):
        await port.destroy_snapshot(snapshot, RUN)
    assert not any("xsconsole.goes_with" in disk["other_config"] for disk in plain.VDI.get_all_records().values())
    pool.control("fail", method="VDI.destroy", code="SR_BACKEND_FAILURE_80", params=["", "", ""])
    with pytest.raises(PoolFailed, match="SR_BACKEND_FAILURE_80"):
        await port.destroy_snapshot(snapshot, RUN)
    assert await port.snapshots_of(machine) == ()
    assert len(plain.VDI.get_all()) == disks + 1

    await port.destroy_snapshot(snapshot, RunId("another run"))
    assert len(plain.VDI.get_all()) == disks + 1
    await port.destroy_snapshot(snapshot, RUN)
    assert len(plain.VDI.get_all()) == disks


async def test_a_disk_that_another_vm_has_too_is_left(port: PoolPort, plain: Any, machine: Uuid) -> None:
    snapshot = await port.snapshot(machine, "restore point", RUN, ignored)
    (vbd,) = [one for one in plain.VM.get_VBDs(plain.VM.get_by_uuid(snapshot)) if plain.VBD.get_type(one) == "Disk"]
    record = plain.VBD.get_record(vbd)
    other = plain.VM.get_by_uuid(machine)
    plain.VBD.create({**record, "VM": other, "userdevice": "7"})

    await port.destroy_snapshot(snapshot, RUN)

    assert plain.VDI.get_uuid(record["VDI"])


async def test_a_vm_starts_and_shuts_down(port: PoolPort, machine: Uuid) -> None:
    await port.start(machine, RUN, ignored)
    started = await port.read_vm(machine)
    await port.shut_down(machine, RUN, ignored, may_force=True)
    stopped = await port.read_vm(machine)

    assert started is not None
    assert stopped is not None
    assert (started.power_state, stopped.power_state) == ("Running", "Halted")


async def test_a_guest_that_does_not_answer_is_only_forced_down_on_request(
    pool: EmbeddedPool, port: PoolPort, machine: Uuid
) -> None:
    await port.start(machine, RUN, ignored)
    pool.control("fail", method="VM.clean_shutdown", nth=0, code="VM_SHUTDOWN_TIMEOUT", params=["OpaqueRef:x", "1200"])

    with pytest.raises(PoolFailed, match="VM_SHUTDOWN_TIMEOUT"):
        await port.shut_down(machine, RUN, ignored)
    running = await port.read_vm(machine)
    await port.shut_down(machine, RUN, ignored, may_force=True)
    stopped = await port.read_vm(machine)

    assert running is not None
    assert stopped is not None
    assert (running.power_state, stopped.power_state) == ("Running", "Halted")


async def test_the_restart_priority_is_set(port: PoolPort, machine: Uuid) -> None:
    await port.set_ha_restart_priority(machine, "best-effort")

    present = await port.read_vm(machine)
    assert present is not None
    assert present.ha_restart_priority == "best-effort"


async def test_a_message_is_left_at_a_vm_and_at_the_pool(port: PoolPort, plain: Any, machine: Uuid) -> None:
    await port.announce("XSCONSOLE_TEST", "at a VM", machine)
    await port.announce("XSCONSOLE_TEST", "at the pool")

    found = {
        (one["cls"], one["obj_uuid"], one["body"])
        for one in plain.message.get_all_records().values()
        if one["name"] == "XSCONSOLE_TEST"
    }
    assert found == {("VM", machine, "at a VM"), ("Pool", port.identity.pool, "at the pool")}


async def test_our_custom_field_joins_everybody_elses(port: PoolPort, plain: Any) -> None:
    pool = plain.pool.get_all()[0]
    plain.pool.remove_from_gui_config(pool, KEY)
    theirs = '<CustomFieldDefinition name="Cost &amp; centre" type="DateTime"/>'
    plain.pool.add_to_gui_config(pool, KEY, f"<CustomFieldDefinitions>{theirs}</CustomFieldDefinitions>")

    await port.define_stage_field()
    once = plain.pool.get_gui_config(pool)[KEY]
    await port.define_stage_field()

    assert plain.pool.get_gui_config(pool)[KEY] == once
    fields = [(field.get("name"), field.get("type")) for field in ET.fromstring(once)]
    assert fields == [("Cost & centre", "DateTime"), ("Stage", "String")]


async def test_definitions_that_cannot_be_read_are_left_alone(port: PoolPort, plain: Any) -> None:
    pool = plain.pool.get_all()[0]
    plain.pool.remove_from_gui_config(pool, KEY)
    plain.pool.add_to_gui_config(pool, KEY, "<broken")

    await port.define_stage_field()

    assert plain.pool.get_gui_config(pool)[KEY] == "<broken"
    plain.pool.remove_from_gui_config(pool, KEY)


def test_the_first_custom_field_makes_the_definitions() -> None:
    assert with_field("", "Stage") == (
        '<CustomFieldDefinitions><CustomFieldDefinition name="Stage" type="String" defaultValue="" />'
        "</CustomFieldDefinitions>"
    )


async def test_a_reader_may_read_and_not_write(pool: EmbeddedPool, connect: Connect) -> None:
    gateway: Gateway
    gateway, _ = await connect(pool, user="eve")

    assert await gateway.pool.keys(Field.POOL)
    with pytest.raises(NotPermitted) as caught:
        await gateway.pool.add_key(Field.POOL, "xsconsole.x", "y")
    assert "pool.add_to_other_config" in caught.value.reason
    assert "pool-operator" in caught.value.mend


async def test_whoever_is_cut_off_while_an_interface_is_made_anew_has_not_lost_it(
    pool: EmbeddedPool, plain: Any, port: PoolPort, machine: Uuid
) -> None:
    vm = plain.VM.get_by_uuid(machine)
    (vif,) = plain.VM.get_VIFs(vm)
    plain.VIF.add_to_other_config(vif, "kept", "so")
    plain.VIF.set_locking_mode(vif, "disabled")
    before = plain.VIF.get_record(vif)
    stale = '{"vm":"another","interface":{}}'
    plain.VM.add_to_other_config(vm, "xsconsole.interface.0", stale)  # as a clone of one that was cut off has it

    cuts = ("VIF.destroy", "VIF.create", "VM.remove_from_other_config", "")
    macs = {cut: f"02:00:00:00:00:0{at}" for at, cut in enumerate(cuts, 1)}
    for cut, mac in macs.items():
        if cut:
            nth = 2 if cut.startswith("VM") else 1  # the first one takes away what a clone brought along
            pool.control("fail", method=cut, nth=nth, code="INTERNAL_ERROR", params=["cut off"])
            with pytest.raises(PoolFailed):
                await port.placing.give_macs(machine, {"0": mac})
            assert len(plain.VM.get_VIFs(vm)) == (0 if cut == "VIF.create" else 1)
        await port.placing.give_macs(machine, {"0": mac})
        (again,) = [plain.VIF.get_record(ref) for ref in plain.VM.get_VIFs(vm)]
        assert again["MAC"] == mac
        same = ("device", "network", "MTU", "other_config", "locking_mode", "qos_algorithm_params")
        assert [again[name] for name in same] == [before[name] for name in same]
        assert not [key for key in plain.VM.get_other_config(vm) if key.startswith("xsconsole.interface")]
