"""How the errors of networks, hosts and placement come about; beside `misfortunes`, and in the same way."""

from fleet import add_disk, host_named, until, vif_fields
from misfortunes import GIB, World


def bridge_name_exists(world: World) -> list[str]:
    world.network(bridge="mine")
    return world.refused(world.api.network.create, {"name_label": "again", "other_config": {}, "bridge": "mine"})


def network_contains_vif(world: World) -> list[str]:
    return world.refused(world.api.network.destroy, on_private_network(world)[1])


def on_private_network(world: World, name: str = "fenced") -> tuple[str, str]:
    """Return a running VM on a network that has no PIFs, and that network."""
    vm, network = world.machine(name), world.network(name)
    world.api.VIF.create(vif_fields(vm, network, "1"))
    world.api.VM.start(vm, False, False)
    until(world.session, lambda: "pool_migrate" in world.api.VM.get_allowed_operations(vm))
    return vm, network


def network_contains_pif(world: World) -> list[str]:
    return world.refused(world.api.network.destroy, world.api.network.get_by_name_label("int-net")[0])


def cannot_destroy_system_network(world: World) -> list[str]:
    return world.refused(
        world.api.network.destroy, world.api.network.get_by_name_label("Host internal management network")[0]
    )


def vif_in_use(world: World) -> list[str]:
    return world.refused(world.api.network.set_default_locking_mode, on_private_network(world)[1], "disabled")


def vlan_tag_invalid(world: World) -> list[str]:
    return world.refused(world.api.VLAN.create, world.trunk(), "4095", world.network())


def pif_vlan_exists(world: World) -> list[str]:
    return world.refused(world.api.VLAN.create, world.trunk(), "110", world.network())


def network_already_connected(world: World) -> list[str]:
    network = world.api.network.get_by_name_label("int-net")[0]
    return world.refused(world.api.VLAN.create, world.trunk(), "999", network)


def network_unmanaged(world: World) -> list[str]:
    return world.refused(world.api.VLAN.create, world.trunk(), "999", world.network(managed=False, bridge="theirs"))


def is_tunnel_access_pif(world: World) -> list[str]:
    tunnel = world.api.tunnel.create(world.trunk(), world.network("one"))
    access = world.api.tunnel.get_access_PIF(tunnel)
    return world.refused(world.api.tunnel.create, access, world.network("two"))


def transport_pif_not_configured(world: World) -> list[str]:
    card = world.api.PIF.introduce(world.api.PIF.get_host(world.trunk()), "00:16:3e:bb:00:01", "eth7")
    return world.refused(world.api.tunnel.create, card, world.network("one"))


def pif_is_management_interface(world: World) -> list[str]:
    return world.refused(world.api.PIF.unplug, world.trunk())


def pif_bond_needs_more_members(world: World) -> list[str]:
    return world.refused(world.api.Bond.create, world.network(), [world.trunk()], "")


def pif_cannot_bond_cross_host(world: World) -> list[str]:
    trunks = [ref for ref, record in world.api.PIF.get_all_records().items() if record["physical"]]
    return world.refused(world.api.Bond.create, world.network(), trunks[:2], "")


def host_cannot_attach_network(world: World) -> list[str]:
    vm, network = on_private_network(world)
    other = world.running("elsewhere")
    host = world.api.VM.get_resident_on(vm)
    if world.api.VM.get_resident_on(other) == host:
        away = next(one for one in world.api.host.get_all() if one != host)
        world.api.VM.pool_migrate(other, away, {})
    return world.refused(world.api.VIF.move, world.api.VM.get_VIFs(other)[0], network)


def vm_requires_network(world: World) -> list[str]:
    vm, _network = on_private_network(world)
    away = next(one for one in world.api.host.get_all() if one != world.api.VM.get_resident_on(vm))
    return world.refused(world.api.VM.pool_migrate, vm, away, {})


def vm_requires_sr(world: World) -> list[str]:
    vm = world.machine()
    add_disk(world.session, vm, "Local xen-1", GIB)
    return world.refused(world.api.VM.assert_can_boot_here, vm, host_named(world.session, "xen-2"))


def no_hosts_available(world: World) -> list[str]:
    vm = world.machine()
    for host in world.api.host.get_all():
        world.api.host.disable(host)
    return world.refused(world.api.VM.start, vm, False, False)


