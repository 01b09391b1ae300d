"""What a card shows, as a value: equal faces look equal, so a painted one can be kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from xsconsole.domain import words
from xsconsole.domain.barriers import Barrier, BarrierKind, barriers_on
from xsconsole.domain.board import Card, RunView, Standing, past_name
from xsconsole.domain.estate import on_its_way
from xsconsole.domain.folding import one_line, shortened
from xsconsole.domain.naming import own_name
from xsconsole.domain.plan import Disks, RunKind
from xsconsole.domain.requests.views import RequestState, RequestView, waiting_words
from xsconsole.domain.reviews import ReviewView, could_words
from xsconsole.domain.runs import RunState, RunStatus, share_of
from xsconsole.domain.workflow import Stage
from xsconsole_ui import times
from xsconsole_ui.texts import tr

MOST_CHIPS = 3
OWN_NAME = 24  # characters of what a configuration is called, on a chip
PROGRESS_STEPS = 200  # a bar is repainted when it grew by this part of its length


class Tone(StrEnum):
    PLAIN = "plain"
    ACCENT = "accent"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Chip:
    """A few words about what matters now; `whole` says all of it, `leads` where a click on it leads."""

    text: str
    tone: Tone = Tone.PLAIN
    whole: str = ""
    leads: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Everything a card paints. `powers` are XAPI's power states; `progress` is 0 to 1, None when nothing runs."""

    name: str
    version: str
    powers: tuple[str, ...]
    facts: str
    size: str  # stands alone where there is no room for the facts
    chips: tuple[Chip, ...]
    progress: float | None = None
    step: str = ""
    is_away: bool = False  # its pool is: this is the last known state


POWER_WORDS = {"Running": "running", "Halted": "halted", "Suspended": "suspended", "Paused": "paused"}

DOING = {
    RunKind.PROMOTE: "promoting",
    RunKind.DEMOTE: "demoting",
    RunKind.CREATE: "creating",
    RunKind.ADD: "adding members",
    RunKind.REMOVE: "removing members",
    RunKind.ADOPT: "adopting",
    RunKind.DISSOLVE: "dissolving",
    RunKind.MAP: "mapping",
    RunKind.FREEZE: "freezing",
    RunKind.THAW: "removing what was frozen",
    RunKind.PRUNE: "removing restore points",
    RunKind.REPLICATE: "replicating",
    RunKind.MEND: "mending",
    RunKind.REFRESH: "refreshing",
    RunKind.ARCHIVE: "archiving",
    RunKind.RETIRE: "retiring",
    RunKind.DELETE_ARCHIVE: "deleting an archive",
    RunKind.RETURN: "restoring",
    RunKind.PROVE: "proving its archive",
    RunKind.IMPORT: "importing",
    RunKind.CAPTURE: "capturing",
    RunKind.HALT: "shutting down",
    RunKind.START: "starting",
    RunKind.SHUT_DOWN: "shutting down",
    RunKind.REBOOT: "rebooting",
    RunKind.SUSPEND: "suspending",
    RunKind.RESUME: "resuming",
    RunKind.SNAPSHOT: "taking a restore point",
    RunKind.REVERT: "reverting",
    RunKind.RENAME: "renaming",
    RunKind.NOTE: "writing its notes",
    RunKind.PROVISION: "provisioning",
    RunKind.DELETE: "deleting",
    RunKind.MIGRATE: "migrating",
    RunKind.DEPLOY: "deploying in a fence",
    RunKind.UNDEPLOY: "taking its fence away",
    RunKind.PARK: "shutting its fence down",
    RunKind.REDEPLOY: "starting its fence",
    RunKind.REROUTE: "changing its fence",
    RunKind.ARRANGE: "arranging its members",
}


def face_of(
    card: Card,
    stage: Stage | None,
    status: RunStatus | None,
    *,
    is_away: bool = False,
    waits_for: str = "",
    silence: str = "",
    asked: Sequence[RequestView] = (),
    open_reviews: Sequence[ReviewView] = (),
    pool: str = "",
    waiting: tuple[Chip, ...] = (),
    fenced: Chip | None = None,
    outside: tuple[Chip, ...] = (),
) -> Face:
    """Return what the card shows; `status` is this console's own run on it, which waits while the pool is away.

    `waits_for` is the name of the pool of that run that is away, where it is about two.
    `silence` is what is known of another console that works on it and gives no sign of life; `asked` are the requests
    for it, `open_reviews` what others still have to look at; `pool` is the name of its pool, where there are several;
    `waiting` says that it waits for a place, `fenced` that a fence is around it, `outside` that others changed it.
    """
    has_parts = bool(card.service and card.version)
    progress, step = _progress(card.run, status, is_away=is_away, waits_for=waits_for)
    return Face(
        name=card.service if has_parts else card.name,
        version=card.version if has_parts else "",
        powers=tuple(member.power_state for member in card.members),
        facts=f"{words.count(len(card.members), 'VM')} · {words.size(card.disks_bytes)}",
        size=words.size(card.disks_bytes),
        chips=(
            *_of_pool(pool),
            *(_called(card) if has_parts and fenced is None else ()),
            *chips_of(
                card,
                stage,
                asked,
                open_reviews,
                is_ours=status is not None,
                silence=silence,
                waiting=waiting,
                fenced=fenced,
                outside=outside,
            )[:MOST_CHIPS],
        ),
        progress=progress,
        step=step,
        is_away=is_away,
    )


