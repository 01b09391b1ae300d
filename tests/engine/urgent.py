"""Desks at which emergencies are declared and reviewed."""

from dataclasses import replace

import msgspec

from tests.engine.desks import Desk
from tests.engine.requesting import Scene, ruled
from xsconsole.domain.approval import Decision, Matter, Meaning, decided
from xsconsole.domain.emergency import Declaration, declared
from xsconsole.domain.ids import GroupId
from xsconsole.domain.reviews import ReviewView, items_on, judge
from xsconsole.domain.workflow import Group, Workflow
from xsconsole.domain.workflow.gates import MaintenanceWindow
from xsconsole.engine.commands import (
    Confirmed,
    Emergency,
    Promote,
)
from xsconsole.engine.runs.runner import Run
from xsconsole.store.keys import is_signature

SHIFT = GroupId("shift")
CLOSED = MaintenanceWindow(weekdays=(), from_minute=0, to_minute=1)


def urgent(scene: Scene, *, version: int = 2, declarers: int = 1, **way: object) -> Workflow:
    """Two approve the way to production, and the first of the desks may declare an emergency."""
    return with_declarers(ruled(scene.alice, scene.bob, scene.carol, count=2, version=version, **way), declarers)


def with_declarers(workflow: Workflow, number: int = 1) -> Workflow:
    """Return the workflow in which the first people may declare emergencies."""
    shift = Group(id=SHIFT, name="Shift", people=tuple(person.id for person in workflow.people[:number]))
    return msgspec.structs.replace(workflow, groups=(*workflow.groups, shift), declarers=(SHIFT,))


def promotion(desk: Desk, scene: Scene, reason: str = "the shop is down") -> Promote:
    command = desk.promotion(scene.shop, "production")
    return replace(command, reason=reason, emergency=Emergency(reason=reason))


def declaration(desk: Desk, command: Promote, **fields: object) -> Declaration:
    plan = desk.engine.plan(command)
    assert command.emergency is not None
    more = {"actor": desk.port.identity.actor, "reason": command.emergency.reason, **fields}
    return declared(
        desk.signer,
        plan,
        pool=desk.port.identity.pool,
        about="promote shop",
        ticket="INC-1",
        at=desk.clock.now(),
        session="",
        console=desk.name,
        **more,  # type: ignore[arg-type]
    )


async def declare(desk: Desk, scene: Scene, **fields: object) -> Run:
    command = promotion(desk, scene)
    found = declaration(desk, command, **fields)
    return await desk.engine.open(
        Confirmed(command=command, digest=desk.engine.plan(command).digest, declaration=found)
    )


def items(desk: Desk) -> list[ReviewView]:
    pool = desk.inventory.pool
    assert pool is not None
    keys = pool.other_config
    found = items_on(keys)
    return [judge(item, keys, desk.board.workflow, desk.clock.now(), is_signature) for item in found]


def finding(desk: Desk, view: ReviewView, reason: str = "looked at it") -> Decision:
    return decided(
        desk.signer,
        matter=Matter.REVIEW,
        subject=view.item.subject,
        about="review",
        meaning=Meaning.APPROVE,
        reason=reason,
        at=desk.clock.now(),
        actor=desk.port.identity.actor,
    )


async def look(desk: Desk, reason: str = "looked at it") -> ReviewView:
    (view,) = items(desk)
    await desk.engine.decide(finding(desk, view, reason), view.item)
    (view,) = items(desk)
    return view