def host_disabled(world: World) -> list[str]:
    host = host_named(world.session, "xen-2")
    world.api.host.disable(host)
    return world.refused(world.api.VM.assert_can_boot_here, world.machine(), host)


def host_not_live(world: World) -> list[str]:
    host = host_named(world.session, "xen-2")
    world.pool.control("host", host="xen-2", mode="dead")
    return world.refused(world.api.VM.assert_can_boot_here, world.machine(), host)


def host_not_disabled(world: World) -> list[str]:
    return world.refused(world.api.host.shutdown, host_named(world.session, "xen-2"))


def host_in_use(world: World) -> list[str]:
    host = world.api.VM.get_resident_on(world.running())
    world.api.host.disable(host)
    return world.refused(world.api.host.shutdown, host)


def host_is_live(world: World) -> list[str]:
    return world.refused(world.api.host.destroy, host_named(world.session, "xen-2"))


def host_evacuate_in_progress(world: World) -> list[str]:
    vm, host = world.machine(), world.api.VM.get_resident_on(world.running("leaves"))
    task = world.api.Async.host.evacuate(host)
    until(world.session, lambda: world.api.host.get_current_operations(host) != {}, ("host",))
    answered = world.refused(world.api.VM.start_on, vm, host, False, False)
    until(world.session, lambda: world.api.task.get_status(task) != "pending", ("task",))
    return answered


def cannot_evacuate_host(world: World) -> list[str]:
    vm, _network = on_private_network(world)
    return world.refused(world.api.host.evacuate, world.api.VM.get_resident_on(vm))


def host_not_enough_free_memory(world: World) -> list[str]:
    vm = world.machine()
    world.api.VM.set_memory(vm, str(1024 * GIB))
    return world.refused(world.api.VM.assert_can_boot_here, vm, host_named(world.session, "xen-1"))


def host_not_enough_pcpus(world: World) -> list[str]:
    vm = world.machine()
    world.api.VM.set_VCPUs_max(vm, "64")
    return world.refused(world.api.VM.assert_can_boot_here, vm, host_named(world.session, "xen-1"))


def vm_host_incompatible_virtual_hardware_platform_version(world: World) -> list[str]:
    vm = world.machine()
    world.api.VM.set_hardware_platform_version(vm, "9")
    return world.refused(world.api.VM.assert_can_boot_here, vm, host_named(world.session, "xen-1"))


def ha_is_enabled(world: World) -> list[str]:
    switch_on(world)
    return world.refused(world.api.pool.enable_ha, [], {})


def switch_on(world: World) -> None:
    world.api.pool.enable_ha([world.sr("NFS-silver")], {})


def ha_not_enabled(world: World) -> list[str]:
    return world.refused(world.api.pool.disable_ha)


def ha_no_plan(world: World) -> list[str]:
    protected(world, "kept")
    switch_on(world)
    return world.refused(world.api.pool.set_ha_host_failures_to_tolerate, world.api.pool.get_all()[0], "64")


def protected(world: World, name: str) -> str:
    vm = world.running(name)
    world.api.VM.set_ha_restart_priority(vm, "restart")
    return vm


def ha_operation_would_break_failover_plan(world: World) -> list[str]:
    pool, vm = world.api.pool.get_all()[0], world.machine("too much")
    world.api.VM.set_memory(vm, str(59 * GIB))
    switch_on(world)
    most = len(world.api.host.get_all()) - 1
    world.api.pool.set_ha_host_failures_to_tolerate(pool, str(most))
    protected(world, "kept")
    world.api.VM.set_ha_restart_priority(vm, "restart")
    return world.refused(world.api.VM.start, vm, False, False)


def ha_constraint_violation_sr_not_shared(world: World) -> list[str]:
    return world.refused(world.api.pool.enable_ha, [world.sr("Local xen-1")], {})


def ha_constraint_violation_network_not_shared(world: World) -> list[str]:
    vm, _network = on_private_network(world)
    return world.refused(world.api.VM.assert_agile, vm)


def vm_is_protected(world: World) -> list[str]:
    switch_on(world)
    vm = world.machine()
    world.api.VM.set_ha_restart_priority(vm, "restart")
    return world.refused(world.api.VM.set_is_a_template, vm, True)
