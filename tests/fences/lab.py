"""Real networks for the router's configuration: namespaces, veth pairs and bridges, and packets sent through them.

A program of its own, run as `unshare --mount --net --fork python lab.py`: the kernel removes everything that it made
when it ends, however it ends. It reads one JSON document, builds what that says, tries the probes, and writes what came
of them. It knows nothing of the program whose output it applies: routers get the files of their disk, unchanged.
"""

import contextlib
import ctypes
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import probes

NAMESPACES = Path("/run/netns")
CORE = "core"  # the namespace of all bridges: switches that have no address


def main() -> None:
    """Read the order, build, probe, and say what came of it."""
    order = json.load(sys.stdin)
    subprocess.run(["mount", "-t", "tmpfs", "lab", "/run"], check=True)
    NAMESPACES.mkdir()
    namespace(CORE)
    core("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    bridge("outside")
    for host in order["hosts"]:
        station(host, "outside")
    for fence in order["fences"]:
        for logical in fence["segments"]:
            bridge(f"{fence['name']}-{logical}")
        for guest in fence["guests"]:
            station(guest, f"{fence['name']}-{guest['logical']}", named=f"{fence['name']}-{guest['name']}")
        if fence["router"] is not None:
            router(fence)
    json.dump(tried(order), sys.stdout)


def run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def core(*argv: str) -> str:
    return run("ip", "netns", "exec", CORE, *argv)


def namespace(name: str) -> None:
    run("ip", "netns", "add", name)
    run("ip", "-n", name, "link", "set", "lo", "up")


def bridge(name: str) -> None:
    run("ip", "-n", CORE, "link", "add", device(name), "type", "bridge", "mcast_snooping", "0")
    run("ip", "-n", CORE, "link", "set", device(name), "promisc", "on", "up")


def device(name: str) -> str:
    """Return a name that the kernel takes: at most 15 characters, and the same for the same name."""
    return name if len(name) < 12 else f"{name[:6]}{abs(hash(name)) % 10**6:06d}"


def wire(where: str, card: str, onto: str, mac: str) -> None:
    """Put a card into a namespace, with its other end at a bridge."""
    far = device(f"{where}.{card}")
    run("ip", "-n", CORE, "link", "add", far, "type", "veth", "peer", "name", card, "netns", where)
    run("ip", "-n", CORE, "link", "set", far, "master", device(onto), "up")
    run("ip", "-n", where, "link", "set", card, "address", mac)


def station(one: dict, onto: str, named: str = "") -> None:
    """Make a machine: a guest inside, or a host outside. Each listens on every port that probes ask for."""
    name = named or one["name"]
    namespace(name)
    wire(name, "eth0", onto, one["mac"])
    run("ip", "-n", name, "address", "add", one["address"], "dev", "eth0")
    for other in one.get("also", ()):
        run("ip", "-n", name, "address", "add", other, "dev", "eth0", "nodad")
    run("ip", "-n", name, "link", "set", "eth0", "up")
    for route in one.get("routes", ()):
        run("ip", "-n", name, "route", "add", *route.split())


def router(fence: dict) -> None:
    """Apply the files of a router's disk as cloud-init would: cards, addresses, written files, commands."""
    name = f"{fence['name']}-router"
    files = fence["router"]
    namespace(name)
    cards = json.loads(files["network_config"])["ethernets"]
    logical = iter(fence["routed"])
    for card in cards.values():
        onto = "outside" if card["set-name"] == "outside" else f"{fence['name']}-{next(logical)}"
        wire(name, card["set-name"], onto, card["match"]["macaddress"])
    user_data = json.loads(files["user_data"].removeprefix("#cloud-config\n"))
    written = {one["path"]: one["content"] for one in user_data["write_files"]}
    with tempfile.TemporaryDirectory() as folder:
        for path, content in written.items():
            target = Path(folder, path.strip("/").replace("/", "-"))
            target.write_text(content)
            if path.endswith("nftables.conf"):
                run("ip", "netns", "exec", name, "nft", "-f", str(target))
            elif "sysctl" in path:
                run("ip", "netns", "exec", name, "sysctl", "-q", "-p", str(target))
            elif "dnsmasq" in path and order_has_dnsmasq():
                target.chmod(0o644)
                Path("/run", target.name).write_text(content)
    for card in cards.values():
        for address in card["addresses"]:
            run("ip", "-n", name, "address", "add", address, "dev", card["set-name"])
        run("ip", "-n", name, "link", "set", card["set-name"], "up")
        for route in card.get("routes", ()):
            run("ip", "-n", name, "route", "add", route["to"], "via", route["via"])
    for settings in Path("/run").glob("*dnsmasq*.conf"):
        flags = ["--conf-file=" + str(settings), "--pid-file", "--dhcp-leasefile=/run/leases", "--user=root"]
        run("ip", "netns", "exec", name, "dnsmasq", *flags)
        settings.unlink()


def order_has_dnsmasq() -> bool:
    return subprocess.run(["which", "dnsmasq"], capture_output=True, check=False).returncode == 0


def tried(order: dict) -> dict:
    """Listen everywhere, capture on all bridges, try every probe, and return what came of each and what was seen."""
    names = sorted(path.name for path in NAMESPACES.iterdir() if path.name != CORE and "router" not in path.name)
    actors = {name: Actor(name) for name in names}
    watcher = Actor(CORE)
    links = json.loads(run("ip", "-n", CORE, "-j", "link", "show", "type", "bridge"))
    watcher.ask({"watch": [link["ifname"] for link in links]})
    by_actor: dict[str, list] = {}
    for probe in order["probes"]:
        by_actor.setdefault(probe["from"], []).append(probe)
    with ThreadPoolExecutor(len(actors)) as threads:
        outcomes = list(threads.map(lambda name: actors[name].ask({"probes": by_actor.get(name, [])}), names))
    answers = {answer["id"]: answer["outcome"] for outcome in outcomes for answer in outcome}
    return {"answers": answers, "frames": watcher.ask({"seen": True})}


class Actor:
    """A process in a namespace that does what it is asked."""

    def __init__(self, name: str) -> None:
        self._pipe, far = multiprocessing.Pipe()
        self._process = multiprocessing.Process(target=act, args=(name, far), daemon=True)
        self._process.start()
        assert self._pipe.recv() == "ready"

    def ask(self, what: dict):
        self._pipe.send(what)
        return self._pipe.recv()


def act(name: str, pipe) -> None:
    """Enter the namespace and serve: listening is begun first, so that no probe comes too early."""
    with Path(NAMESPACES, name).open() as where:
        if ctypes.CDLL(None, use_errno=True).setns(where.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    if name != CORE:
        probes.listen(name)
    capture = None
    pipe.send("ready")
    with contextlib.suppress(EOFError):
        while True:
            what = pipe.recv()
            if "watch" in what:
                capture = probes.Capture(what["watch"])
                pipe.send("watching")
            elif "seen" in what:
                pipe.send(capture.seen())
            else:
                pipe.send(probes.try_all(what["probes"]))


if __name__ == "__main__":
    main()
