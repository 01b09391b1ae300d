"""The expressions of `get_all_records_where`: `field "name__label"="web" and not field "is_a_template"="true"`.

They name the columns of XAPI's database, which have two underscores where a field of a record is nested.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.wire_values import instant_text

_TOKEN = re.compile(
    r"""\s*(?:(?P<word>\w+)|(?P<sign>[=()])|"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)')"""
)

Row = Mapping[str, Any]
Test = Callable[[Row], bool]
Term = Callable[[Row], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A condition on the fields of an object. `_ref` stands for its reference."""

    test: Test

    def matches(self, ref: str, row: Row) -> bool:
        """Whether the object fulfils the condition.

        Raises:
            XapiError: INTERNAL_ERROR, the condition names a field that the class has not.
        """
        return self.test({**row, "_ref": ref})


def parse_query(text: str) -> Query:
    """Read a condition.

    Raises:
        XapiError: INTERNAL_ERROR, it is none.
    """
    parser = _Parser(text)
    test = parser.disjunction()
    parser.expect_end()
    return Query(test=test)


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def disjunction(self) -> Test:
        left = self._conjunction()
        while self._take("or"):
            left = _either(left, self._conjunction())
        return left

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise _no_query()

    def _conjunction(self) -> Test:
        left = self._negation()
        while self._take("and"):
            left = _both(left, self._negation())
        return left

    def _negation(self) -> Test:
        if self._take("not"):
            inner = self._negation()
            return lambda row: not inner(row)
        if self._take("("):
            within = self.disjunction()
            self._require(")")
            return within
        if self._take("true"):
            return lambda _: True
        if self._take("false"):
            return lambda _: False
        left = self._term()
        self._require("=")
        right = self._term()
        return lambda row: left(row) == right(row)

    def _term(self) -> Term:
        is_field = self._take("field")
        kind, text = self._next()
        if kind != "text":
            raise _no_query()
        if not is_field:
            return lambda _: text
        name = _field_name(text)
        return lambda row: _column(row, name, text)

    def _take(self, sign: str) -> bool:
        is_here = self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign)
        self._at += is_here
        return is_here

    def _require(self, sign: str) -> None:
        if not self._take(sign):
            raise _no_query()

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _no_query()
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _no_query()
        quoted = found["double"] if found["double"] is not None else found["single"]
        if quoted is not None:
            tokens.append(("text", re.sub(r"\\(.)", r"\1", quoted)))
        else:
            tokens.append(("sign", found["word"] or found["sign"]))
        at = found.end()
    return tokens


def _field_name(column: str) -> str:
    return column.replace("__", "_")


def _column(row: Row, name: str, column: str) -> str:
    if name not in row:
        raise XapiError("INTERNAL_ERROR", "missing field", column, "")
    value = row[name]
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return instant_text(value)
        case _:
            return str(value)


def _either(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _both(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _no_query() -> XapiError:
    return XapiError("INTERNAL_ERROR", "Parsing.Parse_error")
