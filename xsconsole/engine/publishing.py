"""The workflow on the pool. Of two consoles that publish at once, one wins and both see the same."""

from xsconsole.domain.board import published_workflow
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX, numbers, workflow_stem
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.workflow import Workflow, check, default_workflow, to_stored
from xsconsole.engine.ports import Field, Ledger, PoolPort
from xsconsole.engine.values import insist
from xsconsole.errors import PlanIsStale, Refused


async def publish_default(pool: PoolPort, ledger: Ledger) -> Workflow | None:
    """Publish the default workflow where none stands, and return what stands now; None: one that cannot be read."""
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    if not any(key.startswith(PREFIX + "workflow.") for key in keys):
        try:
            return await publish(pool, ledger, default_workflow(), 0)
        except PlanIsStale:
            keys = await insist(pool, lambda: pool.keys(Field.POOL))
    return published_workflow(keys)


async def publish(pool: PoolPort, ledger: Ledger, workflow: Workflow, version_seen: int) -> Workflow:
    """Publish a workflow over the one of `version_seen` (0: over none).

    Raises:
        PlanIsStale: somebody published meanwhile.
        Refused: the workflow contradicts itself, is too large, or its version does not follow.
    """
    check(workflow)
    stored = to_stored(workflow)
    stem = workflow_stem(workflow.id)
    keys = await insist(pool, lambda: pool.keys(Field.POOL))
    standing = published_workflow(keys)
    if (standing.version if standing else 0) != version_seen:
        raise _stale(workflow)
    if workflow.version <= version_seen:
        raise Refused(
            reason=f"Version {workflow.version} does not follow version {version_seen}.",
            mend="Publish it under a higher version.",
        )
    top = next(iter(numbers(keys, stem)), 0) + 1
    await ledger.record(_fact(pool, workflow, None))

    async def attempt() -> bool:
        if (await pool.keys(Field.POOL)).get(f"{stem}.{top}") == stored:
            return True
        return await pool.add_key(Field.POOL, f"{stem}.{top}", stored)

    is_ours = await insist(pool, attempt)
    await ledger.record(_fact(pool, workflow, Outcome.DONE if is_ours else Outcome.REFUSED))
    if not is_ours:
        raise _stale(workflow)
    for number in numbers(keys, stem):
        await pool.remove_key(Field.POOL, f"{stem}.{number}")
    return workflow


def _stale(workflow: Workflow) -> PlanIsStale:
    return PlanIsStale(
        reason=f"Somebody published “{shortened(workflow.name)}” meanwhile.", mend="Look at it, then publish again."
    )


def _fact(pool: PoolPort, workflow: Workflow, outcome: Outcome | None) -> Fact:
    return Fact(
        event=AuditEvent.WORKFLOW_PUBLISHED,
        actor=pool.identity.actor,
        pool=pool.identity.pool,
        session=pool.identity.session,
        outcome=outcome,
        details={
            "what": workflow.name,
            "workflow": workflow.id,
            "version": workflow.version,
            "digest": workflow.digest,
        },
    )
