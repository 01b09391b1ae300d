"""How each error of XAPI that a console can meet comes about, over the wire and without a scripted fault.

Every function brings about what the code of its name, in capitals, stands for, and returns what was answered.
"""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

import XenAPI
from embedded import EmbeddedPool
from fleet import add_disk, disks, finished, host_named, make_machine, make_running, until

GIB = 1 << 30
NULL = "OpaqueRef:NULL"
NOWHERE = "OpaqueRef:00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class World:
    """A pool of its own, and a session of the superuser on it."""

    pool: EmbeddedPool
    session: Any

    @property
    def api(self) -> Any:
        return self.session.xenapi

    def refused(self, call: Any, *arguments: Any) -> list[str]:
        """Return the description of the failure of a call that must fail."""
        try:
            call(*arguments)
        except XenAPI.Failure as failure:
            details: list[str] = failure.details
            return details
        raise AssertionError("the call went through")

    def machine(self, name: str = "unlucky") -> str:
        return make_machine(self.session, name)

    def running(self, name: str = "unlucky") -> str:
        return make_running(self.session, name)

    def sr(self, name: str) -> str:
        found: str = self.api.SR.get_by_name_label(name)[0]
        return found

    def network(self, name: str = "rare", **fields: object) -> str:
        made: str = self.api.network.create({"name_label": name, "other_config": {}, **fields})
        return made

    def trunk(self) -> str:
        """Return the network card of the first host."""
        host = host_named(self.session, "xen-1")
        return next(pif for pif in self.api.host.get_PIFs(host) if self.api.PIF.get_physical(pif))

    def fill(self, sr: str) -> None:
        self.pool.control("fill_sr", sr=sr, free_bytes=0)


