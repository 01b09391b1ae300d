"""What a report says, as data. How it looks is made elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.board import Board
from xsconsole.domain.record import AuditEvent, AuditRow, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A screenshot (PNG) with its caption."""

    caption: str
    png: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A claim, and whether it was found to be so."""

    claim: str
    is_so: bool
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    stage: str
    colour: str
    configurations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """One emergency. `passed` are the rules that were gone past; `closed` is the row that ended its review."""

    row: AuditRow
    what: str
    by: str
    ticket: str
    passed: tuple[str, ...]
    closed: AuditRow | None


def _emergency(row: AuditRow, closed: AuditRow | None) -> Emergency:
    details = row.fact.details or {}
    passed = details.get("goes_past")
    return Emergency(
        row=row,
        what=str(details.get("what") or row.fact.configuration_name),
        by=str(details.get("by") or row.fact.actor),
        ticket=str(details.get("ticket") or ""),
        passed=tuple(map(str, passed)) if isinstance(passed, list) else (),
        closed=closed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One page of evidence. `absent` says what it does not cover."""

    title: str
    made_at: datetime
    pool: str
    actor: str
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    rows: tuple[AuditRow, ...]  # oldest first
    verdicts: tuple[Verdict, ...]
    key_fingerprint: str
    head: str = ""  # where the record ends, as SEQ:DIGEST
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()  # figures worth keeping that nothing depends on
    absent: tuple[str, ...] = ()

    @property
    def emergencies(self) -> tuple[Emergency, ...]:
        """Every emergency that the rows tell of, oldest first, with the row that closed its review, if there is one."""
        closed = {row.fact.run: row for row in self.rows if row.fact.event is AuditEvent.REVIEW_CLOSED}
        return tuple(
            _emergency(row, closed.get(row.fact.run))
            for row in self.rows
            if row.fact.event is AuditEvent.EMERGENCY_DECLARED
        )

    @property
    def is_good(self) -> bool:
        return all(check.is_so for check in self.checks) and all(verdict.is_good for verdict in self.verdicts)


def columns_of(board: Board) -> tuple[Column, ...]:
    """Return the board's columns as text, from left to right."""
    if board.workflow is None:
        return ()
    return tuple(
        Column(
            stage=stage.name,
            colour=stage.colour,
            configurations=tuple(card.name for card in board.in_stage(stage.id)),
        )
        for generation in board.workflow.columns()
        for stage in generation
    )
