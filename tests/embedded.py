"""The embedded pool as a child process, for everybody's tests."""

import json
import os
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import XenAPI
from nursery import STANDARD_ERROR, Child, Program, split_off

START_DEADLINE_S = 30.0
STOP_DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedHost:
    """A host of such a pool; its certificate's fingerprint where it has one."""

    name: str
    address: str
    url: str
    fingerprint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPool:
    """A pool that is being served by a process of its own, perhaps beside others."""

    name: str
    part: str
    hosts: tuple[EmbeddedHost, ...]
    url: str
    user: str
    password: str
    control_url: str
    passwords: Mapping[str, str]
    roles: Mapping[str, str]
    fingerprint: str | None
    lifeline: IO[str]
    process: Child

    @property
    def _trust(self) -> ssl.SSLContext | None:
        """What these helpers hold of the pool's certificate: nothing, since it is signed by itself."""
        return ssl._create_unverified_context() if self.fingerprint else None

    def control(self, do: str, **arguments: object) -> Any:
        """Give the pool a command, such as `control("fail", method="VM.snapshot", nth=3, code="SR_FULL")`."""
        request = urllib.request.Request(
            self.control_url,
            data=json.dumps({"do": do, **arguments}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=START_DEADLINE_S, context=self._trust) as answer:
            return json.load(answer)

    def calls(self) -> list[dict[str, Any]]:
        """Return the calls served since the last time: `method`, `params`, `user`, `outcome`."""
        found: list[dict[str, Any]] = self.control("log")["calls"]
        return found

    @contextmanager
    def plain_session(self, user: str | None = None) -> Iterator[Any]:
        """A session of the PyPI package as it is, logged in over XML-RPC and logged out at the end."""
        with self.lasting_session(user) as session:
            try:
                yield session
            finally:
                session.xenapi.session.logout()

    @contextmanager
    def lasting_session(self, user: str | None = None, *, url: str | None = None) -> Iterator[Any]:
        """Such a session that nobody logs out, for a pool that does not live to see it."""
        name = user or self.user
        session = XenAPI.Session(url or self.url, ignore_ssl=True)
        try:
            session.xenapi.login_with_password(name, self.passwords[name], "1.0", "tests")
            yield session
        finally:
            session("close")()

    def stop(self) -> None:
        """Let the pool end by itself, and write its state file if it has one."""
        self.process.terminate()
        assert self.process.wait(STOP_DEADLINE_S) == 0

    def kill(self) -> None:
        """Let the pool die as in a power cut."""
        self.process.kill()
        self.process.wait(STOP_DEADLINE_S)


@contextmanager
def embedded_pool(*arguments: str) -> Iterator[EmbeddedPool]:
    """Serve pools as below, of which one is enough."""
    with embedded_pools(*arguments) as pools:
        yield pools[0]


@contextmanager
def embedded_pools(*arguments: str) -> Iterator[tuple[EmbeddedPool, ...]]:
    """Serve pools on a free port, with the arguments of `xsconsole pool serve`, until the end of the block."""
    (its_stdin, stdin), (stdout, its_stdout) = os.pipe(), os.pipe()
    process = split_off(Program.POOL, ["--with-parent", *arguments], (its_stdin, its_stdout, STANDARD_ERROR))
    os.close(its_stdin)
    os.close(its_stdout)
    with os.fdopen(stdin, "w") as lifeline, os.fdopen(stdout) as said:
        try:
            yield _introduced(said.readline(), lifeline, process)
        finally:
            process.end(STOP_DEADLINE_S)


def _introduced(line: str, lifeline: IO[str], process: Child) -> tuple[EmbeddedPool, ...]:
    assert line, "the embedded pool ended before it said where it listens; its reason is on standard error"
    return tuple(_pool(pool, lifeline, process) for pool in json.loads(line)["pools"])


def _pool(pool: Mapping[str, Any], lifeline: IO[str], process: Child) -> EmbeddedPool:
    return EmbeddedPool(
        name=pool["name"],
        part=pool["part"],
        hosts=tuple(EmbeddedHost(**host) for host in pool["hosts"]),
        url=pool["url"],
        user=pool["user"],
        password=pool["password"],
        control_url=pool["control"],
        passwords={user["user"]: user["password"] for user in pool["users"]},
        roles={user["user"]: user["role"] for user in pool["users"]},
        fingerprint=pool["fingerprint"],
        lifeline=lifeline,
        process=process,
    )
