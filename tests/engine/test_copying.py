"""Promotions by linked clone and full copy: what comes into being, what stays, and what is left when they fail."""

from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from xsconsole.domain.actions.copies import CopyMachine, DropSnapshot, StartAgain
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import ConfigurationId, StageId, TransitionId
from xsconsole.domain.inventory import VBD, VDI, VIF, VM, Network
from xsconsole.domain.plan import TakeSnapshot
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.workflow import (
    Binding,
    EntryAction,
    Limits,
    Method,
    PoolObject,
    RestorePointRule,
    Stage,
    Transition,
    Workflow,
    default_workflow,
)
from xsconsole.domain.workflow.values import NetworkEntry

WAY = TransitionId("staging-to-production")


def copying(
    method: Method = Method.LINKED_CLONE,
    *,
    keeps_point: bool = False,
    entry: EntryAction = EntryAction.START,
    **stages: Binding,
) -> Workflow:
    """The default workflow in its second version, with a way into production that copies."""
    workflow = default_workflow()

    def stage_of(stage: Stage) -> Stage:
        if stage.id == "production":
            stage = msgspec.structs.replace(stage, entry=entry)
        return msgspec.structs.replace(stage, binding=stages.get(stage.id.replace("-", "_"), stage.binding))

    def way_of(way: Transition) -> Transition:
        if way.id != WAY:
            return way
        return msgspec.structs.replace(way, method=method, restore_point=RestorePointRule() if keeps_point else None)

    return msgspec.structs.replace(
        workflow,
        version=2,
        networks=("front",) if stages else (),
        stages=tuple(map(stage_of, workflow.stages)),
        transitions=tuple(map(way_of, workflow.transitions)),
    )


async def halted(office: Office, desk: Desk) -> ConfigurationId:
    vms = [
        office.pool.add_vm(
            "shop-db (Staging)",
            order=0,
            start_delay=7,
            tags=("gold",),
            ha_restart_priority="restart",
            other_config={"folder": "/shops", "XenCenter.CustomFields.Owner": "eve", "xo:1": "{}", "note": "kept"},
        ),
        office.pool.add_vm("shop-web", order=1, shutdown_delay=3),
    ]
    return await office.configuration(desk, "shop", "1.3.0", "staging", [vm.uuid for vm in vms])


def made(desk: Desk, source: ConfigurationId) -> Card:
    (card,) = (card for card in desk.board.cards.values() if card.id != source)
    return card


def census(office: Office) -> dict[str, object]:
    """Count what a run could leave behind, and say which keys of ours stand."""
    return {
        "machines": office.pool.count(VM),
        "disks": office.pool.count(VDI),
        "drives": office.pool.count(VBD),
        "interfaces": office.pool.count(VIF),
        "keys": {key.rpartition(".")[0] for key in office.pool.keys if ".lease." not in key},
    }


def test_a_linked_clone_makes_a_new_configuration_and_leaves_the_source() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        await desk.publish(copying())
        before = [office.pool.vm(member.uuid) for member in desk.card(shop).members]

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.error is None
        assert [office.pool.vm(vm.uuid) for vm in before] == before
        assert (desk.card(shop).stage, desk.card(shop).standing) == ("staging", Standing.WHOLE)
        card = made(desk, shop)
        assert (card.stage, card.standing, card.name, card.revision) == ("production", Standing.WHOLE, "shop 1.3.0", 1)
        assert card.origin is not None
        assert (card.origin.configuration, card.origin.stage, card.origin.method) == (shop, "staging", "linked-clone")
        assert (card.origin.run, card.origin.frozen_at) == (status.run, None)
        assert {member.power_state for member in card.members} == {"Running"}
        assert desk.board.strays == ()
        opened = next(
            fact for fact in desk.ledger.facts if fact.event is AuditEvent.RUN_OPENED and fact.run == status.run
        )
        assert opened.details is not None
        assert opened.details["makes"] == card.id

    virtually(story)


def test_a_copy_loses_what_only_the_original_means_and_gets_back_what_copying_lost() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        await desk.publish(copying())

        assert (await desk.do(desk.promotion(shop, "production"))).error is None

        db, web = (office.pool.vm(member.uuid) for member in made(desk, shop).members)
        assert [db.name_label, web.name_label] == ["shop-db (Production)", "shop-web (Production)"]
        assert (db.order, db.start_delay, web.order, web.shutdown_delay) == (0, 7, 1, 3)
        assert (db.tags, db.ha_restart_priority, db.is_a_template) == ((), "", False)
        foreign = {key for key in db.other_config if not key.startswith(PREFIX)}
        assert foreign == {"note", "mac_seed", "XenCenter.CustomFields.Stage"}
        assert db.other_config["XenCenter.CustomFields.Stage"] == "Production"
        assert "destroy" in db.blocked_operations

    virtually(story)


@pytest.mark.parametrize("keeps_point", [True, False])
def test_what_runs_is_frozen_first_and_the_copies_are_made_of_that(keeps_point: bool) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(copying(keeps_point=keeps_point))
        plan = desk.engine.plan(desk.promotion(shop, "production"))
        taken = [step for step in plan.steps if isinstance(step.action, TakeSnapshot)]
        copies = [step.action for step in plan.steps if isinstance(step.action, CopyMachine)]

        status = await desk.do(desk.promotion(shop, "production"))

        assert status.error is None
        assert [copy.snapshot for copy in copies] == [step.key for step in taken]
        assert any("power cut would leave on 2 running machines" in warning for warning in plan.warnings)
        origin = made(desk, shop).origin
        assert origin is not None
        assert origin.frozen_at is not None
        assert origin.skew_s is not None
        left = [vm for vm in office.pool.vms() if vm.is_a_snapshot]
        assert len(left) == (3 if keeps_point else 0)
        assert len(desk.card(shop).restore_points) == keeps_point
        drops = [step for step in plan.steps if isinstance(step.action, DropSnapshot)]
        assert len(drops) == (0 if keeps_point else 3)
        assert [member.power_state for member in desk.card(shop).members] == ["Running", "Running", "Halted"]

    virtually(story)


