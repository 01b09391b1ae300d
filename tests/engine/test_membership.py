"""Configurations made, changed and forgotten: runs like any other."""

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.poolstate import BLOCK_REASON_PREFIX, PREFIX, STAGE_FIELD_KEY
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import default_workflow
from xsconsole.engine.commands import AddMembers, Adopt, Create, Dissolve, NewMember, Plannable, Promote, RemoveMembers
from xsconsole.errors import Ambiguous, NotFound, NotPromotable, PlanIsStale

NOBODY = Uuid("99999999-0000-4000-8000-000000000000")


def create(*vms: Uuid, **fields: object) -> Create:
    members = tuple(NewMember(vm=vm) for vm in vms)
    command = {"service": "shop", "version": "1.3.0", "stage": StageId("staging"), "members": members, **fields}
    return Create(**command)  # type: ignore[arg-type]


def ours(office: Office) -> list[str]:
    """Return every key of ours that stands anywhere, without lease counters and the workflow."""
    keys = [key for vm in office.pool.vms() for key in vm.other_config if PREFIX in key]
    keys += [STAGE_FIELD_KEY for vm in office.pool.vms() if STAGE_FIELD_KEY in vm.other_config]
    keys += [text for vm in office.pool.vms() for text in vm.blocked_operations.values() if BLOCK_REASON_PREFIX in text]
    return keys + [key for key in office.pool.keys if ".lease." not in key and ".workflow." not in key]


async def expect_done(desk: Desk, command: Plannable) -> None:
    status = await desk.do(command)
    assert status.error is None, status.error
    assert status.state is RunState.DONE


def test_a_configuration_is_made_of_free_machines_and_of_clones() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        clone = office.pool.clone(desk.member(shop, "shop-db"), "shop-db-copy")
        assert [stray.uuid for stray in desk.board.strays] == [clone.uuid]

        await expect_done(desk, create(clone.uuid, version="1.4.0", stage=StageId("production")))

        card = next(card for card in desk.board.cards.values() if card.version == "1.4.0")
        assert (card.name, card.standing, card.stage, card.revision) == (
            "shop 1.4.0",
            Standing.WHOLE,
            "production",
            1,
        )
        assert card.members[0].role == "shop-db-copy"
        vm = office.pool.vm(clone.uuid)
        assert vm.other_config[STAGE_FIELD_KEY] == "Production"
        assert vm.blocked_operations == {"destroy": "xsconsole: protected in Production"}
        assert desk.board.strays == ()

    virtually(story)


def test_roles_are_the_names_made_unique_unless_given() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await desk.engine.publish_default()
        vms = [office.pool.add_vm("web"), office.pool.add_vm("web"), office.pool.add_vm(""), office.pool.add_vm("x")]
        members = (*(NewMember(vm=vm.uuid) for vm in vms[:3]), NewMember(vm=vms[3].uuid, role="web-2"))

        await expect_done(desk, create(members=members))

        card = next(iter(desk.board.cards.values()))
        assert sorted(member.role for member in card.members) == ["member", "web", "web-2", "web-3"]

    virtually(story)


def test_what_cannot_be_made_says_why() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        free, other = office.pool.add_vm("free"), office.pool.add_vm("other")
        template = office.pool.add_vm("template", is_a_template=True)
        newer = office.pool.add_vm("newer", other_config={"xsconsole.member.1": '{"schema":9}'})
        new = {"version": "2"}

        def refused(command: Create) -> str:
            return desk.refusal(command).reason

        assert "is that service and version already" in refused(create(free.uuid))
        assert refused(create(**new)) == "A configuration needs a machine."
        assert refused(create(free.uuid, service=" ")) == "The service is empty."
        assert "longer than 120" in refused(create(free.uuid, version="v" * 121))
        assert "control characters" in refused(create(free.uuid, name="a\x00b", **new))
        assert "turn the direction" in refused(create(free.uuid, name="a\u202eb", **new))
        assert "has no stage “nowhere”" in refused(create(free.uuid, stage=StageId("nowhere"), **new))
        assert "no virtual machine" in refused(create(NOBODY, **new))
        assert "no virtual machine" in refused(create(template.uuid, **new))
        assert "belongs to “shop 1.3.0”" in refused(create(desk.member(shop, "shop-db"), **new))
        assert "cannot read" in refused(create(newer.uuid, **new))
        assert "named twice" in refused(create(free.uuid, free.uuid, **new))
        roles = (NewMember(vm=free.uuid, role="db"), NewMember(vm=other.uuid, role="db"))
        assert isinstance(desk.refusal(create(members=roles, **new)), Ambiguous)

    virtually(story)


def test_making_one_in_an_occupied_place_is_refused() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await office.shop(desk, "production")

        refused = desk.refusal(create(office.pool.add_vm("x").uuid, version="2", stage=StageId("production")))

        assert "already has shop 1.3.0" in refused.reason

    virtually(story)


