"""Who holds which lease, as one observer sees it on its own clock. Clocks of different desktops are not compared."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from xsconsole.domain.poolstate import PREFIX, LeaseValue, decode
from xsconsole.engine.ports import Clock

LEASE_PREFIX = PREFIX + "lease."
LONGEST_TTL_S = 600
UNKNOWN = LeaseValue(nonce="", console="a newer console", actor="somebody", state="held", ttl_s=60)
"""Stands for a lease that this console cannot read: held, until it has not moved for its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A held lease as it was last seen: its number, who signed it, and for how long it has not moved."""

    number: int
    nonce: str
    quiet_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    number: int
    value: LeaseValue
    since_s: float

    @property
    def ttl_s(self) -> float:
        return float(min(max(self.value.ttl_s, 1), LONGEST_TTL_S))


class LeaseWatch:
    """Follows the leases of one pool. Feed it with `pool.other_config` at each change.

    Who asks the pool itself knows of a lease before the feed tells. The board must not: it would show the end of a
    lease beside the run record that ended with it, and call a run that is over an interrupted one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._told: dict[str, tuple[int, LeaseValue]] = {}
        self._forsaken: set[str] = set()
        self._is_changed = asyncio.Event()

    def observe(self, keys: Mapping[str, str]) -> None:
        """Take in what the feed tells, and the board shows."""
        self.look(keys)
        told = {thing: (number, decode(text, LeaseValue) or UNKNOWN) for thing, (number, text) in _newest(keys).items()}
        if told != self._told:
            self._told = told
            self._is_changed.set()

    def look(self, keys: Mapping[str, str]) -> None:
        """Take in what the pool itself says. A view older than what was seen does not turn it back."""
        newest = _newest(keys)
        now_s = self._clock.monotonic_s()
        for thing in self._seen.keys() - newest.keys():
            del self._seen[thing]
        for thing, (number, text) in newest.items():
            known = self._seen.get(thing)
            if known is None or number > known.number or (number < known.number and self._is_stale(known)):
                self._seen[thing] = _Seen(number=number, value=decode(text, LeaseValue) or UNKNOWN, since_s=now_s)
                self._is_changed.set()

    def forsake(self, nonce: str) -> None:
        """Take leases of this nonce for nobody's: their holder was a process of this home that is gone."""
        self._forsaken.add(nonce)
        self._is_changed.set()

    def withdraw(self, thing: str, nonce: str) -> None:
        """Forget a number of this nonce that was taken back from the pool: the next look says what stands."""
        seen = self._seen.get(thing)
        if seen is not None and seen.value.nonce == nonce:
            del self._seen[thing]
            self._is_changed.set()

    def holder_of(self, thing: str) -> LeaseValue | None:
        """Return who holds the thing and was seen alive; None where it is free, stale or forsaken."""
        seen = self._seen.get(thing)
        if seen is None or seen.value.state != "held" or seen.value.nonce in self._forsaken or self._is_stale(seen):
            return None
        return seen.value

    def shown_holder_of(self, thing: str) -> LeaseValue | None:
        """Return the same as far as the feed has told: that a lease was freed is not known before the feed says it."""
        number, value = self._told.get(thing, (0, UNKNOWN))
        seen = self._seen.get(thing)
        if not number or seen is None or number >= seen.number or seen.value.state == "held":
            return self.holder_of(thing) if number else None
        return value if value.state == "held" and value.nonce not in self._forsaken else None

    def quiet_s(self, thing: str) -> float | None:
        """Return for how long the lease has not moved, by our own clock; None where there is none."""
        seen = self._seen.get(thing)
        return None if seen is None else self._clock.monotonic_s() - seen.since_s

    def sightings(self) -> Mapping[str, Sighting]:
        """Return every lease that is held, by its thing."""
        return {
            thing: Sighting(
                number=seen.number, nonce=seen.value.nonce, quiet_s=self._clock.monotonic_s() - seen.since_s
            )
            for thing, seen in self._seen.items()
            if seen.value.state == "held"
        }

    def recall(self, sightings: Mapping[str, Sighting]) -> None:
        """Go on with what an earlier observer saw: a lease that stands as it did then has not moved since."""
        for thing, sighting in sightings.items():
            seen = self._seen.get(thing)
            if seen is not None and (seen.number, seen.value.nonce) == (sighting.number, sighting.nonce):
                since_s = min(seen.since_s, self._clock.monotonic_s() - sighting.quiet_s)
                self._seen[thing] = replace(seen, since_s=since_s)
                self._is_changed.set()

    def until_stale_s(self) -> float | None:
        """Return how long it takes until the next lease becomes stale; None where none is held."""
        waits = [
            seen.since_s + seen.ttl_s - self._clock.monotonic_s()
            for thing, seen in self._seen.items()
            if self.holder_of(thing) is not None
        ]
        return min(waits, default=None)

    async def run(self, on_stale: Callable[[], None]) -> None:
        """Call `on_stale` whenever a thing is held no more, also by the mere passing of time. Runs until cancelled."""
        while True:
            self._is_changed.clear()
            held = self._held()
            wait_s = self.until_stale_s()
            async with asyncio.TaskGroup() as group:
                waits = [group.create_task(_set(self._is_changed))]
                if wait_s is not None:
                    waits.append(group.create_task(_slept(self._clock, wait_s)))
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
            if held - self._held():
                on_stale()

    def _held(self) -> set[str]:
        return {thing for thing in self._told if self.shown_holder_of(thing) is not None}

    def _is_stale(self, seen: _Seen) -> bool:
        return self._clock.monotonic_s() - seen.since_s >= seen.ttl_s


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _slept(clock: Clock, seconds: float) -> None:
    await clock.sleep(max(0.0, seconds))


def _newest(keys: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    newest: dict[str, tuple[int, str]] = {}
    for key, text in keys.items():
        if key.startswith(LEASE_PREFIX):
            thing, _, number = key.removeprefix(LEASE_PREFIX).rpartition(".")
            if number.isdecimal() and int(number) > newest.get(thing, (0, ""))[0]:
                newest[thing] = (int(number), text)
    return newest
