"""How a fence stands, by its proof and by what goes on with it: a fence that is half taken down does not leak."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from xsconsole.domain.actions.fences import ForgetFence
from xsconsole.domain.board import Card
from xsconsole.domain.fence.heard import Heard, Said, astray, in_short, is_unheard
from xsconsole.domain.fence.proof import Breach, Proof
from xsconsole.domain.folding import one_line
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import RunKind
from xsconsole.domain.words import count

DOING: Mapping[RunKind, str] = MappingProxyType(
    {
        RunKind.DEPLOY: "deployed",
        RunKind.UNDEPLOY: "undeployed",
        RunKind.PARK: "shut down",
        RunKind.REDEPLOY: "redeployed",
        RunKind.REROUTE: "given other rules",
    }
)


class State(StrEnum):
    """How a fence stands; only one of them says that something leads past its router."""

    TIGHT = "tight"
    BREACHED = "breached"
    STRANDED = "stranded"  # tight, and on a host that does not answer
    OFF_PLAN = "off plan"  # tight, and a guest reports another address than was planned
    UNHEARD = "not heard"  # tight, and no guest that runs has reported an address
    IN_WORK = "in work"  # a run builds it, or takes it away
    CUT_OFF = "cut off"  # a run did, and nobody goes on with it
    LOST = "lost"  # its configuration is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Why not all of a fence has to be there: `state` is none of those that a proof decides, `words` are a few.

    `leads_out`: the run puts cards of members outside, as it is meant to.
    """

    state: State
    words: str
    leads_out: bool = False


class Judged(Protocol):
    """A fence as it was looked at: its proof, what guests report, and which hosts of its machines do not answer."""

    @property
    def proof(self) -> Proof: ...

    @property
    def silent(self) -> str: ...

    @property
    def heard(self) -> tuple[Heard, ...]: ...


def work_on(card: Card | None) -> Work | None:
    """Return what goes on with the fence around a configuration, or was cut off; None where it has to be whole."""
    if card is None:
        return Work(state=State.LOST, words="its configuration is gone: undeploy it, and nothing is left")
    if card.run is None:
        return None
    record = card.run.record
    kind, by = record.plan.intent.kind, shortened(one_line(record.actor), 60)
    doing = "put back as it was" if record.is_undoing else DOING.get(kind, "worked on")
    goes = any(isinstance(step.action, ForgetFence) for step in record.plan.steps)
    is_cut_off = card.run.holder is None
    return Work(
        state=State.CUT_OFF if is_cut_off else State.IN_WORK,
        words=f"cut off while it was {doing} by {by}: settle that" if is_cut_off else f"being {doing} by {by}",
        leads_out=goes and kind is not RunKind.UNDEPLOY,
    )


def breaches_of(one: Judged, work: Work | None) -> tuple[Breach, ...]:
    """Return what of the proof is to be told. While a run is at work that something is not there is no leak.

    What is there and leads out is one, whoever works on the fence.
    """
    if work is None:
        return one.proof.breaches
    return () if work.leads_out else tuple(breach for breach in one.proof.breaches if breach.is_there)


def strays_of(one: Judged, work: Work | None) -> tuple[Heard, ...]:
    """Return which guests report another address than was planned. While a run is at work none is asked."""
    return () if work is not None else astray(one.heard)


def state_of(one: Judged, work: Work | None = None) -> State:
    if breaches_of(one, work):
        return State.BREACHED
    if work is not None:
        return work.state
    if one.silent:
        return State.STRANDED
    if strays_of(one, work):
        return State.OFF_PLAN
    return State.UNHEARD if is_unheard(one.heard) else State.TIGHT


def state_words(one: Judged, work: Work | None = None) -> str:
    """Return a few words, such as `tight: 5 cards on 3 networks looked at`."""
    proof, meanwhile = one.proof, work.words if work is not None else ""
    match state_of(one, work):
        case State.BREACHED:
            told = f"not tight: {count(len(breaches_of(one, work)), 'breach', 'breaches')}"
            return f"{told}; {meanwhile}" if meanwhile else told
        case State.STRANDED:
            return f"{one_line(one.silent)} does not answer: redeploy it elsewhere"
        case State.OFF_PLAN:
            return f"tight; {in_short(one.heard)}"
        case State.UNHEARD:
            silent = sum(heard.said is Said.NOTHING for heard in one.heard)
            return f"tight; {count(silent, 'address', 'addresses')} not reported yet"
        case State.TIGHT:
            told = in_short(one.heard)
            looked = f"tight: {count(proof.cards, 'card')} on {count(proof.networks, 'network')} looked at"
            return f"{looked}; {told}" if told else looked
        case State.IN_WORK | State.CUT_OFF | State.LOST:
            return meanwhile
