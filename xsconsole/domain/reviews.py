"""Review items: what somebody else has to look at afterwards. They stand on the pool until that is done.

An item is written before the first effect of the run that it is about. Who looked at it signs what they found, as a
decision over the item; when those whom its rule demands have done so, it is closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

import msgspec

from xsconsole.domain.approval import Decision, Matter, Meaning, Requester, RuleTally, Tally, tally
from xsconsole.domain.canonical import digest_of
from xsconsole.domain.emergency import Declaration
from xsconsole.domain.emergency import is_genuine as is_declared
from xsconsole.domain.ids import Digest, ReviewId, RunId, Uuid
from xsconsole.domain.plan import Because, Intent
from xsconsole.domain.poolstate import PREFIX, numbers
from xsconsole.domain.publication.values import decisions_on
from xsconsole.domain.requests.views import stage_name
from xsconsole.domain.requests.ways import asked_words
from xsconsole.domain.signing import SignatureCheck, owner_of
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import ApprovalRule, Person, Workflow
from xsconsole.errors import NotFound

REVIEW_PREFIX = PREFIX + "review."
DAY_S = 24 * 3600


def review_stem(review: ReviewId) -> str:
    return REVIEW_PREFIX + review


class ReviewItem(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be looked at. `opened_at` is by the pool's clock; `key` and `actor` are whose deed it is.

    `rule` None: one person whom the workflow knows, and whose deed it is not.
    """

    schema: Literal[1] = 1
    id: ReviewId
    pool: Uuid
    because: Because
    run: RunId
    intent: Intent
    plan: Digest
    reason: str
    opened_at: datetime
    key: str
    actor: str
    rule: ApprovalRule | None = None
    within_s: int | None = None
    declaration: Declaration | None = None

    @property
    def doer(self) -> Requester:
        return Requester(fingerprint=self.key, actor=self.actor)

    @property
    def subject(self) -> Digest:
        """What people sign when they say what they found."""
        content: dict[str, Any] = msgspec.to_builtins(self)
        return digest_of({"type": "xsconsole review", **content})


class ReviewState(StrEnum):
    OPEN = "open"
    SEEN = "seen"  # everybody has looked whom its rule demands; only the item itself is to be cleared away


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """An item as it stands. `age` is by the later of two clocks; `doubt` says what is wrong with the item itself."""

    item: ReviewItem
    state: ReviewState
    tally: Tally
    age: timedelta
    findings: tuple[Decision, ...] = ()
    doubt: str = ""

    @property
    def is_emergency(self) -> bool:
        return self.item.because is Because.EMERGENCY

    @property
    def could(self) -> tuple[Person, ...]:
        """Who could look at it now: each once."""
        found = {person.id: person for rule in self.tally.rules if not rule.is_satisfied for person in rule.could}
        return tuple(found.values())

    @property
    def is_late(self) -> bool:
        return self.item.within_s is not None and self.age > timedelta(seconds=self.item.within_s)

    @property
    def standing(self) -> str:
        """Return for how long it has been open, such as `open for 3 days`."""
        late = ", which is too long" if self.is_late else ""
        return f"open for {age_words(self.age)}{late}"


