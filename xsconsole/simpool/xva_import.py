"""`/import` and `/import_metadata`: VMs from a file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from xsconsole.simpool.attachments import attached, host_that_sees
from xsconsole.simpool.calls import Call
from xsconsole.simpool.disk_writing import DiskWriter
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.operations import refresh_machine
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.streams import EndedEarly, Reader, body_reader
from xsconsole.simpool.traffic import Passage
from xsconsole.simpool.visits import Answered, Visit
from xsconsole.simpool.xva_checks import assert_compatible, assert_restorable
from xsconsole.simpool.xva_machines import Importer, Rules
from xsconsole.simpool.xva_reader import Description, disk_chunks, read_description, unpacked


def import_host(visit: Visit) -> str | None:
    """Return the host that sees the SR to import to."""
    return host_that_sees(visit.pool, frozenset((_sr(visit),)), visit.host)


async def upload(visit: Visit) -> Answered:
    """Take VMs with their disks."""
    sr = _sr(visit)
    if visit.pool.db.get("SR", sr, "content_type") == "iso":
        visit.refused_with = 400
        raise XapiError("SR_OPERATION_NOT_SUPPORTED")
    if visit.request.headers.get("Transfer-Encoding") is not None:
        visit.refused_with = 403
        raise XapiError("IMPORT_ERROR_CANNOT_HANDLE_CHUNKED")
    stream = await visit.begin({"content-type": "application/octet-stream"})
    rules = Rules(sr=sr, is_restore=visit.flag("restore"), is_forced=visit.flag("force"))
    return Answered(response=stream, result=await take(visit.call, visit.host, body_reader(visit.request), rules))


async def upload_metadata(visit: Visit) -> Answered:
    """Take VMs whose disks are there already."""
    stream = await visit.begin({"content-type": "application/octet-stream"})
    rules = Rules(sr=None, is_restore=visit.flag("restore"), is_forced=visit.flag("force"))
    async with _told_as_import_errors():
        tar = await unpacked(body_reader(visit.request))
        description = await read_description(tar, visit.pool.model)
        _assert_importable(visit.pool, description, rules)
        importer = Importer(visit.call, description, rules)
        async with _undone_on_failure(importer):
            await importer.make_objects()
            if visit.flag("dry_run"):
                importer.undo()
        await _drain(tar)
    return Answered(response=stream, result=_complete(visit.call, importer))


async def take(call: Call, host: str, reader: Reader, rules: Rules) -> tuple[str, ...]:
    """Make the VMs of a file and return them. What was made goes again where something fails, unless forced.

    Raises:
        XapiError: what facts about imports say: IMPORT_ERROR and its relatives, those of restoring, those of storage.
    """
    async with _told_as_import_errors():
        tar = await unpacked(reader)
        description = await read_description(tar, call.pool.model)
        _assert_importable(call.pool, description, rules)
        importer = Importer(call, description, rules)
        async with _undone_on_failure(importer):
            await importer.make_objects()
            if call.pool.db.exists("task", call.task):
                config = call.pool.db.get("task", call.task, "other_config")
                call.pool.db.set("task", call.task, other_config={**config, "object_creation": "complete"})
            await _take_disks(call, host, tar, importer)
            call.check_cancelled()
            call.refuse_cancel()
        await _drain(tar)
    return _complete(call, importer)


async def _drain(tar: Reader) -> None:
    """Read what follows; a client that did not know the length promised more than there is, or nothing, and leaves."""
    with suppress(EndedEarly):
        async for _ in tar.pieces():
            pass


async def _take_disks(call: Call, host: str, tar: Reader, importer: Importer) -> None:
    disks = importer.streamed_disks()
    total, finished, passage = sum(size for _, _, size in disks), 0, Passage(call)
    for name, vdi, size in disks:
        async with attached(call.pool, host, vdi, is_written=True):
            writer = DiskWriter(call.pool, vdi)
            async for offset, data in disk_chunks(tar, name, size, is_forced=importer.rules.is_forced):
                writer.patch(offset, data)
                done = finished + offset + len(data)
                await passage.passed(call.pool.db.get("VDI", vdi, "SR"), len(data), done / total)
            writer.settle()
        finished += size


def _complete(call: Call, importer: Importer) -> tuple[str, ...]:
    """Release the VMs that were made; snapshots are not told, unless there is nothing else."""
    db = call.pool.db
    for vm in importer.machines:
        db.remove_from_map("VM", vm, "current_operations", call.task)
        refresh_machine(call.pool, vm)
    whole = tuple(vm for vm in importer.machines if not db.get("VM", vm, "is_a_snapshot"))
    return whole or tuple(importer.machines)


def _assert_importable(pool: Pool, description: Description, rules: Rules) -> None:
    assert_compatible(pool, description)
    if rules.is_restore:
        assert_restorable(pool.db, description)


@asynccontextmanager
async def _undone_on_failure(importer: Importer) -> AsyncIterator[None]:
    try:
        yield
    except BaseException:
        if not importer.rules.is_forced:
            importer.undo()
        raise


@asynccontextmanager
async def _told_as_import_errors() -> AsyncIterator[None]:
    try:
        yield
    except EndedEarly as failure:
        raise XapiError("IMPORT_ERROR_PREMATURE_EOF") from failure


def _sr(visit: Visit) -> str:
    """Return the SR that is named, or the pool's default.

    Raises:
        XapiError: DEFAULT_SR_NOT_FOUND; HANDLE_INVALID or UUID_INVALID, the one that is named does not exist.
    """
    named = visit.sr()
    if named is not None:
        return named
    default = str(visit.pool.db.get("pool", visit.pool.ref, "default_SR"))
    if default == NULL or not visit.pool.db.exists("SR", default):
        raise XapiError("DEFAULT_SR_NOT_FOUND", default)
    return default
