"""What a card on the board shows now, from all that the console knows of it."""

from xsconsole.console import Estate
from xsconsole.domain.board import Card
from xsconsole.domain.drift import Against
from xsconsole.domain.estate import waited_for
from xsconsole.domain.fence.state import State, breaches_of, state_words, strays_of
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.fidelity import likeness
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.domain.runs import RunState, RunStatus
from xsconsole.domain.stays import stay_of
from xsconsole.domain.workflow import Stage
from xsconsole_ui.board.faces import Chip, Face, Tone, face_of, told
from xsconsole_ui.silence import silence_of
from xsconsole_ui.texts import tr

GOING = (RunState.RUNNING, RunState.UNDOING)
OUTSIDE = "outside"  # where the chip of changes from outside leads
FENCE_NAME = 24  # characters of a fence's name on a chip


def shown(card: Card, stage: Stage, console: Estate) -> tuple[Face, str]:
    """Return a card's face, and the whole of it in words."""
    away = console.away(card.id)
    pool = console.pool_name(console.of_card(card.id))
    silence, asked = silence_of(card, console), console.requests.of(card.id)
    run, is_away = _run_of(card.id, console), away is not None
    reviews = console.reviews.of(card.id)
    fenced = fence_chip(card, console)
    waiting = (*_waiting(card, console), *_stay(card, console), *drift_chip(card, console))
    outside = outside_chip(card, console)
    face = face_of(
        card,
        stage,
        run,
        is_away=is_away,
        waits_for="" if run is None else waited_for(run.plan.intent, console.sights),
        silence=silence,
        asked=asked,
        open_reviews=reviews,
        pool=pool,
        waiting=waiting,
        fenced=fenced,
        outside=outside,
    )
    reason = "" if away is None else away.reason
    return face, told(
        card,
        stage,
        asked,
        reviews,
        silence=silence,
        pool=pool,
        away=reason,
        waiting=waiting,
        fenced=fenced,
        outside=outside,
    )


def _waiting(card: Card, console: Estate) -> tuple[Chip, ...]:
    """Return that it waits for a place in a full stage, and as which."""
    found, workflow = console.queue.of_card(card.id), console.board.workflow
    if found is None:
        return ()
    place, entry = found
    target = workflow.stage(entry.target) if workflow is not None else None
    name = one_line(target.name) if target is not None else entry.target
    whole = tr("Waits in this console for a place in {stage}, as number {n}. {why}")
    text = tr("waits: {n}. for {stage}").format(n=place, stage=name)
    return (Chip(text, Tone.ACCENT, whole.format(stage=name, n=place, why=entry.why).strip()),)


def _stay(card: Card, console: Estate) -> tuple[Chip, ...]:
    """Return how long it may still stand in its stage, where that sets a time."""
    stay, at = stay_of(card, console.of_card(card.id).own_board.workflow), console.home.clock.now()
    if stay is None:
        return ()
    tone = Tone.BAD if stay.is_over(at) else Tone.WARN if stay.is_soon_over(at) else Tone.PLAIN
    return (Chip(tr("lease: {left}").format(left=stay.words(at)), tone, stay.sentence(at)),)


def drift_chip(card: Card, console: Estate) -> tuple[Chip, ...]:
    """Return how many fields really differ from what it is measured by; calmly where that is another version."""
    drift = console.drifting.of(card.id) if console.drifting is not None else None
    if drift is None or not drift.count:
        return ()
    first = console.board.cards.get(drift.baseline.configuration)
    is_like = drift.baseline.against in (Against.ORIGIN, Against.BLUEPRINT) or (
        first is not None and first.version == card.version
    )
    whole = likeness(drift.comparison, "")
    return (Chip(tr("drift: {n}").format(n=drift.count), Tone.WARN if is_like else Tone.PLAIN, whole.strip()),)


def outside_chip(card: Card, console: Estate) -> tuple[Chip, ...]:
    """Return how many changes from outside nobody has acknowledged; a click leads to them."""
    found = console.outside.of(card.id) if console.outside is not None else None
    if found is None:
        return ()
    text = tr("{n} changed outside").format(n=found.number)
    return (Chip(text, Tone.WARN, found.sentence, leads=OUTSIDE),)


def fence_chip(card: Card, console: Estate) -> Chip | None:
    """Return that a fence is around it, which one, and whether it is tight."""
    fencing = console.fencing
    watched = fencing.of(card.id) if fencing is not None else None
    if watched is None or fencing is None:
        return None
    fence, work, state = watched.standing.fence, fencing.work_on(watched), fencing.state(watched)
    # Cards of several fences of one original differ in nothing else; what the card says already is not said again.
    name = shortened(one_line(fence.name).removeprefix(f"{card.service} {card.version} "), FENCE_NAME)
    if state is State.BREACHED:
        whole = " ".join((tr("Its fence is not tight."), *(one.sentence for one in breaches_of(watched, work))))
        return Chip(tr("leaks: {name}").format(name=name), Tone.BAD, whole)
    if state in (State.STRANDED, State.CUT_OFF):
        whole = tr("Of its fence: {state}.").format(state=state_words(watched, work))
        text = tr("host silent: {name}") if state is State.STRANDED else tr("cut off: {name}")
        return Chip(text.format(name=name), Tone.WARN, whole)
    if state is State.OFF_PLAN:
        whole = " ".join(f"{one.sentence} {one.mend}" for one in strays_of(watched, work))
        return Chip(tr("off plan: {name}").format(name=name), Tone.WARN, whole)
    mode = mode_words(fence.mode)
    text = tr("not heard: {name}") if state is State.UNHEARD else tr("{name}: {mode}")
    whole = tr("In the fence “{name}”, {mode}: {state}.").format(
        name=one_line(fence.name), mode=mode, state=state_words(watched, work)
    )
    return Chip(text.format(name=name, mode=mode), whole=whole)


def _run_of(configuration: ConfigurationId, console: Estate) -> RunStatus | None:
    """Return this console's own run on it, where one goes on."""
    own = (status for status in console.runs if status.plan.intent.configuration == configuration)
    return next((status for status in own if status.state in GOING), None)
