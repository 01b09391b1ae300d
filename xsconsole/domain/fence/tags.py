"""VLAN tags for fences: of which range a stage's fences have theirs, what carries them, and which are had by others."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace

from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.standing import fences_on, taken_tags
from xsconsole.domain.folding import natural, shown
from xsconsole.domain.ids import NULL_REF, StageId, Uuid
from xsconsole.domain.inventory import PIF, Host, HostMetrics, Inventory, Network
from xsconsole.domain.workflow.values import VlanRange, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRange:
    """What fences of a stage choose from. `stage` is the name of the one that reserves it; empty: it is the pool's.

    `kept` is what stages reserve for themselves: nobody else's fence gets any of it. `trunk` is the network of the
    cards that carry them, which somebody named, or, where it `is_only`, nobody: no other one could.
    """

    first: int
    last: int
    stage: str = ""
    kept: tuple[tuple[int, int], ...] = ()
    trunk: Uuid | None = None
    trunk_name: str = ""
    is_only: bool = False

    @property
    def span(self) -> tuple[int, int]:
        return self.first, self.last

    @property
    def words(self) -> str:
        """Return such as `VLAN tags 3000 to 3003 of Staging`."""
        told = tags_words(self.span)
        if self.stage:
            return f"{told} of {shown(self.stage)}"
        is_split = any(overlap(self.span, one) for one in self.kept)
        return f"{told}, but for what stages reserve," if is_split else told

    def free(self, used: Set[int]) -> Iterator[int]:
        """Yield the tags that a fence could have, in ascending order."""
        for tag in range(self.first, self.last + 1):
            if tag not in used and not any(first <= tag <= last for first, last in self.kept):
                yield tag


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What a stage keeps for the fences that are deployed in it."""

    id: StageId
    tags: TagRange


def range_for(
    ground: Ground, workflow: Workflow | None, stage: StageId, pool: Uuid | None, inventory: Inventory
) -> TagRange | None:
    """Return the tags for fences of a stage in a pool: its own range, else the pool's; None where none is carried."""
    kept = reserved_in(workflow, pool)
    own = next((one for one in kept if one.id == stage), None)
    if own is not None:
        return _carried(own.tags, ground, inventory)
    if ground.vlans is None or ground.trunk is None:
        return None
    return TagRange(
        first=ground.vlans[0],
        last=ground.vlans[1],
        kept=tuple(one.tags.span for one in kept),
        trunk=ground.trunk,
        trunk_name=ground.trunk_name,
    )


def _carried(own: TagRange, ground: Ground, inventory: Inventory) -> TagRange | None:
    """Return a stage's range with what carries it: what the stage names, else the ground, else the only one that can.

    None where several could.
    """
    if own.trunk is not None:
        return own
    if ground.trunk is not None:
        return replace(own, trunk=ground.trunk, trunk_name=ground.trunk_name)
    could = carriers(inventory)
    if len(could) != 1:
        return None
    return replace(own, trunk=could[0].uuid, trunk_name=could[0].name_label, is_only=True)


def carriers(inventory: Inventory) -> tuple[Network, ...]:
    """Return the networks whose cards or bonds could carry VLANs, by name."""
    found = [network for network in inventory.all(Network) if trunk_cards(network.uuid, inventory)]
    return tuple(sorted(found, key=lambda network: (natural(network.name_label), network.uuid)))


def reserved_in(workflow: Workflow | None, pool: Uuid | None) -> tuple[Reserve, ...]:
    """Return what stages that live in a pool reserve of its tags, in the order of the workflow."""
    return tuple(
        Reserve(id=stage.id, tags=_reserved(stage.name, tags))
        for stage in (workflow.stages if workflow is not None else ())
        if (tags := stage.binding.vlans) is not None and (stage.binding.pool is None or stage.binding.pool.uuid == pool)
    )


def _reserved(stage: str, tags: VlanRange) -> TagRange:
    trunk, name = (tags.trunk.uuid, tags.trunk.name) if tags.trunk is not None else (None, "")
    return TagRange(first=tags.first, last=tags.last, stage=stage, trunk=trunk, trunk_name=name)


def has_ranges(ground: Ground, workflow: Workflow | None, pool: Uuid | None, inventory: Inventory) -> bool:
    """Return whether fences of any stage can have VLANs."""
    stages = workflow.stages if workflow is not None else ()
    return any(range_for(ground, workflow, stage.id, pool, inventory) is not None for stage in stages)


def used_tags(keys: Mapping[str, str], inventory: Inventory) -> frozenset[int]:
    """Return the tags that no fence can get: somebody claims them, or a card of a host has them."""
    return frozenset((*taken_tags(keys), *(pif.VLAN for pif in inventory.all(PIF))))


def strange_tags(first: int, last: int, keys: Mapping[str, str], inventory: Inventory) -> tuple[int, ...]:
    """Return the tags of a range that VLANs have which are of no fence."""
    own = {uuid for fence in fences_on(keys) for uuid in fence.site.networks.values()}
    found = set()
    for pif in inventory.all(PIF):
        network = inventory.get(Network, pif.network)
        if first <= pif.VLAN <= last and (network is None or network.uuid not in own):
            found.add(pif.VLAN)
    return tuple(sorted(found))


def tags_words(span: tuple[int, int]) -> str:
    """Return such as `VLAN tags 3000 to 3003`, or `VLAN tag 3000`."""
    first, last = span
    return f"VLAN tag {first}" if first == last else f"VLAN tags {first} to {last}"


def overlap(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int] | None:
    """Return the first and the last tag that two ranges have both."""
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first <= last else None


def trunk_cards(network: Uuid | None, inventory: Inventory) -> tuple[PIF, ...]:
    """Return the cards of a network that can carry tags, one of each host that lives.

    What is a VLAN itself, a tunnel, or part of a bond carries none.
    """
    trunk = inventory.by_uuid(Network, network) if network is not None else None
    cards = [pif for ref in (trunk.PIFs if trunk is not None else ()) if (pif := inventory.get(PIF, ref)) is not None]
    able = (pif for pif in cards if _can_carry(pif) and _lives(pif, inventory))
    return tuple(sorted(able, key=lambda pif: pif.uuid))


def hosts_without(ground: Ground, inventory: Inventory) -> tuple[str, ...]:
    """Return the hosts that the tags do not reach."""
    having = {pif.host for pif in trunk_cards(ground.trunk, inventory)}
    return tuple(sorted(host.name_label for host in inventory.all(Host) if host.ref not in having))


def _can_carry(pif: PIF) -> bool:
    return pif.VLAN < 0 and pif.bond_slave_of in ("", NULL_REF) and not pif.tunnel_access_PIF_of


def _lives(pif: PIF, inventory: Inventory) -> bool:
    host = inventory.get(Host, pif.host)
    metrics = inventory.get(HostMetrics, host.metrics) if host is not None else None
    return metrics is None or metrics.live