def test_stopped_first_what_runs_is_off_while_it_is_frozen_and_on_again_before_it_is_copied() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(copying())
        command = replace(desk.promotion(shop, "production"), is_stopped_first=True)
        seen: list[str] = []

        def look(method: str) -> None:
            if method in ("snapshot", "clone"):
                seen.append(f"{method} {desk.card(shop).members[0].power_state}")

        desk.port.on_call = look
        status = await desk.do(command)

        assert status.error is None
        assert {entry for entry in seen if entry.startswith("snapshot")} == {"snapshot Halted"}
        assert [member.power_state for member in desk.card(shop).members] == ["Running", "Running", "Halted"]
        assert sum(isinstance(step.action, StartAgain) for step in status.plan.steps) == 2

    virtually(story)


def test_networks_are_those_of_the_stage_before_the_first_start() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        here, there = office.pool.add_network("staging-net"), office.pool.add_network("prod-net")
        for member in desk.card(shop).members:
            office.pool.plug(member.uuid, here)
        await desk.publish(copying(staging=bound(here), production=bound(there)))
        seen: list[object] = []

        def look(method: str) -> None:
            if method == "start":
                seen.extend(
                    office.pool.networks_of(vm.uuid) for vm in office.pool.vms() if "(Production)" in vm.name_label
                )

        desk.port.on_call = look
        assert (await desk.do(desk.promotion(shop, "production"))).error is None

        assert seen
        assert all(networks == {"0": there.uuid} for networks in seen)
        old = [vif.MAC for member in desk.card(shop).members for vif in office.pool.interfaces(member.uuid)]
        new = [vif.MAC for member in made(desk, shop).members for vif in office.pool.interfaces(member.uuid)]
        assert not set(old) & set(new)
        assert all(office.pool.networks_of(member.uuid) == {"0": here.uuid} for member in desk.card(shop).members)

    virtually(story)


def bound(network: Network) -> Binding:
    entry = NetworkEntry(logical="front", network=PoolObject(uuid=network.uuid, name=network.name_label))
    return Binding(networks=(entry,))


@pytest.mark.parametrize(
    ("is_plugged_elsewhere", "sentence"),
    [
        (True, "Interface 0 of “shop-db (Staging)” is on network “elsewhere”, which Staging does not map"),
        (False, "and Production has no network for “front”."),
    ],
)
def test_a_network_without_its_counterpart_is_refused(is_plugged_elsewhere: bool, sentence: str) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        here, elsewhere = office.pool.add_network("staging-net"), office.pool.add_network("elsewhere")
        office.pool.plug(desk.card(shop).members[0].uuid, elsewhere if is_plugged_elsewhere else here)
        await desk.publish(copying(staging=bound(here), production=Binding()))

        assert sentence in desk.refusal(desk.promotion(shop, "production")).reason

    virtually(story)


@pytest.mark.parametrize("method", [Method.LINKED_CLONE, Method.FULL_COPY])
def test_a_full_copy_goes_to_the_storage_of_the_stage_and_a_clone_cannot(method: Method) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        nfs = office.pool.add_storage("NFS-prod")
        await desk.publish(
            copying(method, production=Binding(sr=PoolObject(uuid=nfs.uuid, name="NFS-prod"))),
        )

        if method is Method.LINKED_CLONE:
            reason = desk.refusal(desk.promotion(shop, "production")).reason
            assert "A linked clone stays on the storage of its original" in reason
            assert "“NFS-prod”" in reason
            return
        assert (await desk.do(desk.promotion(shop, "production"))).error is None
        machines = [office.pool.vm(member.uuid) for member in made(desk, shop).members]
        assert {disk.SR for vm in machines for disk in disks_of(desk.inventory, vm)} == {nfs.ref}

    virtually(story)


def test_what_a_stage_leaves_as_it_is_stays_off_and_says_so() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(copying(entry=EntryAction.LEAVE))
        plan = desk.engine.plan(desk.promotion(shop, "production"))

        assert (await desk.do(desk.promotion(shop, "production"))).error is None

        assert {member.power_state for member in made(desk, shop).members} == {"Halted"}
        assert "The copies stay off: Production does not start what enters it." in plan.warnings

    virtually(story)


def test_a_second_one_of_the_same_source_has_its_own_names_and_id() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        workflow = copying()
        stages = tuple(msgspec.structs.replace(stage, limits=Limits()) for stage in workflow.stages)
        await desk.publish(msgspec.structs.replace(workflow, stages=stages))

        for _ in range(2):
            assert (await desk.do(desk.promotion(shop, "production"))).error is None

        cards = desk.board.in_stage(StageId("production"))
        assert len(cards) == 2
        names = {member.name for card in cards for member in card.members}
        assert names == {
            "shop-db (Production)",
            "shop-web (Production)",
            "shop-db (Production) 2",
            "shop-web (Production) 2",
        }

    virtually(story)


def test_a_way_that_moves_freezes_nothing() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        command = replace(desk.promotion(shop, "production"), is_stopped_first=True)

        assert "moves the machines themselves" in desk.refusal(command).reason

    virtually(story)
