"""What people, groups, approval rules, gates and actions may not be."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TypeVar, assert_never

from xsconsole.domain.folding import shown
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow.afterwards import Action, ArchiveIncumbent, DemoteIncumbent, Hold, Review, Tell
from xsconsole.domain.workflow.bounds import (
    MOST_OTHERS,
    Problem,
    Spot,
    of_count,
    of_id,
    of_number,
    of_span,
    of_text,
    of_url,
)
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    ExactReplica,
    Gate,
    GuestToolsUp,
    HttpCall,
    MaintenanceWindow,
    NoDrift,
    NoDuplicateAddresses,
    PoolFit,
    RecentRestorePoint,
    Script,
    ShortChains,
)
from xsconsole.domain.workflow.rules import ApprovalRule, Group, Person
from xsconsole.domain.workflow.values import FreezeCalendar, Workflow

HTTP_METHODS = ("GET", "HEAD", "POST", "PUT")
LONGEST_ARGUMENT = 4000
DAY_MINUTES = 24 * 60
LONGEST_ZONE = 64  # characters

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a workflow's parts may refer to; made once for a check, since foreign bytes can hold very many of them."""

    stages: Mapping[StageId, str]  # with their names
    networks: Set[str]
    people: Set[str]
    groups: Set[str]

    @classmethod
    def by(cls, workflow: Workflow) -> "Known":
        return cls(
            stages={stage.id: stage.name for stage in workflow.stages},
            networks=frozenset(workflow.networks),
            people=frozenset(person.id for person in workflow.people),
            groups=frozenset(group.id for group in workflow.groups),
        )


def doubled(values: Iterable[_T]) -> list[_T]:
    """Return what stands there more than once, each once, in order."""
    seen: set[_T] = set()
    found: dict[_T, None] = {}
    for value in values:
        if value in seen:
            found[value] = None
        seen.add(value)
    return list(found)


def of_people(workflow: Workflow, known: Known) -> Iterator[Problem]:
    """Check people and groups, and that each has an id of its own."""
    spot = Spot(name="The workflow")
    yield from of_number(spot.at("people"), "people", len(workflow.people))
    yield from of_number(spot.at("groups"), "groups", len(workflow.groups))
    for person_id in doubled(person.id for person in workflow.people):
        yield spot.at("people").problem(f"two people have the id “{shown(person_id)}”", "Give each their own.")
    for group_id in doubled(group.id for group in workflow.groups):
        yield spot.at("groups").problem(f"two groups have the id “{shown(group_id)}”", "Give each its own.")
    for person in workflow.people:
        yield from _of_person(person)
    for group in workflow.groups:
        yield from _of_group(group, known)


def _of_person(person: Person) -> Iterator[Problem]:
    spot = Spot(name=f"Person “{shown(person.name or person.id)}”", field="people")
    yield from of_id(spot, "the id", person.id)
    yield from of_text(spot, "the name", person.name)
    yield from of_text(spot, "the log-in name", person.subject, most=200, may_be_empty=True)
    yield from of_number(spot, "keys", len(person.fingerprints), 20)
    for fingerprint in person.fingerprints:
        if not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
            yield spot.problem(
                f"“{shown(fingerprint, 40)}” is no fingerprint of a key",
                "A fingerprint has 64 characters, 0 to 9 and a to f; the person's console shows it.",
            )
    for fingerprint in doubled(person.fingerprints):
        yield spot.problem(f"the key {shown(fingerprint, 16)} is there twice", "Remove one of the two.")


def _of_group(group: Group, known: Known) -> Iterator[Problem]:
    spot = Spot(name=f"Group “{shown(group.name or group.id)}”", field="groups")
    yield from of_id(spot, "the id", group.id)
    yield from of_text(spot, "the name", group.name)
    yield from _of_references(spot, "person", group.people, known.people)


def _of_references(spot: Spot, what: str, ids: Collection[str], known: Set[str]) -> Iterator[Problem]:
    for unknown in dict.fromkeys(id_ for id_ in ids if id_ not in known):
        yield spot.problem(
            f"it names the {what} “{shown(unknown)}”, which the workflow does not have",
            f"Add that {what}, or take it out.",
        )
    for twice in doubled(ids):
        yield spot.problem(f"it names the {what} “{shown(twice)}” twice", "Take one of the two out.")


def of_groups(spot: Spot, groups: Collection[str], known: Known) -> Iterator[Problem]:
    yield from _of_references(spot, "group", groups, known.groups)


