"""How the window follows a large pool that changes 1,000 times a second.

    python benchmarks/inventory_churn.py [VMS] [HOSTS] [SECONDS]

Needs no screen. A machine that stands at the top of the list gets a new name every 50 ms, which is the time of the
monotonic clock just before the call: the delay counts from there to after the paint that shows it. In the second
half somebody types into the filter, scrolls and drags a card meanwhile.
"""

import statistics
import sys
import threading
import time

from inventory_load import Child, address_of, quantile, show_turns
from pool_size import CHURN_PER_S, Served

EVERY_S = 0.05


def stamp(served: Served, vm: str, is_over: threading.Event) -> None:
    while not is_over.wait(EVERY_S):
        served.post("VM.set_name_label", served.session, vm, f"!probe {time.monotonic_ns()}")


def main(vms: int, hosts: int, seconds: float) -> None:
    served = Served(vms, hosts)
    try:
        window = Child("inventory_window.py", {**address_of(served), "churn_s": seconds})
        probe = window.hear()["probe"]
        served.control("churn", per_second=CHURN_PER_S)
        is_over = threading.Event()
        stamping = threading.Thread(target=stamp, args=(served, probe, is_over), daemon=True)
        stamping.start()
        began = time.monotonic()
        window.say("go")
        found = window.hear()
        took_s = time.monotonic() - began
        is_over.set()
        stamping.join()
        done = served.control("churn", per_second=0)["done"]
        delays = found["probe_ms"]
        print(f"{found['objects']} objects, {done / took_s:.0f} changes a second for {took_s:.0f} s")
        print(
            f"from the change to its line on screen: median {statistics.median(delays):.0f} ms, "
            f"99 % {quantile(delays, 0.99):.0f} ms, longest {delays[-1]:.0f} ms of {len(delays)}; "
            f"{sum(delay <= 200 for delay in delays) / len(delays):.1%} within 200 ms"
        )
        print(
            f"the window's process used {found['churn_cpu_part']:.0%} of a processor, {found['peak_mb']:.0f} MB at most"
        )
        show_turns("turns while it only follows", found["quiet_turns"])
        show_turns("turns while somebody types, scrolls and drags", found["churn_turns"])
    finally:
        served.process.terminate()
        served.process.wait(30)


if __name__ == "__main__":
    given = (*sys.argv[1:4], *("10000", "64", "40")[len(sys.argv) - 1 :])
    main(int(given[0]), int(given[1]), float(given[2]))
