"""Acts on objects of several pools: each pool gets its own job, and answers for its own objects."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from xsconsole.domain.acts import JobId, ObjectId, name_of, record_of
from xsconsole.domain.estate import away
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import Host, Task
from xsconsole.domain.jobs import Check, JobStatus
from xsconsole.domain.metrics import Measured, Span
from xsconsole.engine.act_checks import demand_number
from xsconsole.engine.commands import Operate
from xsconsole.errors import NotPermitted, PoolUnavailable, Refused

if TYPE_CHECKING:
    from xsconsole.console.door import Console
    from xsconsole.console.estate.router import Estate

log = logging.getLogger(__name__)


class EstateActs:
    """The same that `Acts` is for one pool."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate

    @property
    def jobs(self) -> tuple[JobStatus, ...]:
        """Jobs of this home since its start, on any pool."""
        return tuple(status for console in self._estate.pools.all for status in console.acts.jobs)

    @property
    def are_checked(self) -> bool:
        """Whether `checks` has an answer: any pool has."""
        return any(console.acts.are_checked for console in self._estate.pools.all)

    def split(self, command: Operate) -> tuple[tuple["Console", Operate], ...]:
        """Return the same command for each pool, with its own objects."""
        if len(self._estate.pools.all) == 1:
            return ((self._estate.pools.first, command),)
        parts: dict[Console, list[ObjectId]] = {}
        for item in command.objects:
            parts.setdefault(self._estate.of_object(item), []).append(item)
        return tuple((console, replace(command, objects=tuple(items))) for console, items in parts.items())

    def checks(self, command: Operate) -> tuple[Check, ...]:
        """Return, for every object, whether the act can be done to it now: never where its pool is away. Pure.

        Raises:
            Refused: there is no connection to any of the pools.
        """
        parts = self.split(command)
        if len(parts) == 1:
            return self._checks(*parts[0], names_pool=False)
        by_object = {id(check.object): check for part in parts for check in self._checks(*part, names_pool=True)}
        found = tuple(by_object[id(item)] for item in command.objects)
        try:
            demand_number(command)  # each pool may have but one of them
        except Refused as refusal:
            return tuple(replace(one, refusal=refusal) for one in found)
        return found

    def _checks(self, console: "Console", command: Operate, *, names_pool: bool) -> tuple[Check, ...]:
        sight = self._estate.sight_of(console)
        refusal = away(sight) if self._estate.has_several else None
        if refusal is None:
            found = console.acts.checks(command)
        else:
            records = ((item, record_of(console.inventory, item)) for item in command.objects)
            found = tuple(
                Check(object=item, name=name_of(record) if record is not None else item.uuid, refusal=refusal)
                for item, record in records
            )
        return tuple(replace(one, name=f"{one.name} · {sight.name}") for one in found) if names_pool else found

    async def do(self, command: Operate) -> tuple[JobId, ...]:
        """Begin a job on each pool that has objects of the command and can do it to one.

        Raises:
            Refused: it can be done to none, on no pool; nothing was changed.
            StoreFailed: the audit cannot be written.
        """
        demand_number(command)
        begun: list[JobId] = []
        refused: list[Refused] = []
        for console, part in self.split(command):
            refusal = away(self._estate.sight_of(console)) if self._estate.has_several else None
            try:
                if refusal is not None:
                    raise refusal
                begun.append(await console.acts.do(part))
            except Refused as reason:
                refused.append(reason)
        if not begun:
            raise refused[0]
        return tuple(begun)

    async def finished(self, job: JobId) -> JobStatus:
        """Wait for the end of a job."""
        return await self.of_job(job).acts.finished(job)

    async def cancel(self, job: JobId) -> None:
        """Begin nothing more of a job, and ask its pool to cancel what goes on; see `Acts.cancel`."""
        await self.of_job(job).acts.cancel(job)

    def of_job(self, job: JobId) -> "Console":
        """Return the console that began a job; of one that nobody began, the first."""
        every = self._estate.pools.all
        return next((one for one in every if any(status.job == job for status in one.acts.jobs)), every[0])

    async def read(self, item: ObjectId) -> Mapping[str, object]:
        """Return all fields of an object as its pool has them now; see `Acts.read`."""
        return await self._estate.of_object(item).acts.read(item)

    async def measured(self, item: ObjectId, span: Span) -> Measured:
        """Return what is measured of a VM or a host; see `Acts.measured`."""
        return await self._estate.of_object(item).acts.measured(item, span)

    def hosts_for(self, vm: ObjectId) -> tuple[tuple[Host, Refused | None], ...]:
        """Return every host of a VM's pool with the reason why it cannot be migrated there; None where it can."""
        return self._estate.of_object(vm).acts.hosts_for(vm.uuid)

    async def look_up(self, tasks: Sequence[Ref]) -> tuple[Ref, ...]:
        """Ask the logs of their pools what tasks were about, as `Acts.look_up`; of a pool that is silent, nothing."""
        parts: dict[Console, list[Task]] = {}
        for ref in tasks:
            console = self._estate.of_reference(Task, ref)
            task = console.inventory.get(Task, ref)
            if task is not None:
                parts.setdefault(console, []).append(task)
        found: list[Ref] = []
        for console, some in parts.items():
            try:
                found += await console.acts.look_up(some)
            except (NotPermitted, PoolUnavailable) as failure:
                log.info("what tasks were about is not known: %s", failure)
        return tuple(found)

    def objects_of(self, task: Ref, console: "Console") -> tuple[ObjectId, ...]:
        """Return the machines that a task of a console's pool works on, as far as the pool tells."""
        pool = console.inventory.pool
        found = console.acts.objects_of(task)
        return found if pool is None else tuple(replace(item, pool=pool.uuid) for item in found)
