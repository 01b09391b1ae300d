"""The plain XenAPI package mirroring what the console mirrors: all records of the same classes. For the benchmarks."""

import json
import resource
import sys
import time

import XenAPI

# By the names the package wants them; the console follows them by the names of events.
CLASSES = (
    *("pool", "host", "host_metrics", "VM", "VM_guest_metrics", "VBD", "VDI", "VIF", "network", "PIF", "SR", "PBD"),
    *("VM_appliance", "Certificate", "task", "message"),
)


def main() -> None:
    told = json.loads(sys.stdin.readline())
    session = XenAPI.Session(told["url"], ignore_ssl=True)
    session.xenapi.login_with_password(told["user"], told["password"], "1.0", "benchmark")
    began, cpu = time.perf_counter(), time.process_time()
    mirror = {name: getattr(session.xenapi, name).get_all_records() for name in CLASSES}
    figures = {
        "mirror_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "objects": sum(len(records) for records in mirror.values()),
    }
    session.xenapi.session.logout()
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
