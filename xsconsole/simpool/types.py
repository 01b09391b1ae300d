"""The types of XAPI's fields, arguments and results."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Str:
    """A string of UTF-8."""


@dataclass(frozen=True, slots=True)
class Int:
    """A signed 64-bit number."""


@dataclass(frozen=True, slots=True)
class Float:
    """A double."""


@dataclass(frozen=True, slots=True)
class Bool:
    """True or false."""


@dataclass(frozen=True, slots=True)
class DateTime:
    """An instant in UTC with whole seconds on the wire."""


@dataclass(frozen=True, slots=True)
class Void:
    """No result; an empty string on the wire."""


@dataclass(frozen=True, slots=True)
class Enum:
    """One of named words."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an object of a class."""

    cls: str


@dataclass(frozen=True, slots=True)
class Set:
    """Values of one type; a list on the wire."""

    of: "Type"


@dataclass(frozen=True, slots=True)
class Map:
    """Values by key; a struct on the wire, whatever the type of the keys."""

    key: "Type"
    value: "Type"


@dataclass(frozen=True, slots=True)
class Record:
    """All fields of an object of a class (`event batch` and `<class>` are shapes of the event calls)."""

    cls: str


@dataclass(frozen=True, slots=True)
class Option:
    """A value that may be left out."""

    of: "Type"


Type = Str | Int | Float | Bool | DateTime | Void | Enum | Ref | Set | Map | Record | Option

_PLAIN: Mapping[str, Type] = {
    "string": Str(),
    "int": Int(),
    "float": Float(),
    "bool": Bool(),
    "datetime": DateTime(),
    "void": Void(),
    "an event batch": Record("event batch"),
}


def parse_type(text: str, enums: Mapping[str, tuple[str, ...]]) -> Type:
    """Read a type as XAPI's reference writes it, such as `(string -> VM ref) map` or `enum vm_operations set`.

    Raises:
        ValueError: the text is no such type, or names an enumeration that is not in `enums`.
    """
    if text in _PLAIN:
        return _PLAIN[text]
    if text.startswith("(") and text.endswith(") map"):
        key, value = _split_arrow(text[1 : -len(") map")])
        return Map(parse_type(key, enums), parse_type(value, enums))
    head, _, last = text.rpartition(" ")
    match last:
        case "set":
            return Set(parse_type(head, enums))
        case "option":
            return Option(parse_type(head, enums))
        case "ref":
            return Ref(head)
        case "record":
            return Record(head)
        case name if head == "enum" and name in enums:
            return Enum(name, enums[name])
        case _:
            raise ValueError(f"no type: {text!r}")


def _split_arrow(text: str) -> tuple[str, str]:
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0 and text.startswith(" -> ", at):
            return text[:at], text[at + len(" -> ") :]
    raise ValueError(f"no map: {text!r}")
