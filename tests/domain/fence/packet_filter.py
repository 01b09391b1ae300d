"""Reads the text of a ruleset and follows one packet through it, by what `nft` documents and not by how it was made."""

import re
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network

_TOKEN = re.compile(r'"[^"]*"|[{}();,]|[^\s{}();,]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The first packet of a connection: `proto` is tcp, udp or icmp (an echo request)."""

    came: str
    source: IPv4Address
    target: IPv4Address
    mac: str
    proto: str
    port: int = 0
    goes: str = ""
    is_translated: bool = False


@dataclass(slots=True)
class Filter:
    """A ruleset as read: chains in the order of their hooks, and named sets."""

    chains: dict[str, tuple[str, list[list[str]]]] = field(default_factory=dict)
    sets: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def verdict(self, chain: str, packet: Packet) -> tuple[str, Packet]:
        """Return accept or drop, and the packet as it then is."""
        if chain not in self.chains:
            return "accept", packet
        policy, rules = self.chains[chain]
        for rule in rules:
            if (found := self._apply(rule, packet)) is not None:
                return found
        return policy, packet

    def _apply(self, rule: list[str], packet: Packet) -> tuple[str, Packet] | None:
        words = list(rule)
        while words:
            match words:
                case ["accept" | "drop" as verdict]:
                    return verdict, packet
                case ["dnat" | "snat" as kind, "to", *rest]:
                    return self._translate(kind, rest, packet)
                case ["meta", "nfproto", "ipv6", *words]:
                    return None
                case ["ct", "state", states, *words] if set(states.split(",")).isdisjoint({"new"}):
                    return None
                case ["ct", "status", "dnat", *words]:
                    if not packet.is_translated:
                        return None
                case ["icmp", "type", "echo-request", *words]:
                    if packet.proto != "icmp":
                        return None
                case ["ether", "saddr", ".", "ip", "saddr", name, *words]:
                    if (packet.mac, str(packet.source)) not in self.sets[name.removeprefix("@")]:
                        return None
                case [first, *rest]:
                    second, rest = ("", rest) if first.endswith("ifname") else (rest[0], rest[1:])
                    wanted, words = _operand(rest)
                    if not _matches(first, second, wanted, packet):
                        return None
        raise AssertionError("a rule without a verdict")

    def _translate(self, kind: str, rest: list[str], packet: Packet) -> tuple[str, Packet] | None:
        match rest:
            case ["ip", end, "map", *table]:
                pairs, _ = _operand(table)
                mapped = dict(pair.split("=") for pair in pairs)
                to = mapped.get(str(packet.target if end == "daddr" else packet.source))
                if to is None:
                    return None
            case [to]:
                pass
        address, _, port = to.partition(":")
        if kind == "snat":
            return "accept", replace(packet, source=IPv4Address(address))
        return "accept", replace(packet, target=IPv4Address(address), port=int(port or packet.port), is_translated=True)


def _operand(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the values of a set, map or single operand, and the words after it."""
    if words[0] != "{":
        return [words[0]], words[1:]
    end = words.index("}")
    text = " ".join(words[1:end]).replace(" : ", "=")
    return [one.strip() for one in text.split(",")], words[end + 1 :]


def _matches(first: str, second: str, wanted: list[str], packet: Packet) -> bool:
    match first, second:
        case "iifname", _:
            return packet.came in [one.strip('"') for one in wanted]
        case "oifname", _:
            return packet.goes in [one.strip('"') for one in wanted]
        case "ip", "saddr" | "daddr":
            address = packet.source if second == "saddr" else packet.target
            return any(address in IPv4Network(one) for one in wanted)
        case "tcp" | "udp", "dport":
            return packet.proto == first and packet.port in map(int, wanted)
        case "tcp" | "udp", "sport":
            return False  # nothing here comes from a port of a service
    raise AssertionError(f"not known: {first} {second}")


def read_ruleset(text: str) -> Filter:
    """Read the text of a ruleset."""
    read = Filter()
    chain = named = ""
    for line in text.splitlines():
        words = [token for token in _TOKEN.findall(line) if token != ";"]
        match words:
            case ["chain", name, "{"]:
                chain, named = name, ""
            case ["set", name, "{"]:
                chain, named = "", name
                read.sets[name] = set()
            case ["type", _, "hook", _, "priority", _, "policy", policy]:
                read.chains[chain] = policy, []
            case ["elements", "=", *rest]:
                pairs, _ = _operand(rest)
                read.sets[named] = {tuple(pair.split(" . ")) for pair in pairs}
            case ["}"] | [] | ["table", *_] | ["typeof", *_] | ["flush", *_] | ["#!/usr/sbin/nft", *_]:
                pass
            case _:
                read.chains[chain][1].append(words)
    return read


def follow(text: str, packet: Packet, addresses: dict[str, list[str]], has_gateway: bool) -> Packet | None:
    """Follow a packet through a router that has these addresses on its cards; None: it comes out nowhere."""
    rules = read_ruleset(text)
    verdict, packet = rules.verdict("guard", packet)
    if verdict == "drop":
        return None
    _, packet = rules.verdict("arriving", packet)
    own = {IPv4Address(address.partition("/")[0]) for card in addresses.values() for address in card}
    if packet.target in own:
        return None
    goes = _card_towards(packet.target, addresses, has_gateway)
    if not goes or goes == packet.came:
        return None
    verdict, packet = rules.verdict("forward", replace(packet, goes=goes))
    if verdict == "drop":
        return None
    return rules.verdict("leaving", packet)[1]


def _card_towards(target: IPv4Address, addresses: dict[str, list[str]], has_gateway: bool) -> str:
    for card, of_card in addresses.items():
        if any(target in IPv4Network(address, strict=False) for address in of_card):
            return card
    return "outside" if has_gateway and "outside" in addresses else ""
