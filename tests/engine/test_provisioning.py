"""Configurations of a blueprint: made whole, all or none; counted after each way back."""

import contextlib
import io
import random
from typing import Any

import msgspec
import pycdlib
import pytest

from tests.engine.blueprints import asked, blueprint, provision
from tests.engine.deaths import bury
from tests.engine.desks import Desk, Killed, Office, virtually
from tests.engine.memory_pool import GIB, MemoryPool
from tests.engine.memory_port import Fault
from tests.engine.test_planning import changed
from xsconsole.domain.actions.provisions import OutfitCopy
from xsconsole.domain.batch import PartState
from xsconsole.domain.blueprint.values import Blueprint
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.disks import disks_of, drives_of, role_of_disk
from xsconsole.domain.ids import StageId, StepKey, Uuid
from xsconsole.domain.inventory import SR, VIF, VM, Network
from xsconsole.domain.lineage import descent, drawn, family, origins_told
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import ApprovalRule, Binding, EntryAction, Limits, Method, PoolObject, default_workflow
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.archives.archiving import lineage_of
from xsconsole.engine.commands import Direction, Refresh, StopTheLine
from xsconsole.engine.plans.batch import plan_together
from xsconsole.engine.provisions import parts
from xsconsole.engine.provisions.outfitting import outfit_amiss
from xsconsole.errors import Barred, NotPromotable, Refused, StageFull

ACME, BOLT = {"customer": "acme"}, {"customer": "bolt", "cpus": 4, "size": "30 GiB", "address": "10.0.0.7/24"}


async def seated(office: Office, **integration: object) -> Desk:
    desk = office.desk()
    await desk.engine.publish_default()
    if integration:
        await desk.publish(changed("integration", **integration))
    return desk


def standing(pool: MemoryPool) -> dict[str, Any]:
    """Return all that a run can leave: machines, disks, interfaces, and keys but the counters of leases."""
    kept = {type(record).__name__: set[str]() for record in pool.records.values()}
    for record in pool.records.values():
        kept[type(record).__name__].add(str(record.uuid))
    return {**kept, "keys": {key: text for key, text in pool.keys.items() if ".lease." not in key}}


def by_role(desk: Desk, card: Card) -> dict[str, VM]:
    return {member.role: desk.pool.vm(member.uuid) for member in card.members}


def test_two_at_once_have_their_own_sizes_networks_disks_and_seeds() -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office, entry=EntryAction.START)
        before = office.pool.count(VIF)
        command = provision(desk, blueprint(office.pool), ACME, BOLT)
        plan = desk.engine.plan(command)
        assert plan.asks
        assert len(plan.intent.others) == 1
        assert any("blueprint Web shop: 4 machines" in said for said in plan.warnings)
        assert desk.engine.plan(command).digest == plan.digest

        run = await desk.open(command)
        assert {card.name for card in desk.board.cards.values() if card.run} <= {"webshop 3.1", "webshop 3.2"}
        status = await run.wait()

        assert (status.state, status.error) == (RunState.DONE, None)
        await desk.until(lambda: all(card.standing is Standing.WHOLE for card in desk.board.cards.values()))
        first, second = sorted(desk.board.cards.values(), key=lambda card: card.name)
        assert [(card.name, card.stage, card.version) for card in (first, second)] == [
            ("webshop 3.1", "integration", "3.1"),
            ("webshop 3.2", "integration", "3.2"),
        ]
        machines = by_role(desk, second)
        web, db = machines["web"], machines["db"]
        assert (web.name_label, web.VCPUs_max, web.order, web.power_state) == ("bolt-web-2", 4, 1, "Running")
        assert (db.memory_static_max, db.memory_dynamic_min, db.start_delay) == (4 * GIB, 4 * GIB, 5)
        assert not any(vm.is_a_template for vm in (web, db))
        assert len(office.pool.networks_of(web.uuid)) == 2
        assert office.pool.count(VIF) == before + 1 + 2 * 3  # that of the template, and those of both
        sizes = {drive.userdevice: disk.virtual_size for drive, disk in drives_of(desk.inventory, db)}
        assert sizes == {"0": 10 * GIB, "5": 30 * GIB}
        assert [role_of_disk(drive) for drive, _ in drives_of(desk.inventory, web)] == ["system", "seed"]
        seed = drives_of(desk.inventory, web)[1][1]
        assert _read(office.pool.written[seed.uuid]) == {
            "user-data": "#cloud-config\nfqdn: bolt.example\n",
            "meta-data": f'instance-id: "{web.uuid}"\nlocal-hostname: "bolt-web-2"\n',
        }
        assert {vm.is_a_template for vm in office.pool.vms() if vm.name_label.startswith("golden")} == {True}
        _demand_told(desk, second)

    virtually(story)


