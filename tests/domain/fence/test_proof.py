"""The static proof finds every way out of a fence, and none that is not there."""

from dataclasses import replace

import networkx
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.fences import fenced
from tests.fences.fenced import BACK, FRONT, INSIDE, WEB
from tests.inventories import inventory_of
from xsconsole.domain.fence.proof import Fault, Site, prove
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import PIF, VIF, VM, Inventory, Network

FENCE = fenced.fence("a", 0, FenceMode.IN_AND_OUT)
SITE = Site(
    networks={FRONT: Uuid("front"), BACK: Uuid("back")},
    members={member: Uuid(member) for member in INSIDE},
    router=Uuid("router"),
    outside=Uuid("lan"),
)
NETWORKS = ("front", "back", "lan", "other", "spare")
WITH_PIF = {"lan": -1, "other": -1}
CARDS = tuple(
    [(one.member, one.mac, one.logical) for one in FENCE.footholds]
    + [("router", segment.mac, segment.logical) for segment in FENCE.segments]
    + [("router", FENCE.outside.mac, "lan")]
)


def pool_of(cards=CARDS, pifs=WITH_PIF, vms=()) -> Inventory:
    """Return a pool with these cards, of machine, MAC address and network each."""
    names = dict.fromkeys([*SITE.members, "router", *(card[0] for card in cards)])
    given_vms = {vm.uuid: vm for vm in vms}
    vifs = [
        VIF(ref=Ref(f"vif{at}"), uuid=Uuid(f"vif{at}"), VM=Ref(vm), network=Ref(network), MAC=mac, device=str(at))
        for at, (vm, mac, network) in enumerate(cards)
    ]
    records = {
        "pif": [
            PIF(ref=Ref(f"pif-{net}"), uuid=Uuid(f"pif-{net}"), device="eth0", network=Ref(net), VLAN=tag)
            for net, tag in pifs.items()
        ],
        "network": [
            Network(
                ref=Ref(net),
                uuid=Uuid(net),
                name_label=net,
                VIFs=tuple(vif.ref for vif in vifs if vif.network == net),
                PIFs=(Ref(f"pif-{net}"),) if net in pifs else (),
            )
            for net in NETWORKS
        ],
        "vif": vifs,
        "vm": [
            replace_vifs(given_vms.get(Uuid(name)) or VM(ref=Ref(name), uuid=Uuid(name), name_label=name), vifs)
            for name in names
        ],
    }
    return inventory_of(*(one for some in records.values() for one in some))


def replace_vifs(vm: VM, vifs) -> VM:
    own = tuple(vif.ref for vif in vifs if vm.ref == vif.VM)
    kept = {name: getattr(vm, name) for name in ("ref", "uuid", "name_label", "is_a_snapshot", "is_a_template")}
    return VM(**kept, VIFs=own)


def faults(inventory: Inventory, site: Site = SITE, fence=FENCE) -> list[tuple[Fault, str]]:
    return [(one.fault, one.sentence) for one in prove(fence, site, inventory).breaches]


def test_a_fence_as_it_was_planned_is_tight_and_says_how_much_it_looked_at():
    proof = prove(FENCE, SITE, pool_of())

    assert proof.holds
    assert (proof.cards, proof.networks) == (6, 2)
    assert proof.facts == prove(FENCE, SITE, pool_of()).facts
    assert proof.facts != prove(FENCE, SITE, pool_of(CARDS[1:])).facts


def test_a_card_left_on_the_production_network_is_named_with_the_way_out():
    moved = [(vm, mac, "lan" if vm == WEB else network) for vm, mac, network in CARDS]

    assert faults(pool_of(moved)) == [
        (Fault.LEAK, "“lan”, reached over “web-1”, leads to eth0."),
        (Fault.CARD, "The card aa:00:00:00:00:05 of “web-1” is on “lan”, and the fence has it on its own “front”."),
    ]


def test_a_stranger_on_the_fence_is_named_and_where_it_leads_further():
    cards = (*CARDS, ("spy", "0a:00:00:00:00:01", "back"), ("spy", "0a:00:00:00:00:02", "spare"))
    cards = (*cards, ("mole", "0a:00:00:00:00:03", "spare"), ("mole", "0a:00:00:00:00:04", "other"))

    assert faults(pool_of(cards)) == [
        (Fault.STRANGER, "“spy” has a card on “back”, and is not of this fence."),
        (Fault.LEAK, "“other”, reached over “mole” over “spare” over “spy” over “back”, leads to eth0."),
    ]


