"""TPMs of VMs, and crash dumps: little more than records."""

from collections.abc import Mapping

from xsconsole.simpool import machines
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL


async def create_tpm(call: Call, vm: str, is_unique: bool) -> str:
    """Give a halted VM its TPM; it can have one."""
    machines.refuse_unless_allowed(call.pool, vm, "create_vtpm")
    if call.pool.db.get("VM", vm, "VTPMs"):
        raise XapiError("VTPM_MAX_AMOUNT_REACHED", 1)
    tpm = call.pool.db.create("VTPM", VM=vm, backend=NULL, is_unique=is_unique, persistence_backend="xapi")
    call.pool.db.set("VTPM", tpm, allowed_operations=("destroy",))
    return tpm


async def destroy_tpm(call: Call, tpm: str) -> None:
    vm = call.pool.db.get("VTPM", tpm, "VM")
    machines.refuse_unless_allowed(call.pool, vm, "create_vtpm")
    call.pool.db.destroy("VTPM", tpm)


async def destroy_crash_dump(call: Call, dump: str) -> None:
    call.pool.db.destroy("crashdump", dump)


CALLS: Mapping[str, Handler] = {
    "VTPM.create": create_tpm,
    "VTPM.destroy": destroy_tpm,
    "crashdump.destroy": destroy_crash_dump,
}
