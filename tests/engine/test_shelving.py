"""Blueprints published by hand, signed, retired, and what others did to them, on a pool of values."""

from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.library_scene import SHOP, Scene
from tests.engine.memory_port import EPOCH, Fault
from tests.engine.test_copying import census
from xsconsole.domain.actions.copies import CopyMachine
from xsconsole.domain.approval import Matter, Meaning, decided
from xsconsole.domain.blueprint import Blueprint, Finding
from xsconsole.domain.blueprint.gold import subject_of
from xsconsole.domain.blueprint.standing import Library, needed_by, shelved, version_words
from xsconsole.domain.blueprint.templates import TEMPLATE_KEY, read_mark
from xsconsole.domain.board import RunView
from xsconsole.domain.ids import BlueprintId, ConsoleId, PersonId, RunId, StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.poolstate import Origin, RunRecord
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import ApprovalRule, Person, default_workflow
from xsconsole.engine.library_commands import PublishBlueprint, RemoveLeftTemplates, RetireBlueprint
from xsconsole.engine.ports import Field
from xsconsole.engine.publication.publishing import leave_decision
from xsconsole.errors import NotFound, PlanIsStale, PoolFailed, Refused


def test_an_edited_version_is_published_beside_the_first_and_each_is_retired_with_what_only_it_needs() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.captured()
        first, shelving = scene.newest, scene.shelving()
        web = msgspec.structs.replace(first.members[0], user_data="#cloud-config\n")
        edited = msgspec.structs.replace(first, members=(web, *first.members[1:]))

        async def publish(draft: Blueprint, seen: int, changes: str = "cloud-init") -> Blueprint:
            command = PublishBlueprint(blueprint=draft, seen=seen, changes=changes)
            return await shelving.publish(command, scene.desk.inventory)

        broken = msgspec.structs.replace(web, user_data="{{ nobody }}")
        with pytest.raises(Refused, match="uses “nobody”"):
            await publish(msgspec.structs.replace(first, members=(broken, *first.members[1:])), 1)
        with pytest.raises(Refused, match="reason"):
            await publish(edited, 1, " ")
        with pytest.raises(PlanIsStale):
            await publish(edited, 0)
        second = await publish(edited, 1)

        assert (second.version, second.author) == (2, "user-1")
        events = [(fact.event, fact.outcome) for fact in scene.desk.ledger.facts][-2:]
        assert events == [(AuditEvent.BLUEPRINT_PUBLISHED, None), (AuditEvent.BLUEPRINT_PUBLISHED, Outcome.DONE)]
        assert [one.version for one in scene.library.of(SHOP)] == [2, 1]

        retire = RetireBlueprint(blueprint=SHOP, version=1, reason="old")
        assert await shelving.retire(retire, scene.desk.board) == ()
        with pytest.raises(NotFound):
            await shelving.retire(retire, scene.desk.board)
        assert shelved(scene.library, "shop <b>").version == 2
        gone = await shelving.retire(replace(retire, version=2), scene.desk.board)

        assert len(gone) == 3
        assert scene.library == Library()
        now = census(scene.office)
        assert now["keys"] == {*scene.before["keys"], "xsconsole.blueprint_retired.b1"}  # type: ignore[misc]
        assert {**now, "keys": scene.before["keys"]} == scene.before
        third = await scene.captured()
        assert third.state is RunState.DONE
        assert scene.newest.version == 3

    virtually(story)


