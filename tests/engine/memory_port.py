"""A pool of values as the engine's port, with failures and broken roads on command."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from tests.engine.memory_archives import MemoryShelf
from tests.engine.memory_disks import MemoryDisks
from tests.engine.memory_networks import MemoryNetworks
from tests.engine.memory_placing import MemoryPlacing
from tests.engine.memory_pool import POWER_OPERATIONS, MemoryPool
from tests.engine.memory_sending import receive
from tests.engine.memory_services import MemoryServices
from tests.engine.memory_templates import MemoryTemplates
from tests.engine.memory_travels import MemoryTravels
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.inventory import (
    VM,
    Host,
    Record,
)
from xsconsole.engine.ports import Field, Identity, Progress, Shape, Sink, Span, Transferred
from xsconsole.errors import ConnectionLost, LostMaster, PoolFailed

EPOCH = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
RecordKind = TypeVar("RecordKind", bound=Record)
Result = TypeVar("Result")


@dataclass(slots=True, kw_only=True)
class Fault:
    """What befalls the `nth` call of `method` from now on. `how`: fail, lose-before, lose-after."""

    method: str
    nth: int = 1
    how: str = "fail"
    code: str = "SR_BACKEND_FAILURE_44"
    parameters: tuple[str, ...] = ("", "There is insufficient space", "")


Crossing = Callable[[str], None]
"""Called before and after every call; may raise to cut the caller off."""


@dataclass(slots=True, kw_only=True)
class MemoryPort:
    """One console's way to the pool."""

    pool: MemoryPool
    identity: Identity
    cross: Crossing = lambda _: None
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    on_call: Callable[[str], None] = lambda _: None
    going: list[object] = field(default_factory=list)  # the last calls, of which those that last are tasks
    cancelled: tuple[object, ...] = ()
    shelf: MemoryShelf = field(default_factory=MemoryShelf)

    @property
    def copies(self) -> "MemoryCopies":
        return MemoryCopies(self)

    @property
    def placing(self) -> MemoryPlacing:
        return MemoryPlacing(self.pool, self.do)

    @property
    def services(self) -> MemoryServices:
        return MemoryServices(self.pool, self.do)

    @property
    def networks(self) -> MemoryNetworks:
        return MemoryNetworks(self.pool, self.do)

    @property
    def templates(self) -> MemoryTemplates:
        return MemoryTemplates(self.pool, self.do)

    @property
    def travels(self) -> MemoryTravels:
        return MemoryTravels(self.pool, self.do)

    @property
    def disks(self) -> MemoryDisks:
        return MemoryDisks(self.pool, self.do)

    async def time(self) -> datetime:
        return await self.do("time", lambda: EPOCH + timedelta(seconds=asyncio.get_running_loop().time()))

    async def until_available(self, timeout_s: float) -> None:
        if self.pool.is_away:
            await asyncio.sleep(timeout_s)
            if self.pool.is_away:
                raise LostMaster(pool="acme", tried=("192.0.2.1",))

    async def keys(self, map_: Field, vm: Uuid | None = None) -> Mapping[str, str]:
        return await self.do("keys", lambda: self.pool.map_of(map_, vm) or {})

    async def add_key(self, map_: Field, key: str, value: str, vm: Uuid | None = None) -> bool:
        def add() -> bool:
            present = self.pool.map_of(map_, vm)
            if present is None:
                raise PoolFailed(code="UUID_INVALID", parameters=("VM", str(vm)), method="add_to")
            if key in present:
                return False
            self.pool.set_map(map_, vm, {**present, key: value})
            return True

        return await self.do("add_key", add)

    async def remove_key(self, map_: Field, key: str, vm: Uuid | None = None) -> None:
        def remove() -> None:
            present = self.pool.map_of(map_, vm)
            if present is not None and key in present:
                self.pool.set_map(map_, vm, {name: text for name, text in present.items() if name != key})

        await self.do("remove_key", remove)

    async def read_vm(self, vm: Uuid) -> VM | None:
        return await self.do("read_vm", lambda: self.pool.find(vm))

    async def is_attended(self, vm: Uuid) -> bool:
        def is_attended() -> bool:
            found, records = self.pool.find(vm), self.pool.records
            if found is None or found.power_state != "Running":
                return False
            host = records.get(found.resident_on, self.pool.host)  # many a test starts a machine without naming one
            return isinstance(host, Host) and bool(getattr(records[host.metrics], "live", False))

        return await self.do("is_attended", is_attended)

    async def snapshots_of(self, vm: Uuid) -> tuple[VM, ...]:
        return await self.do("snapshots_of", lambda: self.pool.snapshots_of(vm) if self.pool.find(vm) else ())

    async def snapshot(self, vm: Uuid, name: str, run: RunId, on_progress: Progress) -> Uuid:
        return await self.do("snapshot", lambda: self.pool.snapshot(vm, name), on_progress)

    async def revert(self, snapshot: Uuid, run: RunId, on_progress: Progress) -> None:
        await self.do("revert", lambda: self.pool.revert(snapshot), on_progress)

    async def destroy_snapshot(self, snapshot: Uuid, run: RunId) -> None:
        await self.do("destroy_snapshot", lambda: self.pool.destroy_snapshot(snapshot))

    async def start(self, vm: Uuid, run: RunId, on_progress: Progress, host: Uuid | None = None) -> None:
        def start() -> None:
            self.pool.demand(vm, "start", ("Halted",))
            self.pool.start(vm, host or self.pool.host.uuid)

        await self.do("start", start, on_progress)

    async def shut_down(self, vm: Uuid, run: RunId, on_progress: Progress, *, may_force: bool = False) -> None:
        def shut_down() -> None:
            self.pool.demand(vm, "clean_shutdown", ("Running",))
            self.pool.change(vm, power_state="Halted")

        await self.do("shut_down", shut_down, on_progress)

    async def set_ha_restart_priority(self, vm: Uuid, priority: str) -> None:
        await self.do("set_ha_restart_priority", lambda: self.pool.change(vm, ha_restart_priority=priority))

    async def define_stage_field(self) -> None:
        await self.do("define_stage_field", lambda: None)

    async def announce(self, name: str, body: str, vm: Uuid | None = None, *, priority: int = 5) -> None:
        await self.do("announce", lambda: self.pool.messages.append((name, body)))

    async def cancel(self, run: RunId) -> None:
        self.cancelled = tuple(self.going)

    async def quiesce(self, run: RunId, timeout_s: float) -> None:
        await self.do("quiesce", lambda: None)

    async def do(self, method: str, effect: Callable[[], Result], on_progress: Progress | None = None) -> Result:
        fault = self._fault(method)
        self.calls.append(method)
        task = object()
        self.going = [*self.going[-8:], task]
        self.on_call(method)
        await asyncio.sleep(0)
        self.cross(f"before {method}")
        if self.pool.is_away or (fault is not None and fault.how == "lose-before"):
            raise ConnectionLost(pool="acme", cause="cut", was_sent=True)
        if fault is not None and fault.how == "fail":
            raise PoolFailed(code=fault.code, parameters=fault.parameters, method=method)
        if on_progress is not None:
            on_progress(0.5)
            await asyncio.sleep(0)
        if on_progress is not None and task in self.cancelled and method != "revert":  # XAPI never cancels that one
            raise PoolFailed(code="TASK_CANCELLED", parameters=("OpaqueRef:task",), method=method)
        result = effect()
        await asyncio.sleep(0)
        self.cross(f"after {method}")
        if fault is not None:
            raise ConnectionLost(pool="acme", cause="cut", was_sent=True)
        return result

    def _fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method:
                fault.nth -= 1
                if fault.nth == 0:
                    self.faults.remove(fault)
                    return fault
        return None


