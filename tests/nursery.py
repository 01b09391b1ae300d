"""Embedded pools as processes that start without loading the program each time.

One process per run of pytest has the program loaded and splits off another for each pool: it runs the same `main` with
the same arguments, streams, folder and variables as a program of its own would. Loading is most of a pool's start, and
a run starts hundreds. What begins with the program itself is tried in `simpool/test_wire_process.py`.
"""

import functools
import gc
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

LONGEST_REQUEST_BYTES = 128 * 1024
STANDARD_ERROR = 2


class Child:
    """A process that was split off, to be used as a `subprocess.Popen` with pipes for text."""

    def __init__(self, stdin: IO[str], stdout: IO[str], told: IO[str]) -> None:
        self.stdin: IO[str] | None = stdin
        self.stdout = stdout
        self.pid = int(told.readline())
        self.returncode: int | None = None
        self._told = told
        # Unlike its number, this never comes to mean another process.
        self._process = os.pidfd_open(self.pid)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def wait(self, timeout: float) -> int:
        """Return the exit status, negative for a signal; raises as that of `Popen` does."""
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("the embedded pool", timeout)
            self.returncode = int(self._told.readline())
        return self.returncode

    def communicate(self, timeout: float) -> None:
        """Read what it still says, wait for its end, and close everything."""
        if self.stdin is not None:
            self.stdin.close()
        self.stdout.read()
        self.wait(timeout)
        self.stdout.close()
        self._told.close()
        os.close(self._process)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, number)


def split_off(arguments: Sequence[str]) -> Child:
    """Run `python -m xsconsole.simpool ARGUMENTS` without the loading."""
    (its_stdin, stdin), (stdout, its_stdout), (told, its_telling) = os.pipe(), os.pipe(), os.pipe()
    request = {"arguments": list(arguments), "folder": os.getcwd(), "variables": dict(os.environ)}
    socket.send_fds(_nursery()[0], [json.dumps(request).encode()], (its_stdin, its_stdout, STANDARD_ERROR, its_telling))
    for end in (its_stdin, its_stdout, its_telling):
        os.close(end)
    return Child(os.fdopen(stdin, "w"), os.fdopen(stdout), os.fdopen(told))


@functools.cache
def _nursery() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that has the program loaded; it ends when the socket is closed, also by our death."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        command = [sys.executable, "-P", __file__, str(its.fileno())]
        return ours, subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[its.fileno()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a process that was just split off has to know."""

    request: Mapping[str, Any]
    streams: Sequence[int]


def _tend(asked: socket.socket) -> Birth | None:
    """Split off what is asked for until nobody can ask any more; what is split off gets its `Birth` instead."""
    with asked, selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.data is not None:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    _tell_the_end(*key.data)
                    continue
                request, ends, _, _ = socket.recv_fds(asked, LONGEST_REQUEST_BYTES, 4)
                if not request:
                    return None
                *streams, telling = ends
                if not (child := os.fork()):
                    return Birth(request=json.loads(request), streams=streams)
                for end in streams:
                    os.close(end)
                os.write(telling, b"%d\n" % child)
                selector.register(os.pidfd_open(child), selectors.EVENT_READ, (child, telling))


def _settle_in(birth: Birth) -> None:
    """Take the streams, the folder and the variables of who asked, and keep nothing else."""
    for number, end in enumerate(birth.streams):
        os.dup2(end, number)
    os.closerange(len(birth.streams), os.sysconf("SC_OPEN_MAX"))
    os.chdir(birth.request["folder"])
    os.environ.clear()
    os.environ.update(birth.request["variables"])
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _tell_the_end(child: int, telling: int) -> None:
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(BrokenPipeError), os.fdopen(telling, "w") as told:
        told.write(f"{status}\n")


def _load_and_tend() -> int:
    from xsconsole.simpool import model, program

    model.load()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    birth = _tend(socket.socket(fileno=int(sys.argv[1])))
    if birth is None:
        return 0
    _settle_in(birth)
    return program.main(birth.request["arguments"])


if __name__ == "__main__":
    sys.exit(_load_and_tend())
