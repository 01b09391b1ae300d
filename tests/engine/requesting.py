"""Desks whose people the workflow knows, and what they do with requests."""

from datetime import datetime

import msgspec
import pytest

from tests.engine.desks import Desk, Office
from xsconsole.domain.approval import Decision, Matter, Meaning, decided
from xsconsole.domain.ids import ConfigurationId, GroupId, PersonId, RequestId, TransitionId, Uuid
from xsconsole.domain.requests.values import Request
from xsconsole.domain.requests.views import RequestView
from xsconsole.domain.workflow import ApprovalRule, Group, Person, Workflow, default_workflow
from xsconsole.engine.commands import Ask, Confirmed
from xsconsole.engine.ports import Field
from xsconsole.engine.requests.asked import command_of
from xsconsole.engine.runs.runner import Run
from xsconsole.errors import ApprovalMissing, Refused

APPROVED_WAYS = frozenset({TransitionId("staging-to-production"), TransitionId("production-to-staging")})


def person_of(desk: Desk, number: int) -> Person:
    return Person(id=PersonId(f"p{number}"), name=f"Person {number}", fingerprints=(desk.signer.fingerprint,))


def ruled(*desks: Desk, count: int = 1, version: int = 2, excludes_author: bool = False, **way: object) -> Workflow:
    """The default workflow, whose ways to and from production `count` people at these desks must approve."""
    people = tuple(person_of(desk, number) for number, desk in enumerate(desks, start=1))
    group = Group(id=GroupId("operators"), name="Operators", people=tuple(person.id for person in people))
    rule = ApprovalRule(count=count, groups=(group.id,), excludes_author=excludes_author)
    workflow = default_workflow()
    ways = tuple(
        msgspec.structs.replace(one, approvals=(rule,), **way) if one.id in APPROVED_WAYS else one
        for one in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=version, people=people, groups=(group,), transitions=ways)


async def ask(desk: Desk, configuration: ConfigurationId, target: str = "production", **more: object) -> Request:
    command = desk.promotion(configuration, target) if target == "production" else desk.demotion(configuration, target)
    asking = Ask(command=command, digest=desk.engine.plan(command).digest, **more)  # type: ignore[arg-type]
    request = RequestId(f"request-of-{desk.name}-{len(desk.ledger.facts)}")
    return await desk.engine.requests.ask(asking, desk.signer, request)


def decision(desk: Desk, request: Request, meaning: Meaning = Meaning.APPROVE, **fields: object) -> Decision:
    found = decided(
        desk.signer,
        matter=Matter.PROMOTION,
        subject=request.subject,
        about=request.intent.name,
        meaning=meaning,
        reason="read it",
        at=desk.clock.now(),
        plan=request.plan,
        rule="1 of Operators",
    )
    return msgspec.structs.replace(found, **fields)


async def approve(desk: Desk, request: Request, meaning: Meaning = Meaning.APPROVE) -> None:
    await desk.engine.requests.decide(decision(desk, request, meaning))


def view(desk: Desk, request: Request, at: datetime | None = None) -> RequestView:
    found = desk.engine.requests.views(at or desk.clock.now())
    return next(one for one in found if one.request.id == request.id)


async def run(desk: Desk, request: Request) -> Run:
    command = command_of(request)
    digest = desk.engine.plan(command).digest
    return await desk.engine.open(
        Confirmed(command=command, digest=digest, answers=request.answers, request=request.id)
    )


class Scene:
    """Three desks, and shop in staging; Person 1 asks, any of the others may approve."""

    def __init__(self) -> None:
        self.office = Office()
        self.alice, self.bob, self.carol = self.office.desk(), self.office.desk(), self.office.desk()
        self.shop = ConfigurationId("")

    async def begin(self, workflow: Workflow | None = None, **rule: object) -> None:
        self.shop = await self.office.shop(self.alice)
        await self.alice.publish(workflow or ruled(self.alice, self.bob, self.carol, **rule))  # type: ignore[arg-type]

    def machine(self) -> Uuid:
        return self.alice.member(self.shop, "shop-db")

    def left(self) -> list[str]:
        return [key for key in self.office.pool.keys if ".request." in key or ".approval." in key]

    def stage(self) -> str:
        return self.bob.card(self.shop).stage

    def leave(self, stem: str, text: str, number: int = 1) -> None:
        self.office.pool.set_map(Field.POOL, None, {**self.office.pool.keys, f"{stem}.{number}": text})


async def waiting_request(*workflow: Workflow, **rule: object) -> tuple[Scene, Request]:
    """Let Alice ask for the way of shop to production."""
    scene = Scene()
    await scene.begin(*workflow, **rule)
    return scene, await ask(scene.alice, scene.shop)


async def approved_request(*workflow: Workflow, **rule: object) -> tuple[Scene, Request]:
    """Let Alice ask for it, and Bob approve."""
    scene, request = await waiting_request(*workflow, **rule)
    await approve(scene.bob, request)
    return scene, request


async def refused(desk: Desk, request: Request, kind: type[Refused] = ApprovalMissing) -> str:
    with pytest.raises(kind) as found:
        await run(desk, request)
    return f"{found.value.reason} {found.value.mend}"
