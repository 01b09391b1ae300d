"""Workflows for tests: one that uses every field, and random ones made by edits as a designer would make them."""

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import strategies as st

from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import PersonId, StageId, TransitionId, Uuid
from xsconsole.domain.workflow import (
    ApprovalRule,
    Binding,
    DiskRule,
    DiskTreatment,
    EntryAction,
    Kind,
    Limits,
    Method,
    PoolObject,
    RestorePointRule,
    StageLease,
    Workflow,
    default_workflow,
)
from xsconsole.domain.workflow.afterwards import DemoteIncumbent, Review, Tell
from xsconsole.domain.workflow.edits import (
    add_stage,
    change_stage,
    change_transition,
    change_workflow,
    connect,
    insert_stage,
    order_stages,
    place_stages,
    remove,
)
from xsconsole.domain.workflow.gates import Checklist, GuestToolsUp, HttpCall, MaintenanceWindow, Script, When
from xsconsole.domain.workflow.roll import (
    add_group,
    add_network,
    add_person,
    remove_group,
    remove_network,
    remove_person,
    rename_network,
)
from xsconsole.domain.workflow.values import FreezeCalendar, NetworkEntry, Place, Signature, VlanRange
from xsconsole.errors import Refused

KEY = "0123456789abcdef" * 4
STAGING, PRODUCTION = StageId("staging"), StageId("production")
TO_PRODUCTION = TransitionId("staging-to-production")


def thing(uuid: str, name: str = "") -> PoolObject:
    return PoolObject(uuid=Uuid(uuid), name=name)


def rich_workflow() -> Workflow:
    """Return a workflow in which every field says something."""
    workflow = change_workflow(
        default_workflow(),
        description="How shops\nget out.",
        author="Ann",
        summary="First",
        signature=Signature(public_key="AAAA", value="BBBB"),
    )
    workflow, ann = add_person(workflow, "Ann", fingerprints=(KEY,), subject="ann@acme")
    workflow, ben = add_person(workflow, "Ben", fingerprints=(KEY[::-1],))
    workflow, leads = add_group(workflow, "Leads", (ann, ben))
    workflow, lan = add_network(workflow, "lan")
    rule = ApprovalRule(count=1, groups=(leads,), people=(ann,), excludes_author=True)
    workflow = change_stage(
        workflow,
        PRODUCTION,
        binding=Binding(
            pool=thing("pool-1", "acme"),
            hosts=(thing("host-1", "alpha"),),
            sr=thing("sr-1", "fast"),
            networks=(NetworkEntry(logical=lan, network=thing("network-1", "lan 7")),),
            vlans=VlanRange(first=3000, last=3031, trunk=thing("network-2", "bond 1")),
        ),
        limits=Limits(configurations=9, running=3, per_service=1),
        lease=StageLease(duration_s=3600),
        freezes=(FreezeCalendar(reason="Weekend", zone="Europe/Berlin"),),
        actors=(leads,),
        fence=FenceMode.IN_AND_OUT,
        place=Place(x=12, y=-3),
    )
    workflow = change_transition(
        workflow,
        TO_PRODUCTION,
        method=Method.FULL_COPY,
        description="The great step",
        disks=(DiskRule(role="data", treatment=DiskTreatment.STAYS),),
        replaces_data=True,
        as_stream=True,
        gates=(
            GuestToolsUp(when=When.AFTER, timeout_s=300, leads_back=True),
            MaintenanceWindow(zone="Europe/Berlin", from_minute=60, to_minute=300),
            HttpCall(url="https://ci.example/ok", timeout_s=10),
            Script(argv=("/usr/bin/check", "--all"), timeout_s=60),
        ),
        approvals=(rule,),
        expiry_s=86400,
        soak_s=3600,
        restore_point=RestorePointRule(kept_s=86400),
        afterwards=(DemoteIncumbent(), Tell(url="https://hook.example/"), Review(rule=rule)),
    )
    return change_workflow(workflow, publishing=(rule,), declarers=(leads,))


Edit = Callable[[Workflow, Callable[[Any], Any]], Workflow]


def _stage(workflow: Workflow, draw: Callable[[Any], Any]) -> StageId:
    return StageId(draw(st.sampled_from([stage.id for stage in workflow.stages])))


def _way(workflow: Workflow, draw: Callable[[Any], Any]) -> TransitionId:
    if not workflow.transitions:
        raise Refused(reason="none")
    return TransitionId(draw(st.sampled_from([way.id for way in workflow.transitions])))


names = st.sampled_from(["Lab", "Test", "QA", "Staging", "Production", "Live 2", "Ännderung", "  wide   name "])
spans = st.sampled_from([None, 1, 60, 3600, 86400])


