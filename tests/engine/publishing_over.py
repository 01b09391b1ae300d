"""Publishing over requests, signed as a console does it, and carrying them out by the version that judges them."""

import msgspec
import pytest

from tests.engine.desks import Desk
from tests.engine.requesting import Scene, ruled
from xsconsole.domain.approval import Requester
from xsconsole.domain.continuing import VERSION_PREFIX, with_continued
from xsconsole.domain.ids import StageId
from xsconsole.domain.publication.effects import PublishPlan
from xsconsole.domain.publication.values import Publication
from xsconsole.domain.requests.values import Request
from xsconsole.domain.signing import signed
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Confirmed
from xsconsole.engine.publication.publish_plan import Wish, plan_publication
from xsconsole.engine.publication.publish_pools import Site
from xsconsole.engine.requests.asked import command_of
from xsconsole.engine.runs.runner import Run
from xsconsole.errors import ApprovalMissing
from xsconsole.store.keys import is_signature

PRODUCTION, STAGING = StageId("production"), StageId("staging")


def planned(desk: Desk, workflow: Workflow, **mapping: str) -> PublishPlan:
    standing = desk.board.workflow
    assert standing is not None
    site = Site(pool=desk.pool.pool.uuid, name="acme", board=desk.board, inventory=desk.inventory)
    wish = Wish(
        workflow=workflow, base=standing.digest, mapping={StageId(old): StageId(new) for old, new in mapping.items()}
    )
    requester = Requester(fingerprint=desk.signer.fingerprint)
    return plan_publication(wish, (site,), site.pool, requester, (), is_signature, desk.clock.now())


def beside(plan: PublishPlan, desk: Desk) -> Publication:
    found = Publication(
        workflow=plan.workflow.id,
        version=plan.workflow.version,
        digest=plan.workflow.digest,
        base=plan.standing.digest if plan.standing is not None else None,
        mapping=dict(plan.mapping),
        pools={},
        actor="somebody",
        at=desk.clock.now(),
        renewed=plan.renewed,
    )
    return with_continued(found, [fate.continued for fate in plan.requests if fate.continued], desk.signer)


async def publish(desk: Desk, workflow: Workflow, **mapping: str) -> PublishPlan:
    """Publish it signed, as a console does, with the requests that stay on their version."""
    plan = planned(desk, workflow, **mapping)
    assert plan.standing is not None
    version = signed(plan.workflow, desk.signer)
    await desk.engine.publish_version(version, plan.standing.digest, beside(plan, desk), {})
    await desk.until(lambda: desk.board.workflow == version)
    return plan


def newer(scene: Scene) -> Workflow:
    """The next version, under which two must approve what one could, and all of it is described."""
    workflow = ruled(scene.alice, scene.bob, scene.carol, count=2)
    return msgspec.structs.replace(workflow, description="stricter")


async def run(desk: Desk, request: Request) -> Run:
    command = command_of(request)
    digest = desk.engine.plan(command, request.id).digest
    confirmed = Confirmed(command=command, digest=digest, answers=request.answers, request=request.id)
    return await desk.engine.open(confirmed)


async def refused_under(desk: Desk, request: Request) -> str:
    with pytest.raises(ApprovalMissing) as found:
        await run(desk, request)
    return f"{found.value.reason} {found.value.mend}"


def kept(scene: Scene) -> list[str]:
    return [key for key in scene.office.pool.keys if key.startswith(VERSION_PREFIX)]
