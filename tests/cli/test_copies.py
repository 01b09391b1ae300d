"""Plans and promotions by linked clone on the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from tests.engine.test_copying import copying
from tests.workflows import put_on


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with embedded_pool("--speed", "20") as pool:
        put_on(pool, copying())
        yield Shell(home=tmp_path / "home", pool=pool)


def test_a_plan_shows_what_would_be_made_and_changes_nothing(shell: Shell) -> None:
    shell.pool.calls()

    plain = shell.say("plan", "shop@staging", "--to", "production")
    stopped = shell.say("plan", "shop@staging", "--to", "production", "--stop-first", "--json")

    assert (plain.status, stopped.status) == (0, 0), plain.err + stopped.err
    assert "Promote shop 1.3.0 from Staging to Production, by linked clone" in plain.out
    assert "Make a linked clone of shop-db.stg" in plain.out
    assert "Start shop-db.stg (Production)" in plain.out
    kinds = [step["action"]["type"] for step in stopped.document["steps"]]
    assert (kinds.count("shut-down"), kinds.count("start-again"), kinds.count("copy")) == (4, 4, 4)
    assert all(step["host"] for step in stopped.document["steps"] if step["action"]["type"] == "start-copy")
    writing = [call["method"] for call in shell.pool.calls() if "add_to" in call["method"] or "clone" in call["method"]]
    assert writing == []


def test_a_promotion_leaves_two_configurations_and_says_where_the_new_one_is_from(shell: Shell) -> None:
    promoted = shell.say("promote", "shop@staging", "--to", "production")

    assert promoted.status == 0, promoted.err
    source = shell.say("config", "show", "shop@staging", "--json").document
    made = shell.say("config", "show", "shop@production", "--json").document
    assert made["origin"]["configuration"] == source["id"]
    assert made["origin"]["method"] == "linked-clone"
    assert "Linked clone of shop 1.3.0 in Staging, frozen at " in shell.say("config", "show", "shop@production").out
    assert (source["origin"], source["standing"], made["standing"]) == (None, "whole", "whole")


def test_stopping_first_is_for_copies_only(shell: Shell) -> None:
    moved = shell.say("plan", "shop@integration", "--to", "patch testing", "--stop-first")

    assert moved.status == 1
    assert "moves the machines themselves" in moved.err
