"""What the machines over the engine share: desks on a loop of their own, consoles that die, and how every story ends.

At the end, whatever happened, two consoles that work put in order what stands open: then no run record stands, nobody
holds a lease, no journal has an open run, and the audit of each home verifies.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine

from tests.engine.chained import verdicts
from tests.engine.deaths import STALE_S, bury
from tests.engine.desks import INTENDING, Desk, MemoryLedger, Office, VirtualLoop
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.poolstate import RunRecord, decode_run, lease_stem
from xsconsole.domain.record import Fact
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Direction
from xsconsole.errors import ConsoleError

LEASES = lease_stem("")
ON_MACHINES = "snapshot revert destroy_snapshot start shut_down set_ha_restart_priority clone copy shape destroy"
ON_DISKS = "attach detach create_disk rename_disk destroy_disk"
ON_PLACES = "put_on move_disk prefer migrate"
EFFECTS = frozenset(f"{ON_MACHINES} {ON_DISKS} {ON_PLACES}".split())


def thrifty(examples: int, steps: int) -> settings:
    """Return how much is tried in one run, few examples of many steps, unless the profile is one for digging."""
    profile = settings.get_current_profile_name()
    return settings(
        max_examples=examples if profile == "ci" else settings.get_profile(profile).max_examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class OfficeMachine(RuleBasedStateMachine):
    """Consoles at one pool, of which any may die and come back with its home or without."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.runner = asyncio.Runner(loop_factory=lambda: self.loop)
        self.office = Office()
        self.desks: list[Desk] = []
        self.buried: list[Fact] = []  # what homes held that are lost

    def teardown(self) -> None:
        if self.desks:
            self.put_in_order()
        self.runner.close()
        assert not self.loop.bugs, self.loop.bugs

    def seat(self, ledger: MemoryLedger | None = None) -> Desk:
        """Sit somebody down who does nothing to a machine without an intent that is on record."""
        desk = self.office.desk(ledger)

        def look(method: str) -> None:
            assert method not in EFFECTS or is_intended(desk.ledger.facts), f"{method} without an intent"

        desk.port.on_call = look
        return desk

    def quietly(self, story: Coroutine[Any, Any, object]) -> None:
        """Tell a story that may be refused or fail."""
        self.runner.run(quietly(story))

    def killed(self, number: int, cut_at: int, story: Coroutine[Any, Any, object], *, keeps_home: bool = True) -> bool:
        """Kill a console at its n-th crossing, if it comes to that, and sit down another one of the same person."""

        async def doomed() -> bool:
            desk = self.desks[number]
            desk.cut_at = cut_at
            task = asyncio.ensure_future(story)
            await asyncio.wait([task])
            error = None if task.cancelled() else task.exception()
            if error is not None and not desk.is_dead:
                raise error
            desk.cut_at = None
            if not desk.is_dead:
                return False
            await bury()
            if not keeps_home:
                self.buried += desk.ledger.facts
            heir = self.desks[number] = self.seat(desk.ledger if keeps_home else MemoryLedger())
            heir.signer = desk.signer
            await heir.engine.begin()
            return True

        return self.runner.run(doomed())

    def standing_runs(self) -> Mapping[ConfigurationId, RunRecord]:
        """Return what stands on the pool of each run, as it was written last."""
        found: dict[ConfigurationId, RunRecord] = {}
        for key, text in sorted(self.office.pool.keys.items(), key=lambda item: number_of(item[0])):
            record = decode_run(text) if ".run." in key else None
            if record is not None:
                found[record.plan.intent.configuration] = record
        return found

    def put_in_order(self) -> None:
        async def story() -> None:
            for desk in self.desks:
                desk.port.faults.clear()
                await desk.engine.close()
            await asyncio.sleep(STALE_S)
            for configuration in self.standing_runs():
                assert (await self.desks[0].settle(configuration, Direction.UNDO)).state is RunState.UNDONE
            for desk in self.desks:
                await desk.engine.close()
                await desk.engine.begin()
            await asyncio.sleep(STALE_S)

        self.runner.run(story())
        assert not self.standing_runs()
        things = {
            key.removeprefix(LEASES).rpartition(".")[0] for key in self.office.pool.keys if key.startswith(LEASES)
        }
        for desk in self.desks:
            assert [thing for thing in things if desk.engine.watch.holder_of(thing) is not None] == []
            assert self.runner.run(desk.ledger.open_runs()) == ()
            assert all(verdict.is_good for verdict in verdicts(desk.ledger.facts, desk.signer))


def is_intended(facts: list[Fact]) -> bool:
    """Return whether a step is begun of which no outcome is on record."""
    ended = set()
    for fact in reversed(facts):
        if fact.step is not None and fact.event in INTENDING and (fact.run, fact.step) not in ended:
            return True
        if fact.step is not None and fact.event not in INTENDING:
            ended.add((fact.run, fact.step))
    return False


def number_of(key: str) -> int:
    tail = key.rpartition(".")[2]
    return int(tail) if tail.isdecimal() else 0


async def quietly(story: Coroutine[Any, Any, object]) -> None:
    with suppress(ConsoleError):
        await story
