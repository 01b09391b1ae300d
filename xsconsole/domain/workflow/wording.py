"""Values of a workflow's fields, as people read them: in inspectors, differences, findings and walk-throughs."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, assert_never

from xsconsole.domain.folding import shortened
from xsconsole.domain.words import count, duration, listing
from xsconsole.domain.workflow.afterwards import Action, ArchiveIncumbent, DemoteIncumbent, Hold, Review, Tell
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    Gate,
    HttpCall,
    MaintenanceWindow,
    Measure,
    NoDrift,
    RecentRestorePoint,
    Script,
    ShortChains,
    When,
)
from xsconsole.domain.workflow.names import gate_name, group_words, kind_words, person_words, stage_words
from xsconsole.domain.workflow.rules import ApprovalRule, Group, Person
from xsconsole.domain.workflow.values import (
    DiskRule,
    DiskTreatment,
    EntryAction,
    FreezeCalendar,
    Kind,
    LeaseEnd,
    Method,
    NetworkEntry,
    Place,
    PoolObject,
    RestorePointRule,
    Signature,
    StageLease,
    VlanRange,
    Workflow,
)

NONE = "none"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_S = 24 * 3600
MOST_SHOWN = 12


def span_words(seconds: int) -> str:
    """Return a time span of a rule: `3 days`, `2 h`, `1 h 30 min`."""
    return count(seconds // DAY_S, "day") if seconds and seconds % DAY_S == 0 else duration(seconds)


def kept_words(rule: RestorePointRule) -> str:
    """Return how long a restore point is kept: `kept for 14 days, the newest 3 of a configuration`."""
    newest = "" if rule.most is None else "the newest" if rule.most == 1 else f"the newest {rule.most}"
    if rule.kept_s is None:
        return f"kept as {newest} of a configuration" if newest else "kept until removed"
    return f"kept for {span_words(rule.kept_s)}" + (f", {newest} of a configuration" if newest else "")


def value_words(field: str, value: Any, workflow: Workflow) -> str:
    """Return the value of a field, named by its path such as `limits.running`; people and groups by their names."""
    match value:
        case None:
            return _nothing(field)
        case bool():
            return "yes" if value else "no"
        case int():
            return span_words(value) if field.endswith("_s") else str(value)
        case StrEnum():
            return _choice_words(value)
        case str():
            return _text_words(field, value, workflow)
        case tuple():
            return _many_words([_item_words(field, item, workflow) for item in value])
        case _:
            return _item_words(field, value, workflow)


def _nothing(field: str) -> str:
    if field.startswith("limits."):
        return "any number"
    return {
        "binding.pool": "the workflow's pool",
        "binding.sr": "where each disk is",
        "binding.vlans": "those of the pool",
        "expiry_s": "never",
        "fence": "not demanded",
        "timeout_s": "never",
    }.get(field, NONE)


def _text_words(field: str, value: str, workflow: Workflow) -> str:
    if field in {"source", "target"}:
        return stage_words(workflow, value)  # type: ignore[arg-type]
    return f"“{shortened(value)}”" if value else "nothing"


def _many_words(words: Sequence[str]) -> str:
    between = "; " if any(", " in each for each in words) else ", "
    if len(words) > MOST_SHOWN:
        return f"{between.join(words[:MOST_SHOWN])} and {len(words) - MOST_SHOWN} more"
    return between.join(words) or NONE


def _item_words(field: str, item: Any, workflow: Workflow) -> str:
    match item:
        case PoolObject():
            return shortened(item.name or item.uuid)
        case NetworkEntry():
            return f"{shortened(item.logical)} is {shortened(item.network.name or item.network.uuid)}"
        case VlanRange():
            over = f" over {shortened(item.trunk.name or item.trunk.uuid)}" if item.trunk is not None else ""
            return f"{item.first} to {item.last}{over}"
        case DiskRule():
            return f"{shortened(item.role)} {_choice_words(item.treatment)}"
        case ApprovalRule():
            return rule_words(item, workflow)
        case RestorePointRule():
            return kept_words(item)
        case StageLease():
            return f"{span_words(item.duration_s)}, then {_choice_words(item.at_end)}"
        case FreezeCalendar():
            is_total = ", also ways back" if item.is_total else ""
            because = f": {shortened(item.reason, 60)}" if item.reason else ""
            return f"{calendar_words(item)}{is_total}{because}"
        case Place():
            return f"{item.x}, {item.y}"
        case Person() | Group():
            return shortened(item.name)
        case Signature():
            return "signed"
        case str():
            if field in {"actors", "declarers", "groups"}:
                return group_words(workflow, item)  # type: ignore[arg-type]
            return person_words(workflow, item) if field == "people" else shortened(item)  # type: ignore[arg-type]
        case DemoteIncumbent() | ArchiveIncumbent() | Tell() | Review() | Hold():
            return action_words(item, workflow)
        case _:
            gate: Gate = item
            return gate_words(gate)


def _choice_words(value: StrEnum) -> str:
    match value:
        case Kind():
            return kind_words(value)
        case EntryAction.START:
            return "start the machines"
        case EntryAction.STOP | LeaseEnd.STOP:
            return "shut the machines down"
        case EntryAction.LEAVE:
            return "leave their power as it is"
        case Method.MOVE:
            return "move the machines"
        case Method.LINKED_CLONE:
            return "linked clones"
        case Method.FULL_COPY:
            return "full copies"
        case DiskTreatment.TRAVELS:
            return "travels"
        case DiskTreatment.STAYS:
            return "stays with the slot"
        case DiskTreatment.EMPTY:
            return "starts empty"
        case LeaseEnd.TELL:
            return "tell"
        case LeaseEnd.ARCHIVE:
            return "archive"
        case _:
            return value.value.replace("-", " ")


def rule_words(rule: ApprovalRule, workflow: Workflow) -> str:
    """Return such as `2 of Leads and Ann, not the author`; where nobody is named, `2 people, nobody named yet`."""
    named = (
        *(group_words(workflow, group) for group in rule.groups),
        *(person_words(workflow, person) for person in rule.people),
    )
    who = f"{rule.count} of {listing(named)}" if named else f"{count(rule.count, 'person', 'people')}, nobody named yet"
    return who + (", not the author" if rule.excludes_author else "")


def gate_words(gate: Gate) -> str:
    """Return a gate with what was chosen for it, such as `addresses answer at port 443, within 5 min, afterwards`."""
    parts = [gate_name(gate) + _gate_choice(gate)]
    if gate.timeout_s is not None:
        parts.append(f"within {span_words(gate.timeout_s)}")
    if gate.when is When.AFTER:
        parts.append("afterwards")
    if gate.leads_back:
        parts.append("else back again")
    return ", ".join(parts)


def _gate_choice(gate: Gate) -> str:
    match gate:
        case AddressesAnswer(port=port):
            return " to ping" if port is None else f" at port {port}"
        case NoDrift(against=against):
            return " from production" if against is Measure.PRODUCTION else " from what was approved"
        case RecentRestorePoint(age_s=age_s, tag=tag):
            return f" of the last {span_words(age_s)}" + (f" with tag {shortened(tag, 40)}" if tag else "")
        case ShortChains(longest=longest):
            return f" of at most {longest}"
        case MaintenanceWindow():
            return f" {window_words(gate)}"
        case Checklist(items=items):
            return f" of {count(len(items), 'question')}"
        case Script(argv=argv):
            return f" {shortened(' '.join(argv), 60)}" if argv else ""
        case HttpCall(url=url, method=method):
            return f" {method} {shortened(url, 60)}" if url else ""
        case _:
            return ""


def window_words(window: MaintenanceWindow) -> str:
    """Return such as `Monday to Friday 22:00–04:00 (Europe/Berlin)`."""
    days = sorted(window.weekdays)
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        named = f"{DAYS[days[0]]} to {DAYS[days[-1]]}"
    else:
        named = ", ".join(DAYS[day] for day in days if day < len(DAYS)) or "on no day"
    return f"{named} {_clock(window.from_minute)}–{_clock(window.to_minute)} ({shortened(window.zone, 40)})"


def calendar_words(calendar: FreezeCalendar) -> str:
    """Return such as `Friday 18:00 to Monday 06:00 (Europe/Berlin)`."""
    begins = f"{_day(calendar.from_day)} {_clock(calendar.from_minute)}"
    ends = f"{_day(calendar.to_day)} {_clock(calendar.to_minute)}"
    return f"{begins} to {ends} ({shortened(calendar.zone, 40)})"


def _day(number: int) -> str:
    return DAYS[number] if 0 <= number < len(DAYS) else str(number)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def action_words(action: Action, workflow: Workflow) -> str:
    match action:
        case DemoteIncumbent():
            return "who had the slot goes back"
        case ArchiveIncumbent():
            return "who had the slot goes into the archive"
        case Tell(url=url):
            return f"tell {shortened(url, 60) or 'nobody'}"
        case Review(rule=rule, within_s=within_s):
            return f"review within {span_words(within_s)} by {rule_words(rule, workflow)}"
        case Hold():
            return "it is held until somebody lifts that"
        case _:
            assert_never(action)
