"""Fences are proved anew when something changes that they touch, and only those; their map says what is found."""

from dataclasses import replace

import msgspec

from tests.domain.fence.test_proof import CARDS, FENCE, SITE, pool_of
from tests.fences import fenced
from xsconsole.domain.fence.heard import Said, astray
from xsconsole.domain.fence.live import FenceWatch
from xsconsole.domain.fence.picture import PlaceKind, picture
from xsconsole.domain.fence.standing import StandingFence, fence_stem, standing_text
from xsconsole.domain.fence.state import State, state_of, state_words
from xsconsole.domain.fence.values import FenceMode, Peer, PublishedPort, Transport
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import (
    PIF,
    VIF,
    VM,
    Change,
    ChangeBatch,
    GuestMetrics,
    Host,
    HostMetrics,
    Inventory,
    Network,
    Pool,
)

ONE, OTHER = ConfigurationId("one"), ConfigurationId("other")
STANDING = StandingFence(
    configuration=ONE,
    origin=ConfigurationId("origin"),
    title="shop 1",
    service="shop",
    stage=StageId("test"),
    fence=FENCE,
    site=SITE,
)
ELSEWHERE = replace(STANDING, configuration=OTHER, site=replace(SITE, networks={}, members={}, router=None))


def told(inventory: Inventory, *changes: tuple[str, Ref, object]) -> ChangeBatch:
    batch = ChangeBatch(changes=tuple(Change(ref=ref, class_name=name, record=one) for name, ref, one in changes))
    inventory.apply(batch)
    return batch


def keys_written(inventory: Inventory, *standing: StandingFence) -> ChangeBatch:
    keys = {f"{fence_stem(one.configuration)}.1": standing_text(one) for one in standing}
    return told(inventory, ("pool", Ref("pool"), Pool(ref=Ref("pool"), uuid=Uuid("pool"), other_config=keys)))


def settled(watch: FenceWatch) -> tuple[ConfigurationId, ...]:
    while not watch.advance(1):
        pass
    return watch.taken()


def test_a_fence_comes_is_breached_is_tight_again_and_goes() -> None:
    inventory = pool_of()
    watch = FenceWatch(inventory)
    assert settled(watch) == ()
    watch.hear(keys_written(inventory, STANDING, ELSEWHERE))
    assert settled(watch) == (ONE, OTHER)
    assert watch.found[ONE].proof.holds
    assert not watch.found[ONE].is_running

    vif = next(one for one in inventory.all(VIF) if Ref("db-1") == one.VM)
    moved = VIF(ref=vif.ref, uuid=vif.uuid, VM=vif.VM, network=Ref("lan"), MAC=vif.MAC, device=vif.device)
    watch.hear(told(inventory, ("vif", vif.ref, moved)))
    assert settled(watch) == (ONE,)
    assert not watch.found[ONE].proof.holds
    assert watch.found[ONE].culprits == {"db-1"}
    watch.hear(told(inventory, ("vif", vif.ref, vif)))
    assert settled(watch) == (ONE,)
    assert watch.found[ONE].proof.holds

    # What it does not touch is no matter of its, and neither is what it was told already.
    spare = Network(ref=Ref("far"), uuid=Uuid("far"), name_label="far")
    watch.hear(told(inventory, ("network", spare.ref, spare)))
    watch.hear(keys_written(inventory, STANDING, ELSEWHERE))
    assert watch.advance(1)
    assert settled(watch) == ()

    web = inventory.by_uuid(VM, Uuid("web-1"))
    assert web is not None
    running = VM(ref=web.ref, uuid=web.uuid, name_label="web-1", VIFs=web.VIFs, power_state="Running")
    watch.hear(told(inventory, ("vm", web.ref, running)))
    assert settled(watch) == (ONE,)
    assert watch.found[ONE].is_running
    watch.hear(told(inventory, ("vm", web.ref, None)))
    assert settled(watch) == (ONE,)
    assert watch.found[ONE].powers["web-1"] == ""
    watch.hear(told(inventory, ("vm", Ref("again"), VM(ref=Ref("again"), uuid=web.uuid, name_label="web-1"))))
    assert settled(watch) == (ONE,)

    # What its host has free is no news, that it does not answer any more is.
    here = Host(ref=Ref("xen-1"), uuid=Uuid("xen-1"), name_label="xen-1", metrics=Ref("metrics"))
    stays = VM(ref=Ref("again"), uuid=web.uuid, name_label="web-1", power_state="Running", resident_on=here.ref)
    metrics = [
        HostMetrics(ref=Ref("metrics"), uuid=Uuid("metrics"), live=live, memory_free=free)
        for live, free in ((True, 2), (True, 1), (False, 1), (False, 0))
    ]
    watch.hear(told(inventory, ("host", here.ref, here), ("host_metrics", Ref("metrics"), metrics[0])))
    watch.hear(told(inventory, ("vm", stays.ref, stays)))
    assert settled(watch) == (ONE,)
    watch.hear(told(inventory, ("host_metrics", Ref("metrics"), metrics[1])))
    assert watch.advance(0)
    watch.hear(told(inventory, ("host_metrics", Ref("metrics"), metrics[2])))
    assert settled(watch) == (ONE,)
    assert (watch.found[ONE].host, watch.found[ONE].silent) == ("xen-1", "xen-1")
    watch.hear(told(inventory, ("host_metrics", Ref("metrics"), metrics[3])))
    assert watch.advance(0)

    inventory.apply(whole := ChangeBatch(is_whole=True))
    watch.hear(whole)
    assert settled(watch) == (ONE, OTHER)
    assert watch.found == {}


