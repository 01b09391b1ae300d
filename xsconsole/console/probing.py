"""What this console's machine can try for a gate: an address, a script of its owner's, a request.

A workflow comes from the pool, and whoever may publish one must not thereby run programs here: a script is only ever
one that lies in the home's own folder `gate-scripts`, named without a path.
"""

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import urllib3

from xsconsole.console.apart import apart
from xsconsole.domain.gates import Answer
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import duration

SCRIPTS = "gate-scripts"
OUTPUT_LIMIT_BYTES = 64 * 1024
TOLD_LIMIT = 300
ENDING_S = 5.0
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "SystemRoot", "TEMP", "TMP")


def why_no_script(folder: Path, argv: Sequence[str]) -> str:
    """Return why the script that a gate names cannot be run out of `folder`; empty where it can."""
    if not argv:
        return "The gate names no script."
    name = argv[0]
    script = folder / name
    if Path(name).name != name or name in (".", "..") or not script.is_file():
        return f"There is no script “{shortened(name, 60)}” in {folder}; only what lies there is run, so put it there."
    if not os.access(script, os.X_OK):
        return f"{shortened(name, 60)} cannot be started: permission denied. Make it executable."
    return ""


class LocalProber:
    """Tries things from here; every answer is a sentence, and nothing raises for what it finds."""

    def __init__(self, home: Path) -> None:
        self._scripts = home / SCRIPTS

    async def reach(self, address: str, port: int | None, timeout_s: float) -> Answer:
        """Open a TCP connection, or ping where no port is given."""
        if port is None:
            return await self._ping(address, timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                _, writer = await asyncio.open_connection(address, port)
        except TimeoutError:
            return Answer(is_met=False, sentence=f"{address} port {port} does not answer.")
        except OSError as failure:
            return Answer(is_met=False, sentence=f"{address} port {port}: {_reason(failure)}.")
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return Answer(is_met=True, sentence=f"{address} port {port} answers.")

    async def _ping(self, address: str, timeout_s: float) -> Answer:
        program = shutil.which("ping")
        if program is None:
            return Answer(is_met=False, sentence="This machine has no ping program; give the gate a TCP port.")
        count = "-n" if os.name == "nt" else "-c"
        status, _ = await self._run([program, count, "1", address], None, timeout_s)
        if status == 0:
            return Answer(is_met=True, sentence=f"{address} answers to ping.")
        return Answer(is_met=False, sentence=f"{address} does not answer to ping.")

    async def run_script(self, argv: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> Answer:
        """Run a program of the home's own folder, without a shell; it is met where it ends with 0."""
        why_not = why_no_script(self._scripts, argv)
        if why_not:
            return Answer(is_met=False, sentence=why_not)
        name, script = argv[0], self._scripts / argv[0]
        inherited = {key: os.environ[key] for key in INHERITED if key in os.environ}
        try:
            status, told = await self._run([str(script), *argv[1:]], {**inherited, **environment}, timeout_s)
        except OSError as failure:
            mend = " Make it executable." if isinstance(failure, PermissionError) else ""
            reason = f"{shortened(name, 60)} cannot be started: {_reason(failure)}.{mend}"
            return Answer(is_met=False, sentence=reason)
        last = f" It said: {told}" if told else ""
        if status is None:
            sentence = f"{shortened(name, 60)} did not end in {round(timeout_s)} s and was stopped.{last}"
            return Answer(is_met=False, sentence=sentence)
        how = f"ended with {status}" if status >= 0 else f"was ended by {_signal(-status)}"
        return Answer(is_met=status == 0, sentence=f"{shortened(name, 60)} {how}.{last}")

    async def _run(
        self, argv: Sequence[str], environment: Mapping[str, str] | None, timeout_s: float
    ) -> tuple[int | None, str]:
        """Return the status, None where it had to be ended, and the end of what it said."""
        process = _started(argv, environment)
        try:
            status, told = await asyncio.to_thread(_ended, process, timeout_s)
        except asyncio.CancelledError:
            _end(process)  # its thread sees that and ends
            raise
        lines = told.decode(errors="replace").strip().splitlines()
        return status, shortened(" / ".join(lines[-3:]), TOLD_LIMIT)

    async def request(self, method: str, url: str, timeout_s: float) -> Answer:
        """Make one request and follow nothing; it is met by a status from 200 to 299."""
        shown = shortened(url, 120)
        late = Answer(is_met=False, sentence=f"{shown} does not answer: it took longer than {duration(timeout_s)}.")

        def ask() -> Answer:
            try:
                status = _status_of(method, url, timeout_s)
            except urllib3.exceptions.HTTPError as failure:
                why = f"{shown} does not answer: {_why(failure)}."
                return late if _is_timeout(failure) else Answer(is_met=False, sentence=why)
            return Answer(is_met=200 <= status < 300, sentence=f"{shown} answered {status}.")

        try:
            return await apart(ask, timeout_s, "web request")
        except TimeoutError:
            return late


def _started(argv: Sequence[str], environment: Mapping[str, str] | None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        argv,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=os.name != "nt",
    )


def _ended(process: "subprocess.Popen[bytes]", timeout_s: float) -> tuple[int | None, bytes]:
    """Wait for the end, end it and all that it started, and return its status with the end of what it said."""
    kept = bytearray()
    reader = threading.Thread(target=_read_end, args=(process, kept), daemon=True)
    reader.start()
    status: int | None = None
    with contextlib.suppress(subprocess.TimeoutExpired):
        status = process.wait(timeout_s)
    _end(process)
    process.wait()
    reader.join(ENDING_S)
    return status, bytes(kept)


def _read_end(process: "subprocess.Popen[bytes]", kept: bytearray) -> None:
    assert process.stdout is not None
    with process.stdout:
        while piece := os.read(process.stdout.fileno(), 8192):
            kept += piece
            del kept[:-OUTPUT_LIMIT_BYTES]


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name != "nt":
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()


def _reason(failure: OSError) -> str:
    """Return what the system says of it; asyncio puts words of its own, with the address again, around the number."""
    said = failure.strerror or str(failure)
    if failure.errno is not None and failure.errno in errno.errorcode:
        said = os.strerror(failure.errno)
    return shortened(said, 100).lower()


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _why(failure: BaseException) -> str:
    """Return what the system said, where that is at the bottom of it."""
    below = next((each for each in _downwards(failure) if isinstance(each, OSError) and each.strerror), None)
    return shortened(str(failure), 200) if below is None else str(below.strerror).lower()


def _is_timeout(failure: BaseException) -> bool:
    return any(isinstance(each, TimeoutError) for each in _downwards(failure))


def _downwards(failure: BaseException) -> Iterator[BaseException]:
    below: BaseException | None = failure
    while below is not None:
        yield below
        below = below.__cause__ or below.__context__


def _status_of(method: str, url: str, timeout_s: float) -> int:
    with urllib3.PoolManager(retries=False, timeout=timeout_s) as manager:
        answer = manager.request(method, url, redirect=False, preload_content=False)
        try:
            return int(answer.status)
        finally:
            answer.close()
