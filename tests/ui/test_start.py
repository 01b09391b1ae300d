"""How the window starts: with a passphrase, without a screen, with a home that cannot be opened."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialogButtonBox

from xsconsole.errors import DatabaseDamaged
from xsconsole_ui.app import until_asked_to_end, woken_by_signals
from xsconsole_ui.passphrase_dialog import PassphraseDialog, PassphraseQuestion
from xsconsole_ui.start import _temporary_folder
from xsconsole_ui.start_failure import StartFailureDialog

DEADLINE_S = 60.0
LOOK_EVERY_S = 0.05


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    without = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XSCONSOLE_PASSPHRASE")
    kept = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.run(
        [sys.executable, "-m", "xsconsole_ui", *arguments],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="signals are read from /proc")
def test_it_ends_in_good_order_when_asked_to_though_ctrl_c_is_ignored(tmp_path: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a script's `&` does

    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XSCONSOLE_PASSPHRASE": "a passphrase for tests"}
    with subprocess.Popen(
        [sys.executable, "-m", "xsconsole_ui", "--home", str(tmp_path / "home")],
        env=environment,
        preexec_fn=ignore,  # noqa: PLW1509 - no thread of this process is in the way
    ) as window:
        try:
            deadline = time.monotonic() + DEADLINE_S
            while not catches(window.pid, signal.SIGTERM) and time.monotonic() < deadline:
                assert window.poll() is None
                threading.Event().wait(LOOK_EVERY_S)

            window.terminate()

            assert window.wait(DEADLINE_S) == 0
        finally:
            window.kill()


async def test_who_asks_twice_is_not_answered_by_an_exception_in_the_middle_of_what_closes() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    begun, while_closing = asyncio.Event(), []

    async def life() -> int:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            while_closing.append({number: signal.getsignal(number) for number in before})
        return 0

    try:
        for _ in range(2):
            begun.clear()
            ending = asyncio.ensure_future(until_asked_to_end(life()))
            await begun.wait()
            if not while_closing:
                ending.cancel()  # the window is closed: nobody asked, and all is as before
            else:
                os.kill(os.getpid(), signal.SIGTERM)
            with pytest.raises(asyncio.CancelledError):
                await ending
            if len(while_closing) == 1:
                assert {number: signal.getsignal(number) for number in before} == before
        assert while_closing[1][signal.SIGTERM] is signal.SIG_DFL
        assert while_closing[1][signal.SIGINT] in (signal.SIG_DFL, signal.SIG_IGN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def test_a_signal_is_heard_while_nothing_else_moves() -> None:
    heard = asyncio.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.set())
    sender = threading.Timer(LOOK_EVERY_S, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        with woken_by_signals(asyncio.get_running_loop()):
            sender.start()
            async with asyncio.timeout(DEADLINE_S):
                await heard.wait()
    finally:
        sender.join()
        signal.signal(signal.SIGUSR1, before)


def catches(process: int, number: int) -> bool:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def test_a_new_passphrase_is_taken_when_both_are_long_and_the_same(qtbot) -> None:
    dialog = PassphraseDialog(is_new=True)
    qtbot.addWidget(dialog)
    accept = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)

    found = []
    for passphrase, again in (
        ("", ""),
        ("short", "short"),
        ("long enough", "long enouhg"),
        ("long enough", "long enough"),
    ):
        dialog.passphrase.setText(passphrase)
        dialog.again.setText(again)
        found.append((accept.isEnabled(), bool(dialog.why_not.text())))

    assert found == [(False, True), (False, True), (False, True), (True, False)]


def test_a_passphrase_that_exists_is_asked_for_once(qtbot) -> None:
    dialog = PassphraseDialog(is_new=False)
    qtbot.addWidget(dialog)

    dialog.passphrase.setText("x")

    assert dialog.again.isHidden()
    assert dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


async def test_a_passphrase_of_the_environment_is_not_asked_for_again() -> None:
    question = PassphraseQuestion("given")

    assert await question.answer(is_new=False) == "given"
    assert not question.may_ask_again("it does not fit")


async def test_without_a_screen_nobody_is_asked() -> None:
    question = PassphraseQuestion(None)

    assert await question.answer(is_new=True) is None
    assert not question.may_ask_again("none was given")


def test_a_start_that_fails_says_why_and_what_to_do(qtbot) -> None:
    dialog = StartFailureDialog(DatabaseDamaged(path="/x", reason="The database is damaged.", mend="Put a copy back."))
    qtbot.addWidget(dialog)

    assert "The database is damaged." in dialog.notice.headline
    assert "Put a copy back." in dialog.notice.text


def test_without_a_screen_the_window_says_so_in_one_sentence() -> None:
    ended = run()

    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "xsconsole: There is no screen. `xsconsole --help` shows what works without one."
    ]


def test_what_a_killed_demo_left_is_removed_by_the_next_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone, mine, other = (tmp_path / f"xsconsole-demo-{who}" for who in (f"{ended.pid}-x", f"{os.getpid()}-x", "keep-x"))
    for folder in (gone, mine, other):
        (folder / "home").mkdir(parents=True)

    with _temporary_folder() as folder:
        left = set(tmp_path.iterdir())

    assert left == {mine, other, folder}
    assert set(tmp_path.iterdir()) == {mine, other}


def test_a_demo_whose_folder_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    ended = run("demo", "--out", str(tmp_path / "file" / "out"))

    assert ended.returncode == 1
    assert "cannot be written" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [b"not a database at all, whatever its name says" * 100])
def test_a_damaged_home_ends_the_window_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "console.db").write_bytes(content)

    ended = run("--home", str(tmp_path), QT_QPA_PLATFORM="offscreen", XSCONSOLE_PASSPHRASE="long enough")

    assert ended.returncode == 1
    assert "xsconsole: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "console.db").read_bytes() == content
