"""What was made of a blueprint beside the version that it was made of: values as given, drift, and the way back."""

import sys
from dataclasses import replace

import msgspec

from tests.engine.blueprints import blueprint, provision
from tests.engine.desks import Office, virtually
from tests.engine.test_provisioning import BOLT, seated
from xsconsole.domain.blueprint.standing import blueprint_key
from xsconsole.domain.blueprint.text import to_stored
from xsconsole.domain.comparison import compare, version_now
from xsconsole.domain.drift import Against, LiveDrift, baseline_of, measure_of, why_none
from xsconsole.domain.fidelity import contents
from xsconsole.domain.inventory import VM, Change, ChangeBatch
from xsconsole.engine.commands import Mend
from xsconsole.engine.ports import Field


def test_what_was_made_of_a_blueprint_is_measured_by_that_version_with_the_values_that_were_given() -> None:
    async def story() -> None:
        office = Office()
        desk, pool = await seated(office), office.pool
        made_of = blueprint(pool)
        pool.set_map(Field.POOL, None, {**pool.keys, blueprint_key(made_of.id, 3): to_stored(made_of)})
        status = await desk.do(provision(desk, made_of, BOLT))
        assert status.error is None
        (card,) = desk.board.cards.values()
        assert card.origin is not None
        assert card.origin.given == {"cpus": 4, "size": 30 * 1024**3}
        web, db = (next(one for one in card.members if one.role == role) for role in ("web", "db"))
        live = LiveDrift(lambda _: desk.inventory, lambda _: ())
        live.show(desk.board)

        def drift() -> list[tuple[str, str, object, object]]:
            assert live.advance(sys.maxsize, desk.clock.now())
            judged = live.found[card.id].comparison.drift
            changes = [each.change for each in judged if hasattr(each.change, "field")]
            assert len(changes) == len(judged)
            return sorted((one.role, one.field, one.before, one.after) for one in changes)

        async def hear(vm: VM) -> None:
            await desk.until(lambda: desk.inventory.get(VM, vm.ref) == vm)
            live.hear(ChangeBatch(changes=(Change(ref=vm.ref, class_name="vm", record=vm),)), desk.inventory)

        assert drift() == []
        found = live.found[card.id]
        assert (found.baseline.against, found.comparison.first.name) == (
            Against.BLUEPRINT,
            "blueprint Web shop, version 3",
        )
        assert "made of the templates of that version" in contents(found.comparison.first, card)

        await hear(pool.change(web.uuid, VCPUs_max=2, VCPUs_at_startup=2))
        assert drift() == [("web", "vcpus_at_startup", 4, 2), ("web", "vcpus_max", 4, 2)]
        changes = tuple(each.change for each in live.found[card.id].comparison.drift)
        mended = await desk.do(Mend(configuration=card.id, revision=card.revision, changes=changes))
        assert mended.error is None
        await hear(pool.vm(web.uuid))
        assert drift() == []

        template = pool.change(made_of.members[0].template, actions_after_crash="destroy")
        await hear(template)
        assert [(role, field) for role, field, *_ in drift()] == [("db", "after_crash")]
        assert pool.vm(db.uuid).actions_after_crash != "destroy"

        # Of an earlier console nobody kept the values: what a parameter decides may differ then.
        older = replace(card, origin=msgspec.structs.replace(card.origin, given=None))
        now = version_now(older, desk.inventory, desk.board.workflow)
        measure = measure_of(older, now.manifest, desk.inventory, desk.board.workflow)
        assert measure is not None
        rules = {each.rule for each in compare(measure.version, now, (), measure.allowances).allowed}
        assert {"parameter cpus", "parameter size"} <= rules

        pool.set_map(Field.POOL, None, {key: text for key, text in pool.keys.items() if ".blueprint." not in key})
        await desk.until(lambda: ".blueprint." not in str(desk.inventory.pool and desk.inventory.pool.other_config))
        record = desk.inventory.pool
        assert record is not None
        live.hear(ChangeBatch(changes=(Change(ref=record.ref, class_name="pool", record=record),)), desk.inventory)
        assert live.advance(sys.maxsize, desk.clock.now())
        assert card.id not in live.found
        assert baseline_of(card, desk.board, Against.BLUEPRINT) is None
        assert "is gone" in why_none(card, Against.BLUEPRINT)

    virtually(story)
