"""`xsconsole pool serve`: the life of the embedded pools as a process."""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from xsconsole.simpool import control, control_wire, founding, hosting, options, users
from xsconsole.simpool.founding import CannotServe
from xsconsole.simpool.options import Options
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.serving import Served, identities
from xsconsole.simpool.statefile import StateFile, StateUnusable

_RARELY = (50_000, 20, 100)
"""How many objects come before Python looks for garbage: a large answer alone is made of hundreds of thousands."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve pools until told to stop; return the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    given = options.parse(arguments)
    status = 0
    try:
        asyncio.run(_serve(given))
    except* (CannotServe, StateUnusable, OSError) as group:
        for failure in group.exceptions:
            sys.stderr.write(f"xsconsole pool serve: {failure}\n")
        status = 1
    return status


async def _serve(given: Options) -> None:
    with _without_collecting():
        pools, state = founding.found(given)
    databases = {part: pool.db for part, pool in pools.items()}

    async def save() -> None:
        if state is None:
            raise control.UnknownCommand("the pools are served without --state")
        await state.save(databases)

    for pool in pools.values():
        pool.neighbours.pools = list(pools.values())
    known = identities(given, pools.values())
    served = [Served(part, pool, save=save, identities=known, files=given.web) for part, pool in pools.items()]
    commands = _commands(given.faults) if given.faults is not None else []
    stopped = _stopping(given)
    desk = hosting.Station("", hosting.FIRST, control_wire.desk({one.part: one.controlled for one in served}), None)
    try:
        await hosting.listen_all([tuple(one.stations.values()) for one in served], given.port)
        for one in served:
            one.tell_addresses()
        await desk.listen(0)
        for command in commands:
            await _prepare(served, command, given.faults)
        async with asyncio.TaskGroup() as group:
            keeping = [group.create_task(_keep(state, pools))]
            keeping += [group.create_task(pool.depot.tend(save)) for pool in pools.values()]
            if given.churn:
                served[0].controlled.churn.start(given.churn, seed=given.seed)
            _introduce(served, desk.url)
            await stopped.wait()
            for one_task in keeping:
                one_task.cancel()
    finally:
        await desk.end()
        for one in served:
            await one.end()
        if state is not None:
            await state.save(databases)
            state.close()
        for pool in pools.values():
            pool.depot.close()


def _stopping(given: Options) -> asyncio.Event:
    """Return what is set as soon as the process is to end."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if given.with_parent:
        threading.Thread(target=_stop_with_parent, args=(loop, stopped), daemon=True).start()
    return stopped


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Let Python look for garbage neither while a pool is made nor, later, in what it was made of.

    A look at the objects of a large pool takes longer than anybody should wait for an answer.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_RARELY)
        gc.enable()


def _commands(path: Path) -> list[object]:
    """Return the commands of a file.

    Raises:
        CannotServe: there are none in it.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as failure:
        raise CannotServe(f"{path} is no list of commands: {failure}") from failure
    if not isinstance(found, list):
        raise CannotServe(f"{path} is no list of commands")
    return found


async def _prepare(served: Sequence[Served], command: object, path: Path | None) -> None:
    """Carry out a command of a file, on the pool that it names, else on the first."""
    try:
        body = command if isinstance(command, dict) else {}
        part = body.get("pool", served[0].part)
        controlled = next((one.controlled for one in served if one.part == part), None)
        if controlled is None:
            raise control.UnknownCommand(f"there is no pool {part}")
        await control.obey(controlled, command)
    except control.UnknownCommand as failure:
        raise CannotServe(f"a command in {path} cannot be carried out: {failure}") from failure


async def _keep(state: StateFile | None, pools: Mapping[str, Pool]) -> None:
    if state is not None:
        await state.keep({part: pool.db for part, pool in pools.items()})


def _introduce(served: Sequence[Served], desk: str) -> None:
    described = [_description(one, f"{desk}{control_wire.PATH}/{one.part}") for one in served]
    sys.stdout.write(json.dumps({"pools": described}) + "\n")
    sys.stdout.flush()


def _description(one: Served, control_url: str) -> Mapping[str, object]:
    pool, coordinator = one.pool, one.stations[one.pool.coordinator]
    admitted = pool.sessions.users
    return {
        "name": pool.db.get("pool", pool.ref, "name_label"),
        "part": one.part,
        "version": pool.release.name,
        "url": coordinator.url,
        "user": users.SUPERUSER,
        "password": admitted[users.SUPERUSER].password,
        "fingerprint": one.fingerprints.get(coordinator.address),
        "control": control_url,
        "users": [
            {"user": user.name, "password": user.password, "role": user.role.value} for user in admitted.values()
        ],
        "hosts": [
            {
                "name": pool.db.get("host", host, "name_label"),
                "address": station.address,
                "url": station.url if station.port else None,
                "fingerprint": one.fingerprints.get(station.address),
            }
            for host, station in one.stations.items()
        ],
    }


def _stop_with_parent(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Wait until who started this process has closed our standard input, also by dying."""
    # Not through the buffered reader: its lock, held by this thread, would break the interpreter's end.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(stopped.set)
