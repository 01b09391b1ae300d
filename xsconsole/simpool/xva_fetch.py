"""`VM.import`: the pool itself fetches the file of a VM."""

from collections.abc import AsyncIterator, Mapping

import aiohttp

from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.streams import EndedEarly, Reader
from xsconsole.simpool.xva_import import take
from xsconsole.simpool.xva_machines import Rules

_MOST_REDIRECTS = 5
_PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=300)


async def import_machine(call: Call, url: str, sr: str, full_restore: bool, force: bool) -> tuple[str, ...]:
    db = call.pool.db
    if db.get("SR", sr, "content_type") == "iso":
        raise XapiError("SR_OPERATION_NOT_SUPPORTED", sr)
    rules = Rules(sr=sr, is_restore=full_restore, is_forced=force)
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE, auto_decompress=False) as client,
            client.get(url, max_redirects=_MOST_REDIRECTS) as answer,
        ):
            if answer.status != 200:
                raise XapiError("IMPORT_ERROR", f"{url} answers with status {answer.status}")
            return await take(call, call.pool.coordinator, Reader(_body(answer)), rules)
    except (aiohttp.ClientError, TimeoutError, ValueError) as failure:
        raise XapiError("IMPORT_ERROR", f"{url} cannot be fetched: {failure!r}") from failure


async def _body(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.content.iter_any():
            yield piece
    except (aiohttp.ClientError, OSError) as failure:
        raise EndedEarly from failure


CALLS: Mapping[str, Handler] = {"VM.import": import_machine}
