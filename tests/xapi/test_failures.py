"""Every error that XAPI's messages can give is one of ours, with a sentence and a mend: raised over the real wire."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from embedded import EmbeddedPool

from tests.xapi.conftest import Connect
from xsconsole.domain.ids import RunId
from xsconsole.domain.wording.pool import UNKNOWN_MEND
from xsconsole.domain.words import explain
from xsconsole.engine.ports import Field
from xsconsole.errors import ConnectionLost, ConsoleError, NotPermitted, PoolFailed, SessionLost
from xsconsole.xapi.failures import silent

RUN = RunId("a-run")
VM, DISK, HOST, SR, NETWORK, TASK = (f"OpaqueRef:{name}" for name in ("vm", "vdi", "host", "sr", "net", "task"))
# What each message may raise, with parameters as XAPI gives them.
CODES: dict[str, tuple[str, ...]] = {
    "BOOTLOADER_FAILED": (VM, "no bootable device"),
    "BRIDGE_NAME_EXISTS": ("xapi7",),
    "BRIDGE_NOT_AVAILABLE": ("xapi7",),
    "CANNOT_CONTACT_HOST": ("10.0.0.9",),
    "CANNOT_DESTROY_SYSTEM_NETWORK": (NETWORK,),
    "CLIENT_ERROR": ("closed",),
    "DEFAULT_SR_NOT_FOUND": (SR,),
    "DEVICE_ALREADY_ATTACHED": ("OpaqueRef:vif",),
    "DEVICE_ALREADY_DETACHED": ("OpaqueRef:vif",),
    "DEVICE_ALREADY_EXISTS": ("0",),
    "DEVICE_DETACH_REJECTED": ("VBD", "OpaqueRef:vbd", "in use"),
    "DEVICE_DETACH_TIMEOUT": ("VBD", "OpaqueRef:vbd"),
    "DISK_VBD_MUST_BE_READWRITE_FOR_HVM": ("OpaqueRef:vbd",),
    "DUPLICATE_MAC_SEED": ("seed",),
    "EVENT_FROM_TOKEN_PARSE_FAILURE": ("x",),
    "EVENT_SUBSCRIPTION_PARSE_FAILURE": ("x",),
    "HANDLE_INVALID": ("VM", VM),
    "HA_CONSTRAINT_VIOLATION_NETWORK_NOT_SHARED": (NETWORK,),
    "HA_OPERATION_WOULD_BREAK_FAILOVER_PLAN": (),
    "HOST_CANNOT_ATTACH_NETWORK": (HOST, NETWORK),
    "HOST_DISABLED": (HOST,),
    "HOST_EVACUATE_IN_PROGRESS": (HOST,),
    "HOST_NOT_ENOUGH_FREE_MEMORY": ("8589934592", "1073741824"),
    "HOST_NOT_ENOUGH_PCPUS": ("8", "4"),
    "HOST_NOT_LIVE": (),
    "IMPORT_ERROR": ("bad",),
    "IMPORT_ERROR_ATTACHED_DISKS_NOT_FOUND": (),
    "IMPORT_ERROR_CANNOT_HANDLE_CHUNKED": (),
    "IMPORT_ERROR_FAILED_TO_FIND_OBJECT": ("Ref:1",),
    "IMPORT_ERROR_PREMATURE_EOF": (),
    "IMPORT_ERROR_SOME_CHECKSUMS_FAILED": (),
    "IMPORT_ERROR_UNEXPECTED_FILE": ("ova.xml", "x"),
    "IMPORT_INCOMPATIBLE_VERSION": (),
    "INTERFACE_HAS_NO_IP": ("OpaqueRef:pif",),
    "INTERNAL_ERROR": ("Not_found",),
    "INVALID_DEVICE": ("99",),
    "INVALID_VALUE": ("bridge", "x y"),
    "IS_TUNNEL_ACCESS_PIF": ("OpaqueRef:pif",),
    "LICENCE_RESTRICTION": ("HA",),
    "MAC_INVALID": ("zz",),
    "MAP_DUPLICATE_KEY": ("VM", "other_config", VM, "key"),
    "MESSAGE_PARAMETER_COUNT_MISMATCH": ("VM.start", "3", "2"),
    "MIRROR_FAILED": (DISK,),
    "NETWORK_ALREADY_CONNECTED": (HOST, "OpaqueRef:pif"),
    "NETWORK_CONTAINS_PIF": ("OpaqueRef:pif",),
    "NETWORK_CONTAINS_VIF": ("OpaqueRef:vif",),
    "NETWORK_UNMANAGED": (NETWORK,),
    "NOT_SUPPORTED_DURING_UPGRADE": (),
    "NO_HOSTS_AVAILABLE": (),
    "OPENVSWITCH_NOT_ACTIVE": (),
    "OPERATION_BLOCKED": (VM, "why"),
    "OPERATION_NOT_ALLOWED": ("not now",),
    "OPERATION_PARTIALLY_FAILED": ("start", VM),
    "OTHER_OPERATION_IN_PROGRESS": ("VM", VM, "clone", TASK),
    "PIF_HAS_NO_NETWORK_CONFIGURATION": ("OpaqueRef:pif",),
    "PIF_VLAN_EXISTS": ("eth0",),
    "PROVISION_FAILED_OUT_OF_SPACE": (),
    "PROVISION_ONLY_ALLOWED_ON_TEMPLATE": (),
    "REVERT_ONLY_ALLOWED_ON_SNAPSHOT": (),
    "SR_BACKEND_FAILURE_44": ("", "There is insufficient space", ""),
    "SR_BACKEND_FAILURE_73": ("", "NFS mount error", ""),
    "SR_BACKEND_FAILURE_109": ("", "The snapshot chain is too long", ""),
    "SR_DOES_NOT_SUPPORT_MIGRATION": (SR,),
    "SR_FULL": ("1", "2"),
    "SR_HAS_NO_PBDS": (SR,),
    "SR_OPERATION_NOT_SUPPORTED": (SR,),
    "SUSPEND_IMAGE_NOT_ACCESSIBLE": (DISK,),
    "TASK_CANCELLED": (TASK,),
    "TOO_MANY_STORAGE_MIGRATES": ("3",),
    "TRANSPORT_PIF_NOT_CONFIGURED": ("OpaqueRef:pif",),
    "UUID_INVALID": ("VM", "x"),
    "VBD_CDS_MUST_BE_READONLY": (),
    "VBD_IS_EMPTY": ("OpaqueRef:vbd",),
    "VBD_NOT_EMPTY": ("OpaqueRef:vbd",),
    "VBD_NOT_REMOVABLE_MEDIA": ("OpaqueRef:vbd",),
    "VDI_CBT_ENABLED": (DISK,),
    "VDI_INCOMPATIBLE_TYPE": (DISK, "iso"),
    "VDI_IN_USE": (DISK, "destroy"),
    "VDI_IO_ERROR": ("Device I/O errors",),
    "VDI_IS_A_PHYSICAL_DEVICE": (DISK,),
    "VDI_IS_ENCRYPTED": (DISK,),
    "VDI_IS_SHARABLE": (DISK,),
    "VDI_MISSING": (SR, DISK),
    "VDI_NEEDS_VM_FOR_MIGRATE": (DISK,),
    "VDI_NOT_IN_MAP": (DISK,),
    "VDI_NOT_MANAGED": (DISK,),
    "VDI_ON_BOOT_MODE_INCOMPATIBLE_WITH_OPERATION": (),
    "VDI_READONLY": (DISK,),
    "VDI_TOO_SMALL": (DISK, "1"),
    "VIF_NOT_IN_MAP": ("OpaqueRef:vif",),
    "VLAN_IN_USE": ("eth0", "7"),
    "VLAN_TAG_INVALID": ("9999",),
    "VM_BAD_POWER_STATE": (VM, "halted", "running"),
    "VM_CANNOT_DELETE_DEFAULT_TEMPLATE": (VM,),
    "VM_CHECKPOINT_RESUME_FAILED": (VM,),
    "VM_CHECKPOINT_SUSPEND_FAILED": (VM,),
    "VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT": (VM,),
    "VM_HAS_PCI_ATTACHED": (VM,),
    "VM_HAS_VGPU": (VM,),
    "VM_HAS_VUSBS": (VM,),
    "VM_HOST_INCOMPATIBLE_VERSION_MIGRATE": (VM, HOST),
    "VM_HVM_REQUIRED": (VM,),
    "VM_INCOMPATIBLE_WITH_THIS_HOST": (VM, HOST, "CPU flags"),
    "VM_IS_IMMOBILE": (VM,),
    "VM_IS_SNAPSHOT": (VM, "start"),
    "VM_IS_TEMPLATE": (VM, "start"),
    "VM_LACKS_FEATURE": (VM,),
    "VM_MIGRATE_FAILED": (VM, HOST, HOST, "why"),
    "VM_MISSING_PV_DRIVERS": (VM,),
    "VM_NON_SUSPENDABLE": (VM, "why"),
    "VM_NO_SUSPEND_SR": (VM,),
    "VM_REQUIRES_NETWORK": (VM, NETWORK),
    "VM_REQUIRES_SR": (VM, SR),
    "VM_REVERT_FAILED": (VM, VM),
    "VM_SHUTDOWN_TIMEOUT": (VM, "1200"),
    "VM_SUSPEND_TIMEOUT": (VM, "1200"),
    "VM_TO_IMPORT_IS_NOT_NEWER_VERSION": (VM, "1", "2"),
}
OTHERS = {
    "RBAC_PERMISSION_DENIED": (("vm.start", "No permission"), NotPermitted),
    "SESSION_INVALID": (("OpaqueRef:x",), SessionLost),
    "HOST_IS_SLAVE": (("127.0.0.1",), SessionLost),
    "HOST_STILL_BOOTING": ((), ConnectionLost),
}


@pytest.fixture(autouse=True)
def cleared(pool: EmbeddedPool) -> Iterator[None]:
    yield
    pool.control("clear")


def flaws_of(code: str, caught: ConsoleError | None) -> list[str]:
    """Return what is wrong with the way an error is told."""
    if not isinstance(caught, PoolFailed) or caught.code != code:
        return [f"{code} arrived as {caught!r}"]
    notice = explain(caught)
    flaws = []
    if code in notice.failed or not re.fullmatch(r"[A-Z0-9].*[^.]\.", notice.failed):
        flaws.append(f"{code}: no sentence: {notice.failed}")
    if not re.fullmatch(r"[A-Z].*\.", notice.mend) or notice.mend == UNKNOWN_MEND:
        flaws.append(f"{code}: no mend: {notice.mend}")
    if "OpaqueRef" in notice.failed:
        flaws.append(f"{code}: a reference is no word for people: {notice.failed}")
    if code not in notice.details:
        flaws.append(f"{code}: whoever looks closer does not find it")
    return flaws


async def test_every_error_of_a_call_has_its_sentence(pool: EmbeddedPool, plain: Any, connect: Connect) -> None:
    gateway, _ = await connect(pool)
    flaws: list[str] = []

    for code, parameters in CODES.items():
        pool.control("fail", method="host.get_servertime", code=code, params=list(parameters))
        caught = None
        try:
            await gateway._session.call("host.get_servertime", "OpaqueRef:x")
        except ConsoleError as failure:
            caught = failure
        flaws += flaws_of(code, caught)

    assert flaws == []


async def test_every_error_of_a_task_is_the_same_as_that_of_a_call(
    pool: EmbeddedPool, plain: Any, connect: Connect
) -> None:
    gateway, _ = await connect(pool)
    machine = plain.VM.get_by_name_label("jumpbox")[0]
    flaws: list[str] = []

    for code in list(CODES)[::4]:
        pool.control("fail", method="VM.snapshot", code=code, params=list(CODES[code]))
        caught = None
        try:
            await gateway._tasks.run("VM.snapshot", machine, "x", run=RUN)
        except ConsoleError as failure:
            caught = failure
        flaws += flaws_of(code, caught)

    assert flaws == []


@pytest.mark.parametrize("code", list(OTHERS))
async def test_errors_of_the_road_and_the_role_are_errors_of_their_own(
    pool: EmbeddedPool, plain: Any, connect: Connect, code: str
) -> None:
    gateway, _ = await connect(pool)
    parameters, kind = OTHERS[code]
    pool.control("fail", method="pool.get_other_config", code=code, params=list(parameters))

    with pytest.raises(kind) as caught:
        await gateway.pool.keys(Field.POOL)

    assert explain(caught.value).failed
    assert explain(caught.value).mend


def test_a_coordinator_that_is_starting_is_not_called_overloaded() -> None:
    starting, slow = silent("https://xen-1", "HOST_STILL_BOOTING"), silent("https://xen-1", "no answer in time")

    assert "still starting (HOST_STILL_BOOTING)" in starting.reason
    assert starting.mend == "Try again in a minute."
    assert "overloaded" in slow.mend
