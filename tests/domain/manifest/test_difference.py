"""A difference is a value: none of equals, enough to make the other, blind to order, never wrong in what it says."""

from collections.abc import Mapping
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.manifest import (
    Disk,
    Drive,
    FieldChange,
    Manifest,
    MemberManifest,
    Nic,
    Part,
    PartChange,
    Verdict,
    apply,
    difference,
    every_field,
    fingerprint,
    judge,
    topic_of,
)
from xsconsole.domain.manifest.values import in_order

TEXTS = st.sampled_from(["", "a", "b", "=cmd()", "<script>", "שלום", "🦊", "x" * 300])
MAPS = st.dictionaries(TEXTS, TEXTS, max_size=3)
DEVICES = st.sampled_from(["0", "1", "2", "10", "xvda"])
FEW = st.integers(min_value=0, max_value=3)


def parts(kind: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.builds(kind, device=DEVICES, **fields), max_size=4, unique_by=lambda part: part.device).map(
        in_order
    )


DISKS = parts(Disk, role=TEXTS, name=TEXTS, size_bytes=FEW, mode=TEXTS, is_bootable=st.booleans(), sr_kind=TEXTS)
DRIVES = parts(Drive, disc=TEXTS)
NICS = parts(Nic, mac=TEXTS, network=TEXTS, mtu=FEW, ipv4_allowed=st.lists(TEXTS, max_size=2).map(tuple))
MEMBERS = st.builds(
    MemberManifest,
    role=st.sampled_from(["web", "db", "cache", ""]),
    name=TEXTS,
    memory_static_max_bytes=FEW,
    shadow_multiplier=st.sampled_from([1.0, 4.0]),
    platform=MAPS,
    other_config=MAPS,
    tags=st.lists(TEXTS, max_size=2).map(lambda tags: tuple(sorted(tags))),
    disks=DISKS,
    drives=DRIVES,
    nics=NICS,
)
MANIFESTS = st.lists(MEMBERS, max_size=3, unique_by=lambda member: member.role).map(
    lambda members: Manifest(members=tuple(sorted(members, key=lambda member: member.role)))
)


def web(**fields: Any) -> Manifest:
    plain: Mapping[str, Any] = {
        "role": "web",
        "name": "shop-web",
        "platform": {"viridian": "true"},
        "disks": (
            Disk(
                device="0", role="system", name="root", size_bytes=8, mode="RW", is_bootable=True, sr_kind="lvmoiscsi"
            ),
        ),
        "nics": (Nic(device="0", mac="02:00:00:00:00:01", network="front", mtu=1500),),
    }
    return Manifest(members=(MemberManifest(**{**plain, **fields}),))


@given(MANIFESTS)
def test_equals_have_no_difference(manifest: Manifest) -> None:
    assert difference(manifest, msgspec.convert(msgspec.to_builtins(manifest), Manifest)) == ()


@given(MANIFESTS, MANIFESTS)
def test_a_difference_makes_the_other_of_the_one(one: Manifest, other: Manifest) -> None:
    changes = difference(one, other)

    assert apply(one, changes) == other
    assert bool(changes) == (one != other)
    assert (fingerprint(one) == fingerprint(other)) == (not changes)


@given(MANIFESTS, MANIFESTS)
def test_both_ways_find_the_same_places(one: Manifest, other: Manifest) -> None:
    def places(changes: Any) -> list[tuple[str, ...]]:
        return [
            (
                change.role,
                change.part,
                change.device,
                *((change.field, change.key) if isinstance(change, FieldChange) else ()),
            )
            for change in changes
        ]

    assert places(difference(one, other)) == places(difference(other, one))


def test_what_changed_is_never_told_as_removed_and_added() -> None:
    grown = Disk(device="0", role="system", name="root", size_bytes=9, mode="RW", is_bootable=True, sr_kind="lvmoiscsi")

    assert difference(web(), web(disks=(grown,))) == (
        FieldChange(role="web", part=Part.DISK, device="0", field="size_bytes", before=8, after=9),
    )


def test_a_key_of_a_map_is_told_by_its_name() -> None:
    changes = difference(web(), web(platform={"viridian": "false", "nx": "true"}))

    assert [(change.key, change.before, change.after) for change in changes if isinstance(change, FieldChange)] == [
        ("nx", None, "true"),
        ("viridian", "true", "false"),
    ]


def test_another_mac_is_allowed_and_another_network_is_drift() -> None:
    moved = Nic(device="0", mac="02:00:00:00:00:02", network="back", mtu=1500)

    judged = judge(difference(web(), web(nics=(moved,))))

    assert [
        (each.change.field, each.verdict, each.rule) for each in judged if isinstance(each.change, FieldChange)
    ] == [
        ("mac", Verdict.ALLOWED, "macs"),
        ("network", Verdict.DRIFT, ""),
    ]


def test_a_member_that_one_side_lacks_is_drift() -> None:
    (judged,) = judge(difference(web(), Manifest(members=())))

    assert judged.verdict is Verdict.DRIFT
    assert isinstance(judged.change, PartChange)
    assert judged.change.after is None


@given(MANIFESTS, MANIFESTS)
def test_what_is_found_one_way_is_found_the_other_way_round(one: Manifest, other: Manifest) -> None:
    there, back = difference(one, other), difference(other, one)

    assert [topic_of(change) for change in there] == [topic_of(change) for change in back]
    assert [(change.before, change.after) for change in there] == [(change.after, change.before) for change in back]
    assert [each.verdict for each in judge(there)] == [each.verdict for each in judge(back)]
    every = every_field(one, other)
    assert set(map(topic_of, there)) <= set(map(topic_of, every))
    assert [change for change in every if change.before != change.after] == list(there)
