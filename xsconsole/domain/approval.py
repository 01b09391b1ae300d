"""Approvals: signed decisions over a digest, and whether they satisfy rules. For publications and for promotions alike.

A decision counts for the person to whom the rules' own workflow pins the key that signed it. What counts as nobody: a
key that is pinned to several people or to none, and whoever asked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

from xsconsole.domain.canonical import canonical_bytes
from xsconsole.domain.ids import Digest, PersonId
from xsconsole.domain.log_ins import may_be_one
from xsconsole.domain.naming import shortened
from xsconsole.domain.quorum import fewest
from xsconsole.domain.signing import SignatureCheck, Signer, key_fingerprint, owner_of, raw_of, text_of
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import ApprovalRule, Person, Workflow
from xsconsole.domain.workflow.findings.approvals import is_shared

REASON_LIMIT = 1000

NAME_MORE = "Let whoever edits the workflow name more people, or pin the keys that are missing."
"""What is done about a dead end."""


class Meaning(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


class Matter(StrEnum):
    """What kind of thing a digest stands for: a decision on one kind is none on another."""

    PUBLICATION = "publication"
    PROMOTION = "promotion"
    BLUEPRINT = "blueprint"  # a version as gold master
    REVIEW = "review"  # what somebody found who looked at it afterwards


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided, as it is signed. `actor` is the log-in it was made with; empty: by file, the key alone.

    Texts of keys and signatures are base64. On a promotion it also names the `plan`, the `rule` in words, and the
    digest of the `session` that the log-in made, which xapi's own log has too. `sid` is who the directory says that
    the log-in is, however it was spelled; empty where it says nothing.
    """

    schema: Literal[1] = 1
    matter: Matter
    subject: Digest
    about: str
    meaning: Meaning
    reason: str
    at: datetime
    actor: str = ""
    public_key: str
    signature: str = ""
    plan: Digest | None = None
    rule: str = ""
    session: str = ""
    sid: str = ""

    @property
    def fingerprint(self) -> str:
        """The name of the key that should have signed it; empty where there is none."""
        raw = raw_of(self.public_key)
        return key_fingerprint(raw) if raw else ""


def decided(
    signer: Signer,
    *,
    matter: Matter,
    subject: Digest,
    about: str,
    meaning: Meaning,
    reason: str,
    at: datetime,
    actor: str = "",
    plan: Digest | None = None,
    rule: str = "",
    session: str = "",
    sid: str = "",
) -> Decision:
    """Return a decision signed by `signer`."""
    unsigned = Decision(
        matter=matter,
        subject=subject,
        about=about,
        meaning=meaning,
        reason=shortened(reason, REASON_LIMIT),
        at=at,
        actor=actor,
        public_key=text_of(signer.public_key),
        plan=plan,
        rule=shortened(rule, REASON_LIMIT),
        session=session,
        sid=sid,
    )
    return msgspec.structs.replace(unsigned, signature=text_of(signer.sign(_covered(unsigned))))


def is_genuine(decision: Decision, check: SignatureCheck) -> bool:
    """Whether the key that a decision names signed exactly this decision."""
    public_key, signature = raw_of(decision.public_key), raw_of(decision.signature)
    return public_key is not None and signature is not None and check(public_key, signature, _covered(decision))


def _covered(decision: Decision) -> bytes:
    content: dict[str, Any] = msgspec.to_builtins(decision)
    del content["signature"]
    if decision.plan is None:  # as decisions on publications were signed before there were promotions to decide on
        for name in ("plan", "rule", "session"):
            del content[name]
    if not decision.sid:  # as all were signed before it was known
        del content["sid"]
    return canonical_bytes({"type": "xsconsole decision", **content})


def to_text(decision: Decision) -> str:
    return msgspec.json.encode(decision, order="sorted").decode()


