"""What is chosen at first: a blueprint and a stage that are in one pool, since nothing is provisioned across."""

from collections.abc import Sequence

from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.workflow import Workflow


def nearest(
    pools: Sequence[Uuid], workflow: Workflow | None, stage: StageId | None, at: int | None
) -> tuple[int, StageId | None]:
    """Return which blueprint, by `pools` in which each is, and which stage; what was asked for, `stage` or `at`, stays.

    -1 where there is no blueprint. What fits nothing is offered all the same: the plan then says why not.
    """
    stages = workflow.stages if workflow is not None else ()
    bound = {one.id: one.binding.pool.uuid for one in stages if one.binding.pool is not None}
    if at is None:
        wanted = bound.get(stage) if stage is not None else None
        at = next((place for place, pool in enumerate(pools) if wanted in (None, pool)), min(0, len(pools) - 1))
    if stage is None and at >= 0:
        stage = fitting(pools[at], workflow, None)
    return at, stage


def fitting(pool: Uuid, workflow: Workflow | None, stage: StageId | None) -> StageId | None:
    """Return a stage into which something can be made on a pool: `stage` where it fits, or the first; None: none."""
    stages = workflow.stages if workflow is not None else ()
    fits = [one.id for one in stages if one.binding.pool is None or one.binding.pool.uuid == pool]
    return stage if stage in fits else next(iter(fits), None)
