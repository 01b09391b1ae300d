"""`xsconsole pool serve`: the command line of the embedded pool, and its life as a process."""

import argparse
import asyncio
import json
import logging
import random
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from xsconsole.simpool import control, operations, roles, scenario
from xsconsole.simpool.behaviours import HANDLERS
from xsconsole.simpool.clock import Clock
from xsconsole.simpool.dispatch import Dispatcher
from xsconsole.simpool.model import load
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import Role
from xsconsole.simpool.server import Site
from xsconsole.simpool.sessions import User

ADDRESS = "127.0.0.1"
SUPERUSER = "root"
SHUTDOWN_S = 0.2
SCENARIOS = ("acme", "empty")
DOMAIN = "acme.example"

_SUBJECTS = {
    "adam": Role.POOL_ADMIN,
    "alice": Role.POOL_OPERATOR,
    "bob": Role.VM_POWER_ADMIN,
    "carol": Role.VM_ADMIN,
    "dave": Role.VM_OPERATOR,
    "eve": Role.READ_ONLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    scenario: str
    hosts: int | None
    vms: int | None
    port: int
    speed: float
    seed: int
    faults: Path | None
    with_parent: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve pools until told to stop; return the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    options = _options(arguments)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(options))
    return 0


def make_pool(options: Options) -> Pool:
    """Return a pool that is furnished and can be served."""
    pool = Pool(load(), clock=Clock(speed=options.speed), seed=options.seed, refresh=operations.refresh)
    scenario.build(pool, name=options.scenario, hosts=options.hosts, vms=options.vms)
    roles.furnish(pool.db)
    _add_users(pool)
    return pool


async def _serve(options: Options) -> None:
    pool = make_pool(options)
    for command in json.loads(options.faults.read_text(encoding="utf-8")) if options.faults else ():
        control.obey(pool, command)
    dispatcher = Dispatcher(pool, HANDLERS)
    server = web.Server(Site(pool, dispatcher).answer, access_log=None)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(server, ADDRESS, options.port, backlog=1024)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if options.with_parent:
        threading.Thread(target=_stop_with_parent, args=(loop, stopped), daemon=True).start()
    port = listener.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps({"pools": [_description(pool, port)]}) + "\n")
    sys.stdout.flush()
    await stopped.wait()
    listener.close()
    await dispatcher.close()
    await server.shutdown(SHUTDOWN_S)


def _description(pool: Pool, port: int) -> dict[str, object]:
    url = f"http://{ADDRESS}:{port}"
    users = pool.sessions.users
    return {
        "name": pool.db.get("pool", pool.ref, "name_label"),
        "url": url,
        "user": SUPERUSER,
        "password": users[SUPERUSER].password,
        "fingerprint": None,
        "control": url + control.PATH,
        "users": [{"user": user.name, "password": user.password, "role": user.role.value} for user in users.values()],
    }


def _add_users(pool: Pool) -> None:
    """Create root and the subjects of a directory that exists only here."""
    pool.sessions.add_user(User(name=SUPERUSER, password=_password(pool.seed, SUPERUSER), role=Role.POOL_ADMIN))
    for number, (name, role) in enumerate(_SUBJECTS.items(), start=1101):
        identifier = f"S-1-5-21-1004336348-1177238915-682003330-{number}"
        subject = pool.db.create(
            "subject",
            subject_identifier=identifier,
            other_config={
                "subject-name": f"{DOMAIN}\\{name}",
                "subject-upn": f"{name}@{DOMAIN}",
                "subject-displayname": name.capitalize(),
                "subject-is-group": "false",
            },
            roles=tuple(pool.db.find("role", name_label=role.value)),
        )
        pool.sessions.add_user(
            User(name=name, password=_password(pool.seed, name), role=role, subject=subject, identifier=identifier)
        )


def _password(seed: int, name: str) -> str:
    """Return a password that is the same again for the same seed: the pool is a toy, and says it on its first line."""
    return f"{name}-{random.Random(f'{seed}:{name}').getrandbits(32):08x}"


def _stop_with_parent(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Wait until who started this process has closed our standard input, also by dying."""
    while sys.stdin.buffer.read(4096):
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
    parser.add_argument("--faults", type=Path, help="JSON list of commands of the control endpoint")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    given = parser.parse_args(arguments)
    if given.speed <= 0:
        parser.error("--speed must be above 0")
    return Options(**vars(given))
