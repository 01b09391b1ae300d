"""The ways to arrange the inventory, and where each puts an object. Places are paths that sort as they are shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NewType

import msgspec

from xsconsole.domain.folding import natural
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref
from xsconsole.domain.inventory_items import Item, Sort

NodeId = NewType("NodeId", str)
"""A line: a reference, the name of a group, or both where an object stands at several places."""

Path = str
"""The keys of a line and of all it hangs below, from the top. A line's path begins those of the lines below it."""

BELOW = "\x00"  # between two keys; smaller than any letter of a key
AFTER = "\x01"  # closes the range of what hangs below a path
_WITHIN = "\x02"  # between the parts of one key
_JOIN = "\x03"  # between the parts of the name of a line
_AFTER_TURNED = "\x7f"
_TURN = {code: 0x9E - code for code in range(0x20, 0x7F)}

TOP = NodeId("")
NOT_RUNNING = NodeId("not-running")
STORAGE = NodeId("storage")
NETWORKS = NodeId("networks")
TEMPLATES = NodeId("templates")
STRAYS = NodeId("strays")


class View(StrEnum):
    HOSTS = "hosts"
    SERVICES = "services"
    TAGS = "tags"
    FOLDERS = "folders"
    APPLIANCES = "appliances"
    FLAT = "flat"


class Group(msgspec.Struct, frozen=True, gc=False):
    """A line that stands only while something hangs below it."""

    id: NodeId
    path: Path
    name: str
    ref: Ref = NULL_REF  # where the group is an object itself
    class_name: str = ""
    configuration: ConfigurationId | None = None
    parent: NodeId = TOP  # of one that hangs below an object


