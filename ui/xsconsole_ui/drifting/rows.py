"""Differences as rows, with since when they are so and who made them so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from xsconsole.console import since_of
from xsconsole.domain.comparison import Aspect, aspect_of
from xsconsole.domain.drift import Drift
from xsconsole.domain.folding import one_line
from xsconsole.domain.manifest import Change, Judged, Topic, Verdict, topic_of, words
from xsconsole.domain.mending import why_not
from xsconsole_ui import times
from xsconsole_ui.list_model import Column
from xsconsole_ui.texts import tr

OnRecord = Mapping[Topic, tuple[Change, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """One difference; `since` None: so when this console first looked. `who` is as xapi's own log tells."""

    judged: Judged
    since: datetime | None
    who: str = ""


def to_mend(rows: Sequence[DriftRow]) -> list[tuple[DriftRow, str]]:
    """Return each with why it is not brought back, empty where it is.

    What a rule allows stays as it is where drift is among them: who selects all means the drift.
    """
    is_mixed = any(row.judged.verdict is Verdict.DRIFT for row in rows)

    def why(row: DriftRow) -> str:
        if is_mixed and row.judged.verdict is not Verdict.DRIFT:
            return tr("a rule allows it")
        return why_not(row.judged.change)

    return [(row, why(row)) for row in rows]


def rows_of(
    drift: Drift,
    on_record: OnRecord,
    who: Mapping[Topic, str],
    role: str | None = None,
    aspect: Aspect | None = None,
) -> tuple[DriftRow, ...]:
    """Return the differences of one member and class of fields, or of all: what really differs first."""
    comparison = drift.comparison
    wanted: Iterable[Judged] = (
        each
        for each in (*comparison.drift, *comparison.allowed)
        if role in (None, each.change.role) and aspect in (None, aspect_of(each.change))
    )
    return tuple(
        DriftRow(judged=each, since=since_of(each.change, drift, on_record), who=who.get(topic_of(each.change), ""))
        for each in wanted
    )


def columns_of_drift() -> tuple[Column[DriftRow], ...]:
    return (
        Column(head="Where", text=lambda row: words.place(row.judged.change), width=120),
        Column(head="What", text=lambda row: words.label(row.judged.change), width=208),
        Column(head="It has", text=lambda row: words.sides(row.judged.change)[1], tone=_tone, width=160),
        Column(head="In place of", text=lambda row: words.sides(row.judged.change)[0], width=150),
        Column(head="Since", text=since_text, hint=_since_hint, key=_since_key, tone=lambda _: "muted", width=70),
        Column(head="By", text=lambda row: one_line(row.who), hint=_who_hint, width=180),
        Column(head="Verdict", text=lambda row: words.verdict(row.judged), tone=_tone),
    )


SPARE = (5, 4)  # by whom and since when: said below of the one that is selected
WRAPPED = (0, 1, 2, 3, 6)  # columns


def history(row: DriftRow) -> str:
    """Return in a line since when a difference is so, and by whom."""
    what = f"{words.place(row.judged.change)}, {words.label(row.judged.change)}"
    since = tr("so since {time}").format(time=times.exact_time(row.since)) if row.since is not None else ""
    since = since or tr("so when this console first looked")
    who = tr("by {who}, as xapi's own log tells").format(who=one_line(row.who)) if row.who else tr("not known by whom")
    return one_line(f"{what}: {since}, {who}.")


def since_text(row: DriftRow) -> str:
    return times.clock_time(row.since) if row.since is not None else ""


def _since_hint(row: DriftRow) -> str:
    if row.since is None:
        return tr("It was so when this console first looked.")
    return tr("As this console saw it: {at}").format(at=times.exact_time(row.since))


def _since_key(row: DriftRow) -> float:
    return row.since.timestamp() if row.since is not None else 0.0


def _who_hint(row: DriftRow) -> str:
    return tr("As xapi's own log tells: {who}").format(who=row.who) if row.who else tr("Not known who did it.")


def _tone(row: DriftRow) -> str:
    return "warn" if row.judged.verdict is Verdict.DRIFT else "muted"
