"""What the activity list can be asked for."""

from xsconsole.domain.endings import Ending
from xsconsole.domain.folding import folded_lines
from xsconsole.domain.query.fields import Field, Kind, Schema
from xsconsole_ui.activity.entries import Entry

RUNNING = "running"


def _state(entry: Entry) -> str:
    return RUNNING if entry.is_going or entry.ending is None else entry.ending


ACTIVITY: Schema[Entry] = Schema(
    words=lambda entry: folded_lines(entry.what, entry.where, entry.who, entry.stage, entry.result),
    fields=(
        Field(name="what", kind=Kind.TEXT, about="what is done", get=lambda entry: entry.what, example="what:snapshot"),
        Field(
            name="where",
            kind=Kind.TEXT,
            about="the pool",
            get=lambda entry: entry.where,
            aliases=("pool",),
            example="where:acme",
        ),
        Field(
            name="who",
            kind=Kind.TEXT,
            about="who began it",
            get=lambda entry: entry.who,
            aliases=("user",),
            example="who:alice",
        ),
        Field(
            name="state",
            kind=Kind.CHOICE,
            about="how it stands, or ended",
            get=_state,
            choices=(RUNNING, *Ending),
        ),
        Field(
            name="result",
            kind=Kind.TEXT,
            about="what came of it",
            get=lambda entry: entry.result,
            example="result:full",
        ),
        Field(name="age", kind=Kind.AGE, about="how long ago it began", get=lambda entry: entry.started_at),
        Field(
            name="time",
            kind=Kind.DATE,
            about="when it began, in local time",
            get=lambda entry: f"{entry.started_at.astimezone():%Y-%m-%d %H:%M:%S}",
            aliases=("started",),
        ),
    ),
)
