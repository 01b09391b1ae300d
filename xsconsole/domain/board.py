"""The board: every configuration as a card in its column, derived from what stands on the pool and nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from xsconsole.domain.allowances import AllowedField, allowances_of
from xsconsole.domain.closures import OPEN, Closures, Extension, Hold, Quarantine, closures_of
from xsconsole.domain.disks import disks_of
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import Purpose, RunKind, TakeSnapshot
from xsconsole.domain.points.sets import Candidate, RestorePoint, candidates, restore_points
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    PREFIX,
    RESTORE_POINT_KEY,
    STAGE_FIELD_KEY,
    Archived,
    LeaseValue,
    MemberValue,
    Origin,
    RestorePointMark,
    Roster,
    RunRecord,
    Succession,
    configuration_thing,
    decode,
    decode_run,
    decode_workflow,
    newest,
    numbers,
)
from xsconsole.domain.rosters import awaited, problems_of, roles_of
from xsconsole.domain.run_kinds import apart
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


V = TypeVar("V", Roster, RunRecord)

ROSTER_PREFIX = PREFIX + "configuration."
RUN_PREFIX = PREFIX + "run."

EMPTY_BOARD = Board(workflow=None, cards={})

HolderOf = Callable[[str], LeaseValue | None]
"""Who holds a thing's lease and was seen alive, by the observer's own clock."""


def derive(inventory: Inventory, holder_of: HolderOf, elsewhere: tuple[tuple[str, Card], ...] = ()) -> Board:
    """Return the board that the pool's state amounts to; what stands `elsewhere` counts as it was last heard of."""
    pool = inventory.pool
    if pool is None:
        return EMPTY_BOARD
    state = PoolState.read(inventory, pool.other_config)
    ids = {*state.members, *state.rosters, *state.runs}
    cards = {id_: card_of(id_, state, holder_of) for id_ in ids}
    return Board(
        workflow=state.workflow,
        cards={id_: card for id_, card in cards.items() if card is not None},
        strays=shown_strays(state.strays, state.runs),
        unreadable=tuple(sorted(state.unreadable)),
        closures=state.closures,
        allowances=state.allowances,
        elsewhere=elsewhere,
    )


def shown_strays(strays: Iterable[Stray], runs: Mapping[ConfigurationId, RunRecord]) -> tuple[Stray, ...]:
    """Return the strays by name, without those that a run has just made and goes on with."""
    copied = {id_ for id_, record in runs.items() if record.plan.intent.makes is not None}
    refreshing = (record.plan for record in runs.values() if record.plan.intent.kind is RunKind.REFRESH)
    actions = (step.action for plan in refreshing for step in plan.steps)
    copied |= {action.configuration for action in actions if isinstance(action, TakeSnapshot) and action.configuration}
    shown = (stray for stray in strays if stray.value.configuration not in copied)
    return tuple(sorted(shown, key=lambda stray: (natural(stray.name), stray.uuid)))


def published_workflow(pool_keys: Mapping[str, str]) -> Workflow | None:
    """Return the workflow that stands on the pool: of the highest number that can be read."""
    stem = PREFIX + "workflow."
    names = {key.removeprefix(stem).rpartition(".")[0] for key in pool_keys if key.startswith(stem)}
    for name in sorted(names):
        for number in numbers(pool_keys, stem + name):
            workflow = decode_workflow(pool_keys[f"{stem}{name}.{number}"])
            if workflow is not None:
                return workflow
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    workflow: Workflow | None
    members: Mapping[ConfigurationId, list[Member]]
    rosters: Mapping[ConfigurationId, Roster]
    runs: Mapping[ConfigurationId, RunRecord]
    points: Mapping[ConfigurationId, list[tuple[VM, RestorePointMark]]]
    strays: list[Stray]
    unreadable: list[str]
    closures: Closures = OPEN
    allowances: tuple[AllowedField, ...] = ()

    def run_on(self, configuration: ConfigurationId) -> RunRecord | None:
        """Return the run that changes a configuration: asked about it, or about another one."""
        others = (record for record in self.runs.values() if configuration in record.plan.intent.others)
        return self.runs.get(configuration) or next(others, None)

    @classmethod
    def read(cls, inventory: Inventory, keys: Mapping[str, str]) -> "PoolState":
        members: dict[ConfigurationId, list[Member]] = defaultdict(list)
        points: dict[ConfigurationId, list[tuple[VM, RestorePointMark]]] = defaultdict(list)
        strays: list[Stray] = []
        unreadable: list[str] = []
        for vm in inventory.all(VM):
            match role_of(inventory, vm):
                case Member() as member:
                    members[member.value.configuration].append(member)
                case Stray() as stray:
                    strays.append(stray)
                case RestorePointMark() as mark:
                    points[mark.configuration].append((vm, mark))
                case str() as name:
                    unreadable.append(name)
        return cls(
            workflow=published_workflow(keys),
            members=members,
            rosters=_read_each(numbered(keys, ROSTER_PREFIX), roster_of),
            runs=_read_each(numbered(keys, RUN_PREFIX), run_of),
            points=points,
            strays=strays,
            unreadable=unreadable,
            closures=closures_of(keys),
            allowances=allowances_of(keys),
        )


