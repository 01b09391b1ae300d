"""Requests and new versions of the workflow: each is planned and judged by the version under which it was made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from xsconsole.domain.approval import Matter, tally
from xsconsole.domain.barriers import barriers_of
from xsconsole.domain.board import Board, Card
from xsconsole.domain.continuing import (
    MOST_VERSIONS,
    Judging,
    continued_in,
    judging,
    lost_stage,
    still_counting,
)
from xsconsole.domain.gates import Scene
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.publication.effects import RequestFate
from xsconsole.domain.publication.values import Continued, Publication
from xsconsole.domain.requests.values import Request, decisions_of, papers_on
from xsconsole.domain.requests.views import Present, RequestView, view_of
from xsconsole.domain.requests.ways import demanding_way
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.engine.commands import Approvable, Plannable, RevertTo
from xsconsole.engine.plans import planner, rules
from xsconsole.engine.plans.barring import demand_open
from xsconsole.engine.plans.lands import Lands, at_version, no_land
from xsconsole.engine.plans.stage_names import StageNames
from xsconsole.engine.publication.publish_pools import Site
from xsconsole.errors import Refused


def plan_under(
    judged_by: Judging | None,
    command: Plannable,
    board: Board,
    inventory: Inventory,
    actor: str,
    clocks: tuple[datetime, ...],
    lands: Lands = no_land,
) -> Plan:
    """Return what a command would do by the version that judges its request; None: by the one that stands.

    Under an earlier version nobody moves anything whom the standing one does not let, and nothing goes where that has
    no place or is frozen. An emergency is declared by the standing version alone.

    Raises:
        Refused: see `planner.plan`.
    """
    is_emergency = isinstance(command, Approvable) and command.emergency is not None
    if judged_by is None or not judged_by.is_earlier or is_emergency:
        return planner.plan(command, board, inventory, actor, clocks[0], clocks[1:], lands)
    earlier = replace(board, workflow=judged_by.version)
    there = at_version(lands, board.workflow, judged_by.version)
    found = planner.plan(command, earlier, inventory, actor, clocks[0], clocks[1:], there)
    if found.demand is None:
        raise Refused(reason="Nobody had to approve that.", mend="Ask for it by the version that stands.")
    intent, counting = found.intent, judged_by.counting
    stages = [counting.stage(stage) for stage in (intent.source, intent.target) if stage is not None]
    rules.demand_actor(counting, stages, actor)
    if isinstance(command, RevertTo):
        return found  # it comes from nowhere: neither places nor freezes stand against it
    card = rules.card_of(board, intent.configuration)
    now = rules.stage_of(rules.workflow_of(board), intent.target or card.stage)
    newcomer, will_run = intent.makes or intent.configuration, planner.will_run(card, now, intent.method)
    way = judged_by.version.transition(intent.source or card.stage, now.id)
    assert way is not None, "it was planned along this way"
    bare = msgspec.structs.replace(way, gates=(), soak_s=0)
    scene = Scene(card=card, target=now, board=board, inventory=inventory, at=clocks[0], also_at=clocks[1:])
    demand_open(
        barriers_of(bare, scene),
        lambda: rules.demand_place(board, now, card.service, newcomer, will_run=will_run, leaving=intent.incumbent),
    )
    return found


def why_ended(request: Request, standing: Workflow | None, board: Board) -> str:
    """Return why a request did not stay on its version when a newer one was published, as far as that still shows."""
    if standing is None:
        return ""
    card = board.cards.get(request.intent.configuration)
    names = StageNames(standing).read([card] if card is not None else [])
    for stage in (request.intent.source, request.intent.target):
        if stage is not None and standing.stage(stage) is None:
            return f"which has no stage {names.quoted(stage)}"
    return "and whoever published it did not let this request go on: it was made at the same time, or led elsewhere"


# --- what a publication means to them -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A request that has not ended, on its pool."""

    view: RequestView
    judged_by: Judging
    site: Site
    card: Card


def fates_of(
    sites: Sequence[Site],
    workflow: Workflow,
    home: Uuid,
    mapping: Mapping[StageId, StageId],
    beside: Publication | None,
    at: datetime,
    check: SignatureCheck,
) -> tuple[RequestFate, ...]:
    """Return what becomes of each open request that was made under an earlier version than `workflow`.

    `beside` is what stands beside `workflow` already: only whom it names goes on.
    """
    found = [one for site in sites for one in _open_on(site, at, check) if _is_older(one.judged_by.version, workflow)]
    named = None if beside is None else set(continued_in(beside, workflow, check))
    kept = sorted({one.judged_by.version.version for one in found}, reverse=True)[:MOST_VERSIONS]
    return tuple(_fate(one, workflow, home, mapping, kept, named, check) for one in found)