def from_text(text: str) -> Decision | None:
    """Read a decision; None where it is damaged or of a newer console. Whether it is genuine is another question."""
    try:
        return msgspec.json.decode(text, type=Decision)
    except msgspec.MsgspecError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """Who asks: the key of their console, the name of their log-in, and its `sid`. They never count."""

    fingerprint: str
    actor: str = ""
    sid: str = ""

    def is_(self, person: Person) -> bool:
        """Whether it is that person, or cannot be told from them: a log-in is spelled in several ways."""
        return self.fingerprint in person.fingerprints or may_be_one(person.subject, self.actor)

    def made(self, decision: Decision) -> bool:
        """Whether the same log-in decided, by what the directory says, whatever key was used."""
        return bool(self.sid) and decision.sid == self.sid

    def among(self, people: Iterable[Person]) -> Person | None:
        """Return who it is, None where that cannot be told: a key of nobody or of several, and a shared log-in."""
        found = [person for person in people if self.is_(person) and not is_shared(person)]
        return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Somebody whom a rule names and whose approval would not count; `reason` follows their name."""

    person: Person
    reason: str
    is_requester: bool = False

    @property
    def words(self) -> str:
        return f"{shortened(self.person.name)} {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTally:
    """How one rule stands: who approved, who could still, and whom it names that cannot."""

    rule: ApprovalRule
    approved: tuple[Person, ...]
    could: tuple[Person, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def is_satisfied(self) -> bool:
        return len(self.approved) >= self.rule.count

    @property
    def lacking(self) -> int:
        """How many approvals are needed beyond those that anybody could give."""
        return max(0, self.rule.count - len(self.approved) - len(self.could))

    @property
    def sentence(self) -> str:
        """Return what is missing; empty where nothing is."""
        if self.is_satisfied:
            return ""
        has = f"{len(self.approved)} of {count(self.rule.count, 'approval')}"
        names = listing(tuple(person.name for person in self.could))
        left_out = f": {self.why_left_out}" if self.left_out else ""
        if not names:
            return f"{has}, and nobody is left who could approve{left_out}."
        return (
            f"{has}; {names} could approve, and nobody else{left_out}."
            if self.lacking
            else f"{has}; {names} could approve."
        )

    @property
    def why_left_out(self) -> str:
        """Return why those whom it names cannot approve, such as `Ann asked for it, Bob has no key`."""
        return listing(tuple(one.words for one in self.left_out), 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A decision that does not count, and the sentence that says why."""

    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How all rules stand. Any rejection of somebody whom a rule names ends it."""

    rules: tuple[RuleTally, ...]
    counted: tuple[Decision, ...] = ()
    rejected: tuple[tuple[Person, Decision], ...] = ()
    ignored: tuple[Ignored, ...] = ()

    @property
    def approvers(self) -> str:
        """Who approved by the rules that name them, such as `Ann and Bob`."""
        return listing(tuple(dict.fromkeys(shortened(one.name) for rule in self.rules for one in rule.approved)))

    @property
    def is_satisfied(self) -> bool:
        return not self.rejected and all(rule.is_satisfied for rule in self.rules)

    @property
    def fewest_left(self) -> int:
        """The least number of people who have to approve yet: one counts for every rule that names them.

        Where more are needed than anybody could give, those are counted too.
        """
        short = [rule for rule in self.rules if not rule.is_satisfied]
        wanted = [rule.rule.count - len(rule.approved) - rule.lacking for rule in short]
        able = [frozenset(person.id for person in rule.could) for rule in short]
        return fewest(wanted, able) + max((rule.lacking for rule in short), default=0)

    @property
    def dead_end(self) -> str:
        """Return why it can never be had, whoever approves now; empty where it can."""
        short = tuple(rule for rule in self.rules if rule.lacking)
        if self.rejected or not short:
            return ""
        lacking = sum(rule.lacking for rule in short)
        why = "; ".join(dict.fromkeys(rule.why_left_out for rule in short if rule.left_out))
        told = f"{count(lacking, 'more approval')} {'is' if lacking == 1 else 'are'} needed than anybody could give"
        return f"{told}: {why}." if why else f"{told}."

    def why_leaves_out(self, key: str) -> str:
        """Return why whose key this is cannot approve, though a rule that is not met names them; empty of others."""
        out = (one for rule in self.rules if not rule.is_satisfied for one in rule.left_out)
        return next((one.words for one in out if key in one.person.fingerprints), "")

    @property
    def sentence(self) -> str:
        """Return what stands against it; empty where nothing does."""
        if self.rejected:
            person, decision = self.rejected[0]
            return f"{person.name} rejected it: {shortened(decision.reason, 200) or 'without a reason'}."
        return " ".join(rule.sentence for rule in self.rules if not rule.is_satisfied)


def tally(
    rules: Sequence[ApprovalRule],
    workflow: Workflow,
    matter: Matter,
    subject: Digest,
    decisions: Iterable[Decision],
    requester: Requester,
    check: SignatureCheck,
    authors: Iterable[Requester] = (),
) -> Tally:
    """Count decisions over `subject`. `workflow` is the one that holds the rules: its people and groups count.

    `authors` are those whom a rule with `excludes_author` leaves out too.
    """
    authors = tuple(authors)
    ignored: list[Ignored] = []
    approved: dict[PersonId, tuple[Person, Decision]] = {}
    rejected: dict[PersonId, tuple[Person, Decision]] = {}
    asked: set[PersonId] = set()
    named = {person.id for rule in rules for person in people_of(rule, workflow)}
    for decision in decisions:
        person = owner_of(decision.fingerprint, workflow.people)
        reason = _why_not(decision, person, named, matter, subject, requester, check, workflow)
        if person is not None and requester.made(decision) and is_genuine(decision, check):
            asked.add(person.id)
        if reason or person is None:
            ignored.append(Ignored(decision=decision, reason=reason))
        elif decision.meaning is Meaning.REJECT:
            rejected.setdefault(person.id, (person, decision))
        else:
            approved.setdefault(person.id, (person, decision))
    return Tally(
        rules=tuple(_of_rule(rule, workflow, approved, requester, authors, asked) for rule in rules),
        counted=tuple(decision for _, decision in approved.values()),
        rejected=tuple(rejected.values()),
        ignored=tuple(ignored),
    )


def people_of(rule: ApprovalRule, workflow: Workflow) -> tuple[Person, ...]:
    """Return the people whom a rule names, each once, in the workflow's order."""
    ids = set(rule.people) | {person for group in workflow.groups if group.id in rule.groups for person in group.people}
    return tuple(person for person in workflow.people if person.id in ids)


