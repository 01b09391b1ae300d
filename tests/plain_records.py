"""What a pool has, asked by the plain package with no code of ours, as the records that a mirror holds."""

from typing import Any

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import RECORD_TYPES, Record
from xsconsole.xapi.records import record_of

WIRE_NAMES = {
    "vm_appliance": "VM_appliance",
    "sdn_controller": "SDN_controller",
    **{"vm": "VM", "vm_guest_metrics": "VM_guest_metrics", "vbd": "VBD", "vdi": "VDI", "vif": "VIF"},
    **{"pif": "PIF", "sr": "SR", "pbd": "PBD", "certificate": "Certificate"},
}


def asked(plain: Any, name: str) -> dict[Ref, Record]:
    """Return all records of a class, by the name that `event.from` gives it; `plain` is a session's `xenapi`."""
    records = getattr(plain, WIRE_NAMES.get(name, name)).get_all_records()
    kind = RECORD_TYPES[name]
    return {Ref(ref): record_of(kind, Ref(ref), _plain_dates(value)) for ref, value in records.items()}


def _plain_dates(value: Any) -> Any:
    return {key: getattr(item, "value", item) for key, item in value.items()}
