"""`xsconsole pool serve`: the command line of the embedded pool, and its life as a process."""

import argparse
import asyncio
import gc
import json
import logging
import os
import signal
import ssl
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from xsconsole.simpool import control, operations, recovery, roles, scenario, statefile, users
from xsconsole.simpool.behaviours import HANDLERS
from xsconsole.simpool.churn import Churn
from xsconsole.simpool.clock import Clock
from xsconsole.simpool.dispatch import Dispatcher
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import load
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.server import Site
from xsconsole.simpool.statefile import Kept, StateFile, StateUnusable

ADDRESS = "127.0.0.1"
SHUTDOWN_S = 0.2
POOL = "pool"
SCENARIOS = tuple(scenario.SCENARIOS)


class CannotServe(Exception):
    """The command line asks for what cannot be; the text is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    scenario: str
    hosts: int | None
    vms: int | None
    port: int
    speed: float
    seed: int
    churn: float
    faults: Path | None
    state: Path | None
    tls: bool
    with_parent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How the host proves who it is."""

    context: ssl.SSLContext
    fingerprint: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve pools until told to stop; return the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    options = _options(arguments)
    status = 0
    try:
        asyncio.run(_serve(options))
    except* (CannotServe, StateUnusable, OSError) as group:
        for failure in group.exceptions:
            sys.stderr.write(f"xsconsole pool serve: {failure}\n")
        status = 1
    return status


def make_pool(options: Options) -> Pool:
    """Return a new pool that can be served.

    Raises:
        CannotServe: the scenario has no place for so many hosts or VMs.
    """
    pool = Pool(load(), clock=Clock(speed=options.speed), seed=options.seed, refresh=operations.refresh)
    try:
        scenario.build(pool, name=options.scenario, hosts=options.hosts, vms=options.vms)
    except ValueError as failure:
        raise CannotServe(str(failure)) from failure
    except XapiError as failure:
        text = " ".join(failure.description)
        raise CannotServe(f"the scenario has no room for so many VMs: {text}") from failure
    roles.furnish(pool.db)
    users.admit(pool)
    return pool


def restore_pool(options: Options, state: StateFile, kept: Kept) -> Pool:
    """Return a pool as it is in a state file.

    Raises:
        StateUnusable: the file is damaged.
    """
    seed = kept.facts.get("seed")
    if not isinstance(seed, int):
        raise StateUnusable(f"{options.state} is damaged: the pool {kept.name} has no seed")
    clock = Clock(speed=options.speed)
    pool = Pool(load(), clock=clock, seed=seed, refresh=operations.refresh, life=kept.generation)
    state.restore(pool.db, kept)
    users.admit(pool)
    return pool


def _pool_and_state(options: Options) -> tuple[Pool, StateFile | None]:
    if options.state is None:
        return make_pool(options), None
    if options.state.exists():
        state = statefile.open_state(options.state)
        pools = [restore_pool(options, state, kept) for kept in state.pools()]
        if not pools:
            raise StateUnusable(f"{options.state} is damaged: there is no pool in it")
        recovery.recover(pools[0])
        return pools[0], state
    pool = make_pool(options)
    facts = {"seed": pool.seed, "scenario": options.scenario}
    return pool, statefile.create(options.state, {POOL: (facts, pool.db)})


async def _serve(options: Options) -> None:
    with _without_collecting():
        pool, state = _pool_and_state(options)
    controlled = control.Controlled(pool=pool, churn=Churn(pool), save=_saver(pool, state))
    if options.faults is not None:
        for command in _commands(options.faults):
            await _prepare(controlled, command, options.faults)
    dispatcher = Dispatcher(pool, HANDLERS)
    server = web.Server(Site(controlled, dispatcher).answer, access_log=None)
    loop = asyncio.get_running_loop()
    tls = _tls(options) if options.tls else None
    context = tls.context if tls is not None else None
    listener = await loop.create_server(server, ADDRESS, options.port, backlog=1024, ssl=context)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if options.with_parent:
        threading.Thread(target=_stop_with_parent, args=(loop, stopped), daemon=True).start()
    port = listener.sockets[0].getsockname()[1]
    try:
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(_keep(pool, state))
            if options.churn:
                controlled.churn.start(options.churn, seed=options.seed)
            _introduce(_description(pool, port, tls))
            await stopped.wait()
            keeping.cancel()
    finally:
        controlled.churn.stop()
        listener.close()
        await dispatcher.close()
        await server.shutdown(SHUTDOWN_S)
        if state is not None:
            await state.save({POOL: pool.db})
            state.close()


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


async def _prepare(controlled: control.Controlled, command: object, path: Path) -> None:
    try:
        await control.obey(controlled, command)
    except control.UnknownCommand as failure:
        raise CannotServe(f"a command in {path} cannot be carried out: {failure}") from failure


def _saver(pool: Pool, state: StateFile | None) -> control.Save:
    async def save() -> None:
        if state is None:
            raise control.UnknownCommand("the pool is served without --state")
        await state.save({POOL: pool.db})

    return save


async def _keep(pool: Pool, state: StateFile | None) -> None:
    if state is not None:
        await state.keep({POOL: pool.db})


def _tls(options: Options) -> Tls:
    """Return the host's certificate; a pool with a state file keeps it beside that, so that clients know it again."""
    # It takes long to import, and most pools are served without it.
    from xsconsole.simpool import certificates  # noqa: PLC0415

    kept = options.state.with_name(f"{options.state.name}.pem") if options.state is not None else None
    pem = kept.read_bytes() if kept is not None and kept.exists() else certificates.make_certificate(ADDRESS)
    if kept is not None and not kept.exists():
        kept.touch(mode=0o600)
        kept.write_bytes(pem)
    return Tls(context=certificates.server_context(pem), fingerprint=certificates.fingerprint(pem))


def _description(pool: Pool, port: int, tls: Tls | None) -> dict[str, object]:
    url = f"{'http' if tls is None else 'https'}://{ADDRESS}:{port}"
    admitted = pool.sessions.users
    return {
        "name": pool.db.get("pool", pool.ref, "name_label"),
        "url": url,
        "user": users.SUPERUSER,
        "password": admitted[users.SUPERUSER].password,
        "fingerprint": None if tls is None else tls.fingerprint,
        "control": url + control.PATH,
        "users": [
            {"user": user.name, "password": user.password, "role": user.role.value} for user in admitted.values()
        ],
    }


def _introduce(description: dict[str, object]) -> None:
    sys.stdout.write(json.dumps({"pools": [description]}) + "\n")
    sys.stdout.flush()


def _stop_with_parent(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Wait until who started this process has closed our standard input, also by dying."""
    # Not through the buffered reader: its lock, held by this thread, would break the interpreter's end.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(stopped.set)


def _options(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="xsconsole pool serve", description="Serve simulated pools on loopback.")
    parser.add_argument("--scenario", choices=SCENARIOS, default="acme")
    parser.add_argument("--hosts", type=int, help="number of hosts, instead of the scenario's")
    parser.add_argument("--vms", type=int, help="number of VMs, instead of the scenario's")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast as ours the pool's time runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--churn", type=float, default=0.0, metavar="N", help="change N objects a second, for ever")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="JSON list of commands of the control endpoint")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep the pool in this file from one time to the next"
    )
    parser.add_argument("--tls", action="store_true", help="https with a certificate that the host signs itself")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    given = parser.parse_args(arguments)
    if given.speed <= 0:
        parser.error("--speed must be above 0")
    if given.churn < 0:
        parser.error("--churn must not be below 0")
    return Options(**vars(given))
