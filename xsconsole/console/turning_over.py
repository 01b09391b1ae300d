"""Ends a file of the record: sealed, because it is full, or set aside, because it can be relied on no more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xsconsole.domain.canonical import Json
from xsconsole.domain.record import AuditEvent, Fact, Verdict
from xsconsole.store.database import FILE_NAME
from xsconsole.store.ledger import SqliteLedger
from xsconsole.store.sealing import ASIDE, Cut, sha256_of
from xsconsole.store.sqlite import failures

RELIED_ON = frozenset({"chain", "gaps", "values", "signatures", "keys", "listing", "anchors"})
COMPANIONS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Why a record can be relied on no more, and up to which row it verified; 0 where nothing is known of any."""

    findings: tuple[str, ...]
    verified_seq: int = 0
    verified_digest: str = ""


def broken(verdicts: Sequence[Verdict], first_seq: int) -> tuple[tuple[str, ...], int | None]:
    """Return what is wrong with the file in use, and the first row that is; what is wrong with sealed files is not.

    The row is None where nothing is wrong.
    """
    bad = [one for one in verdicts if not one.is_good and one.check in RELIED_ON]
    wrong = [one for one in bad if one.seq is None or one.seq >= first_seq]
    if not wrong:
        return (), None
    return tuple(one.sentence for one in wrong), min(first_seq if one.seq is None else one.seq for one in wrong)


async def seal(ledger: SqliteLedger) -> Cut:
    """Seal the file in use, and go on in it with a row that names what was sealed.

    Raises:
        StoreFailed: nothing was sealed, and the record goes on as it was.
    """

    def first(cut: Cut) -> Sequence[Fact]:
        details = {**_told(cut), "first_seq": cut.first_seq, "last_seq": cut.last_seq, "digest": cut.digest}
        return (Fact(event=AuditEvent.RECORD_SEALED, details={"what": cut.path.name, **details}),)

    return await ledger.turn_over(first, is_new_chain=False)


async def set_aside(ledger: SqliteLedger, why: Broken, more: Callable[[], Sequence[Fact]] = tuple) -> Cut:
    """Set the record aside as it is, and begin a new chain whose first row says why; rows of `more` follow it.

    Raises:
        StoreFailed: nothing was set aside.
    """

    def first(cut: Cut) -> Sequence[Fact]:
        details = {
            **_told(cut),
            "chain_id": cut.chain_id,
            "last_seq": cut.last_seq,
            "digest": cut.digest,
            "verified_seq": why.verified_seq,
            "verified_digest": why.verified_digest,
            "findings": list(why.findings),
        }
        return (_aside(why, cut.path.name, details), *more())

    return await ledger.turn_over(first, is_new_chain=True)


def moved_away(home: Path, at: datetime) -> tuple[Path, str]:
    """Move a file that cannot even be opened out of the way, with its companions; return its new place and hash.

    Raises:
        StoreFailed: it cannot be moved.
    """
    path = home / FILE_NAME
    with failures(path):
        folder = home / ASIDE
        folder.mkdir(mode=0o700, exist_ok=True)
        stem, number = f"damaged-{at:%Y%m%dT%H%M%SZ}", 1
        while (target := folder / f"{stem}.{number}.db").exists():
            number += 1
        sha256 = sha256_of(path)
        for companion in COMPANIONS:
            if (beside := path.with_name(path.name + companion)).exists():
                beside.rename(target.with_name(target.name + companion))
    return target, sha256


def after_moving(target: Path, sha256: str, reason: str) -> Fact:
    """Return the first row after a file that could not be opened was moved away."""
    why = Broken(findings=(reason,))
    return _aside(why, target.name, {"file": f"{ASIDE}/{target.name}", "sha256": sha256, "findings": [reason]})


def _aside(why: Broken, name: str, details: Mapping[str, Json]) -> Fact:
    reason = " ".join(why.findings)
    return Fact(event=AuditEvent.RECORD_SET_ASIDE, reason=reason, details={"what": name, **details})


def _told(cut: Cut) -> dict[str, Json]:
    return {"file": f"{cut.path.parent.name}/{cut.path.name}", "sha256": cut.sha256}
