"""What a column says while a card is dragged: yes with what will happen, or no with why."""

from collections.abc import Sequence
from dataclasses import dataclass

from xsconsole.domain import words
from xsconsole.domain.actions.stowing import SealStow
from xsconsole.domain.batch import BatchPlan
from xsconsole.domain.board import Card
from xsconsole.domain.downtime import downtime_words
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Disks, Plan, Purpose, TakeSnapshot, is_streamed
from xsconsole.domain.runs import Target
from xsconsole.domain.workflow import Kind, Method
from xsconsole.engine.commands import Demote, Promote
from xsconsole_ui.texts import tr

MOST_REFUSALS = 3  # that a column names; the sheet names all


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A column's answer to a card that hovers over the board."""

    is_open: bool
    title: str
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join((self.title, *self.lines))


def offer_of(card: Card, target: Target) -> Offer | None:
    """Return the answer of a stage; None for the one where the card stands."""
    if target.stage == card.stage:
        return None
    refusal = target.refusal
    if refusal is not None:
        return Offer(is_open=False, title=refusal.reason, lines=(refusal.mend,) if refusal.mend else ())
    if target.plan is None or target.kind is None:
        return Offer(is_open=False, title=tr("No way leads here."))
    verb = tr("promote") if target.kind is Kind.PROMOTE else tr("demote")
    return Offer(
        is_open=True,
        title=tr("Drop to {verb} {name}").format(verb=verb, name=card.name),
        lines=consequences(target.plan, card),
    )


def offer_of_all(cards: Sequence[Card], planned: BatchPlan) -> Offer | None:
    """Return the answer of a stage to several cards; None where all of them stand in it."""
    moving = [card for card in cards if card.stage != planned.target]
    if not moving:
        return None
    ready, refused = planned.ready, planned.refused
    number = words.count(len(cards), "configuration")
    refusals = tuple(f"{part.name}: {part.refusal.reason}" for part in refused if part.refusal is not None)
    more = len(refusals) - MOST_REFUSALS
    lines = (*refusals[:MOST_REFUSALS], tr("and {n} more").format(n=more)) if more > 0 else refusals
    if not ready:
        return Offer(is_open=False, title=tr("None of {number} can come here.").format(number=number), lines=lines)
    takes = tr("side by side, about {duration}").format(duration=words.duration(max(1.0, planned.duration_s)))
    if planned.asked:
        takes += tr("; {n} to be approved by others").format(n=len(planned.asked))
    title = tr("Drop to plan {number} together").format(number=number)
    if refused:
        title = tr("Drop to plan {ready} of {number} together").format(ready=len(ready), number=number)
    return Offer(is_open=True, title=title, lines=(takes, *lines))


def consequences(plan: Plan, card: Card | None = None) -> tuple[str, ...]:
    """Return in a few words what a plan does to a card, how big it is and how long it takes."""
    does = [tr("others approve it first")] if plan.demand is not None else []
    if plan.questions:
        does.append(tr("asks {questions} first").format(questions=words.count(len(plan.questions), "question")))
    purposes = {step.action.purpose for step in plan.steps if isinstance(step.action, TakeSnapshot)}
    if Purpose.RESTORE_POINT in purposes:
        does.append(tr("takes a restore point"))
    match plan.intent.method:
        case Method.LINKED_CLONE:
            does.append(tr("makes linked clones, the source stays"))
        case Method.FULL_COPY if plan.intent.abroad is not None:
            there = tr("makes full copies in pool {name}, the source stays")
            does.append(there.format(name=f"“{shortened(plan.intent.pool_names[-1], 40)}”"))
        case Method.FULL_COPY:
            does.append(tr("makes full copies, the source stays"))
        case Method.MOVE if plan.intent.abroad is not None:
            there = tr("moves the machines to pool {name}")
            if is_streamed(plan):
                there = tr("sends the machines to pool {name} through this console, off")
            does.append(there.format(name=f"“{shortened(plan.intent.pool_names[-1], 40)}”"))
    if plan.intent.disks is Disks.SWAP:
        does.append(tr("swaps with the stand-by"))
    elif plan.intent.incumbent is not None:
        is_archived = any(isinstance(step.action, SealStow) for step in plan.steps)
        archived, taken = tr("takes the place of another, which is archived"), tr("takes the place of another")
        does.append(archived if is_archived else taken)
    if plan.intent.disks is Disks.RESTORE:
        does.append(tr("returns to the restore point"))
    takes = tr("about {duration}").format(duration=words.duration(max(1.0, plan.duration_s)))
    if plan.size_bytes:
        takes += tr(", up to {size}").format(size=words.size(plan.size_bytes))
    return tuple(line for line in (" · ".join(filter(None, (*does, downtime_words(plan, card)))), takes) if line)


def command_for(card: Card, target: Target, revision: int) -> Promote | Demote | None:
    """Return what a drop of the card on this stage asks for; None where no way leads there."""
    match target.kind:
        case Kind.PROMOTE:
            return Promote(configuration=card.id, revision=revision, target=target.stage)
        case Kind.DEMOTE:
            return Demote(configuration=card.id, revision=revision, target=target.stage, disks=target.disks)
        case None:
            return None
