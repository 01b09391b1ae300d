"""Signed heads in the database: stated every so many rows, every hour, and at the end of a session."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from xsconsole.domain.heads import EVERY_ROWS, SignedHead, signed_head
from xsconsole.store import sqlite
from xsconsole.store.chain import Head
from xsconsole.store.database import driver_of
from xsconsole.store.fields import instant_text
from xsconsole.store.keys import SigningKey
from xsconsole.store.schema import AuditHead, ConsoleKey

COLUMNS = tuple(column.name for column in AuditHead.__table__.columns)
KEY = tuple(column.name for column in AuditHead.__table__.primary_key)


def is_due(before: Head, after: Head) -> bool:
    """Whether the rows between pass a number at which a head is stated."""
    return before.seq // EVERY_ROWS < after.seq // EVERY_ROWS


def state(session: Session, head: Head, at: datetime, key: SigningKey) -> SignedHead:
    """State that the chain ends so at this time."""
    stated = signed_head(head.chain_id, head.seq, head.digest.hex(), instant_text(at), key)
    signature = bytes.fromhex(stated.signature)
    row = (head.chain_id, head.seq, stated.at, head.digest, key.fingerprint, signature)
    sqlite.insert_many(driver_of(session), "audit_head", COLUMNS, [row], key=KEY)
    return stated


def standing(session: Session, end: Head) -> SignedHead | None:
    """Return the newest head that was stated of this end of the chain; None where nobody did."""
    found = session.scalars(
        select(AuditHead)
        .where(AuditHead.chain_id == end.chain_id, AuditHead.seq == end.seq, AuditHead.digest == end.digest)
        .order_by(AuditHead.at.desc())
        .limit(1)
    ).first()
    return None if found is None else _head(found, keys(session))


def heads(session: Session) -> tuple[SignedHead, ...]:
    """Return all of them, in the order of their rows."""
    public_keys = keys(session)
    found = session.scalars(select(AuditHead).order_by(AuditHead.chain_id, AuditHead.seq, AuditHead.at))
    return tuple(_head(one, public_keys) for one in found)


def keys(session: Session) -> dict[str, bytes]:
    """Return the public keys by their fingerprints. Since when they are known is not read: it may be no time."""
    found = session.execute(select(ConsoleKey.fingerprint, ConsoleKey.public_key))
    return {one.fingerprint: one.public_key for one in found}


def _head(row: AuditHead, keys: dict[str, bytes]) -> SignedHead:
    return SignedHead(
        chain_id=row.chain_id,
        seq=row.seq,
        digest=row.digest.hex(),
        at=row.at,
        public_key=keys.get(row.fingerprint, b"").hex(),
        signature=row.signature.hex(),
    )
