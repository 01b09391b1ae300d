"""What is not well in a pool is found, and what is well is left alone."""

from datetime import UTC, datetime, timedelta

from tests.inventories import inventory_of
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.health import LONG_CHAIN, Severity, examined, examined_all, findings, ranked
from xsconsole.domain.ids import ConfigurationId, Ref, RunId, StageId, Uuid
from xsconsole.domain.inventory import (
    SR,
    VBD,
    VDI,
    VIF,
    VM,
    Change,
    ChangeBatch,
    GuestMetrics,
    Host,
    HostMetrics,
    Message,
    Network,
    Pool,
)
from xsconsole.domain.pool_messages import pool_messages
from xsconsole.domain.poolstate import RESTORE_POINT_KEY, RestorePointMark, encode, run_stem

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LAN = Network(ref=Ref("net"), uuid=Uuid("net"), name_label="lan")


def make(kind, name, /, **fields):
    return kind(ref=Ref(name), uuid=Uuid(name), **fields)


def found(*records):
    return [(one.severity, one.kind, one.object.uuid) for one in findings(inventory_of(*records), NOW)]


def vm(name, **fields):
    return make(VM, name, **{"name_label": name, **fields})


def vif(name, machine, mac, network="net"):
    return make(VIF, name, VM=Ref(machine), MAC=mac, network=Ref(network), device="0")


def test_a_pool_that_is_well_has_no_findings():
    host = make(Host, "xen", metrics=Ref("m"))
    disk = make(VDI, "disk", SR=Ref("sr"), snapshot_of=Ref("OpaqueRef:NULL"))

    assert (
        found(
            LAN,
            host,
            make(HostMetrics, "m", live=True),
            make(SR, "sr", physical_size=100, physical_utilisation=20, type="nfs"),
            disk,
            make(VBD, "vbd", VDI=Ref("disk"), VM=Ref("web")),
            vm("web", power_state="Running", guest_metrics=Ref("g")),
            make(GuestMetrics, "g", PV_drivers_detected=True),
            vif("v", "web", "aa:00:00:00:00:01"),
        )
        == []
    )


def test_hosts_that_are_down_or_in_maintenance():
    assert found(
        make(Host, "down", metrics=Ref("m")),
        make(HostMetrics, "m", live=False),
        make(Host, "off", metrics=Ref("n"), enabled=False),
        make(HostMetrics, "n", live=True),
    ) == [(Severity.BAD, "host down", "down"), (Severity.HINT, "maintenance", "off")]


def test_storage_that_is_tight_or_full_but_no_library_of_isos():
    assert found(
        make(SR, "full", physical_size=100, physical_utilisation=100, type="lvm"),
        make(SR, "tight", physical_size=100, physical_utilisation=95, type="nfs"),
        make(SR, "isos", physical_size=100, physical_utilisation=100, type="iso"),
        make(SR, "unknown", physical_size=0, physical_utilisation=0, type="nfs"),
    ) == [(Severity.BAD, "storage tight", "full"), (Severity.WARNING, "storage tight", "tight")]


def test_restore_points_on_storage_that_is_tight_are_named_with_those_that_could_go():
    def point(run, hour):
        mark = RestorePointMark(
            run=RunId(run),
            configuration=ConfigurationId("c"),
            vm=Uuid("web"),
            stage=StageId("staging"),
            at=NOW.replace(hour=hour),
        )
        return (
            vm(run, is_a_snapshot=True, VBDs=(Ref(f"vbd-{run}"),), other_config={RESTORE_POINT_KEY: encode(mark)}),
            make(VBD, f"vbd-{run}", type="Disk", VDI=Ref(f"vdi-{run}")),
            make(VDI, f"vdi-{run}", SR=Ref("tight"), is_a_snapshot=True, physical_utilisation=2**30),
        )

    tight = make(SR, "tight", name_label="NFS", physical_size=100, physical_utilisation=95, type="nfs")
    records = (tight, *point("r1", 8), *point("r2", 9))

    (one,) = (one for one in findings(inventory_of(*records), NOW) if one.kind == "restore points")
    assert one.sentence == (
        "2 restore points of configuration c, of 2026-11-23 08:00 UTC and 2026-11-23 09:00 UTC, hold up to 2 GiB here."
    )
    assert (one.configuration, one.points, one.object.uuid) == ("c", ("r1", "r2"), "tight")
    worked_on = make(Pool, "pool", other_config={f"{run_stem(ConfigurationId('c'))}.1": "a run"})
    (kept,) = (one for one in findings(inventory_of(worked_on, *records), NOW) if one.kind == "restore points")
    assert (kept.points, kept.sentence.endswith("here. A run stands on it, which may need them.")) == ((), True)
    roomy = make(SR, "tight", physical_size=2**40, physical_utilisation=95, type="nfs")
    assert not [one for one in findings(inventory_of(roomy, *records[1:]), NOW) if one.kind == "restore points"]


