"""Asks XAPI whether machines could move between two pools before anybody drops them: in the background, and kept."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from xsconsole.domain.events import ClearanceChanged
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.inventory import VM, Record
from xsconsole.engine.clearance import APART, grounds
from xsconsole.engine.plans.lands import Journey
from xsconsole.engine.ports import Berth, Clock
from xsconsole.errors import ConsoleError, PoolFailed

if TYPE_CHECKING:
    from xsconsole.console.door import Console

AT_ONCE = 4
KEPT_S = 60.0
REFUSED_KEPT_S = 5.0  # whoever mends it looks again soon

Asked = tuple[Uuid, Uuid]  # a machine, and the pool that it would go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What XAPI said of a journey, and what that was about; it counts for the very same records only."""

    journey: Journey
    grounds: tuple[Record, ...]
    failure: PoolFailed | None
    at_s: float

    def fits(self, journey: Journey, now: tuple[Record, ...]) -> bool:
        asked = self.journey
        is_same = asked.question == journey.question and asked.host == journey.host and len(self.grounds) == len(now)
        return is_same and all(one is other for one, other in zip(self.grounds, now, strict=True))


class Clearances:
    """The answers of the pools of one home. Lives on the loop's thread.

    Asked is what somebody looks at. An old answer stands until the new one is there, so that nothing flickers; where it
    differs, `ClearanceChanged` says so, and whoever shows the plan looks again.
    """

    def __init__(self, consoles: Callable[[], Iterable["Console"]], clock: Clock) -> None:
        self._consoles = consoles
        self._clock = clock
        self._answers: dict[Asked, Answer] = {}
        self._wanted: dict[Asked, Journey] = {}
        self._apart: dict[tuple[Uuid, Uuid], PoolFailed] = {}
        self._worker: asyncio.Task[None] | None = None

    def told(self, there: Uuid, journey: Journey) -> PoolFailed | None:
        """Return why a machine cannot go to a pool, as far as that is known; what is not is asked from now on."""
        here = self._home_of(journey.vm)
        if here is None:
            return None
        asked = (journey.vm.uuid, there)
        known, now = self._answers.get(asked), grounds(journey.vm, here.inventory)
        if known is not None and not known.fits(journey, now):
            known = None
        kept_s = KEPT_S if known is None or known.failure is None else REFUSED_KEPT_S
        if known is None or self._clock.monotonic_s() - known.at_s > kept_s:
            self._want(asked, journey)
        # Whether hosts reach each other is about no machine: a plan must not change its way when one of these does.
        return self._apart.get((here.identity.pool, there)) if known is None and here.identity else _failure_of(known)

    def distrust(self) -> None:
        """Ask anew what is looked at next: a run failed, and what XAPI allowed before may be so no more."""
        self._answers = {asked: replace(answer, at_s=-inf) for asked, answer in self._answers.items()}

    async def answered(self) -> None:
        """Wait until nothing is asked any more."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

    async def close(self) -> None:
        """Ask nothing more."""
        self._wanted.clear()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])

    def _want(self, asked: Asked, journey: Journey) -> None:
        self._wanted[asked] = journey
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work(), name="clearances")

    async def _work(self) -> None:
        while self._wanted:
            batch = {key: self._wanted[key] for key in list(self._wanted)[:AT_ONCE]}
            changed = await asyncio.gather(*(self._ask(asked, journey) for asked, journey in batch.items()))
            for asked, journey in batch.items():
                if self._wanted.get(asked) is journey:  # not asked otherwise meanwhile
                    del self._wanted[asked]
            told = tuple(dict.fromkeys(configuration for configuration in changed if configuration is not None))
            first = next(iter(self._consoles()), None)
            if told and first is not None:
                first.bus.publish(ClearanceChanged(configurations=told))

    async def _ask(self, asked: Asked, journey: Journey) -> ConfigurationId | None:
        """Ask both pools, and return the configuration where the answer is another one than before."""
        here, there = self._home_of(journey.vm), self._of(asked[1])
        if here is None or there is None or here.travels is None or there.travels is None:
            return None
        about = grounds(journey.vm, here.inventory)
        failure: PoolFailed | None = None
        try:
            question = journey.question
            berth = Berth(
                host=journey.host,
                sr=question.sr,
                networks=question.networks,
                snapshot_networks=question.snapshot_networks,
            )
            await here.travels.may_go(journey.vm.uuid, there.travels, berth)
            self._note_reach(here, asked[1], None)
        except PoolFailed as refused:
            failure = refused
            self._note_reach(here, asked[1], failure)
        except ConsoleError:
            pass  # a road is broken, or this log-in may not ask: then the run's first step is who asks
        before = self._answers.get(asked)
        self._answers[asked] = Answer(journey=journey, grounds=about, failure=failure, at_s=self._clock.monotonic_s())
        was = before.failure if before is not None else None
        return journey.configuration if _words(was) != _words(failure) else None

    def _note_reach(self, here: "Console", there: Uuid, failure: PoolFailed | None) -> None:
        """Keep what was said of the way between two pools, until it is said otherwise."""
        if here.identity is None:
            return
        pools = (here.identity.pool, there)
        if failure is None:
            self._apart.pop(pools, None)
        elif failure.code in APART:
            self._apart[pools] = failure

    def _home_of(self, vm: VM) -> "Console | None":
        return next((one for one in self._consoles() if one.inventory.by_uuid(VM, vm.uuid) is not None), None)

    def _of(self, pool: Uuid) -> "Console | None":
        return next((one for one in self._consoles() if one.identity and one.identity.pool == pool), None)


def _failure_of(answer: Answer | None) -> PoolFailed | None:
    return None if answer is None else answer.failure


def _words(failure: PoolFailed | None) -> tuple[object, ...]:
    return () if failure is None else (failure.code, failure.parameters)
