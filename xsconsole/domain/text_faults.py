"""Foreign bytes that should be a text form of ours: what is wrong with them and where, in the words of their fields."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import inspect

from xsconsole.domain.folding import shown
from xsconsole.errors import Refused

UNKNOWN = "Correct it if it is misspelt; use a newer console if one wrote it. Nothing was changed."
_PATH = re.compile(r" - at `(\$[^`]*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:\n]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a kind of thing is called, such as `workflow`; its lists of named parts; and its fields."""

    what: str
    parts: Mapping[str, str]
    field: Callable[[str], str]

    @property
    def whole(self) -> str:
        return f"The {self.what}"


def not_readable(failure: msgspec.MsgspecError, text: bytes, names: Names, kind: type[msgspec.Struct]) -> Refused:
    """Return what to say of a decoder's failure to read a `kind`."""
    message = str(failure)
    if not isinstance(failure, msgspec.ValidationError):
        return Refused(
            reason=f"{names.whole} is no JSON: {shown(message.removeprefix('JSON is malformed: '), 120)}.",
            mend="Export it again, or correct the text.",
        )
    found = _PATH.search(message)
    path = found[1] if found else "$"
    what = message[: found.start()] if found else message
    where = _where(path, text, names)
    field = _last_field(path, names)
    group = _group(path)
    inside = f", “{group}”," if group else ""
    takes = _taken(path, kind) if group else ""
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        return Refused(
            reason=f"{where}{inside} has the field “{shown(match[1], 60)}”, which this console does not know.",
            mend=f"{takes} {UNKNOWN}".strip(),
        )
    if match := re.fullmatch(r"Object missing required field `(.*)`", what, re.DOTALL):
        return Refused(
            reason=f"{where}{inside} lacks the field “{match[1] if group else names.field(match[1])}”.",
            mend=f"Add it to the text. {takes}".strip(),
        )
    if match := re.fullmatch(r"Invalid (?:enum )?value (.*)", what, re.DOTALL):
        return Refused(
            reason=f"{where}, field “{field}”: {shown(match[1], 60)} is not known to this console.", mend=UNKNOWN
        )
    subject = where if path == "$" else f"{where}, field “{field}”"
    if group.endswith(f".{field}"):
        subject = f"{subject} (“{group}”)"
    mend = "Correct the text of the file, or export it again."
    return Refused(reason=f"{subject}: {_expectation(what)}.", mend=f"{takes} {mend}".strip())


def refuse_doubled(text: bytes, names: Names) -> None:
    """Refuse a text in which a key stands twice in one group: a reader would take one of the two, and not say which.

    Raises:
        Refused: with the key, the place and the lines.
    """
    is_doubled = False

    def note(pairs: list[tuple[str, object]]) -> None:
        nonlocal is_doubled
        is_doubled = is_doubled or len({name for name, _ in pairs}) < len(pairs)

    json.loads(text, object_pairs_hook=note)
    if not is_doubled:
        return
    key, path, lines = _first_doubled(text.decode("utf-8"))
    where = _where(path, text, names)
    subject = where if _is_thing(path) else f"{where}, field “{_last_field(path, names)}”"
    at = f", in lines {lines[0]} and {lines[1]}" if lines[0] != lines[1] else ""
    raise Refused(
        reason=f"{subject}: the key “{shown(key, 60)}” stands there twice{at}.",
        mend="Remove the one that is not meant.",
    )


def _is_thing(path: str) -> bool:
    """Whether a path is that of the whole, or of one of its named parts itself."""
    return path == "$" or re.fullmatch(r"\$(\.\w+)?\[\d+\]", path) is not None


@dataclass(slots=True)
class _Level:
    """A bracket that is open. `path` is its own; `key` that of the value under way, where it is a group of fields."""

    path: str
    is_list: bool
    number: int = 0
    key: str | None = None
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def inner(self) -> str:
        return f"{self.path}[{self.number}]" if self.is_list else f"{self.path}.{self.key}"


