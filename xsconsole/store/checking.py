"""Checks a record as it lies in its files: what the chain proves, and whether the rest beside it fits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, String, exists, select, type_coerce
from sqlalchemy.orm import Session

from xsconsole.domain.record import Verdict
from xsconsole.store import heads, sqlite, volumes
from xsconsole.store.chain import ChainRow, GroupSignature, SaltedValue
from xsconsole.store.database import driver_of
from xsconsole.store.fields import LISTED_COLUMNS, listed
from xsconsole.store.migrations import SAYING_WHAT
from xsconsole.store.schema import AuditEntry, AuditSignature, AuditValue, Chain, ConsoleKey, as_bytes
from xsconsole.store.verification import verify

CHUNK_ROWS = 500
LISTING = "listing"
_EVIDENCE = (AuditEntry.chain_id, AuditEntry.seq, AuditEntry.canonical, AuditEntry.digest)
# Compared as the texts that they are.
_LISTED = tuple(type_coerce(getattr(AuditEntry, name), String) for name in LISTED_COLUMNS)


def check_numbers(session: Session, path: Path, *more: tuple[str, str]) -> None:
    """Look for sequence numbers that are none, before anything counts on them.

    Raises:
        DatabaseDamaged: there are some.
    """
    columns = (("audit", "seq"), ("audit_signature", "first_seq"), ("audit_signature", "last_seq"))
    sqlite.check_numbers(session.connection(), path, *columns, *more)


def values_of(session: Session, chain_id: str, which: ColumnElement[bool]) -> Mapping[int, dict[str, SaltedValue]]:
    """Return the values of rows, by row and name; `which` tells them by their numbers."""
    asked = select(AuditValue.seq, AuditValue.name, AuditValue.salt, AuditValue.value)
    return _by_row(session.execute(asked.where(AuditValue.chain_id == chain_id, which)))


def values_between(
    session: Session, chain_id: str, first_seq: int, last_seq: int
) -> Mapping[int, dict[str, SaltedValue]]:
    """Return the same of a stretch of rows."""
    return _by_row(sqlite.values_between(driver_of(session), chain_id, first_seq, last_seq))


def _by_row(found: Iterable[tuple[int, str, object, object]]) -> Mapping[int, dict[str, SaltedValue]]:
    values: dict[int, dict[str, SaltedValue]] = defaultdict(dict)
    for seq, name, salt, value in found:
        values[seq][name] = SaltedValue(salt=as_bytes(salt) or b"", value=as_bytes(value) or b"")
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
    rows = session.execute(
        select(*_EVIDENCE, *_LISTED)
        .order_by(AuditEntry.seq, AuditEntry.chain_id)
        .execution_options(yield_per=CHUNK_ROWS)
    )
    has_what = sqlite.schema_version(session.connection()) >= SAYING_WHAT
    for entries in rows.partitions():
        chains = dict.fromkeys(entry.chain_id for entry in entries)  # one, but where somebody falsified the file
        first_seq, last_seq = entries[0].seq, entries[-1].seq
        values = {chain_id: values_between(session, chain_id, first_seq, last_seq) for chain_id in chains}
        for chain_id, seq, canonical, digest, *columns in entries:
            row_values = values[chain_id].get(seq, {})
            if not _is_listed_truly(columns, row_values, has_what=has_what):
                misled.append(seq)
            yield ChainRow(chain_id=chain_id, seq=seq, canonical=canonical, digest=digest, values=row_values)


def _is_listed_truly(columns: Sequence[object], values: Mapping[str, SaltedValue], *, has_what: bool) -> bool:
    try:
        expected = listed({name: one.value for name, one in values.items()}, has_what=has_what)
    except (msgspec.DecodeError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return columns == [expected[name] for name in LISTED_COLUMNS]


def _judge_listing(misled: Sequence[int]) -> Verdict:
    if not misled:
        return Verdict(check=LISTING, is_good=True, sentence="The columns for searching say what the rows say.")
    sentence = f"Row {misled[0]} is listed otherwise than it was recorded."
    return Verdict(check=LISTING, is_good=False, sentence=sentence, seq=misled[0])
