"""Archives in a pool: the document in its key, what templates carry, and that every change by others is named."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

import msgspec
import pytest

from tests.archives import KEY, archive, is_asked_for
from tests.domain.test_retention import request
from tests.inventories import inventory_of
from xsconsole.domain.archive import (
    ARCHIVED_KEY,
    BLOCKED,
    Carried,
    Extract,
    Fault,
    Form,
    Held,
    PoolArchive,
    Pooled,
    Shelved,
    archive_key,
    carried_by,
    carried_text,
    digest_of_carried,
    find_archive,
    fitting,
    hold_stem,
    pooled_in,
    read_carried,
    read_pooled,
    sealed,
    stored,
    to_bytes,
)
from xsconsole.domain.ids import ArchiveId, Digest, Ref, Uuid
from xsconsole.domain.inventory import VBD, VDI, VIF, VM, Inventory, Network, Pool, Record
from xsconsole.domain.manifest import manifest_of
from xsconsole.domain.requests.values import Warrant
from xsconsole.errors import Ambiguous, Refused
from xsconsole.store.keys import is_signature

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ID = archive().id
MAC = "06:00:00:00:00:01"
NAME = "shop-web “1”\u202e"


def template(**fields: Any) -> VM:
    standing = VM(
        ref=Ref("vm"),
        uuid=Uuid("template"),
        name_label=NAME,
        is_a_template=True,
        VBDs=(Ref("vbd"),),
        VIFs=(Ref("vif"),),
        blocked_operations=BLOCKED,
    )
    return msgspec.structs.replace(standing, **fields)


class Stand:
    """An archive of one machine in a pool, in which records can be replaced."""

    def __init__(self) -> None:
        self.records: dict[Ref, Record] = {}
        self.put(
            Pool(ref=Ref("pool"), uuid=Uuid("pool"), name_label="acme"),
            template(),
            VBD(ref=Ref("vbd"), uuid=Uuid("vbd"), VM=Ref("vm"), VDI=Ref("vdi"), userdevice="0", bootable=True),
            VDI(ref=Ref("vdi"), uuid=Uuid("disk"), virtual_size=2**33, sm_config={"vhd-parent": "base"}),
            VDI(ref=Ref("base"), uuid=Uuid("base"), managed=False),
            VIF(
                ref=Ref("vif"), uuid=Uuid("vif"), VM=Ref("vm"), network=Ref("net"), device="0", MAC="06:00:00:00:00:01"
            ),
            Network(ref=Ref("net"), uuid=Uuid("net"), name_label="test-net"),
            Network(ref=Ref("other"), uuid=Uuid("other"), name_label="dmz"),
        )
        vm = self.records[Ref("vm")]
        assert isinstance(vm, VM)
        was = manifest_of([("web", vm.ref)], self.inventory)
        self.text = carried_text(carried_by(ID, "web", vm, was, self.inventory))
        self.archive = pool_archive(digest_of_carried(self.text))
        self.put(
            template(other_config={ARCHIVED_KEY: self.text}),
            Pool(ref=Ref("pool"), uuid=Uuid("pool"), name_label="acme", other_config=self.key),
        )

    @property
    def key(self) -> dict[str, str]:
        return {archive_key(ID): stored(to_bytes(self.archive))}

    @property
    def inventory(self) -> Inventory:
        return inventory_of(*self.records.values())

    def put(self, *records: Record) -> None:
        self.records.update({record.ref: record for record in records})

    def change(self, ref: str, **fields: Any) -> None:
        self.put(msgspec.structs.replace(self.records[Ref(ref)], **fields))

    @property
    def listed(self) -> Pooled:
        (found,) = pooled_in(self.inventory, is_signature, NOW)
        return found


def pool_archive(carries: Digest, **fields: Any) -> PoolArchive:
    """Return a signed archive in a pool of the machine that `archive` has in files."""
    files = msgspec.to_builtins(archive())
    (member,) = files.pop("members")
    del files["type"], files["files"], files["public_key"], files["signature"]
    members = [{**member, "template": "template", "carries": carries, "file": "", "arrives_as": ""}]
    extract = Extract(rows=3, through=9, sha256=Digest("r" * 64))
    made = msgspec.convert(
        {**files, "type": "xsconsole pool archive", "form": "copy", "method": "linked-clone", "members": members}
        | {"record": msgspec.to_builtins(extract)},
        type=PoolArchive,
    )
    return sealed(msgspec.structs.replace(made, **fields), KEY)


def test_a_disk_of_an_import_stands_on_nothing_that_stayed_in_the_pool_it_came_from() -> None:
    stand = Stand()
    del stand.records[Ref("base")]
    assert not stand.listed.is_whole
    stand.change("vdi", sm_config={"vhd-parent": "base", "import_task": "OpaqueRef:1"})

    assert stand.listed.is_whole


def test_what_is_sealed_is_listed_as_whole_whatever_networks_are_called_by_now() -> None:
    stand = Stand()
    stand.change("net", name_label="production net")

    found = stand.listed

    assert (found.archive, found.findings, found.is_whole, found.templates) == (stand.archive, (), True, ("template",))
    assert found.sentence.startswith("Whole: 1 template, 8 GiB of disks, as they were archived.")
    assert (found.called, found.where, found.pool) == ("shop 1.3.0", "in pool acme", "pool")
    assert found.archive is not None
    assert (found.archive.networks, found.archive.form) == (("front",), Form.COPY)


@pytest.mark.parametrize(
    ("ref", "fields", "fault", "said"),
    [
        ("vm", {"name_label": "mine"}, Fault.CHANGED, "web: name was shop-web “1”"),
        ("vm", {"memory_static_max": 2**30}, Fault.CHANGED, "web: memory, static maximum was 0 B, is 1 GiB."),
        ("vm", {"is_a_template": False}, Fault.CHANGED, "web was made a machine that can be started."),
        ("vm", {"is_a_template": False, "power_state": "Running"}, Fault.CHANGED, "web was made a machine"),
        ("vm", {"blocked_operations": {}}, Fault.EXPOSED, "web is not protected any more."),
        ("vm", {"appliance": Ref("vapp")}, Fault.EXPOSED, "web was put into a vApp."),
        ("vm", {"other_config": {}}, Fault.DAMAGED, "what its template carried was changed or removed"),
        ("vm", {"uuid": Uuid("another")}, Fault.MISSING, "web is missing: its template of “shop-web “1”"),
        ("vif", {"network": Ref("other")}, Fault.CHANGED, "web, interface 0: network was test-net, is dmz."),
        ("vif", {"MAC": "06:00:00:00:00:02"}, Fault.CHANGED, "MAC was 06:00:00:00:00:01, is 06:00:00:00:00:02."),
        ("vdi", {"virtual_size": 2**34}, Fault.CHANGED, "web, disk 0: size was 8 GiB, is 16 GiB."),
        ("vdi", {"uuid": Uuid("swapped")}, Fault.MISSING, "web, disk 0 is gone."),
        ("base", {"uuid": Uuid("coalesced")}, Fault.MISSING, "a disk that it stands on is gone"),
    ],
)
def test_every_change_by_others_is_named(ref: str, fields: dict[str, Any], fault: Fault, said: str) -> None:
    stand = Stand()

    stand.change(ref, **fields)

    findings = [finding for one in pooled_in(stand.inventory, is_signature, NOW) for finding in one.findings]
    assert fault in {finding.fault for finding in findings}
    assert any(said in finding.sentence for finding in findings), findings
    assert "\u202e" not in "".join(finding.sentence for finding in findings)
    assert stand.listed.is_whole is (fault is Fault.EXPOSED)
    assert stand.listed.sentence.startswith("1 part of it is not as archived.")


def test_a_document_that_was_changed_is_not_believed_and_templates_without_one_are_told() -> None:
    stand, forged = Stand(), msgspec.structs.replace(Stand().archive, reason="another")
    later = {"type": "xsconsole pool archive", "format": 2}

    for text, said in (
        (stored(to_bytes(forged)), "was changed after it was signed"),
        (stored(b"{}"), "is damaged, or of a format"),
        (stored(msgspec.json.encode(later)), "is damaged, or of a format"),
        ("no base64", "is damaged, or of a format"),
    ):
        stand.change("pool", other_config={archive_key(ID): text})
        assert stand.listed.archive is None
        assert said in stand.listed.sentence, text
    stand.change("pool", other_config={})
    assert (stand.listed.problem, stand.listed.templates) == (
        "Its document is gone from the pool: only its templates are left.",
        ("template",),
    )
    assert stand.listed.called == "archive 5f1c0000"
    stand.change("vm", uuid=Uuid("a clone of it"))
    assert pooled_in(stand.inventory, is_signature, NOW) == ()
    assert pooled_in(Inventory(), is_signature, NOW) == ()
    assert (read_carried("no base64"), read_carried(stored(b"{}"))) == (None, None)


def test_a_hold_counts_until_its_time_and_one_that_cannot_be_read_is_passed_over() -> None:
    stand = Stand()
    held = Held(reason="the audit", by="alice", at=NOW, until=NOW + timedelta(days=1))
    stem = hold_stem(ID)
    keys = {f"{stem}.1": msgspec.json.encode(held).decode(), f"{stem}.2": "{"}

    stand.change("pool", other_config={**stand.key, **keys})

    assert stand.listed.held == held
    (over,) = pooled_in(stand.inventory, is_signature, NOW + timedelta(days=2))
    assert over.held is None


def test_approvals_stay_away_where_there_is_no_room_and_are_counted() -> None:
    reasons = ["".join(hashlib.sha512(f"{n}.{m}".encode()).hexdigest() for m in range(20)) for n in range(40)]
    asked = [Warrant(decisions=(), request=msgspec.structs.replace(request(), reason=text)) for text in reasons]

    kept = fitting(pool_archive(Digest("c" * 64), approvals=tuple(asked)))

    assert 0 < len(kept.approvals) < 40
    assert kept.approvals == tuple(asked[kept.left_out :])
    assert len(stored(to_bytes(sealed(kept, KEY)))) <= 32 * 1024
    many = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(900)]
    (member,) = kept.members
    crowd = tuple(msgspec.structs.replace(member, template=Uuid(n), carries=Digest(n)) for n in many)
    with pytest.raises(Refused, match="finds no room in one key"):
        fitting(msgspec.structs.replace(kept, members=crowd))


def test_archives_in_files_and_in_pools_are_one_list() -> None:
    pooled = Stand().listed
    filed = Shelved(
        folder=PurePath("/a/shop-1.3.0"), archive=archive(id=ArchiveId("77770000-0000-4000-8000-000000000001"))
    )

    assert find_archive((filed, pooled), "5f1c") is pooled
    assert find_archive((filed, pooled), "shop-1.3.0") is filed
    with pytest.raises(Ambiguous) as refused:
        find_archive((filed, pooled), "shop@1.3.0")
    assert refused.value.choices == ("shop 1.3.0: /a/shop-1.3.0", "shop 1.3.0: 5f1c0000 in pool acme")
    assert (is_asked_for(pooled, "shop POOL acme"), is_asked_for(pooled, "/a/")) == (True, False)


def test_what_a_template_carries_is_read_back() -> None:
    text = Stand().text

    carried = read_carried(text)

    assert isinstance(carried, Carried)
    assert (carried.vm, carried.was.nics[0].network, carried.disks) == ("template", "test-net", {"0": "disk"})
    assert read_pooled(stored(to_bytes(Stand().archive)), is_signature).id == ID
