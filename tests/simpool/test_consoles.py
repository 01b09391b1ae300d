"""The consoles of VMs: what is seen of them, what typing does, and who may look."""

import struct
from typing import Any

import aiohttp
import pytest
from embedded import EmbeddedPool, embedded_pool
from fleet import host_named, make_running
from plain_http import ask
from vnc_viewer import RETURN, Viewer, tunnel


def location(session: Any, vm: str) -> str:
    found: str = session.xenapi.console.get_location(session.xenapi.VM.get_consoles(vm)[0])
    return found


@pytest.fixture
def jumpbox(session: Any) -> str:
    vm: str = session.xenapi.VM.get_by_name_label("jumpbox")[0]
    return vm


def test_a_console_is_where_its_location_says(pool: EmbeddedPool, session: Any, jumpbox: str) -> None:
    host = session.xenapi.VM.get_resident_on(jumpbox)
    address = session.xenapi.host.get_address(host)

    said = location(session, jumpbox)

    assert said.startswith(next(one.url for one in pool.hosts if one.address == address) + "/console?ref=OpaqueRef:")


@pytest.mark.parametrize("version", [b"RFB 003.003\n", b"RFB 003.008\n"])
def test_a_login_is_seen_and_what_is_typed_comes_up(session: Any, jumpbox: str, version: bytes) -> None:
    with tunnel(location(session, jumpbox), session.handle) as (status, connection, said):
        viewer = Viewer(connection, said)
        viewer.greet(version)
        viewer.look()
        assert viewer.see() == viewer.height
        before = viewer.lit(32)

        viewer.look(is_incremental=True)
        viewer.press(ord("r"))
        drawn = viewer.see()

    assert status.split(b" ", 1)[1] == b"200 OK\r\n"
    assert viewer.name == "jumpbox"
    assert viewer.lit(0) > 0
    assert viewer.lit(32) > before > 0
    assert drawn == 16


def test_nobody_passes_the_login(session: Any, jumpbox: str) -> None:
    with tunnel(location(session, jumpbox), session.handle) as (_status, connection, said):
        viewer = Viewer(connection, said)
        viewer.greet()
        for symbol in (ord("x"), RETURN, ord("y"), RETURN):
            viewer.press(symbol)
        viewer.look()
        viewer.see()

    lines = [viewer.lit(16 * number) for number in range(8)]
    assert all(lines[number] for number in (2, 3, 5, 6))
    assert lines[4] == lines[7] == 0
    assert lines[2] > lines[6], "the name that was typed stands in the first login only"


def test_pixels_are_written_as_the_viewer_wants_them(session: Any, jumpbox: str) -> None:
    with tunnel(location(session, jumpbox), session.handle) as (_status, connection, said):
        viewer = Viewer(connection, said)
        viewer.greet()
        connection.sendall(struct.pack(">B3x4B3H3B3x", 0, 16, 16, 1, 1, 31, 63, 31, 11, 5, 0))
        connection.sendall(struct.pack(">BxHi", 2, 1, 0))
        viewer.look()
        assert struct.unpack(">BxH", said.read(4)) == (0, 25)
        said.read(12)
        pixels = said.read(2 * viewer.width * 16)

    assert {bytes(pixels[at : at + 2]) for at in range(0, len(pixels), 2)} == {b"\0\0", struct.pack(">H", 0xA554)}


async def test_a_browser_has_the_same_through_a_websocket(session: Any, jumpbox: str) -> None:
    url = f"{location(session, jumpbox)}&session_id={session.handle}"
    async with aiohttp.ClientSession() as browser, browser.ws_connect(url, protocols=("binary", "base64")) as socket:
        assert socket.protocol == "binary"
        assert await socket.receive_bytes() == b"RFB 003.008\n"
        await socket.send_bytes(b"RFB 003.008\n")
        assert await socket.receive_bytes() == b"\1\1"


async def test_a_console_ends_with_its_domain(session: Any) -> None:
    vm = make_running(session, "watched")
    url = f"{location(session, vm)}&session_id={session.handle}"
    async with aiohttp.ClientSession() as browser, browser.ws_connect(url) as socket:
        await socket.receive_bytes()

        session.xenapi.VM.hard_reboot(vm)

        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE


def test_the_text_console_of_a_host_is_for_the_highest_role(pool: EmbeddedPool, session: Any) -> None:
    dom0 = session.xenapi.host.get_control_domain(host_named(session, "xen-1"))
    text = next(
        console
        for console in session.xenapi.VM.get_consoles(dom0)
        if session.xenapi.console.get_protocol(console) == "vt100"
    )
    where = session.xenapi.console.get_location(text)

    with tunnel(where, session.handle) as (_status, connection, said):
        connection.sendall(b"ls\r")
        while not (line := said.readline()).endswith(b"ls\r\n"):
            assert line
    with pool.plain_session("bob") as low, tunnel(where, low.handle) as (status, _connection, _said):
        assert status.split(b" ")[1] == b"403"


def test_who_only_reads_sees_no_console(pool: EmbeddedPool, session: Any, jumpbox: str) -> None:
    with pool.plain_session("eve") as low, tunnel(location(session, jumpbox), low.handle) as (status, *_rest):
        assert status.split(b" ")[1] == b"403"
    with pool.plain_session("dave") as able, tunnel(location(session, jumpbox), able.handle) as (status, *_rest):
        assert status.split(b" ")[1] == b"200"


def test_a_second_viewer_is_refused_where_the_pool_says_so(session: Any, jumpbox: str) -> None:
    master = session.xenapi.pool.get_all()[0]
    session.xenapi.pool.set_limit_console_sessions(master, True)
    try:
        where = location(session, jumpbox)
        with tunnel(where, session.handle) as (_status, _connection, said):
            assert said.read(3) == b"RFB"
            with tunnel(where, session.handle) as (status, *_rest):
                assert status.split(b" ", 1)[1] == b"503 Connection Limit Exceeded\r\n"
    finally:
        session.xenapi.pool.set_limit_console_sessions(master, False)


def test_an_older_release_lets_everybody_look() -> None:
    with embedded_pool("--version", "8.2") as old, old.plain_session() as session:
        where = location(session, session.xenapi.VM.get_by_name_label("jumpbox")[0])
        with tunnel(where, session.handle) as (_status, _connection, said):
            assert said.read(3) == b"RFB"
            with tunnel(where, session.handle) as (_second, _other, told):
                assert told.read(3) == b"RFB"


def test_what_has_no_console_shows_none(pool: EmbeddedPool, session: Any) -> None:
    halted = session.xenapi.VM.get_by_name_label("old-wiki")[0]

    for query in ({"ref": halted}, {"ref": "OpaqueRef:x"}, {"uuid": "x"}, {}):
        assert ask(pool, "GET", "/console", session_id=session.handle, **query).status == 500


def test_a_request_that_is_no_websocket_is_refused(pool: EmbeddedPool, session: Any, jumpbox: str) -> None:
    host = session.xenapi.VM.get_resident_on(jumpbox)
    url = next(one.url for one in pool.hosts if one.address == session.xenapi.host.get_address(host))

    assert ask(pool, "GET", "/console", url=url, session_id=session.handle, ref=jumpbox).status == 501
