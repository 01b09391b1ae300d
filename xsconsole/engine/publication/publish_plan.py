"""What publishing a workflow would do: a pure function of the draft, of what stands on the pools, and of a mapping."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from xsconsole.domain.approval import Matter, Requester, tally
from xsconsole.domain.ids import Digest, StageId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.publication.effects import (
    Effect,
    EffectKind,
    Obstacle,
    PartState,
    PoolPart,
    PublishPlan,
    RequestFate,
)
from xsconsole.domain.publication.values import (
    Publication,
    content_digest,
    decisions_on,
    pool_of,
    publication_of,
    renewed_stages,
    subject_of,
)
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.words import count
from xsconsole.domain.workflow import PoolObject, Workflow, check, to_stored
from xsconsole.domain.workflow.findings import Finding, Severity
from xsconsole.engine.plans.stage_names import StageNames
from xsconsole.engine.publication.continuing import fates_of
from xsconsole.engine.publication.flight import Flight, effects_of, stages_to_map
from xsconsole.engine.publication.mapping import choices_for
from xsconsole.engine.publication.publish_pools import Site, bound_pools, obstacles_of, parts_of
from xsconsole.errors import Refused

NOT_LOOKED_AT = (PartState.UNREADABLE, PartState.OTHER_WORKFLOW, PartState.LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants published. `over` is the version that it was made from; None: the workflow's own number.

    `base` is that version's digest where it is known, which is surer than its number.
    """

    workflow: Workflow
    base: Digest | None = None
    over: int | None = None
    mapping: Mapping[StageId, StageId] | None = None  # None: as the standing publication says, where it is finished
    summary: str = ""
    later: frozenset[Uuid] = frozenset()  # pools that are away, and may stay behind for now
    replaced: frozenset[Uuid] = frozenset()  # pools whose other version of the same number it takes the place of


def plan_publication(
    wish: Wish,
    sites: Sequence[Site],
    home: Uuid,
    requester: Requester,
    findings: tuple[Finding, ...],
    is_signature: SignatureCheck,
    at: datetime,
) -> PublishPlan:
    """Return what it would do. Never refuses: what stands against it is in `obstacles`.

    `home` is the pool from which it is published: what stages without a pool of their own are bound to.
    """
    known = {site.pool: site for site in sites}
    wanted = settled(wish.workflow, home, known[home].name)
    newest = _newest(wanted, known, home)
    is_same = (
        newest is not None and not wish.replaced and content_digest(newest) == content_digest(_numbered(wanted, newest))
    )
    workflow = newest if is_same and newest is not None else _numbered(wanted, newest, requester.actor, wish.summary)
    base = newest.digest if newest is not None else None
    pools = parts_of(workflow, newest, known, home, wish.later, wish.replaced)
    obstacles = [
        *_of_base(wish, newest, is_same=is_same),
        *_of_workflow(workflow, findings),
        *(obstacle for part in pools for obstacle in obstacles_of(part)),
        *(obstacle for part in pools for obstacle in _of_replaced(part, known.get(part.pool))),
    ]
    flights = [
        Flight(pool=part.pool, board=known[part.pool].board, inventory=known[part.pool].inventory)
        for part in pools
        if part.pool in known and part.state not in NOT_LOOKED_AT
    ]
    must_map = stages_to_map(flights, workflow, home)
    # A publication that was cut off stands on some of its pools only.
    found = (publication_of(site.keys, workflow.digest) for site in sites if is_same)
    beside = next((one for one in found if one is not None), None)
    decided = beside.mapping if beside is not None else {}
    names = StageNames(workflow, newest)
    for flight in flights:
        names.read(flight.cards)
    choices = {
        stage: choices_for(stage, newest, workflow, pools_of, home, decided.get(stage))
        for stage, pools_of in must_map.items()
    }
    mapping = _mapping(wish, beside, must_map)
    obstacles += _of_mapping(wish, beside, choices, workflow, newest, names)
    requests = fates_of(_asked_at(pools, known), workflow, home, mapping, beside, at, is_signature)
    renewed = _renewed(newest, workflow, requests) if beside is None else beside.renewed
    asked = {(fate.pool, fate.configuration) for fate in requests if fate.goes_on}
    effects = effects_of(flights, workflow, home, mapping, choices, renewed, names, at, asked)
    blocked = [effect for effect in effects if effect.kind is EffectKind.BLOCKED]
    obstacles += [
        Obstacle(reason=effect.sentence, mend=_way_out(effect, workflow, newest, home, known, choices))
        for effect in blocked
    ]
    subject = subject_of(workflow, beside.base if beside is not None else base, mapping)
    counted = None
    if newest is not None and newest.publishing and not is_same:
        decisions = [decision for site in sites for decision in decisions_on(site.keys, Matter.PUBLICATION, subject)]
        counted = tally(newest.publishing, newest, Matter.PUBLICATION, subject, decisions, requester, is_signature)
        if not counted.is_satisfied:
            obstacles.append(
                Obstacle(
                    reason=f"Version {newest.version} demands approval of the next one. {counted.sentence}",
                    mend="Change it and ask again."
                    if counted.rejected
                    else "Give them the draft, or the request as a file.",
                )
            )
    return PublishPlan(
        workflow=workflow,
        standing=newest,
        pools=pools,
        mapping=mapping,
        must_map=tuple(must_map),
        names={stage: names.name(stage) for stage in must_map},
        renewed=renewed,
        choices=choices,
        effects=effects,
        findings=findings,
        obstacles=tuple(obstacles),
        subject=subject,
        tally=counted,
        requests=requests,
    )


