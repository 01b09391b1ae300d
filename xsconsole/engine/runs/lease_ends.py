"""The end of lease counters: keys of what is gone go, and no number of theirs is given again.

Numbers of a lease must never come back. A console that looked long ago may add the number after the one that it saw
then, or take away those that it saw: such a number may hold nothing by now, and such a key may be nobody's any more.
So before keys go, the *floor* of the pool rises to the number after their highest, and whatever is taken from then on
gets a number above the floor. The floor is a numbered key like any other, `lease.floor.<n>`: the highest counts.
"""

from collections.abc import Mapping
from dataclasses import replace

from xsconsole.domain.blueprint.standing import RETIRED_PREFIX
from xsconsole.domain.board import Board
from xsconsole.domain.poolstate import (
    PREFIX,
    LeaseValue,
    RunRecord,
    configuration_thing,
    decode_run,
    encode,
    lease_stem,
    numbers,
    slot_thing,
    stage_thing,
)
from xsconsole.domain.run_kinds import RunKind
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.engine.runs.watch import LEASE_PREFIX, LeaseWatch
from xsconsole.engine.values import insist

FLOOR = "floor"  # a thing that nobody leases
ENDING = frozenset({RunKind.DISSOLVE, RunKind.DELETE, RunKind.UNDEPLOY, RunKind.RETIRE, RunKind.PROVE})
SLOT = "slot"
NAMED = frozenset({"configuration", "archive", "blueprint"})  # things whose keys have the id in their names
_RUN_PREFIX = PREFIX + "run."
_GROUND = LeaseValue(nonce="", console="", actor="", state="free", ttl_s=60)


def floor_of(keys: Mapping[str, str]) -> int:
    """Return the number above which leases are taken."""
    return next(iter(numbers(keys, lease_stem(FLOOR))), 0)


def spent(keys: Mapping[str, str], board: Board) -> tuple[str, ...]:
    """Return the things of which lease counters stand and nothing else does: no key, card, place or run."""
    things = {key.removeprefix(LEASE_PREFIX).rpartition(".")[0] for key in keys if key.startswith(LEASE_PREFIX)}
    if board.workflow is None or not things:
        return ()
    records = [decode_run(text) for key, text in keys.items() if key.startswith(_RUN_PREFIX)]
    needed = {configuration_thing(card) for card in board.cards}
    services = {card.service for card in board.cards.values()}
    for stage in {stage.id for stage in board.workflow.stages} | {card.stage for card in board.cards.values()}:
        needed |= {stage_thing(stage), *(slot_thing(stage, service) for service in services)}
    for record in records:
        if record is None:
            return ()  # what a run of a newer console needs is not known
        needed |= {*record.plan.leases, *record.plan.leases_abroad}
    others = "\n".join(key for key in keys if not key.startswith((LEASE_PREFIX, RETIRED_PREFIX)))
    found = []
    for thing in sorted(things - needed):
        kind, _, name = thing.partition(".")
        if kind == SLOT or (kind in NAMED and name and name not in others):
            found.append(thing)
    return tuple(found)


async def end_counters(
    pool: PoolPort, watch: LeaseWatch, heard: Mapping[str, str], board: Board, run: RunRecord
) -> None:
    """After a run, remove the counters of what is gone and nobody holds; `heard` is what was told of the pool's keys.

    Raises:
        PoolUnavailable, PoolFailed: some may be left, for whoever ends a run next.
    """
    if run.plan.intent.kind in ENDING:  # that it is gone may not have been told of yet
        ended = run.plan.intent.configuration
        others = {id_: card for id_, card in board.cards.items() if id_ != ended}
        await remove_spent(pool, watch, replace(board, cards=others))
    elif run.given or spent(heard, board):  # of ids as planned nothing is left but counters
        await remove_spent(pool, watch, board)


async def remove_spent(pool: PoolPort, watch: LeaseWatch, board: Board) -> None:
    """Remove the counters of what is gone by what the pool says now, unless somebody holds it."""
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    watch.look(keys)
    gone = [thing for thing in spent(keys, board) if watch.holder_of(thing) is None]
    if not gone:
        return
    standing = {thing: numbers(keys, lease_stem(thing)) for thing in gone}
    await _raise_floor(pool, keys, max(each[0] for each in standing.values()) + 1)
    for thing, each in standing.items():
        for number in reversed(each):  # the highest last: until then it is the one that counts
            await pool.remove_key(Field.POOL, f"{lease_stem(thing)}.{number}")


async def _raise_floor(pool: PoolPort, keys: Mapping[str, str], floor: int) -> None:
    if floor_of(keys) >= floor:
        return
    stem = lease_stem(FLOOR)
    await pool.add_key(Field.POOL, f"{stem}.{floor}", encode(_GROUND))  # one that stands already does as well
    for number in numbers(keys, stem):
        if number < floor:
            await pool.remove_key(Field.POOL, f"{stem}.{number}")
