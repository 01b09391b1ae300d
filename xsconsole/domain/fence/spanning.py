"""Fences over several hosts: which VLAN tags they get, over which cards of hosts, and what stands against that."""

from collections.abc import Iterable, Iterator, Mapping

from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.ground import VLAN_TAGS, Ground
from xsconsole.domain.fence.standing import fences_on, taken_tags
from xsconsole.domain.inventory import PIF, Host, HostMetrics, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow.findings.values import Severity

# What Xen Orchestra writes at the networks that it joins by tunnels; it writes other keys for rules of traffic.
CONTROLLED = frozenset({"xo:sdn-controller:private-network-uuid", "xo:sdn-controller:vni"})


def tags_for(
    ground: Ground, networks: Iterable[str], keys: Mapping[str, str], inventory: Inventory
) -> tuple[Mapping[str, int], tuple[Finding, ...]]:
    """Return a tag of the range for each network, which nobody claims and no card of a host has; and what is short."""
    used = {*taken_tags(keys), *(pif.VLAN for pif in inventory.all(PIF))}
    wanted, free = tuple(networks), ground.free_vlans(used)
    tags = dict(zip(wanted, free, strict=False))
    if len(tags) == len(wanted):
        return tags, ()
    first, last = ground.vlans or (0, -1)
    return {}, (
        Finding(
            rule="tags-exhausted",
            severity=Severity.ERROR,
            sentence=f"The VLAN tags {first} to {last} are {len(wanted) - len(tags)} too few for this fence.",
            mend="Undeploy a fence, reserve more of them, or deploy it on one host.",
        ),
    )


def trunk_cards(ground: Ground, inventory: Inventory) -> tuple[PIF, ...]:
    """Return the cards that carry the tags, one of each host that lives."""
    trunk = inventory.by_uuid(Network, ground.trunk) if ground.trunk is not None else None
    cards = [pif for ref in (trunk.PIFs if trunk is not None else ()) if (pif := inventory.get(PIF, ref)) is not None]
    return tuple(sorted((pif for pif in cards if pif.VLAN < 0 and _lives(pif, inventory)), key=lambda pif: pif.uuid))


def hosts_without(ground: Ground, inventory: Inventory) -> tuple[str, ...]:
    """Return the hosts that the tags do not reach."""
    having = {pif.host for pif in trunk_cards(ground, inventory)}
    return tuple(sorted(host.name_label for host in inventory.all(Host) if host.ref not in having))


def _lives(pif: PIF, inventory: Inventory) -> bool:
    host = inventory.get(Host, pif.host)
    metrics = inventory.get(HostMetrics, host.metrics) if host is not None else None
    return metrics is None or metrics.live


def has_controller(inventory: Inventory) -> bool:
    """Return whether something joins networks of this pool by tunnels: XAPI makes tunnels and connects none."""
    return any(CONTROLLED & network.other_config.keys() for network in inventory.all(Network))


def findings_of_tags(ground: Ground, keys: Mapping[str, str], inventory: Inventory) -> Iterator[Finding]:
    """Yield what is to be said of the range of tags and of what carries them."""
    if ground.vlans is None:
        if has_controller(inventory):
            yield _said(
                Severity.WARNING,
                "tunnels-of-others",
                "A controller joins networks of this pool by tunnels. This console cannot ask it for any, and tunnels "
                "that it made itself would connect no two hosts: without VLAN tags a fence stands on one host.",
                "Reserve VLAN tags where switches carry them, or leave it so.",
            )
        return
    first, last = ground.vlans
    if first > last or first not in VLAN_TAGS or last not in VLAN_TAGS:
        yield _said(
            Severity.ERROR,
            "tags-wrong",
            f"{first} to {last} is no range of VLAN tags.",
            f"Name a first and a last one, from {VLAN_TAGS[0]} to {VLAN_TAGS[-1]}.",
        )
        return
    own = {uuid for fence in fences_on(keys) for uuid in fence.site.networks.values()}
    used = set()
    for pif in inventory.all(PIF):
        network = inventory.get(Network, pif.network)
        if first <= pif.VLAN <= last and (network is None or network.uuid not in own):
            used.add(pif.VLAN)
    if used:
        shown = ", ".join(map(str, sorted(used)[:8]))
        yield _said(
            Severity.WARNING,
            "tags-taken",
            f"VLANs that are of no fence have tags of the range {first} to {last}: {shown}. No fence gets these.",
            "Reserve a range that nobody else uses.",
        )
    yield from _of_trunk(ground, inventory)


def _of_trunk(ground: Ground, inventory: Inventory) -> Iterator[Finding]:
    if ground.trunk is None:
        yield _said(
            Severity.WARNING,
            "no-trunk",
            "No network is named whose cards carry the VLAN tags: a fence stands on one host.",
            "Name the network of the cards to which the switches carry them.",
        )
        return
    trunk, name = inventory.by_uuid(Network, ground.trunk), f"“{shortened(ground.trunk_name or ground.trunk, 60)}”"
    if trunk is None:
        yield _said(
            Severity.ERROR,
            "trunk-gone",
            f"The pool has no network with the uuid of {name}, which is to carry the VLAN tags.",
            "Correct its uuid.",
        )
        return
    if not trunk_cards(ground, inventory):
        yield _said(
            Severity.ERROR,
            "trunk-bare",
            f"{name} has no card of a host that lives and is no VLAN itself: it can carry no tags.",
            "Name the network of the cards to which the switches carry them.",
        )
        return
    without = hosts_without(ground, inventory)
    if without:
        yield _said(
            Severity.WARNING,
            "trunk-short",
            f"{listing(without)} {'has' if len(without) == 1 else 'have'} no card on {name}, or "
            f"{'does' if len(without) == 1 else 'do'} not live: no machine of a fence starts there.",
            "Give each host a card on it.",
        )


def findings_beside(ground: Ground, others: Mapping[str, Ground]) -> Iterator[Finding]:
    """Yield what is to be said of ranges that other pools have too, by the pool's name."""
    for name, other in sorted(others.items()):
        if ground.vlans is not None and other.vlans is not None:
            first, last = max(ground.vlans[0], other.vlans[0]), min(ground.vlans[1], other.vlans[1])
            if first <= last:
                yield _said(
                    Severity.WARNING,
                    "tags-shared",
                    f"Fences of the pool “{shortened(name, 60)}” have the VLAN tags {first} to {last} too: on the same "
                    "switches two fences would be one.",
                    "Reserve another range in one of the two, unless they have no switch in common.",
                )


def spanning_words(tags: Mapping[str, int], ground: Ground, hosts: int) -> str:
    """Return what whoever confirms a fence with VLANs should know of them."""
    numbers = listing(tuple(str(tag) for tag in sorted(tags.values())))
    trunk = f"“{shortened(ground.trunk_name or 'the trunk', 40)}”"
    return (
        f"Its {count(len(tags), 'network')} {'is' if len(tags) == 1 else 'are'} VLAN {numbers} over {trunk}, on "
        f"{count(hosts, 'host')}: its machines start wherever there is room, and can move among these. That the "
        "switches carry the tags to these cards, and nowhere else, is believed."
    )


def _said(severity: Severity, rule: str, sentence: str, mend: str) -> Finding:
    return Finding(rule=rule, severity=severity, sentence=sentence, mend=mend)
