"""Findings about approvals: rules that nobody, or only who asks, could satisfy."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from xsconsole.domain.folding import shown
from xsconsole.domain.ids import PersonId
from xsconsole.domain.log_ins import may_be_one
from xsconsole.domain.words import listing
from xsconsole.domain.workflow.afterwards import Review
from xsconsole.domain.workflow.edits import change_workflow
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_way
from xsconsole.domain.workflow.findings.values import Finding, Mend
from xsconsole.domain.workflow.roll import add_person, change_group, change_person
from xsconsole.domain.workflow.rules import ApprovalRule, Person
from xsconsole.domain.workflow.values import Transition, Workflow
from xsconsole.domain.workflow.wording import rule_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A rule where it stands: `put` returns the mend that puts another in its place, or removes it (None)."""

    rule: ApprovalRule
    subject: str  # begins a sentence
    deed: str
    words: str  # of the rule
    place: Rule
    field: str
    requesters: frozenset[PersonId] | None  # who may ask; None: anybody
    put: Callable[[str, ApprovalRule | None], Mend]

    @property
    def what(self) -> str:
        return f"{self.subject}: {self.deed} by {self.words}"


def of_approvals(case: Case) -> Iterator[Finding]:
    used: set[PersonId] = set()
    for demand in _demands(case):
        used |= named_by(demand.rule, case.workflow)
        yield from _satisfiable(case, demand)
    yield from _nobody_asks(case)
    yield from _people(case, used)


def named_by(rule: ApprovalRule, workflow: Workflow) -> set[PersonId]:
    """Return whom a rule names, one by one or by their groups."""
    groups = {group.id: group.people for group in workflow.groups}
    return {*rule.people, *(person for group in rule.groups for person in groups.get(group, ()))}


def can_approve(person: Person) -> bool:
    """Return whether a person can be told from others: by a key of their own, and by no shared log-in."""
    return bool(person.fingerprints) and not is_shared(person)


def is_shared(person: Person) -> bool:
    """Return whether the log-in is one that several people use, which counts as nobody."""
    return is_shared_log_in(person.subject)


def is_shared_log_in(name: str) -> bool:
    return name.casefold().partition("@")[0].rpartition("\\")[2] == "root"


def _demands(case: Case) -> Iterator[Demand]:
    for way in case.ways:
        requesters = requesters_of(way, case.workflow)
        for at, rule in enumerate(way.approvals):
            yield Demand(
                rule=rule,
                subject=case.words(way),
                deed="approval",
                words=rule_words(rule, case.workflow),
                place=Rule(name="approval", transition=way.id),
                field="approvals",
                requesters=requesters,
                put=_putting_approval(way, at),
            )
        for at, action in enumerate(way.afterwards):
            if isinstance(action, Review):
                yield Demand(
                    rule=action.rule,
                    subject=case.words(way),
                    deed="review",
                    words=rule_words(action.rule, case.workflow),
                    place=Rule(name="approval", transition=way.id),
                    field="afterwards",
                    requesters=requesters,
                    put=_putting_review(way, at, action),
                )
    for at, rule in enumerate(case.workflow.publishing):
        yield Demand(
            rule=rule,
            subject="Publishing",
            deed="approval",
            words=rule_words(rule, case.workflow),
            place=Rule(name="approval"),
            field="publishing",
            requesters=None,
            put=_putting_publishing(at),
        )


def requesters_of(way: Transition, workflow: Workflow) -> frozenset[PersonId] | None:
    """Return who may ask for a transition: who may act at both of its ends. None: anybody."""
    groups = {group.id: group.people for group in workflow.groups}
    found: frozenset[PersonId] | None = None
    for end in (way.source, way.target):
        stage = workflow.stage(end)
        if stage is not None and stage.actors:
            actors = frozenset(person for group in stage.actors for person in groups.get(group, ()))
            found = actors if found is None else found & actors
    return found


def _nobody_asks(case: Case) -> Iterator[Finding]:
    groups = {group.id: group.people for group in case.workflow.groups}
    for way in case.ways:
        ends = [case.stages[end] for end in (way.source, way.target)]
        has_people = all(any(groups.get(group) for group in stage.actors) for stage in ends)
        if has_people and requesters_of(way, case.workflow) == frozenset():
            yield Rule(name="nobody-may-act", transition=way.id).error(
                f"{case.words(way)}: nobody may act both in {shown(ends[0].name)} and in {shown(ends[1].name)}.",
                "source",
            )


def _satisfiable(case: Case, demand: Demand) -> Iterator[Finding]:
    named = named_by(demand.rule, case.workflow)
    people = [person for person in case.workflow.people if person.id in named]
    able = [person for person in people if can_approve(person)]
    needed = demand.rule.count
    place = demand.place
    if not people:
        mends = [*_naming(case, demand), demand.put("Remove this rule", None)]
        yield _named(place, "nobody-approves").error(_of_nobody(demand, case.workflow), demand.field, *mends)
        return
    if needed > len(able):
        yield _named(place, "quorum").error(
            f"{demand.what} can never be had: {_too_few(able, people)}.",
            demand.field,
            *_lowered(demand, _most(demand, able)),
        )
        return
    if needed < len(able):
        return
    asking = demand.requesters
    blocked = [person for person in able if asking is None or person.id in asking]
    words = listing(tuple(person.name for person in blocked))
    is_always = asking is not None and bool(asking) and asking <= {person.id for person in blocked}
    if is_always:
        yield _named(place, "only-the-requester").error(
            f"{demand.what} can never be had: only {words} may ask, and who asks does not count.",
            demand.field,
            *_lowered(demand, needed - 1),
        )
    elif blocked:
        yield _named(place, "only-the-requester").warning(
            f"{demand.what} cannot be had when one of those who approve asks ({words}): who asks does not count.",
            demand.field,
            *_lowered(demand, needed - 1),
        )


