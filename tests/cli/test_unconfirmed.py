"""A run ended, and the pool has not told of it: nothing is stated as a fact that was only heard before."""

import subprocess
import time
from pathlib import Path

from embedded import embedded_pool

from tests.cli.shell import DEADLINE_S, Shell


def test_a_stale_board_is_not_told_as_what_is_so(tmp_path: Path) -> None:
    with embedded_pool("--speed", "20") as pool:
        shell = Shell(home=tmp_path / "home", pool=pool)
        pool.control("delay", method="VM.snapshot", seconds=2)
        with subprocess.Popen(
            shell.command("promote", "shop@staging", "--to", "production"),
            env=shell.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as promoting:
            deadline_s = time.monotonic() + DEADLINE_S
            while not any("VM.snapshot" in call["method"] for call in pool.calls()):
                assert time.monotonic() < deadline_s
            pool.control("delay", method="event.from", seconds=DEADLINE_S)
            out, err = promoting.communicate(timeout=DEADLINE_S)

    assert promoting.returncode == 0, err
    assert "done" in out
    assert "stands in" not in out
    assert "The pool has not told of it yet" in err
