"""Requests that nobody should have made, and the bounds of those that somebody may."""

import asyncio
import random
from datetime import timedelta

import msgspec
import pytest

from tests.engine.desks import Desk, virtually
from tests.engine.requesting import Scene, approve, approved_request, ask, refused, ruled, run, view, waiting_request
from xsconsole.domain.board import Standing
from xsconsole.domain.ids import RequestId
from xsconsole.domain.plan import RunKind
from xsconsole.domain.poolstate import decode_run, encode_run, run_stem, workflow_stem
from xsconsole.domain.requests.values import (
    Paper,
    Request,
    asked,
    find_request,
    from_stored,
    from_warrant,
    request_stem,
    to_stored,
    to_warrant,
)
from xsconsole.domain.requests.views import RequestState, asker, waiting_words
from xsconsole.domain.workflow import default_workflow
from xsconsole.domain.workflow import to_stored as workflow_to_stored
from xsconsole.engine.commands import Ask, Direction
from xsconsole.engine.requests import standing as requests
from xsconsole.errors import ApprovalMissing, NotFound, PlanIsStale, Refused


def signed_anew(desk: Desk, request: Request, **fields: object) -> Request:
    """What somebody whom the workflow knows signs, whatever it says."""
    return asked(desk.signer, msgspec.structs.replace(request, **fields))


async def put(scene: Scene, request: Request, number: int = 2) -> None:
    scene.leave(request_stem(request.id), to_stored(Paper(request=request)), number)
    await scene.bob.until(lambda: view(scene.bob, request).request == request)


def sentence(scene: Scene, request: Request) -> str:
    return view(scene.bob, request).sentence


def test_a_configuration_that_moved_changed_or_went_voids_its_request() -> None:
    async def story() -> None:
        scene, request = await waiting_request()

        assert (await scene.bob.do(scene.bob.demotion(scene.shop, "patch-testing"))).error is None
        assert sentence(scene, request) == "The configuration stands in another stage now."
        assert (await scene.bob.do(scene.bob.promotion(scene.shop, "staging"))).error is None
        assert sentence(scene, request) == "The configuration has been changed or moved since."
        for key in [key for key in scene.office.pool.keys if ".configuration." in key]:
            await scene.bob.port.remove_key(requests.Field.POOL, key)
        for member in list(scene.bob.card(scene.shop).members):
            scene.office.pool.forget(member.uuid)
        await scene.bob.until(lambda: scene.shop not in scene.bob.board.cards)
        assert sentence(scene, request) == "The configuration is not on the pool any more."

    virtually(story)


def test_without_a_workflow_that_can_be_read_nobody_is_trusted() -> None:
    async def story() -> None:
        scene, request = await waiting_request()
        stem = workflow_stem(default_workflow().id)
        for key in [key for key in scene.office.pool.keys if key.startswith(stem)]:
            await scene.bob.port.remove_key(requests.Field.POOL, key)

        found = view(scene.bob, request)

        assert found.state is RequestState.UNTRUSTED
        assert "No workflow is published here" in found.sentence
        assert waiting_words(found) == "cannot be trusted"
        assert asker(request, None) == request.actor

    virtually(story)


def test_a_workflow_that_was_replaced_under_its_own_number_grants_nothing() -> None:
    async def story() -> None:
        scene, request = await approved_request()
        lenient = ruled(scene.alice, scene.bob, scene.carol)
        ways = tuple(msgspec.structs.replace(way, approvals=()) for way in lenient.transitions)
        lenient = msgspec.structs.replace(lenient, transitions=ways)
        scene.leave(workflow_stem(lenient.id), workflow_to_stored(lenient), 2)
        await scene.bob.until(lambda: scene.bob.board.workflow == lenient)

        assert view(scene.bob, request).state is RequestState.VOID

    virtually(story)


def test_what_would_be_asked_must_be_what_was_seen_and_need_an_approval() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin(expiry_s=600)
        desk = scene.alice
        command = desk.promotion(scene.shop, "production")
        digest = desk.engine.plan(command).digest

        async def asking(**fields: object) -> None:
            values: dict[str, object] = {"command": command, "digest": digest, **fields}
            await desk.engine.requests.ask(Ask(**values), desk.signer, RequestId("one"))  # type: ignore[arg-type]

        with pytest.raises(PlanIsStale):
            await asking(digest="0" * 64)
        with pytest.raises(Refused, match="by the pool's clock that is past"):
            await asking(not_before=desk.clock.now() - timedelta(seconds=1))
        with pytest.raises(Refused, match="before it may begin"):
            await asking(not_before=desk.clock.now() + timedelta(hours=1))
        with pytest.raises(Refused, match="Nobody has to approve this"):
            await asking(command=desk.demotion(scene.shop, "patch-testing"))

    virtually(story)


