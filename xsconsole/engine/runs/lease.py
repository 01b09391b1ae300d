"""Leases on the pool: the only compare-and-set that XAPI has, used so that two consoles never hold one thing.

A lease is a row of numbered keys; the highest number counts. Taking, renewing, taking over and freeing are each one
atomic `add_to` of the next number. There is no fencing: a holder stops itself when half of its time has passed without
a renewal, looks before each effect whether its number still stands, and whoever takes over reconciles.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import LeaseValue, decode, encode, lease_stem, numbers
from xsconsole.domain.words import silence
from xsconsole.engine.ports import Clock, Field, Ids, Ledger, PoolPort
from xsconsole.engine.runs.lease_ends import floor_of
from xsconsole.engine.runs.watch import UNKNOWN, LeaseWatch
from xsconsole.engine.values import RACES, insist
from xsconsole.errors import HeldElsewhere, LeaseLost, PoolFailed, PoolUnavailable

KEPT_NUMBERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """This console, as others see it. `process` tells this process from every other that ever ran.

    `is_gone` says whether a process of this home that once called itself so has ended; in doubt it says no.
    """

    console: ConsoleId
    name: str
    process: str
    is_gone: Callable[[str], bool]
    key: str = ""  # the fingerprint of the console's signing key


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTiming:
    ttl_s: int = 60
    renew_s: float = 15.0

    @property
    def patience_s(self) -> float:
        """How long a holder goes on without a renewal."""
        return self.ttl_s / 2


@dataclass(slots=True, kw_only=True)
class _Held:
    thing: str
    nonce: str
    number: int
    renewed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A number that was asked for, and what stood when it was chosen: the highest of the thing, and the floor."""

    number: int
    seen: int
    floor: int

    def holds(self, keys: Mapping[str, str], thing: str) -> bool:
        """Return whether the number holds the thing: it is the next after what was seen, as if nobody else were there.

        Else somebody may hold it from another floor, or end the counters, and take this number away with those he saw.
        """
        above, *others = (*_standing(keys, thing), 0)
        floor = floor_of(keys)
        is_next = above == self.number and max(others, default=0) == self.seen
        return is_next and (floor == self.floor or self.number > floor)


def process_of(nonce: str) -> str:
    return nonce.partition(".")[0]


class Keeping(Protocol):
    """What holds the leases of a run, in one pool or several."""

    def kept(self) -> contextlib.AbstractAsyncContextManager[None]: ...

    async def take(self, things: Iterable[str]) -> None: ...

    async def confirm(self) -> None: ...

    async def free(self) -> None: ...


