"""Leases: taken, renewed, lost, freed and found again, with two consoles and no real time."""

import asyncio

import pytest

from tests.engine.desks import CountingIds, Desk, MemoryLedger, Office, virtually
from tests.engine.memory_port import Fault
from xsconsole.domain.poolstate import LeaseValue, encode, lease_stem, numbers
from xsconsole.engine.ports import Field, Ids, PoolPort
from xsconsole.engine.runs.lease import Leases, LeaseTiming, free_forsaken
from xsconsole.engine.runs.watch import LeaseWatch
from xsconsole.errors import HeldElsewhere, LeaseLost, LostMaster, PoolFailed

THING = "configuration.shop"


def leases(desk: Desk, road: PoolPort | None = None, ids: Ids | None = None) -> Leases:
    return Leases(
        pool=road or desk.port,
        ledger=desk.ledger,
        clock=desk.clock,
        ids=ids or CountingIds(9),
        watch=desk.engine.watch,
        me=desk.me,
        timing=LeaseTiming(),
    )


def states(office: Office) -> list[str]:
    keys = office.pool.keys
    standing = reversed(numbers(keys, lease_stem(THING)))
    return [keys[f"{lease_stem(THING)}.{number}"].split('"state":"')[1].split('"')[0] for number in standing]


def test_what_one_holds_the_other_is_refused_with_who_holds_it() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        await leases(one).take([THING])

        with pytest.raises(HeldElsewhere) as refused:
            await leases(two).take(["a", THING])

        assert (refused.value.holder, refused.value.console) == ("user-1", "desk-1")
        assert two.engine.watch.holder_of("a") is None
        assert one.engine.watch.holder_of(THING) is not None

    virtually(story)


def test_a_freed_thing_can_be_taken_at_once() -> None:
    async def story() -> None:
        office = Office()
        one, two = leases(office.desk()), leases(office.desk())
        await one.take([THING])
        await one.free()

        await two.take([THING])
        await two.confirm()

        assert states(office) == ["held", "free", "held"]

    virtually(story)


def test_a_holder_renews_for_as_long_as_it_works_and_old_numbers_go() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        held = leases(one)
        await held.take([THING])

        async with held.kept():
            await asyncio.sleep(400)
            await held.confirm()
            assert two.engine.watch.holder_of(THING) is not None
            with pytest.raises(HeldElsewhere):
                await leases(two).take([THING])

        assert len(states(office)) <= 10
        assert states(office)[-1] == "free"

    virtually(story)


def test_a_silent_holder_is_replaced_after_its_time_and_not_before() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        held = leases(one)
        await held.take([THING])

        await asyncio.sleep(59)
        with pytest.raises(HeldElsewhere):
            await leases(two).take([THING])
        assert two.engine.watch.quiet_s(THING) == 59
        await asyncio.sleep(2)
        await leases(two).take([THING])

        with pytest.raises(LeaseLost):
            await held.confirm()
        with pytest.raises(LeaseLost):
            await held.confirm()

    virtually(story)


def test_a_holder_stops_itself_at_half_its_time() -> None:
    async def story() -> None:
        office = Office()
        held = leases(office.desk())
        await held.take([THING])

        await asyncio.sleep(31)

        with pytest.raises(LeaseLost, match="31 s"):
            await held.confirm()

    virtually(story)


def test_a_holder_whose_pool_is_away_does_not_go_on_and_one_that_comes_back_in_time_does() -> None:
    async def story() -> None:
        office = Office()
        one = office.desk()
        held = leases(one)
        await held.take([THING])
        async with held.kept():
            office.pool.is_away = True
            await asyncio.sleep(20)
            office.pool.is_away = False
            await asyncio.sleep(12)
            await held.confirm()
            office.pool.is_away = True
            with pytest.raises(LostMaster):
                await held.confirm()
            await asyncio.sleep(90)
            office.pool.is_away = False
            with pytest.raises(LeaseLost):
                await held.confirm()

    virtually(story)


def test_a_renewal_finds_out_that_another_console_took_over() -> None:
    async def story() -> None:
        office = Office()
        one = office.desk()
        held = leases(one)
        await held.take([THING])
        foreign = LeaseValue(nonce="x.y", console="desk-9", actor="mallory", state="held", ttl_s=60)

        async with held.kept():
            await one.port.add_key(Field.POOL, f"{lease_stem(THING)}.2", encode(foreign))
            await asyncio.sleep(20)
            with pytest.raises(LeaseLost, match="desk-9 took it over"):
                await held.confirm()

        assert states(office) == ["held", "held"]

    virtually(story)


