"""Numbered values on the pool: never absent, written once, whoever else writes."""

import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from xsconsole.engine.ports import Field
from xsconsole.engine.values import insist, remove_value, set_key, write_value
from xsconsole.errors import ConnectionLost, PoolFailed

STEM = "xsconsole.thing"


def standing(office: Office) -> dict[str, str]:
    return office.pool.keys


def race(office: Office, desk: Desk, key: str, text: str = "theirs", times: int = 99) -> None:
    left = times

    def write(method: str) -> None:
        nonlocal left
        if method == "add_key" and left:
            left -= 1
            number = max((int(name.rpartition(".")[2]) for name in office.pool.keys if key in name), default=0)
            name = f"{key}.{number + 1}" if key == STEM else key
            office.pool.set_map(Field.POOL, None, {**office.pool.keys, name: text})

    desk.port.on_call = write


def test_a_value_gets_the_next_number_and_older_ones_go() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()

        for text in ("a", "b", "b"):
            await write_value(desk.port, Field.POOL, STEM, text)

        assert standing(office) == {f"{STEM}.2": "b"}
        await remove_value(desk.port, Field.POOL, STEM)
        assert standing(office) == {}

    virtually(story)


@pytest.mark.parametrize("how", ["lose-before", "lose-after"])
@pytest.mark.parametrize("method", ["keys", "add_key", "remove_key"])
def test_a_broken_road_writes_once(method: str, how: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await write_value(desk.port, Field.POOL, STEM, "a")
        desk.port.faults.append(Fault(method=method, how=how))

        await write_value(desk.port, Field.POOL, STEM, "b")

        assert standing(office) == {f"{STEM}.2": "b"}

    virtually(story)


def test_a_road_that_breaks_again_and_again_is_given_up() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        desk.port.faults += [Fault(method="keys", how="lose-before") for _ in range(5)]

        with pytest.raises(ConnectionLost):
            await insist(desk.port, lambda: desk.port.keys(Field.POOL))

    virtually(story)


def test_a_writer_that_raced_ahead_is_written_over_and_a_crowd_is_given_up() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        race(office, desk, STEM, times=2)
        await write_value(desk.port, Field.POOL, STEM, "ours")
        assert list(standing(office).values()) == ["ours"]

        race(office, desk, STEM)
        with pytest.raises(PoolFailed):
            await write_value(desk.port, Field.POOL, STEM, "ours again")

    virtually(story)


def test_a_plain_key_is_set_over_what_others_write_and_a_crowd_is_given_up() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await set_key(desk.port, Field.POOL, "plain", "a")
        await set_key(desk.port, Field.POOL, "plain", "a")
        race(office, desk, "plain", times=1)
        await set_key(desk.port, Field.POOL, "plain", "b")
        assert standing(office) == {"plain": "b"}

        race(office, desk, "plain")
        with pytest.raises(PoolFailed):
            await set_key(desk.port, Field.POOL, "plain", "c")
        desk.port.on_call = lambda _: None
        await set_key(desk.port, Field.POOL, "plain", "")
        assert standing(office) == {}

    virtually(story)
