"""A copy takes the place of who has it on the embedded pool, over HTTP: its disks, and all of it given back."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.pool_state import footprint
from tests.engine.seats import Seat, seated
from tests.engine.test_succession import EMPTY, STAYS, succeeding
from tests.workflows import put_on
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VDI, VM
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Workflow

NEW, OLD = "crm 7.1.1", "crm 7.1"


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "100") as served:
        yield served


@pytest.fixture
async def alice(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Seat]:
    async with seated(pool, tmp_path, "alice") as (seat,):
        yield seat


async def publish(pool: EmbeddedPool, seat: Seat, workflow: Workflow) -> None:
    put_on(pool, workflow)
    await seat.until(lambda: seat.board.workflow is not None and seat.board.workflow.version == 2)


def data_of(seat: Seat, card: Card) -> dict[str, Uuid]:
    """Return the data disks of a configuration by role and device."""
    found = {}
    for member in card.members:
        vm = seat.inventory.get(VM, member.ref)
        assert vm is not None
        for drive, disk in drives_of(seat.inventory, vm):
            if drive.userdevice != "0":
                found[f"{member.role} {drive.userdevice}"] = disk.uuid
    return found


async def test_the_data_disks_of_production_go_to_the_new_machines(pool: EmbeddedPool, alice: Seat) -> None:
    await publish(pool, alice, succeeding(STAYS))
    data = data_of(alice, alice.card(OLD))
    assert data

    status = await alice.do(alice.promotion(NEW, "production"))

    assert status.error is None
    await alice.until(lambda: _stands(alice, NEW, "production") and _stands(alice, OLD, "staging"))
    card = next(card for card in alice.board.cards.values() if card.name == NEW and card.stage == "production")
    await alice.until(lambda: data_of(alice, card) == data)
    assert {member.power_state for member in card.members} == {"Running"}
    old = alice.card(OLD)
    assert {member.power_state for member in old.members} == {"Halted"}
    assert not set(data_of(alice, old).values()) & set(data.values())
    assert old.restore_points[0].is_whole


FAILING = (
    ("VM.start_on", 2, "NO_HOSTS_AVAILABLE"),
    ("VBD.create", 1, "DEVICE_ALREADY_EXISTS"),
    ("VBD.destroy", 1, "INTERNAL_ERROR"),
    ("VM.snapshot", 3, "SR_BACKEND_FAILURE_44"),
)


async def test_where_it_fails_the_old_one_runs_again_with_its_own_disks(pool: EmbeddedPool, alice: Seat) -> None:
    await publish(pool, alice, succeeding(STAYS))
    before, data = footprint(pool), data_of(alice, alice.card(OLD))
    for call, nth, code in FAILING:
        pool.control("fail", method=call, nth=nth, code=code, params=["1", "2", "3"])
        await alice.until(lambda: {card.standing for card in alice.board.cards.values()} == {Standing.WHOLE})

        status = await alice.do(alice.promotion(NEW, "production"))

        assert status.state is RunState.UNDONE, call
        assert footprint(pool) == before, call
        await alice.until(lambda: data_of(alice, alice.card(OLD)) == data)


async def test_empty_disks_are_new_ones_of_the_same_size(pool: EmbeddedPool, alice: Seat) -> None:
    await publish(pool, alice, succeeding(EMPTY, replaces_data=True))
    sizes = _sizes(alice, data_of(alice, alice.card(NEW)))

    status = await alice.do(alice.promotion(NEW, "production"))

    assert status.error is None
    await alice.until(lambda: _stands(alice, NEW, "production"))
    card = next(card for card in alice.board.cards.values() if card.name == NEW and card.stage == "production")
    await alice.until(lambda: _sizes(alice, data_of(alice, card)) == sizes)
    for uuid in data_of(alice, card).values():
        disk = alice.inventory.by_uuid(VDI, uuid)
        assert disk is not None
        assert "vhd-parent" not in disk.sm_config
        assert "·" not in disk.name_label


def _stands(seat: Seat, name: str, stage: str) -> bool:
    cards = [card for card in seat.board.cards.values() if card.name == name and card.stage == stage]
    return bool(cards) and cards[0].run is None and cards[0].standing is Standing.WHOLE


def _sizes(seat: Seat, disks: dict[str, Uuid]) -> dict[str, int]:
    found = {place: seat.inventory.by_uuid(VDI, uuid) for place, uuid in disks.items()}
    return {place: disk.virtual_size for place, disk in found.items() if disk is not None}
