"""Embedded pools, commands and feeds as processes that start without loading the program each time.

One process per run of pytest has a program loaded and splits off another for each start of it: that runs the same
`main` with the same arguments, streams, folder and variables as a program of its own would. Loading is most of the time
of such a start, and a run of the tests makes hundreds. The programs themselves are tried in
`simpool/test_wire_process.py` and in those tests of `cli` that stop a command half-way.
"""

import functools
import gc
import importlib
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import SimpleNamespace
from typing import IO, Any

LONGEST_REQUEST_BYTES = 128 * 1024
LONGEST_END_S = 60.0
STANDARD_ERROR = 2


class Program(StrEnum):
    """What can be split off, by the module that has its `main`."""

    POOL = "xsconsole.simpool.program"
    CONSOLE = "xsconsole_ui.__main__"
    FEED = "xsconsole.xapi.feed_child"


class Child:
    """A process that was split off, to be used as a `subprocess.Popen`."""

    def __init__(self, told: IO[str]) -> None:
        line = told.readline()
        assert line, "nothing was split off; the reason is on standard error"
        self.pid = int(line)
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
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            self.returncode = int(self._told.readline())
        return self.returncode

    def end(self, timeout: float) -> None:
        """Kill it if it lives, wait for its end, and close everything."""
        self.kill()
        self.wait(timeout)
        self._told.close()
        os.close(self._process)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, number)


class SplitOffFeed:
    """The feed's child process as a console starts it by `subprocess.Popen`, split off instead."""

    def __init__(self) -> None:
        (its_stdin, telling), (told, its_stdout) = os.pipe(), os.pipe()
        self._child = split_off(Program.FEED, (), (its_stdin, its_stdout, STANDARD_ERROR))
        os.close(its_stdin)
        os.close(its_stdout)
        self.pid = self._child.pid
        self.stdin, self.stdout = os.fdopen(telling, "wb"), os.fdopen(told, "rb")

    def kill(self) -> None:
        self._child.kill()

    def wait(self, timeout: float = LONGEST_END_S) -> int:
        if self._child.returncode is None:
            self._child.wait(timeout)
            self._child.end(timeout)
        assert self._child.returncode is not None
        return self._child.returncode


def split_off_feeds() -> socket.socket:
    """Let the consoles of this process split off their feeds from now on; return the socket by which they ask."""
    from xsconsole.console.launch import own_command
    from xsconsole.xapi import feed

    def start(command: Sequence[str], *, stdin: int, stdout: int) -> SplitOffFeed | subprocess.Popen[bytes]:
        is_ours = tuple(command) == tuple(own_command("feed"))
        return SplitOffFeed() if is_ours else subprocess.Popen(command, stdin=stdin, stdout=stdout)

    asked, _ = _nursery(Program.FEED)
    feed.subprocess = SimpleNamespace(  # type: ignore[assignment]
        Popen=start, PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired
    )
    return asked


def split_off(
    program: Program, arguments: Sequence[str], streams: tuple[int, int, int], variables: Mapping[str, str] = os.environ
) -> Child:
    """Start a program with its arguments, on copies of these three standard streams."""
    told, telling = os.pipe()
    request = {"arguments": list(arguments), "folder": os.getcwd(), "variables": dict(variables)}
    socket.send_fds(_nursery(program)[0], [json.dumps(request).encode()], (*streams, telling))
    os.close(telling)
    return Child(os.fdopen(told))


@functools.cache
def _nursery(program: Program) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that has the program loaded; it ends when the socket is closed, also by our death."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        command = [sys.executable, "-P", __file__, program, str(its.fileno())]
        nowhere = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        return ours, subprocess.Popen(command, **nowhere, pass_fds=[its.fileno()])


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


def _settle_in(birth: Birth, kept: socket.socket | None) -> None:
    """Take the streams, the folder and the variables of who asked, and keep nothing else but where to ask for feeds."""
    for number, end in enumerate(birth.streams):
        os.dup2(end, number)
    first, last = len(birth.streams), os.sysconf("SC_OPEN_MAX")
    between = last if kept is None else kept.fileno()
    os.closerange(first, between)
    os.closerange(between + 1, last)
    os.chdir(birth.request["folder"])
    os.environ.clear()
    os.environ.update(birth.request["variables"])
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _tell_the_end(child: int, telling: int) -> None:
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(BrokenPipeError), os.fdopen(telling, "w") as told:
        told.write(f"{status}\n")


def _load(program: Program) -> Callable[[Sequence[str]], int]:
    """Load what every start of the program loads, and return its `main`, given its arguments."""
    module = importlib.import_module(program)
    match program:
        case Program.POOL:
            importlib.import_module("xsconsole.simpool.model").load()
        case Program.CONSOLE:
            verbs = importlib.import_module("xsconsole.cli")
            for name, _ in verbs.VERBS.values():
                importlib.import_module(f"xsconsole.cli.{name}")
        case Program.FEED:
            follow: Callable[[], int] = module.main
            return lambda _: follow()
    main: Callable[[Sequence[str]], int] = module.main
    return main


def _load_and_tend(program: str, asked: str) -> int:
    main = _load(Program(program))
    feeds = split_off_feeds() if program == Program.CONSOLE else None
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    birth = _tend(socket.socket(fileno=int(asked)))
    if birth is None:
        return 0
    _settle_in(birth, feeds)
    return main(birth.request["arguments"])


if __name__ == "__main__":
    sys.exit(_load_and_tend(*sys.argv[1:]))
