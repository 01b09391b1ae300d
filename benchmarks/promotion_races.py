"""Two consoles that reach for one thing at the same moment, again and again: who wins, and whether ever both do.

    python benchmarks/promotion_races.py [RACES]

Half of the races are for one configuration, which both take to the next stage or back; half are for one place: each
console promotes another version of one service into production, which holds one of them.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from operator import itemgetter

import msgspec
from pool_size import Served
from promotion import connected, free_machines, seen, start

from xsconsole.console import Console, RunState, RunStatus
from xsconsole.domain.board import Card
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.engine.commands import Create, Demote, Plannable, Promote
from xsconsole.errors import Refused

VMS, HOSTS, SPEED = 40, 2, "1000"
TESTING, STAGING, PRODUCTION = StageId("patch-testing"), StageId("staging"), StageId("production")


class Race:
    """Two consoles, and what they saw of their races."""

    def __init__(self, consoles: Sequence[Console]) -> None:
        self.consoles = consoles
        self.winners: Counter[int] = Counter()
        self.lost: Counter[str] = Counter()
        self._turn = False

    async def run(self, *commands: Plannable) -> int:
        """Let each console carry out its command at the same moment, and return who won."""
        self._turn = not self._turn  # who is asked first has a moment more
        order = (1, 0) if self._turn else (0, 1)
        asked = [attempt(self.consoles[number], commands[number]) for number in order]
        ended = [end for _, end in sorted(zip(order, await asyncio.gather(*asked), strict=True), key=itemgetter(0))]
        won = [number for number, end in enumerate(ended) if isinstance(end, RunStatus)]
        assert len(won) == 1, ended
        status = ended[won[0]]
        assert isinstance(status, RunStatus)
        assert status.state is RunState.DONE, status.error
        self.winners[won[0]] += 1
        self.lost.update(type(end).__name__ for end in ended if isinstance(end, Refused))
        return won[0]

    async def until(self, *cards: tuple[ConfigurationId, StageId]) -> None:
        """Wait until both have heard that the configurations stand there, and that nobody works on them."""
        for console in self.consoles:
            await seen(lambda: all(stands(console, id_, stage) for id_, stage in cards))  # noqa: B023 - awaited here

    def __str__(self) -> str:
        lost = ", ".join(f"{count} {name}" for name, count in self.lost.most_common())
        first, second = self.winners[0], self.winners[1]
        return f"{first + second} races: {first} won by the first, {second} by the second, never two; refused: {lost}"


async def attempt(console: Console, command: Plannable) -> RunStatus | Refused:
    try:
        return await console.finished(await start(console, command))
    except Refused as refusal:
        return refusal


def stands(console: Console, id_: ConfigurationId, stage: StageId) -> bool:
    card = console.board.cards.get(id_)
    return card is not None and card.stage == stage and card.run is None


def promoted(card: Card, target: StageId) -> Promote:
    return Promote(configuration=card.id, revision=card.revision, target=target)


def demoted(card: Card, target: StageId) -> Demote:
    return Demote(configuration=card.id, revision=card.revision, target=target)


async def prepared(race: Race, service: str, version: str, stage: StageId, at: int) -> ConfigurationId:
    console = race.consoles[0]
    member = free_machines(console, at + 1)[at]
    status = await console.finished(
        await start(console, Create(service=service, version=version, stage=stage, members=(member,)))
    )
    assert status.error is None, status.error
    await race.until((status.plan.intent.configuration, stage))
    return status.plan.intent.configuration


async def for_one_configuration(race: Race, races: int) -> None:
    id_ = await prepared(race, "raced", "1", TESTING, 0)
    for number in range(races):
        cards = [console.board.cards[id_] for console in race.consoles]
        is_back = number % 2 == 1
        revision = cards[0].revision
        await race.run(*(demoted(card, TESTING) if is_back else promoted(card, STAGING) for card in cards))
        await race.until((id_, TESTING if is_back else STAGING))
        assert [console.board.cards[id_].revision for console in race.consoles] == [revision + 1] * 2


async def for_one_place(race: Race, races: int) -> None:
    ids = [await prepared(race, "placed", version, STAGING, 0) for version in ("1", "2")]
    for _ in range(races):
        cards = [console.board.cards[id_] for console, id_ in zip(race.consoles, ids, strict=True)]
        won = await race.run(*(promoted(card, PRODUCTION) for card in cards))
        await race.until((ids[won], PRODUCTION), (ids[1 - won], STAGING))
        console = race.consoles[won]
        await console.finished(await start(console, demoted(console.board.cards[ids[won]], STAGING)))
        await race.until(*((id_, STAGING) for id_ in ids))


async def without_restore_points(race: Race) -> None:
    """Publish the workflow without them: a thousand snapshots of one machine are more than a storage takes."""
    console = race.consoles[0]
    workflow = console.board.workflow
    assert workflow is not None
    ways = tuple(msgspec.structs.replace(way, restore_point=None) for way in workflow.transitions)
    await console.engine.publish(msgspec.structs.replace(workflow, version=2, transitions=ways), workflow.version)
    for each in race.consoles:
        await seen(lambda: each.board.workflow is not None and each.board.workflow.version == 2)  # noqa: B023


async def main(races: int) -> None:
    served = Served(VMS, HOSTS, "--speed", SPEED)
    try:
        async with AsyncExitStack() as stack:
            consoles = [await stack.enter_async_context(connected(served)) for _ in range(2)]
            await without_restore_points(Race(consoles))
            for name, run in (("one configuration", for_one_configuration), ("one place", for_one_place)):
                race, began = Race(consoles), time.monotonic()
                await run(race, races // 2)
                print(f"for {name}, {race} ({time.monotonic() - began:.0f} s)")
    finally:
        served.process.terminate()
        served.process.wait(30)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
