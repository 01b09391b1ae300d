"""What the inventory shows and finds of one object, gathered from all records that say something of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from sys import intern

import msgspec

from xsconsole.domain.folding import folded_lines, natural
from xsconsole.domain.guests import guest_of
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import (
    SR,
    VIF,
    VM,
    Appliance,
    GuestMetrics,
    Host,
    HostMetrics,
    Inventory,
    Network,
    Pool,
)
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, newest

INTERNAL_NETWORK_KEY = "is_host_internal_management_network"
UNNAMED_POOL = "Pool"
FOLDER_KEY = "folder"  # of `other_config`; XenCenter's


class Sort(StrEnum):
    """What a line stands for."""

    POOL = "pool"
    HOST = "host"
    VM = "vm"
    SR = "sr"
    NETWORK = "network"
    TEMPLATE = "template"
    GROUP = "group"


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One object. `state` is a VM's power state or, of a host, `live`, `disabled` or `down`; sizes are in bytes.

    `memory_used` is a fraction, 0 to 1; `count` is how many VIFs a network has, those of snapshots left out. What an
    object does not have is None or empty. `pool` is the one that it is of. `home` is the host that a VM runs on or
    would rather run on; `host` is its name, None where it is gone.
    """

    ref: Ref
    class_name: str
    sort: Sort
    uuid: Uuid
    name: str
    sort_name: str
    words: str
    description: str = ""
    state: str = ""
    is_busy: bool = False
    is_stray: bool = False
    is_default: bool = False  # a template that came with the pool
    pool: Ref = NULL_REF
    pool_name: str = ""
    home: Ref = NULL_REF
    host: str | None = None
    configuration: ConfigurationId | None = None
    configuration_name: str = ""
    service: str = ""
    stage: StageId | None = None
    version: str = ""
    role: str = ""
    appliance: Ref = NULL_REF
    appliance_name: str = ""
    tags: tuple[str, ...] = ()
    folder: str = ""
    addresses: tuple[str, ...] = ()
    system: str = ""  # the guest's operating system, or the type of storage
    memory: int | None = None
    memory_used: float | None = None
    vcpus: int | None = None
    size: int | None = None
    free_bytes: int | None = None
    count: int | None = None
    snapshots: int | None = None
    newest_snapshot: datetime | None = None
    flags: tuple[str, ...] = ()
    has: tuple[str, ...] = ()


CLASSES = frozenset({"pool", "host", "vm", "sr", "network"})
"""The classes that have lines of their own."""


def item_of(inventory: Inventory, class_name: str, ref: Ref) -> Item | None:
    """Return what there is to say of an object of one of `CLASSES` now; None where it is gone or has no line."""
    return _MAKERS[class_name](inventory, ref)


def _pool_of(inventory: Inventory) -> tuple[Ref, str]:
    pool = inventory.pool
    return (NULL_REF, "") if pool is None else (pool.ref, pool.name_label or UNNAMED_POOL)


def _folder(other_config: Mapping[str, str]) -> str:
    """Return a folder as `/a/b`; empty for none."""
    folder = other_config.get(FOLDER_KEY, "")
    return "/" + "/".join(part for part in folder.split("/") if part) if folder.strip("/ ") else ""


def _pool(inventory: Inventory, ref: Ref) -> Item | None:
    pool = inventory.get(Pool, ref)
    if pool is None:
        return None
    name = pool.name_label or UNNAMED_POOL
    folder = _folder(pool.other_config)
    return Item(
        ref=pool.ref,
        class_name="pool",
        sort=Sort.POOL,
        uuid=pool.uuid,
        name=name,
        sort_name=natural(name),
        pool=pool.ref,
        pool_name=name,
        words=folded_lines(pool.name_label, pool.uuid, *pool.tags),
        tags=pool.tags,
        folder=folder,
        has=_kept(tags=pool.tags, folder=folder),
    )


