"""A replica: copies in a stage apart from the workflow's ways, of what runs or of a restore point; what bars it."""

from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.test_planning import kinds
from tests.engine.two_pools import Company
from xsconsole.domain.batch import Part
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.ids import ConfigurationId, RunId, StageId, Uuid
from xsconsole.domain.plan import RunKind
from xsconsole.domain.replica import name_by_pattern
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Method, Workflow, default_workflow
from xsconsole.domain.workflow.edits import change_transition
from xsconsole.domain.workflow.gates import PoolFit
from xsconsole.engine.commands import FreezeStage, HoldBack, Promote, Replicate, StopTheLine, Together
from xsconsole.engine.plans.batch import plan_together
from xsconsole.errors import Barred, NotFound, NotPromotable, PlanIsStale, Refused

TESTING = StageId("patch-testing")


def of(card: Card, stage: str = "patch-testing", **fields: object) -> Replicate:
    command = Replicate(configuration=card.id, revision=card.revision, target=StageId(stage))
    return replace(command, **fields)  # type: ignore[arg-type]


async def done(desk: Desk, command: Replicate) -> Card:
    run = await desk.open(command)
    status = await run.wait()
    assert (status.state, status.error) == (RunState.DONE, None)
    made = status.plan.intent.makes
    assert made is not None
    await desk.until(lambda: made in desk.board.cards and desk.board.cards[made].standing is Standing.WHOLE)
    return desk.board.cards[made]


def test_a_running_configuration_is_frozen_and_copied_into_a_stage_to_which_no_way_leads() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = desk.card(await office.shop(desk, "production"))
        plan = desk.engine.plan(of(shop))
        assert (plan.intent.kind, plan.intent.transition, plan.asks) == (RunKind.REPLICATE, None, True)
        assert kinds(plan).count("snapshot") == 3
        assert plan.can_stop_first
        assert kinds(desk.engine.plan(of(shop, is_stopped_first=True))).count("start-again") == 2

        made = await done(desk, of(shop, pattern="{service}-{role} lab {number}", reason="to try a patch"))

        assert made.origin is not None
        assert (made.stage, made.service, made.origin.configuration) == (TESTING, "shop", shop.id)
        assert sorted(member.name for member in made.members) == [
            f"shop-{member.role} lab 1" for member in sorted(shop.members, key=lambda one: one.role)
        ]
        assert desk.board.cards[shop.id] == shop
        again = desk.engine.plan(of(shop))
        assert again.intent.makes not in (None, made.id)

    virtually(story)


def test_names_that_others_have_are_told_and_by_a_pattern_refused() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = desk.card(await office.shop(desk, "production"))
        twin = office.pool.add_vm("shop-web", "Halted").uuid
        other = desk.card(await office.configuration(desk, "shop", "1.4.0", "staging", [twin]))

        def planned(*orders: Replicate) -> list[Part]:
            together = Together(commands=orders)  # type: ignore[arg-type]
            return list(plan_together(together, desk.board, desk.inventory, "alice", desk.clock.now()).parts)

        first, second = planned(of(shop, pattern="{name} lab"), of(other, pattern="{name} lab"))
        assert first.plan is not None
        assert second.refusal is not None
        assert second.refusal.reason == "“shop-web lab” is the name of a machine that another run makes."
        assert "{version}" in second.refusal.mend
        assert all(part.plan for part in planned(*(of(one, pattern="{name} {version}") for one in (shop, other))))
        first, second = planned(of(shop), of(other))
        assert first.plan is not None
        assert second.plan is not None
        told = "“shop-web (Patch testing)” is the name of a machine that another run makes. Both will be called so."
        assert told in second.plan.warnings
        assert not any("will be called so" in line for line in first.plan.warnings)
        with pytest.raises(NotPromotable, match="is the name of a machine of the pool, and 2 more are taken"):
            desk.engine.plan(of(shop, pattern="{name}"))
        both = desk.card(await office.configuration(desk, "crm", "7", "staging", twins(office)))
        with pytest.raises(NotPromotable, match="“crm lab” is the name of another of these machines"):
            desk.engine.plan(of(both, pattern="{name} lab"))

    virtually(story)