def _is_older(version: Workflow, workflow: Workflow) -> bool:
    return version.id == workflow.id and version.version < workflow.version


def _open_on(site: Site, at: datetime, check: SignatureCheck) -> Iterable[_Open]:
    at = max(at, at + site.ahead)  # a request has ended where one of both clocks says so
    for paper in papers_on(site.keys):
        request = paper.request
        judged_by = judging(site.keys, site.standing, request, check)
        card = site.board.cards.get(request.intent.configuration)
        if judged_by is None or card is None:
            continue
        present = Present(card=card, workflow=judged_by.counting)
        view = view_of(paper, decisions_of(site.keys, request), present, site.pool, at, check)
        if view.is_open:
            yield _Open(view=view, judged_by=judged_by, site=site, card=card)


def _fate(
    one: _Open,
    workflow: Workflow,
    home: Uuid,
    mapping: Mapping[StageId, StageId],
    kept: Sequence[int],
    named: set[Continued] | None,
    check: SignatureCheck,
) -> RequestFate:
    request, version = one.view.request, one.judged_by.version
    names = StageNames(version, workflow)
    intent = request.intent
    entry = Continued(request=request.id, subject=request.subject, version=version.digest)
    to = names.quoted(intent.target) if intent.target is not None else ""
    what = f"{shortened(intent.name, 60)} to {to} (request {request.id[:8]})"
    end = _why_it_ends(request, version, workflow, home, mapping, names)
    if not end and version.version not in kept:
        end = f"{MOST_VERSIONS} newer versions are kept for other requests"
    if not end and named is not None and entry not in named:
        end = "it was made when this version was being published"
    sentence = (
        f"ends, because {end}." if end else f"goes on as version {version.version}.{_remark(one, workflow, check)}"
    )
    return RequestFate(
        request=request.id,
        configuration=intent.configuration,
        pool=one.site.pool,
        sentence=f"{what} {sentence}",
        continued=None if end else entry,
        stages=tuple(stage for stage in (intent.source, intent.target) if stage is not None),
        version=version,
    )


def _why_it_ends(
    request: Request,
    version: Workflow,
    workflow: Workflow,
    home: Uuid,
    mapping: Mapping[StageId, StageId],
    names: StageNames,
) -> str:
    lost = lost_stage(request, version, workflow, home)
    if lost is None:
        return ""
    what = "is gone" if workflow.stage(lost) is None else "changes its pool"
    new = mapping.get(lost)
    is_mapped = lost == request.intent.source and new is not None and workflow.stage(new) is not None
    return f"{names.quoted(lost)} {what}" + (f": it is mapped to {names.quoted(new)}" if is_mapped and new else "")


def _remark(one: _Open, workflow: Workflow, check: SignatureCheck) -> str:
    """Return what whoever publishes should know of a request that goes on."""
    request, version = one.view.request, one.judged_by.version
    intent = request.intent
    found: list[str] = []
    stays = intent.kind is RunKind.REVERT
    way = workflow.transition(intent.source, intent.target) if intent.source and intent.target else None
    if way is None and not stays:
        found.append(f"Version {workflow.version} has that way no more.")
    target = intent.target
    before, after = (version.stage(target), workflow.stage(target)) if target is not None else (None, None)
    if before is not None and after is not None and _bound_otherwise(before, after):
        found.append(f"“{shortened(after.name, 40)}” is bound as it was then.")
    counting = still_counting(version, workflow)
    edge = demanding_way(intent, version)
    if request.requester.among(counting.people) is None:
        found.append(f"Version {workflow.version} does not know who asked, so it cannot run.")
    elif edge is not None:
        rules_of = edge.approvals
        counted = tally(
            rules_of, counting, Matter.PROMOTION, request.subject, one.view.decisions, request.requester, check
        )
        if any(not rule.is_satisfied and not rule.could for rule in counted.rules):
            found.append("Nobody is left who could approve it.")
    return "".join(f" {sentence}" for sentence in found)


def _bound_otherwise(before: Stage, after: Stage) -> bool:
    return (before.binding.hosts, before.binding.sr, before.binding.networks) != (
        after.binding.hosts,
        after.binding.sr,
        after.binding.networks,
    )
