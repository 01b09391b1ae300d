"""How a value is edited: each reads what was typed, or refuses it with the mend. Values only; widgets are elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from xsconsole.errors import Refused
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms import spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of several values. `aside` is what changes by itself, such as free memory."""

    key: str
    words: str
    aside: str = ""


Options = Callable[[], tuple[Option, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Text for people; `is_long` may have several lines."""

    value: str
    is_long: bool = False
    placeholder: str = ""

    @property
    def text(self) -> str:
        return self.value

    def read(self, text: str) -> str:
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Several texts, one a line."""

    value: tuple[str, ...]
    placeholder: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.value)

    def read(self, text: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in text.splitlines() if line.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A whole number. `none` are the words for none, which is typed as nothing; empty: there must be one."""

    value: int | None
    none: str = ""
    least: int = 0

    @property
    def text(self) -> str:
        return "" if self.value is None else str(self.value)

    def read(self, text: str) -> int | None:
        stripped = text.strip()
        if self.none and stripped in ("", self.none):
            return None
        if not (stripped.isascii() and stripped.isdigit() and len(stripped) < 10):
            mend = (
                tr("Type digits, or nothing for “{none}”.").format(none=self.none) if self.none else tr("Type digits.")
            )
            raise Refused(reason=tr("“{text}” is no whole number.").format(text=stripped[:40]), mend=mend)
        if int(stripped) < self.least:
            raise Refused(
                reason=tr("{number} is too small.").format(number=stripped),
                mend=tr("{least} is the least.").format(least=self.least),
            )
        return int(stripped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time span in seconds. `none` as for `Number`."""

    value: int | None
    none: str = ""

    @property
    def text(self) -> str:
        return "" if self.value is None else spans.written(self.value)

    def read(self, text: str) -> int | None:
        if self.none and text.strip() in ("", self.none):
            return None
        return spans.read(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A minute of the day."""

    value: int

    @property
    def text(self) -> str:
        return spans.clock(self.value)

    def read(self, text: str) -> int:
        return spans.read_clock(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """A colour as `#rrggbb`."""

    value: str
    placeholder: str = ""

    @property
    def text(self) -> str:
        return self.value

    def read(self, text: str) -> str:
        return text.strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Yes or no; None is neither: several that differ."""

    value: bool | None

    @property
    def text(self) -> str:
        return yes_or_no(self.value) if self.value is not None else several()

    def read(self, text: str) -> bool:
        return text == yes_or_no(True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the options as they are when the list is opened; `value` is a key, `words` what it is called now."""

    value: str
    words: str
    options: Options = field(compare=False)

    @property
    def text(self) -> str:
        return self.words

    def read(self, text: str) -> str:
        found = next((option.key for option in self.options() if text in (option.key, option.words)), None)
        if found is None:
            raise Refused(
                reason=tr("“{text}” is not among the choices.").format(text=text[:60]),
                mend=tr("Choose one of the list."),
            )
        return found


Editor = Words | Lines | Number | Span | Clock | Colour | Flag | Choice


def said(editor: Editor, value: Any) -> str:
    """Return what a value that was read is called in a few words; empty where there are none for it."""
    match editor:
        case Choice(options=options):
            return next((option.words for option in options() if option.key == value), str(value))
        case Number(none=none) | Span(none=none) if value is None:
            return none
        case Number() | Span() | Clock() | Colour() | Flag():
            return replace(editor, value=value).text
        case Words(is_long=False):
            return str(value)
        case Words() | Lines():
            return ""


def several() -> str:
    return tr("several values")


def yes_or_no(is_so: bool) -> str:
    return tr("yes") if is_so else tr("no")


def fixed(*options: tuple[str, str]) -> Options:
    """Return options that are always the same."""
    made = tuple(Option(key=key, words=words) for key, words in options)
    return lambda: made
