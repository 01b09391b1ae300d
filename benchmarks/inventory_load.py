"""How the window loads a large pool while somebody types, scrolls and drags, beside the plain XenAPI package.

    python benchmarks/inventory_load.py [VMS] [HOSTS]

Needs no screen. The ratios are of one run: the window and the package mirror the same classes of the same pool, one
after the other. A turn is what the window's thread does between two waits; see `xsconsole_ui.watchdog`.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pool_size import Served

HERE = Path(__file__).resolve().parent


class Child:
    """A program beside this one that is told one line, and tells lines."""

    def __init__(self, name: str, told: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.say(json.dumps(told))

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


def address_of(served: Served) -> dict[str, Any]:
    return {key: served.pool[key] for key in ("url", "user", "password")}


TICK_S = 0.01  # the processor time of another process is told in these


def encoding_s(served: Served) -> float:
    """Return the processor seconds that the pool needs to encode everything once, when nothing is prepared for it."""
    cpu_s = served.cpu_s
    served.post("event.from", served.session, ["*"], "", 1.0)
    return max(served.cpu_s - cpu_s, TICK_S)


def quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def show_turns(name: str, turns: dict[str, Any]) -> None:
    print(f"{name}: {turns['text']}")
    for stall in turns["stalls"]:
        print("    stall " + stall.replace("\n", "\n      "))


def main(vms: int, hosts: int) -> None:
    served = Served(vms, hosts)
    try:
        encoding = encoding_s(served)
        print(f"{vms} VMs on {hosts} hosts; the pool encodes everything in {encoding:.2f} s of processor")
        plain = Child("plain_mirror.py", address_of(served)).hear()
        print(
            f"plain package: {plain['objects']} objects in {plain['mirror_s']:.1f} s "
            f"({plain['cpu_s']:.1f} s of processor), {plain['memory_mb']:.0f} MB"
        )
        began_cpu = served.cpu_s
        window = Child("inventory_window.py", {"pools": [address_of(served)]})
        window.hear()
        found = window.hear()
        feed_cpu_s, feed_mb = found["feed"]["cpu_s"], found["feed"]["memory_mb"]
        print(
            f"window: {found['objects']} objects mirrored after {found['mirror_s']:.2f} s, in the list after "
            f"{found['list_s']:.2f} s; {found['load_cpu_s']:.1f} s of processor and {feed_cpu_s:.1f} s in its feed; "
            f"{found['memory_mb']:.0f} MB and {feed_mb:.0f} MB; the pool used {served.cpu_s - began_cpu:.1f} s"
        )
        print(
            f"ratios: mirror {plain['mirror_s'] / found['mirror_s']:.1f} times sooner than the plain package, "
            f"{found['mirror_s'] / encoding:.1f} times the encoding; "
            f"processor until mirrored {found['mirror_cpu_s'] / plain['cpu_s']:.2f}, "
            f"memory {(found['memory_mb'] + feed_mb) / plain['memory_mb']:.2f} of the plain package's"
        )
        show_turns("turns while it loads and somebody types, scrolls and drags", found["load_turns"])
        keys = found["keystroke_ms"]
        print(
            f"filter, from key to result on screen: median {statistics.median(keys):.1f} ms, "
            f"99 % {quantile(keys, 0.99):.1f} ms, longest {keys[-1]:.1f} ms of {len(keys)}"
        )
        cpu = found["keystroke_cpu_ms"]
        print(
            f"    in processor time of the window's thread: median {statistics.median(cpu):.1f} ms, "
            f"99 % {quantile(cpu, 0.99):.1f} ms"
        )
        print("views: " + ", ".join(f"{view} {took:.0f} ms" for view, took in found["view_ms"].items()))
        show_turns("turns of filters and views", found["filter_turns"])
        print(f"all lines selected {found['select_ms']:.0f} ms after Ctrl+A")
        show_turns("turns meanwhile", found["select_turns"])
    finally:
        served.process.terminate()
        served.process.wait(30)


if __name__ == "__main__":
    started = time.monotonic()
    main(*(int(argument) for argument in (*sys.argv[1:3], *("10000", "64")[len(sys.argv) - 1 :])))
    print(f"({time.monotonic() - started:.0f} s in all)")
