"""Captured into the library on a pool of values: cut off anywhere, put back, refused; nothing is left behind."""

from collections import Counter
from typing import Any

from tests.engine.deaths import Fate, after, deaths, settled
from tests.engine.desks import virtually
from tests.engine.library_scene import SHOP, Scene
from tests.engine.memory_port import Fault
from tests.engine.test_copying import census, halted
from tests.engine.test_planning import kinds
from xsconsole.domain.blueprint import fill
from xsconsole.domain.blueprint.standing import Library
from xsconsole.domain.blueprint.templates import read_mark
from xsconsole.domain.ids import BlueprintId
from xsconsole.domain.inventory import VM
from xsconsole.domain.plan import RunKind
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import explain, title
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Direction
from xsconsole.engine.ports import Field

EVERY = 9  # so many deaths, one is inherited


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


def test_what_another_one_wrote_or_changed_meanwhile_puts_a_capture_back() -> None:
    async def story(meddling: str) -> str:
        scene = await Scene().begin()
        pool = scene.office.pool

        def meddle(method: str) -> None:
            if method != "shape" or scene.desk.port.calls.count("shape") < 2:
                return
            if meddling == "document":
                keys = {**pool.keys, "xsconsole.blueprint.b1.1": "damaged"}
                pool.set_map(Field.POOL, None, keys)
            scene.desk.port.on_call = lambda _: None

        scene.desk.port.on_call = meddle
        status = await scene.desk.do(scene.capturing())
        assert status.state is RunState.UNDONE
        assert [vm for vm in pool.vms() if read_mark(vm)] == []
        return explain(status.error).failed if status.error is not None else ""

    assert "Somebody published version 1" in virtually(lambda: story("document"))


def test_templates_that_are_not_as_they_were_made_are_named_before_the_end() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        pool = scene.office.pool
        changes: list[dict[str, object]] = [{"is_a_template": False}, {"other_config": {}}, {"blocked_operations": {}}]

        def meddle(method: str) -> None:
            marked = [vm for vm in pool.vms() if read_mark(vm) and "destroy" in vm.blocked_operations]
            if method == "add_key" and len(marked) == 3:
                scene.desk.port.on_call = lambda _: None
                for vm, change in zip(marked, changes, strict=True):
                    pool.change(vm.uuid, **change)

        scene.desk.port.on_call = meddle
        status = await scene.desk.do(scene.capturing())

        assert status.state is RunState.UNDONE
        told = str(status.error)
        for what in ("is no template", "carries no mark", "is not protected"):
            assert what in told

    virtually(story)


def test_what_is_off_is_copied_as_it_is_and_what_cannot_be_copied_is_said() -> None:
    async def story() -> None:
        scene = Scene()
        scene.shop = await halted(scene.office, scene.desk)
        pool, desk = scene.office.pool, scene.desk
        web = desk.card(scene.shop).members[1].uuid
        plan = desk.engine.plan(scene.capturing())
        assert "snapshot" not in kinds(plan)
        assert not any("power cut" in warning for warning in plan.warnings)
        await scene.captured()
        source = scene.newest.source
        assert source is not None
        assert source.frozen_at is None

        pool.change(web, VTPMs=("OpaqueRef:tpm",))
        assert "has a virtual TPM" in desk.refusal(scene.capturing()).reason
        pool.change(web, VTPMs=(), name_label="x" * 101)
        refusal = desk.refusal(scene.capturing(blueprint=BlueprintId("other"), name="Other"))
        assert "its name has 101 characters; 100 are the most." in refusal.reason
        assert refusal.mend.startswith("Rename the machine")
        pool.change(web, name_label="web")
        refusal = desk.refusal(scene.capturing(blueprint=BlueprintId("other"), name="shop <B> "))
        assert refusal.reason == "The library has a blueprint called “shop <B>” already: b1."
        assert desk.engine.plan(scene.capturing()).intent.kind is RunKind.CAPTURE, "the next version of that one"
        crowd = {f"xsconsole.blueprint.crowd.{number}": "x" * 32_000 for number in range(1, 10)}
        pool.set_map(Field.POOL, None, {**pool.keys, **crowd})
        assert "all of them may take 256 KiB" in desk.refusal(scene.capturing()).reason

    virtually(story)
