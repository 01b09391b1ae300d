"""The same for what the guest inside a VM cannot do or may not be asked for."""

from misfortunes import World

AGENT = "guest-agent-operation"


def vm_non_suspendable(world: World) -> list[str]:
    vm = world.running()
    metrics = world.api.VM.get_guest_metrics(vm)
    told = {**world.api.VM_guest_metrics.get_other(metrics), "data-cant-suspend-reason": "a driver says no"}
    world.pool.control("set_field", cls="VM_guest_metrics", ref=metrics, field="other", value=told)
    return world.refused(world.api.VM.suspend, vm)


def vm_assigned_to_snapshot_schedule(world: World) -> list[str]:
    vm = world.machine()
    daily = {"name_label": "daily", "type": "snapshot", "frequency": "daily", "schedule": {"hour": "0", "min": "0"}}
    world.api.VM.set_snapshot_schedule(vm, world.api.VMSS.create({**daily, "retained_snapshots": "1"}))
    return world.refused(world.api.VM.set_is_a_template, vm, True)


def xenapi_plugin_failure(world: World) -> list[str]:
    return world.refused(world.api.VM.call_plugin, world.running(), AGENT, "request-rdp-on", {})


def vm_call_plugin_rate_limit(world: World) -> list[str]:
    vm = world.running()
    world.pool.control("speed", factor=0.1)
    world.refused(world.api.VM.call_plugin, vm, AGENT, "dance", {})
    return world.refused(world.api.VM.call_plugin, vm, AGENT, "dance", {})


def feature_restricted(world: World) -> list[str]:
    script = {"username": "root", "password": "x", "script": "uptime"}
    return world.refused(world.api.VM.call_plugin, world.running(), AGENT, "run-script", script)


def not_system_domain(world: World) -> list[str]:
    return world.refused(world.api.VM.query_services, world.machine())