def test_the_map_says_who_is_inside_what_passes_and_what_is_not_tight() -> None:
    inventory = pool_of()
    watch = FenceWatch(inventory)
    ports = PublishedPort(outside=FENCE.footholds[0].outside, transport=Transport.TCP, port=443, inside_port=8443)
    peer = Peer(name="other", addresses=(fenced.POOL[60],))
    known = replace(STANDING, fence=replace(FENCE, ports=(ports,), peers=(peer,)))
    shut = replace(ELSEWHERE, fence=fenced.fence("shut", 0, FenceMode.ISOLATED))
    watch.hear(keys_written(inventory, known, shut))
    settled(watch)

    shown = picture(watch.found[ONE], "LAN")
    assert shown.state is State.TIGHT
    assert {place.title for place in shown.places if place.kind is PlaceKind.SHUT} == {"Barred", "Other fences"}
    web = next(place for place in shown.places if place.member == "web-1")
    assert web.lines[:3] == ("inside 10.0.0.5", "outside 192.168.50.65", "lets in TCP 443 to 8443")
    assert "lets in no port" in next(place for place in shown.places if place.member == "db-1").lines
    assert [way.target for way in shown.ways if not way.passes] == ["barred", "others"]
    assert "web-1, halted; inside 10.0.0.5" in shown.words
    assert picture(watch.found[OTHER]).ways[-1].words == "nothing"

    out = replace(STANDING, fence=fenced.fence("out", 0, FenceMode.OUT_ONLY))
    watch.hear(keys_written(inventory, out))
    cards = [(vm, mac, "lan" if vm == "db-1" else net) for vm, mac, net in CARDS]
    watch = FenceWatch(pool_of(cards))
    assert settled(watch) == ()
    opened = pool_of(cards)
    keys_written(opened, out)
    watch = FenceWatch(opened)
    settled(watch)
    shown = picture(watch.found[ONE])
    assert shown.state is State.BREACHED
    assert [place.member for place in shown.places if place.is_bad] == ["db-1"]
    assert "goes out as 192.168.50.64" in next(place for place in shown.places if place.member == "web-2").lines
    assert "leads to eth0" in shown.words


def test_a_vlan_of_somebody_else_with_the_tag_of_a_fence_breaches_it_until_it_is_gone() -> None:
    inventory = pool_of(pifs={"lan": -1, "other": -1, "front": 3001})
    tagged = replace(SITE, vlans={FENCE.segments[0].logical: 3001}, reserved=(3000, 3009))
    keys_written(inventory, replace(STANDING, site=tagged))
    watch = FenceWatch(inventory)
    assert settled(watch) == (ONE,)
    assert watch.found[ONE].proof.holds

    # Its machines are on several hosts: each says on which, and who is on one that does not answer is not well.
    hosts = [
        Host(ref=Ref(name), uuid=Uuid(name), name_label=name, metrics=Ref(f"of-{name}")) for name in ("xen-1", "xen-2")
    ]
    metrics = [HostMetrics(ref=host.metrics, uuid=Uuid(host.metrics), live=host.uuid == "xen-1") for host in hosts]
    vms = [inventory.by_uuid(VM, Uuid(name)) for name in ("web-1", "web-2")]
    placed = [msgspec.structs.replace(vm, resident_on=host.ref) for vm, host in zip(vms, hosts, strict=True) if vm]
    watch.hear(told(inventory, *(("host", one.ref, one) for one in hosts)))
    watch.hear(told(inventory, *(("host_metrics", one.ref, one) for one in metrics)))
    watch.hear(told(inventory, *(("vm", one.ref, one) for one in placed)))
    assert settled(watch) == (ONE,)
    assert (watch.found[ONE].host, watch.found[ONE].silent) == ("xen-1 and xen-2", "xen-2")
    shown = {place.member: place for place in picture(watch.found[ONE]).places if place.member.startswith("web-")}
    assert "on xen-1" in shown["web-1"].lines
    assert "on xen-2, which does not answer" in shown["web-2"].lines

    vlan = PIF(ref=Ref("theirs"), uuid=Uuid("theirs"), device="eth1", network=Ref("spare"), VLAN=3001)
    watch.hear(told(inventory, ("pif", vlan.ref, vlan)))
    assert settled(watch) == (ONE,)
    assert "VLAN 3001" in watch.found[ONE].proof.breaches[0].sentence
    watch.hear(told(inventory, ("pif", vlan.ref, None)))
    assert settled(watch) == (ONE,)
    assert watch.found[ONE].proof.holds


