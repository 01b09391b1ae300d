"""A pool per module for tests that leave the others' objects alone, and one per test for those that break things."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pool
from recorded_replay import RECORDINGS
from xva_files import export, machine, put  # noqa: F401  they are fixtures for the tests of files


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


@pytest.fixture
def fresh_pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


@pytest.fixture
def session(pool: EmbeddedPool) -> Iterator[Any]:
    with pool.plain_session() as logged_in:
        yield logged_in


@pytest.fixture
def refusal() -> Callable[..., list[str]]:
    """Call something that must fail and return the description of its failure."""

    def refuse(call: Callable[..., object], *arguments: object) -> list[str]:
        with pytest.raises(XenAPI.Failure) as caught:
            call(*arguments)
        details: list[str] = caught.value.details
        return details

    return refuse


@pytest.fixture
def json_call(pool: EmbeddedPool) -> Callable[..., Any]:
    """Make a call over JSON-RPC 2.0 and return the whole answer."""

    def call(method: str, *params: object) -> Any:
        body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 7}
        request = urllib.request.Request(f"{pool.url}/jsonrpc", data=json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    return call


@pytest.fixture
def recording() -> Callable[[str], Any]:
    """Read what a real xapi answered; skips the test where the recordings are not there."""
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings of a real xapi are not beside this repository")

    def read(name: str) -> Any:
        return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))

    return read
