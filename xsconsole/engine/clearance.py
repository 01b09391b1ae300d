"""What XAPI itself says of machines that would move into another pool, where it has been asked before anybody drops."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import SR, VDI, VIF, VM, Host, Inventory, Network, Record
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, is_streamed
from xsconsole.domain.wording.pool import sentences
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Transition
from xsconsole.engine.plans.lands import Journey, Land, Lands, Told, called, nothing_told
from xsconsole.engine.plans.steps import own_blocks
from xsconsole.errors import NotPromotable, PoolFailed

PASSING = frozenset({"TOO_MANY_STORAGE_MIGRATES", "OTHER_OPERATION_IN_PROGRESS"})  # a run waits for their end
BLOCKED = "OPERATION_BLOCKED"
NO_CONTACT = "CANNOT_CONTACT_HOST"
APART = frozenset({NO_CONTACT, "HOST_CANNOT_ATTACH_NETWORK", "HOST_HAS_NO_MANAGEMENT_IP"})
"""Hosts that do not reach each other. What goes through the console needs no more than that this reaches both."""
DEMANDED = "STREAM_DEMANDED"
"""No answer of XAPI: the way itself lets machines go through the console alone."""
NAMED: tuple[tuple[type[Record], str], ...] = (
    (VDI, "disk"),
    (SR, "storage"),
    (Network, "network"),
    (Host, "host"),
)


def demand_clearance(
    journeys: Sequence[Journey],
    there: Land,
    inventory: Inventory,
) -> PoolFailed | None:
    """Refuse what XAPI was asked for and refused, in a sentence; what nobody asked it yet is let pass.

    Where the hosts of the two pools do not reach each other, or the way demands it, machines go through this console,
    and what was said of that is returned. None of all else.

    Raises:
        NotPromotable: naming the machines for the same reason together, and what of them is in the way.
    """
    refused = [(journey, failure) for journey in journeys if (failure := _standing(journey, there)) is not None]
    cut_off = next((failure for _, failure in refused if failure.code in (*APART, DEMANDED)), None)
    if not refused or cut_off is not None:
        return cut_off
    first = refused[0][1]
    same = [(journey, failure) for journey, failure in refused if failure.code == first.code]
    names = tuple(f"“{shortened(journey.vm.name_label, 60)}”" for journey, _ in same)
    failed, mend = sentences(first.code, first.parameters)
    about = tuple(dict.fromkeys(name for _, failure in same for name in _named(failure, (inventory, there.inventory))))
    where = f" It is {listing(about)}." if about else ""
    others = len(refused) - len(same)
    more = f" {others} more cannot for other reasons." if others else ""
    raise NotPromotable(
        reason=f"XAPI does not let {listing(names)} go to pool {called(there)}: {failed}{where}{more}",
        mend=mend,
    )


def as_confirmed(plan: Plan) -> Told:
    """Return the answer on which a plan was made: whether hosts reach each other is not asked again under its lease.

    A stream does as well where they do by now. All else the run asks itself.
    """
    return not_reached if is_streamed(plan) else nothing_told


def as_demanded(edge: Transition, land: Land) -> Land:
    """Return the other pool as a way has it that lets machines go there through the console alone."""
    return replace(land, told=_demanded) if edge.as_stream else land


def parted(lands: Lands) -> Lands:
    """Return the same pools as they would be if no host reached one of another pool."""

    def land(pool: Uuid) -> Land | None:
        found = lands(pool)
        return None if found is None else replace(found, told=not_reached)

    return land


def not_reached(journey: Journey | None = None) -> PoolFailed:
    """Return what XAPI says where hosts of two pools do not reach each other."""
    del journey
    return PoolFailed(code=NO_CONTACT, method="VM.assert_can_migrate")


def _demanded(journey: Journey) -> PoolFailed:
    del journey
    return PoolFailed(code=DEMANDED, method="")


def _standing(journey: Journey, there: Land) -> PoolFailed | None:
    """Return what was refused, unless a run would wait for its end, or lifts what was in the way."""
    failure = there.told(journey)
    if failure is None or failure.code in PASSING:
        return None
    return None if failure.code == BLOCKED and "migrate_send" in own_blocks(journey.vm) else failure


def _named(failure: PoolFailed, inventories: Iterable[Inventory]) -> list[str]:
    """Return what XAPI's parameters point at, by its kind and name."""
    refs = [Ref(parameter) for parameter in failure.parameters]
    nics = [nic for inventory in inventories for ref in refs if (nic := inventory.get(VIF, ref)) is not None]
    found = [f"interface {nic.device}" for nic in nics]
    for kind, word in NAMED:
        for inventory in inventories:
            held = (inventory.get(kind, ref) for ref in refs)
            found += [f"{word} “{shortened(str(getattr(one, 'name_label', '')), 60)}”" for one in held if one]
    return found


def grounds(vm: VM, inventory: Inventory) -> tuple[Record, ...]:
    """Return what an answer is about: once one of these is another record, the question has to be asked anew."""
    snapshots = [one for one in (inventory.get(VM, ref) for ref in vm.snapshots) if one is not None]
    return (vm, *(disk for one in (vm, *snapshots) for disk in disks_of(inventory, one)))
