"""Acts on single objects, as the window asks for them: the jobs of the connection that stands, and of those before."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from xsconsole.console.bus import Bus
from xsconsole.console.home import Home
from xsconsole.console.task_watch import OwnTime, TaskWatch
from xsconsole.domain.acts import JobId, ObjectId, record_of
from xsconsole.domain.board import EMPTY_BOARD
from xsconsole.domain.drift import Call
from xsconsole.domain.events import InventoryChanged, JobChanged
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VM, Host, Inventory, Task
from xsconsole.domain.jobs import Check, JobStatus
from xsconsole.domain.metrics import NOTHING_MEASURED, SPANS, Measured, Span
from xsconsole.engine.act_checks import hosts_for
from xsconsole.engine.commands import Operate
from xsconsole.engine.jobs import Jobs, World
from xsconsole.engine.ports import Ledger, MeasurementPort
from xsconsole.errors import Refused
from xsconsole.xapi.gateway import Gateway
from xsconsole.xapi.log import XapiLog

BEFORE = timedelta(seconds=2)  # a task may begin a little before its line of the log


class HomeProcess:
    """Which process of the home folder this one is. Implements `engine.jobs.Process`."""

    def __init__(self, name: str, is_alive: Callable[[str], bool]) -> None:
        self.name = name
        self._is_alive = is_alive

    def is_alive(self, process: str) -> bool:
        return self._is_alive(process)


class Acts:
    """Checks acts, begins them as jobs, and follows them; also remembers what others did on the pool."""

    def __init__(self, bus: Bus, own_time: OwnTime) -> None:
        """Follow a pool. `own_time` says when by this machine's clock a moment of the pool's was."""
        self._bus = bus
        self.own_time = own_time
        self._jobs: Jobs | None = None
        self._ended: tuple[JobStatus, ...] = ()  # of connections before
        self._world: World = lambda: (Inventory(), EMPTY_BOARD)
        self._tasks: TaskWatch | None = None
        self._measurements: MeasurementPort | None = None
        self._log: XapiLog | None = None
        self._unsubscribe: Callable[[], None] = _nothing

    async def begin(self, gateway: Gateway, ledger: Ledger, home: Home, world: World) -> None:
        """Serve a connection, and take up what an ended process of this home began on its pool."""
        self._world = world
        self._measurements, self._log = gateway.measurements, gateway.log
        objects = gateway.objects
        self._tasks = TaskWatch(
            world()[0],
            gateway.identity.pool,
            home.ledger.remember_tasks,
            is_own=objects.is_own_task,
            may_be_own=objects.may_be_own_task,
            own_time=self.own_time,
        )
        self._unsubscribe = self._bus.subscribe(InventoryChanged, self._tasks.hear)
        self._jobs = Jobs(
            objects=objects,
            pool=gateway.pool,
            ledger=ledger,
            clock=home.clock,
            ids=home.ids,
            process=HomeProcess(home.me.process, home.is_alive),
            world=world,
            observe=self._observe,
        )
        await self._jobs.adopt()

    async def end(self) -> None:
        """Follow nothing any more; what the pool works on goes on there."""
        jobs, tasks, self._jobs, self._tasks = self._jobs, self._tasks, None, None
        self._unsubscribe()
        self._measurements = self._log = None
        if tasks is not None:
            await tasks.close()
        if jobs is not None:
            await jobs.close()
            self._ended = (*jobs.statuses, *self._ended)

    async def calls_since(self, at: datetime) -> tuple[Call, ...]:
        """Return what xapi's own log says was called from then on; nothing without a connection.

        Raises:
            NotPermitted: not by this log-in.
            PoolUnavailable: it cannot be read.
        """
        return await self._log.calls_since(at) if self._log is not None else ()

    async def measured(self, item: ObjectId, span: Span) -> Measured:
        """Return what is measured of a VM or a host; nothing of other objects, and of a VM that does not run.

        Raises:
            Refused: there is no connection. PoolUnavailable: the host does not answer.
        """
        if self._measurements is None:
            self._demand()
            return NOTHING_MEASURED
        inventory = self._world()[0]
        record = record_of(inventory, item)
        host = inventory.get(Host, record.resident_on) if isinstance(record, VM) else record
        if not isinstance(host, Host):
            return NOTHING_MEASURED
        length, step_s = SPANS[span]
        return await self._measurements.read(host.address, item.uuid, length, step_s)

    async def look_up(self, tasks: Sequence[Task]) -> tuple[Ref, ...]:
        """Ask xapi's own log what tasks were about of which nothing else tells; return those of which it says so.

        Raises:
            PoolUnavailable: it cannot be read.
        """
        begun = [task.created for task in tasks if task.created is not None]
        calls = await self.calls_since(min(begun) - BEFORE) if begun else ()
        watch = self._tasks
        return () if watch is None else tuple(task.ref for task in tasks if watch.learn(task.ref, calls))

    def objects_of(self, task: Ref) -> tuple[ObjectId, ...]:
        """Return the machines that a task of the pool works on, as far as the pool tells."""
        return () if self._tasks is None else self._tasks.objects_of(task)

    def is_own_task(self, task: Task) -> bool | None:
        """Return whether this connection began a task of the pool; None where that is not known yet."""
        return False if self._tasks is None else self._tasks.is_own(task)

    @property
    def jobs(self) -> tuple[JobStatus, ...]:
        """Jobs of this console since its start, newest first."""
        return (*(self._jobs.statuses if self._jobs is not None else ()), *self._ended)

    @property
    def are_checked(self) -> bool:
        """Whether `checks` has an answer. While a connection is taken up, the inventory stands before it has."""
        return self._jobs is not None

    def checks(self, command: Operate) -> tuple[Check, ...]:
        """Return, for every object, whether the act can be done to it now, and what to know before. Pure.

        Raises:
            Refused: there is no connection.
        """
        return self._demand().checks(command)

    def hosts_for(self, vm: Uuid) -> tuple[tuple[Host, Refused | None], ...]:
        """Return every host with the reason why a VM cannot be migrated there; None where it can."""
        return tuple(hosts_for(vm, self._world()[0]))

    async def do(self, command: Operate) -> JobId:
        """Begin a job with the objects to which the act can be done; it goes on by itself.

        Raises:
            Refused: it can be done to none; nothing was changed.
            StoreFailed: the audit cannot be written; nothing was changed.
        """
        return await self._demand().open(command)

    async def read(self, item: ObjectId) -> Mapping[str, object]:
        """Return all fields of an object as the pool has them now, for experts.

        Raises:
            Refused, PoolFailed, PoolUnavailable: with the reason.
        """
        return await self._demand().read(item)

    async def finished(self, job: JobId) -> JobStatus:
        """Wait for the end of a job."""
        return await self._demand().finished(job)

    async def cancel(self, job: JobId) -> None:
        """Begin nothing more of a job, and ask the pool to cancel what goes on.

        Raises:
            Refused: there is no connection. PoolUnavailable: the pool could not be asked.
        """
        await self._demand().cancel(job)

    def _demand(self) -> Jobs:
        if self._jobs is None:
            raise Refused(reason="There is no connection to a pool.", mend="Connect to one first.")
        return self._jobs

    def _observe(self, status: JobStatus) -> None:
        self._bus.publish(JobChanged(status=status))


def _nothing() -> None:
    """Stand for the end of a subscription where there is none."""
