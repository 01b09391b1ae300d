"""The text screen of a machine: a login that nobody passes, and how it looks as a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xsconsole.simpool import console_glyphs

COLUMNS, LINES = 80, 25
CELL_WIDTH, CELL_HEIGHT = 8, 16
WIDTH, HEIGHT = COLUMNS * CELL_WIDTH, LINES * CELL_HEIGHT
_GREY, _BLACK = (170, 170, 170), (0, 0, 0)
_LEFT, _TOP = 1, 1  # dots of a cell that no letter uses
_CURSOR = "_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """How a pixel is written: its bits, their order, and for each of red, green and blue the most and the shift."""

    bits: int = 32
    is_big_endian: bool = False
    most: tuple[int, int, int] = (255, 255, 255)
    shifts: tuple[int, int, int] = (16, 8, 0)

    def pixel(self, colour: tuple[int, int, int]) -> bytes:
        value = sum(
            part * most // 255 << shift for part, most, shift in zip(colour, self.most, self.shifts, strict=True)
        )
        size = self.bits // 8
        return (value % (1 << self.bits)).to_bytes(size, "big" if self.is_big_endian else "little")


class Screen:
    """What stands on the screen, and what typing does to it.

    `changed` holds the lines that changed since somebody looked last.
    """

    def __init__(self, banner: Sequence[str], hostname: str) -> None:
        """Show lines and, where there is a host name, a login below them."""
        self.lines = list(banner)
        self.changed: set[int] = set()
        self._hostname = hostname
        self._typed = ""
        self._is_secret = False
        self._answered: Callable[[str], None] | None = None
        if hostname:
            self._ask("")

    def type(self, character: str) -> None:
        """Take a character, a line feed for Return or a backspace; others are passed over."""
        if self._answered is None:
            return
        if character == "\n":
            typed, self._typed = self._typed, ""
            self._answered(typed)
        elif character == "\b" and self._typed:
            self._typed = self._typed[:-1]
            if not self._is_secret:
                self._write(len(self.lines) - 1, self.lines[-1][:-1])
        elif character.isprintable() and len(self.lines[-1]) < COLUMNS - 1:
            self._typed += character
            if not self._is_secret:
                self._write(len(self.lines) - 1, self.lines[-1] + character)

    def _ask(self, _typed: str) -> None:
        self._is_secret = False
        self._say(f"{self._hostname} login: ")
        self._answered = self._ask_secret

    def _ask_secret(self, _name: str) -> None:
        self._is_secret = True
        self._say("Password: ")
        self._answered = self._refuse

    def _refuse(self, _secret: str) -> None:
        self._say("")
        self._say("Login incorrect")
        self._ask("")

    def _say(self, line: str) -> None:
        self.changed.add(len(self.lines) - 1)
        self.lines.append("")
        if len(self.lines) > LINES:
            del self.lines[0]
            self.changed |= set(range(LINES))
        self._write(len(self.lines) - 1, line)

    def _write(self, number: int, line: str) -> None:
        self.lines[number] = line[: COLUMNS - 1]
        self.changed.add(number)

    def picture(self, number: int, colours: Colours) -> bytes:
        """Return the pixels of one line of text, from the left to the right and from the top."""
        lit, dark = colours.pixel(_GREY), colours.pixel(_BLACK)
        line = self.lines[number] if number < len(self.lines) else ""
        if number == len(self.lines) - 1 and self._answered is not None:
            line += _CURSOR
        text = line.ljust(COLUMNS)
        return b"".join(_scanline(text, row, lit, dark) for row in range(CELL_HEIGHT))


def _scanline(text: str, row: int, lit: bytes, dark: bytes) -> bytes:
    # Every row of dots is two pixels high, so that letters are not wider than they are high.
    dots = (row - _TOP) // 2
    if not 0 <= dots < console_glyphs.ROWS:
        return dark * WIDTH
    right = dark * (CELL_WIDTH - _LEFT - console_glyphs.COLUMNS)
    return b"".join(
        dark * _LEFT + b"".join(lit if dot else dark for dot in console_glyphs.scanline(character, dots)) + right
        for character in text
    )
