"""Checks a record as it lies in its files: what the chain proves, and whether the rest beside it fits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, String, exists, func, select, type_coerce
from sqlalchemy.orm import Session

from xsconsole.domain.record import Verdict
from xsconsole.store import heads, sqlite, volumes
from xsconsole.store.chain import FIRST_PREVIOUS, ChainRow, GroupSignature, Head, SaltedValue
from xsconsole.store.database import driver_of
from xsconsole.store.fields import LISTED_COLUMNS, listed
from xsconsole.store.migrations import SAYING_WHAT
from xsconsole.store.schema import AuditEntry, AuditSignature, AuditValue, Chain, as_bytes
from xsconsole.store.sealing import link_of
from xsconsole.store.verification import verify

CHUNK_ROWS = 500
END_ROWS = 100
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


def end_verdicts(session: Session, path: Path) -> tuple[Verdict, ...]:
    """Return verdicts on the newest rows alone, some hundred of them: what is found in a few milliseconds.

    Raises:
        DatabaseDamaged: rows have no numbers.
    """
    check_numbers(session, path)
    chain_id = _chain_of(session, path)
    first_seq = session.scalars(select(func.min(AuditEntry.seq))).one() or 1
    newest = session.scalars(select(func.max(AuditEntry.seq))).one() or 0
    asked = select(func.max(AuditSignature.first_seq)).where(AuditSignature.first_seq <= newest - END_ROWS)
    begin = max(first_seq, session.scalars(asked).one() or first_seq)
    before = session.scalars(select(AuditEntry.digest).where(AuditEntry.seq == begin - 1)).first()
    link = link_of(session) if begin == first_seq and begin > 1 else None
    end_before = Head(chain_id=chain_id, seq=begin - 1, digest=before or FIRST_PREVIOUS)
    return verify(
        chain_id,
        _rows(session, [], begin),
        _groups(session, begin),
        heads.keys(session),
        heads=[head for head in heads.heads(session) if head.seq >= begin],
        beginning=link.end if link is not None else end_before,
    )


def _chain_of(session: Session, path: Path) -> str:
    chain_id = session.scalars(select(Chain.chain_id)).one()
    if not _is_unicode(chain_id):
        raise sqlite.damaged(path, "Its chain has a name that is no Unicode.")
    return chain_id


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _groups(session: Session, first_seq: int = 0) -> list[GroupSignature]:
    found = session.scalars(select(AuditSignature).where(AuditSignature.first_seq >= first_seq))
    return [
        GroupSignature(
            chain_id=group.chain_id,
            first_seq=group.first_seq,
            last_seq=group.last_seq,
            head=group.head,
            fingerprint=group.fingerprint,
            signature=group.signature,
        )
        for group in found
        if type(group.first_seq) is type(group.last_seq) is int  # of others the rows are not signed
    ]


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
    chain_id = _chain_of(session, path)
    public_keys = {name: key for file in files for name, key in heads.keys(file).items()}
    signatures = [group for file in files for group in _groups(file)]
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


def _rows(session: Session, misled: list[int], first_seq: int = 0) -> Iterator[ChainRow]:
    """Yield rows from one on in order, and note in `misled` those whose columns for searching say something else."""
    rows = session.execute(
        select(*_EVIDENCE, *_LISTED)
        .where(AuditEntry.seq >= first_seq)
        .order_by(AuditEntry.seq, AuditEntry.chain_id)
        .execution_options(yield_per=CHUNK_ROWS)
    )
    has_what = sqlite.schema_version(session.connection()) >= SAYING_WHAT
    for entries in rows.partitions():
        # One, but where somebody falsified the file; by one that is no Unicode nothing can be asked for.
        chains = dict.fromkeys(entry.chain_id for entry in entries if _is_unicode(entry.chain_id))
        first_seq, last_seq = entries[0].seq, entries[-1].seq
        values = {chain_id: values_between(session, chain_id, first_seq, last_seq) for chain_id in chains}
        for chain_id, seq, canonical, digest, *columns in entries:
            row_values = values.get(chain_id, {}).get(seq, {})
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
