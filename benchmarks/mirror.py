"""How soon the console knows a pool, and how soon it hears of a change, beside the plain `XenAPI` package.

    python benchmarks/mirror.py [VMS] [HOSTS] [MARKS]

Both ask the same pool in one run, so that the figures are ratios: time until everything is known, processor time, and
memory. Then a client marks machines while the pool changes a thousand objects a second: the delay from its call to the
batch with the mark, and the turns of the console's loop meanwhile, as distributions.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import XenAPI

from xsconsole.domain.events import LinkChanged
from xsconsole.domain.inventory import VM, ChangeBatch, Inventory
from xsconsole.xapi.gateway import Gateway

CHURN_PER_S = 1000
MARK_EVERY_S = 0.05
TICK_S = 0.001
PLAIN = Path(__file__).with_name("plain_mirror.py")


class Password:
    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value


def cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(process: int) -> int:
    return int(Path(f"/proc/{process}/status").read_text("utf-8").split("VmHWM:")[1].split()[0]) // 1024


@contextmanager
def served(vms: int, hosts: int) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "xsconsole.simpool", "--with-parent", "--scenario", "large"]
    process = subprocess.Popen(
        [*command, "--vms", str(vms), "--hosts", str(hosts)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield {**json.loads(process.stdout.readline())["pools"][0], "process": process.pid}
    finally:
        process.kill()
        process.wait()


def control(pool: dict[str, Any], **command: object) -> None:
    request = urllib.request.Request(pool["control"], data=json.dumps(command).encode())
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


class Listener:
    """The console's side: a mirror, and when marks arrived."""

    def __init__(self) -> None:
        self.inventory = Inventory()
        self.arrived_s: dict[str, float] = {}
        self.whole_s = 0.0

    def hear(self, batch: ChangeBatch) -> None:
        began = time.monotonic()
        self.inventory.apply(batch)
        if batch.is_whole:
            self.whole_s = time.monotonic() - began
            return
        for change in batch.changes:
            if isinstance(change.record, VM) and change.record.name_description.startswith("mark "):
                self.arrived_s.setdefault(change.record.name_description, time.monotonic())

    def hear_link(self, link: LinkChanged) -> None:
        """Nothing to do."""


async def ticking(turns_s: list[float]) -> None:
    while True:
        began = time.monotonic()
        await asyncio.sleep(TICK_S)
        turns_s.append(time.monotonic() - began - TICK_S)


def mark(url: str, user: str, password: str, vms: list[str], marks: int, sent_s: dict[str, float]) -> None:
    session = XenAPI.Session(url)
    session.xenapi.login_with_password(user, password, "1.0", "benchmark")
    for number in range(marks):
        text = f"mark {number}"
        sent_s[text] = time.monotonic()
        session.xenapi.VM.set_name_description(vms[number % len(vms)], text)
        time.sleep(MARK_EVERY_S)
    session.xenapi.session.logout()


def distribution(values: list[float]) -> str:
    ordered = sorted(values)
    at = {part: ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000 for part in (0.5, 0.99, 0.999)}
    return (
        f"median {at[0.5]:.1f} ms, 99 % {at[0.99]:.1f} ms, 99.9 % {at[0.999]:.1f} ms, worst {ordered[-1] * 1000:.1f} ms"
    )


async def measured(pool: dict[str, Any], marks: int) -> None:
    url, user, password = pool["url"], pool["user"], pool["password"]
    told = json.dumps({"url": url, "user": user, "password": password}).encode()
    plain = json.loads(await asyncio.to_thread(subprocess.check_output, [sys.executable, PLAIN], input=told))
    listener, turns_s = Listener(), list[float]()
    ticks = asyncio.create_task(ticking(turns_s))
    own_cpu_s, pool_cpu_s, began = time.process_time(), cpu_s(pool["process"]), time.monotonic()
    gateway = await Gateway.open(url, user, Password(password), None, listener.hear, listener.hear_link)
    taken_s, own_cpu_s = time.monotonic() - began, time.process_time() - own_cpu_s
    pool_cpu_s = cpu_s(pool["process"]) - pool_cpu_s
    assert gateway.feed_process_id is not None
    feed_cpu_s, feed_mib = cpu_s(gateway.feed_process_id), peak_mib(gateway.feed_process_id)
    print(f"{listener.inventory.total()} objects; the plain package read {plain['objects']}")
    sooner = plain["mirror_s"] / taken_s
    print(f"everything known after {taken_s:.2f} s, plain {plain['mirror_s']:.2f} s: {sooner:.1f} times sooner")
    print(f"  the pool itself computed {pool_cpu_s:.2f} s for it: {taken_s / pool_cpu_s:.2f} times that")
    print(f"processor time {own_cpu_s + feed_cpu_s:.2f} s (feed {feed_cpu_s:.2f}), plain {plain['cpu_s']:.2f} s")
    print(f"memory: feed {feed_mib} MiB, console {peak_mib(os.getpid())} MiB, plain {plain['memory_mb']:.0f} MiB")
    print(f"the mirror took the whole over in {listener.whole_s * 1000:.1f} ms; turns: {distribution(turns_s)}")

    turns_s.clear()
    vms = [vm.ref for vm in listener.inventory.all(VM) if vm.is_ordinary][:marks]
    sent_s: dict[str, float] = {}
    await asyncio.to_thread(control, pool, do="churn", per_second=CHURN_PER_S)
    await asyncio.to_thread(mark, url, user, password, vms, marks, sent_s)
    await asyncio.sleep(1.0)
    delays_s = [listener.arrived_s[text] - sent_s[text] for text in sent_s if text in listener.arrived_s]
    print(f"{CHURN_PER_S} changes a second: {len(delays_s)} of {len(sent_s)} marks arrived")
    print(f"  from the call to the batch: {distribution(delays_s)}; turns: {distribution(turns_s)}")
    print(f"  mean {statistics.mean(delays_s) * 1000:.1f} ms; feed at its peak {peak_mib(gateway.feed_process_id)} MiB")
    ticks.cancel()
    await gateway.close()


def main() -> None:
    vms, hosts, marks = (int(one) for one in (*sys.argv[1:4], *("10000", "64", "200")[len(sys.argv[1:4]) :]))
    with served(vms, hosts) as pool:
        asyncio.run(measured(pool, marks))


if __name__ == "__main__":
    main()
