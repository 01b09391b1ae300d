"""What stands against a transition now: one function, for the drag, the card, the plan, a request and the engine.

Closures are judged by every clock that is given: one is over when all of them say so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from xsconsole.domain.board import Board, Card
from xsconsole.domain.closures import LONG_AGO, Freeze, Hold, Quarantine, Stop
from xsconsole.domain.gates import Scene, is_told_by_records, judge
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import duration, instant
from xsconsole.domain.workflow import Kind, Stage, Transition
from xsconsole.domain.workflow.calendars import Span, joined, span_of
from xsconsole.domain.workflow.gates import MaintenanceWindow, When
from xsconsole.domain.workflow.wording import calendar_words

REASON_SHOWN = 100  # characters


class BarrierKind(StrEnum):
    """In the order in which they are told."""

    STOP = "stop-the-line"
    QUARANTINE = "quarantine"
    HOLD = "hold"
    FREEZE = "freeze"
    SOAK = "soak"
    GATE = "gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """One condition that is not met. `sentence` says which and why, `mend` what lets it through in the ordinary way.

    `until` is when it falls away by itself, None: not known, or never. `overridable` ones an emergency may pass.
    """

    kind: BarrierKind
    sentence: str
    mend: str
    since: datetime | None = None
    until: datetime | None = None
    overridable: bool = False
    gate: int = 0  # of a gate: which one of the transition, from 1


def barriers_of(way: Transition, scene: Scene) -> tuple[Barrier, ...]:
    """Return everything that stands against taking a configuration along `way`, as far as the records tell. Pure."""
    return (*_stop(way, scene), *_card(way, scene), *_freezes(way, scene), *_soak(way, scene), *_gates(way, scene))


def barriers_on(card: Card) -> tuple[Barrier, ...]:
    """Return what stands against any promotion of a configuration, wherever to: its hold, its version's quarantine."""
    found: list[Barrier] = []
    if card.quarantine is not None:
        found.append(quarantined(card.service, card.version, card.quarantine))
    if card.hold is not None:
        found.append(_hold(card, card.hold))
    return tuple(found)


def stop_of(board: Board) -> Barrier | None:
    """Return the barrier of a line that is stopped."""
    stop = board.closures.stop
    return stopped(stop) if stop is not None else None


def freeze_of(stage: Stage, board: Board, clocks: Iterable[datetime]) -> Span | None:
    """Return the freeze of a stage that holds by any of the clocks, or else the next one; None where none is known."""
    found = []
    for at in clocks:
        calendars = (span_of(calendar, at) for calendar in stage.freezes)
        known = [span for span in calendars if span is not None]
        span = joined([*known, *(_span(freeze) for freeze in board.closures.freezes if _is_of(freeze, stage))], at)
        if span is not None and span.holds(at):
            return span
        found.append(span)
    return min((span for span in found if span is not None), key=lambda span: span.begins, default=None)


def freezes_of(stage: Stage, board: Board, clocks: Sequence[datetime]) -> tuple[str, ...]:
    """Return a sentence for each freeze of a stage: those that hold, and those that come."""
    told: list[str] = []
    for spans, what, by_hand, _ in _freezing(stage, board, clocks):
        held = [barrier.sentence for barrier in _frozen(stage, spans, what, by_hand=by_hand)]
        coming = [span for span, _ in spans if span is not None]
        told += held or [f"From {instant(span.begins)}: {what}." for span in coming[:1]]
    return tuple(told)


# --- each kind ------------------------------------------------------------------------------------------------------


def _stop(way: Transition, scene: Scene) -> Iterator[Barrier]:
    stop = scene.board.closures.stop
    if stop is not None and (way.kind is Kind.PROMOTE or stop.is_total):
        yield stopped(stop)


def stopped(stop: Stop) -> Barrier:
    """Return what a stop of the line says."""
    what = "Nothing is promoted or demoted" if stop.is_total else "Nothing is promoted"
    return Barrier(
        kind=BarrierKind.STOP,
        sentence=f"{_by(stop.by, 'Somebody')} stopped the line{_when(stop.at)}: {_reason(stop.reason)} {what}.",
        mend="Release the line once its reason is mended; `xsconsole line release` does. An emergency goes past it.",
        since=_known(stop.at),
        overridable=True,
    )


def _card(way: Transition, scene: Scene) -> tuple[Barrier, ...]:
    return barriers_on(scene.card) if way.kind is Kind.PROMOTE else ()


def quarantined(service: str, version: str, found: Quarantine) -> Barrier:
    """Return what a quarantine says of a version."""
    what = f"{shortened(service, 60)} {shortened(version, 60)}"
    return Barrier(
        kind=BarrierKind.QUARANTINE,
        sentence=f"{what} is quarantined{_who(found.by, found.at)}: {_reason(found.reason)}",
        mend="Promote another version, or lift the quarantine.",
        since=_known(found.at),
        overridable=True,
    )


def _hold(card: Card, found: Hold) -> Barrier:
    why = "since it was demoted" if found.run is not None else ""
    held = " ".join(part for part in (f"{shortened(card.name, 60)} is held", why) if part)
    return Barrier(
        kind=BarrierKind.HOLD,
        sentence=f"{held}{_who(found.by, found.at)}: {_reason(found.reason)}",
        mend="Lift the hold when it may be promoted again.",
        since=_known(found.at),
        overridable=True,
    )


