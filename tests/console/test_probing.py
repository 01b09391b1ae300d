"""What this machine tries for a gate: real programs, real sockets."""

import asyncio
import contextlib
import os
import select
import stat
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from xsconsole.console.probing import SCRIPTS, LocalProber


@pytest.fixture
def prober(tmp_path: Path) -> LocalProber:
    (tmp_path / SCRIPTS).mkdir()
    return LocalProber(tmp_path)


def script(home: Path, text: str, name: str = "smoke-test", mode: int = 0o755) -> None:
    path = home / SCRIPTS / name
    path.write_text(f"#!{sys.executable}\n{text}\n", "utf-8")
    path.chmod(mode)


@pytest.fixture
async def silent_port() -> int:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_a_script_gets_words_and_a_clean_environment_and_its_end_decides(
    prober: LocalProber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XSCONSOLE_PASSWORD", "secret")
    script(
        tmp_path,
        "import os, sys; print(sys.argv[1:], os.environ['XSCONSOLE_NAME'], 'XSCONSOLE_PASSWORD' in os.environ)",
    )

    answer = await prober.run_script(["smoke-test", "$(reboot)", "a b"], {"XSCONSOLE_NAME": "shop"}, 30)

    assert answer.is_met
    assert answer.sentence == "smoke-test ended with 0. It said: ['$(reboot)', 'a b'] shop False"


async def test_a_script_that_fails_says_what_it_said_last(prober: LocalProber, tmp_path: Path) -> None:
    script(tmp_path, "import sys; print('x' * 100_000); print('no cache'); sys.exit(3)")

    answer = await prober.run_script(["smoke-test"], {}, 30)

    assert not answer.is_met
    assert answer.sentence.startswith("smoke-test ended with 3. It said: ")
    assert answer.sentence.endswith("…") or "no cache" in answer.sentence
    assert len(answer.sentence) < 500


async def test_a_script_that_is_ended_by_a_signal_says_which(prober: LocalProber, tmp_path: Path) -> None:
    script(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    answer = await prober.run_script(["smoke-test"], {}, 30)

    assert (answer.is_met, answer.sentence) == (False, "smoke-test was ended by signal 9 (SIGKILL).")


async def test_a_script_that_does_not_end_is_ended_with_all_that_it_started(
    prober: LocalProber, tmp_path: Path
) -> None:
    child = (
        "import os, subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    )
    script(tmp_path, f"{child}; print(p.pid, flush=True); time.sleep(600)")

    answer = await prober.run_script(["smoke-test"], {}, 2)

    assert "did not end in 2 s and was stopped" in answer.sentence
    assert is_gone(int(answer.sentence.rpartition("It said: ")[2]))


def is_gone(process: int) -> bool:
    """Wait until a killed process has ended."""
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 30)[0])
    finally:
        os.close(watched)


@pytest.mark.parametrize("name", ["../evil", "/bin/true", "missing", "..", "sub/script"])
async def test_nothing_is_run_that_the_owner_did_not_put_there(prober: LocalProber, name: str) -> None:
    answer = await prober.run_script([name], {}, 5)

    assert not answer.is_met
    assert "so put it there" in answer.sentence


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such permission")
async def test_a_script_that_may_not_be_run_is_told_so(prober: LocalProber, tmp_path: Path) -> None:
    script(tmp_path, "pass", mode=stat.S_IRUSR)

    answer = await prober.run_script(["smoke-test"], {}, 5)

    assert answer.sentence == "smoke-test cannot be started: permission denied. Make it executable."


async def test_a_port_answers_or_does_not(prober: LocalProber, silent_port: int) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        there = await prober.reach("127.0.0.1", port, 10)
    gone = await prober.reach("127.0.0.1", silent_port, 10)

    assert (there.is_met, there.sentence) == (True, f"127.0.0.1 port {port} answers.")
    assert (gone.is_met, gone.sentence) == (False, f"127.0.0.1 port {silent_port}: connection refused.")


class Health(BaseHTTPRequestHandler):
    """Well at `/well`, elsewhere at `/moved`, ill anywhere else; at `/slow` headers come one by one, and no end."""

    def do_GET(self) -> None:
        if self.path == "/slow":
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for _ in range(30):
                    self.wfile.write(b"X-More: 1\r\n")
                    select.select([], [], [], 0.05)
            return
        status = {"/well": 204, "/moved": 302}.get(self.path, 503)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/well")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


async def test_a_request_is_met_by_its_status_and_follows_nothing(prober: LocalProber) -> None:
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        base = f"http://127.0.0.1:{server.server_port}"
        answers = [await prober.request("GET", f"{base}/{path}", 10) for path in ("well", "moved", "ill")]
        slow = await prober.request("GET", f"{base}/slow", 1)
        server.shutdown()
        thread.join()
    nobody = await prober.request("GET", base, 10)

    assert [answer.is_met for answer in answers] == [True, False, False]
    assert answers[2].sentence == f"{base}/ill answered 503."
    assert slow.sentence == f"{base}/slow does not answer: it took longer than 1 s."
    assert "does not answer" in nobody.sentence
