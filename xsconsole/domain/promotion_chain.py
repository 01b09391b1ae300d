"""Which rows belong to one promotion: what was asked for, decided, carried out and ended."""

from collections.abc import Iterable, Mapping

from xsconsole.domain.canonical import Json
from xsconsole.domain.record import AuditEvent, AuditRow, Fact

LINKS = frozenset(
    {
        *(AuditEvent.REQUESTED, AuditEvent.DECIDED, AuditEvent.REQUEST_ENDED, AuditEvent.EMERGENCY_DECLARED),
        *(AuditEvent.REVIEW_CLOSED, AuditEvent.RUN_OPENED, AuditEvent.RUN_RESUMED, AuditEvent.RUN_UNDOING),
        *(AuditEvent.RUN_INTERRUPTED, AuditEvent.RUN_CLOSED),
    }
)
"""Rows that are links of a chain; steps and all others hang on the run that they name."""


def names_of(fact: Fact) -> frozenset[str]:
    """Return the digests and ids by which a row is tied to others: its run, its plan, and what was decided on."""
    details = fact.details or {}
    found: list[Json] = [fact.run, details.get("plan"), details.get("subject")]
    for name in ("decision", "request"):
        held = details.get(name)
        if isinstance(held, dict):
            found += [held.get("plan"), held.get("subject")]
    return frozenset(one for one in found if isinstance(one, str) and one)


class Chains:
    """An index of links by the names that tie them together. Rows come in their order."""

    def __init__(self) -> None:
        self._names: dict[int, frozenset[str]] = {}
        self._seqs: dict[str, list[int]] = {}

    def hear(self, row: AuditRow) -> None:
        if row.fact.event not in LINKS:
            return
        names = names_of(row.fact)
        self._names[row.seq] = names
        for name in names:
            self._seqs.setdefault(name, []).append(row.seq)

    def of(self, fact: Fact) -> tuple[int, ...]:
        """Return the numbers of the links that a row belongs to, in their order; none where it belongs to no chain."""
        known: set[str] = set()
        found: set[int] = set()
        due = set(names_of(fact))
        while due:
            name = due.pop()
            known.add(name)
            for seq in self._seqs.get(name, ()):
                found.add(seq)
                due |= self._names[seq] - known
        return tuple(sorted(found))


def chain_of(fact: Fact, rows: Iterable[AuditRow]) -> tuple[AuditRow, ...]:
    """Return the links of one chain among rows, which may come in any order."""
    by_seq: Mapping[int, AuditRow] = {row.seq: row for row in rows}
    chains = Chains()
    for seq in sorted(by_seq):
        chains.hear(by_seq[seq])
    return tuple(by_seq[seq] for seq in chains.of(fact))
