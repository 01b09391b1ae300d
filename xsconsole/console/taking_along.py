"""Taking configurations where a new version of the workflow has them: at once, or as soon as their runs have ended."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress

from xsconsole.console.desks import Desk
from xsconsole.domain.events import BoardChanged, Event, InventoryChanged, LinkChanged, LinkState
from xsconsole.domain.ids import ConfigurationId, RunId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.publication.effects import Effect, EffectKind, PublishPlan
from xsconsole.domain.publication.values import Publication, publication_of
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Confirmed, Remap
from xsconsole.errors import ConsoleError, HeldElsewhere, PoolUnavailable, Refused, StoreFailed

AT_ONCE = 4
SHOWN_S = 30.0
AGAIN_S = 5.0  # after somebody else held it

Key = tuple[Uuid, ConfigurationId]
Left = tuple[tuple[str, str], ...]  # names, and why not yet
Leased = defaultdict[tuple[Uuid, str], asyncio.Lock]  # by pool

log = logging.getLogger(__name__)


class TakingAlong:
    """Each configuration goes by a run of its own: leased, recorded, journaled. Lives on the loop's thread."""

    def __init__(self, planned: Callable[[Workflow], PublishPlan], desks: Callable[[], Mapping[Uuid, Desk]]) -> None:
        """`planned` says what publishing a version that stands already would do."""
        self._planned = planned
        self._desks = desks
        self._few = asyncio.Semaphore(AT_ONCE)
        self._follower: asyncio.Task[None] | None = None

    async def take(self, workflow: Workflow, publication: Publication) -> tuple[tuple[str, ...], Left]:
        """Take every configuration where the version has it; return who went, and who could not yet and why.

        Nothing is waited for on a pool that is away or goes away. Who still runs, or is on such a pool, is followed,
        and taken along once that has ended, as long as the connection stands.
        """
        await self.leave()
        desks = self._desks()
        bound = [part.pool for part in self._planned(workflow).pools if part.pool in desks]
        shown = await asyncio.gather(*(_shows(desks[pool], publication) for pool in bound))
        silent = {pool for pool, is_shown in zip(bound, shown, strict=True) if not is_shown}
        moved: dict[Key, str] = {}
        refused: dict[Key, tuple[str, ConsoleError]] = {}
        while True:  # while some are taken, runs of others end
            plan = self._planned(workflow)
            tried = moved.keys() | refused.keys()
            due = [effect for effect in plan.due if _key(effect) not in tried and effect.pool not in silent]
            if not due:
                break
            ended = await self._take_all(due, workflow)
            moved |= {_key(effect): effect.name for effect, failure in ended if failure is None}
            refused |= {_key(effect): (effect.name, failure) for effect, failure in ended if failure is not None}
        waiting = [effect for effect in plan.effects if waits(effect) and _key(effect) not in moved]
        # What the plan no longer shows is left too: a pool that went away in the middle shows nothing for a while.
        settled = {_key(effect) for effect in plan.effects if effect.kind is EffectKind.STAYS or waits(effect)}
        left = [(name, _sentence(failure)) for key, (name, failure) in refused.items() if key not in settled]
        left += [(effect.name, why_it_waits(effect)) for effect in waiting]
        # Who agreed that a pool follows later is told of the pool, not of everybody there.
        untold = [effect for effect in plan.due if effect.pool in silent - publication.later.keys()]
        left += [(effect.name, "The pool does not tell of the new version yet.") for effect in untold]
        held = [key for key, (_, failure) in refused.items() if isinstance(failure, HeldElsewhere | PoolUnavailable)]
        self._follow(workflow, {*map(_key, (*waiting, *untold)), *held})
        return tuple(moved.values()), tuple(left)

    async def leave(self) -> None:
        """Follow nothing any more; `finish` does the rest."""
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.cancel()
            await asyncio.wait([follower])

    def _follow(self, workflow: Workflow, waiting: set[Key]) -> None:
        if waiting:
            work = self._take_when_free(workflow, waiting)
            self._follower = asyncio.get_running_loop().create_task(work, name="taking along")

    async def _take_when_free(self, workflow: Workflow, waiting: set[Key]) -> None:
        is_changed = asyncio.Event()

        def hear(event: Event) -> None:
            del event
            is_changed.set()

        kinds = (BoardChanged, LinkChanged)
        ends = [desk.subscribe(kind, hear) for desk in self._desks().values() for kind in kinds]
        try:
            while waiting:
                is_changed.clear()
                free = {key for key in waiting if self._is_free(key, workflow)}
                waiting -= await self._take_free(workflow, free) if free else set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S if free & waiting else None):
                        if waiting:
                            await is_changed.wait()
        except (Refused, StoreFailed) as failure:
            log.warning("what waited for a run is not taken along any more: %s", failure)
        finally:
            for end in ends:
                end()

    def _is_free(self, key: Key, workflow: Workflow) -> bool:
        desk = self._desks().get(key[0])
        if desk is None:
            return True
        there, card = desk.board.workflow, desk.board.cards.get(key[1])
        # A pool that was away is read anew: until it tells of the version, what it shows is old.
        is_told = _is_live(desk) and there is not None and there.version >= workflow.version
        return is_told and (card is None or card.run is None)

    async def _take_free(self, workflow: Workflow, free: set[Key]) -> set[Key]:
        """Take those along; return who needs nothing more: also where a newer version has been published."""
        plan = self._planned(workflow)
        if plan.standing is None or plan.standing.digest != workflow.digest:
            raise Refused(reason="A newer version of the workflow stands there now.")
        due = [effect for effect in plan.due if _key(effect) in free]
        ended = await self._take_all(due, workflow)
        return free - {
            _key(effect) for effect, failure in ended if isinstance(failure, HeldElsewhere | PoolUnavailable)
        }

    async def _take_all(self, due: Iterable[Effect], workflow: Workflow) -> list[tuple[Effect, ConsoleError | None]]:
        effects = list(due)
        leased: Leased = defaultdict(asyncio.Lock)
        failures = await asyncio.gather(*(self._take(effect, workflow, leased) for effect in effects))
        return list(zip(effects, failures, strict=True))

    async def _take(self, effect: Effect, workflow: Workflow, leased: Leased) -> ConsoleError | None:
        """Take one configuration; return why not, None where it went.

        Those that lease the same, as a stage with a limit is, go one after another.
        """
        assert effect.target is not None
        command = Remap(
            configuration=effect.configuration,
            revision=effect.revision,
            target=effect.target,
            reason=f"Version {workflow.version} of the workflow",
        )
        desk = self._desks().get(effect.pool)
        if desk is None or not _is_live(desk):
            identity = desk.identity if desk is not None else None
            return PoolUnavailable(pool=identity.pool_name if identity is not None else "its pool")
        async with AsyncExitStack() as held:
            try:
                for thing in desk.plan(command).leases:
                    await held.enter_async_context(leased[effect.pool, thing])
                await held.enter_async_context(self._few)
                planned = desk.plan(command)  # what was waited for may have changed it
                run = await desk.do(Confirmed(command=command, digest=planned.digest))
            except StoreFailed:
                raise
            except ConsoleError as failure:
                return failure
            status = await _ended(desk, run)
        if status is None:
            return PoolUnavailable(pool=desk.identity.pool_name if desk.identity is not None else "its pool")
        if status.state is RunState.DONE:
            return None
        return status.error or Refused(reason="It was put back.")


