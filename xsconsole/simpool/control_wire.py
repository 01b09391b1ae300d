"""The control endpoint: commands as JSON over HTTP, at every host and at a desk of its own that no fault reaches."""

import json
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from xsconsole.simpool import control
from xsconsole.simpool.bodies import LARGEST_COMMAND_BYTES, body_of
from xsconsole.simpool.wire_values import Malformed

PATH = "/simpool/control"


async def answer(controlled: control.Controlled, request: web.BaseRequest) -> web.Response:
    """Carry out the command in a request's body; status 400 with the reason where it is none."""
    try:
        command = json.loads(await body_of(request, at_most=LARGEST_COMMAND_BYTES))
        found = await control.obey(controlled, command)
    except (ValueError, Malformed, control.UnknownCommand) as failure:
        return web.json_response({"error": str(failure)}, status=400)
    return web.json_response(found)


def desk(pools: Mapping[str, control.Controlled]) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """Return what answers where no pool does: the last word of the path says which pool a command is for."""

    async def at_desk(request: web.BaseRequest) -> web.StreamResponse:
        controlled = pools.get(request.path.removeprefix(f"{PATH}/"))
        if controlled is None or request.method != "POST":
            return web.json_response({"error": f"pools: {', '.join(pools)}"}, status=404)
        return await answer(controlled, request)

    return at_desk
