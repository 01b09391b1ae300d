"""Changes without end, as in a large pool on a busy day; the same again for the same seed."""

import asyncio
import math
import random
from collections.abc import Callable

from xsconsole.simpool import domains, guests, lifecycle
from xsconsole.simpool.placement import obstacle
from xsconsole.simpool.pool import Pool

TICK_S = 0.02
MOST_IN_A_TICK = 200
"""So that a rate that the machine cannot hold does not take the loop from everybody else."""

KEY = "churn"
_TAGS = ("churn-red", "churn-green", "churn-blue", "churn-amber")
_MIB = 1 << 20


class Churn:
    """Changes objects of a pool `per_second` times a second, of our time, until stopped."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._next: asyncio.TimerHandle | None = None
        self._random = random.Random(0)
        self._machines: list[str] = []
        self._acts: tuple[Callable[[str], None], ...] = ()
        self._weights: tuple[int, ...] = ()
        self._rate, self._owed, self._count = 0.0, 0.0, 0.0
        self.done = 0

    def start(self, per_second: float, *, seed: int, count: float = math.inf) -> None:
        """Begin anew, on the running loop, and stop after so many changes.

        Raises:
            ValueError: the rate is none.
        """
        if not 0 < per_second < math.inf:
            raise ValueError("a rate is above 0")
        self.stop()
        loop = asyncio.get_running_loop()
        self._random = random.Random(f"churn:{seed}")
        self._machines = [
            vm
            for vm, row in self._pool.db.rows("VM")
            if not (row["is_a_template"] or row["is_control_domain"] or row["is_a_snapshot"])
        ]
        kinds = {
            self._note: 25,
            self._tag: 15,
            self._describe: 10,
            self._balloon: 10,
            self._work: 25,
            self._report: 11,
            self._switch: 4,
        }
        self._acts, self._weights = tuple(kinds), tuple(kinds.values())
        self._rate, self._owed, self._count, self.done = per_second, 0.0, count, 0
        self._next = loop.call_later(TICK_S, self._tick, loop.time())

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _tick(self, before_s: float) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        self._owed = min(self._owed + self._rate * (now_s - before_s), MOST_IN_A_TICK)
        while self._owed >= 1 and self.done < self._count:
            self._owed -= 1
            self._change()
        goes_on = self._machines and self.done < self._count
        self._next = loop.call_later(TICK_S, self._tick, now_s) if goes_on else None

    def _change(self) -> None:
        vm = self._random.choice(self._machines)
        act = self._random.choices(self._acts, self._weights)[0]
        self.done += 1
        if self._pool.db.exists("VM", vm):
            act(vm)

    def _note(self, vm: str) -> None:
        config = self._pool.db.get("VM", vm, "other_config")
        self._pool.db.set("VM", vm, other_config={**config, KEY: str(self._random.randrange(1 << 30))})

    def _tag(self, vm: str) -> None:
        tag, tags = self._random.choice(_TAGS), self._pool.db.get("VM", vm, "tags")
        kept = tuple(one for one in tags if one != tag)
        self._pool.db.set("VM", vm, tags=kept if tag in tags else (*kept, tag))

    def _describe(self, vm: str) -> None:
        words = self._pool.db.get("VM", vm, "name_description").partition(" (")[0]
        self._pool.db.set("VM", vm, name_description=f"{words} (checked {self._random.randrange(1000)} times)")

    def _balloon(self, vm: str) -> None:
        """Let a running VM have a little less or more memory than it was given."""
        row = self._pool.db.row("VM", vm)
        most = row["memory_static_max"]
        target = most - self._random.randrange(256) * _MIB if row["power_state"] == lifecycle.RUNNING else 0
        least = min(row["memory_static_min"], target or most)
        self._pool.db.set("VM", vm, memory_dynamic_min=least, memory_target=max(least, target) if target else 0)

    def _work(self, vm: str) -> None:
        metrics = self._pool.db.get("VM", vm, "metrics")
        number = self._pool.db.get("VM_metrics", metrics, "VCPUs_number")
        load = {cpu: round(self._random.random(), 3) for cpu in range(number)}
        self._pool.db.set("VM_metrics", metrics, VCPUs_utilisation=load, last_updated=self._pool.clock.now())

    def _report(self, vm: str) -> None:
        metrics = self._pool.db.get("VM", vm, "guest_metrics")
        if self._pool.db.exists("VM_guest_metrics", metrics):
            other = self._pool.db.get("VM_guest_metrics", metrics, "other")
            uptime = str(self._random.randrange(10_000_000))
            self._pool.db.set(
                "VM_guest_metrics", metrics, other={**other, "uptime": uptime}, last_updated=self._pool.clock.now()
            )

    def _switch(self, vm: str) -> None:
        """Start a VM or stop it, at once, where the rules of the pool allow it now."""
        pool = self._pool
        if lifecycle.refusal(pool.db, vm, "hard_shutdown") is None:
            domains.halt(pool, vm)
            return
        host = self._random.choice(pool.db.refs("host"))
        if lifecycle.refusal(pool.db, vm, "start") is None and obstacle(pool.db, vm, host) is None:
            domains.run(pool, vm, host)
            guests.report(pool, vm)
