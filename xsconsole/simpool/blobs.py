"""Blobs: files that hang on an object of the pool, written and read by `/blob`."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from xsconsole.simpool import pages
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.connections import told_length
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import EPOCH
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.streams import body_reader
from xsconsole.simpool.visits import Answered, Visit

_OWNERS = ("VM", "network", "SR", "pool", "host")
_UNKNOWN = b"Unknown reference\n"


def remove(pool: Pool, blob: str) -> None:
    """Destroy a blob with what it holds; nothing happens where it is gone."""
    if pool.db.exists("blob", blob):
        pool.db.destroy("blob", blob)
        pool.depot.forget(blob)


def is_public(pool: Pool, request: web.BaseRequest) -> bool:
    """Whether anybody may read the blob that is asked for."""
    blob = _find(pool, request.query)
    return blob is not None and bool(pool.db.get("blob", blob, "public"))


async def download(visit: Visit) -> Answered:
    refusal = _refusal(visit)
    if refusal is not None:
        return Answered(response=refusal)
    pool, blob = visit.pool, str(_find(visit.pool, visit.params))
    row = pool.db.row("blob", blob)
    if row["last_updated"] == EPOCH:
        return Answered(response=pages.bare(404))
    stream = await visit.begin({"content-type": row["mime_type"]}, length=row["size"])
    for start in range(0, row["size"], BLOCK_BYTES):
        length = min(BLOCK_BYTES, row["size"] - start)
        await stream.write(pool.depot.contents.read(blob, start // BLOCK_BYTES, length) or bytes(length))
    return Answered(response=stream)


async def upload(visit: Visit) -> Answered:
    refusal = _refusal(visit)
    if refusal is not None:
        return Answered(response=refusal)
    length = told_length(visit.request)
    if length is None:
        raise XapiError("INTERNAL_ERROR", 'Failure("Need content length")')
    pool, blob = visit.pool, str(_find(visit.pool, visit.params))
    stream = await visit.begin({"Access-Control-Allow-Origin": "*"})
    reader, number, size = body_reader(visit.request), 0, 0
    pool.depot.contents.clear(blob)
    while piece := await reader.at_most(min(BLOCK_BYTES, length - size)):
        pool.depot.contents.write(blob, number, piece)
        number, size = number + 1, size + len(piece)
    pool.db.set("blob", blob, size=size, last_updated=pool.clock.now())
    return Answered(response=stream)


def _refusal(visit: Visit) -> web.Response | None:
    if "ref" not in visit.params and "uuid" not in visit.params:
        return pages.bare(400)
    return None if _find(visit.pool, visit.params) is not None else pages.bare(404, body=_UNKNOWN)


def _find(pool: Pool, params: Mapping[str, str]) -> str | None:
    if "ref" in params:
        return params["ref"] if pool.db.exists("blob", params["ref"]) else None
    found = pool.db.find("blob", uuid=params.get("uuid", ""))
    return found[0] if found else None


async def _create(call: Call, mime_type: str, public: bool = False) -> str:
    return call.pool.db.create("blob", mime_type=mime_type or "application/octet-stream", public=public)


async def _destroy(call: Call, blob: str) -> None:
    db = call.pool.db
    db.row("blob", blob)
    for vm, row in db.rows("VM"):
        for name in [name for name, one in row["blobs"].items() if one == blob]:
            db.remove_from_map("VM", vm, "blobs", name)
    remove(call.pool, blob)


def _creator(cls: str) -> Callable[..., Awaitable[str]]:
    async def create_new_blob(call: Call, owner: str, name: str, mime_type: str, public: bool = False) -> str:
        db = call.pool.db
        if name in db.get(cls, owner, "blobs"):
            raise XapiError("MAP_DUPLICATE_KEY", cls, "blobs", owner, name)
        blob = await _create(call, mime_type, public)
        db.add_to_map(cls, owner, "blobs", name, blob)
        return blob

    return create_new_blob


CALLS: Mapping[str, Handler] = {
    "blob.create": _create,
    "blob.destroy": _destroy,
    **{f"{cls}.create_new_blob": _creator(cls) for cls in _OWNERS},
}
