"""Machines become files and files machines, over the real wire and the pool's own handlers."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import embedded_pool

from tests.xapi.conftest import Connect
from tests.xapi.travels import RUN, ignored, left_in, sha256_of, tasks_of
from xsconsole.domain.acts import Compression
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM
from xsconsole.engine.ports import TransferPort
from xsconsole.errors import PoolFailed

MIB = 1024 * 1024


@pytest.fixture
def machine(plain: Any) -> Iterator[str]:
    """A halted VM of its own with one small disk."""
    ref = plain.VM.clone(plain.VM.get_by_name_label("Debian 12 golden")[0], "travels")
    plain.VM.set_is_a_template(ref, False)
    for vbd in plain.VM.get_VBDs(ref):
        if plain.VBD.get_type(vbd) == "Disk":
            plain.VDI.destroy(plain.VBD.get_VDI(vbd))
    plain.VBD.create({**DISK_OF_VM, "VM": ref, "VDI": small_disk(plain)})
    yield ref
    for vm in plain.VM.get_by_name_label("travels"):
        for vbd in plain.VM.get_VBDs(vm):
            if plain.VBD.get_type(vbd) == "Disk":
                plain.VDI.destroy(plain.VBD.get_VDI(vbd))
        plain.VM.destroy(vm)


DISK_OF_VM = {
    **{"userdevice": "0", "bootable": True, "mode": "RW", "type": "Disk", "unpluggable": True, "empty": False},
    **{"other_config": {}, "qos_algorithm_type": "", "qos_algorithm_params": {}},
}


def small_disk(plain: Any) -> str:
    fields = {"name_label": "small", "SR": plain.SR.get_by_name_label("NFS-silver")[0], "virtual_size": str(4 * MIB)}
    made: str = plain.VDI.create({**fields, "type": "user", "sharable": False, "read_only": False, "other_config": {}})
    return made


@pytest.mark.parametrize("compression", list(Compression))
async def test_a_machine_becomes_a_file_and_the_file_a_machine(
    port: TransferPort, plain: Any, machine: str, tmp_path: Path, compression: Compression
) -> None:
    file, told = tmp_path / "travels.xva", list[int]()

    exported = await port.export_vm(
        Uuid(plain.VM.get_uuid(machine)),
        file,
        RUN,
        lambda size_bytes, share: told.append(size_bytes),
        compression=compression,
    )
    made, imported = await port.import_vm(file, RUN, ignored)

    assert (exported.size_bytes, exported.sha256) == (file.stat().st_size, sha256_of(file))
    assert imported == exported
    assert told
    assert max(told) <= exported.size_bytes
    assert [plain.VM.get_name_label(plain.VM.get_by_uuid(one)) for one in made] == ["travels"]
    assert made[0] != plain.VM.get_uuid(machine)
    assert left_in(tmp_path) == ["travels.xva"]
    assert tasks_of(plain) == []


async def test_a_disk_becomes_a_file_of_its_size(port: TransferPort, plain: Any, tmp_path: Path) -> None:
    disk = small_disk(plain)

    exported = await port.export_disk(Uuid(plain.VDI.get_uuid(disk)), tmp_path / "disk.raw", RUN, ignored)

    assert exported.size_bytes == (tmp_path / "disk.raw").stat().st_size == int(plain.VDI.get_virtual_size(disk))
    plain.VDI.destroy(disk)


async def test_a_machine_that_runs_is_not_exported_and_leaves_no_file(
    port: TransferPort, plain: Any, machine: str, tmp_path: Path
) -> None:
    plain.VM.start(machine, False, False)

    with pytest.raises(PoolFailed) as caught:
        await port.export_vm(Uuid(plain.VM.get_uuid(machine)), tmp_path / "x.xva", RUN, ignored)

    assert caught.value.code == "VM_BAD_POWER_STATE"
    assert left_in(tmp_path) == []
    assert tasks_of(plain) == []
    plain.VM.hard_shutdown(machine)


async def test_a_file_that_is_no_machine_is_refused_by_the_pool(port: TransferPort, plain: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.xva"
    with tarfile.open(file, "w") as empty:
        empty.add(__file__, "not-ova.xml")
    before = len(plain.VM.get_all())

    with pytest.raises(PoolFailed, match="IMPORT_ERROR"):
        await port.import_vm(file, RUN, ignored)

    assert len(plain.VM.get_all()) == before
    assert tasks_of(plain) == []


async def test_a_machine_travels_over_tls(connect: Connect, tmp_path: Path) -> None:
    with embedded_pool("--speed", "50", "--tls") as secure:
        gateway, watcher = await connect(secure)
        machine = next(vm for vm in watcher.inventory.all(VM) if vm.is_ordinary and vm.power_state == "Halted")
        file = tmp_path / "secure.xva"

        exported = await gateway.transfers.export_vm(machine.uuid, file, RUN, ignored)
        made, imported = await gateway.transfers.import_vm(file, RUN, ignored)
        await watcher.until(lambda: watcher.inventory.by_uuid(VM, made[0]))

        assert imported == exported
        await gateway.close()
