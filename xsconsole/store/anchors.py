"""Where heads of the chain were left or found outside the database, as this home saw it last."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from xsconsole.domain.anchors import Anchor, AnchorKind
from xsconsole.domain.heads import head_of, to_text
from xsconsole.store.schema import AuditAnchor, AuditEntry


def remember(session: Session, anchors: Iterable[Anchor]) -> None:
    """Keep anchors; what is known already stays as it is."""
    for anchor in anchors:
        head = anchor.head
        key = (head.chain_id, head.seq, anchor.kind.value, anchor.place, anchor.reference)
        if session.get(AuditAnchor, key) is None:
            session.add(
                AuditAnchor(
                    chain_id=head.chain_id,
                    seq=head.seq,
                    kind=anchor.kind.value,
                    place=anchor.place,
                    reference=anchor.reference,
                    place_name=anchor.place_name,
                    kept_at=anchor.kept_at,
                    head=to_text(head),
                )
            )
            session.flush()


def anchors(session: Session) -> tuple[Anchor, ...]:
    """Return what is kept, in the order of rows; what cannot be read any more is left out."""
    found = []
    kinds = {kind.value: kind for kind in AnchorKind}
    rows = select(AuditAnchor).order_by(AuditAnchor.chain_id, AuditAnchor.seq, AuditAnchor.kept_at)
    for row in session.scalars(rows):
        head = head_of(row.head)
        if head is not None and row.kind in kinds:
            found.append(
                Anchor(
                    head=head,
                    kind=kinds[row.kind],
                    place=row.place,
                    place_name=row.place_name,
                    reference=row.reference,
                    kept_at=row.kept_at,
                )
            )
    return tuple(found)


def digests(session: Session, seqs: Iterable[int]) -> dict[int, str]:
    """Return the digests of rows, in hex; of those that are there."""
    found: dict[int, str] = {}
    for seq in sorted(set(seqs)):
        digest = session.scalars(select(AuditEntry.digest).where(AuditEntry.seq == seq)).first()
        if digest is not None:
            found[seq] = digest.hex()
    return found
