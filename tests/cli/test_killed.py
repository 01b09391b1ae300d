"""What the command line says of a console that was killed in the middle of a promotion, and how it goes on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Shell
from tests.console.desk import PASSPHRASE
from tests.console.test_kill import SNAPSHOT_TAKEN, killed

SHORT_LEASE_S = 5
LONG_LEASE_S = 300


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
def shell(pool: EmbeddedPool, tmp_path: Path) -> Shell:
    return Shell(home=tmp_path / "home", pool=pool, passphrase=PASSPHRASE)


def test_in_its_own_home_the_run_is_interrupted_at_once_whoever_asks(shell: Shell) -> None:
    killed(shell.pool, shell.home, SNAPSHOT_TAKEN, LONG_LEASE_S)

    status, listed = shell.say("status"), shell.say("config", "list", "--json")
    document, plan = shell.say("status", "--json"), shell.say("plan", "shop@1.3.0", "--to", "production")

    assert "! interrupted: Promote shop 1.3.0" in status.out
    standings = {card["name"]: card["standing"] for card in listed.document}
    assert standings == {card["name"]: card["standing"] for card in document.document["configurations"]}
    assert standings["shop 1.3.0"] == "interrupted"
    assert plan.status == 1
    assert "settle shop@1.3.0 resume" in plan.err


def test_in_another_home_a_refusal_names_the_silence_and_waiting_and_waiting_settles_it(
    shell: Shell, tmp_path: Path
) -> None:
    killed(shell.pool, tmp_path / "killed", SNAPSHOT_TAKEN, LONG_LEASE_S)

    settled = shell.say("settle", "shop@1.3.0", "undo")
    promoted = shell.say("promote", "shop@1.3.0", "--to", "production")
    status = shell.say("status")

    for refused in (settled, promoted):
        assert (refused.status, refused.out) == (1, "")
        assert "has not moved for" in refused.err
        assert "after 300 s its console counts as dead" in refused.err
        assert "`--wait`" in refused.err
        assert refused.err.count("root at") == 1
    assert "! running: Promote shop 1.3.0" in status.out
    assert "has not moved for" in status.out


def test_in_another_home_waiting_outlasts_the_lease(shell: Shell, tmp_path: Path) -> None:
    killed(shell.pool, tmp_path / "killed", SNAPSHOT_TAKEN, SHORT_LEASE_S)

    settled = shell.say("settle", "shop@1.3.0", "undo", "--wait")
    shown = shell.say("config", "show", "shop@1.3.0", "--json").document

    assert settled.status == 0, settled.err
    assert (shown["stage"], shown["standing"]) == ("staging", "whole")
    rows = json.loads(shell.say("audit", "list", "--json").out)
    assert "command.refused" not in [row["event"] for row in rows]
