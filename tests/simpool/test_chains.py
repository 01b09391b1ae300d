"""Chains of disks: what hides below a snapshot or a clone, how long a chain may be, and how it shortens."""

from collections.abc import Callable
from typing import Any

from embedded import EmbeddedPool
from fleet import add_disk, disks, make_machine, make_running, until

GIB = 1 << 30
LONGEST = 30


def parent(session: Any, vdi: str) -> str | None:
    config: dict[str, str] = session.xenapi.VDI.get_sm_config(vdi)
    return config.get("vhd-parent")


def depth(session: Any, vdi: str) -> int:
    uuid = parent(session, vdi)
    return 1 if uuid is None else 1 + depth(session, session.xenapi.VDI.get_by_uuid(uuid))


def test_a_snapshot_and_its_disk_stand_on_a_hidden_base(session: Any) -> None:
    disk = add_disk(session, make_machine(session, "chained"), "NFS-silver", GIB)

    snapshot = session.xenapi.VDI.snapshot(disk, {})

    uuid = parent(session, disk)
    assert uuid is not None
    assert parent(session, snapshot) == uuid
    base = session.xenapi.VDI.get_record(session.xenapi.VDI.get_by_uuid(uuid))
    assert (base["managed"], base["VBDs"], base["allowed_operations"]) == (False, [], [])
    assert base["virtual_size"] == session.xenapi.VDI.get_virtual_size(disk)


def test_a_hidden_base_stands_on_none_that_only_an_import_tells_of(session: Any) -> None:
    disk = add_disk(session, make_machine(session, "imported"), "NFS-silver", GIB)
    session.xenapi.VDI.add_to_sm_config(disk, "vhd-parent", "of another pool")

    session.xenapi.VDI.snapshot(disk, {})

    assert depth(session, disk) == 2


def test_the_hidden_base_cannot_be_used(session: Any, refusal: Callable[..., list[str]]) -> None:
    disk = add_disk(session, make_machine(session, "hides"), "NFS-silver", GIB)
    session.xenapi.VDI.snapshot(disk, {})
    base = session.xenapi.VDI.get_by_uuid(parent(session, disk))

    for call in (session.xenapi.VDI.destroy, lambda vdi: session.xenapi.VDI.snapshot(vdi, {})):
        assert refusal(call, base) == ["VDI_NOT_MANAGED", base]


def test_clones_of_what_nobody_wrote_to_do_not_lengthen_the_chain(session: Any) -> None:
    template = session.xenapi.VM.get_by_name_label("Debian 12 golden")[0]

    clones = [session.xenapi.VM.clone(template, f"sibling {number}") for number in range(3)]

    (original,) = disks(session, template)
    parents = {parent(session, disk) for clone in clones for disk in disks(session, clone)}
    assert parents == {parent(session, original)}


def test_a_chain_of_thirty_is_the_longest(session: Any, refusal: Callable[..., list[str]]) -> None:
    vm = make_running(session, "much snapshotted")
    (disk,) = disks(session, vm)
    for _ in range(LONGEST - depth(session, disk)):
        session.xenapi.VDI.snapshot(disk, {})
        session.xenapi.VM.hard_reboot(vm)

    assert depth(session, disk) == LONGEST
    assert refusal(session.xenapi.VDI.snapshot, disk, {})[0] == "SR_BACKEND_FAILURE_109"


def test_a_base_with_one_leaf_left_is_merged_into_it(fresh_pool: EmbeddedPool) -> None:
    with fresh_pool.plain_session() as session:
        disk = add_disk(session, make_machine(session, "merges"), "NFS-silver", GIB)
        count = len(session.xenapi.VDI.get_all())
        snapshot = session.xenapi.VDI.snapshot(disk, {})

        session.xenapi.VDI.destroy(snapshot)

        until(session, lambda: parent(session, disk) is None, ("VDI",))
        assert len(session.xenapi.VDI.get_all()) == count


def test_a_full_copy_stands_on_its_own(session: Any) -> None:
    disk = add_disk(session, make_machine(session, "copied"), "NFS-silver", GIB)
    session.xenapi.VDI.snapshot(disk, {})

    copy = session.xenapi.VDI.copy(disk, session.xenapi.VDI.get_SR(disk))

    assert parent(session, copy) is None