class Leases:
    """The leases of one run."""

    def __init__(
        self,
        *,
        pool: PoolPort,
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        watch: LeaseWatch,
        me: Me,
        timing: LeaseTiming,
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._watch = watch
        self._me = me
        self._timing = timing
        self._held: dict[str, _Held] = {}
        self._lost: LeaseLost | None = None

    async def take(self, things: Iterable[str]) -> None:
        """Take all of them in sorted order, or none.

        Raises:
            HeldElsewhere: with who holds it.
            StoreFailed: the nonce could not be remembered; nothing was asked of the pool.
        """
        try:
            for thing in sorted(things):
                await self._take(thing)
        except BaseException:
            await self.free()
            raise

    async def confirm(self) -> None:
        """Ask the pool whether every lease is still ours.

        Raises:
            LeaseLost: it is not, or it could not be renewed for half of its time.
        """
        self._demand_time()
        keys = await insist(self._pool, lambda: self._pool.keys(Field.POOL))
        for held in self._held.values():
            number, value = _top(keys, held.thing)
            if value.nonce != held.nonce or value.state != "held":
                raise self._lose(held, f"{shortened(value.console) or 'another console'} took it over.")
            held.number = number
        self._demand_time()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew while the block runs, and free at its end."""
        keeper = asyncio.create_task(self._keep(), name="lease renewal")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            await self.free()
            if not keeper.cancelled():
                keeper.result()

    async def free(self) -> None:
        """Say that nobody holds them. What cannot be freed becomes stale by itself."""
        for held in tuple(self._held.values()):
            del self._held[held.thing]
            try:
                await self._free(held)
            except (PoolUnavailable, PoolFailed):
                self._watch.forsake(held.nonce)

    async def _take(self, thing: str) -> None:
        nonce = f"{self._me.process}.{self._ids.new()}"
        await self._ledger.remember_nonce(nonce, thing)
        asked_s = self._clock.monotonic_s()  # where an answer was lost, others count from about here
        tried: dict[int, _Tried] = {}
        number = await insist(self._pool, lambda: self._try_take(thing, nonce, tried))
        held = self._held[thing] = _Held(thing=thing, nonce=nonce, number=number, renewed_s=asked_s)
        await self._clean(held)

    async def _try_take(self, thing: str, nonce: str, tried: dict[int, _Tried]) -> int:
        for _ in range(RACES):
            keys = await self._pool.keys(Field.POOL)
            self._watch.look(keys)
            mine = [each for each in tried.values() if _is_of(keys, thing, each.number, nonce)]
            for each in mine:
                if each.holds(keys, thing):
                    return each.number
            for each in mine:
                await self._pool.remove_key(Field.POOL, _key(thing, each.number))
            if mine:
                self._watch.withdraw(thing, nonce)
                continue
            holder = self._watch.holder_of(thing)
            if holder is not None:
                raise _held_elsewhere(holder, self._watch.quiet_s(thing) or 0.0)
            number, floor = _top(keys, thing)[0], floor_of(keys)
            following = max(number, floor) + 1
            tried[following] = _Tried(number=following, seen=number, floor=floor)
            # Only the answer to the next look counts: a number added late, below a higher one, holds nothing.
            await self._pool.add_key(Field.POOL, _key(thing, following), self._text(nonce, "held"))
        raise PoolFailed(code="MAP_DUPLICATE_KEY", parameters=("pool.other_config", thing), method="add_to")

    async def _keep(self) -> None:
        while True:
            await self._clock.sleep(self._timing.renew_s)
            for held in tuple(self._held.values()):
                try:
                    await self._renew(held)
                except LeaseLost:
                    return
                except (PoolUnavailable, PoolFailed):
                    continue  # the next turn tries again; `confirm` knows how long it may take

    async def _renew(self, held: _Held) -> None:
        self._demand_time()
        asked_s = self._clock.monotonic_s()
        keys = await self._pool.keys(Field.POOL)
        number, value = _top(keys, held.thing)
        if value.nonce != held.nonce:
            raise self._lose(held, f"{shortened(value.console) or 'another console'} took it over.")
        if await self._pool.add_key(Field.POOL, _key(held.thing, number + 1), self._text(held.nonce, "held")):
            held.number = number + 1
            held.renewed_s = asked_s
            await self._clean(held)

    async def _free(self, held: _Held) -> None:
        for _ in range(RACES):
            keys = await self._pool.keys(Field.POOL)
            number, value = _top(keys, held.thing)
            if value.nonce != held.nonce or value.state != "held":
                return
            key, freed = _key(held.thing, number + 1), self._text(held.nonce, "free")
            if await self._pool.add_key(Field.POOL, key, freed):
                self._watch.look({**keys, key: freed})
                return

    async def _clean(self, held: _Held) -> None:
        keys = await self._pool.keys(Field.POOL)
        for number in numbers(keys, lease_stem(held.thing)):
            if number <= held.number - KEPT_NUMBERS:
                await self._pool.remove_key(Field.POOL, _key(held.thing, number))

    def _demand_time(self) -> None:
        if self._lost is not None:
            raise self._lost
        now_s = self._clock.monotonic_s()
        for held in self._held.values():
            if now_s - held.renewed_s > self._timing.patience_s:
                raise self._lose(held, f"it could not be renewed for {round(now_s - held.renewed_s)} s.")

    def _lose(self, held: _Held, reason: str) -> LeaseLost:
        self._lost = LeaseLost(thing=held.thing, reason=reason)
        return self._lost

    def _text(self, nonce: str, state: str) -> str:
        actor = self._pool.identity.actor
        return encode(
            LeaseValue(nonce=nonce, console=self._me.name, actor=actor, state=state, ttl_s=self._timing.ttl_s)
        )


def forsake_gone(watch: LeaseWatch, is_gone: Callable[[str], bool], nonces: frozenset[str]) -> None:
    """Take what ended processes of this home still hold for nobody's, without a word to the pool."""
    for nonce in nonces:
        if is_gone(process_of(nonce)):
            watch.forsake(nonce)


async def free_forsaken(pool: PoolPort, watch: LeaseWatch, me: Me, nonces: frozenset[str]) -> None:
    """Free what ended processes of this home still hold, so that nobody waits for them."""
    forsake_gone(watch, me.is_gone, nonces)
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    watch.look(keys)
    for thing in _things(keys):
        number, value = _top(keys, thing)
        if value.state == "held" and value.nonce in nonces and me.is_gone(process_of(value.nonce)):
            freed = LeaseValue(
                nonce=value.nonce, console=value.console, actor=value.actor, state="free", ttl_s=value.ttl_s
            )
            await pool.add_key(Field.POOL, _key(thing, number + 1), encode(freed))


def _held_elsewhere(holder: LeaseValue, quiet_s: float) -> HeldElsewhere:
    return HeldElsewhere(
        reason=f"It is being changed by {shortened(holder.actor) or 'somebody'} "
        f"at {shortened(holder.console) or 'another console'}. {silence(quiet_s, holder.ttl_s)}",
        mend="Wait until that has ended, or have it stopped there. Any console takes over from a dead one.",
        holder=holder.actor,
        console=holder.console,
        quiet_s=quiet_s,
        ttl_s=holder.ttl_s,
    )


def _things(keys: Mapping[str, str]) -> list[str]:
    stem = lease_stem("")
    return sorted({key.removeprefix(stem).rpartition(".")[0] for key in keys if key.startswith(stem)})


def _top(keys: Mapping[str, str], thing: str) -> tuple[int, LeaseValue]:
    standing = _standing(keys, thing)
    if not standing:
        return 0, UNKNOWN
    return standing[0], decode(keys[_key(thing, standing[0])], LeaseValue) or UNKNOWN


def _standing(keys: Mapping[str, str], thing: str) -> tuple[int, ...]:
    return numbers(keys, lease_stem(thing))


def _is_of(keys: Mapping[str, str], thing: str, number: int, nonce: str) -> bool:
    value = decode(keys.get(_key(thing, number), ""), LeaseValue)
    return value is not None and value.nonce == nonce


def _key(thing: str, number: int) -> str:
    return f"{lease_stem(thing)}.{number}"