def test_a_failed_creation_leaves_nothing_of_ours() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await desk.engine.publish_default()
        vms = [
            office.pool.add_vm(
                "a", other_config={STAGE_FIELD_KEY: "Somebody's own"}, blocked_operations={"start": "x"}
            ),
            office.pool.add_vm("b"),
        ]
        before = [office.pool.vm(vm.uuid) for vm in vms]
        desk.port.faults.append(Fault(method="remove_key", nth=6))

        status = await desk.do(create(*(vm.uuid for vm in vms), stage=StageId("production")))

        assert status.state is RunState.UNDONE
        assert [office.pool.vm(vm.uuid) for vm in vms] == before
        assert ours(office) == [STAGE_FIELD_KEY]

    virtually(story)


def test_members_are_added_and_removed_under_one_revision() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk, "production")
        cache = office.pool.add_vm("shop-db")

        await expect_done(desk, AddMembers(configuration=shop, revision=1, members=(NewMember(vm=cache.uuid),)))
        card = desk.card(shop)
        assert (card.standing, card.revision) == (Standing.WHOLE, 2)
        assert {member.role for member in card.members} == {"shop-db", "shop-web", "shop-lb", "shop-db-2"}

        await expect_done(desk, RemoveMembers(configuration=shop, revision=2, vms=(cache.uuid,)))
        card = desk.card(shop)
        assert (card.standing, card.revision, len(card.members)) == (Standing.WHOLE, 3, 3)
        assert office.pool.vm(cache.uuid).other_config == {}
        assert office.pool.vm(cache.uuid).blocked_operations == {}

    virtually(story)


def test_changes_of_membership_that_make_no_sense_say_why() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        everybody = tuple(member.uuid for member in desk.card(shop).members)

        assert "nothing to add" in desk.refusal(AddMembers(configuration=shop, revision=1, members=())).reason
        assert "nothing to remove" in desk.refusal(RemoveMembers(configuration=shop, revision=1, vms=())).reason
        assert isinstance(desk.refusal(RemoveMembers(configuration=shop, revision=1, vms=(NOBODY,))), NotFound)
        assert isinstance(desk.refusal(RemoveMembers(configuration=shop, revision=7, vms=everybody)), PlanIsStale)
        assert "Dissolve" in desk.refusal(RemoveMembers(configuration=shop, revision=1, vms=everybody)).mend

    virtually(story)


def test_a_member_that_is_gone_is_struck_from_the_roster() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        db, web = desk.member(shop, "shop-db"), desk.member(shop, "shop-web")
        office.pool.forget(db)
        office.pool.forget(web)
        assert desk.card(shop).standing is Standing.INCOMPLETE

        await expect_done(desk, RemoveMembers(configuration=shop, revision=1, vms=(db,)))
        assert desk.card(shop).missing == (web,)
        await expect_done(desk, RemoveMembers(configuration=shop, revision=2, vms=(web,)))

        assert desk.card(shop).standing is Standing.WHOLE

    virtually(story)


def test_adopting_makes_whole_but_never_promotes() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        whole = Adopt(configuration=shop, stage=StageId("staging"))
        assert desk.refusal(whole).mend == "There is nothing to mend."
        assert "No member" in desk.refusal(Adopt(configuration=shop, stage=StageId("production"))).reason
        db = desk.member(shop, "shop-db")
        clone = office.pool.clone(db, "shop-db-copy")
        office.pool.forget(db)

        await expect_done(desk, Adopt(configuration=shop, stage=StageId("staging"), vms=(clone.uuid,)))

        card = desk.card(shop)
        assert (card.standing, card.revision) == (Standing.WHOLE, 2)
        assert {member.role for member in card.members} == {"shop-db", "shop-web", "shop-lb"}
        assert clone.uuid in {member.uuid for member in card.members}

    virtually(story)


def test_adopting_settles_members_that_disagree() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        web = office.pool.vm(desk.member(shop, "shop-web"))
        text = web.other_config["xsconsole.member.1"].replace('"staging"', '"integration"').replace("-web", "-db")
        office.pool.change(web.uuid, other_config={"xsconsole.member.4": text})
        assert desk.card(shop).standing is Standing.INCONSISTENT
        free = office.pool.add_vm("shop-db")
        stray = office.pool.clone(desk.card(shop).members[0].uuid, "copy")

        command = Adopt(configuration=shop, stage=StageId("integration"), vms=(free.uuid, stray.uuid))
        await expect_done(desk, command)

        card = desk.card(shop)
        assert (card.standing, card.stage) == (Standing.WHOLE, "integration")
        assert len({member.role for member in card.members}) == 5

    virtually(story)


