"""What the inventory's list shows of one object: its place, its name, and the few figures at its right end."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, assert_never

import msgspec

from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import SR, VM, Host, HostMetrics, Inventory, Network, Pool
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, newest

NodeId = NewType("NodeId", str)
"""A reference, or the name of a group, which no reference equals."""

POOL = NodeId("pool")
NOT_RUNNING = NodeId("not-running")
STORAGE = NodeId("storage")
NETWORKS = NodeId("networks")
TEMPLATES = NodeId("templates")

INTERNAL_NETWORK_KEY = "is_host_internal_management_network"

SortKey = tuple[int, str, str]


class Sort(StrEnum):
    """What a row stands for."""

    POOL = "pool"
    HOST = "host"
    VM = "vm"
    SR = "sr"
    NETWORK = "network"
    TEMPLATE = "template"
    GROUP = "group"


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One visible line. `state` is a VM's power state or, of a host, `live`, `disabled` or `down`.

    `memory_used` is a fraction, 0 to 1; `count` is what a group holds, or how many VIFs a network has.
    """

    id: NodeId
    sort: Sort
    uuid: Uuid
    name: str
    depth: int
    is_expandable: bool = False
    is_open: bool = False
    state: str = ""
    is_busy: bool = False
    is_stray: bool = False
    configuration: ConfigurationId | None = None
    version: str = ""
    memory_used: float | None = None
    free_bytes: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """`count` rows from `first` on are gone."""

    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """`rows` stand before what was at `first`."""

    first: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The lines from `first` on look otherwise; no line moved."""

    first: int
    rows: tuple[Row, ...]


Edit = Removed | Inserted | Changed


def replay(rows: list[Row], edits: Iterable[Edit]) -> None:
    """Bring an older list up to date, in place."""
    for edit in edits:
        match edit:
            case Removed():
                del rows[edit.first : edit.first + edit.count]
            case Inserted():
                rows[edit.first : edit.first] = edit.rows
            case Changed():
                rows[edit.first : edit.first + len(edit.rows)] = edit.rows
            case _:
                assert_never(edit)


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one object contributes: where it hangs, how it sorts there, what is found by, what is shown."""

    id: NodeId
    parent: NodeId
    key: SortKey
    sort: Sort
    uuid: Uuid
    name: str
    words: str
    leans_on: Ref = NULL_REF  # the host that a VM runs on or would rather run on
    host_name: str | None = None  # of that host; None where it is not there
    state: str = ""
    is_busy: bool = False
    is_stray: bool = False
    configuration: ConfigurationId | None = None
    version: str = ""
    memory_used: float | None = None
    free_bytes: int | None = None
    count: int | None = None


GROUPS: tuple[tuple[NodeId, str], ...] = (
    (NOT_RUNNING, "Not running"),
    (STORAGE, "Storage"),
    (NETWORKS, "Networks"),
    (TEMPLATES, "Templates"),
)

CLASSES = frozenset({"pool", "host", "vm", "sr", "network"})
"""The classes that have lines of their own."""

_NUMBER = re.compile(r"[0-9]+")


def natural(name: str) -> str:
    """Return a text that sorts web-2 before web-10, whatever the case of the letters."""
    return _NUMBER.sub(lambda found: found[0].lstrip("0").zfill(12), name.casefold())


def group_facts() -> tuple[Facts, ...]:
    return tuple(
        Facts(id=id_, parent=POOL, key=(rank, "", id_), sort=Sort.GROUP, uuid=Uuid(""), name=name, words="")
        for rank, (id_, name) in enumerate(GROUPS, start=1)
    )


def facts_of(inventory: Inventory, class_name: str, ref: Ref) -> Facts | None:
    """Return what an object of one of `CLASSES` contributes now; None where it is gone or has no line."""
    match class_name:
        case "pool":
            pool = inventory.pool
            return None if pool is None else _pool(pool)
        case "host":
            host = inventory.get(Host, ref)
            return None if host is None else _host(inventory, host)
        case "vm":
            vm = inventory.get(VM, ref)
            return None if vm is None else _vm(inventory, vm)
        case "sr":
            sr = inventory.get(SR, ref)
            return None if sr is None else _sr(sr)
        case _:
            network = inventory.get(Network, ref)
            return None if network is None else _network(network)


def _words(*parts: str) -> str:
    return " ".join(parts).casefold()


def _pool(pool: Pool) -> Facts:
    return Facts(
        id=POOL,
        parent=NodeId(""),
        key=(0, "", POOL),
        sort=Sort.POOL,
        uuid=pool.uuid,
        name=pool.name_label or "Pool",
        words=_words(pool.name_label, "kind:pool", pool.uuid),
    )


