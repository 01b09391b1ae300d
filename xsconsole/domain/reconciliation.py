"""This console's rows beside xapi's own log: what it did is found there, what others did to its machines is told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xsconsole.domain.claims import shortened_session
from xsconsole.domain.drift.causes import Call
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.outside import NOBODY_SPEAKS, Foreign, Machines, Speakers, by_whom, foreign_in
from xsconsole.domain.record import AuditEvent, AuditRow, Outcome, Verdict
from xsconsole.domain.words import count, instant

CHECK = "reconciliation"
TRACKED = frozenset({AuditEvent.CONNECTED, AuditEvent.LINK_RESTORED})
"""Rows that name a session of this console as xapi's log does."""
CALLING = frozenset({"start", "shut-down", "member"})
"""Steps that cannot be done without a call about the machine itself."""
TOLERANCE = timedelta(minutes=15)  # between the clocks of a console and its pool, and for a step that takes long
GRACE = timedelta(minutes=1)  # for a line to get into the log; a younger step is looked for the next time
MOST_TOLD = 1000
COPIED = (
    "A copy of this home is at work there with this console's key, and leaves its rows elsewhere: "
    "let it begin in a new home, with a key of its own."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Up to where a pool's log and the steps of the record were compared.

    `until` is the time of the last line, by the pool's clock, and `lines` how many have that very time; `row` is the
    number of the last step. Without `lines` none of that time is read again.
    """

    until: datetime
    lines: int | None = None
    row: int = 0

    def beyond(self, calls: Sequence[Call]) -> Sequence[Call]:
        """Return the calls that come after it, of a log that is told oldest first."""
        known = len(calls) if self.lines is None else self.lines
        later: list[Call] = []
        for call in calls:
            if call.at == self.until and known > 0:
                known -= 1
            elif call.at >= self.until:
                later.append(call)
        return later

    def after(self, calls: Sequence[Call], row: int) -> "Position":
        """Return the position once these, which begin before this position, and steps up to `row` are compared."""
        last = max((call.at for call in calls), default=self.until)
        if last <= self.until:
            return Position(until=self.until, lines=self._lines_in(calls), row=max(self.row, row))
        return Position(until=last, lines=sum(call.at == last for call in calls), row=max(self.row, row))

    def _lines_in(self, calls: Sequence[Call]) -> int | None:
        same = sum(call.at == self.until for call in calls)
        return max(same, self.lines) if self.lines is not None else same or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A step of ours that xapi's log does not tell of."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was compared, from `since` to `until`, and what came of it. `found` are steps of ours."""

    since: datetime
    until: datetime
    calls: int
    found: int
    missing: tuple[Missing, ...]
    foreign: tuple[Foreign, ...]
    end: Position  # where the next comparison begins
    begins: datetime | None = None  # of a log that does not reach back to steps of ours
    has_sessions: bool = True  # rows name sessions of ours; without, nothing tells ours from others
    left_out: int = 0  # changes of others beyond the most that is told at once

    @property
    def is_news(self) -> bool:
        return bool(self.found or self.missing or self.foreign)

    @property
    def verdict(self) -> Verdict:
        """Return what it says of the record: a missing step is wrong; what no console answers for is told."""
        span = f"from {instant(self.since)} to {instant(self.until)}"
        late = f" The log begins only at {instant(self.begins)}." if self.begins is not None else ""
        if not self.has_sessions:
            sentence = f"Not compared with the pool's own log {span}: no row names a session of this console."
            return Verdict(check=CHECK, is_good=True, sentence=sentence, is_vouched=False)
        if self.missing:
            first = self.missing[0]
            more = f" {len(self.missing) - 1} more are missing." if len(self.missing) > 1 else ""
            sentence = f"Row {first.seq} tells of “{first.what}”, and the pool's own log does not.{more}{late}"
            return Verdict(check=CHECK, is_good=False, sentence=sentence, seq=first.seq)
        ours = f"{count(self.found, 'step')} of this console {'is' if self.found == 1 else 'are'} in the pool's own log"
        more = f" {count(self.left_out, 'more is', 'more are')} not listed." if self.left_out else ""
        strangers, others = by_whom(self.foreign)
        if any(one.claimant is not None and one.claimant.is_own for one in self.foreign):
            more = f"{more} {COPIED}"
        if strangers:
            told = (
                f"{count(len(strangers), 'change')} to its machines {'is' if len(strangers) == 1 else 'are'} not ours"
            )
            beside = f" {count(len(others), 'more is', 'more are')} of other consoles." if others else ""
            sentence = f"{ours}, {span}. {told}: {strangers[0].sentence}.{beside}{more}{late}"
            return Verdict(check=CHECK, is_good=True, sentence=sentence, is_vouched=False)
        but = f" but other consoles, {count(len(others), 'change')} in all" if others else ""
        sentence = f"{ours}, {span}, and nobody else changed its machines{but}.{more}{late}"
        return Verdict(
            check=CHECK, is_good=True, sentence=sentence, is_vouched=self.begins is None and COPIED not in more
        )


def sessions_of(rows: Iterable[AuditRow]) -> frozenset[str]:
    """Return the sessions of ours that rows name, as xapi's log writes them."""
    return frozenset(newest_sessions(rows))


def newest_sessions(rows: Iterable[AuditRow]) -> tuple[str, ...]:
    """Return the same in the order of the rows, each once."""
    found = ((row.fact.details or {}).get("trackid") for row in rows if row.fact.event in TRACKED)
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str) and one))


