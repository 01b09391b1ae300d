"""The objects of an XVA become objects of the pool: found where they are there, made where they are not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xsconsole.simpool import machine_calls, machines, storage
from xsconsole.simpool.addresses import generated_mac
from xsconsole.simpool.calls import Call
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.lifecycle import HALTED, SUSPENDED
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh, refresh_machine
from xsconsole.simpool.xva_reader import Description, Exported

IMPORT_TASK = "import_task"

_KEPT_OF_MACHINES = (
    *("last_booted_record", "last_boot_CPU_flags", "is_control_domain", "is_a_snapshot", "snapshot_info"),
    *("snapshot_time", "transportable_snapshot_id", "bios_strings", "snapshot_metadata"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How to import. Without an SR the disks have to be there already; `is_restore` keeps who the VMs are."""

    sr: str | None
    is_restore: bool
    is_forced: bool


class Importer:
    """Makes the objects of one file; `undo` takes back what was made so far."""

    def __init__(self, call: Call, description: Description, rules: Rules) -> None:
        self.rules = rules
        self.machines: list[str] = []
        self._call = call
        self._pool = call.pool
        self._db = call.pool.db
        self._description = description
        self._here: dict[str, str] = {}
        self._undo: list[Callable[[], None]] = []

    async def make_objects(self) -> None:
        """Find or make everything the file tells of, in the order in which one needs the other.

        Raises:
            XapiError: some object cannot be had, or the rules of restoring forbid it.
        """
        for host in self._description.of("host"):
            self._here[host.id] = self._found("host", host) or NULL
        for sr in self._description.of("SR"):
            self._take_sr(sr)
        for disk in self._description.of("VDI"):
            self._take_disk(disk)
        for cls in ("VM_guest_metrics", "VM_metrics"):
            for metrics in self._description.of(cls):
                self._take_metrics(cls, metrics)
        for machine in self._description.of("VM"):
            await self._take_machine(machine)
        for network in self._description.of("network"):
            self._take_network(network)
        for drive in self._description.of("VBD"):
            self._take_drive(drive)
        for interface in self._description.of("VIF"):
            self._take_interface(interface)
        for vm in self.machines:
            refresh_machine(self._pool, vm)
        self._link_snapshots()

    def streamed_disks(self) -> list[tuple[str, str, int]]:
        """Return name, VDI and size of each disk that follows in the file, in its order."""
        shown = {one.fields["VDI"] for one in self._description.of("VBD") if one.fields["type"] != "CD"}
        wanted = [
            disk
            for disk in self._description.of("VDI")
            if disk.id in self._here and (disk.id in shown or disk.fields["type"] == "suspend")
        ]
        return sorted(
            (disk.id, self._here[disk.id], int(disk.fields["virtual_size"]))
            for disk in wanted
            if self._sr_of(disk).fields["content_type"] != "iso"
        )

    def undo(self) -> None:
        """Take back what was made, the latest first."""
        while self._undo:
            self._undo.pop()()
        self.machines.clear()

    def _found(self, cls: str, exported: Exported) -> str | None:
        found = self._db.find(cls, uuid=exported.fields["uuid"])
        return found[0] if found else None

    def _sr_of(self, disk: Exported) -> Exported:
        return self._description.find(disk.fields["SR"])

    def _lookup(self, name: str) -> str:
        if name not in self._here:
            raise XapiError("IMPORT_ERROR_FAILED_TO_FIND_OBJECT", name)
        return self._here[name]

    def _made(self, cls: str, exported: Exported, ref: str) -> None:
        self._here[exported.id] = ref
        self._undo.append(lambda: self._db.destroy(cls, ref) if self._db.exists(cls, ref) else None)

    def _constructed(self, cls: str, exported: Exported) -> dict[str, Any]:
        """Return what a constructor takes of an object."""
        fields = self._pool.model.classes[cls].fields
        return {name: exported.fields[name] for name, field in fields.items() if field.is_constructor_argument}

    def _take_sr(self, sr: Exported) -> None:
        if self.rules.sr is None:
            found = self._found("SR", sr)
            if found is not None:
                self._here[sr.id] = found
        elif sr.fields["content_type"] != "iso":
            self._here[sr.id] = self.rules.sr

    def _take_disk(self, disk: Exported) -> None:
        if self._sr_of(disk).fields["content_type"] == "iso":
            disc = self._disc(disk.fields["location"])
            if disc is not None:
                self._here[disk.id] = disc
        elif self.rules.sr is None:
            self._find_disk(disk)
        else:
            fields = self._constructed("VDI", disk)
            sr = self._lookup(fields.pop("SR"))
            config = {key: value for key, value in fields["sm_config"].items() if key != IMPORT_TASK}
            fields["sm_config"] = {IMPORT_TASK: self._call.task, **config}
            vdi = storage.add_disk(self._pool, sr, **fields)
            self._here[disk.id] = vdi
            self._undo.append(lambda: storage.remove_disk(self._pool, vdi) if self._db.exists("VDI", vdi) else None)

    def _disc(self, location: str) -> str | None:
        for vdi in self._db.find("VDI", location=location):
            sr = self._db.row("SR", self._db.get("VDI", vdi, "SR"))
            if sr["content_type"] == "iso" and sr["type"] != "udev":
                return vdi
        return None

    def _find_disk(self, disk: Exported) -> None:
        sr, location = self._here.get(disk.fields["SR"]), disk.fields["location"]
        found = self._db.find("VDI", SR=sr, location=location) if sr is not None else []
        if found:
            self._here[disk.id] = found[0]
        elif not self.rules.is_forced:
            missing = XapiError("VDI_CONTENT_ID_MISSING")
            raise missing if sr is None else XapiError("VDI_LOCATION_MISSING", sr, location)

    def _take_metrics(self, cls: str, metrics: Exported) -> None:
        fields = {name: value for name, value in metrics.fields.items() if name != "uuid"}
        self._made(cls, metrics, self._db.create(cls, **fields))

    async def _take_machine(self, machine: Exported) -> None:
        existing = self._found("VM", machine) if self.rules.is_restore else None
        if existing is not None:
            if self._db.get("VM", existing, "power_state") != HALTED and self.rules.is_forced:
                return
            self._assert_replaceable(existing, machine)
            await machine_calls.destroy(self._call, existing)
        ref = self._db.create("VM", **self._machine_fields(machine))
        self._made("VM", machine, ref)
        self.machines.append(ref)

    def _assert_replaceable(self, vm: str, machine: Exported) -> None:
        row, version = self._db.row("VM", vm), machine.fields["version"]
        if row["power_state"] != HALTED:
            raise XapiError("VM_BAD_POWER_STATE", vm, HALTED, row["power_state"])
        if row["version"] >= version and not self.rules.is_forced:
            raise XapiError("VM_TO_IMPORT_IS_NOT_NEWER_VERSION", vm, row["version"], version)

    def _machine_fields(self, machine: Exported) -> dict[str, Any]:
        told = machine.fields
        fields = self._constructed("VM", machine) | {name: told[name] for name in _KEPT_OF_MACHINES}
        fields |= {
            "other_config": self._machine_config(told),
            "appliance": NULL,
            "protection_policy": NULL,
            "snapshot_schedule": NULL,
            "groups": (),
            "domid": -1,
            "power_state": HALTED,
            "suspend_VDI": NULL,
            "suspend_SR": told["suspend_SR"] if self._db.exists("SR", told["suspend_SR"]) else NULL,
            "resident_on": NULL,
            "affinity": self._here.get(told["affinity"], NULL),
            "memory_overhead": machines.memory_overhead(told["memory_static_max"], told["VCPUs_max"]),
            "metrics": self._here.get(told["metrics"]) or self._fresh_metrics(),
            "guest_metrics": self._here.get(told["guest_metrics"], NULL),
            "version": told["version"] + 1 if self.rules.is_restore else 0,
            "is_default_template": told["is_default_template"] and self.rules.is_forced,
            "current_operations": {} if self.rules.is_forced else {self._call.task: "import"},
        }
        if self.rules.is_restore:
            fields["uuid"] = told["uuid"]
        if not told["is_a_template"] and told["generation_id"]:
            fields["generation_id"] = machines.generation_id(self._pool.identities)
        if fields["domain_type"] == "unspecified":
            fields["domain_type"] = machines.domain_type(told["HVM_boot_policy"])
        if told["power_state"] == SUSPENDED:
            fields |= {"power_state": SUSPENDED, "suspend_VDI": self._lookup(told["suspend_VDI"])}
        return fields

    def _fresh_metrics(self) -> str:
        ref = self._db.create("VM_metrics")
        self._undo.append(lambda: self._db.destroy("VM_metrics", ref))
        return ref

    def _machine_config(self, told: Mapping[str, Any]) -> dict[str, str]:
        dropped = {IMPORT_TASK, *(() if self.rules.is_forced else ("default_template",))}
        config = {key: value for key, value in told["other_config"].items() if key not in dropped}
        if not self.rules.is_restore:
            config["mac_seed"] = self._pool.identities.uuid()
        return {**config, IMPORT_TASK: self._call.task}

    def _take_network(self, network: Exported) -> None:
        """Find a network of that name, or else of that bridge; a new one has no way out of its host."""
        found = self._db.find("network", name_label=network.fields["name_label"])
        found = found or self._db.find("network", bridge=network.fields["bridge"])
        if found:
            self._here[network.id] = found[0]
            return
        fields = self._constructed("network", network)
        fields["other_config"] = {**fields["other_config"], IMPORT_TASK: self._call.task}
        self._made("network", network, self._db.create("network", **fields))

    def _take_drive(self, drive: Exported) -> None:
        existing = self._found("VBD", drive) if self.rules.is_restore else None
        if existing is not None:
            self._here[drive.id] = existing
            return
        if drive.fields["VM"] not in self._here:
            return
        disk, is_attached = self._here.get(drive.fields["VDI"]), drive.fields["currently_attached"]
        if disk is None and drive.fields["type"] == "Disk":
            if is_attached:
                raise XapiError("IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND")
            return
        fields = self._constructed("VBD", drive) | {"VM": self._lookup(drive.fields["VM"]), "device": ""}
        fields |= {"VDI": NULL, "empty": True} if disk is None else {"VDI": disk}
        if self.rules.is_restore:
            fields["uuid"] = drive.fields["uuid"]
        self._made("VBD", drive, self._db.create("VBD", **fields | {"currently_attached": is_attached}))

    def _take_interface(self, interface: Exported) -> None:
        existing = self._found("VIF", interface) if self.rules.is_restore else None
        if existing is not None:
            self._here[interface.id] = existing
            return
        if interface.fields["VM"] not in self._here:
            return
        vm = self._lookup(interface.fields["VM"])
        fields = self._constructed("VIF", interface)
        fields |= {"VM": vm, "network": self._lookup(fields["network"]), "MAC_autogenerated": False}
        if self.rules.is_restore:
            fields["uuid"] = interface.fields["uuid"]
        else:
            seed = self._db.get("VM", vm, "other_config")["mac_seed"]
            fields |= {"MAC": generated_mac(int(fields["device"]), seed), "MAC_autogenerated": True}
        is_attached = interface.fields["currently_attached"] and self._db.get("VM", vm, "power_state") != HALTED
        ref = self._db.create("VIF", **fields | {"currently_attached": is_attached})
        self._made("VIF", interface, ref)
        refresh(self._pool, "VIF", ref)

    def _link_snapshots(self) -> None:
        for machine in self._description.of("VM"):
            vm = self._here.get(machine.id)
            if vm not in self.machines:
                continue
            told = machine.fields
            origin = self._here.get(told["snapshot_of"], NULL)
            parent = self._here.get(told["parent"], NULL)
            self._db.set("VM", str(vm), snapshot_of=origin if told["is_a_snapshot"] else NULL, parent=parent)