def test_a_configuration_in_a_dropped_stage_is_made_whole_at_the_first_column() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        workflow = default_workflow()
        kept = tuple(stage for stage in workflow.stages if stage.id != "staging")
        ways = tuple(way for way in workflow.transitions if "staging" not in (way.source, way.target))
        await desk.publish(msgspec.structs.replace(workflow, version=2, stages=kept, transitions=ways))
        assert (
            "`config adopt`" in desk.refusal(Promote(configuration=shop, revision=1, target=StageId("production"))).mend
        )
        whole = desk.engine.plan(Adopt(configuration=shop, stage=StageId("integration")))
        assert whole.intent.target == "integration"
        office.pool.forget(desk.member(shop, "shop-db"))

        assert "No member" in desk.refusal(Adopt(configuration=shop, stage=StageId("patch-testing"))).reason
        await expect_done(desk, Adopt(configuration=shop, stage=StageId("integration")))

        assert desk.card(shop).stage == "integration"

    virtually(story)


def test_of_a_configuration_without_members_only_the_roster_can_be_forgotten() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        gone = tuple(member.uuid for member in desk.card(shop).members)
        for uuid in gone:
            office.pool.forget(uuid)

        assert "All members" in desk.refusal(Adopt(configuration=shop, stage=StageId("staging"))).reason
        assert "All members" in desk.refusal(RemoveMembers(configuration=shop, revision=0, vms=gone)).reason
        await expect_done(desk, Dissolve(configuration=shop, revision=0))

        assert shop not in desk.board.cards
        assert ours(office) == []

    virtually(story)


@pytest.mark.parametrize("fails", [False, True])
def test_dissolving_removes_every_key_of_ours_or_none(*, fails: bool) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        db = desk.member(shop, "shop-db")
        office.pool.snapshot(db, "taken by hand")
        office.pool.clone(db, "shop-db-copy")
        office.pool.change(
            desk.member(shop, "shop-lb"),
            other_config={**office.pool.vm(desk.member(shop, "shop-lb")).other_config, STAGE_FIELD_KEY: "my own text"},
        )
        before = _everything(office)
        if fails:
            desk.port.faults.append(Fault(method="remove_key", nth=20))

        status = await desk.do(Dissolve(configuration=shop, revision=2))

        if fails:
            assert status.state is RunState.UNDONE
            assert _everything(office) == before
            assert desk.card(shop).standing is Standing.WHOLE
        else:
            assert status.error is None
            assert ours(office) == [STAGE_FIELD_KEY]
            assert desk.board.cards == {}
            assert "1 restore point can no longer be returned to" in status.plan.warnings[1]

    virtually(story)


def test_what_is_left_of_a_member_in_snapshots_hinders_no_dissolving() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.do(desk.promotion(shop, "production"))
        web, lb = desk.member(shop, "shop-web"), desk.member(shop, "shop-lb")

        removed = await desk.do(RemoveMembers(configuration=shop, revision=2, vms=(web,)))
        of_web = [key for vm in office.pool.snapshots_of(web) for key in vm.other_config]
        office.pool.forget(lb)
        dissolved = await desk.do(Dissolve(configuration=shop, revision=3))

        assert removed.error is None
        assert "1 restore point of a machine that leaves" in removed.plan.warnings[0]
        assert not [key for key in of_web if PREFIX in key or key == STAGE_FIELD_KEY]
        assert dissolved.error is None
        assert ours(office) == []
        assert len([vm for vm in office.pool.vms() if vm.is_a_snapshot]) == 3

    virtually(story)


def _everything(office: Office) -> list[tuple[str, frozenset[str], frozenset[str]]]:
    return [
        (vm.uuid, frozenset(vm.other_config.values()), frozenset(vm.blocked_operations.values()))
        for vm in office.pool.vms()
    ]


def test_a_configuration_that_runs_or_is_unknown_cannot_be_dissolved() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(desk.promotion(shop, "production"))
        await desk.until(lambda: desk.card(shop).run)

        refused = desk.refusal(Dissolve(configuration=shop, revision=1))

        assert isinstance(refused, NotPromotable)
        assert (await run.wait()).state is RunState.DONE
        assert isinstance(desk.refusal(Dissolve(configuration=ConfigurationId("x"), revision=1)), NotFound)

    virtually(story)


def test_a_clone_that_is_not_wanted_loses_its_mark_and_stays() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        clone = office.pool.clone(desk.member(shop, "shop-db"), "shop-db-copy")
        before = {member.uuid for member in desk.card(shop).members}

        await expect_done(desk, RemoveMembers(configuration=shop, revision=1, vms=(clone.uuid,)))

        assert desk.board.strays == ()
        assert {member.uuid for member in desk.card(shop).members} == before
        assert not [key for key in office.pool.vm(clone.uuid).other_config if key.startswith("xsconsole.")]

    virtually(story)
