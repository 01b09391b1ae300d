"""What somebody else changed at a member, by another client, is seen by the feed and named by the difference."""

from collections.abc import Callable
from typing import Any

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect, Watcher
from xsconsole.domain.board_reading import derive
from xsconsole.domain.manifest import FieldChange, Manifest, PartChange, difference, manifest_of_card, words
from xsconsole.domain.naming import find_configuration

Change = Callable[[Any, str], object]


def disk_of(xapi: Any, vm: str) -> tuple[str, str]:
    vbd = next(vbd for vbd in xapi.VM.get_VBDs(vm) if xapi.VBD.get_type(vbd) == "Disk")
    return vbd, xapi.VBD.get_VDI(vbd)


def add_disk(xapi: Any, vm: str) -> None:
    _, disk = disk_of(xapi, vm)
    record = {
        "name_label": "extra",
        "name_description": "",
        "SR": xapi.VDI.get_SR(disk),
        "virtual_size": str(1 << 30),
        "type": "user",
        "sharable": False,
        "read_only": False,
        "other_config": {},
    }
    made = xapi.VDI.create(record)
    xapi.VBD.create(
        {
            "VM": vm,
            "VDI": made,
            "userdevice": "5",
            "bootable": False,
            "mode": "RW",
            "type": "Disk",
            "empty": False,
            "other_config": {},
            "qos_algorithm_type": "",
            "qos_algorithm_params": {},
        }
    )


def other_vif(xapi: Any, vm: str, **fields: object) -> None:
    vif = xapi.VM.get_VIFs(vm)[0]
    record = xapi.VIF.get_record(vif)
    xapi.VIF.destroy(vif)
    xapi.VIF.create({**record, **fields})


def other_network(xapi: Any, vm: str) -> str:
    now = xapi.VIF.get_network(xapi.VM.get_VIFs(vm)[0])
    return next(network for network in xapi.network.get_all() if network != now)


WAYS: dict[str, Change] = {
    "memory, static maximum": lambda xapi, vm: xapi.VM.set_memory_limits(vm, *[str(3 << 30)] * 4),
    "vCPUs at most": lambda xapi, vm: xapi.VM.set_VCPUs_max(vm, "7"),
    "size": lambda xapi, vm: xapi.VDI.resize(disk_of(xapi, vm)[1], str(90 << 30)),
    "disk": add_disk,
    "network": lambda xapi, vm: other_vif(xapi, vm, network=other_network(xapi, vm)),
    "MAC": lambda xapi, vm: other_vif(xapi, vm, MAC="02:00:00:00:be:ef"),
    "boot setting order": lambda xapi, vm: xapi.VM.set_HVM_boot_params(vm, {"order": "n", "firmware": "bios"}),
    "tags": lambda xapi, vm: xapi.VM.add_tags(vm, "=cmd()"),
    "name": lambda xapi, vm: xapi.VM.set_name_label(vm, "renamed <script>"),
    "start order": lambda xapi, vm: xapi.VM.set_order(vm, "42"),
}


def manifest_now(watcher: Watcher) -> Manifest:
    board = derive(watcher.inventory, lambda _: None)
    return manifest_of_card(find_configuration(board, "shop@staging"), watcher.inventory, board.workflow)


@pytest.mark.parametrize("what", WAYS)
async def test_what_somebody_else_changed_is_named(pool: EmbeddedPool, plain: Any, connect: Connect, what: str) -> None:
    _, watcher = await connect(pool)
    before = manifest_now(watcher)
    member = find_configuration(derive(watcher.inventory, lambda _: None), "shop@staging").members[0]
    if plain.VM.get_power_state(member.ref) == "Running":
        plain.VM.hard_shutdown(member.ref)

    WAYS[what](plain, member.ref)
    await watcher.until(lambda: what in {words.label(change) for change in difference(before, manifest_now(watcher))})

    found = difference(before, manifest_now(watcher))
    assert {change.role for change in found} == {member.role}
    assert any(isinstance(change, PartChange) for change in found) == (what == "disk")
    assert all(isinstance(change, FieldChange) for change in found) == (what != "disk")
