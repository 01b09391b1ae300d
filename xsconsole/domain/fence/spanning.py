"""Fences over several hosts: which VLAN tags they get, over which cards of hosts, and what stands against that."""

from collections.abc import Iterable, Iterator, Mapping

from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.ground import VLAN_TAGS, Ground
from xsconsole.domain.fence.tags import (
    TagRange,
    hosts_without,
    overlap,
    strange_tags,
    tags_words,
    trunk_cards,
    used_tags,
)
from xsconsole.domain.folding import shown
from xsconsole.domain.inventory import PIF, Inventory, Network, SdnController
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow.findings.values import Severity

# What Xen Orchestra writes at the networks that it joins by tunnels; it writes other keys for rules of traffic.
CONTROLLED = frozenset({"xo:sdn-controller:private-network-uuid", "xo:sdn-controller:vni"})


def tags_for(
    tags: TagRange, networks: Iterable[str], keys: Mapping[str, str], inventory: Inventory
) -> tuple[Mapping[str, int], tuple[Finding, ...]]:
    """Return a tag of the range for each network, which nobody claims and no card of a host has; and what is short."""
    if not trunk_cards(tags.trunk, inventory):
        return {}, (_uncarried(tags),)
    wanted = tuple(networks)
    given = dict(zip(wanted, tags.free(used_tags(keys, inventory)), strict=False))
    if len(given) == len(wanted):
        return given, ()
    more = f"let the workflow reserve more of them for {shown(tags.stage)}" if tags.stage else "reserve more of them"
    return {}, (
        Finding(
            rule="tags-exhausted",
            severity=Severity.ERROR,
            sentence=f"The {tags.words} are {len(wanted) - len(given)} too few for this fence.",
            mend=f"Undeploy a fence, {more}, or deploy it on one host.",
        ),
    )


def _uncarried(tags: TagRange) -> Finding:
    return _said(
        Severity.ERROR,
        "tags-uncarried",
        f"“{shortened(tags.trunk_name or str(tags.trunk), 60)}”, which is to carry the {tags.words}, has no card of a "
        "host that lives and is no VLAN itself.",
        "Let the workflow or the ground name the network of the cards to which the switches carry them, or deploy it "
        "on one host.",
    )


def has_controller(inventory: Inventory) -> bool:
    """Return whether something joins networks of this pool by tunnels: XAPI makes tunnels and connects none."""
    is_marked = any(CONTROLLED & network.other_config.keys() for network in inventory.all(Network))
    return is_marked or any(True for _ in inventory.all(SdnController))


def _controller(inventory: Inventory) -> str:
    known = sorted({one.address for one in inventory.all(SdnController) if one.address})
    return f"The controller at {shortened(known[0], 60)}" if known else "A controller"


def findings_of_tags(ground: Ground, keys: Mapping[str, str], inventory: Inventory) -> Iterator[Finding]:
    """Yield what is to be said of the range of tags and of what carries them."""
    if ground.vlans is None:
        if has_controller(inventory):
            yield _said(
                Severity.WARNING,
                "tunnels-of-others",
                f"{_controller(inventory)} joins networks of this pool by tunnels. This console cannot ask it for any, "
                "and tunnels of its own would connect no two hosts: without VLAN tags a fence stands on one host.",
                "Reserve VLAN tags where switches carry them, or leave it so.",
            )
        elif tunnels := sum(bool(pif.tunnel_access_PIF_of) for pif in inventory.all(PIF)):
            yield _said(
                Severity.WARNING,
                "tunnels-alone",
                f"The pool has {count(tunnels, 'tunnel')}, and no controller is known that would join hosts by "
                f"{'it' if tunnels == 1 else 'them'}: without VLAN tags a fence stands on one host.",
                "Reserve VLAN tags where switches carry them, or leave it so.",
            )
        if ground.trunk is not None:  # stages may reserve tags of their own
            yield from _of_trunk(ground, inventory)
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
    used = strange_tags(first, last, keys, inventory)
    if used:
        shown = ", ".join(map(str, used[:8]))
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
    if not trunk_cards(ground.trunk, inventory):
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
        both = overlap(ground.vlans, other.vlans) if ground.vlans is not None and other.vlans is not None else None
        if both is not None:
            yield _said(
                Severity.WARNING,
                "tags-shared",
                f"Fences of the pool “{shortened(name, 60)}” have the {tags_words(both)} too: on the same switches two "
                "fences would be one.",
                "Reserve another range in one of the two, unless they have no switch in common.",
            )


def spanning_words(tags: Mapping[str, int], reserved: TagRange, hosts: int) -> str:
    """Return what whoever confirms a fence with VLANs should know of them."""
    numbers = listing(tuple(str(tag) for tag in sorted(tags.values())))
    trunk = f"“{shortened(reserved.trunk_name or 'the trunk', 40)}”"
    only = ", the only network whose cards could carry them" if reserved.is_only else ""
    own = f", of those that {shown(reserved.stage)} reserves" if reserved.stage else ""
    return (
        f"Its {count(len(tags), 'network')} {'is' if len(tags) == 1 else 'are'} VLAN {numbers} over {trunk}{own}{only}"
        f", on {count(hosts, 'host')}: its machines start wherever there is room, and can move among these. That the "
        "switches carry the tags to these cards, and nowhere else, is believed."
    )


def _said(severity: Severity, rule: str, sentence: str, mend: str) -> Finding:
    return Finding(rule=rule, severity=severity, sentence=sentence, mend=mend)
