"""What no workflow may be, whatever its designer thinks of it: it could be neither shown nor followed.

All that reads foreign bytes runs `check`, and each edit checks what it changes.
"""

import re
from collections.abc import Iterable, Iterator

import networkx

from xsconsole.domain.fence.ground import VLAN_TAGS
from xsconsole.domain.folding import shown
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.bounds import (
    FARTHEST_STEPS,
    LARGEST_VERSION,
    MOST_STAGES,
    MOST_TRANSITIONS,
    TEXT_LIMIT,
    Problem,
    Spot,
    of_count,
    of_id,
    of_number,
    of_span,
    of_text,
)
from xsconsole.domain.workflow.check_rules import (
    Known,
    doubled,
    of_action,
    of_calendars,
    of_gate,
    of_groups,
    of_people,
    of_rules,
)
from xsconsole.domain.workflow.names import kind_words, stage_words
from xsconsole.domain.workflow.values import Binding, PoolObject, Stage, Transition, VlanRange, Workflow
from xsconsole.errors import Refused


def check(workflow: Workflow) -> None:
    """Refuse a workflow that this version cannot show or follow.

    Raises:
        Refused: with the first of its `problems`.
    """
    refuse(problems(workflow))


def refuse(found: Iterable[Problem]) -> None:
    """Raise the first problem, if there is one."""
    for problem in found:
        raise Refused(reason=problem.reason, mend=problem.mend)


def problems(workflow: Workflow) -> Iterator[Problem]:
    """Yield everything that `check` would refuse. Each is found without the others; a small workflow comes first."""
    spot = Spot(name="The workflow")
    if not workflow.stages:
        yield Problem(reason="The workflow has no stage.", mend="Give it at least one stage.", field="stages")
    yield from of_number(spot.at("stages"), "stages", len(workflow.stages), MOST_STAGES)
    yield from of_number(spot.at("transitions"), "transitions", len(workflow.transitions), MOST_TRANSITIONS)
    known = Known.by(workflow)
    yield from of_workflow(workflow, known)
    for stage in workflow.stages:
        yield from of_stage(stage, known)
    for way in workflow.transitions:
        yield from of_transition(way, known)
    yield from _of_stages_together(workflow)
    yield from _of_transitions_together(workflow)


def of_workflow(workflow: Workflow, known: Known) -> Iterator[Problem]:
    """Yield what is wrong with fields of the workflow itself, its people, groups and networks."""
    spot = Spot(name="The workflow")
    yield from of_id(spot.at("id"), "its id", workflow.id)
    yield from of_text(spot.at("name"), "its name", workflow.name)
    yield from of_count(spot.at("version"), "its version", workflow.version, most=LARGEST_VERSION)
    for field, text in (("description", workflow.description), ("summary", workflow.summary)):
        yield from of_text(spot.at(field), f"its {field}", text, most=TEXT_LIMIT, lines=True, may_be_empty=True)
    yield from of_text(spot.at("author"), "its author", workflow.author, most=200, may_be_empty=True)
    yield from of_number(spot.at("networks"), "networks", len(workflow.networks))
    for network in workflow.networks:
        yield from of_text(spot.at("networks"), "the name of a network", network)
    for name in doubled(network.casefold() for network in workflow.networks):
        yield spot.at("networks").problem(f"two networks are called “{shown(name)}”", "Remove one of them.")
    yield from of_people(workflow, known)
    yield from of_rules(Spot(name="The rules for publishing", field="publishing"), workflow.publishing, known)
    yield from of_groups(spot.at("declarers"), workflow.declarers, known)
    if workflow.signature is not None:
        for text in (workflow.signature.public_key, workflow.signature.value):
            if not re.fullmatch(r"[A-Za-z0-9+/]{1,400}={0,2}", text):
                yield spot.at("signature").problem("its signature is no base64", "Sign it again by publishing it.")


