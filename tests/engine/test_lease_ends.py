"""The end of lease counters: they go with what they counted, and no two consoles hold one thing because of it."""

import asyncio
import contextlib
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import pytest

from tests.engine.desks import CountingIds, Desk, Office, virtually
from tests.engine.memory_port import MemoryPort
from tests.engine.test_leases import THING, leases
from xsconsole.domain.poolstate import configuration_thing, lease_stem, numbers
from xsconsole.domain.workflow import default_workflow
from xsconsole.engine.commands import Dissolve
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.engine.runs.lease_ends import FLOOR, remove_spent, spent
from xsconsole.errors import HeldElsewhere, LeaseLost, PoolFailed


def test_counters_of_what_is_gone_go_and_what_is_leased_anew_begins_above_them() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await office.shop(one)
        thing = configuration_thing(shop)
        highest = numbers(office.pool.keys, lease_stem(thing))[0]

        assert (await two.do(Dissolve(configuration=shop, revision=two.board.cards[shop].revision))).error is None
        await two.engine.close()

        left = {key for key in office.pool.keys if ".lease." in key}
        (floor,) = numbers(office.pool.keys, lease_stem(FLOOR))
        assert left == {f"{lease_stem(FLOOR)}.{floor}"}
        assert floor > highest
        await leases(one).take([thing])
        assert numbers(office.pool.keys, lease_stem(thing)) == (floor + 1,)
        assert spent(office.pool.keys, one.board) == (thing,)
        office.pool.set_map(Field.POOL, None, {**office.pool.keys, "xsconsole.run.x.1": "of a newer console"})
        assert spent(office.pool.keys, one.board) == ()

    virtually(story)


def test_who_takes_a_number_back_for_a_floor_that_rises_is_not_kept_out_by_it() -> None:
    async def story() -> None:
        office = Office()
        one, raised = office.desk(), False

        def rise(method: str) -> None:
            nonlocal raised
            if method == "add_key" and not raised:
                raised = True
                office.pool.set_map(Field.POOL, None, {**office.pool.keys, f"{lease_stem(FLOOR)}.7": ""})

        before = leases(one)
        await before.take([THING])
        await before.free()
        one.port.on_call = rise
        held = leases(one, ids=CountingIds(8))
        await held.take([THING])
        await held.confirm()

        assert numbers(office.pool.keys, lease_stem(THING))[0] == 8

    virtually(story)


DELAYS = (0, 0, 0, 20)


class Slow:
    """A road to the pool on which a call may be long under way."""

    def __init__(self, port: MemoryPort, chance: random.Random) -> None:
        self._port, self._chance = port, chance

    def __getattr__(self, name: str) -> object:
        return getattr(self._port, name)

    async def keys(self, field: Field) -> Mapping[str, str]:
        await asyncio.sleep(self._chance.choice((0, 1)))
        return await self._port.keys(field)

    async def add_key(self, field: Field, key: str, value: str) -> bool:
        await asyncio.sleep(self._chance.choice(DELAYS))
        return await self._port.add_key(field, key, value)

    async def remove_key(self, field: Field, key: str) -> None:
        await asyncio.sleep(self._chance.choice(DELAYS))
        await self._port.remove_key(field, key)


@pytest.mark.parametrize("seeds", [range(start, start + 25) for start in (0, 25, 50, 75)])
def test_consoles_that_race_while_counters_end_never_hold_one_thing_together(seeds: range) -> None:
    async def story(chance: random.Random) -> int:
        office, holders = Office(), set[int]()
        desks = [office.desk() for _ in range(3)]
        board = replace(desks[0].board, cards={}, workflow=default_workflow())
        taken = 0

        async def work(desk: Desk, me: int) -> None:
            nonlocal taken
            road, ids = cast("PoolPort", Slow(desk.port, chance)), CountingIds(9)
            for _ in range(8):
                await asyncio.sleep(chance.choice((0, 1, 3)))
                held = leases(desk, road, ids)
                try:
                    await held.take([THING])
                except (HeldElsewhere, PoolFailed):
                    await remove_spent(road, desk.engine.watch, board)
                    continue
                assert not holders, "two hold one thing"
                holders.add(me)
                taken += 1
                await asyncio.sleep(1)
                with contextlib.suppress(LeaseLost):
                    await held.confirm()
                holders.discard(me)
                await held.free()
                await remove_spent(road, desk.engine.watch, board)

        await asyncio.gather(*(work(desk, me) for me, desk in enumerate(desks)))
        return taken

    async def every() -> None:
        assert sum([await story(random.Random(seed)) for seed in seeds]) > len(seeds)

    virtually(every)
