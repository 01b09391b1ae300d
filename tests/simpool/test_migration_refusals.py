"""What refuses a VM that would move with its storage, and that nothing is left behind then."""

from tests.simpool.journey import Journey, journey, pools, refusal

__all__ = ["journey", "pools"]


def test_every_disk_and_interface_has_to_have_a_place(journey: Journey) -> None:
    vm = journey.machine("unmapped")
    vm_, dest, live, vdis, vifs, options = journey.arguments(vm)

    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, live, {}, vifs, options) == [
        "VDI_NOT_IN_MAP",
        next(iter(vdis)),
    ]
    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, live, vdis, {}, options) == [
        "VIF_NOT_IN_MAP",
        next(iter(vifs)),
    ]
    assert journey.here.VM.assert_can_migrate(vm_, dest, live, vdis, vifs, options) == ""


def test_what_the_maps_name_has_to_be_there(journey: Journey) -> None:
    vm = journey.machine("mismapped")
    vm_, dest, live, vdis, vifs, options = journey.arguments(vm)
    wrong_sr = dict.fromkeys(vdis, "OpaqueRef:nowhere")
    local = dict.fromkeys(vdis, journey.there.SR.get_by_name_label("Local xen-p1")[0])
    other = journey.dest("xen-p2")

    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, live, wrong_sr, vifs, options)[:2] == [
        "HANDLE_INVALID",
        "SR",
    ]
    assert refusal(journey.here.VM.assert_can_migrate, vm_, other, live, local, vifs, options) == [
        "VM_REQUIRES_SR",
        vm,
        next(iter(local.values())),
    ]


def test_changed_block_tracking_and_disks_that_forget_stay(journey: Journey) -> None:
    vm = journey.machine("tracked")
    disk = journey.disks(vm)[0]
    journey.here.VDI.set_on_boot(disk, "reset")
    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm)) == [
        "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION"
    ]
    journey.here.VDI.set_on_boot(disk, "persist")
    journey.pools[0].control("set_field", cls="VDI", ref=disk, field="cbt_enabled", value=True)

    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm)) == ["VDI_CBT_ENABLED", disk]


def test_a_copy_needs_a_halted_machine_and_another_pool(journey: Journey) -> None:
    vm = journey.running("no-copy")
    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm, copy="true")) == [
        "VM_BAD_POWER_STATE",
        vm,
        "halted",
        "running",
    ]
    journey.here.VM.hard_shutdown(vm)
    host = journey.here.host.get_by_name_label("xen-2")[0]
    inside = journey.here.host.migrate_receive(host, journey.here.network.get_by_name_label("Management")[0], {})

    answer = refusal(journey.here.VM.assert_can_migrate, vm, inside, True, {}, {}, {"copy": "true"})

    assert answer[0] == "OPERATION_NOT_ALLOWED"


def test_a_machine_is_not_twice_in_a_pool(journey: Journey) -> None:
    vm = journey.machine("double")
    seed = journey.here.VM.get_other_config(vm)["mac_seed"]
    other = journey.there.VM.clone(journey.there.VM.get_by_name_label("Debian 12 production")[0], "same seed")
    journey.there.VM.remove_from_other_config(other, "mac_seed")
    journey.there.VM.add_to_other_config(other, "mac_seed", seed)

    assert refusal(journey.here.VM.assert_can_migrate, *journey.arguments(vm)) == ["DUPLICATE_MAC_SEED", seed]


def test_a_host_receives_at_an_interface_with_an_address(journey: Journey) -> None:
    host = journey.there.host.get_by_name_label("xen-p1")[0]
    vlan = journey.there.network.get_by_name_label("prod-data")[0]
    lonely = journey.there.network.create({"name_label": "lonely", "other_config": {}})

    assert refusal(journey.there.host.migrate_receive, host, vlan, {})[0] == "PIF_HAS_NO_NETWORK_CONFIGURATION"
    assert refusal(journey.there.host.migrate_receive, host, lonely, {}) == ["HOST_CANNOT_ATTACH_NETWORK", host, lonely]


def test_a_destination_that_nobody_is_at_cannot_be_contacted(journey: Journey) -> None:
    vm = journey.machine("to-nowhere")
    vm_, dest, *others = journey.arguments(vm)

    answer = refusal(journey.here.VM.assert_can_migrate, vm_, dest | {"master": "http://192.0.2.7/"}, *others)

    assert answer == ["CANNOT_CONTACT_HOST", "192.0.2.7"]


def test_a_host_that_died_or_is_disabled_receives_nothing(journey: Journey) -> None:
    vm = journey.machine("too-late")
    vm_, dest, *others = vm, journey.dest("xen-p3"), True, journey.vdi_map(vm), journey.vif_map(vm), {}
    journey.there.host.disable(dest["host"])
    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, *others) == ["HOST_DISABLED", dest["host"]]
    journey.there.host.enable(dest["host"])
    journey.pools[1].control("host", host="xen-p3", mode="dead")

    assert refusal(journey.here.VM.assert_can_migrate, vm_, dest, *others)[0] == "CANNOT_CONTACT_HOST"
    journey.pools[1].control("host", host="xen-p3", mode="live")


def test_a_full_sr_refuses_and_nothing_is_left_there(journey: Journey) -> None:
    vm = journey.machine("too-large")
    sr = journey.there.SR.get_record(journey.there.SR.get_by_name_label("NFS-archive")[0])
    free = int(sr["physical_size"]) - int(sr["physical_utilisation"])
    journey.pools[1].control("fill_sr", sr="NFS-archive", free_bytes=1)
    disks = set(journey.there.VDI.get_all())
    try:
        assert refusal(journey.here.VM.migrate_send, *journey.arguments(vm))[0] == "SR_BACKEND_FAILURE_44"
    finally:
        journey.pools[1].control("fill_sr", sr="NFS-archive", free_bytes=free)

    assert set(journey.there.VDI.get_all()) == disks
    assert journey.here.VM.get_power_state(vm) == "Halted"


def test_hosts_that_are_parted_from_those_of_the_other_pool_are_not_reached(journey: Journey) -> None:
    arguments = journey.arguments(journey.machine("parted"))
    pool = journey.pools[0]

    addresses = pool.control("part")["unreachable"]

    code, address = refusal(journey.here.VM.assert_can_migrate, *arguments)
    assert code == "CANNOT_CONTACT_HOST"
    assert address in addresses
    assert pool.control("part", is_over=True) == {"unreachable": []}
    assert journey.here.VM.assert_can_migrate(*arguments) == ""
