"""Stages that hold more than they may, over all pools, and rosters that stand where their machines no longer are."""

from dataclasses import replace

import msgspec

from tests.domain.test_estate import SHOP, WORKFLOW, board, card, sight
from xsconsole.domain.board import RunView, Standing
from xsconsole.domain.crowding import crowds, examined_places
from xsconsole.domain.estate import Part
from xsconsole.domain.health import Severity
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.workflow import Limits

OTHER = ConfigurationId("other")


def limited(**limits):
    """Return the workflow with these limits of production."""
    stages = tuple(
        msgspec.structs.replace(stage, limits=Limits(**limits) if stage.id == "production" else Limits())
        for stage in WORKFLOW.stages
    )
    return msgspec.structs.replace(WORKFLOW, stages=stages)


def found(*parts):
    return [one for one in examined_places(parts) if one is not None]


def part(name, *cards, workflow=None):
    return Part(sight=sight(name), board=board(*cards, workflow=workflow or limited(per_service=1)))


def standing(id_, members, service="shop", **more):
    return replace(card(id_, "production", members, **more), service=service)


def test_one_place_that_was_filled_in_two_pools_is_told_with_both_and_the_mend():
    (told,) = found(
        part("acme", standing(SHOP, ("web",))),
        part("beta", standing(OTHER, ("db",)), standing(ConfigurationId("crm"), ("crm",), service="crm")),
    )

    assert (told.severity, told.kind, told.name) == (Severity.WARNING, "stage overfull", "Production")
    assert told.sentence == (
        "Production has 2 configurations of shop and takes 1: shop 1 in pool “acme” and other 1 in pool “beta”."
    )
    assert told.mend.startswith("Demote one of them")
    assert (told.pool, told.object.uuid, told.object.pool) == ("beta", "db", "beta")


def test_what_is_on_its_way_or_follows_another_workflow_is_not_counted():
    run = RunView(record=None, holder=None)
    foreign = msgspec.structs.replace(limited(per_service=1), id="foreign")

    assert not found(part("acme", standing(SHOP, ("web",))), part("beta", standing(OTHER, ("db",), run=run)))
    assert not found(part("acme", standing(SHOP, ("web",))), part("beta", standing(OTHER, ("db",)), workflow=foreign))
    assert not found(part("acme", standing(SHOP, ("web",)), standing(OTHER, ("db",)), workflow=limited()))
    assert not found(Part(sight=sight("bare"), board=board(workflow=None)))
    assert not found()


def test_every_limit_counts():
    cards = [standing(SHOP, ("web",)), standing(OTHER, ("db",), service="crm")]
    stage = next(stage for stage in limited(configurations=1, running=1).stages if stage.id == StageId("production"))

    assert [one.sentence for one in crowds(stage, cards)] == [
        "2 configurations, and the limit is 1: demote one.",
        "2 configurations with running machines, and the limit is 1: demote one.",
    ]
    (told,) = found(part("acme", *cards, workflow=limited(configurations=1)))
    assert told.sentence == "Production has 2 configurations and takes 1: shop 1 and other 1."


def test_a_roster_that_was_left_behind_is_told_with_the_command_that_removes_it():
    ghost = card(members=(), standing=Standing.INCOMPLETE)

    (told,) = found(part("acme", card(members=("web",))), part("beta", ghost))

    assert (told.kind, told.name, told.pool) == ("leftover roster", "shop 1", "beta")
    assert told.sentence == "The roster of “shop 1” still stands here, and its machines in pool “acme”."
    assert told.mend.endswith("xsconsole config dissolve shop --pool http://beta")
    assert not found(part("acme", ghost))