def _host(inventory: Inventory, ref: Ref) -> Item | None:
    host = inventory.get(Host, ref)
    if host is None:
        return None
    metrics = inventory.get(HostMetrics, host.metrics)
    is_live = metrics is None or metrics.live
    used = None
    if metrics is not None and metrics.memory_total > 0:
        used = round(1 - metrics.memory_free / metrics.memory_total, 3)
    pool, pool_name = _pool_of(inventory)
    state = "down" if not is_live else "live" if host.enabled else "disabled"
    folder = _folder(host.other_config)
    return Item(
        ref=host.ref,
        class_name="host",
        pool=pool,
        pool_name=pool_name,
        sort=Sort.HOST,
        uuid=host.uuid,
        name=host.name_label,
        sort_name=natural(host.name_label),
        words=folded_lines(host.name_label, host.address, host.uuid, *host.tags),
        description=host.name_description,
        state=state,
        host=host.name_label,
        tags=host.tags,
        folder=folder,
        addresses=(host.address,) if host.address else (),
        system=host.software_version.get("product_version", ""),
        memory=None if metrics is None else metrics.memory_total,
        free_bytes=None if metrics is None else metrics.memory_free,
        memory_used=used,
        flags=(state,),
        has=_kept(tags=host.tags, folder=folder, description=host.name_description),
    )


def _vm(inventory: Inventory, ref: Ref) -> Item | None:
    vm = inventory.get(VM, ref)
    if vm is None or vm.is_a_snapshot or vm.is_control_domain:
        return None
    if vm.is_a_template:
        return _template(inventory, vm)
    pool, pool_name = _pool_of(inventory)
    home = vm.resident_on if vm.resident_on != NULL_REF else vm.affinity
    host = inventory.get(Host, home)
    value = newest(vm.other_config, MEMBER_STEM, MemberValue)[1]
    is_stray = value is not None and value.vm != vm.uuid
    guest = inventory.get(GuestMetrics, vm.guest_metrics)
    addresses = _addresses(guest_of(inventory, vm))
    appliance = inventory.get(Appliance, vm.appliance)
    folder = intern(_folder(vm.other_config))
    is_busy = bool(vm.current_operations)
    is_member = value is not None and not is_stray
    return Item(
        ref=vm.ref,
        class_name="vm",
        pool=pool,
        pool_name=pool_name,
        sort=Sort.VM,
        uuid=vm.uuid,
        name=vm.name_label,
        sort_name=natural(vm.name_label),
        words=folded_lines(
            vm.name_label,
            vm.uuid,
            "" if value is None else value.name,
            folder,
            *vm.tags,
            *addresses,
        ),
        description=vm.name_description,
        state=intern(vm.power_state),
        is_busy=is_busy,
        is_stray=is_stray,
        home=home,
        host=None if host is None else host.name_label,
        configuration=value.configuration if value is not None and is_member else None,
        configuration_name="" if value is None else intern(value.name),
        service="" if value is None else intern(value.service),
        stage=None if value is None else StageId(intern(value.stage)),
        version="" if value is None else intern(value.version),
        role="" if value is None else intern(value.role),
        appliance=vm.appliance,
        appliance_name="" if appliance is None else appliance.name_label,
        tags=_shared(vm.tags),
        folder=folder,
        addresses=addresses,
        system="" if guest is None else intern(guest.os_version.get("name", "")),
        memory=vm.memory_dynamic_max or vm.memory_static_max,
        vcpus=vm.VCPUs_max,
        snapshots=len(vm.snapshots),
        newest_snapshot=_newest_snapshot(inventory, vm),
        flags=_kept(
            running=vm.power_state == "Running",
            busy=is_busy,
            stray=is_stray,
            member=is_member,
            protected=bool(vm.blocked_operations),
        ),
        has=_kept(
            tags=vm.tags,
            folder=folder,
            description=vm.name_description,
            snapshots=vm.snapshots,
            address=addresses,
            tools=guest is not None and guest.PV_drivers_detected,
            vapp=vm.appliance != NULL_REF,
        ),
    )


