"""Steps run side by side within what a storage and a host take, the longest chain first."""

import asyncio
from collections import Counter, defaultdict

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_pool import GIB
from tests.engine.test_copying import copying
from xsconsole.domain.actions.copies import CopyMachine, StartCopy
from xsconsole.domain.actions.placing import Migrate, MoveDisk
from xsconsole.domain.ids import StageId, StepKey, Uuid
from xsconsole.domain.plan import Estimate, Plan, ShutDown, Step
from xsconsole.domain.runs import undo_left_s, works_back
from xsconsole.domain.side_by_side import (
    COPIES_INTO_A_STORAGE,
    STARTS_ON_A_HOST,
    STEPS_AT_ONCE,
    WHEREVER,
    Lane,
    Shared,
    most_urgent_first,
)
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Create, NewMember
from xsconsole.engine.runs.traffic import Traffic
from xsconsole.engine.runs.walk import walk

MEMBERS = 24
LONG = Estimate(seconds=60)


async def planned(method: Method, *, in_groups: bool) -> tuple[Office, Desk, Plan]:
    office = Office()
    desk = office.desk()
    office.pool.add_host("xen-2", 64 * GIB)
    await desk.engine.publish_default()
    vms = [
        office.pool.add_vm(f"vm-{number}", "Running", order=number % 3 if in_groups else 0) for number in range(MEMBERS)
    ]
    members = tuple(NewMember(vm=vm.uuid) for vm in vms)
    status = await desk.do(Create(service="shop", version="1", stage=StageId("staging"), members=members))
    await desk.publish(copying(method))
    return office, desk, desk.engine.plan(desk.promotion(status.plan.intent.configuration, "production"))


def lanes_of(plan: Plan) -> dict[StepKey, Lane]:
    return {step.key: step.work.lane for step in plan.steps if step.work.lane is not None}


def chain_s(plan: Plan) -> float:
    ends: dict[StepKey, float] = {}
    for step in plan.steps:
        ends[step.key] = max((ends[before] for before in step.after), default=0.0) + step.estimate.seconds
    return max(ends.values())


def lower_bound_s(plan: Plan) -> float:
    """Return the longer of the longest chain and the load of the busiest resource.

    Nothing starts before the last copy is there, so the loads of a storage and of a host come one after the other.
    """
    lanes = lanes_of(plan)
    loads: dict[Lane, float] = defaultdict(float)
    for key, lane in lanes.items():
        loads[lane] += plan.step(key).estimate.seconds / lane.room
    all_of_it = sum(step.estimate.seconds for step in plan.steps) / STEPS_AT_ONCE
    busiest = {kind: max((load for lane, load in loads.items() if lane.kind is kind), default=0.0) for kind in Shared}
    return max(chain_s(plan), all_of_it, sum(busiest.values()))


@pytest.mark.parametrize("in_groups", [True, False])
@pytest.mark.parametrize("method", [Method.LINKED_CLONE, Method.FULL_COPY])
def test_a_run_takes_hardly_longer_than_its_plan_must(method: Method, in_groups: bool) -> None:
    async def story() -> None:
        _, _, plan = await planned(method, in_groups=in_groups)
        seconds = {step.key: step.estimate.seconds for step in plan.steps}
        lanes = lanes_of(plan)
        at_once: Counter[Lane] = Counter()
        most: Counter[Lane] = Counter()

        async def work(key: StepKey) -> None:
            lane = lanes.get(key)
            if lane is not None:
                at_once[lane] += 1
                most[lane] = max(most[lane], at_once[lane])
            await asyncio.sleep(seconds[key])
            if lane is not None:
                at_once[lane] -= 1

        begun_s = asyncio.get_running_loop().time()
        after = {work.key: work.after for work in most_urgent_first(plan.works)}
        assert await walk(after, work, limit=STEPS_AT_ONCE, may_go_on=lambda: True, lanes=lanes) == {}
        took_s = asyncio.get_running_loop().time() - begun_s

        assert took_s <= 1.1 * lower_bound_s(plan)
        assert took_s == pytest.approx(plan.duration_s), "the estimate is of the same steps side by side"
        assert most
        assert all(most[lane] <= lane.room for lane in most)

    virtually(story)


def test_full_copies_into_a_storage_and_starts_on_a_host_are_held_back() -> None:
    async def story() -> None:
        _, _, plan = await planned(Method.FULL_COPY, in_groups=False)
        lanes = lanes_of(plan)

        copies = {lanes[step.key] for step in plan.steps if isinstance(step.action, CopyMachine)}
        starts = {lanes[step.key] for step in plan.steps if isinstance(step.action, StartCopy)}

        assert [lane.room for lane in copies] == [COPIES_INTO_A_STORAGE]
        assert [lane.room for lane in starts] == [STARTS_ON_A_HOST] * 2
        assert len(lanes) == 2 * MEMBERS

    virtually(story)


