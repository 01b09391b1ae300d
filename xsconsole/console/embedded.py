"""Starts the embedded pool as a process of its own, for the demo. It ends with this one."""

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import XenAPI

from xsconsole.console.launch import own_command
from xsconsole.console.values import Connection, Secret
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, newest
from xsconsole.errors import ConnectFailed

END_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """Where an embedded pool is, and who may log in."""

    connection: Connection
    password: Secret
    control_url: str


class EmbeddedPool:
    """A process that serves a pool on a free port of loopback. It starts while the caller does other things."""

    def __init__(self, *options: str, log: Path | None = None) -> None:
        """Start `xsconsole pool serve` with these options; `log` takes what it says."""
        self._command = own_command("pool", "serve", "--with-parent", *options)
        self._log = log
        self._introduction: asyncio.Future[tuple[Introduction, ...]] | None = None
        with (log or Path(os.devnull)).open("ab") as errors:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
            )

    async def introduced(self) -> Introduction:
        """Wait until the pool serves; may be asked more than once.

        Raises:
            ConnectFailed: it did not come up.
        """
        return (await self._introduced())[0]

    async def others(self) -> tuple[Introduction, ...]:
        """Return the pools that the same process serves beside the first.

        Raises:
            ConnectFailed: it did not come up.
        """
        return (await self._introduced())[1:]

    async def _introduced(self) -> tuple[Introduction, ...]:
        if self._introduction is None:
            self._introduction = asyncio.ensure_future(self._read_introduction())
        return await self._introduction

    async def _read_introduction(self) -> tuple[Introduction, ...]:
        assert self._process.stdout is not None
        line = await asyncio.to_thread(self._process.stdout.readline)
        try:
            pools = json.loads(line)["pools"]
            return tuple(map(_introduction_of, pools))
        except (ValueError, LookupError) as failure:
            raise ConnectFailed(
                url=" ".join(self._command),
                reason="The embedded pool did not start.",
                mend=f"Its words are in {self._log}." if self._log else "Start `xsconsole pool serve` to see why.",
            ) from failure

    def stop(self) -> None:
        """End the process; one that does not listen is killed."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.terminate()
        try:
            self._process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _introduction_of(pool: Mapping[str, Any]) -> Introduction:
    return Introduction(
        connection=Connection(url=pool["url"], user=pool["user"], fingerprint=pool["fingerprint"]),
        password=Secret(pool["password"]),
        control_url=pool["control"],
    )


async def stages_on_pool(pool: Introduction) -> Mapping[str, frozenset[str]]:
    """Ask the pool itself in which stages the members of each configuration stand, by the configuration's name.

    It goes another road than the console does: the plain package over XML-RPC, with a log-in of its own.
    """
    return await asyncio.to_thread(_stages, pool)


def _stages(pool: Introduction) -> Mapping[str, frozenset[str]]:
    session = XenAPI.Session(pool.connection.url)
    session.xenapi.login_with_password(pool.connection.user, pool.password.reveal(), "1.0", "xsconsole check")
    try:
        records: Mapping[str, Any] = session.xenapi.VM.get_all_records()
    finally:
        session.xenapi.session.logout()
        session("close")()
    stages: dict[str, frozenset[str]] = {}
    for record in records.values():
        _, value = newest(record["other_config"], MEMBER_STEM, MemberValue)
        if value is not None and not record["is_a_snapshot"] and value.vm == record["uuid"]:
            stages[value.name] = stages.get(value.name, frozenset()) | {value.stage}
    return stages