def _kept(**claims: object) -> tuple[str, ...]:
    return _shared(tuple([name for name, is_so in claims.items() if is_so]))


@lru_cache(maxsize=4096)
def _shared(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return one and the same object for equal texts, as `intern` does for one: to look at it is to find it at hand.

    Ten thousand machines are in a few states and have a few tags; read one by one from the pool, each has its own copy.
    """
    return tuple(map(intern, texts))


def _addresses(guest: GuestMetrics | None) -> tuple[str, ...]:
    if guest is None or not guest.networks:
        return ()
    return tuple(sorted({address for key, address in guest.networks.items() if "/ip" in key and address}))


def _newest_snapshot(inventory: Inventory, vm: VM) -> datetime | None:
    if not vm.snapshots:
        return None
    found = (inventory.get(VM, ref) for ref in vm.snapshots)
    return max((one.snapshot_time for one in found if one is not None and one.snapshot_time is not None), default=None)


def _template(inventory: Inventory, vm: VM) -> Item:
    pool, pool_name = _pool_of(inventory)
    folder = _folder(vm.other_config)
    return Item(
        ref=vm.ref,
        class_name="vm",
        pool=pool,
        pool_name=pool_name,
        sort=Sort.TEMPLATE,
        uuid=vm.uuid,
        name=vm.name_label,
        sort_name=natural(vm.name_label),
        words=folded_lines(vm.name_label, vm.uuid, folder, *vm.tags),
        description=vm.name_description,
        is_default=vm.is_default_template,
        tags=vm.tags,
        folder=folder,
        memory=vm.memory_dynamic_max or vm.memory_static_max,
        vcpus=vm.VCPUs_max,
        has=_kept(tags=vm.tags, folder=folder, description=vm.name_description),
    )


def _sr(inventory: Inventory, ref: Ref) -> Item | None:
    sr = inventory.get(SR, ref)
    if sr is None:
        return None
    has_size = sr.physical_size > 0
    pool, pool_name = _pool_of(inventory)
    folder = _folder(sr.other_config)
    return Item(
        ref=sr.ref,
        class_name="sr",
        pool=pool,
        pool_name=pool_name,
        sort=Sort.SR,
        uuid=sr.uuid,
        name=sr.name_label,
        sort_name=natural(sr.name_label),
        words=folded_lines(sr.name_label, sr.uuid, *sr.tags),
        description=sr.name_description,
        tags=sr.tags,
        folder=folder,
        system=sr.type,
        size=sr.physical_size if has_size else None,
        free_bytes=sr.free_bytes if has_size else None,
        flags=("shared" if sr.shared else "local",),
        has=_kept(tags=sr.tags, folder=folder, description=sr.name_description),
    )


def _network(inventory: Inventory, ref: Ref) -> Item | None:
    network = inventory.get(Network, ref)
    if network is None or network.other_config.get(INTERNAL_NETWORK_KEY) == "true":
        return None
    pool, pool_name = _pool_of(inventory)
    folder = _folder(network.other_config)
    return Item(
        ref=network.ref,
        class_name="network",
        pool=pool,
        pool_name=pool_name,
        sort=Sort.NETWORK,
        uuid=network.uuid,
        name=network.name_label,
        sort_name=natural(network.name_label),
        words=folded_lines(network.name_label, network.uuid, *network.tags),
        description=network.name_description,
        tags=network.tags,
        folder=folder,
        count=sum(not _is_of_snapshot(inventory, vif) for vif in network.VIFs),
        has=_kept(tags=network.tags, folder=folder, description=network.name_description),
    )


def _is_of_snapshot(inventory: Inventory, vif: Ref) -> bool:
    record = inventory.get(VIF, vif)
    vm = None if record is None else inventory.get(VM, record.VM)
    return vm is not None and vm.is_a_snapshot


_MAKERS: Mapping[str, Callable[[Inventory, Ref], Item | None]] = {
    "pool": _pool,
    "host": _host,
    "vm": _vm,
    "sr": _sr,
    "network": _network,
}