class Place(msgspec.Struct, frozen=True, gc=False):
    """A line of an object, and the groups it hangs below, from the top. `parent` may be an object's line."""

    id: NodeId
    parent: NodeId
    path: Path
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How objects of one group follow one another. Hosts, as they hold others, always go by their names."""

    column: str = "name"
    is_descending: bool = False


BY_NAME = Order()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """A view in an order. `stages` gives rank and name of a stage by its id, `pools` by what several pools sort."""

    view: View = View.HOSTS
    order: Order = BY_NAME
    stages: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    pools: Mapping[Ref, str] = field(default_factory=dict)

    def is_like(self, other: "Arrangement") -> bool:
        """Whether both put everything in the same places: one view alone looks at the stages, and one at the pools."""
        if self.view is not other.view or self.order != other.order:
            return False
        match self.view:
            case View.SERVICES:
                return self.stages == other.stages
            case View.HOSTS:
                return self.pools == other.pools
            case _:
                return True


SortValue = Callable[[Item], str | float | None]

SORTED_BY: Mapping[str, SortValue] = {
    "state": lambda item: item.state,
    "memory": lambda item: item.memory,
    "vcpus": lambda item: item.vcpus,
    "host": lambda item: natural(item.host or ""),
    "pool": lambda item: natural(item.pool_name),
    "address": lambda item: natural(item.addresses[0]) if item.addresses else None,
    "tags": lambda item: ", ".join(item.tags).casefold(),
    "service": lambda item: natural(item.service),
    "stage": lambda item: item.stage,
    "version": lambda item: natural(item.version),
    "configuration": lambda item: natural(item.configuration_name),
    "vapp": lambda item: natural(item.appliance_name),
    "folder": lambda item: natural(item.folder),
    "os": lambda item: natural(item.system),
    "free": lambda item: item.free_bytes,
    "size": lambda item: item.size,
    "snapshots": lambda item: item.snapshots,
    "snapshot": lambda item: item.newest_snapshot.timestamp() if item.newest_snapshot else None,
    "kind": lambda item: item.sort,
    "uuid": lambda item: item.uuid,
    "description": lambda item: natural(item.description),
}


def _clean(text: str) -> str:
    """Return a text without the letters that hold paths together."""
    return text if text.isprintable() else "".join(letter if letter > _JOIN else " " for letter in text)


def _key(rank: int, value: str, name: str, id_: str) -> str:
    return f"{rank:02d}{_clean(value)}{_WITHIN}{_clean(name)}{_WITHIN}{id_}"


def _turned(text: str) -> str:
    """Return a text that sorts the other way round. Pure ASCII stays so: Python compares that fastest."""
    clean = _clean(text)
    if clean.isascii():
        return clean.translate(_TURN) + _AFTER_TURNED
    return (
        "".join(
            [letter.translate(_TURN) if letter < "\x7f" else f"\x10{chr(0x10FFFF - ord(letter))}" for letter in clean]
        )
        + _AFTER_TURNED
    )


def _value(item: Item, order: Order) -> str:
    """Return the part of a key that an order other than by name gives. What is missing comes last."""
    if order.column == "name":
        return _turned(item.sort_name) if order.is_descending else ""
    found = SORTED_BY[order.column](item)
    if found is None or found == "":
        return "1"
    if isinstance(found, str):
        return "0" + (_turned(found) if order.is_descending else _clean(found) + _WITHIN)
    whole = round(found * 1000)
    return f"0{10**22 - whole if order.is_descending else whole:024d}"


@lru_cache(maxsize=4096)
def _group(above: Path, rank: int, id_: str, name: str, sort_by: str = "", parent: NodeId = TOP) -> Group:
    path = _key(rank, "", sort_by or natural(name), id_)
    return Group(id=NodeId(id_), path=f"{above}{BELOW}{path}" if above else path, name=name, parent=parent)


_FIXED: Mapping[NodeId, tuple[int, str]] = {
    NOT_RUNNING: (1, "Not running"),
    STORAGE: (2, "Storage"),
    NETWORKS: (3, "Networks"),
    TEMPLATES: (4, "Templates"),
}
_STRAY_GROUP = _group("", 9, STRAYS, "Strays")
_CLOSED_AT_FIRST = frozenset({STORAGE, NETWORKS, TEMPLATES})


def within(pool: Ref, group: NodeId) -> NodeId:
    """Return the line of a fixed group, such as `STORAGE`, of one pool."""
    return NodeId(f"{group}{_JOIN}{pool}")


def is_closed_at_first(id_: NodeId) -> bool:
    return id_.partition(_JOIN)[0] in _CLOSED_AT_FIRST


@lru_cache(maxsize=256)
def _root(pool: Ref, rank: str) -> Path:
    return _key(0, rank, "", pool)


@lru_cache(maxsize=256)
def _fixed(root: Path, pool: Ref, group: NodeId) -> Group:
    rank, name = _FIXED[group]
    return _group(root, rank, within(pool, group), name, str(rank), NodeId(pool))


def places(item: Item, arrangement: Arrangement) -> tuple[Place, ...]:
    """Return the lines of an object in a view; none where the view is not about such objects."""
    return _PLACERS[arrangement.view](item, arrangement)


def _leaf(item: Item, order: Order, *, rank: int = 1) -> str:
    return _key(rank, _value(item, order), item.sort_name, item.ref)


def _under(group: Group, item: Item, order: Order, groups: tuple[Group, ...], *, rank: int = 1) -> Place:
    return Place(NodeId(item.ref), group.id, f"{group.path}{BELOW}{_leaf(item, order, rank=rank)}", groups)


def _by_host(item: Item, arrangement: Arrangement) -> tuple[Place, ...]:
    order, pool = arrangement.order, item.pool
    root = _root(pool, arrangement.pools.get(pool, ""))
    match item.sort:
        case Sort.POOL:
            return (Place(NodeId(item.ref), TOP, root),)
        case Sort.HOST:
            return (Place(NodeId(item.ref), NodeId(pool), _host_path(root, item.name, item.ref)),)
        case Sort.VM if item.host is not None:
            path = f"{_host_path(root, item.host, item.home)}{BELOW}{_leaf(item, order)}"
            return (Place(NodeId(item.ref), NodeId(item.home), path),)
        case Sort.VM:
            group = NOT_RUNNING
        case Sort.SR:
            group = STORAGE
        case Sort.NETWORK:
            group = NETWORKS
        case _:
            group = TEMPLATES
    fixed = _fixed(root, pool, group)
    return (_under(fixed, item, order, (fixed,), rank=2 if item.is_default else 1),)


@lru_cache(maxsize=4096)
def _host_path(root: Path, name: str, ref: Ref) -> Path:
    return f"{root}{BELOW}{_key(0, '', natural(name), ref)}"


def _by_service(item: Item, arrangement: Arrangement) -> tuple[Place, ...]:
    if item.is_stray:
        return (_under(_STRAY_GROUP, item, arrangement.order, (_STRAY_GROUP,)),)
    if item.configuration is None:
        return ()
    service = _group("", 0, f"service:{_clean(item.service)}", item.service or "(no service)")
    rank, name = arrangement.stages.get(item.stage or "", (99, item.stage or "(no stage)"))
    stage = _group(service.path, 0, f"{service.id}{_JOIN}stage:{_clean(item.stage or '')}", name, f"{rank:04d}")
    last = _group(
        stage.path,
        0,
        f"{stage.id}{_JOIN}configuration:{item.configuration}{_JOIN}{_clean(item.configuration_name)}",
        item.configuration_name,
    )
    last = msgspec.structs.replace(last, configuration=item.configuration)
    return (_under(last, item, arrangement.order, (service, stage, last)),)


def _by_tag(item: Item, arrangement: Arrangement) -> tuple[Place, ...]:
    if not item.tags:
        return ()
    leaf = _leaf(item, arrangement.order)
    found = []
    for tag in dict.fromkeys(item.tags):
        groups = _tag(tag)
        group = groups[0]
        id_ = NodeId(f"{item.ref}{_JOIN}{group.id}")
        found.append(Place(id_, group.id, f"{group.path}{BELOW}{leaf}", groups))
    return tuple(found)


@lru_cache(maxsize=4096)
def _tag(tag: str) -> tuple[Group]:
    return (_group("", 0, f"tag:{_clean(tag)}", tag or "(empty tag)"),)


def _by_folder(item: Item, arrangement: Arrangement) -> tuple[Place, ...]:
    if not item.folder:
        return ()
    groups = _folders(item.folder)
    return (_under(groups[-1], item, arrangement.order, groups),)


@lru_cache(maxsize=4096)
def _folders(folder: str) -> tuple[Group, ...]:
    groups: list[Group] = []
    path, id_ = "", "folder:"
    for part in folder.split("/")[1:]:
        id_ = f"{id_}/{_clean(part)}"
        group = _group(path, 0, id_, part)
        path = group.path
        groups.append(group)
    return tuple(groups)


def _by_appliance(item: Item, arrangement: Arrangement) -> tuple[Place, ...]:
    if item.appliance == NULL_REF:
        return ()
    # With its name: while a renamed one takes its VMs along, the old and the new line stand side by side.
    group = _group("", 0, f"vapp:{item.appliance}{_JOIN}{_clean(item.appliance_name)}", item.appliance_name or "(vApp)")
    group = msgspec.structs.replace(group, ref=item.appliance, class_name="vm_appliance")
    return (_under(group, item, arrangement.order, (group,)),)


def _flat(item: Item, arrangement: Arrangement) -> tuple[Place, ...]:
    return (Place(NodeId(item.ref), TOP, _leaf(item, arrangement.order, rank=0)),)


_PLACERS: Mapping[View, Callable[[Item, Arrangement], tuple[Place, ...]]] = {
    View.HOSTS: _by_host,
    View.SERVICES: _by_service,
    View.TAGS: _by_tag,
    View.FOLDERS: _by_folder,
    View.APPLIANCES: _by_appliance,
    View.FLAT: _flat,
}