def chips_of(
    card: Card,
    stage: Stage | None,
    asked: Sequence[RequestView] = (),
    open_reviews: Sequence[ReviewView] = (),
    *,
    is_ours: bool = False,
    silence: str = "",
    waiting: tuple[Chip, ...] = (),
    fenced: Chip | None = None,
    outside: tuple[Chip, ...] = (),
) -> tuple[Chip, ...]:
    """Return what is wrong, what it waits for and what it is, in this order; `is_ours`: this console runs on it.

    `asked` are the requests for it, `open_reviews` what others still have to look at.
    """
    urgent = () if card.run is None or not card.run.record.plan.is_emergency else (_emergency(card.run),)
    silent = (Chip(tr("no sign of life"), Tone.WARN, silence),) if silence else ()
    waits = () if is_ours else (*_waits(card), *waiting, *map(_request, asked))
    bad, calm = ((fenced,), ()) if fenced is not None and fenced.tone is Tone.BAD else ((), (fenced,) if fenced else ())
    wrong = (*_wrong(card), *bad, *_abroad(card), *outside)
    what = (*wrong, *urgent, *map(_closed, barriers_on(card)), *map(_review, open_reviews))
    return (*what, *silent, *_on_its_way(card), *waits, *calm, *_is(card, stage))


def _closed(barrier: Barrier) -> Chip:
    if barrier.kind is BarrierKind.QUARANTINE:
        return Chip(tr("quarantined"), Tone.BAD, barrier.sentence)
    return Chip(tr("held"), Tone.WARN, barrier.sentence)


def _request(view: RequestView) -> Chip:
    tone = {RequestState.WAITING: Tone.ACCENT, RequestState.APPROVED: Tone.GOOD}.get(view.state, Tone.WARN)
    verb = view.request.intent.kind.value
    whole = f"{verb.capitalize()}: it {waiting_words(view)}. {view.sentence}"
    ended = {
        RequestState.VOID: tr("request void"),
        RequestState.REJECTED: tr("request rejected"),
        RequestState.EXPIRED: tr("request expired"),
        RequestState.UNTRUSTED: tr("request not trusted"),
    }
    return Chip(ended.get(view.state) or waiting_words(view), tone, whole)


def _emergency(run: RunView) -> Chip:
    passed = " ".join(override.sentence for override in run.record.plan.overrides or ())
    return Chip(tr("EMERGENCY"), Tone.BAD, tr("Emergency: it goes past {passed}").format(passed=passed))


def _review(view: ReviewView) -> Chip:
    text = tr("emergency to review") if view.is_emergency else tr("to review")
    what = tr("Emergency") if view.is_emergency else tr("Review")
    whole = f"{what}: {view.item.reason}. Review {view.standing}. {could_words(view)}"
    return Chip(text, Tone.BAD if view.is_emergency or view.is_late else Tone.WARN, whole)


def _called(card: Card) -> tuple[Chip, ...]:
    name = own_name(card)  # what several of one service and version are told apart by; a fence's chip does that too
    return (
        (Chip(shortened(one_line(name), OWN_NAME), whole=tr("Called “{name}”").format(name=one_line(name))),)
        if name
        else ()
    )


def _of_pool(pool: str) -> tuple[Chip, ...]:
    return (Chip(pool, whole=tr("Pool {name}").format(name=pool)),) if pool else ()


def told(
    card: Card,
    stage: Stage | None,
    asked: Sequence[RequestView] = (),
    open_reviews: Sequence[ReviewView] = (),
    *,
    silence: str = "",
    pool: str = "",
    away: str = "",
    waiting: tuple[Chip, ...] = (),
    fenced: Chip | None = None,
    outside: tuple[Chip, ...] = (),
) -> str:
    """Return the whole card in words, for tooltips and screen readers; `away` says that its pool is."""
    place = stage.name if stage else tr("unknown stage “{stage}”").format(stage=past_name(card.stage, (card,)))
    lines = [
        f"{card.name} · {place}",
        f"{words.count(len(card.members), 'VM')}, {words.size(card.disks_bytes)}: {powers_in_words(card)}",
        *(
            chip.whole or chip.text
            for chip in (
                *_of_pool(pool),
                *chips_of(
                    card,
                    stage,
                    asked,
                    open_reviews,
                    silence=silence,
                    waiting=waiting,
                    fenced=fenced,
                    outside=outside,
                ),
            )
        ),
        *((away,) if away else ()),
    ]
    return "\n".join(lines)


