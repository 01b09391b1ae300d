"""How long steps take that share storages and hosts: no less than any limit allows, and as long as the engine takes."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.desks import virtually
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.side_by_side import STEPS_AT_ONCE, Lane, Shared, Work, load_s, most_urgent_first, span_s
from xsconsole.engine.runs.walk import walk

LANES = (
    None,
    Lane(kind=Shared.STORAGE, uuid=Uuid("sr-1")),
    Lane(kind=Shared.STORAGE, uuid=Uuid("sr-2")),
    Lane(kind=Shared.HOST, uuid=Uuid("host-1")),
)


@st.composite
def works(draw: st.DrawFn) -> list[Work]:
    found: list[Work] = []
    for number in range(draw(st.integers(min_value=0, max_value=12))):
        after = draw(st.sets(st.sampled_from([work.key for work in found]), max_size=3)) if found else set()
        key, seconds, lane = StepKey(str(number)), draw(st.integers(0, 300)), draw(st.sampled_from(LANES))
        found.append(Work(key=key, after=frozenset(after), seconds=float(seconds), lane=lane))
    return found


@given(todo=works(), data=st.data())
def test_the_estimate_is_within_its_bounds_and_what_the_engine_takes(todo: list[Work], data: st.DataObject) -> None:
    ends: dict[StepKey, float] = {}
    for work in todo:
        ends[work.key] = max((ends[before] for before in work.after), default=0.0) + work.seconds
    total_s = sum(work.seconds for work in todo)
    settled: set[StepKey] = set()
    for work in todo:
        if settled >= set(work.after) and data.draw(st.booleans()):
            settled.add(work.key)

    estimate_s = span_s(todo)

    assert estimate_s >= max(ends.values(), default=0.0)
    assert estimate_s >= load_s(todo)
    assert total_s / STEPS_AT_ONCE <= estimate_s <= total_s
    assert span_s(todo, settled=settled) == span_s([work for work in todo if work.key not in settled])
    assert span_s(todo, settled=ends) == 0.0

    async def story() -> float:
        seconds = {work.key: work.seconds for work in todo}
        after = {work.key: work.after for work in most_urgent_first(todo)}
        lanes = {work.key: work.lane for work in todo}
        begun_s = asyncio.get_running_loop().time()
        await walk(
            after, lambda key: asyncio.sleep(seconds[key]), limit=STEPS_AT_ONCE, may_go_on=lambda: True, lanes=lanes
        )
        return asyncio.get_running_loop().time() - begun_s

    assert virtually(story) == pytest.approx(estimate_s)


def test_what_is_under_way_keeps_its_place_on_its_lane() -> None:
    lane = LANES[1]
    long, first, second = (
        Work(key=StepKey(key), after=(), seconds=seconds, lane=lane)
        for key, seconds in (("long", 90.0), ("first", 60.0), ("second", 60.0))
    )

    assert span_s([long, first, second]) == 120, "two into a storage at a time"
    assert span_s([long, first, second], going={StepKey("first"): 0.5, StepKey("second"): 0.5}) == 120
    assert span_s([long, first, second], going={StepKey("first"): 0.5, StepKey("long"): 7.0}) == 60
    assert load_s([long, first, second]) == 105
