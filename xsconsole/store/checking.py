"""Checks a record as it lies in its files: what the chain proves, and whether the rest beside it fits."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from pathlib import Path

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from xsconsole.domain.record import Verdict
from xsconsole.store import heads, sqlite, volumes
from xsconsole.store.chain import ChainRow, GroupSignature, SaltedValue
from xsconsole.store.fields import decoded_fields, listed
from xsconsole.store.schema import AuditEntry, AuditSignature, AuditValue, Chain, ConsoleKey
from xsconsole.store.verification import verify

CHUNK_ROWS = 500
LISTING = "listing"


def check_numbers(session: Session, path: Path, *more: tuple[str, str]) -> None:
    """Look for sequence numbers that are none, before anything counts on them.

    Raises:
        DatabaseDamaged: there are some.
    """
    columns = (("audit", "seq"), ("audit_signature", "first_seq"), ("audit_signature", "last_seq"))
    sqlite.check_numbers(session.connection(), path, *columns, *more)


def values_of(session: Session, seqs: Sequence[int]) -> Mapping[int, dict[str, SaltedValue]]:
    """Return the values of rows, by row and name."""
    values: dict[int, dict[str, SaltedValue]] = {}
    for value in session.execute(
        select(AuditValue.seq, AuditValue.name, AuditValue.salt, AuditValue.value).where(AuditValue.seq.in_(seqs))
    ):
        values.setdefault(value.seq, {})[value.name] = SaltedValue(salt=value.salt, value=value.value)
    return values


def verdicts(
    session: Session, path: Path, expected_keys: AbstractSet[str], own_keys: AbstractSet[str]
) -> tuple[Verdict, ...]:
    """Return a verdict on each check of the record that ends in a file, sealed files before it included.

    Raises:
        DatabaseDamaged: the file is not even a whole database.
    """
    with ExitStack() as until:
        return _verdicts(session, path, expected_keys, own_keys, tuple(volumes.before(session, path, until)))


def _verdicts(
    session: Session,
    path: Path,
    expected_keys: AbstractSet[str],
    own_keys: AbstractSet[str],
    older: Sequence[volumes.Volume],
) -> tuple[Verdict, ...]:
    sqlite.check_whole(session.connection(), path)
    check_numbers(session, path, ("audit_value", "seq"))
    files = [*(volume.session for volume in reversed(older) if volume.session is not None), session]
    chain_id = session.scalars(select(Chain.chain_id)).one()
    public_keys = {key.fingerprint: key.public_key for file in files for key in file.scalars(select(ConsoleKey))}
    signatures = [
        GroupSignature(
            chain_id=group.chain_id,
            first_seq=group.first_seq,
            last_seq=group.last_seq,
            head=group.head,
            fingerprint=group.fingerprint,
            signature=group.signature,
        )
        for file in files
        for group in file.scalars(select(AuditSignature))
    ]
    orphans = session.scalars(
        select(AuditValue.seq)
        .where(~exists().where(AuditEntry.chain_id == AuditValue.chain_id, AuditEntry.seq == AuditValue.seq))
        .distinct()
    ).all()
    misled: list[int] = []
    found = verify(
        chain_id,
        (row for file in files for row in _rows(file, misled)),
        signatures,
        public_keys,
        expected_keys=expected_keys,
        own_keys=own_keys,
        values_without_row=orphans,
        heads=[head for file in files for head in heads.heads(file)],
        beginning=volumes.beginning(chain_id, older),
    )
    return (*found, _judge_listing(misled), *volumes.judged(older))


def _rows(session: Session, misled: list[int]) -> Iterator[ChainRow]:
    """Yield all rows in order, and note in `misled` those whose columns for searching say something else."""
    rows = session.scalars(
        select(AuditEntry).order_by(AuditEntry.seq, AuditEntry.chain_id).execution_options(yield_per=CHUNK_ROWS)
    )
    for entries in rows.partitions():
        values = values_of(session, [entry.seq for entry in entries])
        for entry in entries:
            row_values = values.get(entry.seq, {})
            if not _is_listed_truly(entry, row_values):
                misled.append(entry.seq)
            yield ChainRow(
                chain_id=entry.chain_id,
                seq=entry.seq,
                canonical=entry.canonical,
                digest=entry.digest,
                values=row_values,
            )
            session.expunge(entry)


def _is_listed_truly(entry: AuditEntry, values: Mapping[str, SaltedValue]) -> bool:
    try:
        expected = listed(decoded_fields({name: one.value for name, one in values.items()}))
    except (msgspec.DecodeError, ValueError, TypeError, KeyError):
        return False
    return all(getattr(entry, name) == value for name, value in expected.items())


def _judge_listing(misled: Sequence[int]) -> Verdict:
    if not misled:
        return Verdict(check=LISTING, is_good=True, sentence="The columns for searching say what the rows say.")
    sentence = f"Row {misled[0]} is listed otherwise than it was recorded."
    return Verdict(check=LISTING, is_good=False, sentence=sentence, seq=misled[0])