def test_a_snapshot_or_template_that_names_a_network_of_the_fence_leads_nowhere():
    cards = (*CARDS, ("point", "0a:00:00:00:00:01", "back"), ("point", "0a:00:00:00:00:02", "lan"))
    point = VM(ref=Ref("point"), uuid=Uuid("point"), is_a_template=True, is_a_snapshot=True)

    assert faults(pool_of(cards, vms=(point,))) == []


def test_a_network_of_the_fence_with_a_card_of_a_host_leaks_unless_it_is_the_fences_vlan():
    wired = {**WITH_PIF, "front": 3001}

    assert faults(pool_of(pifs=wired)) == [(Fault.LEAK, "“front” leads to eth0, VLAN 3001.")]
    tagged = replace(SITE, vlans={FRONT: 3001}, reserved=(3000, 3009))
    assert faults(pool_of(pifs=wired), tagged) == []
    assert faults(pool_of(pifs={**wired, "back": 3002}), tagged) == [(Fault.LEAK, "“back” leads to eth0, VLAN 3002.")]
    assert faults(pool_of(pifs=wired), replace(tagged, vlans={FRONT: 3002})) != []
    assert faults(pool_of(pifs={**wired, "spare": 3001}), tagged) == [
        (Fault.LEAK, "VLAN 3001 of “front” is that of “spare” too.")
    ]
    assert faults(pool_of(pifs=wired), replace(tagged, reserved=(4000, 4009))) == [
        (Fault.LEAK, "“front” has VLAN 3001, which is not of those reserved for fences.")
    ]


def test_a_card_of_the_router_that_its_rules_do_not_know_is_named():
    swapped = {"lan": "front", "front": "lan"}
    crossed = [(vm, mac, swapped.get(net, net) if vm == "router" else net) for vm, mac, net in CARDS]

    assert {fault for fault, _ in faults(pool_of(crossed))} == {Fault.ROUTER}
    assert faults(pool_of((*CARDS, ("router", "0a:00:00:00:00:09", "other")))) == [
        (Fault.ROUTER, "The router has a card on “other” that its rules do not know.")
    ]
    assert faults(pool_of([card for card in CARDS if card[2] != "lan"])) == [
        (Fault.ROUTER, f"The router has no card {FENCE.outside.mac}.")
    ]


def test_what_is_gone_is_named():
    gone = replace(SITE, networks={**SITE.networks, BACK: Uuid("nowhere")}, members={"x": Uuid("x")}, router=Uuid("y"))

    assert [fault for fault, _ in faults(pool_of(()), gone)].count(Fault.GONE) == 3


@settings(max_examples=150)
@given(st.data())
def test_the_proof_agrees_with_a_walk_over_everything_there_is(data):
    extra = data.draw(
        st.lists(
            st.tuples(st.sampled_from(("x", "y", "z", WEB)), st.just("0a:00:00:00:00:0a"), st.sampled_from(NETWORKS)),
            max_size=6,
        )
    )
    cards = tuple(card for card in CARDS if data.draw(st.integers(0, 9))) + tuple(extra)
    pifs = data.draw(st.dictionaries(st.sampled_from(NETWORKS), st.just(-1), max_size=3))
    inventory = pool_of(cards, pifs)

    leaks = any(one.fault is Fault.LEAK for one in prove(FENCE, SITE, inventory).breaches)

    event("leaks" if leaks else "is tight")
    assert leaks == brute_force(cards, pifs)


def brute_force(cards, pifs) -> bool:
    graph = networkx.Graph()
    graph.add_nodes_from([("net", net) for net in NETWORKS])
    graph.add_edges_from([(("vm", vm), ("net", net)) for vm, _, net in cards if vm != "router"])
    starts = [("net", net) for net in ("front", "back")] + [("vm", vm) for vm in SITE.members]
    ends = {("net", net) for net in pifs}
    return any(start in graph and ends & networkx.node_connected_component(graph, start) for start in starts)
