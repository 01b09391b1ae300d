"""What it takes to make several configurations of a blueprint at once, beside the least that it can take.

    python benchmarks/provisioning.py [TIMES] [MEMBERS] [SPEED]

A configuration is captured, and its blueprint provisioned so many times: all of them in one run, and then a run for
each. SPEED says how fast the embedded pool's time runs: at 0.1 a clone takes it the four seconds that a plan reckons
with. The least is reckoned from how long the steps took, as for promotions: the longest chain, or the load of what is
shared; for a run of its own each, the longest of these runs, or all their steps on the runs that go at once.
"""

import asyncio
import sys
import time
from collections.abc import Sequence

import msgspec
from pool_size import Served
from promotion import by_kind, configuration, connected, seen, shortest_s, start

from xsconsole.console import (
    Batch,
    Console,
    ProvisionOrder,
    RunState,
    RunStatus,
    planned_together,
    provisions_of,
    usable_on,
)
from xsconsole.domain.batch import AT_ONCE, PartState
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.given_ids import made_by
from xsconsole.domain.ids import BlueprintId, StageId
from xsconsole.engine.commands import Capture, Provision, Together

HOSTS = 12  # whose memory all of them fit into
TARGET = StageId("staging")  # which starts what enters it
AIM_RATIO = 1.1


async def captured(console: Console, members: int) -> Blueprint:
    """Return the blueprint of a configuration of so many machines."""
    made = await configuration(console, "bench", members)
    card = console.board.cards[made]
    command = Capture(configuration=card.id, revision=card.revision, blueprint=BlueprintId("bench"), name="bench")
    status = await console.finished(await start(console, command))
    assert status.state is RunState.DONE, status.error
    await seen(lambda: usable_on(console))
    ((_, found),) = usable_on(console)
    named = "{{ service }}-{{ member }}-{{ number }}"
    members_ = tuple(msgspec.structs.replace(member, name_pattern=named) for member in found.members)
    return msgspec.structs.replace(found, members=members_)


def asked(console: Console, blueprint: Blueprint, times: int, *, is_whole: bool) -> Together:
    assert console.identity is not None
    order = ProvisionOrder(
        blueprint=blueprint,
        target=TARGET,
        rows=({},) * times,
        service="whole" if is_whole else "each",
        is_whole=is_whole,
    )
    return provisions_of(order, console.board, console.identity.pool)


async def in_one_run(console: Console, together: Together) -> None:
    (command,) = together.commands
    assert isinstance(command, Provision)
    status = await console.finished(await start(console, command))
    assert status.state is RunState.DONE, status.error
    assert status.ended_at is not None
    least_s, why = shortest_s(status.plan, status.took_s)
    took_s = (status.ended_at - status.started_at).total_seconds()
    show(f"{len(command.newcomers)} in one run, {len(status.plan.steps)} steps", took_s, least_s, why)
    print(f"    {by_kind(status)}")
    made = set(made_by(status.plan.intent))
    await seen(lambda: made <= console.board.cards.keys())
    await seen(lambda: not any(console.board.cards[one].run for one in made))


async def in_runs_of_their_own(console: Console, together: Together) -> None:
    planned = planned_together(console, together)
    began_s = time.monotonic()
    ended = await Batch(console, console.requests, together, planned, lambda _: None, goes_on=True).carry_out()
    took_s = time.monotonic() - began_s
    runs = {part.run for part in ended.parts}
    statuses = [status for status in console.runs if status.run in runs]
    assert all(part.state is PartState.DONE for part in ended.parts), [part.sentence for part in ended.parts]
    least_s, why = least_of(statuses)
    show(f"{len(statuses)} in runs of their own", took_s, least_s, why)


def least_of(statuses: Sequence[RunStatus]) -> tuple[float, str]:
    """Return the least that these runs can take together, so many at once, and what sets it.

    Of one more than may go at once, some two go one after the other: at best the shortest two.
    """
    each = sorted((shortest_s(status.plan, status.took_s)[0] for status in statuses), reverse=True)
    full = range(1, (len(each) - 1) // AT_ONCE + 1)
    in_turn = max((sum(each[n * AT_ONCE - n : n * AT_ONCE + 1]) for n in full), default=0.0)
    bounds = {
        "the longest of them": each[0],
        f"{AT_ONCE} runs at once": sum(each) / AT_ONCE,
        f"one after another, as {AT_ONCE} go at once": in_turn,
    }
    why = max(bounds, key=lambda name: bounds[name])
    return bounds[why], why


def show(what: str, took_s: float, least_s: float, why: str) -> None:
    print(
        f"{what}: {took_s:.1f} s, {took_s / least_s:.3f} times the least of {least_s:.1f} s under its limits "
        f"({why}; aim {AIM_RATIO})"
    )


async def main(times: int, members: int, speed: float) -> None:
    served = Served(4 * members, HOSTS, "--speed", "1000")
    try:
        async with connected(served) as console:
            blueprint = await captured(console, members)
            print(f"{times} configurations of {members} machines; the pool's time at {speed:g} of ours")
            served.control("speed", factor=speed)
            await in_one_run(console, asked(console, blueprint, times, is_whole=True))
            await in_runs_of_their_own(console, asked(console, blueprint, times, is_whole=False))
    finally:
        served.process.terminate()
        served.process.wait(30)


if __name__ == "__main__":
    given = (*sys.argv[1:4], *("5", "4", "0.1")[len(sys.argv) - 1 :])
    asyncio.run(main(int(given[0]), int(given[1]), float(given[2])))
