"""How long from the command to the usable window, on a second start; and beside it what an empty Qt window takes.

    python benchmarks/second_start.py [RUNS]

Usable is when the board's columns stand, live from the pool. Both windows are drawn, and need no screen. The ratio to
the empty window is the figure to keep: both are measured in turn, in one run.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

TIMEOUT_S = 60.0
BOARD_STANDS = re.compile(r"^(\S+ \S+) INFO xsconsole_ui\.app the board stands", re.MULTILINE)
EMPTY_WINDOW = (
    "from PySide6.QtCore import QTimer; from PySide6.QtWidgets import QApplication, QMainWindow; import sys;"
    "a = QApplication([]); w = QMainWindow(); w.show(); QTimer.singleShot(0, a.quit); sys.exit(a.exec())"
)
WITHOUT_SCREEN = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
BOOTSTRAP = Path(__file__).resolve().parent.parent / "packaging" / "bootstrap.py"


def demo_s() -> float:
    """Start the demo as README says and return the seconds until its log says that the board stands."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "out" / "demo.log"
        began = time.time()
        # Named, the folder has the log at a known place; what the demo then does by itself is not waited for.
        process = subprocess.Popen(
            [sys.executable, str(BOOTSTRAP), "demo", "--out", str(log.parent)],
            env=WITHOUT_SCREEN,
            stdout=subprocess.PIPE,
        )
        try:
            while time.time() - began < TIMEOUT_S and process.poll() is None:
                found = BOARD_STANDS.search(log.read_text("utf-8")) if log.exists() else None
                if found:
                    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp() - began
                time.sleep(0.02)
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT_S)
    raise TimeoutError("the board never stood")


def empty_s() -> float:
    began = time.time()
    subprocess.run([sys.executable, "-c", EMPTY_WINDOW], check=True, timeout=TIMEOUT_S, env=WITHOUT_SCREEN)
    return time.time() - began


def main(runs: int) -> None:
    demo_s()  # the first start makes .venv and fills caches
    pairs = [(demo_s(), empty_s()) for _ in range(runs)]
    for demo, empty in pairs:
        print(f"usable window {demo:.2f} s   empty Qt window {empty:.2f} s   ratio {demo / empty:.1f}")
    print(
        f"median: usable window {statistics.median(demo for demo, _ in pairs):.2f} s, "
        f"ratio to an empty Qt window {statistics.median(demo / empty for demo, empty in pairs):.1f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
