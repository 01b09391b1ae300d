"""The rows of the audit about one configuration, as they stand, for an archive to take along."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from xsconsole.domain.archive.rows import Row, Value
from xsconsole.domain.ids import ConfigurationId
from xsconsole.store.schema import AuditEntry, AuditValue


def rows_about(session: Session, configuration: ConfigurationId) -> tuple[Row, ...]:
    """Return every row about a configuration, oldest first, with the values that are not withheld."""
    entries = session.execute(
        select(AuditEntry.seq, AuditEntry.canonical, AuditEntry.digest)
        .where(AuditEntry.configuration == configuration)
        .order_by(AuditEntry.seq)
    ).all()
    values: dict[int, dict[str, Value]] = {}
    for found in session.execute(
        select(AuditValue.seq, AuditValue.name, AuditValue.salt, AuditValue.value)
        .join(AuditEntry, (AuditEntry.chain_id == AuditValue.chain_id) & (AuditEntry.seq == AuditValue.seq))
        .where(AuditEntry.configuration == configuration)
    ):
        of_row = values.setdefault(found.seq, {})
        of_row[found.name] = Value(salt=found.salt.hex(), value=found.value.decode())
    return tuple(
        Row(
            seq=entry.seq,
            canonical=entry.canonical.decode(),
            digest=entry.digest.hex(),
            values=dict(sorted(values.get(entry.seq, {}).items())),
        )
        for entry in entries
    )
