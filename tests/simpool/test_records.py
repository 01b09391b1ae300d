"""The records of every class against those of a real pool: the same fields, of the same types on the wire."""

from typing import Any
from xmlrpc.client import DateTime

import pytest

CLASSES = (
    *("PBD", "PIF", "PIF_metrics", "SM", "SR", "VDI", "VM_metrics", "console", "host", "host_cpu", "host_metrics"),
    *("network", "pool"),
)

SINGLE = {
    "VIF": "301_VIF_get_record_autogen",
    "VBD": "A67_VBD_get_record_attached",
    "VLAN": "A41_VLAN_get_record",
    "VM": "815b_VM_get_record_resumed",
}


@pytest.mark.parametrize("cls", CLASSES)
def test_all_records_have_the_fields_and_types_of_real_ones(session: Any, recording: Any, cls: str) -> None:
    theirs = next(iter(recording(f"010_{cls}_get_all_records")["response"]["Value"].values()))

    for ours in getattr(session.xenapi, cls).get_all_records().values():
        assert _shape(ours) == _shape(theirs)


@pytest.mark.parametrize("cls", SINGLE)
def test_a_record_has_the_fields_and_types_of_a_real_one(session: Any, recording: Any, cls: str) -> None:
    theirs = recording(SINGLE[cls])["response"]["Value"]

    for ours in getattr(session.xenapi, cls).get_all_records().values():
        assert _shape(ours) == _shape(theirs)


def _shape(record: dict[str, Any]) -> dict[str, str]:
    return {name: _kind(value) for name, value in record.items()}


def _kind(value: Any) -> str:
    if isinstance(value, DateTime) or (isinstance(value, dict) and "__datetime__" in value):
        return "datetime"
    if isinstance(value, str) and value.startswith("OpaqueRef:"):
        return "reference"
    return type(value).__name__
