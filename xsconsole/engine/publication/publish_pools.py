"""How each pool that a workflow binds stands to a publication, and which may get it later."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from xsconsole.domain.board import Board
from xsconsole.domain.board_reading import published_workflow
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.publication.effects import Obstacle, PartState, PoolPart
from xsconsole.domain.publication.values import pool_of, publication_of
from xsconsole.domain.words import instant, listing
from xsconsole.domain.workflow import Stage, Workflow

WORKFLOW_PREFIX = PREFIX + "workflow."


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A pool as this home has last heard of it. `is_away`: the road is broken, and `as_of` is when that was.

    `ahead` is how much later its clock is than this computer's.
    """

    pool: Uuid
    name: str
    board: Board
    inventory: Inventory
    is_away: bool = False
    as_of: datetime | None = None
    ahead: timedelta = timedelta()

    @property
    def keys(self) -> Mapping[str, str]:
        return self.inventory.pool.other_config if self.inventory.pool else {}

    @property
    def standing(self) -> Workflow | None:
        return published_workflow(self.keys)

    @property
    def is_unreadable(self) -> bool:
        return self.standing is None and any(key.startswith(WORKFLOW_PREFIX) for key in self.keys)


def bound_pools(workflow: Workflow | None, home: Uuid) -> dict[Uuid, str]:
    """Return the pools on which a workflow has to stand, with their names where it tells them."""
    found = {home: ""}
    for stage in workflow.stages if workflow is not None else ():
        if stage.binding.pool is not None:
            found[stage.binding.pool.uuid] = stage.binding.pool.name
    return found


def parts_of(
    workflow: Workflow,
    newest: Workflow | None,
    known: Mapping[Uuid, Site],
    home: Uuid,
    later: Collection[Uuid],
    replaced: Collection[Uuid] = (),
) -> tuple[PoolPart, ...]:
    """Return all pools of either version, in the order in which they are written; `later` may stay behind for now.

    On those `replaced`, it may take the place of another version with the number of the newest.

    The order is one for all consoles: whoever is first at the first pool is first everywhere. So pools that the
    standing version binds come first, which everybody knows, and then those that are new.
    """
    before = bound_pools(newest, home)
    pools = {**before, **bound_pools(workflow, home)}
    ordered = sorted(pools, key=lambda pool: (newest is not None and pool not in before, pool))
    is_written = newest is not None and newest.digest == workflow.digest
    found: list[PoolPart] = []
    for at, pool in enumerate(ordered):
        part = _part(pool, pools[pool], known.get(pool), workflow, newest)
        if part.state is PartState.AWAY:
            why_not = "" if is_written else why_not_later(part, workflow, newest, home, is_first=at == 0)
            is_later = not why_not and (is_written or pool in later)
            part = replace(part, state=PartState.LATER if is_later else PartState.AWAY, why_not_later=why_not)
        if part.is_unlike and pool in replaced and workflow.version > part.version:
            part = replace(part, state=PartState.WRITES)
        found.append(part)
    return tuple(found)


def why_not_later(part: PoolPart, workflow: Workflow, newest: Workflow | None, home: Uuid, *, is_first: bool) -> str:
    """Return why a pool that is away cannot get the version later than the others; empty where it can."""
    name = _quoted(part.name)
    if is_first:
        return f"{name} is written first, so that of two who publish at once one is first everywhere: it cannot wait."
    if newest is None or part.pool not in bound_pools(newest, home):
        return f"What stands on {name} is not known: it has had no version of this workflow yet."
    lost = tuple(
        f"“{shortened(stage.name, 40)}”"
        for stage in newest.stages
        if pool_of(stage, home) == part.pool and not _stays(workflow.stage(stage.id), part.pool, home)
    )
    if lost:
        return f"{listing(lost)} would be gone from {name}, and what stands there now is not known."
    return ""


def _stays(stage: Stage | None, pool: Uuid, home: Uuid) -> bool:
    return stage is not None and pool_of(stage, home) == pool


def _part(pool: Uuid, name: str, site: Site | None, workflow: Workflow, newest: Workflow | None) -> PoolPart:
    if site is None:
        return PoolPart(pool=pool, name=name or pool, state=PartState.AWAY)
    standing = site.standing
    part = PoolPart(pool=pool, name=site.name or name, state=PartState.AWAY, as_of=site.as_of)
    if standing is not None:
        beside = publication_of(site.keys, standing.digest)
        part = replace(
            part,
            version=standing.version,
            digest=standing.digest,
            author=standing.author,
            published_at=beside.at if beside is not None else None,
        )
    is_unlike = (
        standing is not None
        and newest is not None
        and (standing.id, standing.version) == (newest.id, newest.version)
        and standing.digest != newest.digest
    )
    part = replace(part, is_unlike=is_unlike and not site.is_away)
    if site.is_away:
        return part
    if standing is None:
        state = PartState.UNREADABLE if site.is_unreadable else PartState.WRITES
    elif standing.id != workflow.id:
        state = PartState.OTHER_WORKFLOW
    elif standing.digest == workflow.digest:
        state = PartState.SAME
    elif standing.version >= workflow.version or is_unlike:
        state = PartState.NEWER
    else:
        state = PartState.WRITES
    return replace(part, state=state)


def obstacles_of(part: PoolPart) -> list[Obstacle]:
    name = _quoted(part.name)
    match part.state:
        case PartState.AWAY:
            away = (
                f"The pool {name} is away: nothing was heard of it since {instant(part.as_of)}."
                if part.as_of is not None
                else f"A stage is on the pool {name}, and there is no connection to it."
            )
            wait = "Wait until it is back" if part.as_of is not None else "Connect to it"
            mend = f"{wait}. {part.why_not_later}" if part.why_not_later else f"{wait}, or let it follow later."
            return [Obstacle(reason=away, mend=mend)]
        case PartState.UNREADABLE:
            reason = f"On {name} stands a workflow that this console cannot read."
            return [
                Obstacle(
                    reason=reason,
                    mend="Use the newer console that published it, or remove its key there if it is damaged.",
                )
            ]
        case PartState.OTHER_WORKFLOW:
            reason = f"{name} follows another workflow, and a pool follows one."
            return [Obstacle(reason=reason, mend="Publish from that pool, or bind the stages to another one.")]
        case PartState.NEWER:
            reason = f"On {name} stands version {part.version}, which is another one than here."
            settle = "say that the new version takes its place there" if part.is_unlike else "publish from there"
            return [Obstacle(reason=reason, mend=f"Look at the difference, then {settle}.")]
        case _:
            return []


def _quoted(name: str) -> str:
    return f"“{shortened(name, 60)}”"
