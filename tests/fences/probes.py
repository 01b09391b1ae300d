"""What a station of the lab does: listens, connects, pings, sends frames that lie, and hears what comes."""

import os
import select
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

TCP_PORTS = (80, 5432, 8080)
UDP_PORTS = (53, 5353, 9000)
PATIENCE_S = 0.8
ETH_IP, ETH_ARP, ETH_IPV6 = 0x0800, 0x0806, 0x86DD
BROADCAST = "ff:ff:ff:ff:ff:ff"


def listen(name: str) -> None:
    """Answer on all ports with our name and the address that we see."""
    for port in TCP_PORTS:
        server = socket.create_server(("0.0.0.0", port), backlog=64)
        threading.Thread(target=_serve_tcp, args=(server, name), daemon=True).start()
    for port in UDP_PORTS:
        answering = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        answering.bind(("0.0.0.0", port))
        threading.Thread(target=_serve_udp, args=(answering, name), daemon=True).start()


def _serve_tcp(server: socket.socket, name: str) -> None:
    while True:
        peer, (address, _) = server.accept()
        with peer:
            peer.sendall(f"{name} {address}".encode())


def _serve_udp(answering: socket.socket, name: str) -> None:
    while True:
        _, peer = answering.recvfrom(2048)
        answering.sendto(f"{name} {peer[0]}".encode(), peer)


def try_all(wanted: list[dict]) -> list[dict]:
    """Try every probe side by side: most of them wait for an answer that never comes."""
    if not wanted:
        return []
    with ThreadPoolExecutor(len(wanted)) as threads:
        outcomes = list(threads.map(lambda one: KINDS[one["kind"]](one), wanted))
    return [{"id": one["id"], "outcome": outcome} for one, outcome in zip(wanted, outcomes, strict=True)]


def _tcp(probe: dict) -> str | None:
    try:
        with socket.create_connection((probe["to"], probe["port"]), timeout=PATIENCE_S) as peer:
            return peer.recv(200).decode()
    except OSError:
        return None


def _udp(probe: dict) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE_S)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            asking.sendto(b"?", (probe["to"], probe["port"]))
            return asking.recv(200).decode()
        except OSError:
            return None


