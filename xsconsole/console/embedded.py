"""Starts the embedded pool as a process of its own, for the demo. It ends with this one."""

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xsconsole.console.launch import own_command
from xsconsole.console.values import Connection, Secret
from xsconsole.errors import ConnectFailed

START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPool:
    """A running embedded pool: where it is, and who may log in."""

    connection: Connection
    password: Secret
    control_url: str
    process: subprocess.Popen[str]

    async def stop(self) -> None:
        """End the process; one that does not listen is killed."""
        await asyncio.to_thread(_end, self.process)


async def start_embedded_pool(*options: str, log: Path | None = None) -> EmbeddedPool:
    """Start `xsconsole pool serve` with these options on a free port of loopback; `log` takes what it says.

    Raises:
        ConnectFailed: it did not come up; the reason has its last words.
    """
    command = own_command("pool", "serve", "--with-parent", *options)
    return await asyncio.to_thread(_start, command, log)


def _start(command: Sequence[str], log: Path | None) -> EmbeddedPool:
    with (log or Path(os.devnull)).open("ab") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8"
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        pool = json.loads(line)["pools"][0]
    except (ValueError, LookupError) as failure:
        _end(process)
        raise ConnectFailed(
            url=" ".join(command),
            reason=f"The embedded pool did not start (exit status {process.returncode}).",
            mend=f"Its words are in {log}." if log else "Start `xsconsole pool serve` by hand to see why.",
        ) from failure
    return EmbeddedPool(
        connection=Connection(url=pool["url"], user=pool["user"], fingerprint=pool["fingerprint"]),
        password=Secret(pool["password"]),
        control_url=pool["control"],
        process=process,
    )


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    process.terminate()
    try:
        process.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