def test_what_others_did_to_templates_is_found_and_a_clone_is_none() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.captured()
        first, second, third = scene.newest.members
        pool = scene.office.pool
        clone = pool.clone(second.template, "a clone").uuid
        pool.change(first.template, is_a_template=False)
        pool.change(second.template, blocked_operations={})
        pool.forget(third.template)

        (one,) = scene.library.versions

        def told(findings: tuple[Finding, ...]) -> dict[str, str]:
            return {each.member: each.rule for each in findings}

        assert told(one.findings) == {first.id: "template", second.id: "unprotected", third.id: "template"}
        assert not one.is_usable
        copied = scene.desk.inventory.by_uuid(VM, clone)
        assert copied is not None
        assert TEMPLATE_KEY in copied.other_config
        assert read_mark(copied) is None
        assert scene.library.left == ()
        left = {key: text for key, text in pool.keys.items() if ".blueprint." not in key}
        pool.set_map(Field.POOL, None, left)
        assert {uuid for uuid, _ in scene.library.left} == {first.template, second.template}
        command = RemoveLeftTemplates(templates=tuple(uuid for uuid, _ in scene.library.left))
        gone = await scene.shelving().remove_left(command, scene.desk.board)
        assert len(gone) == 1  # the other one is somebody's machine by now
        assert scene.library.left == ()

    virtually(story)


def test_what_came_of_a_version_is_told_that_a_newer_one_exists_or_that_it_is_gone() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.captured()
        card = scene.desk.card(scene.shop)
        origin = Origin(
            configuration=card.id, name="Shop", stage=StageId(""), revision=1, method="linked-clone", blueprint=SHOP
        )
        made, inventory = replace(card, origin=origin), scene.desk.inventory

        assert version_words(card, inventory) == version_words(made, inventory) == ()
        await scene.captured(changes="more")
        assert version_words(made, inventory) == ("Version 2 of that blueprint is newer.",)
        shelving = scene.desk.engine.shelving
        await shelving.retire(RetireBlueprint(blueprint=SHOP, version=1, reason="old"), scene.desk.board)
        assert version_words(made, inventory)[-1] == "Version 1 of it was retired."
        await shelving.retire(RetireBlueprint(blueprint=SHOP, version=2, reason="old"), scene.desk.board)
        assert version_words(made, inventory) == ("That blueprint is not in the library of this pool any more.",)

    virtually(story)


def test_a_version_is_gold_once_as_many_signed_as_the_rules_for_publishing_say_but_its_author() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        others = [scene.office.desk() for _ in range(2)]
        standing = scene.desk.board.workflow
        assert standing is not None
        people = tuple(
            Person(id=PersonId(desk.name), name=desk.name, fingerprints=(desk.me.key,))
            for desk in (scene.desk, *others)
        )
        rule = ApprovalRule(count=1, people=tuple(person.id for person in people))
        await scene.captured()
        assert scene.library.versions[0].gold is None
        await scene.desk.publish(
            msgspec.structs.replace(default_workflow(), version=standing.version + 1, people=people, publishing=(rule,))
        )

        async def sign(desk: Desk, meaning: Meaning = Meaning.APPROVE) -> None:
            decision = decided(
                desk.signer,
                matter=Matter.BLUEPRINT,
                subject=subject_of(scene.newest),
                about="Shop",
                meaning=meaning,
                reason="tried",
                at=desk.clock.now(),
                actor=desk.port.identity.actor,
            )
            await leave_decision(desk.port, desk.ledger, decision)

        await sign(scene.desk)
        assert not scene.library.versions[0].is_gold
        await sign(others[0])
        assert scene.library.versions[0].is_gold
        await sign(others[1], Meaning.REJECT)
        assert not scene.library.versions[0].is_gold

    virtually(story)


def test_a_template_that_cannot_be_destroyed_is_told_as_left_over() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.captured()
        scene.desk.port.faults.append(Fault(method="destroy"))
        with pytest.raises(PoolFailed):
            await scene.shelving().retire(RetireBlueprint(blueprint=SHOP, version=1, reason="old"), scene.desk.board)

        assert scene.library.versions == ()
        assert len(scene.library.left) == 3

    virtually(story)


