"""What was changed outside of this console: told on the cards and as rows, until somebody says why it may stay."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from xsconsole.console.facts import fact_of
from xsconsole.console.home import Home
from xsconsole.console.reconciling import Memory, reconcile
from xsconsole.domain.board import Card
from xsconsole.domain.events import BoardChanged, InventoryChanged, LinkState, LogUnread, OutsideChanged, PoolsChanged
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref
from xsconsole.domain.inventory import VM
from xsconsole.domain.outside import Kind, kind_of
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact, Outcome
from xsconsole.domain.words import count, duration, instant
from xsconsole.errors import ConsoleError, Refused

if TYPE_CHECKING:
    from xsconsole.console.door import Console
    from xsconsole.console.estate.router import Estate
    from xsconsole.domain.reconciliation import Reconciled

FIRST_S = 15.0  # after a pool is first live: what a window needs to begin comes before
SOON_S = 5.0  # after a change that no run explains; others that follow it are read together
LEAST_S = 60.0  # between two readings: an old log is long, and the pool reads all of it
EVERY_S = 1800.0
LOOK_S = 30.0  # between two looks for rows of other processes of this home
PAGE = 500
MOST_TOLD = 5
_COUNTED = frozenset({AuditEvent.FOREIGN, AuditEvent.ACKNOWLEDGED})
_ENDING = frozenset({AuditEvent.ACKNOWLEDGED, AuditEvent.RUN_CLOSED, AuditEvent.OBSERVED})
_TOLD = _COUNTED | _ENDING

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unacknowledged:
    """Changes to a configuration from outside that nobody has acknowledged here, newest first."""

    rows: tuple[AuditRow, ...]

    @property
    def number(self) -> int:
        return len(self.rows)

    @property
    def up_to(self) -> int:
        """The number of the newest of these rows."""
        return self.rows[0].seq

    @property
    def since(self) -> datetime:
        return self.rows[-1].at

    @property
    def filter(self) -> str:
        """What asks the record for these rows."""
        configuration = self.rows[0].fact.configuration
        return f"outside={Kind.CHANGE} row>={self.rows[-1].seq} configuration={configuration}"

    @property
    def told(self) -> tuple[str, ...]:
        """What the newest of them were, a sentence each, and how many more there are."""
        told = [f"{(row.fact.details or {}).get('what', '')}." for row in self.rows[:MOST_TOLD]]
        return (*told, *((f"{self.number - MOST_TOLD} more.",) if self.number > MOST_TOLD else ()))

    @property
    def sentence(self) -> str:
        return f"Changed outside of this console, {count(self.number, 'change')}: {' '.join(self.told)}"


async def unacknowledged(home: Home) -> Mapping[ConfigurationId, Unacknowledged]:
    """Return what was changed from outside since it was last acknowledged, promoted or demoted, as the rows tell.

    Raises:
        StoreFailed: the record cannot be read.
    """
    rows: dict[ConfigurationId, list[AuditRow]] = {}
    before: int | None = None
    while page := await home.audit_page(AuditQuery(event=AuditEvent.FOREIGN), before, PAGE):
        for row in page:
            if row.fact.configuration is not None and kind_of(row.fact) is Kind.CHANGE:
                rows.setdefault(row.fact.configuration, []).append(row)
        before = page[-1].seq
    found: dict[ConfigurationId, Unacknowledged] = {}
    for configuration, of_one in rows.items():
        end = await _end(home, configuration, of_one[-1].seq)
        later = tuple(row for row in of_one if row.seq > end)
        if later:
            found[configuration] = Unacknowledged(rows=later)
    return found


async def _end(home: Home, configuration: ConfigurationId, first: int) -> int:
    """Return up to which number the newest row that ends what is counted ends it; 0 where none came after `first`."""
    query, before = AuditQuery(events=_ENDING, configuration=configuration), None
    while page := await home.audit_page(query, before, PAGE):
        found = next((_last_of(row) for row in page if _ends(row.fact)), None)
        if found is not None:
            return found
        before = page[-1].seq
        if before < first:
            break
    return 0


def _last_of(row: AuditRow) -> int:
    """Return the number of the last row that one ends: an acknowledgement ends only what was looked at before it."""
    up_to = (row.fact.details or {}).get("up_to") if row.fact.event is AuditEvent.ACKNOWLEDGED else None
    return up_to if isinstance(up_to, int) else row.seq


def _ends(fact: Fact) -> bool:
    has_moved = fact.source is not None and fact.target is not None and fact.source != fact.target
    return fact.event is AuditEvent.ACKNOWLEDGED or (
        has_moved and (fact.outcome is Outcome.DONE or fact.event is AuditEvent.OBSERVED)
    )


async def acknowledge(console: "Console", card: Card, reason: str, up_to: int | None = None) -> int:
    """Leave a row that says that the changes from outside were seen, and why they may stay; return how many.

    `up_to` is the newest row that was looked at: what came after it waits on. Without it, all that is on record.

    Raises:
        Refused: there is no reason, or nothing to acknowledge.
        StoreFailed: the row cannot be written.
    """
    if not reason.strip():
        raise Refused(reason="A reason is missing.", mend="Say why these changes may stay, or what became of them.")
    waiting = (await unacknowledged(console.home)).get(card.id)
    rows = [row for row in waiting.rows if up_to is None or row.seq <= up_to] if waiting is not None else []
    if not rows:
        raise Refused(
            reason="Nothing of it was changed from outside that is not acknowledged.",
            mend="`xsconsole audit reconcile` looks into the pool's own log now.",
        )
    found = Unacknowledged(rows=tuple(rows))
    what = f"{count(found.number, 'change')} to {card.name} from outside, since {instant(found.since)}"
    fact = replace(
        fact_of(
            AuditEvent.ACKNOWLEDGED,
            console.identity,
            {"what": what, "number": found.number, "up_to": found.up_to},
        ),
        configuration=card.id,
        configuration_name=card.name,
        outcome=Outcome.DONE,
        reason=reason.strip(),
    )
    await console.record(fact)
    return found.number


@dataclass(slots=True)
class _Follower:
    """One pool: what was compared, when it was read last, and when it is to be read next, by the monotonic clock."""

    memory: Memory
    due_s: float
    read_s: float | None = None
    seen: dict[Ref, VM] | None = None  # members as they were, without what moves by itself
    failed: str = ""  # why it could not be read last
    told: str = ""  # the same, as it was told


class Outside:
    """Follows an estate from its first look until it is closed. Lives on the loop's thread."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate
        self._found: Mapping[ConfigurationId, Unacknowledged] = {}
        self._followers: dict[Console, _Follower] = {}
        self._stirred = asyncio.Event()
        self._is_stale, self._counted = True, 0  # rows came that count otherwise; the newest that was looked at
        self._turn = asyncio.Lock()
        self._ends: list[Callable[[], None]] = [
            estate.subscribe(InventoryChanged, self._hear_inventory),
            estate.subscribe(BoardChanged, self._hear_board),
            estate.subscribe(PoolsChanged, self._hear_pools),
        ]
        if not estate.home.is_reading:
            estate.home.ledger.follow(self._hear_facts)
        self._work = asyncio.get_running_loop().create_task(self._supervise(), name="changes from outside")

    def of(self, configuration: ConfigurationId) -> Unacknowledged | None:
        return self._found.get(configuration)

    async def compare(self, console: "Console") -> "Reconciled":
        """Compare with a pool's own log now; raises as `reconcile` does."""
        follower = self._follower(console)
        async with self._turn:
            found = await reconcile(console, memory=follower.memory)
            follower.read_s = self._estate.home.clock.monotonic_s()
        return found

    def close(self) -> None:
        """Follow no more."""
        for end in self._ends:
            end()
        self._work.cancel()

    # Hearing

    def _hear_facts(self, facts: Sequence[Fact]) -> None:
        if any(fact.event in _TOLD for fact in facts):
            self._is_stale = True
            self._stirred.set()

    def _hear_board(self, event: BoardChanged) -> None:
        for console, follower in self._followers.items():
            if any(configuration in console.own_board.cards for configuration in event.configurations):
                follower.memory.see(console)

    def _hear_pools(self, event: PoolsChanged) -> None:
        del event
        self._followers = {console: self._follower(console) for console in self._estate.pools.all}
        self._stirred.set()

    def _hear_inventory(self, event: InventoryChanged) -> None:
        """Look at machines of configurations: what no run explains is asked about soon."""
        console = next((one for one in self._estate.pools.all if one.inventory is event.inventory), None)
        if console is None:
            return
        follower = self._follower(console)
        if event.batch.is_whole or follower.seen is None:
            follower.seen = None  # what was before is not known
            self._stirred.set()
            return
        is_unexplained = [self._see(console, follower.seen, ref) for ref in event.batch.refs_of("vm")]
        if any(is_unexplained):
            now_s = self._estate.home.clock.monotonic_s()
            earliest_s = follower.read_s + LEAST_S if follower.read_s is not None else now_s
            follower.due_s = min(follower.due_s, max(now_s + SOON_S, earliest_s))
            self._stirred.set()

    @staticmethod
    def _see(console: "Console", seen: dict[Ref, VM], ref: Ref) -> bool:
        """Take a machine as it is now; return whether it is a member, and another than before without a run."""
        before, vm = seen.get(ref), console.inventory.get(VM, ref)
        if vm is None:
            return seen.pop(ref, None) is not None and not _is_running(console, ref)
        if before is None:
            return False
        seen[ref] = now = _still(vm)
        return now != before and not _is_running(console, ref)

    def _follower(self, console: "Console") -> _Follower:
        found = self._followers.get(console)
        if found is None:
            due_s = self._estate.home.clock.monotonic_s() + FIRST_S
            found = self._followers[console] = _Follower(memory=Memory(), due_s=due_s)
        return found

    # Working

    async def _supervise(self) -> None:
        """Follow, and begin anew after a fault of the program, which is told: else nobody would hear of changes."""
        clock, wait_s = self._estate.home.clock, LEAST_S
        while True:
            began_s = clock.monotonic_s()
            try:
                await self._follow()
            except Exception as fault:  # a bug; it is logged and told, and must not end what follows it
                log.exception("following what others change was given up")
                wait_s = LEAST_S if clock.monotonic_s() - began_s > EVERY_S else wait_s
                again = f"It is tried again in {duration(wait_s)}; restart the console if this comes back."
                told = Refused(reason=f"A fault of this program ended it: {type(fault).__name__}.", mend=again)
                self._estate.pools.publish(LogUnread(pool="", error=told))
            await clock.sleep(wait_s)
            wait_s = min(2 * wait_s, EVERY_S)
            self._followers.clear()
            self._is_stale = True

    async def _follow(self) -> None:
        self._hear_pools(PoolsChanged())
        while True:
            if self._is_stale:
                await self._count()
            for console, follower in tuple(self._followers.items()):
                if follower.seen is None and console.inventory.pool is not None:
                    follower.seen = _members(console)
                if self._can_ask(console) and follower.due_s <= self._estate.home.clock.monotonic_s():
                    await self._compare_quietly(console, follower)
            if not self._is_stale:
                await self._rest()

    async def _rest(self) -> None:
        """Wait until something stirs, or a reading is due; look now and then for rows of other processes."""
        now_s = self._estate.home.clock.monotonic_s()
        asked = (follower.due_s for console, follower in self._followers.items() if self._can_ask(console))
        due_s = min(asked, default=now_s + EVERY_S)
        try:
            async with asyncio.timeout(min(max(1.0, due_s - now_s), LOOK_S)):
                await self._stirred.wait()
        except TimeoutError:
            self._is_stale = await self._newest() != self._counted
            return
        self._stirred.clear()

    def _can_ask(self, console: "Console") -> bool:
        is_live = console.link.state is LinkState.LIVE and console.identity is not None
        return is_live and not self._estate.home.is_reading

    async def _newest(self) -> int:
        try:
            rows = await self._estate.home.audit_page(AuditQuery(events=_COUNTED), None, 1)
        except ConsoleError as failure:
            log.warning("whether there are new rows cannot be read: %s", failure)
            return self._counted
        return rows[0].seq if rows else 0

    async def _compare_quietly(self, console: "Console", follower: _Follower) -> None:
        """Compare; what fails twice in a row is told once. Once alone it may be a connection that is made anew."""
        clock, again_s = self._estate.home.clock, EVERY_S
        try:
            async with self._turn:
                await reconcile(console, memory=follower.memory, is_quiet=True)
            follower.failed = follower.told = ""
        except ConsoleError as failure:
            log.warning("what others changed is not known: %s", failure)
            before, follower.failed = follower.failed, str(failure)
            if before != follower.failed:
                again_s = LEAST_S
            elif console.link.state is LinkState.LIVE and follower.failed != follower.told:  # else the link says so
                follower.told = follower.failed
                self._estate.pools.publish(LogUnread(pool=self._estate.sight_of(console).name, error=failure))
        finally:
            follower.read_s = clock.monotonic_s()
            follower.due_s = follower.read_s + again_s

    async def _count(self) -> None:
        """Read what counts, and tell of which configurations it became another."""
        self._is_stale, self._counted = False, await self._newest()
        try:
            found = await unacknowledged(self._estate.home)
        except ConsoleError as failure:
            log.warning("which changes are acknowledged cannot be read: %s", failure)
            return
        before, self._found = self._found, found
        changed = tuple(id_ for id_ in before.keys() | found.keys() if before.get(id_) != found.get(id_))
        if changed:
            self._estate.pools.publish(OutsideChanged(configurations=changed))


def _members(console: "Console") -> dict[Ref, VM]:
    members = (member for card in console.own_board.cards.values() for member in card.members)
    found = (console.inventory.get(VM, member.ref) for member in members)
    return {vm.ref: _still(vm) for vm in found if vm is not None}


def _is_running(console: "Console", ref: Ref) -> bool:
    cards: Iterable[Card] = console.own_board.cards.values()
    return any(card.run is not None for card in cards if any(member.ref == ref for member in card.members))


def _still(vm: VM) -> VM:
    """Return a machine without what moves by itself."""
    return msgspec.structs.replace(
        vm,
        allowed_operations=(),
        current_operations={},
        resident_on=NULL_REF,
        guest_metrics=NULL_REF,
        memory_overhead=0,
        snapshots=(),
        parent=NULL_REF,
    )