def _ping(probe: dict) -> str | None:
    """Send an echo request, and return who answers it."""
    number = os.getpid() ^ probe["id"] & 0xFFFF
    body = struct.pack("!BBHHH", 8, 0, 0, number & 0xFFFF, 1) + b"xsconsole"
    request = body[:2] + struct.pack("!H", _checksum(body)) + body[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as asking:
        try:
            asking.sendto(request, (probe["to"], 0))
        except OSError:
            return None
        end = time.monotonic() + PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            if not select.select([asking], [], [], left)[0]:
                break
            answer, (who, _) = asking.recvfrom(2048)
            icmp = answer[(answer[0] & 15) * 4 :]
            if icmp[0] == 0 and struct.unpack("!H", icmp[4:6])[0] == number & 0xFFFF:
                return who
    return None


def _frame(probe: dict) -> None:
    """Send a frame that says of itself whatever it is told to say."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as card:
        card.bind(("eth0", 0))
        card.send(_ethernet(probe))


def _ethernet(probe: dict) -> bytes:
    source, target = probe["mac"], probe.get("to_mac", BROADCAST)
    if "arp" in probe:
        asked = struct.pack("!HHBBH", 1, ETH_IP, 6, 4, 1) + _mac(source) + _ip(probe["source"])
        return _mac(target) + _mac(source) + struct.pack("!H", ETH_ARP) + asked + bytes(6) + _ip(probe["arp"])
    if "ipv6" in probe:
        return _mac(target) + _mac(source) + struct.pack("!H", ETH_IPV6) + _ipv6(probe)
    udp = struct.pack("!HHHH", 4000, probe["port"], 9, 0) + b"!"
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0) + _ip(probe["source"]) + _ip(probe["to"])
    head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    return _mac(target) + _mac(source) + struct.pack("!H", ETH_IP) + head + udp


def _ipv6(probe: dict) -> bytes:
    """ICMPv6 of a kind: router solicitation, router advertisement, neighbour solicitation or echo."""
    source, target = (socket.inet_pton(socket.AF_INET6, probe[end]) for end in ("source", "to"))
    bodies = {
        "router-solicitation": struct.pack("!BBHI", 133, 0, 0, 0),
        "router-advertisement": struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0),
        "neighbour-solicitation": struct.pack("!BBHI", 135, 0, 0, 0) + target,
        "echo": struct.pack("!BBHHH", 128, 0, 0, 1, 1),
    }
    body = bodies[probe["ipv6"]]
    pseudo = source + target + struct.pack("!IHBB", len(body), 0, 0, 58)
    body = body[:2] + struct.pack("!H", _checksum(pseudo + body)) + body[4:]
    return struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + source + target + body


def _dhcp(probe: dict) -> str | None:
    """Discover, and return the address that is offered; `mac` is who asks."""
    transaction = struct.pack("!I", 0x5EED0000 + probe["id"])
    head = struct.pack("!BBBB", 1, 1, 6, 0) + transaction + struct.pack("!HH", 0, 0x8000) + bytes(16)
    packet = head + _mac(probe["mac"]) + bytes(10 + 192) + b"\x63\x82\x53\x63" + b"\x35\x01\x01\xff"
    packet = packet.ljust(300, b"\0")
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_IP)) as card,
    ):
        card.bind(("eth0", 0))
        udp = struct.pack("!HHHH", 68, 67, 8 + len(packet), 0) + packet
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + bytes(4) + b"\xff" * 4
        ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
        card.send(_mac(BROADCAST) + _mac(probe["mac"]) + struct.pack("!H", ETH_IP) + ip + udp)
        end = time.monotonic() + 3 * PATIENCE_S
        while (left := end - time.monotonic()) > 0:
            if not select.select([card], [], [], left)[0]:
                break
            frame = card.recv(2048)
            start = frame.find(transaction)
            if start > 0 and frame[start - 4] == 2:
                return socket.inet_ntoa(frame[start + 12 : start + 16])
    return None


def _dns(probe: dict) -> str | None:
    """Ask a name server for the address of a name; an empty answer is None."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in probe["name"].split("."))
    query = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(PATIENCE_S)
        try:
            asking.sendto(query, (probe["to"], 53))
            answer = asking.recv(512)
        except OSError:
            return None
    return socket.inet_ntoa(answer[-4:]) if struct.unpack("!H", answer[6:8])[0] else None


KINDS = {"tcp": _tcp, "udp": _udp, "ping": _ping, "frame": _frame, "dhcp": _dhcp, "dns": _dns}


class Capture:
    """Every frame on some cards, from now on."""

    def __init__(self, cards: list[str]) -> None:
        self._frames: dict[str, list[dict]] = {card: [] for card in cards}
        for name in cards:
            card = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            card.bind((name, 0))
            card.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            threading.Thread(target=self._hear, args=(name, card), daemon=True).start()

    def _hear(self, name: str, card: socket.socket) -> None:
        while True:
            frame = card.recv(2048)
            self._frames[name].append(_described(frame))

    def seen(self) -> dict[str, list[dict]]:
        time.sleep(0.1)
        return self._frames


def _described(frame: bytes) -> dict:
    kind = struct.unpack("!H", frame[12:14])[0]
    told = {"to_mac": frame[:6].hex(":"), "mac": frame[6:12].hex(":"), "kind": kind, "text": frame.hex()}
    if kind == ETH_IP:
        told |= {"source": socket.inet_ntoa(frame[26:30]), "target": socket.inet_ntoa(frame[30:34])}
    elif kind == ETH_ARP:
        told |= {"source": socket.inet_ntoa(frame[28:32]), "target": socket.inet_ntoa(frame[38:42])}
    return told


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _ip(text: str) -> bytes:
    return socket.inet_aton(text)


def _checksum(body: bytes) -> int:
    if len(body) % 2:
        body += b"\0"
    total = sum(struct.unpack(f"!{len(body) // 2}H", body))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