def _way_out(
    effect: Effect,
    workflow: Workflow,
    newest: Workflow | None,
    home: Uuid,
    known: Mapping[Uuid, Site],
    choices: Mapping[StageId, tuple[StageId, ...]],
) -> str:
    """Return what to do with what would stay behind in a pool that its stage leaves, as after a migration."""
    stage = workflow.stage(effect.source)
    if stage is None or effect.source not in choices or pool_of(stage, home) == effect.pool:
        return ""
    there = stage.binding.pool.name if stage.binding.pool is not None else known[home].name
    before = newest.stage(stage.id) if newest is not None else None
    # A stage of no pool lets what is in it be migrated; one of a pool does not.
    is_free = before is not None and before.binding.pool is None
    first = f"Migrate it into pool “{shortened(there)}”" if is_free else "Promote or demote it out of there"
    otherwise = ", or say where it goes" if choices[effect.source] else ""
    return f"{first} before, or bind “{shortened(stage.name)}” to “{shortened(known[effect.pool].name)}”{otherwise}."


def _asked_at(pools: Sequence[PoolPart], known: Mapping[Uuid, Site]) -> list[Site]:
    unknown = (PartState.UNREADABLE, PartState.OTHER_WORKFLOW)
    return [known[part.pool] for part in pools if part.pool in known and part.state not in unknown]


def _renewed(newest: Workflow | None, workflow: Workflow, requests: Sequence[RequestFate]) -> tuple[StageId, ...]:
    """Return the stages with other marks than in the version before, or in one that a request stays on."""
    found = dict.fromkeys(renewed_stages(newest, workflow))
    for fate in requests:
        if fate.goes_on:
            found |= {stage: None for stage in renewed_stages(fate.version, workflow) if stage in fate.stages}
    return tuple(found)


def settled(workflow: Workflow, home: Uuid, name: str) -> Workflow:
    """Return the workflow with the home pool named wherever others are named too.

    On one pool, a stage without a pool is on that pool. On several, it would be on each of them.
    """
    named = {stage.binding.pool.uuid for stage in workflow.stages if stage.binding.pool is not None}
    if not named - {home}:
        return workflow
    here = PoolObject(uuid=home, name=name)
    stages = tuple(
        stage
        if stage.binding.pool is not None
        else msgspec.structs.replace(stage, binding=msgspec.structs.replace(stage.binding, pool=here))
        for stage in workflow.stages
    )
    return msgspec.structs.replace(workflow, stages=stages)


