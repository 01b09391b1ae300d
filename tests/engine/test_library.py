"""The library on a pool of values: captured, cut off anywhere, published by hand, retired; nothing is left behind."""

from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.engine.deaths import Fate, after, deaths, settled
from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census
from xsconsole.domain.approval import Matter, Meaning, decided
from xsconsole.domain.blueprint import Blueprint, Finding, fill
from xsconsole.domain.blueprint.standing import (
    TEMPLATE_KEY,
    Library,
    library_of,
    read_mark,
    shelved,
    subject_of,
    version_words,
)
from xsconsole.domain.ids import BlueprintId, PersonId, StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.plan import RunKind
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.words import explain, title
from xsconsole.domain.workflow import ApprovalRule, Method, Person, default_workflow
from xsconsole.engine.commands import Capture, Direction
from xsconsole.engine.library.shelving import Shelving
from xsconsole.engine.library_commands import PublishBlueprint, RemoveLeftTemplates, RetireBlueprint
from xsconsole.engine.ports import Field
from xsconsole.engine.publication.publishing import leave_decision
from xsconsole.errors import NotFound, PlanIsStale, PoolFailed, Refused
from xsconsole.store.keys import is_signature

SHOP = BlueprintId("b1")
EVERY = 9  # so many deaths, one is inherited


class Scene:
    """A running shop and what becomes of it in the library."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk()

    async def begin(self, stage: str = "production") -> "Scene":
        self.shop = await self.office.shop(self.desk, stage)
        self.before = census(self.office)
        return self

    def capturing(self, desk: Desk | None = None, **more: Any) -> Capture:
        card = (desk or self.desk).card(self.shop)
        usual = {"blueprint": SHOP, "name": "Shop <b>", "summary": "Two tiers", "changes": "first"}
        return Capture(configuration=card.id, revision=card.revision, **{**usual, **more})

    async def captured(self, **more: Any) -> RunStatus:
        status = await self.desk.do(self.capturing(**more))
        assert status.error is None, explain(status.error)
        return status

    @property
    def library(self) -> Library:
        return library_of(self.desk.inventory, self.desk.board.workflow, is_signature)

    def shelving(self, desk: Desk | None = None) -> Shelving:
        desk = desk or self.desk
        return desk.engine.shelving

    @property
    def newest(self) -> Blueprint:
        found = shelved(self.library, SHOP).blueprint
        assert found is not None
        return found


def test_a_running_configuration_becomes_protected_templates_and_a_signed_document_and_stays_as_it_is() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, card = scene.desk, scene.desk.card(scene.shop)
        plan = desk.engine.plan(scene.capturing())
        assert (plan.intent.kind, plan.asks, plan.can_stop_first) == (RunKind.CAPTURE, True, True)
        assert title(plan) == "Capture shop 1.3.0, by linked clone"
        assert "blueprint.b1" in plan.leases

        status = await scene.captured()

        assert status.state is RunState.DONE
        assert desk.card(scene.shop) == card
        (one,) = scene.library.versions
        assert (one.version, one.signed_by, one.findings, one.is_newest) == (1, desk.me.key, (), True)
        made = scene.newest
        assert (made.name, made.author, made.service, made.changes) == ("Shop <b>", "user-1", "shop", "first")
        assert made.source is not None
        assert (made.source.name, made.source.frozen_at is not None) == (card.name, True)
        for member in made.members:
            template = desk.inventory.by_uuid(VM, member.template)
            assert template is not None
            mark = read_mark(template)
            assert mark is not None
            assert (template.is_a_template, mark.blueprint, mark.role, mark.run) == (
                True,
                SHOP,
                member.role,
                status.run,
            )
            assert "destroy" in template.blocked_operations
            assert not [key for key in template.other_config if key.startswith("xsconsole.member")]
            assert (template.order, template.name_label) == (member.order, f"Shop <b> 1 · {member.role}")
        assert not [vm for vm in desk.inventory.all(VM) if vm.is_a_snapshot]
        assert {member.name for member in fill(made, {}).members} == {member.name for member in card.members}

        again = await scene.captured(changes="more", method=Method.FULL_COPY, is_stopped_first=True)

        assert again.state is RunState.DONE
        assert [one.version for one in scene.library.versions] == [2, 1]
        assert scene.newest.changes == "more"

    virtually(story)


def test_a_capture_that_is_cut_off_anywhere_is_gone_on_with_or_put_back_whole_by_another_console() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        fates: Counter[Fate] = Counter()
        left = await deaths(scene.desk, scene.desk.do(scene.capturing()), scene.desk.pool)
        for number, death in enumerate(left[::EVERY]):
            direction = (Direction.UNDO, Direction.RESUME)[number % 2]
            heir = after(death, scene)
            fate = await settled(heir.desk, scene.shop, direction)
            fates[fate] += 1
            if fate is Fate.UNDONE:
                assert census(heir.office) == scene.before
                assert heir.library == Library()
            elif fate is Fate.RESUMED:
                assert [one.findings for one in heir.library.versions] == [()]
                assert len([vm for vm in heir.desk.inventory.all(VM) if read_mark(vm)]) == 3
        assert min(fates[Fate.UNDONE], fates[Fate.RESUMED]) > 1

    virtually(story)


def test_a_capture_that_fails_leaves_nothing() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        scene.desk.port.faults.append(Fault(method="shape", nth=2))

        status = await scene.desk.do(scene.capturing())

        assert status.state is RunState.UNDONE
        assert census(scene.office) == scene.before
        assert scene.library == Library()

    virtually(story)


def test_what_bars_a_capture_is_said() -> None:
    async def story() -> None:
        scene = await Scene().begin()

        def refused(**more: Any) -> str:
            return scene.desk.refusal(scene.capturing(**more)).reason

        assert refused(name=" ") == "The blueprint has no name."
        assert refused(name="a\x00b").startswith("The blueprint: its name has a character")
        assert refused(sr=scene.office.pool.storage.uuid) == "A linked clone stays on the storage of its original."
        assert refused(sr="none", method=Method.FULL_COPY) == "That is no storage of the pool for disks."

    virtually(story)


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