def test_keys_that_are_none_of_ours_are_told_and_bar_what_depends_on_them() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.captured()
        pool, shelving = scene.office.pool, scene.desk.engine.shelving
        text = pool.keys["xsconsole.blueprint.b1.1"]
        pool.set_map(
            Field.POOL, None, {**pool.keys, "xsconsole.blueprint.b2.1": "damaged", "xsconsole.blueprint.b1.5": text}
        )

        library = scene.library
        assert {(one.id, one.version): one.problem[:12] for one in library.versions if one.blueprint is None} == {
            ("b2", 1): "A value on t",
            ("b1", 5): "It says that",
        }
        assert library.version(BlueprintId("b2"), 1) is not None
        assert [one.called for one in library.newest if one.blueprint is None] == ["blueprint b1", "blueprint b2"]
        with pytest.raises(NotFound, match="no version 9"):
            shelved(library, "b1", 9)
        with pytest.raises(NotFound, match="no blueprint of that name"):
            shelved(library, "nothing")
        retire = RetireBlueprint(blueprint=SHOP, version=1, reason="old")
        with pytest.raises(Refused, match="nobody knows what it needs"):
            await shelving.retire(retire, scene.desk.board)
        assert await shelving.retire(replace(retire, blueprint=BlueprintId("b2")), scene.desk.board) == ()
        assert set(needed_by(library).values()) == {("Shop <b> version 1",)}
        assert needed_by(library, [(SHOP, 1)]) == {}

    virtually(story)


def test_nothing_is_retired_while_a_run_makes_machines_of_it() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.captured()
        card = scene.desk.card(scene.shop)
        plan = scene.desk.engine.plan(scene.capturing(changes="more", is_stopped_first=True))
        template = scene.newest.members[0].template
        steps = tuple(
            msgspec.structs.replace(step, action=msgspec.structs.replace(step.action, vm=template))
            if isinstance(step.action, CopyMachine)
            else step
            for step in plan.steps
        )
        record = RunRecord(
            run=RunId("r"),
            plan=msgspec.structs.replace(plan, steps=steps),
            plan_digest=plan.digest,
            actor="",
            console=ConsoleId(""),
            console_name="",
            reason="",
            started_at=EPOCH,
        )
        busy = replace(card, run=RunView(record=record, holder=None))
        board = replace(scene.desk.board, cards={busy.id: busy})

        with pytest.raises(Refused, match="A run makes machines of its templates"):
            await scene.desk.engine.shelving.retire(RetireBlueprint(blueprint=SHOP, version=1, reason="x"), board)

    virtually(story)


def test_a_template_that_was_there_before_is_marked_and_stays_when_nobody_needs_it() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        await scene.captured()
        pool, shelving = scene.office.pool, scene.desk.engine.shelving
        own = pool.add_vm("golden image", is_a_template=True)
        pool.change(own.uuid, blocked_operations={"destroy": "somebody's own reason"})
        first = scene.newest
        odd = msgspec.structs.replace(first.members[0], template=own.uuid, disks=())
        draft = msgspec.structs.replace(first, id=BlueprintId("mine"), members=(odd, *first.members[1:]))

        with pytest.raises(Refused, match="a blueprint called “Shop <b>” already: b1"):
            await shelving.publish(PublishBlueprint(blueprint=draft, seen=0), scene.desk.inventory)
        draft = msgspec.structs.replace(draft, name="Mine")
        made = await shelving.publish(PublishBlueprint(blueprint=draft, seen=0), scene.desk.inventory)

        marked = read_mark(pool.vm(own.uuid))
        assert marked is not None
        assert (marked.run, made.version) == (None, 1)
        assert pool.vm(own.uuid).blocked_operations == {"destroy": "somebody's own reason"}
        retire = RetireBlueprint(blueprint=BlueprintId("mine"), version=1, reason="done")
        assert await shelving.retire(retire, scene.desk.board) == ()
        assert read_mark(pool.vm(own.uuid)) is None
        pool.change(own.uuid, other_config={TEMPLATE_KEY: "{"})
        assert read_mark(pool.vm(own.uuid)) is None
        assert [one.findings for one in scene.library.versions] == [()]

    virtually(story)