def test_two_machines_with_one_mac_on_one_network_but_not_on_two():
    other = make(Network, "other", name_label="fence")
    here = [
        vm("a", power_state="Running"),
        vm("b", power_state="Running"),
        vm("c"),
        vif("va", "a", "AA:00:00:00:00:01"),
        vif("vb", "b", "aa:00:00:00:00:01"),
        vif("vc", "c", "aa:00:00:00:00:01", "other"),
    ]

    assert found(LAN, other, *here) == [(Severity.BAD, "duplicate MAC", "a"), (Severity.BAD, "duplicate MAC", "b")]
    sentence = findings(inventory_of(LAN, other, *here), NOW)[0].sentence
    assert sentence == "aa:00:00:00:00:01 on “lan” is also that of b."


def test_a_mac_that_only_one_running_machine_has_is_less_bad():
    assert found(LAN, vm("a", power_state="Running"), vm("b"), vif("va", "a", "aa:1"), vif("vb", "b", "aa:1")) == [
        (Severity.WARNING, "duplicate MAC", "a"),
        (Severity.WARNING, "duplicate MAC", "b"),
    ]


def test_a_mac_that_a_machine_of_another_pool_has_too_is_found_where_the_networks_reach_out():
    def one(name, state="Running", network="lan", mac="aa:00:00:00:00:01", uuid=None):
        machine = VM(ref=Ref(name), uuid=Uuid(uuid or name), name_label=name, power_state=state)
        return machine, vif(f"v-{name}", name, mac, network)

    def pool(name, *records):
        lan = Network(ref=Ref("lan"), uuid=Uuid("lan"), name_label=f"lan of {name}", PIFs=(Ref("eth0"),))
        fence = Network(ref=Ref("fence"), uuid=Uuid("fence"), name_label="fence")
        itself = Pool(ref=Ref(name), uuid=Uuid(name), name_label=name)
        return inventory_of(itself, lan, fence, *(part for record in records for part in record))

    test = pool("test", one("a"), one("halted", "Halted", mac="aa:2"), one("inside", network="fence", mac="aa:3"))
    other = pool("other", one("b"), one("c", "Halted", mac="AA:2"), one("d", mac="aa:3"), one("moves", uuid="a"))

    looked = ranked(examined_all((test, other), NOW))

    assert [(one.severity, one.kind, one.name, one.pool, one.object.pool) for one in looked] == [
        (Severity.BAD, "duplicate MAC", "b", "other", "other"),
        (Severity.BAD, "duplicate MAC", "moves", "other", "other"),
        (Severity.WARNING, "duplicate MAC", "a", "test", "test"),
        (Severity.WARNING, "duplicate MAC", "b", "other", "other"),
        (Severity.HINT, "duplicate MAC", "c", "other", "other"),
        (Severity.HINT, "duplicate MAC", "halted", "test", "test"),
    ]
    assert (
        looked[2].sentence == "aa:00:00:00:00:01 on “lan of test” is also that of b in pool “other”, on “lan of other”."
    )


def test_disks_that_nobody_has_but_not_those_of_others_kinds():
    store, isos = make(SR, "sr", type="nfs"), make(SR, "isos", type="iso", content_type="iso")
    assert found(
        store,
        isos,
        make(VDI, "orphan", SR=Ref("sr")),
        make(VDI, "snapshot", SR=Ref("sr"), is_a_snapshot=True),
        make(VDI, "image", SR=Ref("isos")),
        make(VDI, "base", SR=Ref("sr"), managed=False),
        make(VDI, "elsewhere", SR=Ref("gone")),
    ) == [(Severity.HINT, "orphaned disk", "orphan")]


