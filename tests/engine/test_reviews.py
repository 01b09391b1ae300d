"""Review items: they age until somebody else says what they found, and nothing else ends them."""

from datetime import UTC, datetime, timedelta

import msgspec

from tests.engine.desks import virtually
from tests.engine.requesting import Scene, approve, ask, person_of, ruled
from tests.engine.requesting import run as run_request
from tests.engine.urgent import declare, items, look, urgent
from xsconsole.domain.ids import GroupId, RunId
from xsconsole.domain.plan import Because
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.reviews import ReviewState, items_on, judge
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import ApprovalRule
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.engine.commands import (
    Dissolve,
)
from xsconsole.engine.requests.reviewing import forget_review
from xsconsole.store.keys import is_signature


def test_the_review_ages_until_somebody_else_says_what_they_found() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        await (await declare(scene.alice, scene)).wait()

        own = await look(scene.alice)
        empty = await look(scene.bob, "  ")
        seen = await look(scene.carol, "the fix was right")

        assert own.state is empty.state is ReviewState.OPEN
        assert [one.reason for one in own.tally.ignored] == ["Person 1 asked for it."]
        assert (seen.state, [one.reason for one in seen.findings]) == (ReviewState.SEEN, ["the fix was right"])
        later = judge(seen.item, {}, scene.bob.board.workflow, seen.item.opened_at + timedelta(days=3), is_signature)
        assert later.standing == "open for 3 days"
        await forget_review(scene.carol.port, scene.carol.ledger, seen)
        assert items(scene.bob) == []
        assert not [key for key in scene.office.pool.keys if ".review." in key]
        closed = [fact for fact in scene.carol.ledger.facts if fact.event is AuditEvent.REVIEW_CLOSED]
        assert [fact.outcome for fact in closed] == [None, Outcome.DONE]
        assert closed[0].reason == "the fix was right"

    virtually(story)


def test_a_review_outlasts_undoing_dissolving_and_publishing_and_who_is_no_more_leaves_it_to_others() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        rule = ApprovalRule(count=1, people=(person_of(scene.bob, 2).id,))
        await scene.alice.publish(urgent(scene, version=3, afterwards=(Review(rule=rule, within_s=3600),)))
        status = await (await declare(scene.alice, scene)).wait()
        assert status.state is RunState.DONE, status.error
        by_rule = next(view for view in items(scene.bob) if view.item.rule is not None)
        assert {person.name for person in by_rule.could} == {"Person 2"}

        (await scene.alice.do(Dissolve(configuration=scene.shop, revision=scene.alice.card(scene.shop).revision)))
        left = urgent(scene, version=4)
        people = tuple(person for person in left.people if person.id != "p2")
        groups = tuple(
            msgspec.structs.replace(group, people=tuple(p for p in group.people if p != "p2")) for group in left.groups
        )
        await scene.alice.publish(msgspec.structs.replace(left, people=people, groups=groups))

        standing = items(scene.carol)
        assert len(standing) == 2
        assert all({person.name for person in view.could} == {"Person 3"} for view in standing)
        late = next(view for view in standing if view.item.rule is not None)
        at = datetime(2030, 1, 1, tzinfo=UTC)
        assert "too long" in judge(late.item, {}, scene.bob.board.workflow, at, is_signature).standing

    virtually(story)


def test_an_item_whose_declaration_somebody_changed_is_doubted() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        await (await declare(scene.alice, scene)).wait()
        (view,) = items(scene.bob)
        item = view.item
        assert item.declaration is not None
        changed = msgspec.structs.replace(item, declaration=msgspec.structs.replace(item.declaration, reason="nothing"))
        other = msgspec.structs.replace(item, actor="user-9")

        for false in (changed, other, msgspec.structs.replace(item, declaration=None)):
            assert judge(false, {}, scene.bob.board.workflow, scene.bob.clock.now(), is_signature).doubt
        unknown = judge(item, {}, None, scene.bob.clock.now(), is_signature)
        assert (unknown.state, unknown.could) == (ReviewState.OPEN, ())

    virtually(story)


def test_a_run_that_is_put_back_leaves_its_review() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))
        run = await declare(scene.alice, scene)
        scene.office.pool.subscribe(lambda _: run.abort() if items(scene.bob) else None)

        status = await run.wait()

        assert (status.state, scene.stage()) == (RunState.UNDONE, "staging")
        assert len(items(scene.bob)) == 1
        assert RunId(items(scene.bob)[0].item.id) == run.id

    virtually(story)


def test_what_cannot_be_read_is_no_review() -> None:
    assert (
        items_on({"xsconsole.review.x.1": "{", "xsconsole.review.y.1": '{"schema": 2}', "xsconsole.review.": ""}) == ()
    )


def test_an_ordinary_run_keeps_the_review_that_its_way_demands_afterwards() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        rule = ApprovalRule(count=2, groups=(GroupId("operators"),))
        await scene.alice.publish(
            ruled(scene.alice, scene.bob, scene.carol, version=3, afterwards=(Review(rule=rule),))
        )
        request = await ask(scene.alice, scene.shop)
        await approve(scene.bob, request)

        status = await (await run_request(scene.carol, request)).wait()
        first = await look(scene.bob)
        second = await look(scene.carol)

        assert status.state is RunState.DONE, status.error
        assert first.item.because is Because.AFTERWARDS
        assert (first.item.actor, first.state, second.state) == ("user-1", ReviewState.OPEN, ReviewState.SEEN)
        assert (first.standing, first.is_late) == ("open for less than a minute", False)

    virtually(story)