def powers_in_words(card: Card) -> str:
    """Return such as `3 running, 1 halted`."""
    counted = Counter(POWER_WORDS.get(member.power_state, member.power_state.lower()) for member in card.members)
    return ", ".join(f"{number} {word}" for word, number in counted.items()) or tr("no members left")


def _wrong(card: Card) -> tuple[Chip, ...]:
    match card.standing:
        case Standing.INCOMPLETE:
            text = tr("incomplete: {n} gone").format(n=len(card.missing)) if card.missing else tr("incomplete")
            return (Chip(text, Tone.BAD, " ".join(("Incomplete.", *card.problems))),)
        case Standing.INCONSISTENT:
            return (Chip(tr("inconsistent"), Tone.BAD, " ".join(("Inconsistent.", *card.problems))),)
        case Standing.INTERRUPTED:
            return (
                Chip(tr("interrupted"), Tone.WARN, tr("Interrupted: a run stopped half-way. Resume it or undo it.")),
            )
        case Standing.RUNNING | Standing.WHOLE:
            return ()


def _on_its_way(card: Card) -> tuple[Chip, ...]:
    pool = one_line(on_its_way(card))
    if not pool:
        return ()
    whole = tr("A run brings its machines to pool {pool}; until that has ended, some are in both.").format(pool=pool)
    return (Chip(tr("on its way to {pool}").format(pool=pool), Tone.ACCENT, whole),)


def _abroad(card: Card) -> tuple[Chip, ...]:
    if on_its_way(card):
        return ()
    return tuple(
        Chip(
            tr("also in {pool}").format(pool=pool),
            Tone.BAD if any(member.uuid in card.missing for member in members) else Tone.WARN,
            tr("Machines of it in pool {pool}: {names}.").format(
                pool=pool, names=words.listing(tuple(member.name for member in members))
            ),
        )
        for pool, members in card.abroad
    )


def _waits(card: Card) -> tuple[Chip, ...]:
    if card.standing is not Standing.RUNNING or card.run is None:
        return ()
    record, intent = card.run.record, card.run.record.plan.intent
    word, whole = tr(DOING[intent.kind]), tr("{actor} is {word} it from {console_name}.")
    if record.is_undoing:
        word = tr("undoing")
    elif card.id == intent.incumbent and intent.disks is Disks.SWAP:
        word = tr("coming back")
        whole = tr("{actor} lets it take its place again from {name}, from {console_name}.")
    elif card.id == intent.incumbent:
        word, whole = tr("giving way"), tr("{actor} lets it give way to {name}, from {console_name}.")
    whole = whole.format(actor=record.actor, word=word, name=intent.name, console_name=record.console_name)
    return (Chip(f"{word}: {record.actor}", Tone.ACCENT, whole),)


def _is(card: Card, stage: Stage | None) -> tuple[Chip, ...]:
    found: list[Chip] = []
    if stage is not None and stage.protection:
        blocked = ", ".join(operation.replace("_", " ") for operation in stage.protection)
        found.append(
            Chip(
                tr("protected"),
                whole=tr("Protected in {name}: {blocked} is blocked on its members.").format(
                    name=stage.name, blocked=blocked
                ),
            )
        )
    point = next((point for point in card.restore_points if point.is_whole), None)
    if point is not None:
        found.append(
            Chip(
                tr("restore point {short_time}").format(short_time=times.short_time(point.at)),
                whole=tr("Restore point of {exact_time}.").format(exact_time=times.exact_time(point.at)),
            )
        )
    return tuple(found)


def _progress(
    run: RunView | None, status: RunStatus | None, *, is_away: bool, waits_for: str
) -> tuple[float | None, str]:
    if status is not None and status.state in (RunState.RUNNING, RunState.UNDOING):
        step = next((status.plan.step(key) for key in status.current), None)
        doing = words.describe(step) if step is not None else tr("Starting")
        shown = tr("Undoing: {doing}").format(doing=doing) if status.state is RunState.UNDOING else doing
        if waits_for:
            shown = tr("Waiting for pool “{pool}”: {doing}").format(pool=one_line(waits_for), doing=shown)
        elif is_away:
            shown = tr("Waiting for the pool: {doing}").format(doing=shown)
        return _rounded(status.progress), shown
    if run is None or run.holder is None:
        return None, ""
    record = run.record
    done = _rounded(share_of(record.plan, set(record.settled) - set(record.undone)))
    if record.is_undoing:
        return done, tr("Undoing")
    coming = next((step for step in record.plan.steps if step.key not in record.settled), None)
    return done, words.describe(coming) if coming else tr("Finishing")


def _rounded(part: float) -> float:
    return round(min(1.0, max(0.0, part)) * PROGRESS_STEPS) / PROGRESS_STEPS
