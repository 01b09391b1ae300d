"""How the embedded pool carries size: start, first answer about everything, changes, memory, state file.

    python benchmarks/pool_size.py [VMS] [HOSTS] [SECONDS]

Times of others are ratios in one run: the first `event.from` beside the bare encoding of what it answers. While changes
arrive, a second client asks a small question over and over: how long it waits is what everybody else would feel.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

CHURN_PER_S = 1000


class Served:
    """A pool of the scenario `large` in a process of its own, asked over JSON-RPC."""

    def __init__(self, vms: int, hosts: int, *more: str) -> None:
        command = [sys.executable, "-m", "xsconsole.simpool", "--with-parent", "--scenario", "large"]
        began = time.monotonic()
        self.process = subprocess.Popen(
            [*command, "--vms", str(vms), "--hosts", str(hosts), *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.pool = json.loads(self.process.stdout.readline())["pools"][0]
        self.start_s = time.monotonic() - began
        login = self.post("session.login_with_password", self.pool["user"], self.pool["password"])
        self.session = json.loads(login)["result"]

    def post(self, method: str, *params: object) -> bytes:
        body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        request = urllib.request.Request(self.pool["url"] + "/jsonrpc", data=json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=300) as answer:
            found: bytes = answer.read()
            return found

    def post_xml(self, token: str) -> bytes:
        arguments = f"<string>{self.session}</string>", "<array><data><value>*</value></data></array>", token, "1.0"
        values = "".join(f"<param><value>{one}</value></param>" for one in arguments)
        body = f"<methodCall><methodName>event.from</methodName><params>{values}</params></methodCall>"
        with urllib.request.urlopen(urllib.request.Request(self.pool["url"], body.encode()), timeout=300) as answer:
            found: bytes = answer.read()
            return found

    def control(self, do: str, **arguments: object) -> Any:
        request = urllib.request.Request(self.pool["control"], data=json.dumps({"do": do, **arguments}).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    @property
    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    @property
    def peak_mib(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) // 1024


class Heartbeat(threading.Thread):
    """A client with a small question, over and over, until told to stop."""

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        self._served = served
        self.waits_s: list[float] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        while not self.is_over.wait(0.01):
            began = time.monotonic()
            self._served.post("session.get_this_user", self._served.session, self._served.session)
            self.waits_s.append(time.monotonic() - began)

    def __str__(self) -> str:
        waits = sorted(self.waits_s)
        return (
            f"small question meanwhile: median {1000 * statistics.median(waits):.1f} ms, "
            f"99 % {1000 * waits[int(len(waits) * 0.99)]:.0f} ms, "
            f"longest {1000 * waits[-1]:.0f} ms ({len(waits)} asked)"
        )


def main(vms: int, hosts: int, seconds: float) -> None:
    served = Served(vms, hosts)
    print(
        f"{vms} VMs on {hosts} hosts: up in {served.start_s:.1f} s "
        f"({served.cpu_s:.1f} s of processor), {served.peak_mib} MiB"
    )
    heartbeat = Heartbeat(served)
    heartbeat.start()
    # Nothing is decoded meanwhile: that would keep the heartbeat waiting, and not the pool.
    answer = b""
    for name in ("first", "second"):
        cpu_s, began = served.cpu_s, time.monotonic()
        answer = served.post("event.from", served.session, ["*"], "", 1.0)
        took_s, cpu_s = time.monotonic() - began, served.cpu_s - cpu_s
        print(f"{name} event.from, JSON: {took_s:.2f} s ({cpu_s:.2f} s of processor), {len(answer) / 1e6:.0f} MB")
    for name in ("first", "second"):
        cpu_s, began = served.cpu_s, time.monotonic()
        size = len(served.post_xml(""))
        took_s, cpu_s = time.monotonic() - began, served.cpu_s - cpu_s
        print(f"{name} event.from, XML: {took_s:.2f} s ({cpu_s:.2f} s of processor), {size / 1e6:.0f} MB")
    heartbeat.is_over.set()
    heartbeat.join()
    print(heartbeat)
    decoded = json.loads(answer)["result"]
    began = time.process_time()
    msgspec.json.encode(decoded)
    print(f"{len(decoded['events'])} objects; msgspec alone encodes them in {time.process_time() - began:.2f} s")
    churn(served, decoded["token"], seconds)
    print(f"peak memory {served.peak_mib} MiB")
    served.process.terminate()
    served.process.wait(30)
    kill_and_restart(vms, hosts, seconds)


def kill_and_restart(vms: int, hosts: int, seconds: float) -> None:
    """Kill a pool with a state file in a storm of changes, and see how long it takes until it is there again."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pool.db"
        served = Served(vms, hosts, "--state", str(file))
        print(
            f"with a state file: up in {served.start_s:.1f} s ({served.cpu_s:.1f} s of processor), "
            f"{file.stat().st_size / 1e6:.0f} MB"
        )
        found = msgspec.json.decode(served.post("event.from", served.session, ["*"], "", 1.0))["result"]
        churn(served, found["token"], seconds)
        served.control("churn", per_second=CHURN_PER_S, count=CHURN_PER_S)
        served.process.kill()
        served.process.wait(30)
        again = Served(vms, hosts, "--state", str(file))
        found = msgspec.json.decode(again.post("event.from", again.session, ["*"], "", 1.0))["result"]
        print(
            f"killed and started again: up in {again.start_s:.1f} s ({again.cpu_s:.1f} s of processor), "
            f"{len(found['events'])} objects"
        )
        again.process.terminate()
        again.process.wait(60)


def churn(served: Served, token: str, seconds: float) -> None:
    heartbeat = Heartbeat(served)
    heartbeat.start()
    served.control("churn", per_second=CHURN_PER_S)
    cpu_s, began, events, answers = served.cpu_s, time.monotonic(), 0, 0
    while time.monotonic() - began < seconds:
        found = msgspec.json.decode(served.post("event.from", served.session, ["*"], token, 10.0))["result"]
        token, events, answers = found["token"], events + len(found["events"]), answers + 1
    took_s = time.monotonic() - began
    done, cpu_s = served.control("churn", per_second=0)["done"], served.cpu_s - cpu_s
    heartbeat.is_over.set()
    heartbeat.join()
    print(
        f"{done / took_s:.0f} changes a second asked of {CHURN_PER_S}: {events / took_s:.0f} events a second in "
        f"{answers} answers, {100 * cpu_s / took_s:.0f} % of a processor"
    )
    print(heartbeat)


if __name__ == "__main__":
    given = (*sys.argv[1:4], *("10000", "64", "10")[len(sys.argv) - 1 :])
    main(int(given[0]), int(given[1]), float(given[2]))