def _read(image: bytes) -> dict[str, str]:
    volume, found = pycdlib.PyCdlib(), {}
    volume.open_fp(io.BytesIO(image))
    for child in volume.list_children(rr_path="/"):
        if not child.is_dir():
            name, content = child.rock_ridge.name().decode(), io.BytesIO()
            volume.get_file_from_iso_fp(content, rr_path=f"/{name}")
            found[name] = content.getvalue().decode()
    volume.close()
    return found


def _demand_told(desk: Desk, card: Card) -> None:
    """Its card says what it was made of, lineage shows it, and no row of the audit has what cloud-init was told."""
    assert card.origin is not None
    assert descent(card.origin, desk.board.workflow) == "Made of blueprint Web shop, version 3."
    (told,) = lineage_of(card, desk.board)
    assert descent(origins_told((told,))[0], desk.board.workflow) == "Made of blueprint Web shop, version 3."
    refused = desk.refusal(Refresh(configuration=card.id, revision=card.revision))
    assert "is no copy" in refused.reason
    relatives = family(card.id, desk.board)
    assert [one.version for one in relatives] == [3, None, None]
    shown = drawn(relatives, desk.board.workflow)
    assert (shown.stages[0].name, len(shown.transitions)) == ("Web shop", 2)
    assert shown.stages[0].description == "version 3 in the library"
    opened = next(fact for fact in desk.ledger.facts if fact.event is AuditEvent.RUN_OPENED)
    assert (opened.details or {})["beside"] == [card.id]
    rows = [fact for fact in desk.ledger.facts if fact.event is AuditEvent.STEP_SETTLED]
    assert any("seed-disk" in str(fact.details) for fact in rows)
    assert not any("cloud-config" in str(fact.details) for fact in desk.ledger.facts)


@pytest.mark.parametrize(
    ("call", "nth"),
    [("clone", 5), ("set_interfaces", 3), ("make_of", 6), ("write_disk", 2), ("attach", 4), ("start", 5)],
)
def test_what_fails_leaves_nothing_of_any(call: str, nth: int) -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office, entry=EntryAction.START)
        made_of = blueprint(office.pool)
        before = standing(office.pool)
        desk.port.faults.append(Fault(method=call, nth=nth))

        status = await desk.do(provision(desk, made_of, ACME, BOLT, {"customer": "core"}))

        assert status.state is RunState.UNDONE
        assert standing(office.pool) == before
        assert not desk.board.cards

    virtually(story)


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("at", [90, 170, 310])
def test_where_the_console_dies_another_finishes_it_or_puts_it_back(at: int, direction: Direction) -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office)
        made_of = blueprint(office.pool)
        before = standing(office.pool)
        other = office.desk()
        await other.until(lambda: other.board.workflow)
        command = provision(desk, made_of, ACME, BOLT)
        desk.cut_at = at
        with contextlib.suppress(Killed):
            await (await desk.open(command)).wait()
        await bury()
        await other.clock.sleep(200)
        record = next(card.run.record for card in other.board.cards.values() if card.run is not None)
        (beside,) = record.plan.intent.beside

        status = await other.settle(beside, direction)

        assert status.error is None
        if direction is Direction.UNDO:
            assert status.state is RunState.UNDONE
            assert standing(office.pool) == before
        else:
            assert sorted(card.name for card in other.board.cards.values()) == ["webshop 3.1", "webshop 3.2"]
            assert {card.standing for card in other.board.cards.values()} == {Standing.WHOLE}
            assert len(set(standing(office.pool)["VM"]) - set(before["VM"])) == 4
            assert len(set(standing(office.pool)["VDI"]) - set(before["VDI"])) == 8

    virtually(story)