@pytest.mark.parametrize("how", ["lose-before", "lose-after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_answer_neither_loses_nor_doubles_a_lease(how: str, nth: int) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        held = leases(desk)
        desk.port.faults.append(Fault(method="add_key", nth=nth, how=how))

        await held.take([THING])
        async with held.kept():
            await asyncio.sleep(16)
            await held.confirm()

        assert states(office)[-1] == "free"

    virtually(story)


def test_a_number_that_was_added_late_holds_nothing() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        slow, fast = leases(one), leases(two)
        raced = False

        def overtake(method: str) -> None:
            nonlocal raced
            if method == "add_key" and not raced:
                raced = True
                for number in (1, 2):
                    text = encode(LeaseValue(nonce="b.c", console="desk-2", actor="user-2", state="held", ttl_s=60))
                    present = office.pool.keys
                    office.pool.set_map(Field.POOL, None, {**present, f"{lease_stem(THING)}.{number}": text})
                keys = office.pool.keys
                del keys[f"{lease_stem(THING)}.1"]
                office.pool.set_map(Field.POOL, None, keys)

        one.port.on_call = overtake
        with pytest.raises(HeldElsewhere):
            await slow.take([THING])
        with pytest.raises(HeldElsewhere):
            await fast.take([THING])

    virtually(story)


def test_a_lease_that_cannot_be_freed_is_nobodys_here_and_becomes_stale_elsewhere() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        held = leases(one)
        await held.take([THING])
        one.port.faults.append(Fault(method="add_key", code="INTERNAL_ERROR"))

        await held.free()

        assert one.engine.watch.holder_of(THING) is None
        assert two.engine.watch.holder_of(THING) is not None
        await asyncio.sleep(61)
        assert two.engine.watch.holder_of(THING) is None

    virtually(story)


def test_freeing_what_another_console_took_leaves_it_alone() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        held = leases(one)
        await held.take([THING])
        await asyncio.sleep(61)
        await leases(two).take([THING])

        await held.free()

        assert states(office) == ["held", "held"]
        assert two.engine.watch.holder_of(THING) is not None

    virtually(story)


def test_an_unreadable_lease_is_held_until_it_has_not_moved_for_its_time() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await desk.port.add_key(Field.POOL, f"{lease_stem(THING)}.3", '{"schema":7}')

        with pytest.raises(HeldElsewhere, match="a newer console"):
            await leases(desk).take([THING])
        await asyncio.sleep(61)

        await leases(desk).take([THING])

    virtually(story)


def test_numbers_that_never_settle_are_given_up() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        held = leases(desk)

        def free_again(method: str) -> None:
            if method == "add_key":
                number = next(iter(numbers(office.pool.keys, lease_stem(THING))), 0) + 1
                text = encode(LeaseValue(nonce="b.c", console="", actor="", state="free", ttl_s=60))
                present = office.pool.keys
                office.pool.set_map(Field.POOL, None, {**present, f"{lease_stem(THING)}.{number}": text})

        desk.port.on_call = free_again

        with pytest.raises(PoolFailed):
            await held.take([THING])

    virtually(story)


def test_a_console_finds_its_own_lease_again_when_its_process_has_ended() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        await leases(one).take([THING])
        await leases(two).take(["configuration.other"])
        one.kill()

        again = office.desk(one.ledger)
        await free_forsaken(again.port, again.engine.watch, again.me, await one.ledger.nonces())

        assert again.engine.watch.holder_of(THING) is None
        assert two.engine.watch.holder_of(THING) is None
        assert again.engine.watch.holder_of("configuration.other") is not None

    virtually(story)


def test_a_living_process_of_the_same_home_keeps_its_lease() -> None:
    async def story() -> None:
        office = Office()
        window = office.desk()
        await leases(window).take([THING])
        ledger = MemoryLedger(known_nonces=window.ledger.known_nonces)

        command_line = office.desk(ledger)
        await command_line.engine.begin()

        assert states(office) == ["held"]
        with pytest.raises(HeldElsewhere):
            await leases(command_line).take([THING])

    virtually(story)


def test_the_watch_tells_when_a_lease_becomes_stale_by_itself() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        told: list[float] = []
        watching = asyncio.ensure_future(two.engine.watch.run(lambda: told.append(two.clock.monotonic_s())))
        await asyncio.sleep(5)
        await leases(one).take([THING])
        await asyncio.sleep(100)
        two.engine.watch.forsake("nobody")
        await asyncio.sleep(1)

        assert told == [65]
        watching.cancel()
        await asyncio.wait([watching])

    virtually(story)


def test_an_older_view_does_not_turn_the_watch_back() -> None:
    async def story() -> None:
        office = Office()
        watch = LeaseWatch(office.desk().clock)
        held = encode(LeaseValue(nonce="a.b", console="c", actor="d", state="held", ttl_s=60))
        free = encode(LeaseValue(nonce="a.b", console="c", actor="d", state="free", ttl_s=60))
        key = lease_stem(THING)
        watch.observe({f"{key}.5": free, f"{key}.x": held, "other": ""})
        watch.observe({f"{key}.4": held})
        assert watch.holder_of(THING) is None
        assert watch.until_stale_s() is None

        watch.observe({f"{key}.6": held})
        assert watch.until_stale_s() == 60
        await asyncio.sleep(61)
        watch.observe({f"{key}.2": held})
        assert watch.holder_of(THING) is not None, "numbers began anew, and the old ones are dead"

        watch.observe({})
        assert watch.quiet_s(THING) is None

    virtually(story)
