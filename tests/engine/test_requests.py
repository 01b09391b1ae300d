"""Requests: nothing is done without enough approvals that count, of exactly what is done."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from tests.engine.desks import virtually
from tests.engine.requesting import (
    Scene,
    approve,
    approved_request,
    ask,
    person_of,
    refused,
    ruled,
    run,
    view,
    waiting_request,
)
from xsconsole.domain.approval import Meaning
from xsconsole.domain.ids import RequestId
from xsconsole.domain.poolstate import decode_run, encode_run, run_stem
from xsconsole.domain.record import AuditEvent, Outcome
from xsconsole.domain.requests.values import Paper, from_stored, request_stem, to_stored
from xsconsole.domain.requests.views import RequestState, waiting_words
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow.gates import Checklist
from xsconsole.engine.commands import Direction, Dissolve
from xsconsole.engine.ports import Field
from xsconsole.engine.requests.asked import asks_for
from xsconsole.errors import ApprovalMissing, NotFound, NotPermitted, Refused


def test_a_way_that_demands_approval_is_not_gone_without_a_request() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()

        with pytest.raises(ApprovalMissing, match=r"demands approval of “shop 1\.3\.0” on this way"):
            await scene.alice.open(scene.alice.promotion(scene.shop, "production"))

        assert scene.stage() == "staging"
        assert scene.alice.ledger.facts[-1].event is AuditEvent.COMMAND_REFUSED

    virtually(story)


def test_who_asks_needs_others_and_any_permitted_console_runs_it_then() -> None:
    async def story() -> None:
        scene, request = await waiting_request(count=2)
        assert waiting_words(view(scene.bob, request)) == "waits for 2 approvals"
        assert {person.name for person in view(scene.bob, request).could} == {"Person 2", "Person 3"}
        assert "0 of 2 approvals" in await refused(scene.alice, request)

        await approve(scene.bob, request)
        assert waiting_words(view(scene.alice, request)) == "waits for 1 more approval"
        assert "1 of 2 approvals; Person 3 could approve" in await refused(scene.bob, request)
        await approve(scene.carol, request)
        stands = view(scene.alice, request)
        status = await (await run(scene.carol, request)).wait()

        assert (stands.state, stands.sentence) == (RequestState.APPROVED, "Approved by Person 2 and Person 3.")
        assert (status.state, scene.stage()) == (RunState.DONE, "production")
        await scene.carol.until(lambda: not scene.left())
        await scene.carol.engine.close()
        opened = next(fact for fact in scene.carol.ledger.facts if fact.event is AuditEvent.RUN_OPENED)
        warrant = (opened.details or {})["warrant"]
        assert isinstance(warrant, dict)
        assert len(warrant["decisions"]) == 2
        assert all(one["signature"] and one["reason"] == "read it" for one in warrant["decisions"])
        ended = [fact for fact in scene.carol.ledger.facts if fact.event is AuditEvent.REQUEST_ENDED]
        assert [fact.outcome for fact in ended] == [None, Outcome.DONE]

    virtually(story)


def test_a_request_holds_no_lease_and_blocks_nobody() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()

        leases = {key for key in scene.office.pool.keys if ".lease." in key}

        request = await ask(scene.alice, scene.shop)
        asked = scene.alice.promotion(scene.shop, "production")
        assert asks_for(request, replace(asked, reason="for another reason"))
        assert not asks_for(request, replace(asked, revision=asked.revision + 1))
        assert not asks_for(request, scene.alice.demotion(scene.shop, "production"))

        assert {key for key in scene.office.pool.keys if ".lease." in key} == leases
        assert (await scene.bob.do(scene.bob.demotion(scene.shop, "patch-testing"))).error is None

    virtually(story)


def test_nobody_approves_what_they_asked_for_also_not_at_a_second_console() -> None:
    async def story() -> None:
        scene = Scene()
        second = scene.office.desk()
        workflow = ruled(scene.alice, scene.bob)
        both = (scene.alice.signer.fingerprint, second.signer.fingerprint)
        people = (msgspec.structs.replace(person_of(scene.alice, 1), fingerprints=both), workflow.people[1])
        await scene.begin(msgspec.structs.replace(workflow, people=people))
        request = await ask(scene.alice, scene.shop)

        await approve(scene.alice, request)
        await approve(second, request)

        assert "0 of 1 approval" in await refused(scene.alice, request)
        tally = view(scene.alice, request).tally
        assert tally is not None
        assert [one.reason for one in tally.ignored] == ["Person 1 asked for it."] * 2

    virtually(story)


def test_who_is_not_known_cannot_ask_for_nobody_could_tell_whether_they_approve_too() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        stranger = scene.office.desk()

        with pytest.raises(NotPermitted, match="knows nobody with the key"):
            await ask(stranger, scene.shop)

        made = await ask(scene.alice, scene.shop)
        forged = msgspec.structs.replace(made, id=RequestId("forged"), actor="somebody else")
        scene.leave(request_stem(forged.id), to_stored(Paper(request=forged)))
        await scene.bob.until(lambda: len(scene.bob.engine.requests.views(scene.bob.clock.now())) == 2)
        assert view(scene.bob, forged).state is RequestState.UNTRUSTED
        assert "signature does not match" in await refused(scene.bob, forged)

    virtually(story)


def test_one_person_counts_once_however_often_and_with_however_many_keys() -> None:
    async def story() -> None:
        scene, request = await waiting_request(count=2)

        await approve(scene.bob, request)
        await approve(scene.bob, request)

        assert "1 of 2 approvals" in await refused(scene.alice, request)

    virtually(story)


def test_any_rejection_ends_it() -> None:
    async def story() -> None:
        scene, request = await waiting_request()

        await approve(scene.bob, request)
        await approve(scene.carol, request, Meaning.REJECT)

        assert view(scene.alice, request).state is RequestState.REJECTED
        assert "was rejected. Person 3 rejected it: read it." in await refused(scene.alice, request)

    virtually(story)


def test_withdrawing_takes_everything_off_the_pool_and_leaves_it_on_record() -> None:
    async def story() -> None:
        scene, request = await approved_request()

        await scene.alice.engine.requests.forget(request, "not needed")

        assert not scene.left()
        told = scene.alice.ledger.facts[-1]
        assert (told.event, told.outcome, told.reason) == (
            AuditEvent.REQUEST_ENDED,
            Outcome.CANCELLED,
            "not needed",
        )
        decisions = (told.details or {})["decisions"]
        assert isinstance(decisions, list)
        assert decisions[0]["signature"]
        await refused(scene.bob, request, NotFound)

    virtually(story)


def test_the_same_is_asked_for_once() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await ask(scene.alice, scene.shop)

        with pytest.raises(Refused, match="asked for exactly this already"):
            await ask(scene.bob, scene.shop)

    virtually(story)


def test_the_checklist_is_answered_by_who_asks() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin(gates=(Checklist(items=("Is the backup there?",)),))

        with pytest.raises(Refused, match="Not answered with yes: Is the backup there"):
            await ask(scene.alice, scene.shop)
        request = await ask(scene.alice, scene.shop, answers=("Is the backup there?",))
        await approve(scene.bob, request)

        assert (await (await run(scene.carol, request)).wait()).state is RunState.DONE

    virtually(story)


def test_a_dissolved_configuration_leaves_no_request() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await ask(scene.alice, scene.shop)
        command = Dissolve(configuration=scene.shop, revision=scene.alice.card(scene.shop).revision)

        assert (await scene.alice.do(command)).error is None

        await scene.alice.until(lambda: not scene.left())

    virtually(story)


def test_what_was_interrupted_is_resumed_with_its_approvals_and_not_without() -> None:
    async def story() -> None:
        scene, request = await approved_request()
        opened = await run(scene.bob, request)
        await scene.carol.until(lambda: scene.carol.card(scene.shop).run is not None)
        under_way = view(scene.carol, request)
        assert (waiting_words(under_way), under_way.obstacle) == ("is being carried out", "")
        half_way = dict(scene.office.pool.keys)
        opened.stop()
        assert (await opened.wait()).state is RunState.INTERRUPTED
        stem = run_stem(scene.shop)
        number, text = next(
            (int(key.rpartition(".")[2]), text) for key, text in scene.office.pool.keys.items() if key.startswith(stem)
        )
        record = decode_run(text)
        assert record is not None

        for warrant in ("", "{}", record.warrant.replace("read it", "forged")):
            forged = msgspec.structs.replace(record, warrant=warrant)
            scene.leave(stem, encode_run(forged), number)
            with pytest.raises(ApprovalMissing, match="carries no approvals that count"):
                await scene.carol.settle(scene.shop, Direction.RESUME)
        scene.leave(stem, text, number)
        await asyncio.sleep(61)

        assert (await scene.carol.settle(scene.shop, Direction.RESUME)).state is RunState.DONE
        assert scene.stage() == "production"
        # What its own run has changed makes a request no more void than it was.
        scene.office.pool.set_map(Field.POOL, None, {**half_way, **scene.office.pool.keys})
        await scene.carol.until(lambda: scene.carol.engine.requests.views(scene.carol.clock.now()))
        assert view(scene.carol, request).state is RequestState.APPROVED

    virtually(story)


def test_a_large_request_leaves_out_what_can_be_made_again() -> None:
    async def story() -> None:
        scene, request = await waiting_request()
        paper = view(scene.alice, request).paper
        assert paper.plan is not None
        assert paper.manifest is not None
        assert from_stored(to_stored(paper)) == paper
        other = msgspec.structs.replace(paper.plan, warnings=("x",), leases=("other",))

        swapped = from_stored(to_stored(msgspec.structs.replace(paper, plan=other)))

        assert swapped == Paper(request=request)

    virtually(story)
