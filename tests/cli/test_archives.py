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


def test_an_archive_in_the_pool_is_made_listed_verified_brought_back_and_deleted(shell: Shell) -> None:
    refused = shell.say("archive", "create", NAME, "--full-copy")
    assert (refused.status, "only an archive in a pool has that" in refused.err) == (1, True)
    made = shell.say("archive", "create", NAME, "--in-pool", "--reason", "the year is over")
    assert made.status == 0, made.err
    assert "Its archive is" in made.out
    found = shell.say("archive", "list", "payroll", "--in-pool")
    assert (found.status, "in pool acme" in found.out) == (0, True), found.err
    document = shell.say("archive", "show", "payroll", "--in-pool", "--json").document
    assert (document["is_whole"], document["findings"], len(document["templates"])) == (True, [], 2)

    with shell.pool.plain_session() as session:
        template = session.xenapi.VM.get_by_uuid(document["templates"][0])
        was = session.xenapi.VM.get_name_description(template)
        session.xenapi.VM.set_name_description(template, "not mine")
    changed = shell.say("archive", "verify", "payroll", "--in-pool", "--json")
    assert (changed.status, [one["fault"] for one in changed.document["findings"]]) == (1, ["changed"])
    with shell.pool.plain_session() as session:
        session.xenapi.VM.set_name_description(template, was)
    back = shell.say("archive", "restore", "payroll", "--in-pool", "--to", "Integration", "--json")
    assert back.status == 0, back.err
    assert back.document["configuration"]["origin"]["archive"] == document["document"]["id"]
    retired = shell.say("archive", "create", back.document["configuration"]["id"], "--retire")
    assert (retired.status, "is in the archive of its pool now" in retired.out) == (0, True), retired.err

    deleted = shell.say("archive", "delete", document["document"]["id"][:8], "--in-pool")
    assert (deleted.status, "Delete the archive of payroll 2026.4: done" in deleted.out) == (0, True), deleted.err


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

    into = ("--to", "Patch testing", "--sr", "SAN-gold", "--names", "{role} 2")
    planned = shell.say("archive", "replicate", "payroll", *into, "--dry-run")
    assert (planned.status, "It is a replica to be looked into" in planned.out) == (0, True), planned.err
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

    assert shell.say("archive", "hold", "payroll", "--reason", "the audit").status == 0
    held = shell.say("archive", "delete", "payroll", "--dry-run")
    assert (held.status, held.out, "is held by" in held.err) == (1, "", True)
    assert shell.say("archive", "release", "payroll", "--reason", "it is over").status == 0

    deleted = shell.say("archive", "delete", back.document["archive"][:8])
    assert (deleted.status, folder.exists()) == (0, False)
    assert "It was to be kept until 2096-01-01 00:00 UTC" in deleted.out
    assert "are free again" in deleted.out
