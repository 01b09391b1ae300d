"""VMs as files, for tests: made, taken apart, put together again."""

import hashlib
import io
import random
import tarfile
from collections.abc import Callable
from typing import Any
from xmlrpc.client import loads

import pytest
from embedded import EmbeddedPool
from plain_http import Reply, ask

MIB = 1 << 20
Export = Callable[..., bytes]
Import = Callable[..., "Imported"]


class Imported:
    """How an import ended."""

    def __init__(self, session: Any, task: str, reply: Reply) -> None:
        self.reply = reply
        self.record = session.xenapi.task.get_record(task)
        self.task = task

    @property
    def vms(self) -> list[str]:
        assert self.record["status"] == "success", self.record["error_info"]
        return values(self.record["result"])

    @property
    def error(self) -> list[str]:
        assert self.record["status"] == "failure"
        found: list[str] = self.record["error_info"]
        return found


def values(text: str) -> list[str]:
    """Read the result of a task, which is one value of XML-RPC."""
    found: list[str] = loads(f"<params><param>{text}</param></params>")[0][0]  # type: ignore[assignment]
    return found


@pytest.fixture
def export(pool: EmbeddedPool, session: Any) -> Export:
    def download(vm: str, **query: str) -> bytes:
        task = session.xenapi.task.create("export", "")
        reply = ask(
            pool,
            "GET",
            "/export",
            ref=vm,
            session_id=session.handle,
            task_id=task,
            **query,
        )
        assert (reply.status, session.xenapi.task.get_status(task)) == (200, "success")
        return reply.body

    return download


@pytest.fixture
def put(pool: EmbeddedPool, session: Any) -> Import:
    def upload(data: Any, path: str = "/import", headers: Any = None, **query: str) -> Imported:
        task = session.xenapi.task.create("import", "")
        wanted = {"session_id": session.handle, "task_id": task, **query}
        return Imported(session, task, ask(pool, "PUT", path, data, headers, **wanted))

    return upload


@pytest.fixture
def machine(pool: EmbeddedPool, session: Any) -> str:
    return make_machine(pool, session)


def make_machine(pool: EmbeddedPool, session: Any, sizes: tuple[int, ...] = (6 * MIB, 3 * MIB + 512)) -> str:
    """Make a VM with written disks, an empty drive and two interfaces."""
    api = session.xenapi
    template = next(ref for ref, one in api.VM.get_all_records().items() if one["name_label"] == "Debian 12 golden")
    vm: str = api.VM.clone(template, "travels")
    for vbd in api.VM.get_VBDs(vm):
        api.VBD.destroy(vbd)
    api.VM.set_is_a_template(vm, False)
    for vif in api.VM.get_VIFs(vm):
        api.VIF.destroy(vif)
    api.VM.add_tags(vm, "precious")
    sr = api.SR.get_by_name_label("NFS-silver")[0]
    qos: dict[str, Any] = {
        "other_config": {},
        "qos_algorithm_type": "",
        "qos_algorithm_params": {},
    }
    for device, size in enumerate(sizes):
        disk = {
            "name_label": f"disk {device}",
            "SR": sr,
            "virtual_size": str(size),
            "type": "user",
        }
        vdi = api.VDI.create(
            {
                **disk,
                "sharable": False,
                "read_only": False,
                "other_config": {"n": str(device)},
            }
        )
        drive = {
            "VM": vm,
            "VDI": vdi,
            "userdevice": str(device),
            "bootable": device == 0,
            "mode": "RW",
            "type": "Disk",
        }
        api.VBD.create({**drive, **qos, "empty": False})
        data = random.Random(device).randbytes(MIB + 99) + bytes(MIB) + b"end of the written"
        ask(
            pool,
            "PUT",
            "/import_raw_vdi",
            data[:size],
            vdi=vdi,
            session_id=session.handle,
        )
    api.VBD.create(
        {
            "VM": vm,
            "VDI": "",
            "userdevice": "9",
            "bootable": False,
            "mode": "RO",
            "type": "CD",
            "empty": True,
            **qos,
        }
    )
    network = api.network.get_by_name_label("Management")[0]
    for device in range(2):
        mac = "" if device else "02:00:00:00:00:01"
        api.VIF.create(
            {
                "VM": vm,
                "network": network,
                "device": str(device),
                "MAC": mac,
                "MTU": "1500",
                **qos,
            }
        )
    return vm


def disks(session: Any, vm: str) -> list[str]:
    rows = [session.xenapi.VBD.get_record(vbd) for vbd in session.xenapi.VM.get_VBDs(vm)]
    rows.sort(key=lambda row: int(row["userdevice"]))
    return [row["VDI"] for row in rows if row["type"] == "Disk"]


def contents(pool: EmbeddedPool, session: Any, vm: str) -> list[str]:
    return [
        hashlib.sha256(ask(pool, "GET", "/export_raw_vdi", vdi=vdi, session_id=session.handle).body).hexdigest()
        for vdi in disks(session, vm)
    ]


def described(session: Any, vm: str) -> dict[str, Any]:
    """Return what an import has to keep of a VM."""
    api = session.xenapi
    record = api.VM.get_record(vm)
    kept = (
        "name_label",
        "name_description",
        "tags",
        "platform",
        "memory_static_max",
        "VCPUs_max",
        "HVM_boot_params",
    )
    config = {key: value for key, value in record["other_config"].items() if key not in ("mac_seed", "import_task")}
    drives = [api.VBD.get_record(vbd) for vbd in record["VBDs"]]
    interfaces = [api.VIF.get_record(vif) for vif in record["VIFs"]]
    return {
        **{name: record[name] for name in kept},
        "other_config": config,
        "drives": sorted(
            (one["userdevice"], one["bootable"], one["mode"], one["type"], one["empty"]) for one in drives
        ),
        "disks": [
            {name: api.VDI.get_record(vdi)[name] for name in ("name_label", "virtual_size", "type", "other_config")}
            for vdi in disks(session, vm)
        ],
        "interfaces": sorted((one["device"], one["network"], one["MTU"]) for one in interfaces),
    }


def addresses(session: Any, vm: str) -> dict[str, str]:
    rows = [session.xenapi.VIF.get_record(vif) for vif in session.xenapi.VM.get_VIFs(vm)]
    return {row["device"]: row["MAC"] for row in rows}


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]


def rebuilt(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return target.getvalue()


def left_over(session: Any) -> tuple[int, ...]:
    api = session.xenapi
    return tuple(len(getattr(api, cls).get_all()) for cls in ("VM", "VDI", "VBD", "VIF", "network", "VM_metrics"))
