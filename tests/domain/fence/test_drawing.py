"""A fence is drawn up from what a configuration has, and from what somebody knows of its networks."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from itertools import count

import pytest
from hypothesis import given

from tests.domain.fence.fences import fences
from tests.fences.fenced import POOL, SUBNETS
from xsconsole.domain.fence.drawing import SourceCard, Wishes, draw, member_names
from xsconsole.domain.fence.ground import Ground, Original, logical_of
from xsconsole.domain.fence.tags import has_ranges, range_for
from xsconsole.domain.fence.text import from_plain, from_text, to_plain, to_text
from xsconsole.domain.fence.values import Fence, FenceMode, Services, Transport
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.workflow import Binding, PoolObject, default_workflow
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.domain.workflow.values import VlanRange
from xsconsole.errors import Refused

FRONT, BACK = SUBNETS.values()
GROUND = Ground(
    outside=Uuid("lan"),
    outside_name="lan",
    subnet=IPv4Network("192.168.50.0/24"),
    pool=(IPv4Network("192.168.50.64/30"), IPv4Network("192.168.50.68/31")),
    gateway=IPv4Address("192.168.50.65"),
    originals=(
        Original(network=Uuid("n1"), name="front", subnet=FRONT, gateway=FRONT[1]),
        Original(network=Uuid("n2"), name="back", subnet=BACK),
    ),
    vlans=(3000, 3002),
)


def card(number: int, network: str, address: IPv4Address | None, device: str = "0") -> SourceCard:
    return SourceCard(
        vm=Uuid(f"vm{number}"),
        member=f"m{number}",
        device=device,
        mac=f"0A:00:00:00:{device.zfill(2)}:{number:02x}",
        network=Uuid(network),
        network_name={"n1": "front", "n2": "back"}.get(network, "front"),
        addresses=() if address is None else (address,),
    )


CARDS = (card(1, "n1", FRONT[5]), card(1, "n2", BACK[5], "1"), card(2, "n1", FRONT[6]), card(3, "n2", BACK[7]))


def drawn(cards=CARDS, ground=GROUND, taken=(), **wishes):
    given = Wishes(
        **{
            "name": "shop 1",
            "mode": FenceMode.IN_AND_OUT,
            "addresses": {},
            "published": {},
            "services": Services(),
            **wishes,
        }
    )
    numbers = count(1)
    return draw(cards, given, ground, taken, lambda: f"0e:00:00:00:00:{next(numbers):02x}")


def test_each_member_keeps_its_cards_and_gets_an_address_outside_on_its_first_way_out():
    found = drawn()

    assert [(one.member, str(one.address), str(one.outside)) for one in found.fence.footholds] == [
        ("m1", "10.0.0.5", "192.168.50.66"),
        ("m1", "10.0.1.5", "None"),
        ("m2", "10.0.0.6", "192.168.50.67"),
        ("m3", "10.0.1.7", "None"),
    ]
    assert found.fence.outside.router == IPv4Address("192.168.50.64")
    assert found.can_be_built
    assert found.members == {"m1": "vm1", "m2": "vm2", "m3": "vm3"}


def test_addresses_that_somebody_has_are_left_to_them_and_too_few_are_named():
    taken = [POOL[0], POOL[2]]

    assert drawn(taken=taken).fence.outside.router == POOL[3]
    short = drawn(taken=[*taken, POOL[3], POOL[4]])
    assert [one.rule for one in short.findings if one.is_error] == ["pool-exhausted"]
    assert not short.can_be_built


def test_an_isolated_fence_takes_no_address_outside():
    found = drawn(mode=FenceMode.ISOLATED, taken=list(POOL))

    assert found.fence.outside is None
    assert found.can_be_built


def test_what_nobody_knows_is_asked_for_and_what_is_typed_goes_before_what_a_guest_says():
    cards = (*CARDS, card(4, "n1", None), card(5, "n9", FRONT[9]))
    found = drawn(cards)

    assert {(one.rule, one.subject) for one in found.findings if one.is_error} >= {
        ("address-unknown", "m4"),
        ("network-unknown", "front 2"),
    }
    typed = drawn(cards[:5], addresses={(Uuid("vm4"), "0"): FRONT[8], (Uuid("vm1"), "0"): FRONT[9]})
    assert {str(one.address) for one in typed.fence.footholds} >= {"10.0.0.8", "10.0.0.9"}
    assert typed.fence.footholds[0].address == FRONT[9]


def test_ports_are_published_where_the_member_is_found_outside():
    found = drawn(published={"m2": ((Transport.TCP, 443, 8443),)})

    assert [(str(one.outside), one.words) for one in found.fence.ports] == [("192.168.50.67", "TCP 443 to 8443")]


def test_names_can_stand_in_dns_and_are_shared_by_no_two():
    names = member_names([(Uuid("1"), "<Wéb> 1"), (Uuid("2"), "w-b-1"), (Uuid("3"), "\u202e"), (Uuid("4"), "x" * 99)])

    assert list(names.values()) == ["w-b-1", "w-b-1-2", "machine", "x" * 50]
    assert logical_of([(Uuid("1"), "lan"), (Uuid("2"), "lan"), (Uuid("1"), "lan")]) == {"1": "lan", "2": "lan 2"}


def test_a_tag_is_of_the_range_of_the_stage_else_of_the_pool_but_for_what_stages_reserve():
    ground, flow = replace(GROUND, trunk=Uuid("trunk")), default_workflow()
    tags = VlanRange(first=3001, last=3050)
    own = change_stage(flow, StageId("staging"), binding=Binding(vlans=tags))
    abroad = change_stage(flow, StageId("staging"), binding=Binding(pool=PoolObject(uuid=Uuid("b")), vlans=tags))

    pool = Inventory()

    def free(workflow, stage, ground=ground):
        found = range_for(ground, workflow, StageId(stage), Uuid("a"), pool)
        return None if found is None else tuple(found.free({3002}))

    assert free(flow, "staging") == free(abroad, "production") == (3000, 3001)
    assert free(own, "production") == (3000,)
    assert free(own, "staging") == (3001, *range(3003, 3051))
    assert free(own, "staging", replace(ground, vlans=None)) == free(own, "staging")
    assert free(own, "production", replace(ground, vlans=None)) is None
    assert free(own, "staging", GROUND) is None
    assert has_ranges(replace(ground, vlans=None), own, Uuid("a"), pool)
    assert not has_ranges(replace(ground, vlans=None), abroad, Uuid("a"), pool)
    assert not has_ranges(ground, None, Uuid("a"), pool)


@given(fences())
def test_a_fence_is_read_as_it_was_written(fence):
    assert from_plain(to_plain(fence), Fence) == fence
    assert from_text(to_text(fence), Fence, "fence") == fence


@pytest.mark.parametrize("text", [b"", b"{", b'{"name": 1}', b'{"pool": ["10.0.0.0/33"]}', b"[]", b"\xff"])
def test_what_is_none_is_refused(text):
    with pytest.raises(Refused, match="is no ground"):
        from_text(text, Ground, "ground")
