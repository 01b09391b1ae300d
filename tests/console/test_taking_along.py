"""What is taken along when a version is published is told of truly, also where the pool went away in the middle."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from xsconsole.console.publication.publishing import Publishing
from xsconsole.console.taking_along import TakingAlong
from xsconsole.domain.board import Standing
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.publication.effects import Effect, EffectKind, PublishReport
from xsconsole.domain.workflow import default_workflow
from xsconsole.engine.publication.flight import effects_of
from xsconsole.errors import PoolUnavailable

POOL, CRM = Uuid("pool"), ConfigurationId("crm")


def effect(kind: EffectKind) -> Effect:
    blue = StageId("blue")
    return Effect(
        configuration=CRM, name="crm 7.1", pool=POOL, kind=kind, source=StageId("production"), target=blue, sentence="x"
    )


def plan(*kinds: EffectKind) -> Any:
    effects = tuple(effect(kind) for kind in kinds)
    due = tuple(one for one in effects if one.kind is EffectKind.MAPPED)
    return SimpleNamespace(pools=(), effects=effects, due=due)


PUBLICATION = cast(Any, SimpleNamespace(later={}))


def desk_that(state: LinkState, **does: Any) -> Any:
    """A desk on a pool whose road is so; `heard` are those who listen."""
    heard: list[Any] = []
    is_heard = asyncio.Event()

    def subscribe(kind: object, handler: Any) -> Any:
        del kind
        heard.append(handler)
        is_heard.set()
        return lambda: heard.remove(handler)

    board = SimpleNamespace(cards={}, workflow=None)
    identity = SimpleNamespace(pool_name="acme")
    planned = SimpleNamespace(digest="d", leases=())
    return SimpleNamespace(
        plan=lambda _: planned,
        link=SimpleNamespace(state=state),
        identity=identity,
        board=board,
        subscribe=subscribe,
        heard=heard,
        is_heard=is_heard,
        **does,
    )


async def test_a_run_whose_pool_goes_away_is_not_waited_for_and_followed_instead() -> None:
    """Nobody who publishes is held up until a pool comes back."""
    begun = asyncio.Event()

    async def do(_: object) -> str:
        begun.set()
        return "run"

    async def finished(_: object) -> object:
        await asyncio.Event().wait()
        raise AssertionError

    desk = desk_that(LinkState.LIVE, do=do, finished=finished)
    along = TakingAlong(lambda _: plan(EffectKind.MAPPED), lambda: cast(Any, {POOL: desk}))
    taking = asyncio.create_task(along.take(default_workflow(), PUBLICATION))
    await begun.wait()
    await desk.is_heard.wait()
    desk.link.state = LinkState.LOST
    for hear in tuple(desk.heard):
        hear(LinkChanged(state=LinkState.LOST))

    moved, left = await asyncio.wait_for(taking, 10)
    await along.leave()
    desk.is_heard.clear()
    again = await along.take(default_workflow(), PUBLICATION)  # now it is away from the beginning
    await asyncio.wait_for(desk.is_heard.wait(), 10)  # by who follows it
    await along.leave()

    assert moved == again[0] == ()
    assert [name for name, _ in left] == [name for name, _ in again[1]] == ["crm 7.1"]
    assert left[0][1].startswith("The pool cannot be reached.")
    assert desk.heard == []


@pytest.mark.parametrize(
    ("then", "is_left"), [(plan(), True), (plan(EffectKind.MAPPED), True), (plan(EffectKind.STAYS), False)]
)
async def test_who_was_refused_is_left_unless_it_stands_there_by_now(then: Any, is_left: bool) -> None:
    """Right after the road broke the plan shows nobody: that is no sign that everybody has gone."""
    plans = iter((plan(EffectKind.MAPPED), plan(EffectKind.MAPPED)))

    async def do(_: object) -> object:
        raise PoolUnavailable(pool="acme")

    desk = desk_that(LinkState.LIVE, do=do)
    along = TakingAlong(lambda _: next(plans, then), lambda: cast(Any, {POOL: desk}))

    moved, left = await along.take(default_workflow(), PUBLICATION)
    await along.leave()

    assert moved == ()
    assert [name for name, _ in left] == (["crm 7.1"] if is_left else [])


@pytest.mark.parametrize(("now", "is_left"), [(plan(), True), (plan(EffectKind.STAYS), False)])
def test_a_report_says_of_nobody_that_it_has_gone_who_is_not_seen(
    now: Any, is_left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    publishing = Publishing(cast(Any, None), lambda: ())
    workflow = default_workflow()
    for name, value in (("_sites", (1,)), ("_newest", workflow)):
        monkeypatch.setattr(publishing, name, lambda value=value: value)
    monkeypatch.setattr(publishing, "_planned", lambda _: now)

    report = publishing.renewed(PublishReport(workflow=workflow, left=(("crm 7.1", "The road broke."),)))

    assert (report.left, report.moved) == (((("crm 7.1", "The road broke."),), ()) if is_left else ((), ("crm 7.1",)))


def test_what_was_interrupted_says_that_somebody_has_to_settle_it() -> None:
    workflow = default_workflow()
    intent = SimpleNamespace(configuration=CRM, source="staging", target="production", workflow_version=1)
    record = SimpleNamespace(plan=SimpleNamespace(intent=intent, steps=()))
    card = SimpleNamespace(id=CRM, name="crm 7.1", stage="staging", revision=1, standing=None, members=())
    card.run = SimpleNamespace(record=record)
    flight = cast(Any, SimpleNamespace(pool=POOL, cards=(card,), board=SimpleNamespace(workflow=None)))

    def sentence(standing: Standing) -> str:
        card.standing = standing
        (found,) = effects_of([flight], workflow, POOL, {}, {}, (), cast(Any, None), datetime.now(UTC))
        return found.sentence

    assert sentence(Standing.RUNNING).startswith("crm 7.1 is being changed; that ends as version 1 says")
    assert sentence(Standing.INTERRUPTED) == ("crm 7.1 was interrupted: settle that run, and only then it goes along.")
