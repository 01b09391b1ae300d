"""Consoles at desks: each with an engine, a home that outlives it, a view of the pool, and a way to be killed."""

import asyncio
import itertools
import selectors
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.engine.memory_archives import MemoryArchives
from tests.engine.memory_pool import MemoryPool
from tests.engine.memory_port import EPOCH, MemoryPort
from xsconsole.domain.board import Board, Card
from xsconsole.domain.events import StepProgressed
from xsconsole.domain.gates import Answer
from xsconsole.domain.given_ids import carried, made_by
from xsconsole.domain.ids import ConfigurationId, ConsoleId, Digest, RunId, StageId, StepKey, Uuid
from xsconsole.domain.inventory import ChangeBatch, Inventory
from xsconsole.domain.live_board import LiveBoard
from xsconsole.domain.plan import Disks, Plan
from xsconsole.domain.poolstate import configuration_thing
from xsconsole.domain.record import AuditEvent, Fact, OpenRun
from xsconsole.domain.runs import RunStatus
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Confirmed, Create, Demote, Direction, NewMember, Plannable, Promote, Settle
from xsconsole.engine.engine import Engine
from xsconsole.engine.ports import Identity
from xsconsole.engine.runs.lease import LeaseTiming, Me
from xsconsole.engine.runs.runner import Run
from xsconsole.errors import Refused, StoreFailed
from xsconsole.store.keys import SigningKey, is_signature

Result = TypeVar("Result")


class Killed(BaseException):
    """The process is gone at this point."""


