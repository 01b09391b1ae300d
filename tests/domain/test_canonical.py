"""The fast way to canonical JSON writes what the library for it writes, or leaves it to that."""

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from xsconsole.domain.canonical import MOST, canonical_bytes

leaves = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text()
values = st.recursive(
    leaves, lambda one: st.lists(one) | st.tuples(one) | st.dictionaries(st.text(), one), max_leaves=8
)


@given(values)
@example({"\ufb33": 1, "\U0001f600": 2})  # sorted otherwise by UTF-16
@example({"b": [1, '\x7f\x1f"\\\u2028/'], "a": MOST, "": -MOST})
@example([0.5, -0.0, 1e21])
@example(MOST + 1)
@example("\ud800")
@example({"a": "\udfff"})
def test_it_writes_what_the_library_writes(value: object) -> None:
    try:
        expected = rfc8785.dumps(value)  # type: ignore[arg-type]
    except ValueError as refused:
        with pytest.raises(type(refused)):
            canonical_bytes(value)  # type: ignore[arg-type]
    else:
        assert canonical_bytes(value) == expected  # type: ignore[arg-type]


def test_what_is_nested_too_deep_is_no_accident() -> None:
    deep: list[object] = []
    for _ in range(60):
        deep = [deep]

    assert canonical_bytes(deep) == rfc8785.dumps(deep)  # type: ignore[arg-type]
