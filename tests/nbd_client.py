"""A client that reads disks over the network, to try the embedded pool with."""

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

DEADLINE_S = 30.0
EXPORT_NAME, ABORT, LIST, START_TLS, INFORMATION, GO = 1, 2, 3, 5, 6, 7
DONE, TOLD = 1, 3
UNSUPPORTED, INVALID, TLS_REQUIRED, UNKNOWN = ((1 << 31) + number for number in (1, 3, 5, 6))


@dataclass(slots=True)
class Client:
    """A connection after the greeting."""

    connection: socket.socket
    said: IO[bytes]

    def ask(self, option: int, body: bytes = b"") -> None:
        self.connection.sendall(struct.pack(">8sII", b"IHAVEOPT", option, len(body)) + body)

    def answer(self) -> tuple[int, bytes]:
        """Return what kind of reply comes, and what it says."""
        magic, _option, kind, length = struct.unpack(">QIII", self.said.read(20))
        assert magic == 0x3E889045565A9
        return kind, self.said.read(length)

    def go(self, name: str, option: int = GO) -> int:
        """Begin to read an export; return its size."""
        self.ask(option, struct.pack(">I", len(name)) + name.encode() + b"\0\0")
        kind, body = self.answer()
        assert kind == TOLD, kind
        what, size, flags = struct.unpack(">HQH", body)
        assert (what, flags & 3) == (0, 3)
        assert self.answer() == (DONE, b"")
        return int(size)

    def command(self, kind: int, offset: int, length: int, data: bytes = b"") -> tuple[int, bytes]:
        """Return the error of a command, 0 for none, and what was read."""
        self.connection.sendall(struct.pack(">IHH8sQI", 0x25609513, 0, kind, b"a handle", offset, length) + data)
        magic, error, handle = struct.unpack(">II8s", self.said.read(16))
        assert (magic, handle) == (0x67446698, b"a handle")
        return error, self.said.read(length) if kind == 0 and error == 0 else b""


@contextmanager
def client(address: str, port: int, cert: str | None = None) -> Iterator[Client]:
    """Connect, over TLS where a certificate is to be trusted."""
    with socket.create_connection((address, port), timeout=DEADLINE_S) as connection:
        with connection.makefile("rb") as said:
            assert said.read(16) == b"NBDMAGICIHAVEOPT"
            assert struct.unpack(">H", said.read(2)) == (3,)
            connection.sendall(struct.pack(">I", 3))
            one = Client(connection, said)
            if cert is None:
                yield one
                return
            one.ask(START_TLS)
            assert one.answer() == (DONE, b"")
        context = ssl.create_default_context(cadata=cert)
        with context.wrap_socket(connection, server_hostname=address) as secret, secret.makefile("rb") as told:
            yield Client(secret, told)
