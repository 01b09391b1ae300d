"""What the webhook tells of one promotion: each event names the same things in the same fields."""

import asyncio
from datetime import timedelta

from tests.engine.desks import Desk, virtually
from tests.engine.requesting import Scene, approve, ask, person_of, ruled, run
from tests.engine.urgent import declare, look, urgent
from xsconsole.domain.canonical import Json
from xsconsole.domain.notifications import Notification, document_of, kind_of
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.requests.values import Request
from xsconsole.domain.workflow import ApprovalRule
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.engine.requests.reviewing import forget_review
from xsconsole.engine.requests.standing import request_fact

ALWAYS = {"format", "id", "event", "at", "console", "pool", "actor", "configuration", "source", "target", "text"}
OF_RUNS = frozenset({Notification.RUN_DONE, Notification.REVIEW_OPENED, Notification.REVIEW_CLOSED})


def told(*desks: Desk) -> dict[Notification, list[dict[str, Json]]]:
    """Return what the webhooks of these desks were told, each of what was done there."""
    found: dict[Notification, list[dict[str, Json]]] = {}
    for desk in desks:
        for fact in desk.ledger.facts:
            kind = kind_of(fact)
            if kind is not None and fact.source is not None:  # not how the configuration was made
                at = desk.clock.now()
                document = document_of(kind, fact, delivery="1", at=at, console=desk.name, pool_name="acme")
                found.setdefault(kind, []).append(document)
    return found


def details(document: dict[str, Json]) -> dict[str, Json]:
    held = document.get("details")
    assert isinstance(held, dict)
    return held


def test_all_that_a_request_leads_to_names_the_request_its_ticket_and_the_same_places() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        rule = ApprovalRule(count=1, people=(person_of(scene.carol, 3).id,))
        reviewed = Review(rule=rule, within_s=3600)
        people = (scene.alice, scene.bob, scene.carol)
        await scene.alice.publish(ruled(*people, version=3, expiry_s=3600, afterwards=(reviewed,)))
        begins = scene.alice.clock.now() + timedelta(seconds=1)
        request = await ask(scene.alice, scene.shop, ticket="CHG-7", not_before=begins)
        await approve(scene.bob, request)
        await asyncio.sleep(5)  # of the virtual clock

        await (await run(scene.bob, request)).wait()
        await scene.bob.until(lambda: not [key for key in scene.left() if ".request." in key])
        await forget_review(scene.carol.port, scene.carol.ledger, await look(scene.carol))

        found = told(*people)
        assert set(found) == {
            *(Notification.REQUEST_MADE, Notification.REQUEST_DECIDED, Notification.RUN_DONE),
            *(Notification.REQUEST_ENDED, Notification.REVIEW_OPENED, Notification.REVIEW_CLOSED),
        }
        void = request_fact(AuditEvent.REQUESTED, request, scene.alice.port.identity)
        found[Notification.REQUEST_VOID] = [
            document_of(Notification.REQUEST_VOID, void, delivery="1", at=begins, console="a", pool_name="acme")
        ]
        for kind, documents in found.items():
            for document in documents:
                assert set(document) >= ALWAYS, kind
                assert (document["source"], document["target"]) == ("staging", "production"), kind
                assert document["configuration"] == {"id": scene.shop, "name": request.intent.name}, kind
                assert ("run" in document) or kind not in OF_RUNS, kind
        of_request(found, request)

    virtually(story)


def of_request(found: dict[Notification, list[dict[str, Json]]], request: Request) -> None:
    """See that whatever is about a request has its id and its ticket, and where it is told of whole, its times."""
    assert request.not_before is not None
    assert request.expires_at is not None
    for kind in found.keys() - {Notification.REVIEW_CLOSED}:
        document = next(one for one in found[kind] if kind is not Notification.REQUEST_DECIDED or "run" not in one)
        held = details(document)
        assert (held["request"], held["ticket"]) == (request.id, "CHG-7"), kind
    for kind in (Notification.REQUEST_MADE, Notification.REQUEST_ENDED, Notification.REQUEST_VOID):
        held = details(found[kind][0])
        assert held["plan"] == request.plan, kind
        times = [request.not_before, request.expires_at]
        assert [held["not_before"], held["expires_at"]] == [at.isoformat().replace("+00:00", "Z") for at in times], kind


def test_an_emergency_and_its_run_name_the_same_ticket() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.begin()
        await scene.alice.publish(urgent(scene, version=3))

        await (await declare(scene.alice, scene)).wait()

        found = told(scene.alice)
        for kind in (Notification.EMERGENCY_DECLARED, Notification.REVIEW_OPENED, Notification.RUN_DONE):
            (document,) = found[kind]
            assert set(document) >= {*ALWAYS, "run"}, kind
            assert details(document)["ticket"] == "INC-1", kind

    virtually(story)
