"""What the disks of a machine are called once it has come from another pool: each way gives them other uuids."""

import json
from collections.abc import Iterable
from functools import partial

from xsconsole.domain.actions.copies import ExchangeArrived
from xsconsole.domain.ids import Uuid
from xsconsole.domain.plan import Plan, Step
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist


def exchanges(plan: Plan) -> list[ExchangeArrived]:
    """Return the exchanges of which one side has come from another pool."""
    return [step.action for step in plan.steps if isinstance(step.action, ExchangeArrived)]


def is_awaited(step: Step, at: Presence) -> bool:
    """Return whether an exchange needs to know what the disks are called of the machine that the step brought."""
    return any(each.arrived == step.key for each in exchanges(at.plan))


async def disks_of(at: Presence, vm: Uuid, devices: Iterable[str]) -> str:
    """Return the disks of a machine that has arrived by device, in JSON."""
    found = {}
    for device in devices:
        disk = await insist(at.pool, partial(at.pool.disks.at, vm, device))
        if disk is not None:
            found[device] = disk.disk
    return json.dumps(found, sort_keys=True)