def session_invalid(world: World) -> list[str]:
    # Not by the package: that logs in again by itself.
    body = {"method": "VM.get_all", "params": ["OpaqueRef:gone"], "id": 1}
    request = urllib.request.Request(f"{world.pool.url}/jsonrpc", data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        error: list[str] = json.load(answer)["error"]
    return error


def handle_invalid(world: World) -> list[str]:
    return world.refused(world.api.VM.get_record, NOWHERE)


def uuid_invalid(world: World) -> list[str]:
    return world.refused(world.api.VM.get_by_uuid, "no-such-uuid")


def map_duplicate_key(world: World) -> list[str]:
    pool = world.api.pool.get_all()[0]
    world.api.pool.add_to_other_config(pool, "lease", "1")
    return world.refused(world.api.pool.add_to_other_config, pool, "lease", "2")


def message_parameter_count_mismatch(world: World) -> list[str]:
    return world.refused(world.api.VM.get_record)


def message_method_unknown(world: World) -> list[str]:
    return world.refused(world.api.VM.levitate, NULL)


def internal_error(world: World) -> list[str]:
    return world.refused(world.api.VM.create, {"name_label": "incomplete"})


def session_authentication_failed(world: World) -> list[str]:
    other = XenAPI.Session(world.pool.url)
    try:
        return world.refused(other.xenapi.login_with_password, "root", "wrong", "1.0", "tests")
    finally:
        other("close")()


def session_authorization_failed(world: World) -> list[str]:
    subject = next(
        ref
        for ref, record in world.api.subject.get_all_records().items()
        if record["other_config"]["subject-displayname"] == "Eve"
    )
    world.api.subject.remove_from_roles(subject, world.api.subject.get_roles(subject)[0])
    other = XenAPI.Session(world.pool.url)
    try:
        return world.refused(other.xenapi.login_with_password, "eve", world.pool.passwords["eve"], "1.0", "tests")
    finally:
        other("close")()


def rbac_permission_denied(world: World) -> list[str]:
    with world.pool.plain_session("dave") as session:
        return world.refused(session.xenapi.VM.snapshot, world.api.VM.get_all()[0], "never")


def event_subscription_parse_failure(world: World) -> list[str]:
    return world.refused(getattr(world.api.event, "from"), ["VM/a/b"], "", 0.0)


def event_from_token_parse_failure(world: World) -> list[str]:
    return world.refused(getattr(world.api.event, "from"), ["VM"], "bogus", 0.0)


def session_not_registered(world: World) -> list[str]:
    return world.refused(world.api.event.next)


def vm_bad_power_state(world: World) -> list[str]:
    return world.refused(world.api.VM.clone, world.running(), "never")


def operation_blocked(world: World) -> list[str]:
    vm = world.machine()
    world.api.VM.add_to_blocked_operations(vm, "destroy", "protected")
    return world.refused(world.api.VM.destroy, vm)


def other_operation_in_progress(world: World) -> list[str]:
    disk = add_disk(world.session, world.machine(), "SAN-gold", 400 * GIB)
    task = world.api.Async.VDI.copy(disk, world.sr("SAN-gold"))
    until(world.session, lambda: world.api.VDI.get_current_operations(disk) != {}, ("VDI",))
    answered = world.refused(world.api.VDI.snapshot, disk, {})
    world.api.task.cancel(task)
    return answered


def task_cancelled(world: World) -> list[str]:
    disk = add_disk(world.session, world.machine(), "SAN-gold", 400 * GIB)
    task = world.api.Async.VDI.copy(disk, world.sr("SAN-gold"))
    world.api.task.cancel(task)
    info: list[str] = finished(world.session, task)["error_info"]
    return info


def vm_is_template(world: World) -> list[str]:
    return world.refused(world.api.VM.start, world.api.VM.get_by_name_label("Debian 12 golden")[0], False, False)


def vm_is_snapshot(world: World) -> list[str]:
    return world.refused(world.api.VM.start, world.api.VM.snapshot(world.machine(), "s"), False, False)


def vm_cannot_delete_default_template(world: World) -> list[str]:
    return world.refused(world.api.VM.destroy, world.api.VM.get_by_name_label("Other install media")[0])


def provision_only_allowed_on_template(world: World) -> list[str]:
    return world.refused(world.api.VM.provision, world.machine())


def revert_only_allowed_on_snapshot(world: World) -> list[str]:
    return world.refused(world.api.VM.assert_operation_valid, world.machine(), "revert")


def vm_revert_failed(world: World) -> list[str]:
    return world.refused(world.api.VM.revert, world.machine())


def provision_failed_out_of_space(world: World) -> list[str]:
    vm = world.api.VM.clone(world.api.VM.get_by_name_label("Debian Bookworm 12")[0], "big")
    gold = world.api.SR.get_uuid(world.sr("SAN-gold"))
    disk = f'<provision><disk device="0" size="{1 << 50}" sr="{gold}" bootable="true" type="system"/></provision>'
    world.api.VM.remove_from_other_config(vm, "disks")
    world.api.VM.add_to_other_config(vm, "disks", disk)
    return world.refused(world.api.VM.provision, vm)


def sr_backend_failure_44(world: World) -> list[str]:
    vm = world.machine()
    world.fill("NFS-silver")
    return world.refused(world.api.VM.snapshot, vm, "no room")


def sr_backend_failure_79(world: World) -> list[str]:
    return world.refused(world.api.VDI.resize, disks(world.session, world.machine())[0], "1")


def sr_backend_failure_109(world: World) -> list[str]:
    vm = world.running()
    (disk,) = disks(world.session, vm)
    for _ in range(40):
        try:
            world.api.VDI.snapshot(disk, {})
        except XenAPI.Failure as failure:
            details: list[str] = failure.details
            return details
        world.api.VM.hard_reboot(vm)
    raise AssertionError("the chain has no end")


def operation_not_allowed(world: World) -> list[str]:
    return world.refused(world.api.VM.copy, world.machine(), "never", world.sr("ISO library"))


def vdi_on_boot_mode_incompatible_with_operation(world: World) -> list[str]:
    vm = world.machine()
    world.api.VDI.set_on_boot(disks(world.session, vm)[0], "reset")
    return world.refused(world.api.VM.snapshot, vm, "never")


def vdi_is_sharable(world: World) -> list[str]:
    vm = world.machine()
    world.api.VDI.set_sharable(disks(world.session, vm)[0], True)
    return world.refused(world.api.VM.checkpoint, make_shared_running(world, vm), "never")


def make_shared_running(world: World, vm: str) -> str:
    world.api.VM.start(vm, False, False)
    until(world.session, lambda: "clean_shutdown" in world.api.VM.get_allowed_operations(vm))
    return vm


def vm_is_immobile(world: World) -> list[str]:
    vm = world.machine()
    world.api.VM.add_to_platform(vm, "nomigrate", "true")
    world.api.VM.start(vm, False, False)
    return world.refused(world.api.VM.suspend, vm)


def vm_has_vusbs(world: World) -> list[str]:
    vm, group = world.machine(), world.api.USB_group.create("stick")
    world.api.VUSB.create(vm, group, {})
    return world.refused(world.api.VM.checkpoint, make_shared_running(world, vm), "never")


def vm_has_vgpu(world: World) -> list[str]:
    vm, group = world.machine(), world.api.GPU_group.create("card")
    world.api.VGPU.create(vm, group, "0", {})
    return world.refused(world.api.VM.checkpoint, make_shared_running(world, vm), "never")


def vm_lacks_feature(world: World) -> list[str]:
    vm = world.machine()
    world.api.VM.start(vm, True, False)
    world.api.VM.unpause(vm)
    return world.refused(world.api.VIF.configure_ipv4, world.api.VM.get_VIFs(vm)[0], "Static", "10.0.0.1/24")


def vm_no_suspend_sr(world: World) -> list[str]:
    vm = world.running()
    world.api.pool.set_suspend_image_SR(world.api.pool.get_all()[0], NULL)
    return world.refused(world.api.VM.suspend, vm)


def vm_is_part_of_an_appliance(world: World) -> list[str]:
    vm = world.machine()
    world.api.VM.set_appliance(vm, world.api.VM_appliance.create({"name_label": "a", "name_description": ""}))
    return world.refused(world.api.VM.set_is_a_template, vm, True)


def operation_partially_failed(world: World) -> list[str]:
    vm, appliance = world.machine(), world.api.VM_appliance.create({"name_label": "a", "name_description": ""})
    world.api.VM.set_appliance(vm, appliance)
    world.api.VM.set_memory(vm, str(1024 * GIB))
    return world.refused(world.api.VM_appliance.start, appliance, False)


def memory_constraint_violation_order(world: World) -> list[str]:
    return world.refused(world.api.VM.set_memory_static_max, world.machine(), "1")


def invalid_value(world: World) -> list[str]:
    return world.refused(world.api.VM.set_VCPUs_max, world.machine(), "0")


def vm_bios_strings_already_set(world: World) -> list[str]:
    vm = world.running()
    return world.refused(world.api.VM.set_bios_strings, vm, {"bios-vendor": "x"})


def xenapi_missing_plugin(world: World) -> list[str]:
    return world.refused(world.api.host.call_plugin, world.api.host.get_all()[0], "nope", "fn", {})