@dataclass(slots=True)
class MemoryCopies:
    """The part of the port that copies machines."""

    port: MemoryPort

    async def named(self, name: str) -> tuple[VM, ...]:
        return await self.port.do(
            "named", lambda: tuple(vm for vm in self.port.pool.vms() if vm.name_label == name and not vm.is_a_snapshot)
        )

    async def clone(self, source: Uuid, name: str, run: RunId, on_progress: Progress) -> None:
        await self.port.do("clone", lambda: self.port.pool.copy(source, name, "clone"), on_progress)

    async def copy(self, source: Uuid, name: str, sr: Uuid | None, run: RunId, on_progress: Progress) -> None:
        await self.port.do("copy", lambda: self.port.pool.copy(source, name, "copy", sr), on_progress)

    async def send(self, source: Uuid, to: "MemoryCopies", sr: Uuid, run: RunId, on_progress: Progress) -> None:
        def arrive() -> None:
            receive(self.port.pool, source, to.port.pool, sr)

        await self.port.do("send", arrive, on_progress)

    async def export(self, source: Uuid, file: Path, run: RunId, on_progress: Progress) -> Transferred:
        return await self.port.do("export", lambda: self.port.shelf.take(self.port.pool, source, file), on_progress)

    async def export_into(self, source: Uuid, sink: Sink, run: RunId, on_progress: Progress) -> Transferred:
        raise NotImplementedError("a pool of values writes whole files only")

    async def bring(
        self, file: Path, sr: Uuid, run: RunId, on_progress: Progress, within: Span | None = None
    ) -> tuple[tuple[Uuid, ...], Transferred]:
        one = file if within is None else self.port.shelf.packages.part(file, within)
        return await self.port.do("bring", lambda: self.port.shelf.give(one, self.port.pool, sr), on_progress)

    async def shape(self, vm: Uuid, shape: Shape) -> None:
        def give() -> None:
            self.port.pool.demand(vm, "set_name_label", tuple(POWER_OPERATIONS))
            self.port.pool.change(
                vm,
                name_label=shape.name,
                is_a_template=shape.is_template,
                tags=(),
                affinity=self.port.pool.host_ref(shape.home),
                ha_restart_priority="",
                order=shape.order,
                start_delay=shape.start_delay_s,
                shutdown_delay=shape.shutdown_delay_s,
            )
            if shape.is_off_networks:
                for vif in self.port.pool.interfaces(vm):
                    self.port.pool.drop_record(vif)
                self.port.pool.change(vm, VIFs=())
            self.port.pool.move_interfaces(vm, shape.networks)

        await self.port.do("shape", give)

    async def destroy(self, vm: Uuid, run: RunId, keep: Collection[Uuid] | None) -> None:
        await self.port.do("destroy", lambda: self.port.pool.destroy(vm, keep))
