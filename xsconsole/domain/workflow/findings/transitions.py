"""Findings about transitions: gates, times, disks, and what happens afterwards."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import msgspec

from xsconsole.domain.folding import shown
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent, Review, Tell
from xsconsole.domain.workflow.edits import change_stage, connect, why_not_connect
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_way
from xsconsole.domain.workflow.findings.values import Finding, Mend
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    ExactReplica,
    Gate,
    GuestToolsUp,
    HttpCall,
    MaintenanceWindow,
    Measure,
    NoDrift,
    Script,
    When,
)
from xsconsole.domain.workflow.giving_way import gives_way, has_demands, has_slot, leads_back, way_back_from
from xsconsole.domain.workflow.names import gate_name, way_words
from xsconsole.domain.workflow.values import (
    DiskTreatment,
    EntryAction,
    Kind,
    Method,
    RestorePointRule,
    StageLease,
    Transition,
    Workflow,
)
from xsconsole.domain.workflow.windows import is_known_zone
from xsconsole.domain.workflow.wording import span_words

WAITING = (GuestToolsUp, AddressesAnswer, Script, HttpCall, Checklist)
USUAL_TIMEOUT_S = 300
USUAL_EXPIRY_S = 7 * 24 * 3600
DAY_S = 24 * 3600


def of_transitions(case: Case) -> Iterator[Finding]:
    for way in case.ways:
        for at, gate in enumerate(way.gates):
            yield from chain(_gate(case, way, at, gate), _unfinished(case, way, at, gate))
        yield from chain(_times(case, way), _methods(case, way), _disks(case, way), _afterwards(case, way))


def _gate(case: Case, way: Transition, at: int, gate: Gate) -> Iterator[Finding]:
    name = gate_name(gate)
    if isinstance(gate, WAITING) and gate.timeout_s is None:
        usual = DAY_S if isinstance(gate, Checklist) else USUAL_TIMEOUT_S
        yield Rule(name="no-timeout", transition=way.id).warning(
            f"{case.words(way)}: the check “{name}” has no time-out and could wait for ever.",
            "gates",
            _with_gate(f"Wait at most {span_words(usual)}", way, at, timeout_s=usual),
        )
    if gate.leads_back and gate.when is When.BEFORE:
        yield Rule(name="leads-back-before", transition=way.id).warning(
            f"{case.words(way)}: the check “{name}” is looked at before anything moves, so nothing could go back.",
            "gates",
            _with_gate("Look afterwards", way, at, when=When.AFTER),
            _with_gate("Do not lead back", way, at, leads_back=False),
        )
    elif gate.leads_back and not _has_way_back(case, way):
        yield Rule(name="leads-back-nowhere", transition=way.id).error(
            f"{case.words(way)}: the check “{name}” should lead back, but there is no way back.",
            "gates",
            *_way_back(case, way),
            _with_gate("Do not lead back", way, at, leads_back=False),
        )
    is_stopped = case.stages[way.target].entry is EntryAction.STOP
    if isinstance(gate, (GuestToolsUp, AddressesAnswer)) and gate.when is When.AFTER and is_stopped:
        yield Rule(name="gate-cannot-pass", transition=way.id).error(
            f"{case.words(way)}: the check “{name}” waits for machines that {shown(case.stages[way.target].name)} "
            "shuts down on entry.",
            "gates",
            _without_gate(way, at),
        )
    if isinstance(gate, ExactReplica) or (isinstance(gate, NoDrift) and gate.against is Measure.PRODUCTION):
        if not case.production:
            yield Rule(name="no-measure", transition=way.id).warning(
                f"{case.words(way)}: the check “{name}” compares with production, but no stage is production.",
                "gates",
                _without_gate(way, at),
            )
    elif isinstance(gate, NoDrift) and not way.approvals:
        yield Rule(name="no-measure", transition=way.id).warning(
            f"{case.words(way)}: the check “{name}” compares with what was approved, but nothing is approved here: "
            "that is what whoever promotes confirms.",
            "gates",
            _without_gate(way, at),
        )


def _unfinished(case: Case, way: Transition, at: int, gate: Gate) -> Iterator[Finding]:
    rule = Rule(name="unfinished", transition=way.id)
    lacks = ""
    match gate:
        case Checklist(items=()):
            lacks = "the checklist has no question"
        case Script(argv=()) | Script(argv=("",)):
            lacks = "the script names no program"
        case Script(argv=(program, *_)) if "/" in program or program in (".", ".."):
            lacks = f"the script {shown(program)} is a path, and only a program of the folder “gate-scripts” is run"
        case HttpCall(url=""):
            lacks = "the web request has no address"
        case MaintenanceWindow(weekdays=()):
            lacks = "the maintenance window opens on no day"
        case MaintenanceWindow(zone=zone) if not is_known_zone(zone):
            yield Rule(name="unknown-zone", transition=way.id).error(
                f"{case.words(way)}: this machine knows no time zone “{shown(zone)}”.",
                "gates",
                _with_gate("Use UTC", way, at, zone="UTC"),
            )
    if lacks:
        yield rule.error(f"{case.words(way)}: {lacks}.", "gates", _without_gate(way, at))


def _with_gate(label: str, way: Transition, at: int, **fields: Any) -> Mend:
    gate = way.gates[at]

    def change(found: Transition) -> dict[str, Any]:
        changed = msgspec.structs.replace(gate, **fields)
        return {"gates": tuple(changed if (i, each) == (at, gate) else each for i, each in enumerate(found.gates))}

    return mend_way(label, way.id, change)


def _without_gate(way: Transition, at: int) -> Mend:
    gate = way.gates[at]

    def change(found: Transition) -> dict[str, Any]:
        return {"gates": tuple(each for i, each in enumerate(found.gates) if (i, each) != (at, gate))}

    return mend_way("Remove this check", way.id, change)


def _has_way_back(case: Case, way: Transition) -> bool:
    return any(each.kind is Kind.DEMOTE and each.target == way.source for each in case.out[way.target])


def _way_back(case: Case, way: Transition) -> Iterator[Mend]:
    if why_not_connect(case.workflow, way.target, way.source, Kind.DEMOTE) is None:

        def apply(workflow: Workflow) -> Workflow:
            return connect(workflow, way.target, way.source, Kind.DEMOTE)[0]

        yield Mend(label="Add the way back", apply=apply)


def _times(case: Case, way: Transition) -> Iterator[Finding]:
    source = case.stages[way.source]
    if source.lease is not None and way.soak_s >= source.lease.duration_s:
        longer = StageLease(duration_s=way.soak_s + DAY_S, at_end=source.lease.at_end)
        yield Rule(name="soak-outlasts-lease", transition=way.id).warning(
            f"{case.words(way)} asks for {span_words(way.soak_s)} in {shown(source.name)}, whose lease ends after "
            f"{span_words(source.lease.duration_s)}.",
            "soak_s",
            Mend(
                label=f"Make the lease {span_words(longer.duration_s)}",
                apply=lambda workflow: change_stage(workflow, way.source, lease=longer),
            ),
        )
    if way.expiry_s is not None and not way.approvals:
        yield Rule(name="expiry-of-nothing", transition=way.id).warning(
            f"{case.words(way)} lets requests expire, but asks for no approval.",
            "expiry_s",
            mend_way("Let nothing expire", way.id, lambda _: {"expiry_s": None}),
        )
    if way.approvals and way.expiry_s is None:
        yield Rule(name="no-expiry", transition=way.id).warning(
            f"{case.words(way)}: a request that nobody approves stays for ever.",
            "expiry_s",
            mend_way(f"End it after {span_words(USUAL_EXPIRY_S)}", way.id, lambda _: {"expiry_s": USUAL_EXPIRY_S}),
        )
    kept = way.restore_point.kept_s if way.restore_point else None
    reviews = [action.within_s for action in way.afterwards if isinstance(action, Review)]
    if kept is not None and reviews and max(reviews) > kept:
        longest = max(reviews)
        yield Rule(name="kept-too-short", transition=way.id).warning(
            f"{case.words(way)}: the restore point is gone after {span_words(kept)}, before the review is due.",
            "restore_point",
            mend_way(
                f"Keep it for {span_words(longest)}",
                way.id,
                lambda now: {
                    "restore_point": msgspec.structs.replace(now.restore_point or RestorePointRule(), kept_s=longest)
                },
            ),
        )
    if way.kind is Kind.PROMOTE and case.stages[way.target].is_production and way.restore_point is None:
        blocked = "snapshot" in source.protection
        mend = mend_way("Take a restore point", way.id, lambda _: {"restore_point": RestorePointRule()})
        yield Rule(name="no-restore-point", transition=way.id).warning(
            f"{case.words(way)} leads into production without a restore point.",
            "restore_point",
            *(() if blocked else (mend,)),
        )


def _methods(case: Case, way: Transition) -> Iterator[Finding]:
    """Yield what a way of its method cannot mean."""
    if way.kind is Kind.DEMOTE and way.method is not Method.MOVE:
        yield Rule(name="copies-back", transition=way.id).error(
            f"{case.words(way)} makes copies, and the configuration would stay where it is: a copy takes nothing back.",
            "method",
            mend_way("Move the machines themselves", way.id, lambda _: {"method": Method.MOVE}),
        )
    if way.method is not Method.MOVE:
        return
    is_forward = way.kind is Kind.PROMOTE
    travel = mend_way("Let all disks travel", way.id, lambda _: {"disks": ()})
    empty = [rule for rule in way.disks if rule.treatment is DiskTreatment.EMPTY]
    if empty:
        yield Rule(name="moves-without-disks", transition=way.id).error(
            f"{case.words(way)} moves the machines themselves, and with them their disks: a disk "
            f"“{shown(empty[0].role)}” cannot start empty, because nobody would hold what it has.",
            "disks",
            travel,
            *((mend_way("Make full copies", way.id, lambda _: {"method": Method.FULL_COPY}),) if is_forward else ()),
        )
    staying = [rule for rule in way.disks if rule.treatment is DiskTreatment.STAYS]
    if staying and not (leads_back(way) and is_forward):
        has_back = any(each.kind is Kind.DEMOTE for each in case.out[way.target])
        yield Rule(name="moves-without-disks", transition=way.id).error(
            f"{case.words(way)} moves the machines themselves, and with them their disks: a disk "
            f"“{shown(staying[0].role)}” stays behind only where somebody gives way and gets the newcomer's for it.",
            "disks",
            travel,
            *((_leading_back(way),) if is_forward and has_back and not gives_way(way) else ()),
        )


def _leading_back(way: Transition) -> Mend:
    def change(found: Transition) -> dict[str, Any]:
        return {"afterwards": (*found.afterwards, DemoteIncumbent())}

    return mend_way("Lead who has the place back", way.id, change)


def _disks(case: Case, way: Transition) -> Iterator[Finding]:
    target = case.stages[way.target]
    staying = [rule.role for rule in way.disks if rule.treatment is DiskTreatment.STAYS]
    if staying and target.limits.per_service is None:
        yield Rule(name="stays-without-slot", transition=way.id).warning(
            f"{case.words(way)}: disks “{shown(staying[0])}” stay with the slot, but {shown(target.name)} has no slot: "
            "its limit per service is any number.",
            "disks",
            Mend(
                label="Let it take one per service",
                apply=_stage_limits(way.target),
            ),
        )
    if way.replaces_data and target.is_production:
        yield Rule(name="replaces-data", transition=way.id).warning(
            f"{case.words(way)} may put travelling disks in the place of production's data.",
            "replaces_data",
            mend_way("Do not permit it", way.id, lambda _: {"replaces_data": False}),
        )


def _stage_limits(stage: Any) -> Callable[[Workflow], Workflow]:
    def apply(workflow: Workflow) -> Workflow:
        found = workflow.stage(stage)
        if found is None:
            return workflow
        return change_stage(workflow, stage, limits=msgspec.structs.replace(found.limits, per_service=1))

    return apply


def _afterwards(case: Case, way: Transition) -> Iterator[Finding]:
    kinds = {type(action) for action in way.afterwards}
    if {DemoteIncumbent, ArchiveIncumbent} <= kinds:
        yield Rule(name="incumbent-twice", transition=way.id).error(
            f"{case.words(way)}: who had the slot goes back and into the archive; it can only do one.",
            "afterwards",
            _without_action("Do not archive", way, lambda action: isinstance(action, ArchiveIncumbent)),
        )
    has_back = any(each.kind is Kind.DEMOTE for each in case.out[way.target])
    yield from _without_slot(case, way) if gives_way(way) and (has_back or not leads_back(way)) else ()
    yield from _going_back(case, way) if leads_back(way) and has_back else ()
    if DemoteIncumbent in kinds and not has_back:
        yield Rule(name="incumbent-nowhere", transition=way.id).error(
            f"{case.words(way)}: who had the slot should go back, but nothing leads back from "
            f"{shown(case.stages[way.target].name)}.",
            "afterwards",
            *_way_back(case, way),
            _without_action("Let it stay beside", way, lambda action: isinstance(action, DemoteIncumbent)),
        )
    if any(isinstance(action, Tell) and not action.url for action in way.afterwards):
        yield Rule(name="unfinished", transition=way.id).error(
            f"{case.words(way)}: what to tell has no web address.",
            "afterwards",
            _without_action("Tell nobody", way, lambda action: isinstance(action, Tell) and not action.url),
        )


def _without_slot(case: Case, way: Transition) -> Iterator[Finding]:
    """Yield why nobody would give way, though the way says so."""
    target = case.stages[way.target]
    if not has_slot(target):
        yield Rule(name="incumbent-without-slot", transition=way.id).warning(
            f"{case.words(way)}: nobody gives way in {shown(target.name)}, which has no slot: it does not take one per "
            "service.",
            "afterwards",
            Mend(label="Let it take one per service", apply=_stage_limits(way.target)),
        )


def _going_back(case: Case, way: Transition) -> Iterator[Finding]:
    """Yield why who has the place would not find where to go."""
    target = case.stages[way.target]
    back = way_back_from(case.workflow, way)
    if back is None:
        yield Rule(name="incumbent-way-back", transition=way.id).warning(
            f"{case.words(way)}: several ways lead back from {shown(target.name)} and none of them to "
            f"{shown(case.stages[way.source].name)}, so who has the slot would not know where to go.",
            "afterwards",
            *_way_back(case, way),
        )
    elif has_demands(back):
        asks_nothing = mend_way("Let the way back ask for nothing", back.id, lambda _: {"gates": (), "approvals": ()})
        yield Rule(name="incumbent-way-back", transition=way.id).warning(
            f"{case.words(way)}: who has the slot would go the {way_words(case.workflow, back)}, which has checks or "
            "approvals of its own: it has to be demoted by hand first.",
            "afterwards",
            *((asks_nothing,) if back.method is Method.MOVE else ()),
        )


def _without_action(label: str, way: Transition, is_meant: Callable[[Any], bool]) -> Mend:
    def change(found: Transition) -> dict[str, Any]:
        return {"afterwards": tuple(action for action in found.afterwards if not is_meant(action))}

    return mend_way(label, way.id, change)
