"""The sheet of each class of objects."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from xsconsole.domain.acts import Kind, ObjectId, record_of
from xsconsole.domain.board import Board
from xsconsole.domain.ids import NULL_REF
from xsconsole.domain.inventory import (
    PBD,
    PIF,
    SR,
    VBD,
    VDI,
    VIF,
    VM,
    Host,
    HostMetrics,
    Inventory,
    Message,
    Network,
    Pool,
    Record,
)
from xsconsole.domain.pool_messages import spoken
from xsconsole.domain.sheets.values import Line, Section, Sheet, identity, keys, marks, names, yes
from xsconsole.domain.sheets.vms import vm_sections
from xsconsole.domain.wording.messages import said
from xsconsole.domain.words import count, size

MOST_MESSAGES = 50
MOST_LINES = 200  # of what hangs below an object, such as the VMs of a network


def sheet_of(item: ObjectId, inventory: Inventory, board: Board) -> Sheet | None:
    """Return what is known of an object; None where it is gone, or is a task or a message."""
    record = record_of(inventory, item)
    if record is None or item.kind not in _SECTIONS:
        return None
    sections = _SECTIONS[item.kind](record, inventory, board)
    return Sheet(
        object=item,
        title=getattr(record, "name_label", "") or str(item.uuid),
        caption=_caption(item.kind, record),
        sections=tuple(
            section
            for section in (*sections, messages_of(item, inventory), identity(item.kind, record.uuid, record.ref))
            if section.lines or section.empty
        ),
    )


def messages_of(item: ObjectId, inventory: Inventory) -> Section:
    """Return what the pool says about an object, newest first."""
    found = [message for message in inventory.all(Message) if message.obj_uuid == item.uuid]
    found.sort(key=lambda message: (message.timestamp is not None, message.timestamp, message.uuid), reverse=True)
    lines = tuple(
        Line(
            label=spoken(message.name),
            value=said(message.name, message.body),
            at=message.timestamp,
            tone="bad" if message.priority <= 2 else "warn" if message.priority == 3 else "",
        )
        for message in found[:MOST_MESSAGES]
    )
    older = len(found) - len(lines)
    more = (Line(label="", value=f"and {older} older, in the health list", tone="muted"),) if older else ()
    return Section(title="Messages", lines=(*lines, *more))


def _caption(kind: Kind, record: Record) -> str:
    if isinstance(record, VM):
        if record.is_a_snapshot:
            return "Snapshot"
        return "Template" if record.is_a_template else "VM"
    return {Kind.POOL: "Pool", Kind.HOST: "Host", Kind.SR: "Storage", Kind.NETWORK: "Network", Kind.VDI: "Disk"}[kind]


def _pool(record: Record, inventory: Inventory, board: Board) -> Iterable[Section]:
    assert isinstance(record, Pool)
    master = inventory.get(Host, record.master)
    default = inventory.get(SR, record.default_SR)
    yield Section(
        title="General",
        lines=(
            names(record.name_label, "")[0],
            *marks(record.tags, record.other_config),
            Line(label="Coordinator", value=master.name_label if master else "", link=_id(Kind.HOST, master)),
            Line(label="Default storage", value=default.name_label if default else "none", link=_id(Kind.SR, default)),
            Line(label="Hosts", value=str(inventory.count(Host))),
            Line(label="Configurations", value=str(len(board.cards))),
        ),
    )
    yield from keys(record.other_config)


def _host(record: Record, inventory: Inventory, board: Board) -> Iterable[Section]:
    del board
    assert isinstance(record, Host)
    metrics = inventory.get(HostMetrics, record.metrics)
    is_live = metrics is not None and metrics.live
    yield Section(
        title="General",
        lines=(
            *names(record.name_label, record.name_description),
            *marks(record.tags, record.other_config),
            Line(label="Address", value=record.address),
            Line(label="Running", value=yes(is_live), tone="" if is_live else "bad"),
            Line(
                label="Takes machines",
                value=yes(record.enabled),
                tone="" if record.enabled else "warn",
                hint="" if record.enabled else "It is in maintenance.",
            ),
            Line(label="Version", value=record.software_version.get("product_version", "")),
            Line(label="XAPI", value=record.software_version.get("xapi_build", "")),
        ),
    )
    if metrics is not None and metrics.memory_total:
        used = metrics.memory_total - metrics.memory_free
        yield Section(
            title="Memory",
            lines=(
                Line(label="In use", value=f"{size(used)} of {size(metrics.memory_total)}"),
                Line(label="Free", value=size(metrics.memory_free)),
            ),
        )
    yield _machines("Running here", (inventory.get(VM, ref) for ref in record.resident_VMs))
    plugs = [plug for plug in inventory.all(PBD) if plug.host == record.ref]
    storages = sorted(
        ((inventory.get(SR, plug.SR), plug) for plug in plugs), key=lambda pair: pair[0].name_label if pair[0] else ""
    )
    yield Section(
        title="Storage",
        lines=tuple(
            Line(
                label="attached" if plug.currently_attached else "not attached",
                value=storage.name_label,
                tone="" if plug.currently_attached else "warn",
                link=_id(Kind.SR, storage),
            )
            for storage, plug in storages
            if storage is not None
        ),
    )
    interfaces = sorted(
        (pif for pif in inventory.all(PIF) if pif.host == record.ref), key=lambda pif: (pif.device, pif.VLAN)
    )
    yield Section(title="Network interfaces", lines=tuple(_interface(pif, inventory) for pif in interfaces))
    yield from keys(record.other_config)


def _interface(pif: PIF, inventory: Inventory) -> Line:
    network = inventory.get(Network, pif.network)
    vlan = f", VLAN {pif.VLAN}" if pif.VLAN >= 0 else ""
    told = network.name_label if network else ""
    return Line(
        label=f"{pif.device}{vlan}",
        value=told + (" (management)" if pif.management else ""),
        link=_id(Kind.NETWORK, network),
    )


def _sr(record: Record, inventory: Inventory, board: Board) -> Iterable[Section]:
    del board
    assert isinstance(record, SR)
    yield Section(
        title="General",
        lines=(
            *names(record.name_label, record.name_description),
            *marks(record.tags, None),
            Line(label="Type", value=record.type),
            Line(label="Shared", value=yes(record.shared)),
        ),
    )
    if record.physical_size > 0:
        is_tight = record.free_bytes < record.physical_size * 0.1
        yield Section(
            title="Space",
            lines=(
                Line(label="Size", value=size(record.physical_size)),
                Line(label="In use", value=size(record.physical_utilisation)),
                Line(label="Free", value=size(record.free_bytes), tone="warn" if is_tight else ""),
                Line(
                    label="Promised",
                    value=size(record.virtual_allocation),
                    hint="What its disks may grow to. More than its size means that it can fill up.",
                    tone="warn" if record.virtual_allocation > record.physical_size else "",
                ),
            ),
        )
    plugs = [plug for plug in (inventory.get(PBD, ref) for ref in record.PBDs) if plug is not None]
    hosts = [(inventory.get(Host, plug.host), plug) for plug in plugs]
    yield Section(
        title="Hosts",
        lines=tuple(
            Line(
                label="attached" if plug.currently_attached else "not attached",
                value=host.name_label,
                tone="" if plug.currently_attached else "warn",
                link=_id(Kind.HOST, host),
            )
            for host, plug in sorted(hosts, key=lambda pair: pair[0].name_label if pair[0] else "")
            if host is not None
        ),
    )
    disks = sorted(
        (disk for disk in (inventory.get(VDI, ref) for ref in record.VDIs) if disk is not None),
        key=lambda disk: (-disk.physical_utilisation, disk.name_label),
    )
    yield Section(
        title=f"Disks ({len(disks)})",
        lines=_limited(
            [
                Line(
                    label=f"{size(disk.physical_utilisation)} of {size(disk.virtual_size)}",
                    value=disk.name_label or "(no name)",
                    tone="muted" if disk.is_a_snapshot or not disk.managed else "",
                    link=_id(Kind.VDI, disk),
                )
                for disk in disks
            ]
        ),
    )


def _network(record: Record, inventory: Inventory, board: Board) -> Iterable[Section]:
    del board
    assert isinstance(record, Network)
    is_local = not record.PIFs
    yield Section(
        title="General",
        lines=(
            *names(record.name_label, record.name_description),
            *marks(record.tags, record.other_config),
            Line(label="Bridge", value=record.bridge),
            Line(label="MTU", value=str(record.MTU)),
            Line(
                label="Reaches",
                value="one host only" if is_local else count(len(record.PIFs), "host interface"),
                hint="It has no interface of a host: machines on it have to run on one host." if is_local else "",
            ),
        ),
    )
    vifs = [vif for vif in (inventory.get(VIF, ref) for ref in record.VIFs) if vif is not None]
    machines = [(inventory.get(VM, vif.VM), vif) for vif in vifs]
    yield Section(
        title="Machines",
        lines=_limited(
            [
                Line(
                    label=vif.MAC, value=machine.name_label, hint=f"Interface {vif.device}", link=_id(Kind.VM, machine)
                )
                for machine, vif in sorted(machines, key=lambda pair: pair[0].name_label if pair[0] else "")
                if machine is not None and not machine.is_a_snapshot
            ]
        ),
    )
    yield from keys(record.other_config)


def _vdi(record: Record, inventory: Inventory, board: Board) -> Iterable[Section]:
    del board
    assert isinstance(record, VDI)
    storage = inventory.get(SR, record.SR)
    origin = inventory.get(VDI, record.snapshot_of) if record.snapshot_of != NULL_REF else None
    yield Section(
        title="General",
        lines=(
            *names(record.name_label, record.name_description),
            *marks(record.tags, None),
            Line(label="Storage", value=storage.name_label if storage else "", link=_id(Kind.SR, storage)),
            Line(label="Size", value=size(record.virtual_size)),
            Line(label="Takes", value=size(record.physical_utilisation)),
            Line(label="Type", value=record.type),
            Line(label="Read only", value=yes(record.read_only)),
            Line(
                label="Changed block tracking",
                value=yes(record.cbt_enabled),
                hint="A disk with it cannot be moved to other storage." if record.cbt_enabled else "",
            ),
            *((Line(label="Snapshot of", value=origin.name_label, link=_id(Kind.VDI, origin)),) if origin else ()),
        ),
    )
    holders = [vbd for vbd in inventory.all(VBD) if record.ref == vbd.VDI]
    yield _machines("Machines", (inventory.get(VM, vbd.VM) for vbd in holders))


def _machines(title: str, found: Iterable[VM | None]) -> Section:
    machines = [vm for vm in found if vm is not None and not vm.is_control_domain]
    return Section(
        title=title,
        lines=_limited(
            [
                Line(label=vm.power_state, value=vm.name_label, link=_id(Kind.VM, vm))
                for vm in sorted(machines, key=lambda vm: (vm.name_label, vm.uuid))
            ]
        ),
    )


def _limited(lines: list[Line]) -> tuple[Line, ...]:
    """Return as many lines as anybody reads, and say how many more there are."""
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    return (*lines[:MOST_LINES], Line(label="", value=f"and {len(lines) - MOST_LINES} more", tone="muted"))


def _id(kind: Kind, record: Record | None) -> ObjectId | None:
    return None if record is None else ObjectId(kind=kind, uuid=record.uuid)


def _vm(record: Record, inventory: Inventory, board: Board) -> Iterable[Section]:
    assert isinstance(record, VM)
    return vm_sections(record, inventory, board)


_SECTIONS: Mapping[Kind, Callable[[Record, Inventory, Board], Iterable[Section]]] = MappingProxyType(
    {
        Kind.POOL: _pool,
        Kind.HOST: _host,
        Kind.VM: _vm,
        Kind.SR: _sr,
        Kind.NETWORK: _network,
        Kind.VDI: _vdi,
    }
)
