"""The benchmarks run, and say their figures: small here, so that nothing but the figures is missing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DEADLINE_S = 150.0
SMALL = ("40", "2")


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "board_turns",
            ("5", "2"),
            ["power state of a VM: whole .* ratio", "size of a disk: ", "renewal of a lease: "],
        ),
        (
            "mirror",
            (*SMALL, "5"),
            ["times sooner", "the pool itself computed", "of 5 marks arrived", "from the call to the batch: median"],
        ),
        (
            "pool_size",
            (*SMALL, "0.5"),
            ["first event.from, JSON: ", "msgspec alone", "changes a second asked of", "killed and started again: up"],
        ),
        (
            "promotion",
            ("6", "2"),
            [
                "planning by move: 4 members .* 6 members",
                "from the drop to the first",
                "times the least of .* its limits",
            ],
        ),
        ("provisioning", ("2", "1", "50"), ["in one run, .* times the least", "in runs of their own: "]),
        ("promotion_races", ("4",), ["one configuration, 2 races: .* never two", "one place, 2 races: .* never two"]),
        ("promotion_killed", ("40",), ["copies that were approved: .* put back", "kinds of runs: .* settled whole"]),
        ("inventory_load", SMALL, ["ratios: mirror", "filter, from key to result", "views: ", "turns while it loads"]),
        ("inventory_churn", (*SMALL, "1"), ["from the change to its line", "within 200 ms", "turns while somebody"]),
        ("fences", ("2", "40", "200"), ["a moved card in .*ratio", "times the least", "until it is told: median"]),
        ("drift", ("8", "2", "20"), ["one change: median .* ratio", "longest piece between two looks at the clock: "]),
        (
            "archive",
            ("8",),
            ["archive: .* times the copy", "restore, .* MiB of memory", "the aim is under 200 MiB: met"],
        ),
        ("audit", ("100", "5"), ["aimed at 0.5", "checked by verify.py: .* rows/s", "sealed 102 rows in"]),
        ("audit", ("--many", "1000"), ["exported in .* memory", "checked in the program: ", "the one run: .* 1 rows"]),
        ("audit_killed", ("6", "2"), ["6 kills: .* no gap, no half group", "a disk with room|was not tried"]),
        ("second_start", ("1",), ["median: usable window .* ratio to an empty Qt window"]),
    ],
)
def test_a_benchmark_runs_and_says_its_figures(name: str, arguments: tuple[str, ...], said: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "ui"), str(ROOT / "resources")])},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert [one for one in said if not re.search(one, done.stdout)] == [], done.stdout
