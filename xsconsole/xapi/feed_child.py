"""The feed's child process: follows `event.from`, keeps what it told, and tells its parent only what differs."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import chain, islice
from typing import IO

import msgspec
import XenAPI

from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import Change
from xsconsole.xapi import failures, frames
from xsconsole.xapi.backoff import Backoff
from xsconsole.xapi.errors import BadAnswer, RoadBroken, WrongCertificate
from xsconsole.xapi.frames import Beat, Begin, End, FeedConfiguration, LogInAgain, Lost, Packed, Resumed, Some
from xsconsole.xapi.parts import Part, answers, parts_of
from xsconsole.xapi.records import EventReply, event_reply
from xsconsole.xapi.transport import Address, Road

FROM_THE_BEGINNING = ""
LONGEST_POLL_S = 5.0
SHORTEST_POLL_S = 0.0  # what changed while the road was broken is known at once
ANSWER_TIMEOUT_S = LONGEST_POLL_S + 10.0
FIRST_ANSWER_TIMEOUT_S = 180.0  # everything a large pool has is encoded for us first
SWITCH_S = 0.0005  # an answer that comes in need not wait long for one that is being read
FRAME_CHANGES = 500
FOLLOWING_CHANGES = 128  # the parent takes each such frame in between two frames of its window
FRAME_BYTES = 256 * 1024
DIGEST_BYTES = 16
PAUSE_S = 0.02  # gathers what changes together; nobody sees a difference
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0
# Counts of these say nothing: messages lie outside of XAPI's tables.
UNCOUNTED = frozenset({"message"})


class Follower:
    """One pool as its events tell it."""

    def __init__(self, configuration: FeedConfiguration) -> None:
        self._road: Road | None = None
        self._session = configuration.session
        self._classes = configuration.classes
        self._token = FROM_THE_BEGINNING
        self._known: dict[str, dict[Ref, bytes]] = {}  # the digest of what was told: memory must not hold it twice
        self._surplus: dict[str, int] = {}

    @property
    def has_everything(self) -> bool:
        return self._token != FROM_THE_BEGINNING

    def take(self, road: Road) -> None:
        """Go on over this road. A token is good for as long as the session is."""
        self._road = road

    def forget(self) -> None:
        """Begin anew with the next road."""
        self._token = FROM_THE_BEGINNING

    def everything(self) -> Iterator[Packed]:
        """Ask for all objects, and forget what was known before. What is yielded is one state only at the end."""
        assert self._road is not None
        self._known = {name: {} for name in self._classes}
        self._surplus = {}
        # A token from before the first part: what changes while the parts come is told from there.
        # Questions about nothing but tasks are answered without a delay.
        beginning = self._ask(("task",), FROM_THE_BEGINNING, ANSWER_TIMEOUT_S, SHORTEST_POLL_S).token
        for part, body in answers(self._road, parts_of(self._classes), self._post_part):
            reply = event_reply(self._road.address.wire, body, part[0] if len(part) == 1 else None)
            yield from self._differing(reply)
            self._surplus |= self._counted_surplus(reply, part)
        reply = self._ask(self._classes, beginning, FIRST_ANSWER_TIMEOUT_S, SHORTEST_POLL_S)
        yield from self._differing(reply)
        # An object that came and went between two parts is in one of them, and nothing tells that it went.
        yield from self._recounted(reply)
        self._token = reply.token

    def next(self, *, longest_s: float = LONGEST_POLL_S) -> list[Packed]:
        """Wait for changes and return those that concern a field in use; none after a while."""
        reply = self._ask(self._classes, self._token, ANSWER_TIMEOUT_S, longest_s)
        self._token = reply.token
        # Where nothing more is coming, and still the pool counts otherwise, an object slipped through.
        return list(self._differing(reply)) or self._recounted(reply)

    def _ask(
        self, classes: Iterable[str], token: str, timeout_s: float, longest_s: float = LONGEST_POLL_S
    ) -> EventReply:
        assert self._road is not None
        body = self._post(self._road, classes, token, timeout_s, longest_s)
        return event_reply(self._road.address.wire, body)

    def _post_part(self, road: Road, part: Part) -> bytes:
        return self._post(road, part, FROM_THE_BEGINNING, FIRST_ANSWER_TIMEOUT_S, SHORTEST_POLL_S)

    def _post(self, road: Road, classes: Iterable[str], token: str, timeout_s: float, longest_s: float) -> bytes:
        return road.post("event.from", (self._session, list(classes), token, longest_s), timeout_s=timeout_s)

    def _differing(self, reply: EventReply) -> Iterator[Packed]:
        for event in reply.events:
            known = self._known[event.class_name]
            change = frames.packed(Change(ref=event.ref, class_name=event.class_name, record=event.record))
            if event.record is None:
                if known.pop(event.ref, None) is None:
                    continue
            else:
                digest = blake2b(change[-1], digest_size=DIGEST_BYTES).digest()
                if known.get(event.ref) == digest:
                    continue
                known[event.ref] = digest
            yield change

    def _counted_surplus(self, reply: EventReply, classes: Iterable[str]) -> dict[str, int]:
        """Return how many more objects the pool counts than we know, by class."""
        return {
            name: reply.counts[name] - len(self._known[name])
            for name in classes
            if name in reply.counts and name not in UNCOUNTED
        }

    def _recounted(self, reply: EventReply) -> list[Packed]:
        """Ask anew for the classes of which the pool counts otherwise than it did."""
        surplus = self._counted_surplus(reply, self._classes)
        changes = []
        if surplus != self._surplus:
            changes = self._reconciled(
                sorted(name for name, count in surplus.items() if count != self._surplus.get(name))
            )
            self._surplus = self._counted_surplus(reply, self._classes)
        return changes

    def _reconciled(self, classes: list[str]) -> list[Packed]:
        reply = self._ask(classes, FROM_THE_BEGINNING, FIRST_ANSWER_TIMEOUT_S, SHORTEST_POLL_S)
        present = {(event.class_name, event.ref) for event in reply.events}
        changes = list(self._differing(reply))
        for name in classes:
            for ref in [ref for ref in self._known[name] if (name, ref) not in present]:
                del self._known[name][ref]
                changes.append(frames.packed(Change(ref=ref, class_name=name, record=None)))
        return changes


def follow(configuration: FeedConfiguration, output: IO[bytes]) -> None:
    """Tell what happens on the pool until the session ends."""
    address = Address(
        scheme=configuration.scheme,
        host=configuration.host,
        port=configuration.port,
        wire=configuration.wire,
        fingerprint=configuration.fingerprint,
    )
    follower, backoff = Follower(configuration), Backoff(first_s=FIRST_WAIT_S, longest_s=LONGEST_WAIT_S)
    while True:
        road = Road(address)
        follower.take(road)
        try:
            # While all of a large pool is told, the next part is read; later nothing is asked before all is told.
            with frames.writing_beside(output) as write:
                for frame in _up_to_now(follower):
                    write(frame)
                    backoff.reset()
            for frame in _from_now_on(follower):
                frames.write(output, frame)
                backoff.reset()
        except WrongCertificate as failure:
            # Whether another one is to be trusted is asked where people log in.
            frames.write(output, LogInAgain(cause=failure.cause))
            return
        except (XenAPI.Failure, BadAnswer, RoadBroken) as failure:
            code = failures.code_of(failure)
            if code and code not in failures.NOT_NOW:
                frames.write(output, LogInAgain(cause=code))
                return
            if not isinstance(failure, RoadBroken):
                follower.forget()
            frames.write(output, Lost(cause=code or str(failure)))
        finally:
            road.close()
        time.sleep(backoff.next_s())


def _up_to_now(follower: Follower) -> Iterator[frames.Frame]:
    if follower.has_everything:
        yield from in_frames(follower.next(longest_s=SHORTEST_POLL_S), FOLLOWING_CHANGES)
        yield Resumed()
    else:
        everything = follower.everything()
        first = list(islice(everything, 1))  # nothing begins before the pool has answered
        yield Begin()
        yield from in_frames(chain(first, everything))
        yield End()


def _from_now_on(follower: Follower) -> Iterator[frames.Frame]:
    while True:
        time.sleep(PAUSE_S)
        changes = follower.next()
        yield from in_frames(changes, FOLLOWING_CHANGES)
        if not changes:
            yield Beat()


def in_frames(changes: Iterable[Packed], most: int = FRAME_CHANGES) -> Iterator[Some]:
    """Cut changes into frames that take the parent a moment each, however large the records are."""
    frame: list[Packed] = []
    size_bytes = 0
    for change in changes:
        frame.append(change)
        size_bytes += memoryview(change[-1]).nbytes
        if len(frame) == most or size_bytes >= FRAME_BYTES:
            yield Some(changes=frame)
            frame, size_bytes = [], 0
    if frame:
        yield Some(changes=frame)


def main() -> int:
    """Follow what the first line of standard input says, until that is closed: then the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent, which ends us in its time
    sys.setswitchinterval(SWITCH_S)
    configuration = msgspec.json.decode(sys.stdin.buffer.readline(), type=FeedConfiguration)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        follow(configuration, sys.stdout.buffer)
    except BrokenPipeError:
        return 1
    return 0


def _end_with_parent() -> None:
    # Not through the buffered reader: its lock, held by this thread, would break the interpreter's end.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)  # the main thread waits in a socket, and has nothing to put in order


if __name__ == "__main__":
    sys.exit(main())