def test_runs_side_by_side_share_what_a_storage_and_a_host_take() -> None:
    async def story() -> None:
        _, _, plan = await planned(Method.FULL_COPY, in_groups=False)
        seconds = {step.key: step.estimate.seconds for step in plan.steps}
        lanes, traffic = lanes_of(plan), Traffic()
        at_once: Counter[Lane] = Counter()
        most: Counter[Lane] = Counter()

        async def work(key: StepKey) -> None:
            lane = lanes.get(key)
            if lane is not None:
                at_once[lane] += 1
                most[lane] = max(most[lane], at_once[lane])
            await asyncio.sleep(seconds[key])
            if lane is not None:
                at_once[lane] -= 1

        after = {work.key: work.after for work in most_urgent_first(plan.works)}
        both = (
            walk(after, work, limit=STEPS_AT_ONCE, may_go_on=lambda: True, lanes=lanes, traffic=traffic)
            for _ in range(2)
        )
        assert await asyncio.gather(*both) == [{}, {}]

        assert most
        assert all(most[lane] == lane.room for lane in most)

        # Who waits for others only, and is told to begin nothing more, ends all the same.
        (lane,) = {lane for lane in lanes.values() if lane.kind is Shared.STORAGE}
        assert all(traffic.enter(lane) for _ in range(lane.room))
        key = next(key for key, of in lanes.items() if of == lane)
        looks = iter((True, True, False))
        answer = await walk(
            {key: ()}, work, limit=STEPS_AT_ONCE, may_go_on=lambda: next(looks), lanes=lanes, traffic=traffic
        )
        assert answer == {}
        assert at_once[lane] == 0

    virtually(story)


def test_the_longest_chain_begins_first() -> None:
    async def story() -> None:
        _, _, plan = await planned(Method.FULL_COPY, in_groups=True)

        ordered = [work.key for work in most_urgent_first(plan.works)]

        assert sorted(ordered) == sorted(step.key for step in plan.steps)
        places = {key: place for place, key in enumerate(ordered)}
        assert all(places[before] < places[step.key] for step in plan.steps for before in step.after)

    virtually(story)


def test_what_is_put_back_goes_in_reverse_and_keeps_to_what_a_storage_and_a_host_take() -> None:
    async def story() -> None:
        keys = [StepKey(f"disk-{number}") for number in range(6)]
        sr, home = Uuid("old"), Uuid("new")
        disks = [
            Step(key=key, action=MoveDisk(vm=Uuid(key), device="0", sr=home, original=sr), subject="", estimate=LONG)
            for key in keys
        ]
        stops = [
            Step(key=StepKey(f"stop-{number}"), action=ShutDown(vm=Uuid("x")), subject="", after=tuple(keys))
            for number in range(5)
        ]
        lifts = [Step(key=StepKey("run"), action=Migrate(vm=Uuid("y"), original=home), subject="", back=sr)]
        _, _, plan = await planned(Method.FULL_COPY, in_groups=False)
        plan = msgspec.structs.replace(plan, steps=(*disks, *stops, *lifts))
        done = [*reversed(keys), *(step.key for step in (*stops, *lifts))]

        works = works_back(plan, done)

        assert [work.key for work in works] == list(reversed(done)), "the last first, however the plan names them"
        lanes = {work.key: work.lane for work in works}
        assert {lanes[key] for key in keys} == {Lane(kind=Shared.STORAGE, uuid=sr)}
        assert {lanes[step.key] for step in stops} == {Lane(kind=Shared.HOST, uuid=WHEREVER)}
        assert lanes[StepKey("run")] == Lane(kind=Shared.HOST, uuid=sr), "where it is brought back to"
        begun: list[StepKey] = []
        at_once: Counter[Lane | None] = Counter()

        async def work(key: StepKey) -> None:
            begun.append(key)
            at_once[lanes[key]] += 1
            assert at_once[lanes[key]] <= (lane.room if (lane := lanes[key]) else STEPS_AT_ONCE)
            await asyncio.sleep(1)
            at_once[lanes[key]] -= 1

        after = {one.key: one.after for one in works}
        assert await walk(after, work, limit=STEPS_AT_ONCE, may_go_on=lambda: True, lanes=lanes) == {}
        assert begun == [StepKey(key) for key in ("run", "stop-4", "stop-3", "stop-2", "stop-1", "stop-0", *keys)]
        assert undo_left_s(plan, set(done)) == 3 * LONG.seconds, "two disks at once"

    virtually(story)
