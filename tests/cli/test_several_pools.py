"""One listing over several pools: each is named, and one that fails does not hinder the others."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pools

from tests.cli.shell import Shell


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50", "--seed", "3") as pools:
        yield pools


@pytest.fixture
def shell(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> Shell:
    """Somebody whose first pool is the test pool, and who has published the default workflow on both."""
    for pool in served:
        assert Shell(home=tmp_path, pool=pool).say("workflow", "list").status in (0, 1)
    return Shell(home=tmp_path, pool=served[0])


def say(shell: Shell, pool: EmbeddedPool, *words: str) -> object:
    passwords = f"{pool.passwords['root']}\n{shell.pool.passwords['root']}\n"
    return shell.say(*words, "--password-stdin", "--pool", pool.url, stdin=passwords)


def test_status_tells_of_each_pool(shell: Shell, served: tuple[EmbeddedPool, ...]) -> None:
    said = say(shell, served[1], "status", "--json")

    assert said.status == 0, said.err
    names = [one["pool"]["name"] for one in said.document["pools"]]
    assert names == [served[1].name, served[0].name]


def test_configurations_are_listed_with_their_pool(shell: Shell, served: tuple[EmbeddedPool, ...]) -> None:
    table, document = say(shell, served[1], "config", "list"), say(shell, served[1], "config", "list", "--json")

    assert "POOL" in table.out.splitlines()[0]
    assert served[0].name in table.out
    assert {one["pool"]["name"] for one in document.document} == {pool.name for pool in served}


def test_one_pool_that_cannot_be_reached_hinders_no_other(shell: Shell, served: tuple[EmbeddedPool, ...]) -> None:
    dead = replace(served[1], url="http://127.0.0.1:9")

    said = say(shell, dead, "status", "--json")

    assert said.status == 1
    assert "127.0.0.1:9" in said.err
    assert [one["pool"]["name"] for one in said.document["pools"]] == [served[0].name]


def test_what_is_done_is_done_on_one_pool(shell: Shell, served: tuple[EmbeddedPool, ...]) -> None:
    said = say(shell, served[1], "promote", "shop@staging", "--to", "production")

    assert said.status == 2
    assert "one pool only" in said.err


def test_a_pool_named_beside_another_has_a_password_of_its_own(
    shell: Shell, served: tuple[EmbeddedPool, ...], tmp_path: Path
) -> None:
    assert served[0].passwords["root"] != served[1].passwords["root"]
    file = tmp_path / "workflow.json"
    assert shell.say("workflow", "export", "--out", str(file)).status == 0
    words = ("workflow", "publish", str(file), "--over", "1", "--dry-run", "--also", served[1].url)

    passwords = "".join(pool.passwords["root"] + "\n" for pool in served)
    said = shell.say(*words, "--password-stdin", stdin=passwords)

    assert "password" not in said.err
    assert said.status == 0, said.err
