"""How a board is read of a pool: from its keys and the values at its machines, and from nothing else."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from xsconsole.domain.allowances import AllowedField, allowances_of
from xsconsole.domain.board import EMPTY_BOARD, Board, Card, Member, RunView, Standing, Stray
from xsconsole.domain.closures import OPEN, Closures, closures_of
from xsconsole.domain.disks import disks_of
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import Purpose, RunKind, TakeSnapshot
from xsconsole.domain.points.sets import candidates, restore_points
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    PREFIX,
    RESTORE_POINT_KEY,
    STAGE_FIELD_KEY,
    LeaseValue,
    MemberValue,
    RestorePointMark,
    Roster,
    RunRecord,
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

V = TypeVar("V", Roster, RunRecord)

ROSTER_PREFIX = PREFIX + "configuration."
RUN_PREFIX = PREFIX + "run."

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
