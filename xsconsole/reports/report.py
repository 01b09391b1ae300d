"""What a report says, as data. How it looks is made elsewhere."""

from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.board import Board
from xsconsole.domain.record import AuditRow, Verdict


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
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()  # figures worth keeping that nothing depends on
    absent: tuple[str, ...] = ()

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