def _first_doubled(text: str) -> tuple[str, str, tuple[int, int]]:
    """Return the first key that stands twice, the path of its group, and both lines. There is one."""
    levels: list[_Level] = []
    line = 1
    for match in _TOKEN.finditer(text):
        token = match[0]
        top = levels[-1] if levels else None
        if token == "\n":
            line += 1
        elif token in "{[":
            levels.append(_Level(top.inner if top is not None else "$", token == "["))
        elif token in "}]":
            levels.pop()
        elif top is not None and token == ",":
            top.number, top.key = top.number + 1, None
        elif top is not None and token[0] == '"' and not top.is_list and top.key is None:
            top.key = str(json.loads(token))
            if top.key in top.lines:
                return top.key, top.path, (top.lines[top.key], line)
            top.lines[top.key] = line
    raise AssertionError("no key stands twice")


def _group(path: str) -> str:
    """Return where in a named part a path leads, as it is written: `binding.vlans.trunk`; empty for fewer steps."""
    inner = path.removeprefix("$").rpartition("]")[2].strip(".")
    return inner if "." in inner else ""


def _taken(path: str, kind: type[msgspec.Struct]) -> str:
    """Return which fields the group takes that a path leads to; empty where it is none, or one of several kinds."""
    at: inspect.Type = inspect.type_info(kind)
    for name, number in _STEP.findall(path):
        at = _only(at)
        if number and isinstance(at, inspect.VarTupleType):
            at = at.item_type
        elif name and isinstance(at, inspect.StructType):
            found = next((field.type for field in at.fields if field.encode_name == name), None)
            if found is None:
                return ""
            at = found
        else:
            return ""
    at = _only(at)
    if not isinstance(at, inspect.StructType):
        return ""
    fields = [f"“{field.encode_name}”{'' if field.required else ' (optional)'}" for field in at.fields]
    return f"It takes {', '.join(fields)}."


def _only(at: inspect.Type) -> inspect.Type:
    """Return the type that is meant where there may be nothing, too."""
    kinds = at.types if isinstance(at, inspect.UnionType) else ()
    meant = [one for one in kinds if not isinstance(one, inspect.NoneType)]
    return meant[0] if len(meant) == 1 else at


def _last_field(path: str, names: Names) -> str:
    steps = [name for name, _ in _STEP.findall(path) if name] or [names.what]
    dotted = ".".join(steps[-2:])
    words = names.field(dotted)
    return words if words != dotted.rpartition(".")[2] else names.field(steps[-1])


def _expectation(what: str) -> str:
    words = {
        "`str`": "words",
        "`int`": "a whole number",
        "`int | null`": "a whole number",
        "`bool`": "true or false",
        "`array`": "a list",
        "`object`": "a group of fields",
        "`object | null`": "a group of fields",
        "`str | null`": "words",
        "`null`": "nothing",
        "`float`": "a number with a fraction",
    }
    found = re.fullmatch(r"Expected (`[^`]*`)(?:, got (`[^`]*`))?", what)
    if found is None:
        return shown(what[:1].lower() + what[1:], 80)
    expected = words.get(found[1], found[1])
    return f"{expected} should stand there" + (f", not {words.get(found[2], found[2])}" if found[2] else "")


def _where(path: str, text: bytes, names: Names) -> str:
    """Return the named part, such as a stage, that a path leads through, by name where it has one."""
    value: object
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        value = None
    called = names.whole
    within = ""
    for name, number in _STEP.findall(path):
        if number:
            at = int(number)
            value = value[at] if isinstance(value, list) and at < len(value) else None
            if within in names.parts and called == names.whole:
                called = f"{names.parts[within]} {_caption(value, at)}"
            continue
        within = name
        value = value.get(name) if isinstance(value, dict) else None
    return called


def _caption(value: object, at: int) -> str:
    if isinstance(value, dict):
        for name in ("name", "id"):
            if isinstance(value.get(name), str) and value[name].strip():
                return f"“{shown(value[name], 60)}”"
    return f"number {at + 1}"