def role_of(inventory: Inventory, vm: VM) -> Member | Stray | RestorePointMark | str | None:
    """Return what a VM is to the board; its name where it carries what cannot be read; None where it is nothing."""
    if vm.is_a_snapshot:
        return decode(vm.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
    if not vm.is_ordinary:
        return None
    number, value = newest(vm.other_config, MEMBER_STEM, MemberValue)
    if value is None:
        return vm.name_label if number else None
    if value.vm == vm.uuid:
        return member_of(inventory, vm, value)
    return Stray(ref=vm.ref, uuid=vm.uuid, name=vm.name_label, value=value)


def member_of(inventory: Inventory, vm: VM, value: MemberValue) -> Member:
    return Member(
        ref=vm.ref,
        uuid=vm.uuid,
        name=vm.name_label,
        role=value.role,
        power_state=vm.power_state,
        memory_bytes=vm.memory_static_max,
        disks_bytes=sum(disk.virtual_size for disk in disks_of(inventory, vm)),
        order=vm.order,
        stage_name=vm.other_config.get(STAGE_FIELD_KEY, ""),
        value=value,
    )


def numbered(keys: Mapping[str, str], prefix: str) -> dict[ConfigurationId, list[str]]:
    """Return the texts of each configuration's numbered keys, newest first. One pass, however many there are."""
    found: dict[ConfigurationId, dict[int, str]] = defaultdict(dict)
    for key, text in keys.items():
        if key.startswith(prefix):
            name, _, number = key.removeprefix(prefix).rpartition(".")
            if name and number.isdecimal():
                found[ConfigurationId(name)][int(number)] = text
    return {name: [texts[number] for number in sorted(texts, reverse=True)] for name, texts in found.items()}


def _read_each(
    texts: Mapping[ConfigurationId, list[str]], read: Callable[[list[str]], V | None]
) -> dict[ConfigurationId, V]:
    found = ((id_, read(of_one)) for id_, of_one in texts.items())
    return {id_: value for id_, value in found if value is not None}


def roster_of(texts: Iterable[str]) -> Roster | None:
    """Return the newest roster that can be read."""
    return next((roster for roster in (decode(text, Roster) for text in texts) if roster is not None), None)


def run_of(texts: Iterable[str]) -> RunRecord | None:
    """Return the newest run record that can be read."""
    return next((record for record in map(decode_run, texts) if record is not None), None)


def card_of(id_: ConfigurationId, state: PoolState, holder_of: HolderOf) -> Card | None:
    members = sorted(state.members.get(id_, []), key=lambda member: (member.order, member.role, member.uuid))
    record = state.run_on(id_)
    roster = state.rosters.get(id_)
    if not members and record is None:
        return None if roster is None else _ghost(id_, roster, state)
    present = {member.uuid for member in members}
    missing = tuple(sorted(set(roster.roster if roster else ()) - present))
    values = [member.value for member in members]
    problems = problems_of({each.uuid: each.name for each in members}, values, roster, missing)
    run = None
    if record is not None:
        run = RunView(record=record, holder=holder_of(configuration_thing(record.plan.intent.configuration)))
        standing = Standing.RUNNING if run.holder else Standing.INTERRUPTED
    elif missing:
        standing = Standing.INCOMPLETE
    else:
        standing = Standing.INCONSISTENT if problems else Standing.WHOLE
    first = members[0].value if members else awaited(id_, record.plan if record else None)
    intent = record.plan.intent if record else None
    stage = None
    name, service = (intent.name, intent.service) if intent is not None else (str(id_), "")
    if intent is not None and (what := apart(intent.kind, intent.target)):  # it is nobody's, and stands nowhere
        name, service = f"{what} of {name}", ""
    elif intent is not None and (first is None or id_ not in intent.beside):  # what is beside stays where it stands
        stage = intent.target if id_ in intent.others else intent.source or intent.target
    return Card(
        id=id_,
        name=first.name if first else name,
        service=first.service if first else service,
        version=first.version if first else "",
        stage=stage or (first.stage if first else StageId("")),
        revision=max((member.value.revision for member in members), default=0),
        workflow_version=first.workflow_version if first else 0,
        members=tuple(members),
        standing=standing,
        missing=missing,
        missing_roles=roles_of(missing, roster),
        problems=problems,
        run=run,
        restore_points=restore_points(state.points.get(id_, []), present),
        asides=restore_points(state.points.get(id_, []), present, Purpose.SET_ASIDE),
        candidates=candidates(state.points.get(id_, [])),
        origin=roster.origin if roster else None,
        archived=roster.archived if roster else None,
        notes=roster.notes if roster else "",
        succession=roster.succession if roster else None,
        hold=state.closures.holds.get(id_),
        extension=state.closures.extensions.get(id_),
        quarantine=state.closures.quarantine_of(first.service, first.version) if first else None,
    )


def _ghost(id_: ConfigurationId, roster: Roster, state: PoolState) -> Card:
    """Return the card of a configuration of which only the roster is left."""
    return Card(
        id=id_,
        name=f"configuration {id_[:8]}",
        service="",
        version="",
        stage=state.workflow.stages[0].id if state.workflow else StageId(""),
        revision=0,
        workflow_version=0,
        members=(),
        standing=Standing.INCOMPLETE,
        missing=roster.roster,
        missing_roles=roles_of(roster.roster, roster),
        problems=("All its members are gone.",),
        hold=state.closures.holds.get(id_),
    )
