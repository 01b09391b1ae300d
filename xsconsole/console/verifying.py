"""Checks the audit of a home in a process of its own: a long chain would hold the interpreter, and so the window."""

import asyncio
import subprocess
import threading
from pathlib import Path

import msgspec

from xsconsole.console.launch import own_command
from xsconsole.domain.record import Verdict
from xsconsole.errors import StoreFailed


async def verified_apart(home: Path) -> tuple[Verdict, ...]:
    """Return a verdict on each check of the whole chain. Being cancelled ends the process.

    Raises:
        StoreFailed: it could not be checked.
    """
    check = _Check(own_command("audit", "verify", "--json", "--is-recorded", "--home", str(home)))
    try:
        said, complaint = await asyncio.to_thread(check.run)
    except asyncio.CancelledError:
        check.stop()
        raise
    try:
        return tuple(Verdict(**found) for found in msgspec.json.decode(said))
    except (msgspec.DecodeError, TypeError) as failure:
        reason = complaint.decode(errors="replace").strip().removeprefix("xsconsole: ")
        raise StoreFailed(path=str(home), reason=f"The audit could not be verified. {reason}".strip()) from failure


class _Check:
    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def run(self) -> tuple[bytes, bytes]:
        """Return what the process said on both ways. On a thread: asyncio's own do not work on every loop."""
        with self._lock:
            if self._is_stopped:
                return b"", b""
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        return self._process.communicate()

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                self._process.kill()