def of_stage(stage: Stage, known: Known) -> Iterator[Problem]:
    """Yield what is wrong with a stage by itself, and with what it refers to."""
    spot = Spot(name=f"Stage “{shown(stage.name or stage.id)}”", stage=stage.id)
    yield from of_id(spot.at("id"), "its id", stage.id)
    yield from of_text(spot.at("name"), "its name", stage.name)
    yield from of_text(
        spot.at("description"), "its description", stage.description, most=TEXT_LIMIT, lines=True, may_be_empty=True
    )
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", stage.colour):
        yield spot.at("colour").problem(
            f"“{shown(stage.colour, 20)}” is no colour", "Write it as #rrggbb, such as #1f8a4c."
        )
    yield from _of_binding(spot, stage.binding, known)
    limits = stage.limits
    for field, words, limit in (
        ("limits.configurations", "its limit of configurations", limits.configurations),
        ("limits.running", "its limit of running configurations", limits.running),
        ("limits.per_service", "its limit per service", limits.per_service),
    ):
        if limit is not None:  # that a stage takes none is a matter of the findings
            yield from of_count(spot.at(field), words, limit, least=0)
    yield from of_number(spot.at("protection"), "protected operations", len(stage.protection), 100)
    for operation in stage.protection:
        if not re.fullmatch(r"[a-z0-9_]{1,64}", operation, re.IGNORECASE):
            yield spot.at("protection").problem(
                f"“{shown(operation, 40)}” is no operation of XAPI", "Name one, such as destroy."
            )
    for operation in doubled(stage.protection):
        yield spot.at("protection").problem(f"it protects from {operation} twice", "Take one of the two out.")
    if stage.lease is not None:
        yield from of_span(spot.at("lease"), "its lease", stage.lease.duration_s)
    yield from of_calendars(spot.at("freezes"), stage.freezes)
    yield from of_groups(spot.at("actors"), stage.actors, known)
    if stage.place is not None and max(abs(stage.place.x), abs(stage.place.y)) > FARTHEST_STEPS:
        yield spot.at("place").problem("it is drawn too far away", "Arrange the drawing.")


def _of_binding(spot: Spot, binding: Binding, known: Known) -> Iterator[Problem]:
    for field, found in (("binding.pool", binding.pool), ("binding.sr", binding.sr)):
        if found is not None:
            yield from _of_object(spot.at(field), found)
    yield from of_number(spot.at("binding.hosts"), "preferred hosts", len(binding.hosts))
    for host in binding.hosts:
        yield from _of_object(spot.at("binding.hosts"), host)
    for twice in doubled(host.uuid for host in binding.hosts):
        yield spot.at("binding.hosts").problem(f"it prefers the host {shown(twice)} twice", "Take one out.")
    here = spot.at("binding.networks")
    yield from of_number(here, "mapped networks", len(binding.networks))
    for entry in binding.networks:
        yield from _of_object(here, entry.network)
        if entry.logical not in known.networks:
            yield here.problem(
                f"it maps the network “{shown(entry.logical)}”, which the workflow does not have",
                "Add that network to the workflow, or take the line out.",
            )
    if binding.vlans is not None:
        yield from _of_tags(spot.at("binding.vlans"), binding.vlans)
    for logical in doubled(entry.logical for entry in binding.networks):
        yield here.problem(f"it maps the network “{shown(logical)}” twice", "Take one of the two lines out.")


def _of_tags(spot: Spot, tags: VlanRange) -> Iterator[Problem]:
    for words, tag in (("its first VLAN tag", tags.first), ("its last VLAN tag", tags.last)):
        yield from of_count(spot, words, tag, VLAN_TAGS[0], VLAN_TAGS[-1])
    if tags.trunk is not None:
        yield from _of_object(spot, tags.trunk)
    if tags.first > tags.last:
        yield spot.problem(f"its VLAN tags end before they begin: {tags.first} to {tags.last}", "Swap the two.")


def _of_object(spot: Spot, found: PoolObject) -> Iterator[Problem]:
    yield from of_id(spot, "the uuid", found.uuid)
    yield from of_text(spot, "the name of an object of the pool", found.name, most=TEXT_LIMIT, may_be_empty=True)


