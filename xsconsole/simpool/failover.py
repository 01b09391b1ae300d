"""HA after a host is lost: what it protects starts again in its order, then what it only does its best for."""

import asyncio
from collections import Counter
from collections.abc import Iterable

from xsconsole.simpool import availability, lifecycle, power
from xsconsole.simpool.errands import perform
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.messages import post
from xsconsole.simpool.pool import Pool

DECIDE_S = 3.0
"""Pool time from the loss of a host until the first VM starts again."""

RETRY_S = 120.0
"""A VM that did not start is tried again no sooner."""

MOST_TRIES = 3
"""For a VM that is not protected, but to be restarted at best effort."""

_IMPORTANT = 3


def begin(pool: Pool, lost: Iterable[str] = ()) -> None:
    """Let HA, where it is on, see to the VMs that were lost, and to all that it protects."""
    if pool.db.get("pool", pool.ref, "ha_enabled"):
        pool.errands.start(_restart(pool, tuple(lost)), "HA")


async def _restart(pool: Pool, lost: tuple[str, ...]) -> None:
    tries: Counter[str] = Counter()
    mourned: set[str] = set()
    await pool.clock.sleep(DECIDE_S)
    while pool.db.get("pool", pool.ref, "ha_enabled"):
        await _start_in_order(pool, _protected(pool))
        await _start_in_order(pool, best := _best_effort(pool, lost, tries))
        tries.update(best)
        failed = _protected(pool)
        for vm in failed:
            if vm not in mourned:
                post(pool, "HA_PROTECTED_VM_RESTART_FAILED", "VM", vm, priority=_IMPORTANT)
        mourned.update(failed)
        if not failed and not _best_effort(pool, lost, tries):
            return
        await pool.clock.sleep(RETRY_S)


def _protected(pool: Pool) -> list[str]:
    return [vm for vm in availability.protected_machines(pool.db) if _is_halted(pool, vm)]


def _best_effort(pool: Pool, lost: Iterable[str], tries: Counter[str]) -> list[str]:
    return [
        vm
        for vm in lost
        if pool.db.exists("VM", vm)
        and _is_halted(pool, vm)
        and pool.db.get("VM", vm, "ha_restart_priority") == availability.BEST_EFFORT
        and tries[vm] < MOST_TRIES
    ]


def _is_halted(pool: Pool, vm: str) -> bool:
    return bool(pool.db.get("VM", vm, "power_state") == lifecycle.HALTED)


async def _start_in_order(pool: Pool, vms: Iterable[str]) -> None:
    """Start VMs, those of one `order` together, the next ones when these run and their `start_delay` is over."""
    orders: dict[int, list[str]] = {}
    for vm in vms:
        orders.setdefault(pool.db.get("VM", vm, "order"), []).append(vm)
    for order in sorted(orders):
        await asyncio.gather(*(_start(pool, vm) for vm in orders[order]))


async def _start(pool: Pool, vm: str) -> None:
    """Start a VM if there is a host for it and nobody else has done so; who looks again sees whether it runs."""
    try:
        await perform(pool, "VM.start", lambda call: power.start_again(call, vm))
    except XapiError:
        return
