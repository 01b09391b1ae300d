"""The board's drag with a real mouse: a real window on a virtual screen, moved by xdotool."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool

PROGRAM = Path(__file__).with_name("window_program.py")
ROOT = Path(__file__).parents[2]
DESIGNER = Path(__file__).with_name("designer_program.py")
SCREEN = "1600x1000x24"
DEADLINE_S = 60.0

needs_a_screen = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs Xvfb and xdotool for a screen and hands"
)
pytestmark = needs_a_screen


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Start Xvfb on a free display and return its name."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        server.terminate()
        server.wait(DEADLINE_S)


@contextmanager
def window(display: str, pool: EmbeddedPool, home: Path, program: Path = PROGRAM) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": "1"}
    environment["PYTHONPATH"] = str(ROOT)
    process = subprocess.Popen(
        [sys.executable, str(program), str(home), pool.url, pool.password],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_S)


def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the window's process ended"
    said: dict[str, Any] = json.loads(line)
    return said


class Hand:
    """A mouse on a display. It moves in steps with pauses, as hands do: Qt begins a drag only after some way."""

    def __init__(self, display: str) -> None:
        self._environment = {**os.environ, "DISPLAY": display}

    def do(self, *words: object) -> None:
        subprocess.run(
            ["xdotool", *map(str, words)], env=self._environment, check=True, timeout=DEADLINE_S, capture_output=True
        )

    def drag(self, start: tuple[int, int], end: tuple[int, int], steps: int = 12) -> None:
        self.do("mousemove", *start, "sleep", 0.1, "mousedown", 1, "sleep", 0.1)
        for step in range(1, steps + 1):
            x, y = (round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True))
            self.do("mousemove", x, y, "sleep", 0.03)
        self.do("sleep", 0.2, "mouseup", 1)

    def click(self, at: tuple[int, int]) -> None:
        self.do("mousemove", *at, "sleep", 0.1, "click", 1)

    def double_click(self, at: tuple[int, int]) -> None:
        self.do("mousemove", *at, "sleep", 0.1, "click", "--repeat", 2, "--delay", 60, 1)


def test_a_card_dragged_with_the_mouse_goes_to_production(tmp_path: Path) -> None:
    with embedded_pool() as pool, virtual_screen() as display, window(display, pool, tmp_path / "home") as process:
        hand, places = Hand(display), heard(process)

        hand.drag(tuple(places["card"]), tuple(places["column"]))
        answer = heard(process)
        if "button" in answer:
            hand.click(tuple(answer["button"]))
            answer = heard(process)

        assert answer == {"state": "done", "target": "production"}
        with pool.plain_session() as session:
            fields = [record["other_config"] for record in session.xenapi.VM.get_all_records().values()]
        stages = [text for config in fields for key, text in config.items() if key.startswith("xsconsole.member.")]
        assert sum('"name":"shop 1.3.0"' in text and '"stage":"production"' in text for text in stages) >= 4


def test_a_hotfix_is_drawn_into_the_workflow_with_the_mouse(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with embedded_pool() as pool, virtual_screen() as display, window(display, pool, home, DESIGNER) as process:
        hand, seen = Hand(display), heard(process)
        assert seen["first"] == ["Integration", "Patch testing", "Staging", "Production"]

        hand.double_click(tuple(seen["free"]))
        hand.do("sleep", 0.3, "type", "--delay", 30, "Hotfix")
        hand.do("key", "Return")
        for _ in range(2):
            seen = heard(process)
            hand.drag(tuple(seen["port"]), tuple(seen["stage"]))
        seen = heard(process)
        hand.drag(tuple(seen["stage"]), tuple(seen["aside"]))
        steps = heard(process)["steps"]
        hand.do("key", "ctrl+z")
        last = heard(process)

    assert steps == [
        "Add stage “New stage”",
        "Rename “New stage” to “Hotfix”",
        "Add transition “Integration” → “Hotfix”",
        "Add transition “Hotfix” → “Production”",
        "Move “Hotfix”",
    ]
    assert last == {"is_back": True}