def position_in(row: AuditRow) -> Position | None:
    """Return up to where a row says that was compared; None where it does not."""
    details = row.fact.details or {}
    until, lines, steps = details.get("until"), details.get("lines"), details.get("steps_to")
    if not isinstance(until, str):
        return None
    return Position(
        until=datetime.fromisoformat(until),
        lines=lines if isinstance(lines, int) else None,
        row=steps if isinstance(steps, int) else 0,
    )


def claimed_sessions(calls: Iterable[Call], claimed: Collection[str]) -> frozenset[str]:
    """Return the sessions of a log that are claimed; a claim has only the first digits of each."""
    return frozenset(call.session for call in calls if shortened_session(call.session) in claimed)


def reached(calls: Sequence[Call], claimed: Sequence[str], earliest: datetime, begun: datetime) -> Position:
    """Return from where on a log is compared in a record that knows nothing of what was compared before it.

    `calls` are oldest first; `claimed` are the sessions that this console claims on the pool, newest first, and tell
    which of them are its own. From the first call of the oldest on, or from `earliest` where the log has none of it any
    more; from `begun`, the first log-in in the record, where nothing is claimed.
    """
    if not claimed:
        return Position(until=max(earliest, begun))
    first = next((call.at for call in calls if shortened_session(call.session) == claimed[-1]), earliest)
    return Position(until=max(earliest, min(first, begun)), lines=0)


def reconciled(
    calls: Sequence[Call],
    rows: Iterable[AuditRow],
    own: frozenset[str],
    machines: Machines,
    refs: Mapping[Uuid, Ref],
    position: Position,
    now: datetime,
    speakers: Speakers = NOBODY_SPEAKS,
    ahead: timedelta = timedelta(),
) -> Reconciled:
    """Compare. `calls` are oldest first and begin before `position`; `own` are all sessions of ours.

    `rows` are those that come after `position`, oldest first; `refs` are the machines that there are. `ahead` says how
    much later the clock of the log is now than that of the rows; when these were written it may have been anywhere up
    to there, as that of a pool which goes faster.
    """
    ours = [call for call in calls if call.session in own]
    found, missing, row_done = 0, [], position.row
    first = calls[0].at if calls else None
    begins: datetime | None = None
    for row in rows:
        ref = refs.get(_machine_of(row))
        if ref is not None and any(ref in call.objects and _is_then(call.at - row.at, ahead) for call in ours):
            found += 1
        elif ref is not None and first is not None and row.at + ahead < first - TOLERANCE:
            begins = first
        elif ref is not None and row.at > now - GRACE:
            break
        elif ref is not None:
            missing.append(Missing(seq=row.seq, what=shortened(str((row.fact.details or {}).get("what", "")), 80)))
        row_done = row.seq
    fresh, end = position.beyond(calls), position.after(calls, row_done)
    foreign = foreign_in(fresh, own, machines, speakers) if own else []
    strangers, others = by_whom(foreign)
    told = (*strangers, *others)[:MOST_TOLD]  # however much consoles did, it crowds nobody else out
    return Reconciled(
        since=position.until,
        until=end.until,
        calls=len(fresh),
        found=found,
        missing=tuple(missing),
        foreign=tuple(sorted(told, key=lambda one: one.first)),
        left_out=max(0, len(foreign) - MOST_TOLD),
        begins=begins,
        has_sessions=bool(own),
        end=end,
    )


def _is_then(later: timedelta, ahead: timedelta) -> bool:
    none = timedelta()
    return min(ahead, none) - TOLERANCE <= later <= max(ahead, none) + TOLERANCE


def _machine_of(row: AuditRow) -> Uuid:
    """Return the machine that a settled step of ours must have called; empty where it called none."""
    action = (row.fact.details or {}).get("action")
    is_step = row.fact.event is AuditEvent.STEP_SETTLED and row.fact.outcome is Outcome.DONE
    if not is_step or not isinstance(action, dict) or action.get("type") not in CALLING:
        return Uuid("")
    return Uuid(str(action.get("vm", "")))