def of_rules(spot: Spot, rules: Collection[ApprovalRule], known: Known) -> Iterator[Problem]:
    """Check approval rules. Whether they can be satisfied is a matter of the findings."""
    yield from of_number(spot, "approval rules", len(rules))
    for rule in rules:
        yield from of_count(spot, "the number of approvals", rule.count, most=MOST_OTHERS)
        yield from of_groups(spot, rule.groups, known)
        yield from _of_references(spot, "person", rule.people, known.people)


def of_gate(spot: Spot, gate: Gate) -> Iterator[Problem]:
    yield from of_span(spot, "the time-out of a gate", gate.timeout_s)
    match gate:
        case AddressesAnswer(port=port):
            if port is not None:
                yield from of_count(spot, "the port of a gate", port, most=65535)
        case RecentRestorePoint(age_s=age_s, tag=tag):
            yield from of_span(spot, "the age of the restore point", age_s)
            yield from of_text(spot, "the tag of the backup", tag, may_be_empty=True)
        case ShortChains(longest=longest):
            yield from of_count(spot, "the longest chain", longest, most=1000)
        case MaintenanceWindow():
            yield from _of_window(spot, gate)
        case Checklist(items=items):
            yield from of_number(spot, "questions of the checklist", len(items), 100)
            for item in items:
                yield from of_text(spot, "a question of the checklist", item, most=500)
        case Script(argv=argv):
            yield from of_number(spot, "arguments of the script", len(argv), 100)
            for argument in argv:
                yield from of_text(
                    spot, "an argument of the script", argument, most=LONGEST_ARGUMENT, lines=True, may_be_empty=True
                )
        case HttpCall(url=url, method=method):
            yield from of_url(spot, url)
            if method not in HTTP_METHODS:
                yield spot.problem(
                    f"the web method “{shown(method, 20)}” is none of {', '.join(HTTP_METHODS)}", "Choose one."
                )
        case GuestToolsUp() | NoDrift() | ExactReplica() | NoDuplicateAddresses() | PoolFit():
            pass
        case _:
            assert_never(gate)


def _of_window(spot: Spot, gate: MaintenanceWindow) -> Iterator[Problem]:
    if any(not 0 <= day <= 6 for day in gate.weekdays) or doubled(gate.weekdays):
        yield spot.problem(
            "the weekdays of the maintenance window are not different days from 0 to 6",
            "0 is Monday, 6 is Sunday; name each once.",
        )
    if not 0 <= gate.from_minute < DAY_MINUTES or not 0 < gate.to_minute <= DAY_MINUTES:
        yield spot.problem(
            "the maintenance window does not begin and end within a day", f"Minutes go from 0 to {DAY_MINUTES}."
        )
    elif gate.from_minute == gate.to_minute:
        yield spot.problem(
            "the maintenance window ends when it begins", "Let it end later; before means past midnight."
        )
    yield from _of_zone(spot, gate.zone)


def _of_zone(spot: Spot, zone: str) -> Iterator[Problem]:
    if len(zone) > LONGEST_ZONE or not re.fullmatch(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*", zone):
        yield spot.problem(
            f"“{shown(zone, 40)}” is no name of a time zone", "Write it as Europe/Berlin, America/New_York or UTC."
        )


def of_calendars(spot: Spot, calendars: Collection[FreezeCalendar]) -> Iterator[Problem]:
    """Check the weekly freezes of a stage."""
    yield from of_number(spot, "freezes", len(calendars), 50)
    for calendar in calendars:
        if not 0 <= calendar.from_day <= 6 or not 0 <= calendar.to_day <= 6:
            yield spot.problem("the weekdays of a freeze are not from 0 to 6", "0 is Monday, 6 is Sunday.")
        if not 0 <= calendar.from_minute < DAY_MINUTES or not 0 <= calendar.to_minute <= DAY_MINUTES:
            yield spot.problem("a freeze does not begin and end within a day", f"Minutes go from 0 to {DAY_MINUTES}.")
        elif (calendar.from_day, calendar.from_minute) == (calendar.to_day, calendar.to_minute):
            yield spot.problem("a freeze ends when it begins", "Let it end at another time of the week.")
        yield from of_text(spot, "the reason of a freeze", calendar.reason, most=500, may_be_empty=True)
        yield from _of_zone(spot, calendar.zone)


def of_action(spot: Spot, action: Action, known: Known) -> Iterator[Problem]:
    match action:
        case Tell(url=url):
            yield from of_url(spot, url)
        case Review(rule=rule, within_s=within_s):
            yield from of_rules(spot, (rule,), known)
            yield from of_span(spot, "the time for the review", within_s)
        case DemoteIncumbent() | ArchiveIncumbent() | Hold():
            pass
        case _:
            assert_never(action)