def _of_rule(
    rule: ApprovalRule,
    workflow: Workflow,
    decided_by: Mapping[PersonId, tuple[Person, Decision]],
    requester: Requester,
    authors: tuple[Requester, ...],
    asked: Collection[PersonId],
) -> RuleTally:
    approved: list[Person] = []
    could: list[Person] = []
    left_out: list[LeftOut] = []
    named = people_of(rule, workflow)
    for person in sorted(named, key=lambda one: one.id not in decided_by):  # who approved is known before who could
        is_requester = requester.is_(person) or person.id in asked
        reason = "asked for it" if is_requester else _why_left_out(person, rule, workflow, authors)
        twin = next((one for one in approved if _are_one(person, one, decided_by)), None)
        if not reason and twin is not None:
            reason = f"has the log-in of {shortened(twin.name)}, who approved"
        if reason:
            left_out.append(LeftOut(person=person, reason=reason, is_requester=is_requester))
        else:
            (approved if person.id in decided_by else could).append(person)
    at = {person.id: place for place, person in enumerate(named)}
    left_out.sort(key=lambda one: at[one.person.id])
    return RuleTally(rule=rule, approved=tuple(approved), could=tuple(could), left_out=tuple(left_out))


def _are_one(person: Person, other: Person, decided_by: Mapping[PersonId, tuple[Person, Decision]]) -> bool:
    """Whether two whom the workflow names are one, or cannot be told apart, by their log-ins."""
    sids = [decided_by[one.id][1].sid for one in (person, other) if one.id in decided_by]
    return may_be_one(person.subject, other.subject) or (len(sids) == 2 and bool(sids[0]) and sids[0] == sids[1])


def _why_left_out(person: Person, rule: ApprovalRule, workflow: Workflow, authors: tuple[Requester, ...]) -> str:
    """Return why an approval of somebody else than who asks would not count; empty where it would."""
    if rule.excludes_author and any(author.is_(person) for author in authors):
        return "is an author of it"
    if is_shared(person):
        return f"logs in as {shortened(person.subject)}, which several people use"
    if any(owner_of(key, workflow.people) is not None for key in person.fingerprints):
        return ""
    return "has a key that is pinned to others too" if person.fingerprints else "has no key"


def _why_not(
    decision: Decision,
    person: Person | None,
    named: set[PersonId],
    matter: Matter,
    subject: Digest,
    requester: Requester,
    check: SignatureCheck,
    workflow: Workflow,
) -> str:
    if (decision.matter, decision.subject) != (matter, subject):
        return "It is about something else."
    if not is_genuine(decision, check):
        return "Its signature does not match."
    if person is None:
        holders = [one.name for one in workflow.people if decision.fingerprint in one.fingerprints]
        shared = f"Its key belongs to {listing(tuple(holders))} together, so to nobody."
        return shared if holders else "The workflow pins its key to nobody."
    if requester.is_(person) or requester.made(decision):
        return f"{person.name} asked for it."
    if is_shared(person):
        return f"{person.name} logs in as {person.subject}, which several people use, so as nobody."
    if person.subject and decision.actor and not may_be_one(decision.actor, person.subject):
        return f"It was made by the log-in {shortened(decision.actor)}, and {person.name} logs in as {person.subject}."
    return "" if person.id in named else f"No rule names {person.name}."
