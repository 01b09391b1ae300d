"""What a fence's router is given at its first start: everything of it follows from the fence.

The files are JSON where cloud-init reads YAML: every JSON document is one, and nothing has to be quoted by hand.
"""

import json
from dataclasses import dataclass

from xsconsole.domain.canonical import Json, digest_of
from xsconsole.domain.fence.ruleset import ruleset
from xsconsole.domain.fence.values import OUTSIDE, Fence, Foothold

RULESET_PATH = "/etc/nftables.conf"
SYSCTL_PATH = "/etc/sysctl.d/90-fence.conf"
DNSMASQ_PATH = "/etc/dnsmasq.d/fence.conf"
LEASE_S = 12 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterFiles:
    """The three files of a NoCloud disk, labelled `cidata`."""

    meta_data: str
    user_data: str
    network_config: str


def router_files(fence: Fence, instance: str) -> RouterFiles:
    """Return the router's configuration. `instance` is its VM's uuid: another one lets cloud-init run again.

    The filter is loaded before anything is forwarded, at the first start and at every later one.
    """
    return RouterFiles(
        meta_data=_document({"instance-id": _instance(fence, instance), "local-hostname": "fence-router"}),
        user_data="#cloud-config\n" + _document(_user_data(fence)),
        network_config=_document(network_config(fence)),
    )


def _instance(fence: Fence, instance: str) -> str:
    """Return an id that changes with the rules, so that a changed fence is taken up at the router's next start."""
    return f"{instance}-{digest_of(ruleset(fence) + dnsmasq(fence) + _document(network_config(fence)))[:16]}"


def _user_data(fence: Fence) -> Json:
    files: list[Json] = [
        {"path": RULESET_PATH, "permissions": "0600", "content": ruleset(fence)},
        {"path": SYSCTL_PATH, "permissions": "0644", "content": sysctls(fence)},
    ]
    commands: list[Json] = [
        ["systemctl", "enable", "nftables.service"],
        ["systemctl", "restart", "nftables.service"],
        ["sysctl", "-p", SYSCTL_PATH],
    ]
    if has_dnsmasq(fence):
        files.append({"path": DNSMASQ_PATH, "permissions": "0644", "content": dnsmasq(fence)})
        commands += [["systemctl", "enable", "dnsmasq.service"], ["systemctl", "restart", "dnsmasq.service"]]
    return {"write_files": files, "runcmd": commands, "ssh_pwauth": False, "disable_root": True}


def network_config(fence: Fence) -> Json:
    """Return the addresses of the router, in version 2 of cloud-init's form. Interfaces are known by their MAC."""
    cards: dict[str, Json] = {}
    outside = fence.outside
    if fence.is_open and outside is not None:
        addresses = [f"{outside.router}/{outside.subnet.prefixlen}"]
        addresses += [f"{address}/32" for address in sorted({one.outside for one in fence.reachable if one.outside})]
        card = _card(outside.mac, OUTSIDE, addresses)
        if outside.gateway is not None:
            card["routes"] = [{"to": "0.0.0.0/0", "via": str(outside.gateway)}]
        cards[OUTSIDE] = card
    for segment in fence.routed:
        name = fence.interface(segment)
        cards[name] = _card(segment.mac, name, [f"{segment.gateway}/{segment.subnet.prefixlen}"])
    return {"version": 2, "ethernets": cards}


def _card(mac: str, name: str, addresses: list[str]) -> dict[str, Json]:
    return {
        "match": {"macaddress": mac.lower()},
        "set-name": name,
        "dhcp4": False,
        "dhcp6": False,
        "accept-ra": False,
        "link-local": [],
        "addresses": [*addresses],
    }


def sysctls(fence: Fence) -> str:
    """Return the kernel's settings. Without those for ARP, Linux answers outside for addresses that it has inside."""
    forwards = int(bool(fence.routed))
    lines = [
        f"net.ipv4.ip_forward = {forwards}",
        "net.ipv6.conf.all.forwarding = 0",
        "net.ipv6.conf.all.disable_ipv6 = 1",
        "net.ipv6.conf.default.disable_ipv6 = 1",
        "net.ipv4.conf.all.arp_ignore = 1",
        "net.ipv4.conf.all.arp_announce = 2",
        "net.ipv4.conf.all.rp_filter = 1",
        "net.ipv4.conf.all.accept_redirects = 0",
        "net.ipv4.conf.all.send_redirects = 0",
        "net.ipv4.conf.all.accept_source_route = 0",
        "net.ipv4.conf.default.send_redirects = 0",
    ]
    return "\n".join(lines) + "\n"


def has_dnsmasq(fence: Fence) -> bool:
    return bool(fence.routed) and (fence.services.has_dhcp or fence.services.has_dns)


def dnsmasq(fence: Fence) -> str:
    """Return the configuration of DHCP and DNS for the inside: fixed addresses, and names of members alone."""
    if not has_dnsmasq(fence):
        return ""
    services = fence.services
    names = [fence.interface(segment) for segment in fence.routed]
    lines = [f"interface={name}" for name in names]
    lines += [f"except-interface={OUTSIDE}", "bind-dynamic", "no-hosts", "no-resolv"]
    lines += [f"port={53 if services.has_dns else 0}"]
    if services.has_dns:
        lines += ["domain-needed", "bogus-priv"]
        if services.domain:
            lines += [f"domain={services.domain}", f"local=/{services.domain}/"]
        lines += [f"host-record={_names_of(fence, one.member)},{one.address}" for one in _named(fence)]
        if fence.is_open and fence.outside is not None:
            lines += [f"server={server}" for server in fence.outside.name_servers]
    if services.has_dhcp:
        lines += ["dhcp-authoritative"]
        for segment, name in zip(fence.routed, names, strict=True):
            lines += [
                f"dhcp-range=set:{name},{segment.subnet.network_address},static,{segment.subnet.netmask},{LEASE_S}",
                f"dhcp-option=tag:{name},option:router,{segment.gateway}",
            ]
            if services.has_dns:
                lines += [f"dhcp-option=tag:{name},option:dns-server,{segment.gateway}"]
            lines += [f"dhcp-host={one.mac.lower()},{one.address},{LEASE_S}" for one in fence.on(segment)]
    return "\n".join(lines) + "\n"


def _named(fence: Fence) -> list[Foothold]:
    """Return the first interface of each member: the one that its name stands for."""
    first: dict[str, Foothold] = {}
    for foothold in fence.footholds:
        first.setdefault(foothold.member, foothold)
    return [first[member] for member in sorted(first)]


def _names_of(fence: Fence, member: str) -> str:
    return f"{member}.{fence.services.domain},{member}" if fence.services.domain else member


def _document(value: Json) -> str:
    return json.dumps(value, indent=2, sort_keys=False) + "\n"
