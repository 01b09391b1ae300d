"""How the window follows a large pool that changes 1,000 times a second.

    python benchmarks/inventory_churn.py [VMS] [HOSTS] [SECONDS] [POOLS]

Needs no screen. Each pool has so many VMs and hosts; they share the changes. A machine that stands at the top of the
list gets a new name every 50 ms, which is the time of the monotonic clock just before the call: the delay counts from
there to after the paint that shows it. In the second half somebody types into the filter, scrolls and drags a card
meanwhile.
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


def main(vms: int, hosts: int, seconds: float, pools: int) -> None:
    served = [Served(vms, hosts, "--seed", str(seed)) for seed in range(1, pools + 1)]
    try:
        window = Child("inventory_window.py", {"pools": [address_of(one) for one in served], "churn_s": seconds})
        probe = window.hear()["probe"]
        for one in served:
            one.control("churn", per_second=CHURN_PER_S // pools)
        is_over = threading.Event()
        stamping = threading.Thread(target=stamp, args=(served[0], probe, is_over), daemon=True)
        stamping.start()
        began = time.monotonic()
        window.say("go")
        found = window.hear()
        took_s = time.monotonic() - began
        is_over.set()
        stamping.join()
        done = sum(one.control("churn", per_second=0)["done"] for one in served)
        delays = found["probe_ms"]
        print(f"{found['objects']} objects of {pools} pools, {done / took_s:.0f} changes a second for {took_s:.0f} s")
        print(
            f"from the change to its line on screen: median {statistics.median(delays):.0f} ms, "
            f"99 % {quantile(delays, 0.99):.0f} ms, longest {delays[-1]:.0f} ms of {len(delays)}; "
            f"{sum(delay <= 200 for delay in delays) / len(delays):.1%} within 200 ms"
        )
        print(
            f"the window's process used {found['churn_cpu_part']:.0%} of a processor, {found['peak_mb']:.0f} MB at most"
        )
        show_turns("turns while it loaded", found["load_turns"])
        show_turns("turns while it only follows", found["quiet_turns"])
        show_turns("turns while somebody types, scrolls and drags", found["churn_turns"])
    finally:
        for one in served:
            one.process.terminate()
        for one in served:
            one.process.wait(30)


if __name__ == "__main__":
    given = (*sys.argv[1:5], *("10000", "64", "40", "1")[len(sys.argv) - 1 :])
    main(int(given[0]), int(given[1]), float(given[2]), int(given[3]))
