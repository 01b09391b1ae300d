"""Configurations of a blueprint over a real wire: five at once, what is left where one fails, and what stands then."""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pycdlib
import pytest
from embedded import EmbeddedPool, embedded_pool
from plain_http import ask

from tests.console.desk import Desk, seated
from tests.console.pool_state import footprint, runs_and_held_leases
from xsconsole.console import Batch, planned_together
from xsconsole.domain.batch import PartState
from xsconsole.domain.blueprint import Blueprint, Disk, Interface, Member, Parameter, ParameterKind, Reference
from xsconsole.domain.board import Standing
from xsconsole.domain.disks import drives_of
from xsconsole.domain.given_ids import made_by
from xsconsole.domain.ids import BlueprintId, StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Together
from xsconsole.engine.provisions.orders import ProvisionOrder, provisions_of

MIB, GIB = 1024**2, 1024**3
TOOL = "Debian 12 golden"
CUSTOMERS = (
    {"customer": "ada"},
    {"customer": "bob"},
    {"customer": "cyd", "cpus": 3},
    {"customer": "dan"},
    {"customer": "eve"},
)


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "500") as served:
        yield served


@pytest.fixture
async def desk(pool: EmbeddedPool, tmp_path: Path) -> AsyncIterator[Desk]:
    async with seated(pool, tmp_path / "home") as sat:
        yield sat
    pool.control("clear")


def of_four(desk: Desk) -> Blueprint:
    """A blueprint of four machines, of the two templates that the pool has with a system on them."""
    known = {vm.name_label: vm.uuid for vm in desk.console.inventory.all(VM) if vm.is_a_template}

    def member(role: str, template: str, order: int, **fields: Any) -> Member:
        return Member(
            id=role,
            name_pattern="{{ customer }}-" + role,
            role=role,
            template=known[template],
            memory=256 * MIB,
            interfaces=(Interface(device=0, network="int-net"), Interface(device=1, network="stage-net")),
            order=order,
            **fields,
        )

    data = Disk(position=2, role="data", size=GIB, name="data of {{ customer }}", is_new=True)
    return Blueprint(
        id=BlueprintId("tenant"),
        name="Tenant",
        version=2,
        service="tenant",
        parameters=(
            Parameter(name="customer", kind=ParameterKind.TEXT),
            Parameter(name="cpus", kind=ParameterKind.INTEGER, default=2, least=1, most=4),
        ),
        members=(
            member("db", TOOL, 0, disks=(Disk(position=0, role="system", size=12 * GIB), data)),
            member("app", "payroll-2tier", 1, vcpus=Reference(parameter="cpus")),
            member("web", TOOL, 2, user_data="#cloud-config\nhostname: {{ machine }}\n"),
            member("lb", TOOL, 2),
        ),
    )


def asked(desk: Desk, *rows: dict[str, object], is_whole: bool) -> Together:
    console = desk.console
    assert console.identity is not None
    order = ProvisionOrder(
        blueprint=of_four(desk),
        target=StageId("integration"),
        rows=rows,
        version="{{ customer }}",
        is_whole=is_whole,
        reason="new tenants",
    )
    return provisions_of(order, console.board, console.identity.pool)


def left(pool: EmbeddedPool) -> dict[str, Any]:
    """Return all that a run can change, with templates, networks and interfaces."""
    with pool.plain_session() as session:
        machines, networks, vifs = (
            getattr(session.xenapi, name).get_all_records().values() for name in ("VM", "network", "VIF")
        )
    return {
        **footprint(pool),
        "templates": {(one["uuid"], one["name_label"]) for one in machines if one["is_a_template"]},
        "networks": {one["uuid"] for one in networks},
        "interfaces": {one["uuid"] for one in vifs},
    }


async def test_of_five_at_once_nothing_is_left_where_the_third_has_no_room_and_all_stand_where_it_has(
    pool: EmbeddedPool, desk: Desk
) -> None:
    before = left(pool)
    (command,) = asked(desk, *CUSTOMERS, is_whole=True).commands
    pool.control("fail", method="VM.clone", nth=10, code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])

    status = await desk.do(command)

    assert status.state is RunState.UNDONE
    assert status.error is not None
    assert "SR_BACKEND_FAILURE_44" in explain(status.error).details
    await desk.until(lambda: not any(card.run for card in desk.console.board.cards.values()))
    assert left(pool) == before
    assert runs_and_held_leases(pool) == []

    status = await desk.do(command)

    assert status.error is None, explain(status.error)
    made = set(made_by(status.plan.intent))
    await desk.until(lambda: made <= set(desk.console.board.cards))
    cards = [desk.console.board.cards[one] for one in made]
    await desk.until(lambda: all(desk.console.board.cards[one].standing is Standing.WHOLE for one in made))
    assert {card.name for card in cards} == {f"tenant {row['customer']}" for row in CUSTOMERS}
    assert runs_and_held_leases(pool) == []
    _demand_like_the_blueprint(pool, desk)


def _demand_like_the_blueprint(pool: EmbeddedPool, desk: Desk) -> None:
    inventory = desk.console.inventory
    machines = {vm.name_label: vm for vm in inventory.all(VM) if vm.is_ordinary}
    app, db, web = machines["cyd-app"], machines["cyd-db"], machines["cyd-web"]
    assert (app.VCPUs_max, app.memory_static_max, app.order) == (3, 256 * MIB, 1)
    assert len(app.VIFs) == 2
    sizes = {drive.userdevice: disk.virtual_size for drive, disk in drives_of(inventory, db)}
    assert sizes == {"0": 12 * GIB, "2": GIB}
    assert {disk.name_label for _, disk in drives_of(inventory, db)} >= {"data of cyd"}
    seeds = [disk for drive, disk in drives_of(inventory, web) if disk.name_label == "cloud-init"]
    with pool.plain_session() as session:
        cookie = {"Cookie": f"session_id={session._session}"}
        image = ask(pool, "GET", "/export_raw_vdi", headers=cookie, vdi=seeds[0].uuid, format="raw").body
    assert len(image) == seeds[0].virtual_size
    volume, found = pycdlib.PyCdlib(), io.BytesIO()
    volume.open_fp(io.BytesIO(image))
    volume.get_file_from_iso_fp(found, joliet_path="/user-data")
    volume.close()
    assert found.getvalue().decode() == "#cloud-config\nhostname: cyd-web\n"


async def test_where_what_stands_may_stay_only_the_second_is_put_back(pool: EmbeddedPool, desk: Desk) -> None:
    console, before = desk.console, left(pool)
    together = asked(desk, *({"customer": name} for name in ("fay", "gus", "hal")), is_whole=False)
    planned = planned_together(console, together)
    assert [part.is_ready for part in planned.parts] == [True] * 3
    pool.control("fail", method="VDI.create", nth=2, code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])

    ended = await Batch(console, console.requests, together, planned, lambda _: None, goes_on=True).carry_out()

    states = [part.state for part in ended.parts]
    assert (states.count(PartState.DONE), states.count(PartState.FAILED)) == (2, 1)
    assert len(left(pool)["machines"].keys() - before["machines"].keys()) == 8
    assert runs_and_held_leases(pool) == []
