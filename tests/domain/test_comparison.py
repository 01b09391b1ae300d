"""Versions of configurations are compared, and what really differs is kept apart from what a rule allows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from xsconsole.domain.comparison import (
    MANIFEST,
    Aspect,
    Source,
    Version,
    aspect_of,
    compare,
    merged,
    newest_first,
    version_at,
    versions_on_record,
)
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.manifest import Disk, FieldChange, Manifest, MemberManifest, Nic, Part, PartChange, left_behind
from xsconsole.domain.record import AuditEvent, AuditRow, Fact
from xsconsole.errors import NotFound

AT = datetime(2026, 11, 27, 14, 2, tzinfo=UTC)
SHOP = ConfigurationId("shop")


def version(*members: MemberManifest, **fields: Any) -> Version:
    made = Version(configuration=SHOP, name="shop", stage=StageId("staging"), manifest=Manifest(members=members))
    return replace(made, **fields)


def row(details: Any, *, at: datetime = AT) -> AuditRow:
    fact = Fact(event=AuditEvent.RUN_OPENED, configuration=SHOP, source=StageId("staging"), details=details)
    return AuditRow(chain="c", seq=1, at=at, console="here", os_user="me", fact=fact, digest="")


WEB = MemberManifest(role="web", name="web-1", memory_static_max_bytes=2**30, disks=())
DISK = Disk(device="0", role="system", name="root", size_bytes=1, mode="RW", is_bootable=True, sr_kind="lvm")
NIC = Nic(device="0", mac="aa:bb", network="frontend", mtu=1500)


def test_what_differs_is_counted_by_member_and_class_of_fields_apart_from_what_is_allowed() -> None:
    more = msgspec.structs.replace(WEB, name="web-9", memory_static_max_bytes=2**31, disks=(DISK,), nics=(NIC,))
    found = compare(version(WEB), version(more, MemberManifest(role="db", name="db")))

    assert found.counts() == {
        ("web", Aspect.HARDWARE): (1, 0),
        ("web", Aspect.DISKS): (1, 0),
        ("web", Aspect.NETWORK): (1, 0),
        ("web", Aspect.NAMES): (0, 1),
        ("db", Aspect.MEMBER): (1, 0),
    }
    assert found.roles == ("db", "web")
    assert len(found.drift) + len(found.allowed) == len(found.judged)
    assert found.fingerprints[0] != found.fingerprints[1]


@pytest.mark.parametrize("field", [name for name in MemberManifest.__struct_fields__ if name != "role"])
def test_every_field_of_a_machine_has_its_class(field: str) -> None:
    change = FieldChange(role="web", part=Part.MEMBER, device="", field=field, before="", after="x")

    expected = {
        "memory_static_max_bytes": Aspect.HARDWARE,
        "vcpus_max": Aspect.HARDWARE,
        "boot_params": Aspect.BOOT,
        "start_order": Aspect.START,
        "after_crash": Aspect.START,
        "tags": Aspect.NAMES,
        "home_host": Aspect.PLACEMENT,
        "platform": Aspect.SETTINGS,
    }
    assert aspect_of(change) is expected.get(field, aspect_of(change))
    assert aspect_of(change) is not Aspect.MEMBER


def test_a_drive_belongs_to_the_disks_and_an_interface_to_the_network() -> None:
    assert aspect_of(PartChange(role="web", part=Part.DRIVE, device="3", before=None, after=None)) is Aspect.DISKS
    assert aspect_of(PartChange(role="web", part=Part.NIC, device="3", before=None, after=None)) is Aspect.NETWORK


def test_what_a_copy_leaves_behind_is_allowed_only_between_it_and_its_original() -> None:
    tagged = msgspec.structs.replace(WEB, tags=("backup",))
    copy = version(WEB, configuration=ConfigurationId("copy"), copied_from=SHOP)

    assert compare(version(tagged), copy).drift == ()
    assert compare(copy, version(tagged)).drift == ()
    assert len(compare(version(tagged), replace(copy, copied_from=None)).drift) == 1
    extra = replace(copy, manifest=version(msgspec.structs.replace(WEB, tags=("backup", "hotfix"))).manifest)
    assert len(compare(version(tagged), extra).drift) == len(compare(extra, version(tagged)).drift) == 1
    assert len(compare(version(tagged, copied_from=SHOP), version(WEB)).drift) == 1  # itself, at another time


def test_a_network_of_the_fence_around_what_was_made_of_a_blueprint_faces_the_one_that_it_stands_for() -> None:
    made = version(msgspec.structs.replace(WEB, nics=(NIC,)))
    fenced = version(
        msgspec.structs.replace(WEB, nics=(msgspec.structs.replace(NIC, network="Fence 1: frontend"),)),
        configuration=ConfigurationId("made"),
        fenced=frozenset({"Fence 1: frontend"}),
    )

    assert compare(made, fenced, also=left_behind("after")).drift == ()
    assert len(compare(made, fenced).drift) == 1
    assert len(compare(made, replace(fenced, fenced=frozenset()), also=left_behind("after")).drift) == 1


def test_versions_on_record_are_those_that_can_be_read() -> None:
    manifest = msgspec.to_builtins(Manifest(members=(WEB,)))
    unreadable = {"members": [{"role": 3}]}

    found = versions_on_record([row({MANIFEST: manifest}), row({MANIFEST: unreadable}), row({}), row(None)])

    assert [(one.source, one.at, one.manifest.members) for one in found] == [(Source.RECORD, AT, (WEB,))]
    nobody = replace(row({MANIFEST: manifest}), fact=Fact(event=AuditEvent.RUN_OPENED, details={MANIFEST: manifest}))
    assert versions_on_record([nobody]) == ()


def test_versions_are_told_newest_first_and_equal_ones_once() -> None:
    old, same, new = (version(WEB, at=AT + timedelta(hours=hours), source=Source.RECORD) for hours in (0, 1, 2))
    new = replace(new, manifest=Manifest(members=()))

    assert merged((new, old), (same, version(WEB))) == (new, same)
    back = replace(old, manifest=Manifest(members=()), at=AT - timedelta(hours=9))  # the clock went back before it
    assert newest_first((back, new, old), version(WEB)) == (back, new, old, version(WEB))
    assert newest_first((new, old), same) == (new, same, old)
    assert [one.when for one in (new, version(WEB))] == ["2026-11-27 16:02 UTC, record", "now"]


def test_the_version_of_a_time_is_the_newest_before_it_and_else_refused_with_the_times_there_are() -> None:
    old, new = version(at=AT), version(WEB, at=AT + timedelta(hours=2))

    assert version_at((new, old), AT + timedelta(hours=1), "shop") is old
    with pytest.raises(NotFound) as refused:
        version_at((new, old), AT - timedelta(hours=1), "shop")
    assert len(refused.value.choices) == 2
