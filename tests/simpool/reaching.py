"""Hosts of an embedded pool, asked one by one: who answers there, and what."""

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import XenAPI
from embedded import EmbeddedHost, EmbeddedPool, embedded_pool

PATIENCE_S = 30.0


@pytest.fixture
def served() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20", "--hosts", "3") as pool:
        yield pool


def code_of(call: Any, *arguments: object) -> str:
    with pytest.raises(XenAPI.Failure) as caught:
        call(*arguments)
    return str(caught.value.details[0])


@contextmanager
def at(pool: EmbeddedPool, host: EmbeddedHost) -> Iterator[Any]:
    with pool.lasting_session(url=host.url) as session:
        yield session


def refused_by(pool: EmbeddedPool, host: EmbeddedHost) -> list[str]:
    session = XenAPI.Session(host.url, ignore_ssl=True)
    try:
        with pytest.raises(XenAPI.Failure) as caught:
            session.xenapi.login_with_password(pool.user, pool.password)
        details: list[str] = caught.value.details
        return details
    finally:
        session("close")()


def sooner_or_later(condition: Callable[[], bool]) -> None:
    """Ask again until it is so; each asking is a journey over the wire."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"


def is_reached(host: EmbeddedHost) -> bool:
    proxy = XenAPI.Session(host.url, ignore_ssl=True)
    try:
        return bool(proxy.system.listMethods())
    except (OSError, http.client.HTTPException):
        return False
    finally:
        proxy("close")()
