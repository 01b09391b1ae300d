"""The board of a pool that changes all the time: what one change costs does not depend on how large the pool is."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from xsconsole.domain.allowances import AllowedField, allowances_of, is_allowance_key
from xsconsole.domain.board import EMPTY_BOARD, Board, Card, Member, Stray
from xsconsole.domain.board_reading import (
    ROSTER_PREFIX,
    RUN_PREFIX,
    HolderOf,
    PoolState,
    card_of,
    numbered,
    published_workflow,
    role_of,
    roster_of,
    run_of,
    shown_strays,
)
from xsconsole.domain.closures import OPEN, Closures, closures_of, is_closure_key
from xsconsole.domain.ids import ConfigurationId, Ref
from xsconsole.domain.inventory import VBD, VM, ChangeBatch, Inventory
from xsconsole.domain.poolstate import PREFIX, RestorePointMark, Roster, RunRecord
from xsconsole.domain.workflow import Workflow

T = TypeVar("T")

WORKFLOW_PREFIX = PREFIX + "workflow."


class LiveBoard:
    """At any moment equal to `derive` of the same inventory, which must have taken the same batches in before."""

    def __init__(self, inventory: Inventory, holder_of: HolderOf) -> None:
        self._inventory = inventory
        self._holder_of = holder_of
        self._begin()

    def _begin(self) -> None:
        self._due_vms: dict[Ref, None] = {}
        self._due_cards: set[ConfigurationId] = set()
        self._keys: Mapping[str, str] = {}
        self._workflow: Workflow | None = None
        self._closures: Closures = OPEN
        self._allowances: tuple[AllowedField, ...] = ()
        self._rosters: dict[ConfigurationId, Roster] = {}
        self._runs: dict[ConfigurationId, RunRecord] = {}
        self._members: dict[ConfigurationId, dict[Ref, Member]] = defaultdict(dict)
        self._points: dict[ConfigurationId, dict[Ref, tuple[VM, RestorePointMark]]] = defaultdict(dict)
        self._strays: dict[Ref, Stray] = {}
        self._unreadable: dict[Ref, str] = {}
        self._configuration_of: dict[Ref, ConfigurationId] = {}  # of VMs that are members or restore points
        self._looked_at: dict[Ref, tuple[Ref, ...]] = {}  # drives and disks that a member's card depends on
        self._lookers: dict[Ref, set[Ref]] = defaultdict(set)  # the same, the other way round
        self._cards: dict[ConfigurationId, Card] = {}

    def hear(self, batch: ChangeBatch) -> None:
        """Note what a batch touches."""
        if batch.is_whole:
            self._begin()
            self._due_vms.update(dict.fromkeys(batch.refs_of("vm")))
            return
        for change in batch.changes:
            match change.class_name:
                case "vm":
                    self._due_vms[change.ref] = None
                case "vbd" | "vdi":
                    self._due_vms.update(dict.fromkeys(self._lookers.get(change.ref, ())))

    def advance(self, most: int) -> bool:
        """Read at most so many VMs and cards of those that are due; return whether nothing is due any more."""
        pool = self._inventory.pool
        if pool is None:
            return True
        if pool.other_config is not self._keys:
            self._read_keys(pool.other_config)
        while self._due_vms and most > 0:
            ref, _ = self._due_vms.popitem()  # the last one: a dict looks for its first from its old beginning on
            self._read_vm(ref)
            most -= 1
        while self._due_cards and most > 0:
            self._read_card(self._due_cards.pop())
            most -= 1
        return not self._due_vms and not self._due_cards

    def renewed(self) -> Board:
        """Return the board as it is now, whatever is still due."""
        if self._inventory.pool is None:
            return EMPTY_BOARD
        self.advance(sys.maxsize)
        for id_ in (*self._runs, *self._others()):  # who works on a run is a matter of the moment, and of no record
            self._read_card(id_)
        return Board(
            workflow=self._workflow,
            cards=dict(self._cards),
            strays=shown_strays(self._strays.values(), self._runs),
            unreadable=tuple(sorted(self._unreadable.values())),
            closures=self._closures,
            allowances=self._allowances,
        )

    def _read_keys(self, keys: Mapping[str, str]) -> None:
        before, self._keys = self._keys, keys
        differing = [key for key, text in keys.items() if before.get(key) != text]
        differing += [key for key in before if key not in keys]
        if any(key.startswith(WORKFLOW_PREFIX) for key in differing):
            self._workflow = published_workflow(keys)
            self._due_cards |= self._rosters.keys()  # of which only the roster is left stands in the first stage
        if any(is_closure_key(key) for key in differing):
            self._read_closures(closures_of(keys))
        if any(is_allowance_key(key) for key in differing):
            self._allowances = allowances_of(keys)
        self._read_named(ROSTER_PREFIX, differing, self._rosters, roster_of)
        before_runs = self._others()
        self._read_named(RUN_PREFIX, differing, self._runs, run_of)
        self._due_cards |= before_runs | self._others()

    def _read_closures(self, closures: Closures) -> None:
        before, self._closures = self._closures, closures
        if before.quarantines != closures.quarantines:  # rare, and a version may be that of any card
            self._due_cards |= self._cards.keys() | self._members.keys()
        for was, now in ((before.holds, closures.holds), (before.extensions, closures.extensions)):
            self._due_cards |= {id_ for id_ in was.keys() | now.keys() if was.get(id_) != now.get(id_)}

    def _others(self) -> set[ConfigurationId]:
        """Return the configurations that runs change beside the one that they stand under."""
        return {id_ for record in self._runs.values() for id_ in record.plan.intent.others}

    def _read_named(
        self,
        prefix: str,
        differing: Iterable[str],
        known: dict[ConfigurationId, T],
        read: Callable[[list[str]], T | None],
    ) -> None:
        touched = {_named(key, prefix) for key in differing if key.startswith(prefix)}
        texts = numbered(self._keys, prefix) if touched else {}
        for id_ in touched:
            _put(known, id_, read(texts.get(id_, [])))
        self._due_cards |= touched

    def _read_vm(self, ref: Ref) -> None:
        self._forget_vm(ref)
        vm = self._inventory.get(VM, ref)
        if vm is None:
            return
        match role_of(self._inventory, vm):
            case Member() as member:
                self._belongs(ref, member.value.configuration)
                self._members[member.value.configuration][ref] = member
                self._watch_disks(vm)
            case RestorePointMark() as mark:
                self._belongs(ref, mark.configuration)
                self._points[mark.configuration][ref] = (vm, mark)
            case Stray() as stray:
                self._strays[ref] = stray
            case str() as name:
                self._unreadable[ref] = name

    def _belongs(self, ref: Ref, configuration: ConfigurationId) -> None:
        self._configuration_of[ref] = configuration
        self._due_cards.add(configuration)

    def _watch_disks(self, vm: VM) -> None:
        drives = (self._inventory.get(VBD, ref) for ref in vm.VBDs)
        looked_at = (*vm.VBDs, *(drive.VDI for drive in drives if drive is not None))
        self._looked_at[vm.ref] = looked_at
        for ref in looked_at:
            self._lookers[ref].add(vm.ref)

    def _forget_vm(self, ref: Ref) -> None:
        self._strays.pop(ref, None)
        self._unreadable.pop(ref, None)
        for looked_at in self._looked_at.pop(ref, ()):
            lookers = self._lookers[looked_at]
            lookers.discard(ref)
            if not lookers:
                del self._lookers[looked_at]
        configuration = self._configuration_of.pop(ref, None)
        if configuration is not None:
            self._due_cards.add(configuration)
            for held in (self._members, self._points):
                held[configuration].pop(ref, None)
                if not held[configuration]:
                    del held[configuration]

    def _read_card(self, id_: ConfigurationId) -> None:
        state = PoolState(
            workflow=self._workflow,
            members={id_: list(self._members.get(id_, {}).values())},
            rosters=self._rosters,
            runs=self._runs,
            points={id_: list(self._points.get(id_, {}).values())},
            strays=[],
            unreadable=[],
            closures=self._closures,
        )
        is_there = id_ in self._members or id_ in self._rosters or id_ in self._runs
        _put(self._cards, id_, card_of(id_, state, self._holder_of) if is_there else None)


def _named(key: str, prefix: str) -> ConfigurationId:
    return ConfigurationId(key.removeprefix(prefix).rpartition(".")[0])


def _put(known: dict[ConfigurationId, T], id_: ConfigurationId, value: T | None) -> None:
    if value is None:
        known.pop(id_, None)
    else:
        known[id_] = value
