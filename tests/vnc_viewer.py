"""A viewer of consoles that sees pixels and types keys, to try the embedded pool with."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import urlsplit

DEADLINE_S = 30.0
RETURN = 0xFF0D


@dataclass(slots=True)
class Viewer:
    """One connection, with what has been drawn so far, four bytes a pixel."""

    connection: socket.socket
    said: IO[bytes]
    name: str = ""
    width: int = 0
    height: int = 0
    pixels: bytearray = field(default_factory=bytearray)

    def greet(self, version: bytes = b"RFB 003.008\n") -> None:
        assert self.said.read(12) == b"RFB 003.008\n"
        self.connection.sendall(version)
        if version == b"RFB 003.003\n":
            assert self.said.read(4) == b"\0\0\0\1"
        else:
            assert self.said.read(2) == b"\1\1"
            self.connection.sendall(b"\1")
            assert self.said.read(4) == bytes(4)
        self.connection.sendall(b"\1")
        self.width, self.height = struct.unpack(">HH", self.said.read(4))
        assert struct.unpack(">4B3H3B3x", self.said.read(16)) == (32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
        self.name = self.said.read(struct.unpack(">I", self.said.read(4))[0]).decode()
        self.pixels = bytearray(4 * self.width * self.height)

    def look(self, *, is_incremental: bool = False) -> None:
        """Ask for the screen, or for what will change on it."""
        self.connection.sendall(struct.pack(">BBHHHH", 3, is_incremental, 0, 0, self.width, self.height))

    def press(self, symbol: int) -> None:
        for is_down in (1, 0):
            self.connection.sendall(struct.pack(">BBxxI", 4, is_down, symbol))

    def see(self) -> int:
        """Take one update; return how many lines of pixels it drew."""
        kind, count = struct.unpack(">BxH", self.said.read(4))
        assert kind == 0
        drawn = 0
        for _ in range(count):
            left, top, width, height, encoding = struct.unpack(">4Hi", self.said.read(12))
            assert (left, width, encoding) == (0, self.width, 0)
            self.pixels[4 * self.width * top : 4 * self.width * (top + height)] = self.said.read(4 * width * height)
            drawn += height
        return drawn

    def lit(self, top: int, height: int = 16) -> int:
        """Return how many dots shine between those lines of pixels."""
        band = self.pixels[4 * self.width * top : 4 * self.width * (top + height)]
        return len(band) // 4 - band.count(bytes(4))


@contextmanager
def tunnel(location: str, session: str) -> Iterator[tuple[bytes, socket.socket, IO[bytes]]]:
    """Open a console as XenCenter does; gives the status line and what follows the headers."""
    url = urlsplit(location)
    assert url.hostname is not None
    with (
        socket.create_connection((url.hostname, url.port or 80), timeout=DEADLINE_S) as connection,
        connection.makefile("rb") as said,
    ):
        head = f"CONNECT {url.path}?{url.query} HTTP/1.0\r\nHost: {url.netloc}\r\nCookie: session_id={session}\r\n\r\n"
        connection.sendall(head.encode())
        status = said.readline()
        while said.readline() not in (b"\r\n", b""):
            pass
        yield status, connection, said
