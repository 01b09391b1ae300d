"""From what a client sent to the types of a message's parameters, as leniently and as strictly as XAPI does it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from xsconsole.simpool.errors import XapiError, wrongly_typed
from xsconsole.simpool.model import MANDATORY, Model
from xsconsole.simpool.types import Bool, DateTime, Enum, Float, Int, Map, Option, Record, Ref, Set, Str, Type, Void
from xsconsole.simpool.wire_values import described

_DECIMAL = re.compile(r"[+-]?[0-9][0-9_]*")
_INSTANT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?")
Result = TypeVar("Result")

_INT64 = range(-(2**63), 2**63)


class Converter:
    """Converts arguments by the types of one model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def convert(self, kind: Type, value: object) -> object:
        """Return `value` as what a handler or the database takes for that type.

        Raises:
            XapiError: INTERNAL_ERROR with the words of XAPI, which has no code of its own for this.
        """
        match kind:
            case Str() | Ref():
                return _text(value)
            case Int():
                return _whole(value)
            case Float():
                return _number(value)
            case Bool():
                if not isinstance(value, bool):
                    raise wrongly_typed(f"Expected bool, got '{described(value)}'")
                return value
            case DateTime():
                return _instant(value)
            case Enum():
                if value not in kind.values:
                    raise wrongly_typed("Unknown tag/contents")
                return value
            case Set():
                if not isinstance(value, list):
                    raise wrongly_typed(f"Expecting Rpc.Enum, but found '{described(value)}'")
                return tuple(self.convert(kind.of, one) for one in value)
            case Map():
                if not isinstance(value, dict):
                    raise wrongly_typed(f"Expecting Rpc.Dict, but found '{described(value)}'")
                return {self.convert(kind.key, key): self.convert(kind.value, one) for key, one in value.items()}
            case Record():
                return self._constructor_arguments(kind, value)
            case Option():
                return None if value is None else self.convert(kind.of, value)
            case Void():
                return None

    def _constructor_arguments(self, kind: Record, value: object) -> dict[str, object]:
        """Return a value for each field that a constructor takes; fields of other names are passed over."""
        if not isinstance(value, dict):
            raise wrongly_typed(f"Expecting Rpc.Dict, but found '{described(value)}'")
        arguments: dict[str, object] = {}
        for name, field in self._model.classes[kind.cls].fields.items():
            if not field.is_constructor_argument:
                continue
            if name in value:
                arguments[name] = self.convert(field.type, value[name])
            elif field.default is MANDATORY:
                raise XapiError("INTERNAL_ERROR", f'Server_helpers.Dispatcher_FieldNotFound("{name}")')
            else:
                arguments[name] = field.initial()
        return arguments


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise wrongly_typed(f"Expected string, got '{described(value)}'")
    try:
        value.encode()
    except UnicodeEncodeError as failure:
        # Half a surrogate pair, which JSON can carry and no other protocol.
        raise XapiError("INVALID_VALUE", "string", value.encode("utf-8", "replace").decode()) from failure
    return str(value)


def _whole(value: object) -> int:
    match value:
        case int() if not isinstance(value, bool):
            number = value
        case str() if _DECIMAL.fullmatch(value):
            number = int(value)
        case str():
            raise wrongly_typed("Int64.of_string")
        case _:
            raise wrongly_typed(f"Expected int64, got '{described(value)}'")
    if number not in _INT64:
        raise wrongly_typed("Int64.of_string")
    return number


def _number(value: object) -> float:
    match value:
        case int() | float() if not isinstance(value, bool):
            return float(value)
        case str():
            return _or_complain(float, value, "float_of_string")
        case _:
            raise wrongly_typed(f"Expected float, got '{described(value)}'")


def _instant(value: object) -> datetime:
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrongly_typed(f"Expected datetime, got '{described(value)}'")
    zone = found[7] or "Z"
    text = "{}-{}-{}T{}:{}:{}".format(*found.groups()[:6]) + ("+00:00" if zone == "Z" else zone)
    return _or_complain(datetime.fromisoformat, text, "date_of_iso8601").astimezone(UTC)


def _or_complain(convert: Callable[[str], Result], text: str, name: str) -> Result:
    try:
        return convert(text)
    except ValueError as failure:
        raise wrongly_typed(name) from failure
