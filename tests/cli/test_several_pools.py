"""One listing over several pools: each is named, and one that fails does not hinder the others."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pools

from tests.cli.shell import Said, Shell
from tests.workflows import put_on
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.workflow import Binding, PoolObject, default_workflow, to_json
from xsconsole.domain.workflow.edits import add_stage, change_stage, change_workflow, connect


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50", "--seed", "3") as pools:
        yield pools


@pytest.fixture
def to_publish_on() -> Iterator[tuple[EmbeddedPool, ...]]:
    """Two pools of one test alone: what it publishes there would stand in the way of the others."""
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


def test_a_pool_that_is_away_follows_later_and_one_with_another_version_is_replaced(
    to_publish_on: tuple[EmbeddedPool, ...], tmp_path: Path
) -> None:
    near, far = sorted(to_publish_on, key=_uuid)  # the one that is written first cannot wait
    here = Shell(home=tmp_path, pool=near)
    passwords = f"{near.passwords['root']}\n{far.passwords['root']}\n"

    def publish(version: int, *more: str) -> Said:
        workflow, stage = add_stage(default_workflow(), "Far away")
        there = PoolObject(uuid=Uuid(_uuid(far)), name=far.name)
        here_too = PoolObject(uuid=Uuid(_uuid(near)), name=near.name)
        for one in workflow.stages:
            bound = Binding(pool=there if one.id == stage else here_too)
            workflow = change_stage(workflow, one.id, binding=bound)
        led, _ = connect(change_workflow(workflow, description=f"for {version}"), StageId("production"), stage)
        file = tmp_path / "both.json"
        file.write_bytes(to_json(led))
        mapped = [f"--map={one.id}={stage}" for one in default_workflow().stages if version == 2]
        words = ("workflow", "publish", str(file), "--over", str(version - 1), *more)
        return here.say(*words, *mapped, "--password-stdin", stdin=passwords)

    first = publish(2, "--also", far.url)
    assert first.status == 0, first.err + first.out
    later = publish(3, "--later", far.name)
    assert later.status == 0, later.err
    assert f"{far.name}: away, and brought up later" in later.out
    assert f"{far.name} was away" in later.err
    put_on(far, msgspec.structs.replace(default_workflow(), version=3, description="another one"))
    replaced = publish(4, "--also", far.url, "--replace", far.name, "--dry-run")
    assert "which is another one than here" not in replaced.err
    assert f"{far.name}: to be written there" in replaced.out


def _uuid(pool: EmbeddedPool) -> str:
    with pool.plain_session() as session:
        return str(session.xenapi.pool.get_all_records().popitem()[1]["uuid"])
