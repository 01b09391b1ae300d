"""What is different between two versions of a blueprint, paired by id and told field by field."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from xsconsole.domain.blueprint.text import field_name
from xsconsole.domain.blueprint.values import (
    Blueprint,
    Disk,
    Interface,
    Member,
    Parameter,
    Reference,
    Source,
)
from xsconsole.domain.folding import shown
from xsconsole.domain.words import count, duration, instant, size
from xsconsole.domain.workflow.difference import ChangeKind

_OWN = frozenset({"version", "author", "at", "changes", "signature", "format"})  # of a publication, not of what it says
TEXTS = ("user_data", "network_config")
AROUND = 2  # lines that are shown before and after changed ones
_LISTS = ("members", "parameters", "networks")


class Subject(StrEnum):
    """What a change is about. In this order changes are listed."""

    BLUEPRINT = "blueprint"
    MEMBER = "member"
    PARAMETER = "parameter"
    NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field that two versions have unlike; of a text of many lines also `text`, the lines that were changed."""

    field: str
    before: str
    after: str
    text: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return f"{field_name(self.field)}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that only one version has, or that they have unlike. `id` of the blueprint itself is empty."""

    subject: Subject
    id: str
    kind: ChangeKind
    fields: tuple[FieldChange, ...] = ()


def diff(before: Blueprint, after: Blueprint) -> tuple[Change, ...]:
    """Return what leads from one version to the other; who published which when is no difference."""
    return tuple(_changes(before, after))


def _changes(before: Blueprint, after: Blueprint) -> Iterator[Change]:
    fields = tuple(_fields(before, after, but=(*_OWN, *_LISTS)))
    if fields:
        yield Change(subject=Subject.BLUEPRINT, id="", kind=ChangeKind.CHANGED, fields=fields)
    yield from _of_things(
        Subject.MEMBER, {each.id: each for each in before.members}, {each.id: each for each in after.members}
    )
    yield from _of_things(
        Subject.PARAMETER,
        {each.name: each for each in before.parameters},
        {each.name: each for each in after.parameters},
    )
    old, new = set(before.networks), set(after.networks)
    for network in sorted(old - new):
        yield Change(subject=Subject.NETWORK, id=network, kind=ChangeKind.REMOVED)
    for network in sorted(new - old):
        yield Change(subject=Subject.NETWORK, id=network, kind=ChangeKind.ADDED)


def _of_things(
    subject: Subject, before: Mapping[str, msgspec.Struct], after: Mapping[str, msgspec.Struct]
) -> Iterator[Change]:
    for name in before.keys() - after.keys():
        yield Change(subject=subject, id=name, kind=ChangeKind.REMOVED)
    for name, thing in after.items():
        if name not in before:
            yield Change(subject=subject, id=name, kind=ChangeKind.ADDED)
        elif thing != before[name]:
            fields = tuple(_fields(before[name], thing, but=()))
            yield Change(subject=subject, id=name, kind=ChangeKind.CHANGED, fields=fields)


def _fields(before: msgspec.Struct, after: msgspec.Struct, but: Iterable[str]) -> Iterator[FieldChange]:
    for field in before.__struct_fields__:
        old, new = getattr(before, field), getattr(after, field)
        if field in but or old == new:
            continue
        if field in TEXTS:
            yield FieldChange(field=field, before=_told(old, new), after=_told(new, old), text=changed_lines(old, new))
        else:
            yield FieldChange(field=field, before=value_words(field, old), after=value_words(field, new))


def changed_lines(before: str, after: str) -> tuple[str, ...]:
    """Return what leads from one text to the other, line by line: `-` taken out, `+` put in, a blank: as it was."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=AROUND, lineterm="")
    return tuple(found)[2:] or ("  (the same lines; they end differently)",)


def _told(text: str, other: str) -> str:
    """Return how long a text of lines is, and the first line in which it differs from another."""
    if not text:
        return "none"
    theirs = other.splitlines()
    for number, line in enumerate(text.splitlines(), 1):
        if number > len(theirs) or line != theirs[number - 1]:
            return f"{count(len(text.splitlines()), 'line')}, line {number}: {shown(line, 60)}"
    return count(len(text.splitlines()), "line")


def lines(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return the difference as sentences for a list."""
    return tuple(sentence for sentence, _ in told(changes))


def told(changes: Iterable[Change]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the difference as sentences, each with the changed lines of the text that it is about."""
    for change in changes:
        called = change.subject.value.capitalize() + (f" {shown(change.id, 60)}" if change.id else "")
        if change.kind is ChangeKind.CHANGED:
            yield from ((f"{called}, {field.words}", field.text) for field in change.fields)
        else:
            yield f"{called} {change.kind.value}", ()


def value_words(field: str, value: object) -> str:
    """Return a value of a field as people read it."""
    match value:
        case None | "" | ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case Reference():
            return f"as filled in for “{value.parameter}”"
        case int() if field in ("memory", "size"):
            return size(value)
        case int() if field.endswith("delay"):
            return duration(value)
        case str() if field in TEXTS:
            return count(len(value.splitlines()), "line")
        case datetime():
            return instant(value)
        case tuple():
            return "; ".join(value_words(field, each) for each in value)
        case Disk():
            kind = "new, " if value.is_new else ""
            sized = value_words("size", value.size) if value.size is not None else "as the template"
            called = f", “{shown(value.name, 40)}”" if value.name else ""
            return f"{value.position}: {kind}{shown(value.role, 40)}, {sized}{called}"
        case Interface():
            return f"{value.device} on {value_words('network', value.network)}"
        case Source():
            return shown(value.name, 60)
        case Member() | Parameter():
            return type(value).__name__.lower()
    return shown(str(value), 80)