def _newest(wanted: Workflow, known: Mapping[Uuid, Site], home: Uuid) -> Workflow | None:
    here = known[home].standing
    pools = {**bound_pools(wanted, home), **bound_pools(here, home)}
    standing = [known[pool].standing for pool in sorted(pools) if pool in known]
    of_id = [one for one in standing if one is not None and (here is None or one.id == here.id)]
    return max(of_id, key=lambda one: (one.version, one == here), default=None)


def _numbered(workflow: Workflow, newest: Workflow | None, author: str = "", summary: str = "") -> Workflow:
    return msgspec.structs.replace(
        workflow,
        id=newest.id if newest is not None else workflow.id,
        version=newest.version + 1 if newest is not None else 1,
        author=author,
        summary=summary,
        signature=None,
    )


def _of_base(wish: Wish, newest: Workflow | None, *, is_same: bool) -> list[Obstacle]:
    if is_same:
        return []
    standing = newest.version if newest is not None else 0
    if wish.base is not None:
        is_stale = newest is None or newest.digest != wish.base
    else:
        over = wish.over if wish.over is not None else wish.workflow.version
        # Where nothing stands, every number is as good as another.
        is_stale = newest is not None and over != standing
    if not is_stale:
        return []
    who = f" by {shortened(newest.author, 60)}" if newest is not None and newest.author else ""
    return [
        Obstacle(
            reason=f"Version {standing} stands on the pool{who}, and this was not made from it.",
            mend="Look at the difference, take it into yours, then publish.",
            is_stale=True,
        )
    ]


def _of_replaced(part: PoolPart, site: Site | None) -> list[Obstacle]:
    """Return why the other version on a pool cannot be replaced from here: its own rules of publishing hold there."""
    standing = site.standing if site is not None else None
    if not part.is_unlike or part.state is not PartState.WRITES or standing is None or not standing.publishing:
        return []
    reason = f"The version on “{shortened(part.name, 60)}” demands approval of what takes its place."
    return [Obstacle(reason=reason, mend="Publish from that pool.")]


def _of_workflow(workflow: Workflow, findings: tuple[Finding, ...]) -> list[Obstacle]:
    found = []
    try:
        check(workflow)
        to_stored(workflow)
    except Refused as refusal:
        found.append(Obstacle(reason=refusal.reason, mend=refusal.mend))
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        found.append(
            Obstacle(
                reason=f"{count(len(errors), 'finding')} must be mended first, such as: {errors[0].sentence}",
                mend="Mend what the list of findings calls an error.",
                is_told=True,
            )
        )
    return found


def _mapping(wish: Wish, beside: Publication | None, must_map: Collection[StageId]) -> dict[StageId, StageId]:
    """Return where stages lead: as was given, and as the publication says that is being finished."""
    earlier = dict(beside.mapping) if beside is not None else {}
    given = {old: new for old, new in (wish.mapping or {}).items() if old in must_map}
    return {**earlier, **given}


def _of_mapping(
    wish: Wish,
    beside: Publication | None,
    choices: Mapping[StageId, tuple[StageId, ...]],
    workflow: Workflow,
    newest: Workflow | None,
    names: StageNames,
) -> list[Obstacle]:
    found = []
    for old, new in sorted((wish.mapping or {}).items()):
        if old in choices or (beside is not None and beside.mapping.get(old) == new):
            continue
        if workflow.stage(old) is not None:
            found.append(Obstacle(reason=f"Stage {names.quoted(old)} stays, so nothing is mapped from it."))
        elif newest is None or newest.stage(old) is None:
            found.append(
                Obstacle(reason=f"There is no stage “{shortened(old)}” to map from.", mend="Name one that vanishes.")
            )
        elif workflow.stage(new) is None:
            found.append(Obstacle(reason=f"The workflow has no stage “{shortened(new)}” to map to."))
    return found
