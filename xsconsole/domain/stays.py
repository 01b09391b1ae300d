"""How long configurations may still stand in their stages: the lease of a stage, counted from when they came."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.closures import NEVER, Extension
from xsconsole.domain.health import Finding, Severity
from xsconsole.domain.inventory import Pool
from xsconsole.domain.naming import shortened
from xsconsole.domain.poolstate import Archived
from xsconsole.domain.words import count, duration, instant
from xsconsole.domain.workflow import Kind as Way
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole.domain.workflow.wording import span_words

DAY = timedelta(days=1)
SOON_PART = 5  # of the whole time; the last fifth is told
SOON_MOST = 3 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A configuration's time in its stage. `ends` None: since when it stands there is not known."""

    stage: Stage
    whole: timedelta
    at_end: LeaseEnd
    ends: datetime | None
    is_extended: bool = False

    def is_over(self, at: datetime) -> bool:
        return self.ends is not None and at >= self.ends

    def is_soon_over(self, at: datetime) -> bool:
        return self.ends is not None and at >= self.ends - min(self.whole / SOON_PART, SOON_MOST)

    def words(self, at: datetime) -> str:
        """Return in a few words how much is left, such as `12 days left` or `over for 2 days`."""
        if self.ends is None:
            return "time left not known"
        left = self.ends - at
        return f"over for {_rough(-left)}" if left <= timedelta() else f"{_rough(left)} left"

    def sentence(self, at: datetime) -> str:
        """Return all of it."""
        name, whole = shortened(self.stage.name, 60), span_words(round(self.whole.total_seconds()))
        if self.ends is None:
            return f"It may stand in {name} for {whole}; since when it does is not known."
        tense = "was over" if self.is_over(at) else "is over"
        longer = " and extended" if self.is_extended else ""
        return f"Its time in {name}, {whole}{longer}, {tense} at {instant(self.ends)}: {self.words(at)}."


def stay_of(card: Card, workflow: Workflow | None) -> Stay | None:
    """Return how long a configuration may stand where it does; None where its stage sets no time."""
    stage = workflow.stage(card.stage) if workflow is not None else None
    if stage is None or stage.lease is None:
        return None
    whole = timedelta(seconds=stage.lease.duration_s)
    ends = card.since + whole if card.since is not None else None
    longer = extension_of(card)
    is_extended = longer is not None and ends is not None and longer.until > ends
    if longer is not None and is_extended:
        ends = longer.until
    return Stay(stage=stage, whole=whole, at_end=stage.lease.at_end, ends=ends, is_extended=is_extended)


def extension_of(card: Card) -> Extension | None:
    """Return what was given to a configuration beyond its stage's lease, if that is about the stay that it is in."""
    given = card.extension
    if given is None or given.until == NEVER:  # what cannot be read counts for any
        return given
    return given if (given.stage, given.since) == (card.stage, card.since) else None


def last_archive(card: Card) -> Archived | None:
    """Return what was archived of it at the end of the stay that it is in; None where nothing was."""
    done = card.archived
    return done if done is not None and (done.stage, done.since) == (card.stage, card.since) else None


def what_to_do(card: Card, stay: Stay, workflow: Workflow) -> str:
    """Return what ends a stay: the ways out of the stage, and what its workflow wants done."""
    ways = [
        f"{verb} it to {' or '.join(names)}"
        for kind, verb in ((Way.PROMOTE, "promote"), (Way.DEMOTE, "demote"))
        if (names := [_name(workflow, way.target) for way in workflow.transitions_from(card.stage, kind)])
    ]
    told = "".join(f"{way}, " for way in ways) + ("or dissolve it" if ways else "dissolve it")
    is_running, done = any(member.power_state == "Running" for member in card.members), last_archive(card)
    wanted = {
        LeaseEnd.STOP: (
            " At its end the machines are shut down, unless somebody extends it."
            if is_running
            else " Its machines are off; extend its time before they are started again."
        ),
        LeaseEnd.ARCHIVE: (
            f" It was archived at {instant(done.at)} into {shortened(done.where, 120)} on {shortened(done.by, 60)}."
            if done is not None
            else " At its end it is shut down and archived into files, unless somebody extends it."
        ),
    }
    return f"{told[:1].upper()}{told[1:]}.{wanted.get(stay.at_end, '')}"


def examined_stays(board: Board, pool: Pool | None, at: datetime) -> Iterator[Finding | None]:
    """Look at one configuration after the other: whose time in its stage is over, or soon will be."""
    for card in tuple(board.cards.values()):
        stay, workflow = stay_of(card, board.workflow), board.workflow
        is_told = stay is not None and card.standing is not Standing.RUNNING and bool(card.members)
        if stay is None or workflow is None or not is_told or not stay.is_soon_over(at):
            yield None
            continue
        running = tuple(
            ObjectId(kind=Kind.VM, uuid=member.uuid) for member in card.members if member.power_state == "Running"
        )
        is_stopped = stay.is_over(at) and stay.at_end is LeaseEnd.STOP and bool(running)
        yield Finding(
            severity=Severity.WARNING if stay.is_over(at) else Severity.HINT,
            kind="time in stage",
            sentence=stay.sentence(at),
            mend=what_to_do(card, stay, workflow),
            object=ObjectId(kind=Kind.VM, uuid=card.members[0].uuid, pool=pool.uuid if pool is not None else None),
            name=card.name,
            act=Act.SHUT_DOWN if is_stopped else None,
            targets=running if is_stopped else (),
            pool=pool.name_label if pool is not None else "",
        )


def _name(workflow: Workflow, stage_id: str) -> str:
    return shortened(next((stage.name for stage in workflow.stages if stage.id == stage_id), stage_id), 60)


def _rough(span: timedelta) -> str:
    return count(span // DAY, "day") if span >= 2 * DAY else duration(span.total_seconds())
