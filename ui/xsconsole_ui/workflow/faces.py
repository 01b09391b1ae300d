"""What nodes and edges say: plain values, so that equal ones share a picture."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xsconsole.domain import words
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import ApprovalRule, Kind, Method, Stage, Transition, Workflow
from xsconsole.domain.workflow.findings import Finding, Severity
from xsconsole.domain.workflow.gates import ExactReplica, MaintenanceWindow
from xsconsole_ui.texts import tr

MOST_SHOWN = 200  # characters of a name that are laid out at all; the whole stands in the tooltip


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is in the stages now, and what runs along the transitions: names of configurations."""

    standing: Mapping[StageId, tuple[str, ...]] = field(default_factory=dict)
    running: Mapping[tuple[StageId, StageId], tuple[str, ...]] = field(default_factory=dict)
    is_known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFace:
    name: str
    count: str
    place: str
    colour: str
    mark: str  # "", "warn" or "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFace:
    """`label` is what the edge demands, or what runs along it now."""

    label: str
    is_back: bool
    is_running: bool
    mark: str
    is_abroad: bool  # it leads into another pool


def node_face(stage: Stage, load: Load, findings: Iterable[Finding]) -> NodeFace:
    return NodeFace(
        name=_short(stage.name),
        count=_count(stage, load),
        place=_short(place_of(stage)),
        colour=stage.colour,
        mark=_mark(finding for finding in findings if finding.stage == stage.id),
    )


def edge_face(workflow: Workflow, way: Transition, load: Load, findings: Iterable[Finding]) -> EdgeFace:
    running = load.running.get((way.source, way.target), ())
    return EdgeFace(
        label=_short(_running(running) if running else demands(workflow, way)),
        is_back=way.kind is Kind.DEMOTE,
        is_running=bool(running),
        mark=_mark(finding for finding in findings if finding.transition == way.id),
        is_abroad=bool(_other_pool(workflow, way)),
    )


def _other_pool(workflow: Workflow, way: Transition) -> str:
    """Return the pool into which a way leads out of another one; empty where it stays, or where that is not known."""
    ends = (workflow.stage(way.source), workflow.stage(way.target))
    pools = [stage.binding.pool for stage in ends if stage is not None and stage.binding.pool is not None]
    is_other = len(pools) == len(ends) and pools[0].uuid != pools[1].uuid
    return (pools[1].name or pools[1].uuid) if is_other else ""


def place_of(stage: Stage) -> str:
    """Return in a few words where the machines of a stage live."""
    binding = stage.binding
    parts = [binding.pool.name or binding.pool.uuid] if binding.pool is not None else []
    if binding.sr is not None:
        parts.append(binding.sr.name or binding.sr.uuid)
    elif len(binding.hosts) == 1:
        parts.append(tr("{host} only").format(host=binding.hosts[0].name or binding.hosts[0].uuid))
    elif binding.hosts:
        parts.append(words.count(len(binding.hosts), "host"))
    if stage.protection:
        parts.append(tr("protected"))
    return " · ".join(parts) or tr("this pool, anywhere")


def demands(workflow: Workflow, way: Transition) -> str:
    """Return in a few words what a transition demands; empty where it demands nothing."""
    parts = [" + ".join(_rule(workflow, rule) for rule in way.approvals)] if way.approvals else []
    if way.soak_s:
        parts.append(tr("soak {time}").format(time=words.duration(way.soak_s)))
    if any(isinstance(gate, ExactReplica) for gate in way.gates):
        parts.append(tr("replica exact"))
    if any(isinstance(gate, MaintenanceWindow) for gate in way.gates):
        parts.append(tr("window"))
    others = sum(not isinstance(gate, ExactReplica | MaintenanceWindow) for gate in way.gates)
    if others:
        parts.append(words.count(others, "check"))
    if way.method is not Method.MOVE:
        parts.append(tr("linked clone") if way.method is Method.LINKED_CLONE else tr("full copy"))
    pool = _other_pool(workflow, way)
    if pool:
        parts.append(tr("into {pool}").format(pool=pool))
    if way.kind is Kind.DEMOTE:
        parts = [tr("way back"), *parts]
    if way.restore_point is not None:
        parts.append(tr("restore point"))
    return " · ".join(parts)


def in_words(workflow: Workflow, way: Transition) -> str:
    """Return a transition as a sentence without a full stop, for tooltips and screen readers."""
    ends = [workflow.stage(end) for end in (way.source, way.target)]
    source, target = (stage.name if stage else "?" for stage in ends)
    if way.kind is Kind.DEMOTE:
        said = tr("Way back from {source} to {target}").format(source=source, target=target)
    else:
        said = tr("{source} to {target}").format(source=source, target=target)
    wanted = demands(workflow, way).removeprefix(tr("way back")).removeprefix(" · ")
    return f"{said} ({wanted})" if wanted else said


def ways_of(workflow: Workflow, stage: StageId) -> tuple[Transition, ...]:
    """Return the transitions at a stage: those that leave it, then those that enter it."""
    leaving = tuple(way for way in workflow.transitions if way.source == stage)
    return leaving + tuple(way for way in workflow.transitions if way.target == stage)


def _rule(workflow: Workflow, rule: ApprovalRule) -> str:
    names = {str(group.id): group.name for group in workflow.groups}
    names |= {str(person.id): person.name for person in workflow.people}
    asked = [names.get(str(id_), str(id_)) for id_ in (*rule.groups, *rule.people)]
    if len(asked) == 1:
        return f"{asked[0]} {rule.count}"
    return (
        tr("{count} of {names}").format(count=rule.count, names=words.listing(tuple(asked), 2))
        if asked
        else str(rule.count)
    )


def _count(stage: Stage, load: Load) -> str:
    number, limit = len(load.standing.get(stage.id, ())), stage.limits.configurations
    if not load.is_known:  # what stands there is not the question, or nobody can tell: what may stand there
        if stage.limits.per_service == 1:
            return tr("one per service")
        return tr("at most {limit}").format(limit=limit) if limit is not None else tr("no limit")
    said = (
        tr("{number} of {limit}").format(number=number, limit=limit)
        if limit is not None
        else words.count(number, "configuration")
    )
    return tr("{number} · one per service").format(number=number) if stage.limits.per_service == 1 else said


def _running(names: tuple[str, ...]) -> str:
    first = names[0] if len(names) == 1 else tr("{number} runs").format(number=len(names))
    return f"▶ {first}"


def _mark(findings: Iterable[Finding]) -> str:
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        return "bad"
    return "warn" if Severity.WARNING in severities else ""


def _short(text: str) -> str:
    line = one_line(text[: 4 * MOST_SHOWN])
    return line if len(line) <= MOST_SHOWN else line[: MOST_SHOWN - 1] + "…"
