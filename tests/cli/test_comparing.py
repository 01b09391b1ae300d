"""Two configurations are compared on the command line, and nothing is changed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with embedded_pool("--speed", "50") as pool:
        yield replace(Shell(home=tmp_path_factory.mktemp("home") / "home", pool=pool), passphrase=None)


def test_a_table_says_how_two_configurations_differ(shell: Shell) -> None:
    said = shell.say("config", "compare", "crm@7.1", "crm@7.1.1")

    assert said.status == 0, said.err
    assert "drift" in said.out.splitlines()[0]
    assert ["MAC" in line and "allowed: macs" in line for line in said.out.splitlines()].count(True) >= 2
    assert "What the disks hold" in said.err


def test_a_configuration_equals_itself_and_its_manifest_has_that_fingerprint(shell: Shell) -> None:
    compared = shell.say("config", "compare", "shop@staging", "shop@staging", "--json").document
    manifest = shell.say("config", "manifest", "shop@staging").document

    assert compared["differences"] == []
    assert {one["fingerprint"] for one in compared["configurations"]} == {manifest["fingerprint"]}
    assert [member["role"] for member in manifest["members"]] == sorted(
        member["role"] for member in manifest["members"]
    )


def test_one_that_nobody_knows_is_refused(shell: Shell) -> None:
    said = shell.say("config", "compare", "shop@staging", "nothing")

    assert said.status == 1
    assert "No configuration is called" in said.err


def test_one_is_compared_with_what_it_was_before_a_run_of_this_home(shell: Shell) -> None:
    writing = replace(shell, passphrase="a passphrase for tests")
    moved = writing.say("promote", "payroll@2026.4", "--to", "staging")
    assert moved.status == 0, moved.err

    times = shell.say("config", "compare", "payroll@2026.4", "--times", "--json").document
    said = shell.say("config", "compare", "payroll@2026.4", "--at", times[0]["at"], "--json").document

    # The record says the same as the snapshots, so one of them is told.
    assert [(one["known_by"], one["stage"]) for one in times] == [("restore point", "patch-testing")]
    assert [one["at"] for one in said["configurations"]] == [times[0]["at"], None]
    assert [one["sentence"] for one in said["differences"] if one["verdict"] == "drift"] == []


def test_a_time_of_which_nothing_is_known_is_refused_with_those_that_are(shell: Shell) -> None:
    said = shell.say("config", "compare", "crm@7.1", "--at", "2001-01-01T00:00+00:00")

    assert said.status == 1
    assert "Nothing is known of what" in said.err


def test_nothing_to_compare_with_is_refused(shell: Shell) -> None:
    said = shell.say("config", "compare", "crm@7.1")

    assert said.status == 1
    assert "--at" in said.err