def test_a_request_that_ended_makes_room_for_the_same_one() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin(expiry_s=600)
        first = await ask(scene.alice, scene.shop)
        await asyncio.sleep(601)

        second = await ask(scene.bob, scene.shop)

        assert [one.request.id for one in scene.bob.engine.requests.views(scene.bob.clock.now())] == [second.id]
        assert first.id != second.id

    virtually(story)


def test_there_is_a_bound_to_the_number_and_the_size_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        scene, request = await waiting_request()
        paper = view(scene.alice, request).paper
        assert paper.plan is not None
        noise = random.Random(7).randbytes(40_000).hex()

        huge_plan = msgspec.structs.replace(paper, plan=msgspec.structs.replace(paper.plan, warnings=(noise,)))
        assert from_stored(to_stored(huge_plan)) == Paper(request=request)
        with pytest.raises(Refused, match="is the most"):
            to_stored(Paper(request=msgspec.structs.replace(request, answers=(noise,))))
        monkeypatch.setattr(requests, "MOST_REQUESTS", 1)
        with pytest.raises(Refused, match="1 requests stand on the pool"):
            await ask(scene.bob, scene.shop)

    virtually(story)


def test_what_a_known_person_signs_is_still_judged() -> None:
    async def story() -> None:
        scene, request = await waiting_request()
        ahead = signed_anew(scene.alice, request, asked_at=request.asked_at + timedelta(days=1))
        await put(scene, ahead)
        await approve(scene.bob, ahead)
        assert "still to come" in await refused(scene.bob, ahead)

        other = signed_anew(scene.alice, request, plan="0" * 64)
        await put(scene, other, 3)
        assert view(scene.bob, other).state is RequestState.VOID

        odd = signed_anew(scene.alice, request, intent=msgspec.structs.replace(request.intent, kind=RunKind.CREATE))
        await put(scene, odd, 4)
        assert "asks for no promotion, demotion or revert" in view(scene.bob, odd).obstacle

        bare = signed_anew(
            scene.alice, request, intent=msgspec.structs.replace(request.intent, transition=None), expires_at=None
        )
        await put(scene, bare, 5)
        assert "demands no approval there any more" in sentence(scene, bare)

    virtually(story)


def test_of_a_run_without_enough_approvals_only_the_way_back_is_open() -> None:
    async def story() -> None:
        scene, request = await approved_request(count=2)
        await approve(scene.carol, request)
        opened = await run(scene.bob, request)
        opened.stop()
        await opened.wait()
        stem = run_stem(scene.shop)
        key = next(key for key in scene.office.pool.keys if key.startswith(stem))
        record = decode_run(scene.office.pool.keys[key])
        assert record is not None
        warrant = from_warrant(record.warrant)
        assert warrant is not None
        less = to_warrant(msgspec.structs.replace(warrant, decisions=warrant.decisions[:1]))
        number = int(key.rpartition(".")[2])
        scene.leave(stem, encode_run(msgspec.structs.replace(record, warrant=less)), number)
        await asyncio.sleep(61)

        with pytest.raises(ApprovalMissing, match="1 of 2 approvals"):
            await scene.carol.settle(scene.shop, Direction.RESUME)
        assert (await scene.carol.settle(scene.shop, Direction.UNDO)).error is None

        assert scene.bob.card(scene.shop).standing is Standing.WHOLE
        assert view(scene.bob, request).state is RequestState.APPROVED

    virtually(story)


def test_a_request_is_found_by_the_beginning_of_its_id() -> None:
    async def story() -> None:
        _, request = await waiting_request()

        assert find_request([request], request.id[:4].upper()) == request
        for wrong in ("", "another"):
            with pytest.raises(NotFound, match="No request begins with"):
                find_request([request], wrong)
        with pytest.raises(NotFound, match="More than one"):
            find_request([request, request], request.id)

    virtually(story)