def waits(effect: Effect) -> bool:
    """Whether something is still to be done for it: what runs from and to stages that stay needs nothing more."""
    return effect.kind is EffectKind.BLOCKED or (effect.kind is EffectKind.RUNS and effect.must_follow)


def why_it_waits(effect: Effect) -> str:
    return f"It {effect.sentence.removeprefix(shortened(effect.name, 60)).lstrip()}"


def _key(effect: Effect) -> Key:
    return effect.pool, effect.configuration


def _sentence(failure: ConsoleError) -> str:
    if isinstance(failure, HeldElsewhere):
        return failure.reason
    notice = explain(failure)
    return f"{notice.failed} {notice.mend}".strip()


def _is_live(desk: Desk) -> bool:
    return desk.link.state is LinkState.LIVE


async def _ended(desk: Desk, run: RunId) -> RunStatus | None:
    """Wait for the end of a run; return None where its pool goes away: it goes on or ends once that is back."""
    is_lost = asyncio.Event()

    def hear(event: LinkChanged) -> None:
        if event.state is not LinkState.LIVE:
            is_lost.set()

    end = desk.subscribe(LinkChanged, hear)
    if not _is_live(desk):
        is_lost.set()
    loop = asyncio.get_running_loop()
    finished, lost = loop.create_task(desk.finished(run)), loop.create_task(is_lost.wait())
    try:
        await asyncio.wait([finished, lost], return_when=asyncio.FIRST_COMPLETED)
        return finished.result() if finished.done() else None
    finally:
        end()
        finished.cancel()
        lost.cancel()
        await asyncio.wait([finished, lost])


async def _shows(desk: Desk, publication: Publication) -> bool:
    """Wait until a desk has heard of the version that was written, and of what stands beside it; not while away."""
    is_changed = asyncio.Event()

    def hear(event: Event) -> None:
        del event
        is_changed.set()

    def is_so() -> bool:
        there, pool = desk.board.workflow, desk.inventory.pool
        keys = pool.other_config if pool is not None else {}
        is_board = there is not None and there.digest == publication.digest
        return is_board and publication_of(keys, publication.digest) == publication

    ends = [desk.subscribe(kind, hear) for kind in (BoardChanged, InventoryChanged, LinkChanged)]
    try:
        async with asyncio.timeout(SHOWN_S):
            while _is_live(desk) and not is_so():
                is_changed.clear()
                await is_changed.wait()
    except TimeoutError:
        return False
    finally:
        for end in ends:
            end()
    return _is_live(desk)