def test_many_snapshots_of_a_disk_and_snapshots_that_grow_old():
    snapshots = [
        vm(f"s{number}", is_a_snapshot=True, snapshot_of=Ref("web"), snapshot_time=NOW - timedelta(days=number))
        for number in range(20)
    ]
    disks = [
        make(VDI, f"d{number}", SR=Ref("sr"), is_a_snapshot=True, snapshot_of=Ref("disk"))
        for number in range(LONG_CHAIN)
    ]
    web = vm("web", VBDs=(Ref("vbd"),), snapshots=tuple(one.ref for one in snapshots))
    disk = make(VDI, "disk", SR=Ref("sr"))
    vbd = make(VBD, "vbd", VM=Ref("web"), VDI=Ref("disk"))

    assert found(make(SR, "sr", type="nfs"), web, disk, vbd, *disks, *snapshots) == [
        (Severity.WARNING, "long chain", "web"),
        (Severity.HINT, "old snapshot", "web"),
    ]


def test_an_interface_on_a_network_that_is_gone_and_a_guest_without_tools():
    assert found(
        vm("web", power_state="Running", guest_metrics=Ref("g")),
        make(GuestMetrics, "g", PV_drivers_detected=False),
        vif("v", "web", "aa:1", "gone"),
    ) == [(Severity.BAD, "lost network", "web"), (Severity.HINT, "no guest tools", "web")]


def test_messages_come_newest_first_with_the_object_they_are_about():
    web = vm("web")
    messages = [
        make(Message, "m1", name="VM_STARTED", priority=5, cls="VM", obj_uuid="web", timestamp=NOW),
        make(Message, "m2", name="HA_HOST_FAILED", priority=1, cls="Host", obj_uuid="x", timestamp=NOW - timedelta(1)),
        make(Message, "m3", name="ALARM", priority=3, cls="Crashdump", obj_uuid="y"),
    ]

    told = pool_messages(inventory_of(web, *messages))

    assert [(one.uuid, one.severity, one.name, one.about_name) for one in told] == [
        ("m1", Severity.HINT, "VM started", "web"),
        ("m2", Severity.BAD, "HA host failed", "Host x"),
        ("m3", Severity.WARNING, "Alarm", "Crashdump y"),
    ]
    assert [one.about for one in told] == [ObjectId(kind=Kind.VM, uuid=Uuid("web")), None, None]


def test_whoever_has_no_time_for_all_goes_on_later_while_the_pool_changes():
    machines = [vm(f"vm-{number}") for number in range(20)]
    inventory = inventory_of(LAN, *machines, *(vif(f"i{one.uuid}", one.uuid, f"aa:{one.uuid}") for one in machines))
    looking = examined(inventory, NOW)

    looked = []
    for number, one in enumerate(looking):
        looked.append(one)
        fresh = vm(f"new-{number}", VBDs=("none",))
        gone = Change(ref=Ref(f"vm-{number}"), class_name="vm", record=None)
        inventory.apply(ChangeBatch(changes=(Change(ref=fresh.ref, class_name="vm", record=fresh), gone)))

    assert len(looked) > 5 * len(machines), "each object is a piece of its own, also where all is well with it"
    assert ranked(looked) == ()


def test_what_an_act_mends_is_named_with_its_objects_and_restore_points_are_left_out():
    old = NOW - timedelta(days=30)
    snapshots = [
        vm("plain", is_a_snapshot=True, is_a_template=True, snapshot_time=old),
        vm("point", is_a_snapshot=True, is_a_template=True, snapshot_time=old, other_config={RESTORE_POINT_KEY: "{}"}),
        vm("young", is_a_snapshot=True, is_a_template=True, snapshot_time=NOW),
    ]
    orphan = make(VDI, "orphan", SR=Ref("sr"))
    inventory = inventory_of(
        vm("web", snapshots=tuple(one.ref for one in snapshots)),
        vm("db", snapshots=(Ref("point"),)),
        *snapshots,
        make(SR, "sr", name_label="san"),
        orphan,
    )

    offered = {(one.kind, one.name): (one.act, [item.uuid for item in one.targets]) for one in findings(inventory, NOW)}

    assert offered["old snapshot", "web"] == (Act.DELETE_SNAPSHOT, ["plain"])
    assert offered["old snapshot", "db"] == (None, [])
    assert offered["orphaned disk", "(no name)"] == (Act.DELETE_DISK, ["orphan"])