def of_transition(way: Transition, known: Known) -> Iterator[Problem]:
    """Yield what is wrong with a transition by itself, and with what it refers to."""
    ends = " → ".join(shown(known.stages.get(end, end)) for end in (way.source, way.target))
    spot = Spot(name=f"{kind_words(way.kind).capitalize()} {ends}", transition=way.id)
    yield from of_id(spot.at("id"), "its id", way.id)
    lost = next((end for end in (way.source, way.target) if end not in known.stages), None)
    if way.source == way.target or lost is not None:
        what = f"there is no stage “{shown(lost)}”" if lost is not None else "it ends where it starts"
        yield spot.at("target" if lost != way.source else "source").problem(
            f"it is no way between two stages: {what}",
            "Let it start and end at two different stages of the workflow.",
        )
    yield from of_text(
        spot.at("description"), "its description", way.description, most=TEXT_LIMIT, lines=True, may_be_empty=True
    )
    yield from of_number(spot.at("disks"), "disk roles", len(way.disks))
    for rule in way.disks:
        yield from of_text(spot.at("disks"), "a disk role", rule.role)
    for role in doubled(rule.role for rule in way.disks):
        yield spot.at("disks").problem(f"two rules say what happens to disks “{shown(role)}”", "Remove one of them.")
    yield from of_number(spot.at("gates"), "gates", len(way.gates))
    for gate in way.gates:
        yield from of_gate(spot.at("gates"), gate)
    yield from of_rules(spot.at("approvals"), way.approvals, known)
    yield from of_span(spot.at("expiry_s"), "the expiry of its requests", way.expiry_s)
    yield from of_span(spot.at("soak_s"), "its soak time", way.soak_s, least=0)
    if way.restore_point is not None:
        yield from of_span(spot.at("restore_point"), "the time its restore point is kept", way.restore_point.kept_s)
        if way.restore_point.most is not None:
            yield from of_count(spot.at("restore_point"), "the number of its restore points", way.restore_point.most)
    yield from of_number(spot.at("afterwards"), "actions afterwards", len(way.afterwards))
    for action in way.afterwards:
        yield from of_action(spot.at("afterwards"), action, known)


def _of_stages_together(workflow: Workflow) -> Iterator[Problem]:
    for field, values in (
        ("id", {at: str(stage.id) for at, stage in enumerate(workflow.stages)}),
        ("name", {at: stage.name.casefold() for at, stage in enumerate(workflow.stages)}),
    ):
        latest = {value: at for at, value in values.items()}
        for value in doubled(values.values()):
            yield Problem(
                reason=f"Two stages have the same id or name: the {field} “{shown(value)}”.",
                mend="Give each stage its own.",
                stage=workflow.stages[latest[value]].id,
                field=field,
            )


def _of_transitions_together(workflow: Workflow) -> Iterator[Problem]:
    for transition_id in doubled(way.id for way in workflow.transitions):
        yield Problem(
            reason=f"Two transitions have the same id “{shown(transition_id)}”.",
            mend="Give each transition its own.",
            transition=transition_id,
            field="id",
        )
    ends: dict[tuple[StageId, StageId], Transition] = {}
    for way in workflow.transitions:
        if (way.source, way.target) in ends:
            between = f"{stage_words(workflow, way.source)} to {stage_words(workflow, way.target)}"
            yield Problem(
                reason=f"Two transitions lead from the same stage to the same stage: from {between}.",
                mend="Remove one of them.",
                transition=way.id,
                field="target",
            )
        ends[way.source, way.target] = way
    circle = circle_of_promotions(workflow)
    if circle:
        names = " → ".join(stage_words(workflow, stage) for stage in (*circle, circle[0])[:12])
        yield Problem(
            reason=f"The promotions go round in a circle: {names}.",
            mend="Make one of them a way back (kind demote).",
            transition=next(
                way.id for way in workflow.transitions if (way.source, way.target) == (circle[-1], circle[0])
            ),
            field="kind",
        )


def circle_of_promotions(workflow: Workflow) -> tuple[StageId, ...]:
    """Return stages that promote to each other in a circle; none where there is no circle of two or more."""
    graph = workflow.promotions()
    graph.remove_edges_from(list(networkx.selfloop_edges(graph)))
    if networkx.is_directed_acyclic_graph(graph):
        return ()
    return tuple(start for start, _ in networkx.find_cycle(graph))
