"""HTTP below the calls: routes, statuses, lengths, connections, headers."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from embedded import EmbeddedPool, embedded_pool
from plain_http import Reply, ask, connect

LIST = b"<methodCall><methodName>system.listMethods</methodName><params/></methodCall>"
THUMBPRINT = "x-xenapi-request-host-certificate-thumbprint"


def test_the_longest_prefix_of_a_path_decides_who_answers(pool: EmbeddedPool, session: Any) -> None:
    call = b'{"method":"system.listMethods","params":[],"id":1}'

    assert ask(pool, "POST", "/jsonrpc/more", call).headers["content-type"] == "application/json"
    assert ask(pool, "POST", "/json", LIST).headers["content-type"] == "text/xml"
    assert ask(pool, "GET", "/audit_log/", session_id=session.handle).status == 200


@pytest.mark.parametrize(("method", "path"), [("PUT", "/"), ("PUT", "/nosuch"), ("GET", "/jsonrpc"), ("CONNECT", "/x")])
def test_a_path_that_a_method_does_not_have_is_forbidden(pool: EmbeddedPool, method: str, path: str) -> None:
    reply = ask(pool, method, path)

    assert (reply.status, reply.reason, reply.is_closed) == (403, "Forbidden", True)


def test_a_method_that_xapi_does_not_know_is_not_implemented(pool: EmbeddedPool) -> None:
    reply = ask(pool, "DELETE", "/")

    assert (reply.status, reply.reason) == (501, "Method not implemented")
    assert reply.body.endswith(b"<p>Unknown DELETE not supported.<br /></p></body></html>")


def test_a_call_without_a_length_is_refused(pool: EmbeddedPool) -> None:
    reply = ask(pool, "POST", "/", (piece for piece in (LIST,)))

    assert (reply.status, reply.reason) == (500, "Internal Error")
    assert b"We require a content-length" in reply.body


def test_a_call_larger_than_300_kib_is_refused_before_it_is_read(pool: EmbeddedPool) -> None:
    connection = connect(pool)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", str(300 * 1024 + 1))
    connection.endheaders()

    answer = connection.getresponse()
    assert answer.status == 500
    assert b"Client_requested_size_over_limit" in answer.read()
    connection.close()


def test_a_call_of_just_300_kib_is_answered(pool: EmbeddedPool) -> None:
    assert ask(pool, "POST", "/", LIST.ljust(300 * 1024)).status == 200


def test_connections_are_kept_alive_and_say_so(pool: EmbeddedPool) -> None:
    kept = ask(pool, "POST", "/", LIST)
    closed = ask(pool, "POST", "/", LIST, {"Connection": "close"})

    assert (kept.headers["connection"], kept.is_closed) == ("keep-alive", False)
    assert (closed.headers["connection"], closed.is_closed) == ("close", True)


def test_the_old_http_gets_one_answer_per_connection(pool: EmbeddedPool) -> None:
    address = urlsplit(pool.url)
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=30) as connection:
        connection.sendall(
            b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: %d\r\n\r\n" % len(LIST) + LIST
        )
        received = b""
        while piece := connection.recv(1 << 16):
            received += piece

    assert received.startswith(b"HTTP/1.0 200 OK\r\n")
    assert received.endswith(b"</methodResponse>")


def test_a_text_that_is_no_utf_8_is_an_invalid_value(pool: EmbeddedPool, session: Any) -> None:
    vm = session.xenapi.VM.get_all()[0]
    head = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "VM.set_name_description"})[:-1].encode()
    body = head + b', "params": ["%s", "%s", "bad \xff\xfe"]}' % (session.handle.encode(), vm.encode())

    error = json.loads(ask(pool, "POST", "/jsonrpc", body).body)["error"]

    assert (error["message"], error["data"][0]) == ("INVALID_VALUE", "string")


def failing_call(pool: EmbeddedPool, question: str) -> Reply:
    pool.control("fail", method="VM.get_all", code="HOST_IS_SLAVE", params=["127.0.0.1"])
    body = json.dumps({"method": "VM.get_all", "params": [login(pool)], "id": 1}).encode()
    return ask(pool, "POST", "/jsonrpc", body, {THUMBPRINT: question})


def login(pool: EmbeddedPool) -> str:
    call = {"method": "session.login_with_password", "params": ["root", pool.password], "id": 1}
    handle: str = json.loads(ask(pool, "POST", "/jsonrpc", json.dumps(call).encode()).body)["result"]
    return handle


def test_the_coordinators_thumbprint_is_told_to_who_came_to_a_supporter() -> None:
    header = "x-xenapi-response-host-certificate-thumbprint"
    with embedded_pool("--tls") as served:
        answers = [failing_call(served, question) for question in ("sha-256:master", "sha-1:master", "md5:master")]

        assert answers[0].headers[header] == served.fingerprint
        assert len(answers[1].headers[header]) == 59
        assert header not in answers[2].headers
        assert header not in ask(served, "POST", "/", LIST, {THUMBPRINT: "sha-256:master"}).headers


def test_files_are_served_to_browsers_where_there_are_any(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>hello</p>")
    (site / "a.js").write_text("1")
    (tmp_path / "secret.txt").write_text("no")
    with embedded_pool("--web", str(site)) as served:
        page, script = ask(served, "GET", "/"), ask(served, "GET", "/a.js")
        missing, outside = ask(served, "GET", "/nosuch"), ask(served, "GET", "/%2e%2e/secret.txt")

        assert (page.status, page.body, page.headers["content-type"]) == (200, b"<p>hello</p>", "text/html")
        assert "javascript" in script.headers["content-type"]
        assert missing.status == 404
        assert b"/nosuch was not found" in missing.body
        assert outside.status in (403, 404)
        assert ask(served, "POST", "/", LIST).status == 200


def test_a_client_that_stops_in_the_middle_of_a_call_harms_nobody(pool: EmbeddedPool) -> None:
    connection = connect(pool)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"<methodCall>")
    connection.close()

    assert ask(pool, "POST", "/", LIST).status == 200
    assert isinstance(connection, http.client.HTTPConnection)
