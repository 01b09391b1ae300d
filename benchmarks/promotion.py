"""What a promotion of many members costs: planning it, its first effect on the pool, and how long it takes in all.

    python benchmarks/promotion.py [MEMBERS] [SPEED]

The embedded pool has machines of all kinds, of which a quarter are off and start. SPEED says how fast its time runs:
at 0.1 a snapshot takes it the four seconds that a plan reckons with, at 1 a tenth of that.

The shortest time that a plan can take under its limits is the longer of its longest chain and the load of its busiest
resource: the steps that a run does at once, the copies into a storage, the starts on a host. It is reckoned from how
long the steps of that run took, so that what is left is what the run did beside them.
"""

import asyncio
import json
import math
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
from pool_size import Served

from xsconsole.console import Connection, Console, RunState, RunStatus, Secret
from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, StepKey
from xsconsole.domain.inventory import VM
from xsconsole.domain.plan import Plan
from xsconsole.domain.side_by_side import STEPS_AT_ONCE
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.engine.commands import Confirmed, Create, NewMember, Plannable, Promote
from xsconsole.engine.plans.planner import plan as plan_of

FEW = 4
HOSTS = 8
ROUNDS = 9
ACTOR = "root"
SOURCE, TARGET = StageId("staging"), StageId("production")
AIM_MS, AIM_RATIO = 100, 1.1


class Watcher(threading.Thread):
    """A client of its own, which notes when the pool first tells of a task of this name."""

    def __init__(self, served: Served, name: str) -> None:
        super().__init__(daemon=True)
        self._served, self._name = served, name
        self._token: str = self._told("")["token"]
        self.seen_s = math.nan  # never, where a task was too short to be told of
        self.is_over = False

    def run(self) -> None:
        while math.isnan(self.seen_s) and not self.is_over:
            told = self._told(self._token)
            if any(self._name in event["snapshot"]["name_label"] for event in told["events"] if "snapshot" in event):
                self.seen_s = time.monotonic()
            self._token = told["token"]

    def _told(self, token: str) -> Any:
        answer = self._served.post("event.from", self._served.session, ["task"], token, 1.0)
        return json.loads(answer)["result"]


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[Console]:
    with tempfile.TemporaryDirectory() as home:
        console = await Console.open(home, passphrase=passphrase)
        try:
            await console.connect(Connection(url=served.pool["url"], user=served.pool["user"]), secret(served))
            yield console
        finally:
            await console.close()


async def passphrase(*, is_new: bool) -> str:
    del is_new
    return "a passphrase for a benchmark"


def secret(served: Served) -> Secret:
    return Secret(served.pool["password"])


async def seen(is_so: Callable[[], object]) -> None:
    """Wait until the console has heard of something."""
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - what is looked for is no single event
            await asyncio.sleep(0.01)


def free_machines(console: Console, number: int) -> tuple[NewMember, ...]:
    """Return machines that are in no configuration, some of them off."""
    taken = {member.uuid for card in console.board.cards.values() for member in card.members}
    found = sorted(vm.uuid for vm in console.inventory.all(VM) if vm.is_ordinary and vm.uuid not in taken)
    return tuple(NewMember(vm=uuid) for uuid in found[:number])


async def configuration(console: Console, service: str, members: int) -> ConfigurationId:
    machines = free_machines(console, members)
    assert len(machines) == members
    command = Create(service=service, version="1", stage=SOURCE, members=machines)
    status = await console.finished(await start(console, command))
    assert status.state is RunState.DONE, status.error
    made = status.plan.intent.configuration
    await seen(lambda: made in console.board.cards and console.board.cards[made].run is None)
    return made


async def start(console: Console, command: Plannable) -> RunId:
    return await console.do(Confirmed(command=command, digest=console.plan(command).digest))


def promotion(card: Card) -> Promote:
    return Promote(configuration=card.id, revision=card.revision, target=TARGET, reason="a benchmark")


# Planning


def by_method(workflow: Workflow, method: Method) -> Workflow:
    """Return the workflow with a way into production by another method."""
    ways = tuple(
        msgspec.structs.replace(way, method=method) if (way.source, way.target) == (SOURCE, TARGET) else way
        for way in workflow.transitions
    )
    return msgspec.structs.replace(workflow, transitions=ways)