def _host(inventory: Inventory, host: Host) -> Facts:
    metrics = inventory.get(HostMetrics, host.metrics)
    is_live = metrics is None or metrics.live
    used = None
    if metrics is not None and metrics.memory_total > 0:
        used = round(1 - metrics.memory_free / metrics.memory_total, 3)
    state = "down" if not is_live else "live" if host.enabled else "disabled"
    return Facts(
        id=NodeId(host.ref),
        parent=POOL,
        key=(0, natural(host.name_label), host.ref),
        sort=Sort.HOST,
        uuid=host.uuid,
        name=host.name_label,
        words=_words(host.name_label, host.address, "kind:host", f"state:{state}", host.uuid),
        state=state,
        memory_used=used,
    )


def _vm(inventory: Inventory, vm: VM) -> Facts | None:
    if vm.is_a_snapshot or vm.is_control_domain:
        return None
    if vm.is_a_template:
        return _template(vm)
    home = vm.resident_on if vm.resident_on != NULL_REF else vm.affinity
    host = inventory.get(Host, home)
    is_away = vm.resident_on == NULL_REF and host is None
    value = newest(vm.other_config, MEMBER_STEM, MemberValue)[1]
    words = [vm.name_label, "kind:vm", f"state:{vm.power_state}", vm.uuid]
    if host is not None:
        words.append(f"host:{host.name_label}")
    if value is not None:
        words += (f"service:{value.service}", f"stage:{value.stage}", f"version:{value.version}", value.name)
    is_stray = value is not None and value.vm != vm.uuid
    return Facts(
        id=NodeId(vm.ref),
        parent=NOT_RUNNING if is_away else NodeId(home),
        key=(0, natural(vm.name_label), vm.ref),
        sort=Sort.VM,
        uuid=vm.uuid,
        name=vm.name_label,
        words=_words(*words, "is:stray" if is_stray else ""),
        leans_on=home,
        host_name=None if host is None else host.name_label,
        state=vm.power_state,
        is_busy=bool(vm.current_operations),
        is_stray=is_stray,
        configuration=None if value is None or is_stray else value.configuration,
        version="" if value is None else value.version,
    )


def _template(vm: VM) -> Facts:
    return Facts(
        id=NodeId(vm.ref),
        parent=TEMPLATES,
        key=(int(vm.is_default_template), natural(vm.name_label), vm.ref),
        sort=Sort.TEMPLATE,
        uuid=vm.uuid,
        name=vm.name_label,
        words=_words(vm.name_label, "kind:template", vm.uuid),
    )


def _sr(sr: SR) -> Facts:
    return Facts(
        id=NodeId(sr.ref),
        parent=STORAGE,
        key=(0, natural(sr.name_label), sr.ref),
        sort=Sort.SR,
        uuid=sr.uuid,
        name=sr.name_label,
        words=_words(sr.name_label, f"type:{sr.type}", "kind:sr", sr.uuid),
        free_bytes=sr.free_bytes if sr.physical_size > 0 else None,
    )


def _network(network: Network) -> Facts | None:
    if network.other_config.get(INTERNAL_NETWORK_KEY) == "true":
        return None
    return Facts(
        id=NodeId(network.ref),
        parent=NETWORKS,
        key=(0, natural(network.name_label), network.ref),
        sort=Sort.NETWORK,
        uuid=network.uuid,
        name=network.name_label,
        words=_words(network.name_label, "kind:network", network.uuid),
        count=len(network.VIFs),
    )


def line_of(facts: Facts, *, depth: int, held: int, is_open: bool) -> Row:
    """Return the line of an object that holds `held` lines."""
    return Row(
        id=facts.id,
        sort=facts.sort,
        uuid=facts.uuid,
        name=facts.name,
        depth=depth,
        is_expandable=held > 0,
        is_open=held > 0 and is_open,
        state=facts.state,
        is_busy=facts.is_busy,
        is_stray=facts.is_stray,
        configuration=facts.configuration,
        version=facts.version,
        memory_used=facts.memory_used,
        free_bytes=facts.free_bytes,
        count=held if facts.sort is Sort.GROUP else facts.count,
    )


def coarse(before: Sequence[Row], after: Sequence[Row]) -> tuple[Edit, ...]:
    """Return at most two edits that lead from one list to the other: all between what both begin and end with."""
    shorter = min(len(before), len(after))
    head = 0
    while head < shorter and before[head] is after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] is after[-1 - tail]:
        tail += 1
    edits: list[Edit] = []
    if gone := len(before) - head - tail:
        edits.append(Removed(first=head, count=gone))
    if come := tuple(after[head : len(after) - tail]):
        edits.append(Inserted(first=head, rows=come))
    return tuple(edits)
