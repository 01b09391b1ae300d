"""The tables, as the newest migration leaves them."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import (
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from xsconsole.store.fields import instant_of, instant_text


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC instant, kept as RFC 3339 text with microseconds."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else instant_of(value)


class Blob(TypeDecorator[bytes]):
    """Bytes. SQLite also keeps texts and numbers there, which only a falsifier writes: they become bytes.

    Checks can then tell what does not fit, instead of stumbling over it.
    """

    impl = LargeBinary
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[object], bytes | None]:
        del dialect, coltype
        return as_bytes


def as_bytes(value: object) -> bytes | None:
    """Return what a column of bytes holds, as bytes."""
    if value is None or isinstance(value, bytes):
        return value
    return str(value).encode(errors="surrogateescape")


class Base(DeclarativeBase):
    metadata = MetaData()
    type_annotation_map = {datetime: UtcTime(), bytes: Blob()}  # noqa: RUF012 - SQLAlchemy reads it once


class Chain(Base):
    """The audit chain of this home folder."""

    __tablename__ = "chain"
    chain_id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]


class ConsoleKey(Base):
    """A public key that signed; `fingerprint` is the SHA-256 of its raw bytes."""

    __tablename__ = "console_key"
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[bytes]
    since: Mapped[datetime]


class AuditEntry(Base):
    """One row of the chain. What follows `digest` is a projection for searching and is not evidence."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_by_configuration", "configuration", "seq", sqlite_where=text("configuration IS NOT NULL")),
        Index("audit_by_run", "run", "seq", sqlite_where=text("run IS NOT NULL")),
        Index("audit_by_event", "event", "seq"),
        Index("audit_listing", "seq", "at", "pool", "searched"),
    )
    chain_id: Mapped[str] = mapped_column(ForeignKey("chain.chain_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    canonical: Mapped[bytes]
    digest: Mapped[bytes]
    at: Mapped[datetime]
    event: Mapped[str]
    actor: Mapped[str]
    pool: Mapped[str | None]
    configuration: Mapped[str | None]
    run: Mapped[str | None]
    step: Mapped[str | None]
    outcome: Mapped[str | None]
    searched: Mapped[str]  # names, reason and event, folded


class AuditValue(Base):
    """The clear value of one field and its salt."""

    __tablename__ = "audit_value"
    __table_args__ = (ForeignKeyConstraint(["chain_id", "seq"], ["audit.chain_id", "audit.seq"]),)
    chain_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    value: Mapped[bytes]


class AuditSignature(Base):
    """The signature of the rows `first_seq` to `last_seq`, which were committed together."""

    __tablename__ = "audit_signature"
    __table_args__ = (ForeignKeyConstraint(["chain_id", "last_seq"], ["audit.chain_id", "audit.seq"]),)
    chain_id: Mapped[str] = mapped_column(primary_key=True)
    first_seq: Mapped[int] = mapped_column(primary_key=True)
    last_seq: Mapped[int]
    head: Mapped[bytes]
    fingerprint: Mapped[str] = mapped_column(ForeignKey("console_key.fingerprint"))
    signature: Mapped[bytes]


class AuditHead(Base):
    """A signed head: that the chain reached row `seq` at `at`."""

    __tablename__ = "audit_head"
    __table_args__ = (ForeignKeyConstraint(["chain_id", "seq"], ["audit.chain_id", "audit.seq"]),)
    chain_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[str] = mapped_column(primary_key=True)  # exactly the text that is signed
    digest: Mapped[bytes]
    fingerprint: Mapped[str] = mapped_column(ForeignKey("console_key.fingerprint"))
    signature: Mapped[bytes]


class AuditAnchor(Base):
    """Where a head was left or found outside this file. `head` is its whole text; `seen_at` is when it was seen last.

    It says where to look; what is there now counts more.
    """

    __tablename__ = "audit_anchor"
    chain_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)  # the pool's uuid, or a folder
    reference: Mapped[str] = mapped_column(primary_key=True)  # the key, the message's uuid, or the file
    place_name: Mapped[str]
    kept_at: Mapped[datetime]  # by the clock of the place, where that has one
    head: Mapped[str]


class JournaledRun(Base):
    """A run that this console opened or took up; `closed_at` is absent while it is open."""

    __tablename__ = "run"
    run: Mapped[str] = mapped_column(primary_key=True)
    configuration: Mapped[str]
    pool: Mapped[str]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class JournaledStep(Base):
    """Where a step of a run stands: the last event about it."""

    __tablename__ = "step"
    run: Mapped[str] = mapped_column(ForeignKey("run.run"), primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    seq: Mapped[int]


class JournaledJob(Base):
    """A job that a process of this home began: one act to one or many objects."""

    __tablename__ = "job"
    job: Mapped[str] = mapped_column(primary_key=True)
    pool: Mapped[str]
    process: Mapped[str]
    act: Mapped[str]
    actor: Mapped[str]
    opened_at: Mapped[datetime]
    given: Mapped[str]


class JournaledAct(Base):
    """One object of a job; `settled_at` and `outcome` are absent until it is known what became of it."""

    __tablename__ = "act"
    job: Mapped[str] = mapped_column(ForeignKey("job.job"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    uuid: Mapped[str]
    name: Mapped[str]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reason: Mapped[str]


class EndedTask(Base):
    """A task of a pool as this home saw it last; the oldest go."""

    __tablename__ = "ended_task"
    pool: Mapped[str] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    status: Mapped[str]
    error: Mapped[str]  # JSON
    objects: Mapped[str]  # JSON


class Waiting(Base):
    """A promotion that waits for a place in a full stage; first come, first served by `seq` of its row."""

    __tablename__ = "waiting"
    queued: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    content: Mapped[str]  # JSON


class LeaseNonce(Base):
    """By which nonces a lease on a pool is ours."""

    __tablename__ = "lease_nonce"
    nonce: Mapped[str] = mapped_column(primary_key=True)
    thing: Mapped[str]
    remembered_at: Mapped[datetime]


class KeptDraft(Base):
    """A workflow somebody works on. `position` is where on the line of its moments one stands."""

    __tablename__ = "draft"
    draft: Mapped[str] = mapped_column(primary_key=True)
    format: Mapped[int]
    name: Mapped[str]
    base: Mapped[bytes | None]  # the published version that it began with, compressed
    base_version: Mapped[int | None]
    position: Mapped[int]
    revision: Mapped[int]
    updated_at: Mapped[datetime]


class KeptMoment(Base):
    """One workflow on the line of a draft, compressed, with the label of what led to it."""

    __tablename__ = "draft_moment"
    draft: Mapped[str] = mapped_column(ForeignKey("draft.draft"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    merge: Mapped[str]
    content: Mapped[bytes]
