"""What a run makes has an id of its own: never one again, the same for whoever finishes it, and the approved digest."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest

from tests.engine.blueprints import blueprint, numbered, provision
from tests.engine.deaths import bury
from tests.engine.desks import Desk, Killed, MemoryLedger, Office, virtually
from tests.engine.requesting import run
from tests.engine.test_archives import Scene
from tests.engine.test_candidates import Scene as Asking
from tests.engine.test_migrating_across import Scene as Migrating
from xsconsole.domain.board import Standing
from xsconsole.domain.given_ids import confirmed_plan, made_by
from xsconsole.domain.ids import BlueprintId, ConfigurationId, StageId
from xsconsole.domain.poolstate import RunRecord, decode_run, encode_run
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Create, Delete, Direction, Dissolve, NewMember, Plannable, Replicate
from xsconsole.engine.ports import Field
from xsconsole.engine.provisions.orders import ProvisionOrder, fill_rows
from xsconsole.errors import HeldElsewhere


def replica(desk: Desk, configuration: ConfigurationId, stage: str = "patch-testing") -> Replicate:
    revision = desk.card(configuration).revision
    return Replicate(configuration=configuration, revision=revision, target=StageId(stage))


async def made(desk: Desk, command: Plannable) -> ConfigurationId:
    """Carry a command out that makes one configuration, and return its id, which is not the one as planned."""
    plan = desk.engine.plan(command)
    status = await desk.do(command)
    assert (status.state, status.digest) == (RunState.DONE, plan.digest), status.error
    (planned,), (given,) = made_by(plan.intent), made_by(status.plan.intent)
    assert planned != given
    (opened,) = (one for one in desk.ledger.facts if one.run == status.run and one.event is AuditEvent.RUN_OPENED)
    assert opened.details is not None
    assert (opened.details["plan"], opened.details["ids_as_planned"]) == (plan.digest, {given: planned})
    await desk.until(lambda: desk.card(given).standing is Standing.WHOLE)
    return given


async def deleted(desk: Desk, configuration: ConfigurationId) -> None:
    status = await desk.do(Delete(configuration=configuration, revision=desk.card(configuration).revision))
    assert status.state is RunState.DONE, status.error


def records(desk: Desk) -> Mapping[str, RunRecord]:
    found = {key: decode_run(text) for key, text in desk.pool.keys.items() if ".run." in key}
    return {key: record for key, record in found.items() if record is not None}


def test_what_is_made_again_after_it_was_discarded_is_another_one() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk, "production")
        first, plan = await made(desk, replica(desk, shop)), desk.engine.plan(replica(desk, shop))
        await deleted(desk, first)
        again = desk.engine.plan(replica(desk, shop))
        second = await made(desk, replica(desk, shop))
        third = await made(desk, replica(desk, shop))

        assert len({first, second, third}) == 3
        assert (again.digest == plan.digest, again.intent.makes == plan.intent.makes) == (False, False)
        names = {member.name.partition(" ")[2] for member in desk.card(third).members}
        assert names == {"(Patch testing) 2"}
        # The numbers are those that are free, and not how often something was made.
        await deleted(desk, second)
        assert desk.engine.plan(replica(desk, shop)).digest == again.digest

        made_of = blueprint(office.pool)
        one = await made(desk, provision(desk, made_of, {"customer": "acme"}))
        other = await made(desk, provision(desk, made_of, {"customer": "bolt"}))
        assert [desk.card(id_).name for id_ in (one, other)] == ["webshop 3.1", "webshop 3.2"]
        await deleted(desk, one)
        order = ProvisionOrder(blueprint=made_of, target=StageId("integration"), rows=({"customer": "acme"},))
        moved = [numbered(made_of, 1), numbered(msgspec.structs.replace(made_of, id=BlueprintId("other")), 3)]
        there = fill_rows(order, desk.board, office.pool.pool.uuid, moved)  # the window knows of other pools
        assert [row.number for row in there] == [3]
        back = await made(desk, provision(desk, made_of, {"customer": "acme"}))
        assert (desk.card(back).name, len({one, other, back})) == ("webshop 3.1", 3)

        vm = NewMember(vm=office.pool.add_vm("solo").uuid)
        create = Create(service="solo", version="1", stage=StageId("integration"), members=(vm,))
        one = await made(desk, create)
        await desk.do(Dissolve(configuration=one, revision=desk.card(one).revision))
        assert await made(desk, create) != one

    virtually(story)


def test_what_comes_back_from_an_archive_again_is_another_one_with_the_first_free_number() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.archived()
        first, second = await made(scene.there, scene.returning()), await made(scene.there, scene.returning())
        await deleted(scene.there, first)
        third = await made(scene.there, scene.returning())

        assert len({first, second, third}) == 3
        ends = {id_: {one.name.rpartition(")")[2] for one in scene.there.card(id_).members} for id_ in (second, third)}
        assert ends == {second: {" 2"}, third: {""}}
        alone = scene.returning(target=StageId(""))
        assert [(await scene.there.do(alone)).error for _ in range(2)] == [None, None]

    virtually(story)


@pytest.mark.parametrize("kind", ["copies", "of a blueprint"])
def test_who_finishes_what_another_one_began_gives_the_ids_that_were_given(kind: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop, made_of = await office.shop(desk, "production"), blueprint(office.pool)
        rows = ({"customer": "acme"}, {"customer": "bolt"})
        command = replica(desk, shop) if kind == "copies" else provision(desk, made_of, *rows)
        plan = desk.engine.plan(command)
        other = office.desk(MemoryLedger())
        await other.until(lambda: other.board.workflow)
        desk.on_cross = lambda: desk.kill() if records(desk) else None
        with contextlib.suppress(Killed):
            await (await desk.open(command)).wait()
        await bury()
        (record,) = records(other).values()
        assert record.settled == ()
        assert (confirmed_plan(record), record.plan_digest) == (plan, plan.digest)
        assert record.plan.digest != plan.digest
        given = made_by(record.plan.intent)
        assert given == tuple(record.given[id_] for id_ in made_by(plan.intent))
        await other.clock.sleep(200)
        if kind != "copies":  # the numbers of what was cut off are not free
            other_plan = other.engine.plan(provision(other, made_of, {"customer": "core"}))
            assert other_plan.intent.name == "webshop 3.3"

        status = await other.settle(given[0] if kind != "copies" else shop, Direction.RESUME)

        assert (status.state, status.digest) == (RunState.DONE, plan.digest), status.error
        await other.until(lambda: {other.card(id_).standing for id_ in given} == {Standing.WHOLE})
        await other.engine.close()
        assert set(made_by(plan.intent)).isdisjoint(other.board.cards)
        assert not [key for key, text in other.pool.keys.items() for id_ in made_by(plan.intent) if id_ in key + text]

    virtually(story)


def test_a_run_that_an_earlier_version_left_goes_on_with_the_ids_of_its_plan() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        made_of = blueprint(office.pool)
        await desk.engine.publish_default()
        command = provision(desk, made_of, {"customer": "acme"})
        desk.on_cross = lambda: desk.kill() if records(desk) else None
        with contextlib.suppress(Killed):
            await (await desk.open(command)).wait()
        await bury()
        ((key, record),) = records(desk).items()
        planned = made_by(confirmed_plan(record).intent)[0]
        stored = msgspec.json.decode(msgspec.json.encode(msgspec.structs.replace(record, plan=confirmed_plan(record))))
        del stored["given"]
        old = encode_run(msgspec.convert(stored, RunRecord))
        kept = {name: text for name, text in desk.pool.keys.items() if name != key}
        office.pool.set_map(Field.POOL, None, kept | {f"xsconsole.run.{planned}.1": old})
        later = office.desk(MemoryLedger())
        await later.clock.sleep(200)

        status = await later.settle(planned, Direction.RESUME)

        assert status.state is RunState.DONE, status.error
        await later.until(lambda: later.card(planned).standing is Standing.WHOLE)
        # One of that id stands: nothing is planned by it, nor by its number, which nobody kept.
        assert later.engine.plan(provision(later, made_of, {"customer": "bolt"})).intent.name == "webshop 3.2"

    virtually(story)


def test_what_others_approved_goes_on_elsewhere_by_the_plan_that_they_approved() -> None:
    async def story() -> None:
        scene = await Asking().begin()
        request = await scene.approved()
        scene.bob.port.on_call = lambda method: going.stop() if method == "clone" else None
        going = await run(scene.bob, request)
        assert (await going.wait()).state is RunState.INTERRUPTED
        (record,) = records(scene.alice).values()
        assert (confirmed_plan(record).intent, record.plan_digest) == (request.intent, request.plan)

        status = await scene.alice.settle(scene.shop, Direction.RESUME)

        assert (status.state, status.digest) == (RunState.DONE, request.plan), status.error
        assert status.plan.intent.makes == going.plan.intent.makes != request.intent.makes

    virtually(story)


def test_of_two_who_ask_for_the_same_at_once_one_waits() -> None:
    async def story() -> None:
        office = Office()
        ann, ben = office.desk(), office.desk()
        await ann.engine.publish_default()
        made_of = blueprint(office.pool)
        await ben.until(lambda: ben.board.workflow)
        command = provision(ann, made_of, {"customer": "acme"})
        assert ann.engine.plan(command).digest == ben.engine.plan(command).digest
        going = await ann.open(command)
        with pytest.raises(HeldElsewhere):
            await ben.open(command)
        assert (await going.wait()).state is RunState.DONE
        await ben.until(lambda: any(card.standing is Standing.WHOLE for card in ben.board.cards.values()))
        assert "is the name of a configuration" in ben.refusal(command).reason

    virtually(story)


def test_what_moved_into_another_pool_is_not_hidden_by_the_next_one() -> None:
    async def story() -> None:
        scene = await Migrating().begin()
        here, there = scene.pair.here, scene.pair.there
        away = await made(here, replica(here, scene.shop, "staging"))
        going = replace(scene.go(), configuration=away, revision=here.card(away).revision)
        assert (await here.do(going)).error is None
        await here.until(lambda: away not in here.board.cards)
        next_one = await made(here, replica(here, scene.shop, "staging"))

        assert there.card(away).standing is Standing.WHOLE
        assert len({*here.board.cards, *there.board.cards}) == 3
        assert here.card(next_one).members[0].name.endswith("(Staging)")

    virtually(story)