def twins(office: Office) -> list[Uuid]:
    return [office.pool.add_vm("crm", "Halted").uuid for _ in range(2)]


def test_a_replica_of_a_restore_point_holds_what_that_holds_and_leaves_it() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        run = await desk.open(
            Promote(configuration=shop, revision=desk.board.cards[shop].revision, target=StageId("production"))
        )
        await run.wait()
        await desk.until(lambda: bool(desk.board.cards[shop].restore_points) and desk.board.cards[shop].run is None)
        card = desk.board.cards[shop]
        (point,) = card.restore_points

        plan = desk.engine.plan(of(card, point=point.run))
        assert kinds(plan).count("use-point") == 3
        assert "snapshot" not in kinds(plan)
        made = await done(desk, of(card, point=point.run))

        assert made.origin is not None
        assert made.origin.frozen_at is not None
        assert desk.board.cards[shop].restore_points == (point,)
        with pytest.raises(NotFound, match="no such restore point"):
            desk.engine.plan(of(card, point=RunId("none")))

    virtually(story)


def test_what_may_not_be_replicated_is_refused_with_the_mend() -> None:
    def guarded(workflow: Workflow) -> Workflow:
        way = workflow.transition(TESTING, StageId("staging"))
        assert way is not None
        return msgspec.structs.replace(change_transition(workflow, way.id, gates=(PoolFit(),)), version=2)

    async def story() -> None:
        office = Office()
        desk = office.desk()
        card = desk.card(await office.shop(desk, "integration"))

        def why(command: Replicate, error: type[Refused] = NotPromotable) -> str:
            with pytest.raises(error) as refused:
                desk.engine.plan(command)
            return refused.value.reason

        assert "is production" in why(of(card, "production"))
        assert "has changed" in why(of(card, revision=9), PlanIsStale)
        assert "one name" in why(of(card, pattern="same"), Refused)
        assert "“{size}”" in why(of(card, pattern="{name} {size}"), Refused)
        stage = await desk.engine.closings.close(FreezeStage(stage=TESTING, reason="audit"))
        await desk.until(lambda: stage in desk.board.closures.all)
        assert "audit" in why(of(card), Barred)
        assert desk.engine.plan(of(card, "staging")).intent.target == "staging"
        held = await desk.engine.closings.close(HoldBack(configuration=card.id, reason="lost orders"))
        await desk.until(lambda: held in desk.board.closures.all)
        assert desk.engine.plan(of(desk.board.cards[card.id], "staging")).steps
        stop = await desk.engine.closings.close(StopTheLine(reason="fire"))
        await desk.until(lambda: stop in desk.board.closures.all)
        assert "fire" in why(of(card, "staging"), Barred)

        await desk.engine.publish(guarded(default_workflow()), 1)
        await desk.until(lambda: desk.board.workflow is not None and desk.board.workflow.version == 2)
        assert "has not been through them" in why(of(card, "staging"))
        assert why(of(replace(card, id=ConfigurationId("gone"))), NotFound)

    virtually(story)


def test_into_another_pool_lead_full_copies_only() -> None:
    async def story() -> None:
        company = await Company().begin(production={"is_production": False})
        here, there = company.pair.here, company.pair.there
        card = here.card(company.shop)
        with pytest.raises(NotPromotable, match="in another pool"):
            here.engine.plan(of(card, "production"))

        status = await here.do(of(card, "production", method=Method.FULL_COPY))

        assert status.error is None
        assert (there.card(company.made()).stage, there.card(company.made()).standing) == ("production", Standing.WHOLE)
        assert here.card(company.shop).standing is Standing.WHOLE

    virtually(story)


def test_a_pattern_names_machines_apart() -> None:
    told = {"name": "shop-db", "role": "db", "service": "shop", "version": "1", "stage": "Lab", "number": 2}
    assert name_by_pattern("{role}.{stage}-{number}", **told) == "db.Lab-2"  # type: ignore[arg-type]
