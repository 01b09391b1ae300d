"""vApps: VMs that start and stop together, in the order of `VM.order`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import groupby

from xsconsole.simpool import power
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.lifecycle import HALTED
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine

Act = Callable[[Call, str], Awaitable[None]]
"""A power operation on a VM."""


async def start(call: Call, appliance: str, paused: bool) -> None:
    async def one(part: Call, vm: str) -> None:
        await power.start(part, vm, start_paused=paused, force=False)

    await _each(call, appliance, "start", one, is_reversed=False)


async def clean_shutdown(call: Call, appliance: str) -> None:
    await _each(call, appliance, "clean_shutdown", power.clean_shutdown, is_reversed=True)


async def hard_shutdown(call: Call, appliance: str) -> None:
    await _each(call, appliance, "hard_shutdown", power.hard_shutdown, is_reversed=True)


async def shutdown(call: Call, appliance: str) -> None:
    await _each(call, appliance, "shutdown", power.shutdown, is_reversed=True)


async def destroy(call: Call, appliance: str) -> None:
    """Remove a vApp; its VMs stay."""
    for vm in call.pool.db.get("VM_appliance", appliance, "VMs"):
        call.pool.db.set("VM", vm, appliance=NULL)
        refresh_machine(call.pool, vm)
    call.pool.db.destroy("VM_appliance", appliance)


async def _each(call: Call, appliance: str, operation: str, act: Act, *, is_reversed: bool) -> None:
    """Act on the VMs that need it, those of one order at the same time; go on where some fail, and say so at the end.

    Raises:
        XapiError: OPERATION_PARTIALLY_FAILED, OPERATION_NOT_ALLOWED, OTHER_OPERATION_IN_PROGRESS.
    """
    db, row = call.pool.db, call.pool.db.row("VM_appliance", appliance)
    if not row["VMs"]:
        raise XapiError("OPERATION_NOT_ALLOWED", "Appliance has no VMs.")
    for task, current in row["current_operations"].items():
        raise XapiError("OTHER_OPERATION_IN_PROGRESS", "VM_appliance", appliance, current, task)
    db.set("VM_appliance", appliance, current_operations={call.task: operation})
    call.pool.refresh_allowed_operations("VM_appliance", appliance)

    def is_done(vm: str) -> bool:
        return bool(db.get("VM", vm, "power_state") == HALTED) == (operation != "start")

    async def attempt(vm: str) -> None:
        # XAPI forgets why a VM failed, too: the answer names the VMs that are not where they should be.
        with suppress(XapiError):
            await call.part(f"VM.{operation}", lambda part: act(part, vm))

    try:
        waiting = [vm for vm in row["VMs"] if not is_done(vm)]
        waiting.sort(key=lambda vm: int(db.get("VM", vm, "order")), reverse=is_reversed)
        for _order, group in groupby(waiting, key=lambda vm: int(db.get("VM", vm, "order"))):
            async with asyncio.TaskGroup() as together:
                for vm in group:
                    together.create_task(attempt(vm))
            call.check_cancelled()
        left = [vm for vm in waiting if db.exists("VM", vm) and not is_done(vm)]
        if left:
            raise XapiError("OPERATION_PARTIALLY_FAILED", operation, *left)
    finally:
        if db.exists("VM_appliance", appliance):
            db.set("VM_appliance", appliance, current_operations={})
            call.pool.refresh_allowed_operations("VM_appliance", appliance)


CALLS: Mapping[str, Handler] = {
    "VM_appliance.start": start,
    "VM_appliance.clean_shutdown": clean_shutdown,
    "VM_appliance.hard_shutdown": hard_shutdown,
    "VM_appliance.shutdown": shutdown,
    "VM_appliance.destroy": destroy,
}
