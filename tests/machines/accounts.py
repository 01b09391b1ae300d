"""What machines of hypothesis keep account of by themselves, apart from how the program does it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.board import Card
from xsconsole.domain.closures import AnyClosure, Freeze, Hold, Quarantine, Stop
from xsconsole.domain.ids import Uuid
from xsconsole.domain.requests.values import Request
from xsconsole.domain.workflow import Kind, Transition


@dataclass(frozen=True)
class Machine:
    """What undoing must bring back: name, our values and everybody's keys, power, protection, disks, places."""

    name: str
    power_state: str
    keys: frozenset[tuple[str, str]]
    blocked: frozenset[tuple[str, str]]
    content: str
    snapshots: frozenset[str]
    networks: frozenset[tuple[str, str]]
    storages: tuple[str, ...]
    home: str


def machines_of(card: Card, pool: MemoryPool) -> dict[Uuid, Machine]:
    return {member.uuid: _machine(member.uuid, pool) for member in card.members}


def _machine(uuid: Uuid, pool: MemoryPool) -> Machine:
    vm = pool.vm(uuid)
    return Machine(
        name=vm.name_label,
        power_state=vm.power_state,
        keys=frozenset((key.rstrip("0123456789"), text) for key, text in vm.other_config.items()),
        blocked=frozenset(vm.blocked_operations.items()),
        content=pool.contents[uuid],
        snapshots=frozenset(snapshot.uuid for snapshot in pool.snapshots_of(uuid)),
        networks=frozenset(pool.networks_of(uuid).items()),
        storages=tuple(pool.records[disk.SR].uuid for disk in pool._disks(vm)),
        home=vm.affinity,
    )


def is_barred(card: Card, way: Transition, closed: Iterable[AnyClosure]) -> bool:
    """Say whether anything that people closed stands in the way."""
    is_promotion = way.kind is Kind.PROMOTE

    def bars(closure: AnyClosure) -> bool:
        match closure:
            case Stop():
                return is_promotion or closure.is_total
            case Hold():
                return is_promotion and closure.configuration == card.id
            case Quarantine():
                return is_promotion and (closure.service, closure.version) == (card.service, card.version)
            case Freeze():
                is_entered = is_promotion and closure.stage == way.target
                return is_entered or (closure.is_total and closure.stage in (way.source, way.target))

    return any(map(bars, closed))


@dataclass
class Account:
    """What the machine knows of one request: who really approved, and what it was asked about."""

    request: Request
    requester: int
    version: int
    memory: tuple[int, ...]
    revision: int
    ends: datetime
    begins: datetime | None
    approvers: set[int] = field(default_factory=set)
    is_over: bool = False  # rejected, withdrawn or carried out
