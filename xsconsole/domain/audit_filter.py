"""What the audit can be asked for."""

from collections.abc import Mapping
from dataclasses import replace

from xsconsole.domain.folding import folded_lines
from xsconsole.domain.ids import Uuid
from xsconsole.domain.outside import Kind as OutsideKind
from xsconsole.domain.outside import kind_of
from xsconsole.domain.query.fields import Field, Kind, Schema
from xsconsole.domain.record import AuditEvent, AuditRow, Outcome
from xsconsole.domain.wording import record as record_words


def _searched(row: AuditRow) -> str:
    fact = row.fact
    return folded_lines(
        fact.event,
        fact.actor,
        fact.configuration_name,
        fact.source or "",
        fact.target or "",
        fact.outcome or "",
        fact.reason,
        row.console,
        row.os_user,
        *record_words.searched_words(fact),
    )


def _texts(*parts: str | None) -> tuple[str, ...]:
    return tuple(part for part in parts if part)


def audit_schema(pools: Mapping[Uuid, str]) -> Schema[AuditRow]:
    """Return what can be asked where pools are called so."""
    pool: Field[AuditRow] = Field(
        name="pool",
        kind=Kind.TEXT,
        about="the name or id of the pool",
        get=lambda row: _texts(pools.get(row.fact.pool) if row.fact.pool else None, row.fact.pool),
        example="pool:acme",
    )
    return replace(_FIELDS, fields=(*_FIELDS.fields, pool))


_FIELDS: Schema[AuditRow] = Schema(
    words=_searched,
    looked_in="looked for in What, who, configuration, stages, outcome, reason, console and the kind of the row",
    fields=(
        Field(
            name="who",
            kind=Kind.TEXT,
            about="the user of the pool, or of this machine",
            get=lambda row: _texts(row.fact.actor, row.os_user),
            aliases=("actor", "user"),
            example="who:alice",
        ),
        Field(
            name="what",
            kind=Kind.TEXT,
            about="the row as a sentence",
            get=lambda row: record_words.event_sentence(row.fact),
            example='what:"took the restore point"',
        ),
        Field(
            name="event",
            kind=Kind.CHOICE,
            about="the kind of the row",
            get=lambda row: row.fact.event,
            choices=tuple(AuditEvent),
        ),
        Field(
            name="outside",
            kind=Kind.CHOICE,
            about="what others did to machines: change, look, or console where it was another console",
            get=lambda row: kind_of(row.fact),
            choices=tuple(OutsideKind),
            example="outside:change",
        ),
        Field(
            name="outcome",
            kind=Kind.CHOICE,
            about="what became of it",
            get=lambda row: row.fact.outcome,
            choices=tuple(Outcome),
        ),
        Field(
            name="configuration",
            kind=Kind.TEXT,
            about="the name or id of the configuration",
            get=lambda row: _texts(row.fact.configuration_name, row.fact.configuration),
            aliases=("config",),
            example="configuration:shop*",
        ),
        Field(
            name="stage",
            kind=Kind.TEXT,
            about="the stage it left or came to",
            get=lambda row: _texts(row.fact.source, row.fact.target),
            example="stage:production",
        ),
        Field(
            name="from",
            kind=Kind.TEXT,
            about="the stage it left",
            get=lambda row: row.fact.source,
            example="from:staging",
        ),
        Field(
            name="to",
            kind=Kind.TEXT,
            about="the stage it came to",
            get=lambda row: row.fact.target,
            example="to:production",
        ),
        Field(
            name="reason",
            kind=Kind.TEXT,
            about="the reason that was given",
            get=lambda row: row.fact.reason,
            example="reason:rollback",
        ),
        Field(
            name="console",
            kind=Kind.TEXT,
            about="the console that wrote the row",
            get=lambda row: row.console,
            example="console:ops-2",
        ),
        Field(name="run", kind=Kind.TEXT, about="the id of the run", get=lambda row: row.fact.run, example="run=4711"),
        Field(
            name="batch",
            kind=Kind.TEXT,
            about="the id of several that went together",
            get=lambda row: _texts(str((row.fact.details or {}).get("batch", ""))),
            example="batch=4711",
        ),
        Field(name="row", kind=Kind.NUMBER, about="its number", get=lambda row: row.seq, aliases=("seq",)),
        Field(name="age", kind=Kind.AGE, about="how long ago it was", get=lambda row: row.at),
        Field(
            name="time",
            kind=Kind.DATE,
            about="when it was, in local time",
            get=lambda row: f"{row.at.astimezone():%Y-%m-%d %H:%M:%S}",
            aliases=("date", "at"),
        ),
    ),
)

AUDIT = audit_schema({})
"""What can be asked where nobody knows what pools are called: they are asked for by id."""