def planning(console: Console, cards: Sequence[Card]) -> None:
    workflow = console.board.workflow
    assert workflow is not None
    for method in Method:
        board = replace(console.board, workflow=by_method(workflow, method))
        times = [planning_ms(console, board, card) for card in cards]
        said = ", ".join(
            f"{len(card.members)} members {took_ms:.1f} ms" for card, took_ms in zip(cards, times, strict=True)
        )
        growth = times[-1] / times[0] / (len(cards[-1].members) / len(cards[0].members))
        print(
            f"planning by {method.value}: {said} (aim {AIM_MS}); a member costs {growth:.2f} times as much among many"
        )


def planning_ms(console: Console, board: Board, card: Card) -> float:
    at = console.requests.moment()[0]
    times = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        plan_of(promotion(card), board, console.inventory, ACTOR, at).digest  # noqa: B018 - what one confirms
        times.append(time.thread_time() - began)
    return statistics.median(times) * 1000


# Carrying out


async def carried_out(served: Served, console: Console, card: Card) -> tuple[RunStatus, float]:
    """Promote it; return how that ended, and how many seconds the first effect took from the drop on."""
    watcher = Watcher(served, "VM.snapshot")
    watcher.start()
    dropped_s = time.monotonic()
    run = await start(console, promotion(card))
    status = await console.finished(run)
    watcher.is_over = True
    await asyncio.to_thread(watcher.join)
    assert status.state is RunState.DONE, status.error
    return status, watcher.seen_s - dropped_s


def shortest_s(plan: Plan, took_s: Mapping[StepKey, float]) -> tuple[float, str]:
    """Return the least that a plan can take under its limits, and what sets it."""
    ends: dict[StepKey, float] = {}
    for step in plan.steps:
        ends[step.key] = max((ends[key] for key in step.after), default=0.0) + took_s[step.key]
    loads: dict[str, float] = defaultdict(float)
    for step in plan.steps:
        loads[f"{STEPS_AT_ONCE} steps at once"] += took_s[step.key] / STEPS_AT_ONCE
        lane = step.work.lane
        if lane is not None:
            name = f"{lane.room} steps at once on {lane.kind.value} {lane.uuid}"
            loads[name] += took_s[step.key] / lane.room
    busiest = max(loads, key=lambda name: loads[name])
    longest = max(ends.values())
    return (longest, "its longest chain") if longest > loads[busiest] else (loads[busiest], busiest)


def by_kind(status: RunStatus) -> str:
    kinds: dict[str, list[float]] = defaultdict(list)
    for key, took in status.took_s.items():
        kinds[key.partition("-")[2]].append(took)
    return ", ".join(f"{len(times)} {kind} of {statistics.mean(times):.2f} s" for kind, times in kinds.items())


def show_run(name: str, status: RunStatus, first_s: float) -> None:
    assert status.ended_at is not None
    makespan_s = (status.ended_at - status.started_at).total_seconds()
    least_s, why = shortest_s(status.plan, status.took_s)
    print(f"{name}: from the drop to the first snapshot on the pool {first_s * 1000:.0f} ms")
    print(
        f"    {len(status.plan.steps)} steps in {makespan_s:.1f} s, {makespan_s / least_s:.3f} times the least of "
        f"{least_s:.1f} s under its limits ({why}; aim {AIM_RATIO})"
    )
    print(f"    {by_kind(status)}")


async def main(members: int, speed: float) -> None:
    served = Served(2 * members + 3 * FEW, HOSTS, "--speed", "1000")
    try:
        async with connected(served) as console:
            made = [await configuration(console, f"bench-{number}", number) for number in (FEW, members)]
            cards = [console.board.cards[id_] for id_ in made]
            print(f"{console.inventory.count(VM)} VMs on {HOSTS} hosts; the pool's time at {speed:g} of ours")
            planning(console, cards)
            served.control("speed", factor=speed)
            for card in cards:
                show_run(f"{len(card.members)} members", *await carried_out(served, console, card))
    finally:
        served.process.terminate()
        served.process.wait(30)


if __name__ == "__main__":
    given = (*sys.argv[1:3], *("200", "0.1")[len(sys.argv) - 1 :])
    asyncio.run(main(int(given[0]), float(given[1])))
