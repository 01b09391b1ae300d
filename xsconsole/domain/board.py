"""The board: every configuration as a card in its column. `board_reading` makes it of what stands on a pool."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.closures import OPEN, Closures, Extension, Hold, Quarantine
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.points.sets import Candidate, RestorePoint
from xsconsole.domain.poolstate import (
    Archived,
    LeaseValue,
    MemberValue,
    Origin,
    RunRecord,
    Succession,
)
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.names import name_of_id


class Standing(StrEnum):
    """What a configuration is right now. Only a whole one can be promoted."""

    WHOLE = "whole"
    INCOMPLETE = "incomplete"  # a member of the roster is gone
    INCONSISTENT = "inconsistent"  # members disagree and no run record explains it
    RUNNING = "running"  # a run record stands and its console is alive
    INTERRUPTED = "interrupted"  # a run record stands and nobody works on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One VM of a configuration. Sizes are in bytes; `disks_bytes` is the virtual size of its disks."""

    ref: Ref
    uuid: Uuid
    name: str
    role: str
    power_state: str
    memory_bytes: int
    disks_bytes: int
    order: int
    value: MemberValue
    stage_name: str = ""  # what its stage was called when that was written, for other programs to show


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run record as it stands on the pool. `holder` is who works on it, None when nobody does."""

    record: RunRecord
    holder: LeaseValue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A configuration as the pool shows it. `stage` is where its members stand, or where a run started."""

    id: ConfigurationId
    name: str
    service: str
    version: str
    stage: StageId
    revision: int
    workflow_version: int
    members: tuple[Member, ...]
    standing: Standing
    missing: tuple[Uuid, ...] = ()
    missing_roles: Mapping[Uuid, str] = field(default_factory=dict)  # of those in `missing` whose role is known
    problems: tuple[str, ...] = ()  # sentences
    run: RunView | None = None
    restore_points: tuple[RestorePoint, ...] = ()  # newest first
    asides: tuple[RestorePoint, ...] = ()  # what returns to restore points set aside, newest first
    candidates: tuple[Candidate, ...] = ()  # what was frozen of it for requests, oldest first
    origin: Origin | None = None  # what it was copied from
    archived: Archived | None = None  # at the end of a time in a stage
    notes: str = ""  # what somebody wrote about it; anything can stand there
    succession: Succession | None = None  # whose place it took
    hold: Hold | None = None  # nobody promotes it
    extension: Extension | None = None  # of the time that it may stand in its stage
    quarantine: Quarantine | None = None  # nobody promotes its version
    abroad: tuple[tuple[str, tuple[Member, ...]], ...] = ()  # machines of it in other pools, by the pool's name

    def missing_name(self, uuid: Uuid) -> str:
        """Return what to call a member that is gone: its role, where the roster tells."""
        role = self.missing_roles.get(uuid, "")
        return f"{role} ({uuid})" if role else str(uuid)

    @property
    def since(self) -> datetime | None:
        """Return since when all its members stand in the stage; None where that is not known."""
        moments = [member.value.entered_at for member in self.members]
        known = [moment for moment in moments if moment is not None]
        return max(known) if known and len(known) == len(moments) else None

    @property
    def disks_bytes(self) -> int:
        return sum(member.disks_bytes for member in self.members)

    @property
    def is_up(self) -> bool:
        return any(member.power_state == "Running" for member in self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A VM that carries the value of another: a clone. It can be adopted or cleaned, and is not a member."""

    ref: Ref
    uuid: Uuid
    name: str
    value: MemberValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The workflow's columns and the cards. A card of an unknown stage is shown in `homeless`."""

    workflow: Workflow | None
    cards: Mapping[ConfigurationId, Card]
    strays: tuple[Stray, ...] = ()
    unreadable: tuple[str, ...] = ()  # names of VMs whose value cannot be read, such as of a newer console
    elsewhere: tuple[tuple[str, Card], ...] = ()  # what stands in other pools under this workflow, by the pool's name
    is_published: bool = True  # the workflow stands on the pool, and is not what the first who may will publish
    allowances: tuple[AllowedField, ...] = ()  # fields that people let differ
    is_proposed: bool = False  # and nobody publishes it unasked either: it is the one of another pool
    closures: Closures = OPEN

    def in_stage(self, stage: StageId) -> tuple[Card, ...]:
        """Return the cards of a column, by service, then by name, 2.4 before 2.10."""
        cards = [card for card in self.cards.values() if card.stage == stage]
        return tuple(sorted(cards, key=lambda card: (natural(card.service), natural(card.name), card.id)))

    def stage_name(self, stage: StageId) -> str:
        """Return what a stage is called; of one that the workflow does not have any more, what it was called."""
        found = self.workflow.stage(stage) if self.workflow is not None else None
        return found.name if found is not None else past_name(stage, self.cards.values())

    @property
    def homeless(self) -> tuple[Card, ...]:
        """Cards whose stage the workflow does not have."""
        known = {stage.id for stage in self.workflow.stages} if self.workflow else set()
        return tuple(card for card in self.cards.values() if card.stage not in known)


def past_name(stage: StageId, cards: Iterable[Card]) -> str:
    """Return what a stage that is gone was called, as members carry it; else what its id was made from."""
    members = (member for card in cards for member in card.members if member.value.stage == stage)
    return next((member.stage_name for member in members if member.stage_name), name_of_id(stage))


EMPTY_BOARD = Board(workflow=None, cards={})