def _of_nobody(demand: Demand, workflow: Workflow) -> str:
    """Return what is wrong with a rule that nobody can satisfy because it names nobody, or groups without people."""
    if not demand.rule.groups:
        return f"{demand.subject}: the {demand.deed} rule names nobody yet."
    groups = listing(tuple(group.name for group in workflow.groups if group.id in demand.rule.groups))
    return f"{demand.what} can never be had: nobody is in {groups} yet."


def _too_few(able: list[Person], people: list[Person]) -> str:
    """Return how many can approve, and why the others cannot."""
    if len(able) == len(people):
        return f"there {'is' if len(people) == 1 else 'are'} only {len(people)}"
    keyless = tuple(person.name for person in people if not person.fingerprints)
    shared = tuple(person.name for person in people if person.fingerprints and is_shared(person))
    why_not = " and ".join(
        f"{listing(names)} {'has' if len(names) == 1 else 'have'} {what}"
        for names, what in ((keyless, "no key"), (shared, "a log-in that several share"))
        if names
    )
    return f"only {len(able)} of {len(people)} can; {why_not}" if able else why_not


def _most(demand: Demand, able: list[Person]) -> int:
    """Return how many approvals can be had whoever of those who may asks."""
    asking = demand.requesters
    is_always_one_of_them = bool(asking) and asking is not None and asking <= {person.id for person in able}
    return len(able) - is_always_one_of_them


def _named(place: Rule, name: str) -> Rule:
    return Rule(name=name, stage=place.stage, transition=place.transition)


def _naming(case: Case, demand: Demand) -> Iterator[Mend]:
    """Yield the mend that names who sits here: in the rule's first group, which is empty, or in the rule itself."""
    me = case.ground.me
    if me is None:
        return
    keys = set(me.fingerprints)
    called = next((person.name for person in case.workflow.people if keys & set(person.fingerprints)), me.name)

    def change(workflow: Workflow) -> Workflow:
        known = next((person.id for person in workflow.people if keys & set(person.fingerprints)), None)
        changed, person = (
            (workflow, known) if known is not None else add_person(workflow, me.name, fingerprints=me.fingerprints)
        )
        group = next((one for one in changed.groups if one.id in demand.rule.groups), None)
        if group is not None:
            return change_group(changed, group.id, people=(*group.people, person))
        rule = msgspec.structs.replace(demand.rule, people=(*demand.rule.people, person))
        return demand.put("", rule).apply(changed)

    yield Mend(label=f"Name me ({shown(called)})", apply=change)


def _lowered(demand: Demand, number: int) -> Iterator[Mend]:
    if number >= 1:
        yield demand.put(f"Ask for {number}", msgspec.structs.replace(demand.rule, count=number))


def _putting_approval(way: Transition, at: int) -> Callable[[str, ApprovalRule | None], Mend]:
    def put(label: str, rule: ApprovalRule | None) -> Mend:
        return mend_way(label, way.id, lambda found: {"approvals": _put(found.approvals, at, rule)})

    return put


def _putting_review(way: Transition, at: int, review: Review) -> Callable[[str, ApprovalRule | None], Mend]:
    def put(label: str, rule: ApprovalRule | None) -> Mend:
        action = None if rule is None else msgspec.structs.replace(review, rule=rule)
        return mend_way(label, way.id, lambda found: {"afterwards": _put(found.afterwards, at, action)})

    return put


def _putting_publishing(at: int) -> Callable[[str, ApprovalRule | None], Mend]:
    def put(label: str, rule: ApprovalRule | None) -> Mend:
        return Mend(
            label=label, apply=lambda found: change_workflow(found, publishing=_put(found.publishing, at, rule))
        )

    return put


def _put(values: tuple[object, ...], at: int, value: object | None) -> tuple[object, ...]:
    return (*values[:at], *(() if value is None else (value,)), *values[at + 1 :])


def _people(case: Case, used: set[PersonId]) -> Iterator[Finding]:
    for person in case.workflow.people:
        if person.id in used and not person.fingerprints:
            yield Rule(name="no-key").warning(
                f"{shown(person.name)} is to approve, but has no key: enrol it at their console.", "people"
            )
        if is_shared(person):
            yield Rule(name="shared-log-in").warning(
                f"{shown(person.name)} logs in as {shown(person.subject)}, which several share: that counts as nobody.",
                "people",
                Mend(label="Ask for the key only", apply=_without_subject(person)),
            )
    holders = Counter(key for person in case.workflow.people for key in set(person.fingerprints))
    for key, number in holders.items():
        if number > 1:
            names = listing(tuple(person.name for person in case.workflow.people if key in person.fingerprints))
            yield Rule(name="shared-key").error(
                f"{names} have the same key {key[:12]}…: who signs with it cannot be told apart.", "people"
            )
    yield from _one_log_in(case.workflow)


def _one_log_in(workflow: Workflow) -> Iterator[Finding]:
    """Yield who count as one, as their log-ins cannot be told apart."""
    people = [person for person in workflow.people if not is_shared(person)]
    for at, person in enumerate(people):
        for other in people[at + 1 :]:
            if may_be_one(person.subject, other.subject):
                yield Rule(name="same-log-in").warning(
                    f"{shown(person.name)} logs in as {shown(person.subject)} and {shown(other.name)} as "
                    f"{shown(other.subject)}: that may be one person, so both count as one. If they are two, write "
                    "both log-ins with their domain, in the same form.",
                    "people",
                )


def _without_subject(person: Person) -> Callable[[Workflow], Workflow]:
    return lambda workflow: change_person(workflow, person.id, subject="")
