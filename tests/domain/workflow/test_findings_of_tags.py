"""What is said of the VLAN tags that stages reserve for fences."""

from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Any

import msgspec

from tests.domain.workflow.flows import PRODUCTION, STAGING, thing
from tests.domain.workflow.pools import ground_of, pool_of, ref
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.standing import GROUND_STEM, GroundDocument, claim_key, tag_share
from xsconsole.domain.fence.text import to_text
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import PIF, Change, ChangeBatch, Inventory, Network
from xsconsole.domain.workflow import Binding, PoolObject, Workflow, default_workflow, from_json, to_json
from xsconsole.domain.workflow.edits import change_stage
from xsconsole.domain.workflow.findings import findings
from xsconsole.domain.workflow.findings.ground import OFFLINE
from xsconsole.domain.workflow.findings.ground import Ground as Around
from xsconsole.domain.workflow.values import VlanRange

PATCHES = StageId("patch-testing")


def reserving(stage: StageId, first: int, last: int, start: Workflow | None = None, **more: Any) -> Workflow:
    binding = Binding(vlans=VlanRange(first=first, last=last), **more)
    return change_stage(start or default_workflow(), stage, binding=binding)


def pool(name: str = "pool-a", vlans: tuple[int, int] | None = None, claimed: tuple[int, ...] = ()) -> Inventory:
    """Return a pool with a trunk, and a VLAN 3005 of somebody else."""
    inventory = pool_of(name, hosts=("a",), networks={"trunk": ("a",), "lab": ("a",)})
    ground = Ground(
        outside=Uuid("lab"),
        outside_name="LAB",
        subnet=IPv4Network("192.0.2.0/24"),
        pool=(IPv4Network("192.0.2.16/28"),),
        vlans=vlans,
        trunk=Uuid("trunk"),
    )
    document = GroundDocument(ground=ground, by="ann", at=datetime(2026, 1, 1, tzinfo=UTC))
    keys = {f"{GROUND_STEM}.1": to_text(document).decode(), **{claim_key(tag_share(tag)): "x" for tag in claimed}}
    own = inventory.pool
    assert own is not None
    changes = [Change(ref=own.ref, class_name="pool", record=msgspec.structs.replace(own, other_config=keys))]
    for uuid, tag in {"trunka": -1, "laba": 3005}.items():
        card = inventory.get(PIF, ref(uuid))
        assert card is not None
        changes.append(Change(ref=card.ref, class_name="pif", record=msgspec.structs.replace(card, VLAN=tag)))
        network = inventory.get(Network, card.network)
        assert network is not None
        wired = msgspec.structs.replace(network, PIFs=(card.ref,))
        changes.append(Change(ref=network.ref, class_name="network", record=wired))
    inventory.apply(ChangeBatch(changes=tuple(changes)))
    return inventory


def told(workflow: Workflow, around: Around = OFFLINE) -> set[tuple[str, str, str]]:
    found = [one for one in findings(workflow, around) if one.rule.startswith("tags-")]
    for finding in found:
        assert finding.field == "binding.vlans"
        for mend in finding.mends:
            assert finding.sentence not in {one.sentence for one in findings(mend.apply(workflow), around)}
    return {(one.rule, str(one.severity), str(one.stage)) for one in found if one.mends}


def test_no_tag_is_reserved_by_two_stages_of_one_pool() -> None:
    one = reserving(PATCHES, 3000, 3009)

    assert told(reserving(STAGING, 3010, 3019, one)) == set()
    assert told(reserving(STAGING, 3009, 3019, one)) == {("tags-doubled", "error", STAGING)}
    elsewhere = reserving(STAGING, 3009, 3019, one, pool=thing("pool-b"))
    assert told(elsewhere) == {("tags-doubled", "warning", STAGING)}
    assert from_json(to_json(elsewhere)) == elsewhere
    assert b"vlans" not in to_json(default_workflow())  # so that what was published before reads the same


def test_a_range_is_held_against_what_its_pool_and_others_have() -> None:
    around = ground_of(pool(claimed=(3000, 3001)), pool("pool-b", vlans=(3100, 3199)))

    assert told(reserving(STAGING, 3000, 3002), around) == set()
    assert told(reserving(STAGING, 3000, 3001), around) == {("tags-exhausted", "warning", STAGING)}
    assert told(reserving(STAGING, 3002, 3005), around) == {("tags-taken", "warning", STAGING)}
    assert told(reserving(PRODUCTION, 3199, 3300), around) == {("tags-shared", "warning", PRODUCTION)}
    # What carries them is named for the stage, in the ground, or the only network that can.
    for name, rules in (("trunk", set()), ("lab", {("tags-carried", "warning", STAGING)}), ("gone", set())):
        named = VlanRange(first=3002, last=3003, trunk=PoolObject(uuid=Uuid(name), name=name))
        carried = change_stage(default_workflow(), STAGING, binding=Binding(vlans=named))
        assert told(carried, around) == rules
        assert from_json(to_json(carried)) == carried
        lost = [one for one in findings(carried, around) if (one.rule, one.field) == ("gone", "binding.vlans")]
        assert len(lost) == (name == "gone")
        for finding in lost:
            (mend,) = finding.mends
            stage = mend.apply(carried).stage(STAGING)
            assert stage is not None
            assert stage.binding.vlans == VlanRange(first=3002, last=3003)
    two = ground_of(pool_of("pool-a", hosts=("a",), networks={"one": ("a",), "other": ("a",)}))
    assert told(reserving(STAGING, 3000, 3001), two) == {("tags-carried", "warning", STAGING)}
    assert (
        told(reserving(STAGING, 3000, 3001), ground_of(pool_of("pool-a", hosts=("a",), networks={"one": ("a",)})))
        == set()
    )
    bare = ground_of(pool_of("pool-a", hosts=("a",)))
    assert told(reserving(STAGING, 3000, 3001), bare) == {("tags-carried", "warning", STAGING)}
