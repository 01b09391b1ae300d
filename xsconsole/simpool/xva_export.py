"""`/export` and `/export_metadata`: a VM as a file."""

from contextlib import AsyncExitStack

from xsconsole.simpool import chains, compression, lifecycle, tar_format, xva_objects, xva_writer
from xsconsole.simpool.attachments import attached, host_that_sees
from xsconsole.simpool.operating import operating
from xsconsole.simpool.traffic import Passage
from xsconsole.simpool.visits import Answered, Visit

_TYPE = "application/octet-stream"
_DISPOSITION = 'attachment; filename="export.xva"'


def export_host(visit: Visit) -> str | None:
    """Return the host that sees all disks of the VM to export."""
    db, vm = visit.pool.db, _machine(visit)
    disks = (db.get("VBD", vbd, "VDI") for vbd in db.get("VM", vm, "VBDs"))
    srs = frozenset(db.get("VDI", vdi, "SR") for vdi in disks if db.exists("VDI", vdi))
    return host_that_sees(visit.pool, srs, visit.host)


async def download(visit: Visit) -> Answered:
    """Send a halted or suspended VM, its disks and what they hang on."""
    pool, vm = visit.pool, _machine(visit)
    scope = xva_objects.Scope(keeps_power_state=visit.flag("preserve_power_state"))
    kind = compression.asked_for(visit.params.get("use_compression"))
    _assert_allowed(visit, vm, "export")
    async with operating(visit.call, vm, "export"), AsyncExitStack() as held:
        names = xva_objects.collect(pool, (vm,), scope)
        disks = xva_objects.streamed_disks(pool, names, vm, scope)
        for _, vdi in disks:
            await held.enter_async_context(attached(pool, visit.host, vdi))
        stream = await visit.begin({"content-type": _TYPE, "content-disposition": _DISPOSITION})
        rows = {vdi: pool.db.row("VDI", vdi) for _, vdi in disks}
        total, finished, passage = sum(row["virtual_size"] for row in rows.values()), 0, Passage(visit.call)

        async def done(vdi: str, start: int, end: int) -> None:
            nonlocal finished
            finished += end - start
            share = (end - start) / rows[vdi]["virtual_size"]
            await passage.passed(rows[vdi]["SR"], share * chains.contents(pool.db, vdi), finished / total)

        pieces = xva_writer.pieces(pool, xva_objects.ova_xml(pool, names, scope), disks, done)
        async for piece in compression.compressed(pieces, kind):
            await stream.write(piece)
    return Answered(response=stream)


async def download_metadata(visit: Visit) -> Answered:
    """Send what an export would say of one VM or of all, without any disk."""
    pool = visit.pool
    scope = xva_objects.Scope(
        with_snapshots=visit.params.get("export_snapshots", "true") == "true",
        keeps_power_state=True,
        excluded_devices=frozenset(filter(None, visit.params.get("excluded_device_types", "").lower().split(","))),
    )
    vms = tuple(_all_machines(visit)) if visit.flag("all") else (_machine(visit),)
    async with AsyncExitStack() as held:
        for vm in vms:
            _assert_allowed(visit, vm, "metadata_export")
            await held.enter_async_context(operating(visit.call, vm, "metadata_export"))
        names = xva_objects.collect(pool, vms, scope)
        body = xva_writer.metadata(pool, xva_objects.ova_xml(pool, names, scope)) + tar_format.END
        headers = {"content-type": _TYPE, "content-disposition": _DISPOSITION}
        stream = await visit.begin(headers, length=len(body))
        await stream.write(body)
    return Answered(response=stream)


def _machine(visit: Visit) -> str:
    """Return the VM that the request names.

    Raises:
        XapiError: HANDLE_INVALID or UUID_INVALID, there is none; INTERNAL_ERROR, none is named.
    """
    if "ref" in visit.params:
        visit.pool.db.row("VM", visit.params["ref"])
        return visit.params["ref"]
    return visit.pool.db.by_uuid("VM", visit.wanted("uuid"))


def _all_machines(visit: Visit) -> list[str]:
    has_hosts = visit.params.get("include_dom0", "true") == "true"
    return [
        vm
        for vm, row in visit.pool.db.rows("VM")
        if not row["is_default_template"]
        and row["other_config"].get("default_template") != "true"
        and (has_hosts or not row["is_control_domain"])
    ]


def _assert_allowed(visit: Visit, vm: str, operation: str) -> None:
    """Refuse at once where the operation cannot begin: a download does not wait for others."""
    error = lifecycle.refusal(visit.pool.db, vm, operation)
    if error is not None:
        raise error