def _freezes(way: Transition, scene: Scene) -> Iterator[Barrier]:
    board, clocks = scene.board, (scene.at, *scene.also_at)
    workflow = board.workflow
    ends = (way.target, way.source)
    for stage in (found for end in ends if workflow is not None and (found := workflow.stage(end)) is not None):
        is_entered = stage.id == way.target and way.kind is Kind.PROMOTE
        for spans, told, by_hand, is_total in _freezing(stage, board, clocks):
            if is_entered or is_total:
                yield from _frozen(stage, spans, told, by_hand=by_hand)


def _freezing(
    stage: Stage, board: Board, clocks: Sequence[datetime]
) -> Iterator[tuple[list[tuple[Span | None, datetime]], str, bool, bool]]:
    """Yield each freeze of a stage: when by each clock, why, whether somebody froze it by hand, and if it is total."""
    for freeze in board.closures.freezes:
        if _is_of(freeze, stage) and (freeze.ends is None or any(at < freeze.ends for at in clocks)):
            yield [(_span(freeze), at) for at in clocks], _told(freeze), True, freeze.is_total
    for calendar in stage.freezes:
        told = f"every week {calendar_words(calendar)}{_told_reason(calendar.reason)}"
        yield [(span_of(calendar, at), at) for at in clocks], told, False, calendar.is_total


def _frozen(
    stage: Stage, spans: Sequence[tuple[Span | None, datetime]], told: str, *, by_hand: bool
) -> Iterator[Barrier]:
    name = shortened(stage.name, 60)
    if any(span is None for span, _ in spans):
        yield Barrier(
            kind=BarrierKind.FREEZE,
            sentence=f"{name} is frozen {told}, and this computer does not know that time zone.",
            mend="Correct the zone in the workflow.",
            overridable=True,
        )
        return
    holding = [(span, at) for span, at in spans if span is not None and span.holds(at)]
    if not holding:
        return
    span, at = holding[0]
    until = f"until {instant(span.ends)}" if span.ends is not None else "until somebody lifts it"
    doubt = "" if at == spans[0][1] else " By the pool's clock it is still so."
    yield Barrier(
        kind=BarrierKind.FREEZE,
        sentence=f"{name} is frozen {until}: {told}.{doubt}",
        mend=f"{'Wait until then, or l' if span.ends is not None else 'L'}ift the freeze; `xsconsole freeze lift` does."
        if by_hand
        else "Wait until then, or change the calendar in the workflow; an emergency goes past it.",
        since=_known(span.begins),
        until=span.ends,
        overridable=True,
    )


def _soak(way: Transition, scene: Scene) -> Iterator[Barrier]:
    if not way.soak_s:
        return
    name, span = shortened(scene.card.name, 60), duration(way.soak_s)
    until = scene.card.since + timedelta(seconds=way.soak_s) if scene.card.since is not None else None
    if until is None:
        sentence = f"It is not known since when {name} stands there; it must for {span}."
    elif min(scene.at, *scene.also_at, scene.at) < until:
        sentence = f"{name} must stand there for {span}: until {instant(until)}."
    else:
        return
    yield Barrier(
        kind=BarrierKind.SOAK,
        sentence=sentence,
        mend=f"{DEMANDED} {'Wait until then; an' if until is not None else 'An'} emergency goes past it.",
        since=scene.card.since,
        until=until,
        overridable=True,
    )


def _gates(way: Transition, scene: Scene) -> Iterator[Barrier]:
    for number, gate in enumerate(way.gates, start=1):
        if gate.when is When.BEFORE and is_told_by_records(gate) and not (answer := judge(gate, scene)).is_met:
            yield Barrier(
                kind=BarrierKind.GATE,
                sentence=answer.sentence,
                mend=answer.mend,
                until=answer.until,
                overridable=isinstance(gate, MaintenanceWindow),  # the others keep machines and data whole
                gate=number,
            )


DEMANDED = "The workflow demands it before this way."


# --- words ----------------------------------------------------------------------------------------------------------


def _span(freeze: Freeze) -> Span:
    return Span(begins=freeze.begins, ends=freeze.ends)


def _is_of(freeze: Freeze, stage: Stage) -> bool:
    return freeze.stage in (None, stage.id)


def _told(freeze: Freeze) -> str:
    reason = _reason(freeze.reason).removesuffix(".")
    return f"{reason} ({shortened(freeze.by, 60)})" if freeze.by else reason


def _told_reason(reason: str) -> str:
    return f", {_reason(reason).removesuffix('.')}" if reason else ""


def _by(actor: str, otherwise: str) -> str:
    return shortened(actor, 60) or otherwise


def _who(actor: str, at: datetime) -> str:
    return (f" by {shortened(actor, 60)}" if actor else "") + _when(at)


def _when(at: datetime) -> str:
    return f" at {instant(at)}" if _known(at) is not None else ""


def _known(at: datetime) -> datetime | None:
    return at if at > LONG_AGO else None


def _reason(text: str) -> str:
    shown = shortened(text, REASON_SHOWN).strip() or "no reason given"
    return shown if shown.endswith((".", "!", "?", "…")) else f"{shown}."