class _Jumping(selectors.DefaultSelector):
    """Never waits: where the loop would, its time jumps."""

    jump: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not found:
            assert timeout is not None, "everything waits for ever"
            self.jump(timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time passes only when nothing is to be done."""

    def __init__(self) -> None:
        selector = _Jumping()
        selector.jump = self._jump
        self._now_s = 0.0
        super().__init__(selector)
        self.set_exception_handler(self._handle)
        self.bugs: list[Mapping[str, Any]] = []

    def time(self) -> float:
        return self._now_s

    def _jump(self, seconds: float) -> None:
        self._now_s += max(seconds, 0.0)

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not _is_killed(context.get("exception")):
            self.bugs.append(context)


def _is_killed(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_is_killed(part) for part in error.exceptions)
    return isinstance(error, Killed)


def virtually(story: Callable[[], Awaitable[Result]]) -> Result:
    """Run a story on a loop of its own, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        result = runner.run(_told(story))
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        assert not loop.bugs, loop.bugs
        return result


async def _told(story: Callable[[], Awaitable[Result]]) -> Result:
    return await story()


class LoopClock:
    """The virtual time of the loop on which the desk was set up."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic_s())

    def monotonic_s(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class AnsweringProber:
    """What this machine could try, as a test says: no answer is given that was not put there."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []

    def will(self, what: str, *answers: bool) -> None:
        """Answer so, one after another; the last one for ever."""
        self.answers[what] = [
            Answer(is_met=met, sentence=f"{what} {'answers' if met else 'is silent'}.") for met in answers
        ]

    async def reach(self, address: str, port: int | None, timeout_s: float) -> Answer:
        return self._next(address)

    async def run_script(self, argv: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> Answer:
        return self._next(argv[0])

    async def request(self, method: str, url: str, timeout_s: float) -> Answer:
        return self._next(url)

    def _next(self, what: str) -> Answer:
        self.asked.append(what)
        waiting = self.answers[what]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


class CountingIds:
    """Ids that no other desk gives, at whichever pool. No two of one desk begin alike."""

    def __init__(self, desk: int, pool: str = "") -> None:
        self._desk, self._pool = desk, zlib.crc32(pool.encode())
        self._numbers = itertools.count(1)

    def new(self) -> str:
        return f"{next(self._numbers):04x}{self._desk:04x}-0000-4000-8000-{self._pool:08x}000f"


def demand_exact(plan: Plan) -> None:
    """Fail where other ids for what a plan makes would not be everywhere, or change anything else."""
    made = made_by(plan.intent)
    given = {id_: ConfigurationId(f"{number:04x}0000-0000-4000-8000-0000000000ff") for number, id_ in enumerate(made)}
    there = carried(plan, given)
    whole = msgspec.json.encode(msgspec.structs.replace(there, leases=(), leases_abroad=())).decode()
    assert [id_ for id_ in made if id_ in whole] == []
    assert [id_ for id_ in given.values() if id_ not in whole] == []
    assert set(there.leases) - set(plan.leases) <= {configuration_thing(id_) for id_ in given.values()}
    for new, old in zip(given.values(), given, strict=True):
        whole = whole.replace(new, old)
    assert whole == msgspec.json.encode(msgspec.structs.replace(plan, leases=(), leases_abroad=())).decode()


OPENING = {AuditEvent.RUN_OPENED, AuditEvent.RUN_RESUMED, AuditEvent.RUN_UNDOING}
INTENDING = {AuditEvent.STEP_INTENDED, AuditEvent.UNDO_INTENDED}


@dataclass(slots=True, kw_only=True)
class MemoryLedger:
    """What a home keeps. It outlives the console; `cross` cuts the console off before or after a commit."""

    facts: list[Fact] = field(default_factory=list)
    known_nonces: set[str] = field(default_factory=set)
    is_full: bool = False
    cross: Callable[[str], None] = lambda _: None

    async def record(self, *facts: Fact) -> int:
        await asyncio.sleep(0)
        self.cross("before commit")
        if self.is_full:
            raise StoreFailed(path="/home/audit.sqlite", reason="The disk is full.", mend="Free space.")
        self.facts += facts
        self.cross("after commit")
        return len(self.facts)

    async def remember_nonce(self, nonce: str, thing: str) -> None:
        self.cross("before nonce")
        self.known_nonces.add(nonce)

    async def nonces(self) -> frozenset[str]:
        return frozenset(self.known_nonces)

    async def open_runs(self) -> tuple[OpenRun, ...]:
        opened: dict[RunId, Fact] = {}
        for fact in self.facts:
            if fact.event in OPENING and fact.run:
                opened.setdefault(fact.run, fact)
            elif fact.event is AuditEvent.RUN_CLOSED and fact.run:
                opened.pop(fact.run, None)
        return tuple(
            OpenRun(
                run=run,
                configuration=fact.configuration or ConfigurationId(""),
                pool=fact.pool or Uuid(""),
                opened_at=EPOCH,
                intended=(),
            )
            for run, fact in opened.items()
        )

    def events(self) -> list[AuditEvent]:
        return [fact.event for fact in self.facts]

    def intended(self, run: RunId) -> set[StepKey]:
        return {fact.step for fact in self.facts if fact.event in INTENDING and fact.run == run and fact.step}


BOARDS_BEHIND = 16


class Desk:
    """One console in one process. `cut_at` kills it at that crossing from now on (1 is the next)."""

    def __init__(self, pool: MemoryPool, number: int, ledger: MemoryLedger, alive: set[str]) -> None:
        self.pool = pool
        self.ledger = ledger
        self.name = f"desk-{number}"
        self.process = f"process-{number}"
        self.alive = alive
        self.alive.add(self.process)
        self.inventory = Inventory()
        self.reports: list[RunStatus | StepProgressed] = []
        self.on_cross: Callable[[], None] = lambda: None
        self.cut_at: int | None = None
        self.is_dead = False
        self.is_deaf = False
        self.is_deaf_to_machines = False
        self._boards: deque[Board] | None = None
        self._news = asyncio.Event()
        identity = Identity(
            pool=pool.pool.uuid, pool_name="acme", actor=f"user-{number}", role="pool-operator", session="s" * 64
        )
        self.port = MemoryPort(pool=pool, identity=identity, cross=self.cross)
        ledger.cross = self.cross
        self.clock = LoopClock()
        self.prober = AnsweringProber()
        self.signer = SigningKey(private=Ed25519PrivateKey.from_private_bytes(number.to_bytes(32)))
        self.me = Me(
            console=ConsoleId(f"console-{number}"),
            name=self.name,
            process=self.process,
            is_gone=lambda process: process not in alive,
            key=self.signer.fingerprint,
        )
        self.engine = Engine(
            pool=self.port,
            ledger=ledger,
            clock=self.clock,
            ids=CountingIds(number, pool.pool.uuid),
            me=self.me,
            world=self,
            observe=self.reports.append,
            prober=self.prober,
            check=is_signature,
            timing=LeaseTiming(),
            archives=MemoryArchives(console=self.me.console, signer=self.signer, port=self.port),
        )
        self._live = LiveBoard(self.inventory, self.engine.watch.shown_holder_of)
        pool.subscribe(self.hear)

    def hear(self, batch: ChangeBatch) -> None:
        if self.is_dead or self.is_deaf:
            return
        if self.is_deaf_to_machines and not any(change.class_name == "pool" for change in batch.changes):
            return
        self.inventory.apply(batch)
        self._live.hear(batch)
        self._news.set()
        if self.inventory.pool is not None and any(change.class_name == "pool" for change in batch.changes):
            self.engine.hear(self.inventory.pool.other_config)
        if self._boards is not None:
            self._boards.append(self._board_now())

    def refusal(self, command: Plannable) -> Refused:
        """Return why the command cannot be planned."""
        try:
            self.engine.plan(command)
        except Refused as refusal:
            return refusal
        raise AssertionError("it was not refused")

    def member(self, configuration: ConfigurationId, role: str) -> Uuid:
        return next(member.uuid for member in self.card(configuration).members if member.role == role)

    async def publish(self, workflow: Workflow) -> None:
        standing = self.board.workflow
        await self.engine.publish(workflow, standing.version if standing else 0)

    @property
    def board(self) -> Board:
        return self._board_now() if self._boards is None else self._boards[0]

    def slow_down(self) -> None:
        """Let the board be some changes behind what was heard from now on, as a console's is for a moment."""
        self._boards = deque([self._board_now()], maxlen=BOARDS_BEHIND)

    async def caught_up(self) -> None:
        if self._boards is not None:
            self._boards = deque([self._board_now()], maxlen=BOARDS_BEHIND)

    def _board_now(self) -> Board:
        return self._live.renewed()

    def card(self, configuration: ConfigurationId) -> Card:
        return self.board.cards[configuration]

    def cross(self, point: str) -> None:
        self.on_cross()
        if not self.is_dead and self.cut_at is not None:
            self.cut_at -= 1
            if self.cut_at == 0:
                self.kill()
        if self.is_dead:
            raise Killed(point)

    def kill(self) -> None:
        self.is_dead = True
        self.alive.discard(self.process)

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    async def do(self, command: Plannable) -> RunStatus:
        """Answer every question with yes, and see it through."""
        return await (await self.open(command, answers=self.engine.plan(command).questions)).wait()

    async def open(self, command: Plannable, digest: Digest | None = None, answers: Sequence[str] = ()) -> Run:
        plan = self.engine.plan(command)
        demand_exact(plan)
        return await self.engine.open(Confirmed(command=command, digest=digest or plan.digest, answers=tuple(answers)))

    async def settle(self, configuration: ConfigurationId, direction: Direction) -> RunStatus:
        return await (await self.engine.settle(Settle(configuration=configuration, direction=direction))).wait()

    def promotion(self, configuration: ConfigurationId, target: str) -> Promote:
        return Promote(configuration=configuration, revision=self.card(configuration).revision, target=StageId(target))

    def demotion(self, configuration: ConfigurationId, target: str, disks: Disks = Disks.KEEP) -> Demote:
        return Demote(
            configuration=configuration,
            revision=self.card(configuration).revision,
            target=StageId(target),
            disks=disks,
        )


class Office:
    """A pool, and desks that come and go; `first` is the number of the first of them."""

    def __init__(self, pool: MemoryPool | None = None, first: int = 1) -> None:
        self.pool = pool or MemoryPool()
        self.alive: set[str] = set()
        self._numbers = itertools.count(first)

    def desk(self, ledger: MemoryLedger | None = None) -> Desk:
        """Sit somebody down: at an empty home, or at the one of an earlier console."""
        return Desk(self.pool, next(self._numbers), ledger or MemoryLedger(), self.alive)

    async def shop(self, desk: Desk, stage: str = "staging") -> ConfigurationId:
        """Make shop 1.3.0 of two running machines and a halted one, to be started in three groups."""
        vms = [
            self.pool.add_vm("shop-db", "Running", order=0),
            self.pool.add_vm("shop-web", "Running", order=1),
            self.pool.add_vm("shop-lb", "Halted", order=2),
        ]
        return await self.configuration(desk, "shop", "1.3.0", stage, [vm.uuid for vm in vms])

    async def configuration(
        self, desk: Desk, service: str, version: str, stage: str, vms: Iterable[Uuid]
    ) -> ConfigurationId:
        """Publish the default workflow where none is, and make a configuration."""
        await desk.engine.publish_default()
        command = Create(
            service=service,
            version=version,
            stage=StageId(stage),
            members=tuple(NewMember(vm=vm) for vm in vms),
        )
        run = await desk.open(command)
        status = await run.wait()
        assert status.error is None, status.error
        return status.plan.intent.configuration
