"""The protocol of VNC (RFC 6143), from the side that has the screen. Nobody is asked for a password: XAPI was."""

import struct
from collections.abc import Awaitable, Callable

from xsconsole.simpool.console_screen import CELL_HEIGHT, HEIGHT, LINES, WIDTH, Colours, Screen
from xsconsole.simpool.streams import EndedEarly, Reader

VERSION = b"RFB 003.008\n"
_NO_PASSWORD = 1
_WITH_RESULT = b"RFB 003.008\n"
_WITHOUT_CHOICE = b"RFB 003.003\n"
_RAW = 0
_KEYS = {0xFF0D: "\n", 0xFF8D: "\n", 0xFF08: "\b"}
_BITS = (8, 16, 32)

Write = Callable[[bytes], Awaitable[object]]


class Broken(Exception):
    """The client says what the protocol does not know."""


async def show(screen: Screen, name: str, reader: Reader, write: Write) -> None:
    """Show a screen until the client leaves.

    Raises:
        Broken: the client does not speak the protocol.
    """
    try:
        await _greet(reader, write)
        await reader.exactly(1)  # whether others may look too: they may
        title = name.encode()
        await write(struct.pack(">HH", WIDTH, HEIGHT) + _format(Colours()) + struct.pack(">I", len(title)) + title)
        await _Viewer(screen, reader, write).serve()
    except EndedEarly:
        return


async def _greet(reader: Reader, write: Write) -> None:
    await write(VERSION)
    version = await reader.exactly(len(VERSION))
    if not version.startswith(b"RFB "):
        raise Broken(f"no version: {version!r}")
    if version <= _WITHOUT_CHOICE:
        await write(struct.pack(">I", _NO_PASSWORD))
        return
    await write(bytes((1, _NO_PASSWORD)))
    if await reader.exactly(1) != bytes((_NO_PASSWORD,)):
        raise Broken("no way to log in that was offered")
    if version >= _WITH_RESULT:
        await write(struct.pack(">I", 0))


class _Viewer:
    """One client that looks at a screen."""

    def __init__(self, screen: Screen, reader: Reader, write: Write) -> None:
        self._screen = screen
        self._reader = reader
        self._write = write
        self._colours = Colours()
        self._is_waiting = False

    async def serve(self) -> None:
        messages: dict[int, tuple[int, Callable[[bytes], Awaitable[None]]]] = {
            0: (19, self._set_format),
            2: (3, self._set_encodings),
            3: (9, self._update),
            4: (7, self._key),
            5: (5, self._ignore),
            6: (7, self._cut_text),
            255: (11, self._key_with_code),
        }
        while kind := await self._reader.at_most(1):
            if kind[0] not in messages:
                raise Broken(f"message {kind[0]} is not known")
            length, take = messages[kind[0]]
            await take(await self._reader.exactly(length))

    async def _ignore(self, body: bytes) -> None:
        del body

    async def _set_format(self, body: bytes) -> None:
        bits, _depth, is_big, _is_true, *most, red, green, blue = struct.unpack(">3x4B3H3B3x", body)
        if bits not in _BITS:
            raise Broken(f"pixels of {bits} bits")
        red_most, green_most, blue_most = most
        self._colours = Colours(
            bits=bits,
            is_big_endian=bool(is_big),
            most=(red_most, green_most, blue_most),
            shifts=(red, green, blue),
        )

    async def _set_encodings(self, body: bytes) -> None:
        """Pass over what the client would like: it has to take raw pixels in any case."""
        await self._reader.skip(4 * struct.unpack(">xH", body)[0])

    async def _cut_text(self, body: bytes) -> None:
        await self._reader.skip(struct.unpack(">3xI", body)[0])

    async def _update(self, body: bytes) -> None:
        is_incremental = bool(body[0])
        if is_incremental and not self._screen.changed:
            self._is_waiting = True
            return
        await self._send(set(self._screen.changed) if is_incremental else set(range(LINES)))

    async def _key(self, body: bytes) -> None:
        is_down, symbol = struct.unpack(">BxxI", body)
        await self._press(bool(is_down), symbol)

    async def _key_with_code(self, body: bytes) -> None:
        """Take a key as QEMU's extension tells it; it has no other message of a client."""
        is_down, symbol = struct.unpack(">xHI4x", body)
        await self._press(bool(is_down), symbol)

    async def _press(self, is_down: bool, symbol: int) -> None:
        character = _KEYS.get(symbol) or (chr(symbol) if 0x20 <= symbol < 0x7F else "")
        if is_down and character:
            self._screen.type(character)
            if self._is_waiting and self._screen.changed:
                await self._send(set(self._screen.changed))

    async def _send(self, numbers: set[int]) -> None:
        self._is_waiting = False
        self._screen.changed -= numbers
        pieces = [struct.pack(">BxH", 0, len(numbers))]
        for number in sorted(numbers):
            pieces.append(struct.pack(">4Hi", 0, number * CELL_HEIGHT, WIDTH, CELL_HEIGHT, _RAW))
            pieces.append(self._screen.picture(number, self._colours))
        await self._write(b"".join(pieces))


def _format(colours: Colours) -> bytes:
    return struct.pack(">4B3H3B3x", colours.bits, 24, colours.is_big_endian, 1, *colours.most, *colours.shifts)
