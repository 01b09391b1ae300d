"""What a process leaves that a fault in native code ends, and when the next one speaks of it."""

import faulthandler
import signal
import subprocess
import sys

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

from xsconsole.console import LastWords, last_words

DIE = """
import os, resource, runpy, signal, sys
from pathlib import Path

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
LastWords = runpy.run_path(sys.argv[1])["LastWords"]  # alone: to load all of the console takes longer than the rest
words = LastWords(Path(sys.argv[2]), "first", lambda process: True)
words.prepare("xsconsole of a test")
def paint():
    os.kill(os.getpid(), signal.SIGSEGV)
paint()
"""


@pytest.fixture
def alone(request):
    """Nobody else listens for faults, as pytest itself does."""
    faulthandler.disable()
    yield
    faulthandler.enable(request.config.stash[fault_handler_stderr_fd_key])


def test_a_fault_leaves_a_file_that_the_next_start_finds_once(tmp_path):
    assert LastWords(tmp_path, "second", {"second"}.__contains__).find() is None

    died = subprocess.run([sys.executable, "-c", DIE, last_words.__file__, tmp_path], check=False, capture_output=True)

    assert died.returncode == -signal.SIGSEGV, died.stderr
    assert LastWords(tmp_path, "second", {"first", "second"}.__contains__).find() is None  # it may live
    left = LastWords(tmp_path, "second", {"second"}.__contains__).find()
    assert left is not None
    text = left.read_text(encoding="utf-8")
    assert text.startswith("xsconsole of a test\nFatal Python error: Segmentation fault\n")
    assert " in paint\n" in text
    assert LastWords(tmp_path, "second", {"second"}.__contains__).find() is None
    assert list((tmp_path / "crashes").iterdir()) == [left]


def test_what_ends_in_good_order_or_was_killed_leaves_nothing(tmp_path, alone):
    words = LastWords(tmp_path, "first", {"first"}.__contains__)
    words.prepare("xsconsole of a test")
    assert faulthandler.is_enabled()
    words.end()
    assert not faulthandler.is_enabled()
    assert list((tmp_path / "crashes").iterdir()) == []

    (tmp_path / "crashes" / "running-killed.txt").write_text("xsconsole of a test\n")
    assert words.find() is None
    assert list((tmp_path / "crashes").iterdir()) == []


def test_who_listens_already_is_left_alone_and_a_folder_that_cannot_be_made_stops_nobody(tmp_path, alone, caplog):
    faulthandler.enable(sys.__stderr__)
    words = LastWords(tmp_path, "first", {"first"}.__contains__)
    words.prepare("xsconsole of a test")
    words.end()
    assert faulthandler.is_enabled()
    faulthandler.disable()

    (tmp_path / "crashes").write_text("no folder")
    words.prepare("xsconsole of a test")
    words.end()
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["File exists"]