def test_a_guest_that_reports_another_address_than_planned_is_told_with_the_mend_until_it_has_the_right_one() -> None:
    inventory = pool_of()
    keys_written(inventory, STANDING)
    watch = FenceWatch(inventory)
    settled(watch)
    assert {one.said for one in watch.found[ONE].heard} == {Said.OFF}
    assert [one.sentence for one in watch.found[ONE].heard if one.sentence] == []

    planned = {one.member: one for one in FENCE.footholds}
    for name in planned:
        vm = inventory.by_uuid(VM, Uuid(name))
        assert vm is not None
        running = msgspec.structs.replace(vm, power_state="Running", guest_metrics=Ref(f"of-{name}"))
        watch.hear(told(inventory, ("vm", vm.ref, running)))
    settled(watch)
    assert {one.said for one in watch.found[ONE].heard} == {Said.NOTHING}
    assert "has reported no address so far" in watch.found[ONE].heard[0].sentence
    assert (
        "not reported yet" in next(place for place in picture(watch.found[ONE]).places if place.member == "web-1").words
    )
    assert state_of(watch.found[ONE]) is picture(watch.found[ONE]).state is State.UNHEARD
    assert state_words(watch.found[ONE]) == f"tight; {len(planned)} addresses not reported yet"

    def says(name: str, *addresses: object, distro: str = "") -> ChangeBatch:
        (device,) = (one.device for one in watch.found[ONE].heard if one.foothold.member == name)
        keys = {f"{device}/ipv4/{at}": str(address) for at, address in enumerate(addresses)}
        metrics = GuestMetrics(
            ref=Ref(f"of-{name}"), uuid=Uuid(""), networks={**keys, "9/ip": "x"}, os_version={"distro": distro}
        )
        return told(inventory, ("vm_guest_metrics", metrics.ref, metrics))

    watch.hear(says("web-1"))  # its tools are up, and it has none
    assert settled(watch) == (ONE,)
    bare = next(one for one in watch.found[ONE].heard if one.foothold.member == "web-1")
    assert bare.sentence == "web-1 was planned at 10.0.0.5, and its guest tools report no IPv4 address."
    assert bare.mend == ""
    assert "this fence gives none. Set 10.0.0.5 in the guest" in replace(bare, has_dhcp=False).mend
    for name, one in planned.items():
        watch.hear(says(name, one.address))
    assert settled(watch) == (ONE,)
    assert {one.said for one in watch.found[ONE].heard} == {Said.AS_PLANNED}
    assert f"{len(planned)} of {len(planned)} addresses as planned" in state_words(watch.found[ONE])

    watch.hear(says("web-1", "10.0.0.57", "10.9.9.9"))
    assert settled(watch) == (ONE,)
    found = watch.found[ONE]
    (stray,) = astray(found.heard)
    assert stray.sentence == "web-1 was planned at 10.0.0.5 and reports 10.0.0.57, 10.9.9.9."
    assert "Set 10.0.0.5 in the guest" in stray.mend
    assert f"--address web-1.{stray.device}=10.0.0.57" in stray.mend
    assert state_of(found) is State.OFF_PLAN
    assert state_words(found).endswith("addresses as planned and 1 otherwise")
    shown = picture(found)
    assert [place.member for place in shown.places if place.is_bad] == ["web-1"]
    assert "inside 10.0.0.5; reports 10.0.0.57, 10.9.9.9" in shown.words
    assert stray.sentence in shown.words

    # What else a guest says, and what guests outside of it say, is no news.
    watch.hear(says("web-1", "10.0.0.57", "10.9.9.9", distro="debian"))
    watch.hear(told(inventory, ("vm_guest_metrics", Ref("far"), GuestMetrics(ref=Ref("far"), uuid=Uuid("")))))
    assert settled(watch) == ()
    watch.hear(says("web-1", "10.0.0.5"))
    assert settled(watch) == (ONE,)
    assert state_of(watch.found[ONE]) is State.TIGHT