def test_where_what_stands_may_stay_only_the_one_without_room_is_refused() -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office, entry=EntryAction.START)
        made_of = blueprint(office.pool)
        taken = desk.engine.plan(provision(desk, made_of, ACME)).size_bytes
        office.pool.change_record(SR, physical_size=2 * taken + taken // 4)
        rows = ({"customer": "{{ number }}"},) * 3

        with pytest.raises(NotPromotable, match="The machines may take"):
            desk.engine.plan(provision(desk, made_of, *rows))
        together = asked(desk, made_of, *rows, is_whole=False)
        found = plan_together(together, desk.board, desk.inventory, "user", desk.clock.now())

        assert [part.state for part in found.parts] == [PartState.WAITING, PartState.WAITING, PartState.REFUSED]
        assert [part.name for part in found.parts] == ["webshop 3.1", "webshop 3.2", "webshop 3.3"]
        assert found.refused[0].refusal is not None
        assert "of which other runs take" in found.refused[0].refusal.reason
        for command in together.commands[:2]:
            assert (await desk.do(command)).error is None
        assert [card.standing for card in desk.board.cards.values()] == [Standing.WHOLE] * 2

    virtually(story)


def test_full_copies_go_where_they_are_asked_to_and_another_time_counts_on() -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office)
        made_of = blueprint(office.pool)
        files = office.pool.add_storage("files")
        fields: dict[str, Any] = {"method": Method.FULL_COPY, "sr": files.uuid, "version": "{{ customer }}"}

        assert (await desk.do(provision(desk, made_of, ACME, **fields))).error is None
        await desk.until(lambda: not any(card.run for card in desk.board.cards.values()))
        (card,) = desk.board.cards.values()
        assert card.name == "webshop acme"
        disks = [disk for vm in by_role(desk, card).values() for disk in disks_of(desk.inventory, vm)]
        assert {disk.SR for disk in disks} == {files.ref}

        plan = desk.engine.plan(provision(desk, made_of, ACME, version="{{ number }}"))
        assert {step.subject for step in plan.steps if "copy" in step.key} >= {"acme-db-2", "acme-web-2"}
        assert any(
            "Written full" in said
            for said in desk.engine.plan(provision(desk, _large(made_of), BOLT, **fields)).warnings
        )

    virtually(story)


def _large(made_of: Blueprint) -> Blueprint:
    disks = (msgspec.structs.replace(made_of.members[0].disks[1], size=5000 * GIB),)
    return msgspec.structs.replace(
        made_of, members=(msgspec.structs.replace(made_of.members[0], disks=disks), *made_of.members[1:])
    )


def _with(made_of: Blueprint, at: int, **fields: object) -> Blueprint:
    members = list(made_of.members)
    members[at] = msgspec.structs.replace(members[at], **fields)
    return msgspec.structs.replace(made_of, members=tuple(members))


def _entry(logical: str, pool: MemoryPool) -> NetworkEntry:
    network = next(record for record in pool.records.values() if isinstance(record, Network))
    return NetworkEntry(logical=logical, network=PoolObject(uuid=network.uuid, name=network.name_label))


def test_what_cannot_be_made_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office)
        pool, made_of = office.pool, blueprint(office.pool)
        machine, bare = pool.add_vm("acme-db-1"), pool.add_vm("Debian 12")
        pool.change(bare.uuid, is_a_template=True, other_config={"disks": "<provision/>"})
        strange = pool.add_storage("other")

        def said(blueprint_: Blueprint, *rows: dict[str, object], **fields: object) -> str:
            try:
                desk.engine.plan(provision(desk, blueprint_, *rows, **fields))
            except Refused as refusal:
                return f"{refusal.reason} {refusal.mend}"
            return ""

        bolt: dict[str, object] = {"customer": "bolt"}
        assert "“acme-db-1” is the name of a machine of the pool. Give another service" in said(made_of, ACME)
        assert "is the name of another machine of webshop" in said(_with(made_of, 0, name_pattern="x"), bolt, bolt)
        assert "“cpus” is 9. Give a whole number from 1 to 8." in said(made_of, bolt | {"cpus": 9})
        assert "Number 2: “customer” has no value." in said(made_of, bolt, {})
        both = said(made_of, {"cpus": 9, "colour": "red"})
        assert "“customer” has no value." in both
        assert "“cpus” is 9. Give a whole number from 1 to 8." in both
        assert "asks for no “colour”" in both
        assert "9 things are wrong, of which these are" in said(
            made_of, *({"customer": "x", "cpus": n} for n in range(9, 18))
        )
        assert "Numbers 1, 2 and 3: “customer” has no value." in said(made_of, {}, {}, {})
        assert "“{{ no” cannot be read" in said(made_of, {"customer": "{{ no"})
        assert "has no service. Name one" in said(msgspec.structs.replace(made_of, service=""), bolt)
        assert "0 configurations cannot be made" in said(made_of)
        assert "is too long" in said(made_of, bolt, version="v" * 500)
        assert "only says how to install" in said(_with(made_of, 0, template=bare.uuid), bolt)
        assert "a machine and no template" in said(_with(made_of, 0, template=machine.uuid), bolt)
        assert "the pool does not have (gone)" in said(_with(made_of, 0, template=Uuid("gone")), bolt)
        assert "has no network for" not in said(made_of, bolt)
        nowhere = (msgspec.structs.replace(made_of.members[0].interfaces[0], network="nowhere"),)
        assert "no network of the pool is called “nowhere”" in said(_with(made_of, 0, interfaces=nowhere), bolt)
        system, data = made_of.members[0].disks
        small = (msgspec.structs.replace(system, size=GIB),)
        assert "no disk gets smaller" in said(_with(made_of, 0, disks=small), bolt)
        absent = (msgspec.structs.replace(data, is_new=False, size=None),)
        assert "has no disk 5" in said(_with(made_of, 0, disks=absent), bolt)
        there = (msgspec.structs.replace(data, position=0),)
        assert "its template has one there" in said(_with(made_of, 0, disks=there), bolt)
        unsized = (msgspec.structs.replace(data, size=None),)
        assert "a new one of no size" in said(_with(made_of, 0, disks=unsized), bolt)
        assert "Make full copies" in said(made_of, bolt, sr=strange.uuid)
        assert "no storage of the pool" in said(made_of, bolt, sr=Uuid("gone"))
        noise = random.Random(1)
        told = (
            msgspec.structs.replace(
                made_of.members[1],
                id=f"web{number}",
                name_pattern="{{ member }}",
                user_data="".join(chr(noise.randrange(97, 123)) for _ in range(15_000)),
            )
            for number in range(16)
        )
        assert "too much for one run" in said(msgspec.structs.replace(made_of, members=tuple(told)), bolt)
        assert "is the name of a configuration made beside it" in said(made_of, bolt, bolt, version="1")
        bound = changed("integration", binding=Binding(networks=(_entry("elsewhere", pool),)))
        await desk.publish(msgspec.structs.replace(bound, networks=("elsewhere",)))
        assert "Integration has no network for “back”" in said(made_of, bolt)
        assert "no machines" in said(msgspec.structs.replace(made_of, members=()), bolt)
        monkeypatch.setattr(parts, "MOST_DEVICES", 1)
        bare_web = _with(msgspec.structs.replace(made_of, members=made_of.members[1:]), 0, interfaces=())
        assert "no place left for the disk that cloud-init reads" in said(bare_web, bolt)
        pool.change(made_of.members[0].template, blocked_operations={"clone": "not now"})
        assert "is blocked: not now." in said(made_of, bolt)

    virtually(story)


