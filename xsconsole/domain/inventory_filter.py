"""What the inventory can be asked for. Some fields are looked up among disks and interfaces when they are asked."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from operator import attrgetter

from xsconsole.domain.disks import disks_of, repositories_of
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import SR, VIF, VM, Inventory, Network
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole.domain.query.fields import Field, Kind, Schema

POWERS = ("running", "halted", "suspended", "paused")
STATES = (*POWERS, "live", "disabled", "down")
FLAGS = ("running", "busy", "stray", "member", "protected", "shared", "local", "live", "disabled", "down")
HAVINGS = ("tags", "folder", "description", "snapshots", "address", "tools", "vapp")
KINDS = tuple(str(sort) for sort in Sort if sort is not Sort.GROUP)
UNLIKE = frozenset({"name", "uuid", "description", "mac"})
LOOKED_AT_ONCE = 500  # objects: a tenth of a millisecond
FAR_FIELDS = frozenset({"sr", "disk", "mac", "network"})
"""Fields that lie with other objects: a change of those may change what fits."""


def inventory_schema(inventory: Inventory) -> Schema[Item]:
    """Return what can be asked of the objects of one inventory."""
    return Schema(words=attrgetter("words"), fields=(*_near(), *_far(inventory)))


def values_in(schema: Schema[Item], items: Iterable[Item], field: str) -> Iterator[str]:
    """Yield what there is in a field of text now; nothing for fields that nearly every object has its own of.

    Of each few hundred objects every text comes once, and an empty one at their end: so whoever reads in pieces never
    waits long for the next.
    """
    asked = schema.field(field)
    if asked is not None and asked.known is not None:
        yield from tuple(asked.known())
    elif asked is not None and asked.kind is Kind.TEXT and asked.name not in UNLIKE:
        rest = iter(items)
        while some := tuple(islice(rest, LOOKED_AT_ONCE)):
            contents = set(map(asked.get, some))
            yield from {content for content in contents if isinstance(content, str)}
            yield from set(chain.from_iterable(content for content in contents if isinstance(content, tuple)))
            yield ""


def _near() -> tuple[Field[Item], ...]:
    return (
        Field(name="name", kind=Kind.TEXT, about="its name", get=attrgetter("name"), example="name:web-*"),
        Field(
            name="kind",
            kind=Kind.CHOICE,
            about="what it is",
            get=attrgetter("sort"),
            aliases=("class", "type"),
            choices=KINDS,
        ),
        Field(
            name="power",
            kind=Kind.CHOICE,
            about="the power state of a VM",
            get=_power,
            choices=POWERS,
        ),
        Field(
            name="state",
            kind=Kind.CHOICE,
            about="the state of a VM or a host",
            get=attrgetter("state"),
            choices=STATES,
        ),
        Field(name="is", kind=Kind.CHOICE, about="what is so", get=attrgetter("flags"), choices=FLAGS),
        Field(name="has", kind=Kind.CHOICE, about="what there is of it", get=attrgetter("has"), choices=HAVINGS),
        Field(
            name="host",
            kind=Kind.TEXT,
            about="the host it runs on or prefers",
            get=attrgetter("host"),
            example="host:xen-1",
        ),
        Field(
            name="pool",
            kind=Kind.TEXT,
            about="the pool it is of",
            get=attrgetter("pool_name"),
            example="pool:production",
        ),
        Field(
            name="memory",
            kind=Kind.SIZE,
            about="its memory",
            get=attrgetter("memory"),
            aliases=("ram",),
        ),
        Field(name="vcpus", kind=Kind.NUMBER, about="its vCPUs", get=attrgetter("vcpus"), aliases=("cpus", "cpu")),
        Field(
            name="tag",
            kind=Kind.TEXT,
            about="one of its tags",
            get=attrgetter("tags"),
            aliases=("tags",),
            example="tag:web",
        ),
        Field(
            name="folder",
            kind=Kind.TEXT,
            about="its folder",
            get=attrgetter("folder"),
            example="folder:/prod/*",
        ),
        Field(
            name="vapp",
            kind=Kind.TEXT,
            about="the vApp it belongs to",
            get=attrgetter("appliance_name"),
            aliases=("appliance",),
            example="vapp:backend",
        ),
        Field(
            name="service",
            kind=Kind.TEXT,
            about="the service it belongs to",
            get=attrgetter("service"),
            example="service:shop",
        ),
        Field(
            name="stage",
            kind=Kind.TEXT,
            about="the stage it stands in",
            get=attrgetter("stage"),
            example="stage:production",
        ),
        Field(
            name="configuration",
            kind=Kind.TEXT,
            about="the configuration it is a member of",
            get=lambda item: (item.configuration_name, item.configuration or ""),
            aliases=("config",),
            example='configuration:"shop 1.3*"',
        ),
        Field(
            name="version",
            kind=Kind.TEXT,
            about="the version of its configuration",
            get=attrgetter("version"),
            example="version>=1.3",
        ),
        Field(name="role", kind=Kind.TEXT, about="its role there", get=attrgetter("role"), example="role:db"),
        Field(
            name="address",
            kind=Kind.TEXT,
            about="one of its IP addresses",
            get=attrgetter("addresses"),
            aliases=("ip",),
            example="address:10.1.*",
        ),
        Field(
            name="os",
            kind=Kind.TEXT,
            about="its operating system, or the type of storage",
            get=attrgetter("system"),
            example="os:debian",
        ),
        Field(
            name="free",
            kind=Kind.SIZE,
            about="free memory of a host, free space of storage",
            get=attrgetter("free_bytes"),
        ),
        Field(name="size", kind=Kind.SIZE, about="the size of storage", get=attrgetter("size")),
        Field(name="snapshots", kind=Kind.NUMBER, about="how many snapshots it has", get=attrgetter("snapshots")),
        Field(
            name="snapshot",
            kind=Kind.AGE,
            about="how old its newest snapshot is",
            get=attrgetter("newest_snapshot"),
            aliases=("age",),
        ),
        Field(
            name="description",
            kind=Kind.TEXT,
            about="its description",
            get=attrgetter("description"),
            example="description:*nightly*",
        ),
        Field(name="uuid", kind=Kind.TEXT, about="its uuid", get=attrgetter("uuid"), example="uuid:4f2a"),
    )


def _power(item: Item) -> str | None:
    return item.state if item.class_name == "vm" else None


def _far(inventory: Inventory) -> tuple[Field[Item], ...]:
    def vm_of(item: Item) -> VM | None:
        return inventory.get(VM, item.ref) if item.sort in (Sort.VM, Sort.TEMPLATE) else None

    def interfaces(item: Item) -> Iterator[VIF]:
        vm = vm_of(item)
        found = (inventory.get(VIF, ref) for ref in (vm.VIFs if vm is not None else ()))
        return (one for one in found if one is not None)

    def storage(item: Item) -> tuple[str, ...]:
        vm = vm_of(item)
        return () if vm is None else tuple(sr.name_label for sr in repositories_of(inventory, vm))

    def disks(item: Item) -> int | None:
        vm = vm_of(item)
        return None if vm is None else sum(disk.virtual_size for disk in disks_of(inventory, vm))

    def networks(item: Item) -> tuple[str, ...]:
        return tuple(_names(inventory, (interface.network for interface in interfaces(item))))

    return (
        Field(
            name="sr",
            kind=Kind.TEXT,
            about="the storage that holds its disks",
            get=storage,
            aliases=("storage",),
            example="sr:SAN",
            known=lambda: {sr.name_label for sr in inventory.all(SR)},
        ),
        Field(name="disk", kind=Kind.SIZE, about="the size of all its disks", get=disks, aliases=("disks",)),
        Field(
            name="network",
            kind=Kind.TEXT,
            about="a network it is on",
            get=networks,
            example="network:dmz",
            known=lambda: {network.name_label for network in inventory.all(Network)},
        ),
        Field(
            name="mac",
            kind=Kind.TEXT,
            about="one of its MAC addresses",
            get=lambda item: tuple(interface.MAC for interface in interfaces(item)),
            example="mac:7e:01*",
        ),
    )


def _names(inventory: Inventory, refs: Iterable[Ref]) -> Iterator[str]:
    for ref in refs:
        network = inventory.get(Network, ref)
        if network is not None:
            yield network.name_label