def age_words(age: timedelta) -> str:
    """Return such as `3 days`, `5 hours`, `1 minute`; below one it is `less than a minute`."""
    seconds = int(age.total_seconds())
    if seconds >= DAY_S:
        return count(seconds // DAY_S, "day")
    if seconds >= 3600:
        return count(seconds // 3600, "hour")
    return count(seconds // 60, "minute") if seconds >= 60 else "less than a minute"


def encode(item: ReviewItem) -> str:
    return msgspec.json.encode(item, order="sorted").decode()


def decode(text: str) -> ReviewItem | None:
    """Read an item; None where it is damaged or of a newer console."""
    try:
        return msgspec.json.decode(text, type=ReviewItem)
    except msgspec.MsgspecError:
        return None


def items_on(keys: Mapping[str, str]) -> tuple[ReviewItem, ...]:
    """Return the items that stand on the pool, oldest first."""
    names = {
        name
        for key in keys
        if key.startswith(REVIEW_PREFIX)
        for name, _, number in (key.removeprefix(REVIEW_PREFIX).rpartition("."),)
        if name and number.isdecimal()
    }
    found = (item_of(keys, ReviewId(name)) for name in names)
    return tuple(sorted((item for item in found if item), key=lambda item: (item.opened_at, item.id)))


def item_of(keys: Mapping[str, str], review: ReviewId) -> ReviewItem | None:
    """Return one item; None where it does not stand there, or under a name that is not its own."""
    stem = review_stem(review)
    read = (decode(keys[f"{stem}.{number}"]) for number in numbers(keys, stem))
    return next((item for item in read if item is not None and item.id == review), None)


def judge(
    item: ReviewItem, keys: Mapping[str, str], workflow: Workflow | None, at: datetime, check: SignatureCheck
) -> ReviewView:
    """Return an item as it stands, by the workflow that is published now. Pure."""
    decisions = decisions_on(keys, Matter.REVIEW, item.subject)
    found = _tally(item, workflow, decisions, check)
    return ReviewView(
        item=item,
        state=ReviewState.SEEN if found.is_satisfied else ReviewState.OPEN,
        tally=found,
        age=max(at - item.opened_at, timedelta()),
        findings=found.counted,
        doubt=_doubt(item, check),
    )


def _tally(item: ReviewItem, workflow: Workflow | None, decisions: Iterable[Decision], check: SignatureCheck) -> Tally:
    if workflow is None:
        return Tally(rules=(RuleTally(rule=item.rule or ApprovalRule(count=1), approved=(), could=()),))
    said = tuple(one for one in decisions if one.meaning is Meaning.APPROVE and one.reason.strip())
    anybody = ApprovalRule(count=1, people=tuple(person.id for person in workflow.people))

    def by(rule: ApprovalRule) -> Tally:
        return tally((rule,), workflow, Matter.REVIEW, item.subject, said, item.doer, check)

    found = by(item.rule or anybody)
    if any(rule.rule.count > len(rule.approved) + len(rule.could) for rule in found.rules):
        return by(anybody)  # too few are left of those whom its rule named: then somebody else has to look
    return found


def _doubt(item: ReviewItem, check: SignatureCheck) -> str:
    if item.because is not Because.EMERGENCY:
        return ""
    declaration = item.declaration
    if declaration is None or not is_declared(declaration, check):
        return "Its signature does not match: somebody changed it, or made it up."
    if (declaration.plan, declaration.key, declaration.actor) != (item.plan, item.key, item.actor):
        return "It is not about what was declared."
    return ""


def doer_name(item: ReviewItem, workflow: Workflow | None) -> str:
    """Return whose deed it is, by the workflow's name for them where it has one."""
    person = owner_of(item.key, workflow.people) if workflow is not None and item.key else None
    return person.name if person is not None else item.actor


def about(item: ReviewItem, workflow: Workflow | None) -> str:
    """Return such as `emergency: promote shop 1.3.0 from Staging to Production`."""
    intent = item.intent
    source, target = stage_name(workflow, intent.source), stage_name(workflow, intent.target)
    what = "emergency" if item.because is Because.EMERGENCY else "review"
    return f"{what}: {asked_words(intent, source, target)}"


def could_words(view: ReviewView) -> str:
    """Return who could close it, as a sentence."""
    names = listing(tuple(person.name for person in view.could))
    return f"{names} could close it." if names else "Nobody whom the workflow knows could close it."


def find_item(items: Iterable[ReviewItem], name: str) -> ReviewItem:
    """Return the item whose id begins so.

    Raises:
        NotFound: none does, or several do.
    """
    items = tuple(items)
    found = [item for item in items if name and item.id.startswith(name.casefold())]
    exact = [item for item in found if item.id == name]
    found = exact or found
    if len(found) != 1:
        raise NotFound(
            reason=f"{'No' if not found else 'More than one'} review item begins with “{name}”.",
            mend="`xsconsole review-item list` shows them.",
            choices=tuple(f"{item.id} {item.intent.name}" for item in items),
        )
    return found[0]