def test_closures_and_limits_bind_and_each_counts_for_the_next() -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office, limits=Limits(configurations=2))
        made_of = blueprint(office.pool)
        rows = ({"customer": "{{ number }}"},) * 3
        assert desk.engine.plan(provision(desk, made_of, *rows[:2])).steps
        full = desk.refusal(provision(desk, made_of, *rows))
        assert isinstance(full, StageFull)
        assert full.reason.endswith("takes 2 configurations, and has room for 2 of the 3 that are to be made.")
        together = asked(desk, made_of, *rows, is_whole=False)
        found = plan_together(together, desk.board, desk.inventory, "user", desk.clock.now())
        assert [part.is_ready for part in found.parts] == [True, True, False]

        await desk.engine.closings.close(StopTheLine(reason="fire"))
        await desk.until(lambda: desk.board.closures.stop is not None)
        assert isinstance(desk.refusal(provision(desk, made_of, ACME)), Barred)

    virtually(story)


def test_what_comes_into_a_stage_by_approval_does_not_come_of_a_blueprint() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        workflow = default_workflow()
        ways = tuple(
            msgspec.structs.replace(way, approvals=(ApprovalRule(count=1),)) if way.target == "staging" else way
            for way in workflow.transitions
        )
        await desk.engine.publish_default()
        await desk.publish(msgspec.structs.replace(workflow, version=2, transitions=ways))

        refused = desk.refusal(provision(desk, blueprint(office.pool), ACME, target=StageId("staging")))

        assert "a blueprint is no way round that" in refused.reason
        assert "Provision it into" in refused.mend

    virtually(story)


def test_an_address_that_a_guest_has_is_told_and_a_machine_that_is_not_as_wanted_is_named() -> None:
    async def story() -> None:
        office = Office()
        desk = await seated(office)
        made_of = blueprint(office.pool)
        guest = office.pool.add_vm("old", "Running")
        metrics = office.pool.records[guest.guest_metrics]
        office.pool.put(msgspec.structs.replace(metrics, networks={"0/ip": "10.0.0.7"}))

        one = desk.engine.plan(provision(desk, made_of, BOLT)).warnings
        two = desk.engine.plan(provision(desk, made_of, BOLT | {"address": "10.0.0.8"})).warnings

        assert any("has the address 10.0.0.7 (old) already" in said for said in one)
        assert not any("the address" in said for said in two)
        unsigned = desk.engine.plan(provision(desk, made_of, ACME, is_signed=False)).warnings
        assert set(unsigned) - set(desk.engine.plan(provision(desk, made_of, ACME)).warnings)
        wanted = OutfitCopy(copy=StepKey("1"), name="web", vcpus=4, memory_bytes=GIB)
        assert outfit_amiss(guest, wanted) == ["has 1 processors", "has other memory"]

    virtually(story)
