"""How the pools of a process come to be: from a scenario, or from the file that keeps them."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from xsconsole.simpool import operations, recovery, roles, scenario, statefile, users
from xsconsole.simpool.clock import Clock
from xsconsole.simpool.depot import Depot
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import Model, load
from xsconsole.simpool.options import Options
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.statefile import Kept, StateFile, StateUnusable
from xsconsole.simpool.versions import RELEASES

_SEED_STEP = 7919


class CannotServe(Exception):
    """The command line asks for what cannot be; the text is for people."""


def found(options: Options) -> tuple[Mapping[str, Pool], StateFile | None]:
    """Return the pools by their part in the scenario, and the file that keeps them where there is to be one.

    To be called on the loop that will serve them.

    Raises:
        CannotServe: the scenario has no place for so many hosts or VMs.
        StateUnusable: the state file cannot be used.
    """
    model = load()
    if options.state is not None and options.state.exists():
        return _from_file(options, model)
    pools = {}
    for number, part in enumerate(scenario.SCENARIOS[options.scenario]):
        pools[part] = make_pool(options, model, number, part)
    if options.state is None:
        return pools, None
    kept = {part: (_facts(options, number, part), pool.db) for number, (part, pool) in enumerate(pools.items())}
    return pools, statefile.create(options.state, kept)


def make_pool(options: Options, model: Model, number: int = 0, part: str = "") -> Pool:
    """Return a new pool, the `number`th of its scenario; raises as `found` does."""
    facts = _facts(options, number, part)
    pool = _empty(options, model, facts, life=0, depot=Depot(_depot_path(options, part), is_new=True))
    try:
        scenario.build(pool, name=options.scenario, hosts=options.hosts, vms=options.vms, part=part)
    except ValueError as failure:
        raise CannotServe(str(failure)) from failure
    except sqlite3.Error as failure:  # what the disks of a new pool hold lies beside the state
        raise StateUnusable(f"cannot write the pool's state to {options.state}: {failure}") from failure
    except XapiError as failure:
        text = " ".join(failure.description)
        raise CannotServe(f"the scenario has no room for so many VMs: {text}") from failure
    roles.furnish(pool.db)
    users.admit(pool)
    pool.begin()
    return pool


def _from_file(options: Options, model: Model) -> tuple[Mapping[str, Pool], StateFile]:
    assert options.state is not None
    state = statefile.open_state(options.state)
    pools = {}
    for kept in state.pools():
        pool = _restored(options, model, state, kept)
        recovery.recover(pool)
        pools[kept.name] = pool
    if not pools:
        raise StateUnusable(f"{options.state} is damaged: there is no pool in it")
    return pools, state


def _restored(options: Options, model: Model, state: StateFile, kept: Kept) -> Pool:
    try:
        depot = Depot(_depot_path(options, kept.name))
        pool = _empty(options, model, kept.facts, life=kept.generation, depot=depot)
    except (KeyError, TypeError, ValueError) as failure:
        raise StateUnusable(f"{options.state} is damaged: nobody can tell what {kept.name} was") from failure
    state.restore(pool.db, kept)
    depot.keep_only(frozenset((*pool.db.refs("VDI"), *pool.db.refs("blob"))))
    users.admit(pool)
    pool.begin()
    return pool


def _facts(options: Options, number: int, part: str) -> Mapping[str, object]:
    """Return what a pool needs besides its objects to be the same again."""
    return {
        "seed": options.seed + _SEED_STEP * number,
        "version": options.version_of(part),
        "subnet": f"127.0.{number}",
    }


def _depot_path(options: Options, part: str) -> Path | None:
    return None if options.state is None else options.state.with_name(f"{options.state.name}.{part or 'pool'}.disks")


def _empty(options: Options, model: Model, facts: Mapping[str, object], *, life: int, depot: Depot) -> Pool:
    return Pool(
        model,
        clock=Clock(speed=options.speed),
        seed=int(str(facts["seed"])),
        refresh=operations.refresh,
        life=life,
        subnet=str(facts["subnet"]),
        release=RELEASES[str(facts["version"])],
        depot=depot,
    )
