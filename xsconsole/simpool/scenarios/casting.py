"""VMs in great numbers: the first of a kind is made as every VM is, the others are cast from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xsconsole.simpool import chains, guests
from xsconsole.simpool.addresses import generated_mac
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.snapshots import serialised


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """What a cast has of its own; without a `host` the mould has to be of a halted VM."""

    uuid: str
    name: str
    description: str
    tags: tuple[str, ...]
    other_config: Mapping[str, str]
    networks: tuple[str, ...]
    sr: str
    host: str
    domid: int
    appliance: str
    order: int
    written_share: float


class Mould:
    """A VM with all that belongs to it: devices, disks, metrics, console, snapshots. Its shape is that of its casts."""

    def __init__(self, pool: Pool, vm: str) -> None:
        """Take the shape of a VM; its `mac_seed` is among what each cast gets anew."""
        self._pool = pool
        self._vm = vm
        self._parts = list(_parts(pool, vm))
        inside = {ref for _cls, ref, _fields in self._parts}
        self._links = {
            ref: tuple(name for name, value in fields.items() if isinstance(value, str) and value in inside)
            for _cls, ref, fields in self._parts
        }
        self._tags: dict[str, int] = {}

    def cast(self, casting: Casting) -> str:
        """Place another VM of this shape and return its reference; the database has to `relate` afterwards."""
        identities = self._pool.identities
        refs = {ref: identities.reference() for _cls, ref, _fields in self._parts}
        uuids = {fields["uuid"]: identities.uuid() for _cls, _ref, fields in self._parts}
        seed = casting.other_config["mac_seed"]
        made: dict[str, dict[str, Any]] = {}
        for cls, ref, pattern in self._parts:
            fields = dict(pattern)
            for name in self._links[ref]:
                fields[name] = refs[fields[name]]
            fields["uuid"] = casting.uuid if ref == self._vm else uuids[fields["uuid"]]
            match cls:
                case "VM":
                    fields |= self._own(casting, fields, is_main=ref == self._vm)
                case "VDI":
                    fields |= _disk(casting, fields, uuids)
                case "VBD":
                    # Metrics of devices say nothing, and would be a third of all objects.
                    fields["metrics"] = NULL
                case "VIF":
                    device = int(fields["device"])
                    address = generated_mac(device, seed)
                    fields |= {"MAC": address, "network": casting.networks[device], "metrics": NULL}
                case "console":
                    address = self._pool.db.get("host", casting.host, "address")
                    fields["location"] = f"https://{address}/console?ref={refs[ref]}"
                case "VM_guest_metrics":
                    fields["networks"] = self._addresses(casting, seed)
            made[ref] = fields
        for cls, ref, _pattern in self._parts:
            fields = made[ref]
            if cls == "VM" and fields["is_a_snapshot"]:
                fields["snapshot_metadata"] = serialised(made[self._vm] | {"parent": NULL})
            self._pool.db.place(cls, refs[ref], fields)
        return refs[self._vm]

    def _own(self, casting: Casting, fields: Mapping[str, Any], *, is_main: bool) -> dict[str, Any]:
        own: dict[str, Any] = {
            "tags": casting.tags,
            "other_config": dict(casting.other_config),
            "name_description": casting.description,
        }
        if not is_main:
            return own
        own |= {"name_label": casting.name, "appliance": casting.appliance, "order": casting.order}
        if casting.host:
            own |= {"resident_on": casting.host, "domid": casting.domid}
        return own if fields["affinity"] == NULL else own | {"affinity": casting.host}

    def _addresses(self, casting: Casting, seed: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for device, network in enumerate(casting.networks):
            if network not in self._tags:
                self._tags[network] = guests.network_tag(self._pool, network)
            found |= guests.lease(str(device), generated_mac(device, seed), self._tags[network])
        return found


def _disk(casting: Casting, fields: Mapping[str, Any], uuids: Mapping[str, str]) -> dict[str, Any]:
    taken = int(fields["physical_utilisation"])
    is_thick = taken == fields["virtual_size"]
    return {
        "SR": casting.sr,
        "location": fields["uuid"],
        "sm_config": {key: uuids.get(value, value) for key, value in fields["sm_config"].items()},
        "name_label": f"{casting.name} {fields['type']}",
        "name_description": f"Disk of {casting.name}",
        "physical_utilisation": taken if is_thick else int(taken * casting.written_share),
    }


def _parts(pool: Pool, vm: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return class, reference and fields of a VM, its snapshots, and all that belongs to them."""
    db = pool.db
    found: list[tuple[str, str, dict[str, Any]]] = []
    for one in (vm, *db.get("VM", vm, "snapshots")):
        row = db.row("VM", one)
        disks = [db.get("VBD", vbd, "VDI") for vbd in row["VBDs"]]
        refs = [
            ("VM_metrics", row["metrics"]),
            ("VM_guest_metrics", row["guest_metrics"]),
            *(("VDI", disk) for disk in disks),
            *(("VDI", base) for base in _bases(pool, disks)),
            ("VM", one),
            *(("VBD", vbd) for vbd in row["VBDs"]),
            *(("VIF", vif) for vif in row["VIFs"]),
            *(("console", console) for console in row["consoles"]),
        ]
        known = {ref for _cls, ref, _fields in found}
        found += [(cls, ref, dict(db.row(cls, ref))) for cls, ref in refs if db.exists(cls, ref) and ref not in known]
    return found


def _bases(pool: Pool, disks: list[str]) -> list[str]:
    """Return the hidden disks on which those stand, each of them once."""
    found: dict[str, None] = {}
    for disk in disks:
        base = chains.parent(pool.db, disk) if disk != NULL else NULL
        while base != NULL and base not in found:
            found[base] = None
            base = chains.parent(pool.db, base)
    return list(found)
