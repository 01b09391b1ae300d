"""What the restore points of a plan cost, in sentences: at once, while they are kept, and with earlier ones."""

from collections.abc import Iterable, Sequence

import msgspec

from xsconsole.domain.actions.travel import StreamAcross
from xsconsole.domain.board import Card
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, Purpose, TakeSnapshot
from xsconsole.domain.points.sizes import Scales, total_taken
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow import RestorePointRule
from xsconsole.domain.workflow.wording import kept_words
from xsconsole.engine.plans.capacity import Space, growth_space, total


def noted(plan: Plan, rule: RestorePointRule | None, card: Card, inventory: Inventory, *others: Inventory) -> Plan:
    """Return the plan with what is to be known of the space that its restore points take; that is no part of it.

    `others` are those of other pools in which it takes some.
    """
    taking = [step for step in plan.steps if _takes_point(step.action)]
    if not taking:
        return plan
    at_once = total(*(step.estimate.space for step in taking))
    snapped = [step.action.vm for step in taking if isinstance(step.action, TakeSnapshot)]
    pools = (inventory, *others)
    machines = ((pool, pool.by_uuid(VM, uuid)) for pool in pools for uuid in snapped)
    sent = {step.action.vm: step.action.sr for step in plan.steps if isinstance(step.action, StreamAcross)}
    where = {vm: _storage(sr, pools) for vm, sr in sent.items()}  # a machine that is sent has its point there
    growth = total(*(growth_space(pool, vm, where.get(vm.uuid)) for pool, vm in machines if vm is not None))
    whole = {sr: bytes_ for sr, bytes_ in at_once.items() if sr not in growth}
    parts = []
    if whole:
        parts.append(f"takes {_by_storage(whole, pools)} at once")
    if growth:
        parts.append(
            f"{'and ' if whole else 'takes little at once and '}may come to take up to "
            f"{_by_storage(growth, pools)} as the machines write"
        )
    notes = [f"The restore point {' '.join(parts)}; it is {kept_words(rule or RestorePointRule())}."]
    earlier = (*card.restore_points, *card.asides)
    held = total_taken(Scales(inventory).costs(uuid for point in earlier for uuid in point.snapshots.values()))
    if held:
        verb = "holds" if len(earlier) == 1 else "hold"
        notes.append(f"{count(len(earlier), 'earlier one')} of the configuration {verb} up to {size(held)}.")
    tight = [
        f"Storage “{shortened(sr.name_label)}” may fill while the restore point is kept: it can grow by {size(more)}, "
        f"and {size(max(0, sr.free_bytes - at_once.get(uuid, 0)))} stay free."
        for uuid, more in sorted(growth.items())
        if (sr := _storage(uuid, pools)) is not None
        and sr.physical_utilisation >= 0
        and sr.physical_size > 0
        and more > sr.free_bytes - at_once.get(uuid, 0)
    ]
    return msgspec.structs.replace(plan, notes=(*plan.notes, *notes), warnings=(*plan.warnings, *tight))


def _takes_point(action: object) -> bool:
    return isinstance(action, TakeSnapshot) and action.purpose is Purpose.RESTORE_POINT


def _storage(uuid: Uuid, pools: Iterable[Inventory]) -> SR | None:
    return next((sr for pool in pools if (sr := pool.by_uuid(SR, uuid)) is not None), None)


def _by_storage(space: Space, pools: Sequence[Inventory]) -> str:
    def named(uuid: Uuid, bytes_: int) -> str:
        sr = _storage(uuid, pools)
        return f"{size(bytes_)} in “{shortened(sr.name_label if sr else uuid, 40)}”"

    return listing(tuple(named(uuid, bytes_) for uuid, bytes_ in sorted(space.items(), key=lambda pair: -pair[1])))
