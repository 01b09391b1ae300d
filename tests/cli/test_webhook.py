"""The webhook from the shell: set with a secret, shown, tried against a server that answers, and cleared."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Shell


class Server(http.server.ThreadingHTTPServer):
    status = 204
    events: tuple[str, ...] = ()


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events += (self.headers["X-Xsconsole-Event"],)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        yield served
        served.shutdown()
        thread.join()


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


def test_the_shell_sets_tests_uses_and_clears_it(pool: EmbeddedPool, server: Server, tmp_path: Path) -> None:
    shell = Shell(home=tmp_path / "home", pool=pool)
    url = f"http://127.0.0.1:{server.server_port}/hook"

    bad = shell.say("webhook", "set", "nowhere", "--unsigned")
    none = shell.say("webhook", "set", url)
    was_set = shell.say("webhook", "set", url, "--unsigned")
    shown = shell.say("webhook", "show", "--json")
    tested = shell.say("webhook", "test")
    moved = shell.say("promote", "shop@1.3.0", "--to", "production", "--json")
    server.status = 410
    refused = shell.say("webhook", "test")
    back = shell.say("demote", "shop@1.3.0", "--to", "staging", "--json")
    cleared = shell.say("webhook", "clear")

    assert (bad.status, "is no web address" in bad.err) == (1, True), bad.err
    assert (none.status, "There is no secret" in none.err) == (1, True), none.err
    assert was_set.status == 0, was_set.err
    assert shown.document == {"url": url, "is_signed": False, "has_secret": False}
    assert (tested.status, tested.out) == (0, "The webhook took it.\n"), tested.err
    assert moved.status == 0, moved.err
    assert (refused.status, "answers 410" in refused.err) == (1, True), refused.err
    assert (back.status, "was not told of run.done" in back.err) == (0, True), back.err
    assert cleared.status == 0, cleared.err
    assert "There is no webhook" in shell.say("webhook", "show").out
    assert server.events[:2] == ("test", "run.done")
    rows = shell.say("audit", "list", "--json").document
    assert {"webhook.changed", "notification.lost"} <= {row["event"] for row in rows}
