"""Every error that a console can meet comes about by itself, with as many parameters as XAPI gives it."""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import misfortunes
import misfortunes_of_disks
import misfortunes_of_guests
import misfortunes_of_hosts
import pytest
from embedded import EmbeddedPool, embedded_pool
from misfortunes import World

from xsconsole.simpool import model

CASES: Mapping[str, Callable[[World], list[str]]] = MappingProxyType(
    {
        name.upper(): function
        for module in (misfortunes, misfortunes_of_disks, misfortunes_of_guests, misfortunes_of_hosts)
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and inspect.signature(function).return_annotation == list[str]
    }
)
OTHERWISE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "as many parameters as there are objects": (
            *("NETWORK_CONTAINS_VIF", "NETWORK_CONTAINS_PIF", "OPERATION_PARTIALLY_FAILED", "CANNOT_EVACUATE_HOST"),
            *("SR_BACKEND_FAILURE_44", "SR_BACKEND_FAILURE_79", "SR_BACKEND_FAILURE_109"),
        ),
        "other parameters than the model names": (
            *(
                "SESSION_AUTHENTICATION_FAILED",
                "RBAC_PERMISSION_DENIED",
                "OTHER_OPERATION_IN_PROGRESS",
                "HOST_NOT_LIVE",
            ),
            *(
                "VM_CANNOT_DELETE_DEFAULT_TEMPLATE",
                "VM_REVERT_FAILED",
                "VM_IS_TEMPLATE",
                "VM_IS_SNAPSHOT",
                "VDI_IN_USE",
            ),
        ),
    }
)


SCRIPTED = (
    *("HOST_IS_SLAVE", "HOST_STILL_BOOTING", "HOST_HAS_NO_MANAGEMENT_IP", "HOST_UNKNOWN_TO_MASTER"),
    *("LICENCE_RESTRICTION", "NOT_SUPPORTED_DURING_UPGRADE", "TOO_MANY_PENDING_TASKS", "MESSAGE_REMOVED", "SR_FULL"),
    *("VM_CHECKPOINT_SUSPEND_FAILED", "VM_CHECKPOINT_RESUME_FAILED", "VM_HVM_REQUIRED", "BOOTLOADER_FAILED"),
    *("VM_INCOMPATIBLE_WITH_THIS_HOST", "BRIDGE_NOT_AVAILABLE", "VM_SHUTDOWN_TIMEOUT"),
    *("VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT", "VM_SUSPEND_TIMEOUT", "VM_HAS_PCI_ATTACHED", "VM_MIGRATE_FAILED"),
    *("VDI_NOT_IN_MAP", "VIF_NOT_IN_MAP", "SR_DOES_NOT_SUPPORT_MIGRATION", "TOO_MANY_STORAGE_MIGRATES"),
    *("VDI_IS_ENCRYPTED", "VM_HOST_INCOMPATIBLE_VERSION_MIGRATE", "CANNOT_CONTACT_HOST", "DUPLICATE_MAC_SEED"),
    *("MIRROR_FAILED", "SUSPEND_IMAGE_NOT_ACCESSIBLE", "PIF_HAS_NO_NETWORK_CONFIGURATION", "INTERFACE_HAS_NO_IP"),
    *("VLAN_IN_USE", "OPENVSWITCH_NOT_ACTIVE", "VDI_MISSING", "VDI_IS_A_PHYSICAL_DEVICE", "DEVICE_DETACH_REJECTED"),
    *("DEVICE_DETACH_TIMEOUT", "DEFAULT_SR_NOT_FOUND", "IMPORT_ERROR"),
    *("IMPORT_ERROR_PREMATURE_EOF", "IMPORT_ERROR_CANNOT_HANDLE_CHUNKED", "IMPORT_INCOMPATIBLE_VERSION"),
)
"""What nothing in this program can bring about, or what other tests do with several pools and transfers."""


@pytest.mark.parametrize("code", CASES)
def test_an_error_comes_about(code: str) -> None:
    with embedded_pool("--speed", "50") as pool, pool.plain_session() as session:
        answered = CASES[code](World(pool, session))

    assert answered[0] == code
    named = model.load().errors.get(code)
    if named is not None and not any(code in codes for codes in OTHERWISE.values()):
        assert len(answered) - 1 == len(named)


def test_the_other_errors_come_about_on_command(
    pool: EmbeddedPool, session: Any, refusal: Callable[..., list[str]]
) -> None:
    for code in SCRIPTED:
        params = [f"the {name}" for name in model.load().errors[code]]
        pool.control("fail", method="VM.get_by_name_label", code=code, params=params)

        assert refusal(session.xenapi.VM.get_by_name_label, "any") == [code, *params]


def test_no_error_of_the_catalogue_is_forgotten() -> None:
    assert not CASES.keys() & set(SCRIPTED)
    assert {code for codes in OTHERWISE.values() for code in codes} <= CASES.keys()
    assert set(SCRIPTED) <= model.load().errors.keys()
