"""Capture, then fill in with what is there by default: an equal manifest but for what may differ."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.blueprint import Blueprint, Source, fill, findings
from xsconsole.domain.blueprint import Disk as BlueprintDisk
from xsconsole.domain.blueprint.capturing import Captured, capture, expected_manifest, name_pattern, recaptured
from xsconsole.domain.blueprint.templating import render
from xsconsole.domain.ids import BlueprintId, ConfigurationId, Uuid
from xsconsole.domain.manifest import Disk, Manifest, MemberManifest, Nic, Verdict, difference, judge
from xsconsole.domain.manifest.values import in_order

GIB = 1024**3
NAMES = st.sampled_from(["shop", "shop-web 1", "{{ x }}", "a {% b", "{", "=cmd()", "<script>", "שלום", "🦊", "a}}{{b"])
DEVICES = st.sampled_from(["0", "1", "2", "10", "xvda"])
SIZES = st.integers(min_value=1, max_value=4).map(lambda number: number * GIB)
MEMBERS = st.builds(
    lambda memory, balloons, **fields: MemberManifest(
        memory_static_min_bytes=GIB // 2,
        memory_dynamic_min_bytes=memory // 2 if balloons else memory,
        memory_dynamic_max_bytes=memory,
        memory_static_max_bytes=memory,
        **fields,
    ),
    memory=SIZES,
    balloons=st.booleans(),
    role=st.sampled_from(["web", "web 2", "DB", "1", "ж", "cache"]),
    name=NAMES,
    vcpus_max=st.integers(min_value=1, max_value=70),
    vcpus_at_startup=st.integers(min_value=1, max_value=3),
    start_order=st.integers(min_value=0, max_value=3),
    start_delay_s=st.integers(min_value=0, max_value=60),
    tags=st.just(("a",)),
    disks=st.lists(
        st.builds(
            Disk,
            device=DEVICES,
            role=st.sampled_from(["system", "data"]),
            name=NAMES,
            size_bytes=SIZES,
            mode=st.just("RW"),
            is_bootable=st.booleans(),
            sr_kind=st.just("ext"),
        ),
        max_size=3,
        unique_by=lambda disk: disk.device,
    ).map(in_order),
    nics=st.lists(
        st.builds(
            Nic, device=st.sampled_from("012"), mac=st.just("02:00:00:00:00:01"), network=NAMES, mtu=st.just(1500)
        ),
        max_size=3,
        unique_by=lambda nic: nic.device,
    ).map(in_order),
)
MANIFESTS = st.lists(
    MEMBERS, min_size=1, max_size=4, unique_by=(lambda member: member.role, lambda member: member.name)
).map(lambda members: Manifest(members=tuple(sorted(members, key=lambda member: member.role))))


def captured(manifest: Manifest, **more: int) -> tuple[Blueprint, dict[Uuid, MemberManifest]]:
    uuids = {member.role: Uuid(f"00000000-0000-4000-8000-{at:012d}") for at, member in enumerate(manifest.members)}
    blueprint = capture(
        manifest,
        {role: Captured(template=uuid, name="t") for role, uuid in uuids.items()},
        blueprint=BlueprintId("b"),
        name="b",
        service="shop",
        source=Source(configuration=ConfigurationId("c"), name="shop"),
        **more,
    )
    templates = {
        uuids[member.role]: msgspec.structs.replace(
            member, name="t", nics=tuple(msgspec.structs.replace(nic, mac="") for nic in member.nics)
        )
        for member in manifest.members
    }
    return blueprint, templates


@given(MANIFESTS)
def test_capture_then_fill_comes_to_an_equal_manifest_but_for_what_may_differ(manifest: Manifest) -> None:
    blueprint, templates = captured(manifest)

    filled = fill(blueprint, {})

    assert [finding for finding in findings(blueprint) if finding.is_error] == []
    assert filled.is_whole
    left = judge(difference(manifest, expected_manifest(filled, templates)))
    assert [each for each in left if each.verdict is Verdict.DRIFT] == []
    assert [member.name for member in filled.members] == [member.name for member in manifest.members]
    assert captured(manifest, most_parameters=1)[0].parameters == ()


def test_names_follow_the_service() -> None:
    pattern = name_pattern("eu-shop-{{1}}", "shop")

    assert render(pattern, {"service": "shop"}) == "eu-shop-{{1}}"
    assert render(pattern, {"service": "till"}) == "eu-till-{{1}}"
    assert name_pattern("web", "") == "web"


def test_a_new_capture_keeps_what_people_wrote() -> None:
    manifest = Manifest(
        members=tuple(
            MemberManifest(
                role=role,
                name=f"shop-{role}",
                memory_dynamic_min_bytes=GIB,
                memory_dynamic_max_bytes=GIB,
                memory_static_max_bytes=GIB,
            )
            for role in ("db", "web")
        )
    )
    first = captured(manifest)[0]
    web = msgspec.structs.replace(first.members[1], id="front", user_data="#cloud-config\n", name_pattern="w")
    memory = msgspec.structs.replace(first.parameters[1], label="Room", most=2 * GIB)
    edited = msgspec.structs.replace(
        first, members=(first.members[0], web), parameters=(first.parameters[0], memory, *first.parameters[2:])
    )
    grown = Manifest(members=(msgspec.structs.replace(manifest.members[1], vcpus_max=4, vcpus_at_startup=4),))

    again = recaptured(edited, captured(grown)[0])

    (member,) = again.members
    assert (member.id, member.user_data, member.name_pattern) == ("front", "#cloud-config\n", "w")
    assert [(each.name, each.default) for each in again.parameters] == [("web_vcpus", 4), ("web_memory", GIB)]


def test_roles_alike_get_parameters_and_members_of_their_own_and_new_disks_are_expected() -> None:
    def member(role: str) -> MemberManifest:
        sizes = dict.fromkeys(("memory_dynamic_min_bytes", "memory_dynamic_max_bytes", "memory_static_max_bytes"), GIB)
        return MemberManifest(role=role, name=role, **sizes)  # type: ignore[arg-type]

    blueprint, templates = captured(Manifest(members=(member("a b"), member("a-b"))))

    assert [one.name for one in blueprint.parameters] == ["a_b_vcpus", "a_b_memory", "a_b_vcpus_2", "a_b_memory_2"]
    assert [one.id for one in blueprint.members] == ["a-b", "a-b_2"]
    data = BlueprintDisk(position=1, role="data", size=GIB, is_new=True)
    first = msgspec.structs.replace(blueprint.members[0], disks=(data,))
    grown = msgspec.structs.replace(blueprint, members=(first, blueprint.members[1]))
    expected = expected_manifest(fill(grown, {}), templates)
    assert [(disk.device, disk.size_bytes) for disk in expected.members[0].disks] == [("1", GIB)]
    more = captured(Manifest(members=(member("a b"), member("new"))))[0]
    assert [one.id for one in recaptured(blueprint, more).members] == ["a-b", "new"]
