"""The consoles of VMs, as `/console` shows them: through CONNECT, or to browsers through a WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import WSMsgType, web

from xsconsole.simpool import framebuffer, lifecycle, pages
from xsconsole.simpool.connections import IS_TUNNEL
from xsconsole.simpool.console_screen import Screen
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.roles import Role, denial, is_allowed
from xsconsole.simpool.streams import Reader, body_reader
from xsconsole.simpool.visits import Answered, Visit

_SUBPROTOCOL = "binary"
_HOST_CONSOLE = "http/connect_console/host_console"
_TOO_MANY = (
    "<html><body><h1>Connection Limit Exceeded</h1><p>There're users currently connected to this console (VM {vm}). "
    "No more connections are allowed when limit_console_sessions is enabled.</p></body></html>"
)
_FIRMWARE = ("SeaBIOS", "", "Booting from Hard Disk...")

Write = Callable[[bytes], Awaitable[object]]


async def connect(visit: Visit) -> Answered:
    """Show the console that the request names until the client leaves, or the VM does not run there any more."""
    pool, console = visit.pool, _wanted(visit)
    vm = pool.db.get("console", console, "VM")
    if pool.db.get("VM", vm, "is_control_domain") and not is_allowed(visit.call.session.user.role, Role.POOL_ADMIN):
        visit.refusal = pages.page(403)
        raise denial(_HOST_CONSOLE, Role.POOL_ADMIN)
    if not _runs_here(visit, vm):
        raise XapiError("INTERNAL_ERROR", "Console.Failure")
    viewers = pool.viewers.setdefault(vm, [])
    if viewers and pool.db.row("pool", pool.ref).get("limit_console_sessions"):  # older releases have no such field
        return Answered(response=pages.too_many(_TOO_MANY.format(vm=vm)))
    viewers.append(visit.call.session.user.name)
    try:
        return await _shown(visit, console, vm)
    finally:
        viewers.remove(visit.call.session.user.name)


async def _shown(visit: Visit, console: str, vm: str) -> Answered:
    if IS_TUNNEL in visit.request.headers:
        stream = await visit.begin({})
        await _while_running(visit, vm, _show(visit.pool, console, vm, body_reader(visit.request), stream.write))
        return Answered(response=stream)
    socket = web.WebSocketResponse(protocols=(_SUBPROTOCOL,))
    if not socket.can_prepare(visit.request):
        return Answered(response=pages.page(501))
    await socket.prepare(visit.request)
    await _while_running(visit, vm, _show(visit.pool, console, vm, Reader(_messages(socket)), socket.send_bytes))
    await socket.close()
    return Answered(response=socket)


async def _messages(socket: web.WebSocketResponse) -> AsyncIterator[bytes]:
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            yield message.data


async def _while_running(visit: Visit, vm: str, showing: Awaitable[None]) -> None:
    """Go on with a console until it ends, or the domain that it belongs to does."""
    work, domain = asyncio.ensure_future(showing), visit.pool.db.get("VM", vm, "domid")
    try:
        while not work.done() and _runs_here(visit, vm) and visit.pool.db.get("VM", vm, "domid") == domain:
            await asyncio.wait((work, visit.pool.db.changed()), return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not work.done():
            work.cancel()
            await asyncio.wait((work,))
    if not work.cancelled() and (failure := work.exception()) is not None:
        raise failure


async def _show(pool: Pool, console: str, vm: str, reader: Reader, write: Write) -> None:
    screen = _screen(pool, vm)
    if pool.db.get("console", console, "protocol") == "vt100":
        await _type_through(screen, reader, write)
        return
    try:
        await framebuffer.show(screen, pool.db.get("VM", vm, "name_label"), reader, write)
    except framebuffer.Broken:
        return


async def _type_through(screen: Screen, reader: Reader, write: Write) -> None:
    """Serve the text console of a host: what is typed comes back, as a terminal wants it."""
    await write("\r\n".join(screen.lines).encode())
    while typed := await reader.at_most(1):
        await write(b"\r\n" if typed == b"\r" else typed)


def _screen(pool: Pool, vm: str) -> Screen:
    row = pool.db.row("VM", vm)
    metrics = row["guest_metrics"]
    hostname = row["name_label"].replace(" ", "-") or "localhost"
    if row["is_control_domain"]:
        host = pool.db.row("host", row["resident_on"])
        return Screen((f"{host['software_version']['product_brand']} control domain", ""), host["hostname"])
    if not pool.db.exists("VM_guest_metrics", metrics):
        return Screen(_FIRMWARE, "")
    system = pool.db.get("VM_guest_metrics", metrics, "os_version").get("name", "Linux")
    return Screen((f"{system} {hostname} tty1", ""), hostname)


def _runs_here(visit: Visit, vm: str) -> bool:
    db = visit.pool.db
    if not db.exists("VM", vm):
        return False
    row = db.row("VM", vm)
    return row["power_state"] == lifecycle.RUNNING and row["resident_on"] in visit.hosts


def _wanted(visit: Visit) -> str:
    """Return the console that a reference or a uuid names: itself, or the first graphical one of that VM."""
    db, params = visit.pool.db, visit.params
    if "uuid" in params:
        found = [(cls, ref) for cls in ("VM", "console") for ref in db.find(cls, uuid=params["uuid"])]
    else:
        found = [(cls, params["ref"]) for cls in ("VM", "console") if db.exists(cls, params.get("ref", ""))]
    for cls, ref in found:
        if cls == "console":
            return ref
        for console in db.get("VM", ref, "consoles"):
            if db.get("console", console, "protocol") == "rfb":
                return str(console)
    raise XapiError("INTERNAL_ERROR", "Console.Failure")
