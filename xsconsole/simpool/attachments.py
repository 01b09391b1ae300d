"""What hangs on other objects and is little more than a record: blobs, TPMs, crash dumps."""

from collections.abc import Mapping

from xsconsole.simpool import machines
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool

OWNERS = ("VM", "host", "network", "SR", "pool")


async def create_blob(call: Call, mime_type: str, public: bool = False) -> str:
    """Make a blob that belongs to nothing yet; its contents come by `PUT /blob`."""
    return _make_blob(call.pool, "", mime_type, is_public=public)


async def destroy_blob(call: Call, blob: str) -> None:
    """Destroy a blob and take it from what it belongs to."""
    db = call.pool.db
    db.row("blob", blob)
    for cls in OWNERS:
        for ref, row in db.rows(cls):
            if blob in row["blobs"].values():
                db.set(cls, ref, blobs={name: one for name, one in row["blobs"].items() if one != blob})
    db.destroy("blob", blob)


def _creates_blob(cls: str) -> Handler:
    async def create_new_blob(call: Call, ref: str, name: str, mime_type: str, public: bool = False) -> str:
        call.pool.db.row(cls, ref)
        blob = _make_blob(call.pool, name, mime_type, is_public=public)
        try:
            call.pool.db.add_to_map(cls, ref, "blobs", name, blob)
        except XapiError:
            call.pool.db.destroy("blob", blob)
            raise
        return blob

    return create_new_blob


def _make_blob(pool: Pool, name: str, mime_type: str, *, is_public: bool) -> str:
    kind = mime_type or "application/octet-stream"
    return pool.db.create("blob", name_label=name, mime_type=kind, public=is_public, last_updated=pool.clock.now())


async def create_tpm(call: Call, vm: str, is_unique: bool) -> str:
    """Give a halted VM its TPM; it can have one."""
    machines.refuse_unless_allowed(call.pool, vm, "create_vtpm")
    if call.pool.db.get("VM", vm, "VTPMs"):
        raise XapiError("VTPM_MAX_AMOUNT_REACHED", 1)
    tpm = call.pool.db.create("VTPM", VM=vm, backend=NULL, is_unique=is_unique, persistence_backend="xapi")
    call.pool.db.set("VTPM", tpm, allowed_operations=("destroy",))
    return tpm


async def destroy_tpm(call: Call, tpm: str) -> None:
    vm = call.pool.db.get("VTPM", tpm, "VM")
    machines.refuse_unless_allowed(call.pool, vm, "create_vtpm")
    call.pool.db.destroy("VTPM", tpm)


async def destroy_crash_dump(call: Call, dump: str) -> None:
    call.pool.db.destroy("crashdump", dump)


CALLS: Mapping[str, Handler] = {
    "blob.create": create_blob,
    "blob.destroy": destroy_blob,
    **{f"{cls}.create_new_blob": _creates_blob(cls) for cls in OWNERS},
    "VTPM.create": create_tpm,
    "VTPM.destroy": destroy_tpm,
    "crashdump.destroy": destroy_crash_dump,
}