def _limits(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    number = st.sampled_from([None, 0, 1, 2, 5])
    limits = Limits(configurations=draw(number), running=draw(number), per_service=draw(number))
    return change_stage(workflow, _stage(workflow, draw), limits=limits)


def _binding(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    uuids = st.sampled_from(["a", "b", "gone"])
    networks = draw(st.lists(st.sampled_from(workflow.networks), unique=True)) if workflow.networks else []
    binding = Binding(
        pool=draw(st.none() | uuids.map(lambda uuid: thing(f"pool-{uuid}", uuid))),
        hosts=tuple(thing(f"host-{uuid}") for uuid in draw(st.lists(uuids, unique=True))),
        sr=draw(st.none() | uuids.map(lambda uuid: thing(f"sr-{uuid}"))),
        networks=tuple(NetworkEntry(logical=name, network=thing(f"net-{draw(uuids)}")) for name in networks),
    )
    return change_stage(workflow, _stage(workflow, draw), binding=binding)


def _looks(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    fields = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": names,
                "colour": st.sampled_from(["#123456", "#ffffff"]),
                "description": st.sampled_from(["", "what\nit is for"]),
                "entry": st.sampled_from(EntryAction),
                "protection": st.sampled_from([(), ("destroy",), ("destroy", "start", "hard_shutdown")]),
                "lease": spans.map(lambda span: span and StageLease(duration_s=span)),
                "freezes": st.sampled_from([(), (FreezeCalendar(),), (FreezeCalendar(is_total=True, to_day=3),)]),
                "is_production": st.booleans(),
            },
        )
    )
    return change_stage(workflow, _stage(workflow, draw), **fields)


def _rules(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    people = draw(st.lists(st.sampled_from(workflow.people), unique=True)) if workflow.people else []
    groups = draw(st.lists(st.sampled_from(workflow.groups), unique=True)) if workflow.groups else []
    rule = ApprovalRule(
        count=draw(st.integers(1, 3)),
        people=tuple(person.id for person in people),
        groups=tuple(group.id for group in groups),
        excludes_author=draw(st.booleans()),
    )
    if draw(st.booleans()):
        return change_stage(workflow, _stage(workflow, draw), actors=rule.groups)
    return change_transition(
        workflow, _way(workflow, draw), approvals=(rule,), afterwards=draw(st.sampled_from([(), (Review(rule=rule),)]))
    )


def _transition(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    fields = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "method": st.sampled_from(Method),
                "soak_s": st.sampled_from([0, 60, 7200]),
                "expiry_s": spans,
                "replaces_data": st.booleans(),
                "as_stream": st.booleans(),
                "restore_point": spans.map(lambda span: span and RestorePointRule(kept_s=span, most=span % 5 or None)),
                "gates": st.sampled_from(
                    [(), (GuestToolsUp(),), (Checklist(timeout_s=60), HttpCall(url="https://a.example"))]
                ),
            },
        )
    )
    return change_transition(workflow, _way(workflow, draw), **fields)


def _re_route(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    ends = {"source": _stage(workflow, draw), "target": _stage(workflow, draw), "kind": draw(st.sampled_from(Kind))}
    chosen = draw(st.sets(st.sampled_from(sorted(ends)), min_size=1))
    return change_transition(workflow, _way(workflow, draw), **{name: ends[name] for name in chosen})


def _remove(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    if len(workflow.stages) < 3:
        raise Refused(reason="too few")
    return remove(workflow, [_stage(workflow, draw)], bridges=draw(st.booleans()))


def _person(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    keys = draw(st.lists(st.sampled_from([KEY, KEY[::-1], "f" * 64]), unique=True))
    changed, made = add_person(workflow, draw(st.sampled_from(["Ann", "Ben", "Cid"])), fingerprints=tuple(keys))
    return add_group(changed, "Team", (made, *(PersonId(person.id) for person in workflow.people[:2])))[0]


def _networks(workflow: Workflow, draw: Callable[[Any], Any]) -> Workflow:
    if not workflow.networks or draw(st.booleans()):
        return add_network(workflow, draw(st.sampled_from(["lan", "dmz", "storage"])))[0]
    name = draw(st.sampled_from(workflow.networks))
    return remove_network(workflow, name) if draw(st.booleans()) else rename_network(workflow, name, f"{name}-x")


EDITS: tuple[Edit, ...] = (
    lambda workflow, draw: add_stage(workflow, draw(names))[0],
    lambda workflow, draw: connect(
        workflow, _stage(workflow, draw), _stage(workflow, draw), draw(st.sampled_from(Kind))
    )[0],
    lambda workflow, draw: insert_stage(workflow, _way(workflow, draw), draw(names))[0],
    _remove,
    lambda workflow, draw: remove(workflow, (), [_way(workflow, draw)]),
    _re_route,
    _limits,
    _binding,
    _looks,
    _rules,
    _transition,
    _person,
    lambda workflow, draw: remove_person(workflow, draw(st.sampled_from([one.id for one in workflow.people] or ["x"]))),
    lambda workflow, draw: remove_group(workflow, draw(st.sampled_from([one.id for one in workflow.groups] or ["x"]))),
    _networks,
    lambda workflow, draw: place_stages(
        workflow, {_stage(workflow, draw): Place(x=draw(st.integers(-50, 50)), y=draw(st.integers(-50, 50)))}
    ),
    lambda workflow, draw: order_stages(workflow, draw(st.permutations([stage.id for stage in workflow.stages]))),
    lambda workflow, draw: change_workflow(workflow, name=draw(names), summary=draw(st.sampled_from(["", "why"]))),
)


@st.composite
def edited(draw: Callable[[Any], Any], start: Workflow, most: int = 8) -> Workflow:
    """Draw what some edits make of a workflow; those that are refused change nothing."""
    workflow = start
    for edit in draw(st.lists(st.sampled_from(EDITS), max_size=most)):
        try:
            workflow = edit(workflow, draw)
        except Refused:
            continue
    return workflow


def workflows(most: int = 8) -> st.SearchStrategy[Workflow]:
    return st.sampled_from([default_workflow(), rich_workflow()]).flatmap(lambda start: edited(start, most))


def changed(**fields: object) -> Workflow:
    return msgspec.structs.replace(default_workflow(), **fields)
