"""Archives on the command line: made, listed, verified without a pool or a key, brought back, kept and deleted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from tests.console.pool_state import footprint

NAME = "payroll@patch-testing"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with embedded_pool("--speed", "500") as pool:
        yield Shell(home=tmp_path / "home", pool=pool)


def everything(shell: Shell) -> dict[str, Any]:
    """Return what a trial must have left as it was, networks among it."""
    with shell.pool.plain_session() as session:
        networks = {one["uuid"] for one in session.xenapi.network.get_all_records().values()}
    return {**footprint(shell.pool), "networks": networks}


def test_an_archive_is_made_verified_by_a_stranger_and_comes_back(shell: Shell, tmp_path: Path) -> None:
    made = shell.say(
        "archive", "create", NAME, "--out", str(tmp_path / "out"), "--reason", "the year is over", "--json"
    )
    assert made.status == 0, made.err
    folder = Path(made.document["folder"])
    assert (made.document["state"], made.document["is_confirmed"]) == ("done", True)

    # Somebody else, with no home, key or pool, is told that nobody vouches for the key.
    stranger = Shell(home=tmp_path / "elsewhere", pool=shell.pool, passphrase=None)
    unknown = stranger.say("archive", "verify", str(folder), "--unrecorded")
    assert (unknown.status, "which nobody here vouches for" in unknown.out) == (3, True)

    before = everything(shell)
    proven = shell.say("archive", "prove", "payroll", "--sr", "SAN-gold", "--reason", "the yearly trial")
    assert proven.status == 0, proven.err
    assert "Nothing is left of what was tried" in proven.out
    assert "on private networks: Every machine runs. The guest tools of" in proven.out
    assert everything(shell) == before
    shown = stranger.say("archive", "show", str(folder), "--json").document["proven_restorable"]
    assert (shown["place"], shown["failure"], shown["found"][0]) == ("", "", "Every machine runs.")

    back = shell.say("archive", "restore", "payroll", "--to", "Integration", "--sr", "SAN-gold", "--json")
    assert back.status == 0, back.err
    card = back.document["configuration"]
    same = shell.say("config", "compare", NAME, "--archive", "payroll", "--json")
    assert (same.status, same.document["differences"]) == (0, []), same.err
    assert (card["stage"], card["origin"]["archive"]) == ("integration", back.document["archive"])

    assert shell.say("archive", "keep", "payroll", "--until", "2096-01-01T00:00Z").status == 0

    twice = shell.say("archive", "compare", "payroll", str(folder), "--json")
    assert (twice.status, twice.document["differences"]) == (0, []), twice.err

    xva = sorted((folder / "members").iterdir())[0]
    xva.chmod(0o600)
    xva.write_bytes(xva.read_bytes()[:-512])
    broken = shell.say("archive", "verify", "payroll", "--json")
    assert (broken.status, [one["fault"] for one in broken.document["findings"]]) == (1, ["truncated"])

    deleted = shell.say("archive", "delete", back.document["archive"][:8])
    assert (deleted.status, folder.exists()) == (0, False)
    assert "It was to be kept until 2096-01-01 00:00 UTC" in deleted.out
    assert "are free again" in deleted.out
