"""XAPI's classes, fields, messages, relations and errors, as the pool serves them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from xsconsole.simpool.types import (
    Bool,
    DateTime,
    Enum,
    Float,
    Int,
    Map,
    Option,
    Record,
    Ref,
    Set,
    Str,
    Type,
    Void,
    parse_type,
)

NULL = "OpaqueRef:NULL"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Qualifier(StrEnum):
    """Who may write a field: everybody, the pool alone, or only the call that creates the object."""

    RW = "rw"
    RO_RUNTIME = "ro"
    RO_CONSTRUCTOR = "new"


class Missing(StrEnum):
    """Stands for the default of a field that has none."""

    MANDATORY = "mandatory"


MANDATORY = Missing.MANDATORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a class; `default` is `MANDATORY` where XAPI names none."""

    name: str
    type: Type
    qualifier: Qualifier
    default: object

    @property
    def is_constructor_argument(self) -> bool:
        """A field that the class's `create` takes from its caller."""
        return self.qualifier is not Qualifier.RO_RUNTIME

    def initial(self) -> object:
        """Return the value an object gets where its maker says nothing: the default, else the type's empty value."""
        value = zero(self.type) if self.default is MANDATORY else self.default
        return dict(value) if isinstance(value, Mapping) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One argument of a message, the session left out."""

    name: str
    type: Type
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One call. `is_generated`: getters, setters and the like, which the class's fields are enough to answer."""

    name: str
    params: tuple[Param, ...]
    result: Type
    min_role: str | None
    is_async: bool = False
    is_generated: bool = False
    is_removed: bool = False
    takes_session: bool = True

    @property
    def mandatory_count(self) -> int:
        return sum(not param.is_optional for param in self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """One XAPI class. Classes without events never appear in an answer of event.from."""

    name: str
    fields: Mapping[str, Field]
    messages: Mapping[str, Message]
    has_events: bool

    @property
    def has_rows(self) -> bool:
        """Whether objects of the class exist in the database (some classes are only shapes of answers)."""
        return "get_record" in self.messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A pair of fields that say the same thing from two ends; the second is always a set of references."""

    one: tuple[str, str]
    many: tuple[str, str]
    is_many_to_many: bool


@dataclass(frozen=True, kw_only=True)
class Model:
    """Everything the pool knows about XAPI's data. `errors` gives the names of each code's parameters.

    `absent_classes` and `absent_fields` are those that an older release does not have: what is written there is lost.
    """

    classes: Mapping[str, Class]
    relations: tuple[Relation, ...]
    errors: Mapping[str, tuple[str, ...]]
    api_version: tuple[int, int]
    absent_classes: frozenset[str] = frozenset()
    absent_fields: Mapping[str, frozenset[str]] = dataclass_field(default_factory=dict)

    @cached_property
    def ends(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """The field at the other end of each related field, looked up by either end."""
        pairs = {}
        for relation in self.relations:
            pairs[relation.one] = relation.many
            pairs[relation.many] = relation.one
        return MappingProxyType(pairs)


def zero(kind: Type) -> object:
    """Return the empty value of a type: what XAPI shows for a field that nobody has set."""
    match kind:
        case Str():
            return ""
        case Int():
            return 0
        case Float():
            return 0.0
        case Bool():
            return False
        case DateTime():
            return EPOCH
        case Enum():
            return kind.values[0] if kind.values else ""
        case Ref():
            return NULL
        case Set():
            return ()
        case Map() | Record():
            return {}
        case Option():
            return None
        case Void():
            return ""


@cache
def load() -> Model:
    """Read the model that ships with the package, once."""
    raw = json.loads(files("xsconsole.simpool").joinpath("xapi_model.json").read_text(encoding="utf-8"))
    enums = {name: tuple(values) for name, values in raw["enums"].items()}
    classes = {name: _class(name, body, enums) for name, body in raw["classes"].items()}
    return Model(
        classes=MappingProxyType(classes),
        relations=tuple(_relation(classes, row) for row in raw["relations"]),
        errors=MappingProxyType({code: tuple(names) for code, names in raw["errors"].items()}),
        api_version=(raw["api"][0], raw["api"][1]),
    )


def _relation(classes: Mapping[str, Class], row: Sequence[str]) -> Relation:
    one_class, one_field, many_class, many_field = row
    return Relation(
        one=(one_class, one_field),
        many=(many_class, many_field),
        is_many_to_many=isinstance(classes[one_class].fields[one_field].type, Set),
    )


def _class(name: str, body: Mapping[str, Any], enums: Mapping[str, tuple[str, ...]]) -> Class:
    fields = {field: _field(field, row, enums) for field, row in body["fields"].items()}
    removed = frozenset(body.get("removed", ()))
    messages = {
        message.name: message
        for message in (
            *_explicit(name, fields, body["messages"], enums, removed),
            *_generated(name, fields, body, removed),
        )
    }
    return Class(
        name=name,
        fields=MappingProxyType(fields),
        messages=MappingProxyType(messages),
        has_events=body["events"],
    )


def _field(name: str, row: Sequence[Any], enums: Mapping[str, tuple[str, ...]]) -> Field:
    kind = parse_type(row[0], enums)
    default = _value(kind, row[2]) if len(row) > 2 else MANDATORY
    return Field(name=name, type=kind, qualifier=Qualifier(row[1]), default=default)


def _value(kind: Type, value: Any) -> object:
    match kind:
        case Set():
            return tuple(value)
        case Map():
            return MappingProxyType(value)
        case DateTime():
            return datetime.strptime(value, "%Y%m%dT%H:%M:%SZ").replace(tzinfo=UTC)
        case Float():
            return float(value)
        case _:
            plain: object = value
            return plain


def _explicit(
    cls: str,
    fields: Mapping[str, Field],
    rows: Mapping[str, Sequence[Any]],
    enums: Mapping[str, tuple[str, ...]],
    removed: frozenset[str],
) -> Iterator[Message]:
    for name, (result, role, flags, params) in rows.items():
        signature = None if name in ("create", "destroy") else _signature(cls, fields, name)
        yield Message(
            name=name,
            params=tuple(
                Param(name=param[0], type=parse_type(param[1], enums), is_optional=len(param) > 2) for param in params
            ),
            result=parse_type(result, enums),
            min_role=role or None,
            is_async="a" in flags,
            is_generated=signature is not None and len(signature[0]) == len(params),
            is_removed=name in removed,
            takes_session="s" not in flags,
        )


def _generated(
    cls: str, fields: Mapping[str, Field], body: Mapping[str, Any], removed: frozenset[str]
) -> Iterator[Message]:
    names = {name: role or None for role, names in body["generated"].items() for name in names}
    if "get_all_records" in names:
        names |= dict.fromkeys(("get_all_where", "get_all_records_where"), "read-only")
    for name, role in names.items():
        signature = _signature(cls, fields, name)
        if signature is None:
            raise ValueError(f"{cls}.{name} follows from no field")
        params, result = signature
        yield Message(
            name=name,
            params=params,
            result=result,
            min_role=role,
            is_async=name in ("create", "destroy"),
            is_generated=True,
            is_removed=name in removed,
        )


def _signature(cls: str, fields: Mapping[str, Field], name: str) -> tuple[tuple[Param, ...], Type] | None:
    """Return the arguments and the result of a message that follows from the class's fields; else None."""
    self_param = Param(name="self", type=Ref(cls))
    references, records = Set(Ref(cls)), Map(Ref(cls), Record(cls))
    query = Param(name="expr", type=Str())
    whole: Mapping[str, tuple[tuple[Param, ...], Type]] = {
        "get_all": ((), references),
        "get_all_records": ((), records),
        "get_all_where": ((query,), references),
        "get_all_records_where": ((query,), records),
        "get_record": ((self_param,), Record(cls)),
        "get_by_uuid": ((Param(name="uuid", type=Str()),), Ref(cls)),
        "get_by_name_label": ((Param(name="label", type=Str()),), references),
        "create": ((Param(name="args", type=Record(cls)),), Ref(cls)),
        "destroy": ((self_param,), Void()),
    }
    if name in whole:
        return whole[name]
    for prefix in ("add_to_", "remove_from_", "get_", "set_", "add_", "remove_"):
        field = fields.get(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if field is None:
            continue
        return (self_param, *_arguments(prefix, field)), field.type if prefix == "get_" else Void()
    return None


def _arguments(prefix: str, field: Field) -> tuple[Param, ...]:
    match prefix, field.type:
        case "add_to_", Map(key=key, value=value):
            return Param(name="key", type=key), Param(name="value", type=value)
        case "remove_from_", Map(key=key):
            return (Param(name="key", type=key),)
        case (("add_" | "remove_"), Set(of=of)):
            return (Param(name="value", type=of),)
        case "set_", kind:
            return (Param(name="value", type=kind),)
        case _:
            return ()
