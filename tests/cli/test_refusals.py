"""What goes wrong on a command line: one clear sentence, the right exit status, nothing lost."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Said, Shell


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
def shell(pool: EmbeddedPool, tmp_path: Path) -> Shell:
    return Shell(home=tmp_path / "home", pool=pool)


def refused(said: Said, *parts: str) -> None:
    """Assert that the command was refused in words that have these parts, and without a word on standard output."""
    assert (said.status, said.out) == (1, ""), said
    assert said.err.startswith("xsconsole: ")
    assert "Traceback" not in said.err
    for part in parts:
        assert part.casefold() in said.err.casefold(), said.err


def test_a_wrong_password(shell: Shell) -> None:
    refused(replace(shell, password="wrong").say("status"), "password")


def test_an_address_where_nobody_answers(shell: Shell) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        refused(replace(shell, pool=replace(shell.pool, url=url)).say("status"), url)


def test_an_unknown_configuration_or_stage(shell: Shell) -> None:
    refused(shell.say("config", "show", "nothing"), "nothing", "shop@1.3.0")
    failed = shell.say("promote", "nothing", "--to", "production", "--json")
    assert (failed.status, failed.document["error"]["kind"]) == (1, "NotFound"), failed.err
    assert "nothing" in failed.document["error"]["failed"]
    assert any("shop" in choice for choice in failed.document["error"]["choices"])
    assert failed.err.startswith("xsconsole: ")
    refused(shell.say("plan", "shop@staging", "--to", "nowhere"), "nowhere", "Production")


def test_a_name_that_fits_several(shell: Shell) -> None:
    refused(shell.say("plan", "crm", "--to", "production"), "crm", "7.1.1")


def test_a_stage_is_left_out_only_where_one_way_leads(shell: Shell) -> None:
    planned = shell.say("plan", "shop@staging", "--json")
    assert (planned.status, planned.document["intent"]["target"]) == (0, "production"), planned.err
    refused(shell.say("demote", "shop@staging"), "can be demoted to", "Integration", "Patch testing", "--to")
    refused(shell.say("promote", "crm@7.1"), "No way leads forward")


def test_a_way_that_the_workflow_does_not_have(shell: Shell) -> None:
    refused(shell.say("plan", "payroll@2026.5", "--to", "production"), "no way", "Patch testing")
    refused(shell.say("promote", "crm@7.1.1", "--to", "production"), "crm 7.1")


def test_another_plan_than_the_one_seen(shell: Shell) -> None:
    refused(shell.say("promote", "shop@staging", "--to", "production", "--plan", "0" * 12), "plan")


def test_a_role_that_may_only_read(shell: Shell) -> None:
    reader = replace(shell, user="eve")

    status = reader.say("status", "--json")

    assert status.status == 0
    assert status.document["role"] == "read-only"
    refused(reader.say("promote", "shop@staging", "--to", "production"), "read-only", "pool-operator")


def test_a_home_that_cannot_be_used(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    refused(replace(shell, home=tmp_path / "file").say("status"), "file")
    refused(replace(shell, home=tmp_path / "file" / "below").say("status"), "file")


def test_a_damaged_database_is_kept_as_it_is(shell: Shell) -> None:
    shell.home.mkdir()
    damaged = b"this is no database at all\n" * 100
    (shell.home / "console.db").write_bytes(damaged)

    refused(shell.say("promote", "shop@staging", "--to", "production"), "console.db")

    assert (shell.home / "console.db").read_bytes() == damaged


def test_no_passphrase_and_a_wrong_one(shell: Shell) -> None:
    refused(
        replace(shell, passphrase=None).say("promote", "shop@staging", "--to", "production"), "XSCONSOLE_PASSPHRASE"
    )
    refused(shell.say("promote", "crm@7.1.1", "--to", "production"), "crm 7.1")

    refused(replace(shell, passphrase="another").say("promote", "shop@staging", "--to", "production"), "passphrase")


def test_words_that_are_no_command(shell: Shell) -> None:
    for words in (
        ("archive", "verify", "a", "--key", "66a3381c"),
        ("promote",),
        ("frobnicate",),
        ("config",),
        ("promote", "shop", "--t", "x"),
    ):
        said = shell.say(*words)

        assert (said.status, said.out) == (2, "")
        assert "usage" in said.err
    assert "usage: xsconsole promote" in said.err
    assert "unrecognized arguments: --frobnicate" in shell.say("config", "list", "--frobnicate").err
    assert "usage: xsconsole config list" in shell.say("config", "list", "--frobnicate").err


def test_a_certificate_nobody_knows_and_one_that_changed(tmp_path: Path) -> None:
    with embedded_pool("--tls") as pool:
        shell = Shell(home=tmp_path / "home", pool=pool)
        assert pool.fingerprint is not None

        refused(shell.say("status"), pool.fingerprint, "--fingerprint")
        assert shell.say("status", "--fingerprint", pool.fingerprint).status == 0
        assert shell.say("status").status == 0
        changed = shell.say("status", "--fingerprint", "00" * 32)
        refused(changed, "another certificate", f"--fingerprint {pool.fingerprint}")
        other_spelling = replace(pool, url=pool.url.removeprefix("https://").upper() + "/")
        assert replace(shell, pool=other_spelling).say("status").status == 0
        assert (shell.home / "settings.json").read_text().count('"url"') == 1


@pytest.mark.parametrize("words", [("status",), ("config", "list", "--json"), ("audit", "list")])
def test_output_that_cannot_be_written_is_one_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    shell.say("promote", "nothing", "--to", "production")
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            shell.command(*words), env=shell.environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert ended.returncode == 1
    assert ended.stderr == "xsconsole: The output cannot be written: No space left on device.\n"


def test_who_can_say_nothing_at_all_still_ends_with_its_status(shell: Shell) -> None:
    with open("/dev/full", "wb") as full:
        speechless = subprocess.run(
            shell.command("config", "show", "nothing"), env=shell.environment(), stdout=full, stderr=full, check=False
        )

    assert speechless.returncode == 1


def test_a_password_in_an_address_is_refused_and_kept_nowhere(shell: Shell) -> None:
    address = shell.pool.url.replace("://", "://root:not+secret@")
    careless = replace(shell, pool=replace(shell.pool, url=address))

    for said in (careless.say("status"), careless.say("promote", "shop@staging", "--to", "production")):
        refused(said, "user or a password", "apart from it")
        assert "not+secret" not in said.err
    for path in shell.home.rglob("*"):
        assert not path.is_file() or b"not+secret" not in path.read_bytes()


def test_a_fingerprint_that_is_none_is_refused_and_so_is_one_without_tls(shell: Shell) -> None:
    refused(
        replace(shell, pool=replace(shell.pool, url="https://127.0.0.1")).say("status", "--fingerprint", "zz"), "zz"
    )
    refused(shell.say("status", "--fingerprint", "00" * 32), "without TLS")
    assert shell.say("status").status == 0


def test_hostile_names_do_not_reach_the_terminal_raw(shell: Shell) -> None:
    name = "\x1b[31m<script>\x07 \u202e=cmd() 😀 " + "x" * 10_000
    with shell.pool.plain_session() as session:
        (vm,) = session.xenapi.VM.get_by_name_label("old-wiki")
        session.xenapi.VM.set_name_label(vm, name.replace("\x1b", "").replace("\x07", ""))
        uuid = session.xenapi.VM.get_uuid(vm)

    made = shell.say("config", "create", "wiki =1+1", "😀", "--stage", "integration", "--vm", uuid)
    shown = shell.say("config", "show", "wiki =1+1")

    assert made.status == 0, made.err
    assert shown.status == 0
    for text in (made.out, made.err, shown.out):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
        assert max(map(len, text.splitlines()), default=0) < 400


def test_what_is_refused_before_it_is_a_command_leaves_one_row_and_asking_leaves_none(shell: Shell) -> None:
    asked = (
        ("promote", "nothing", "--to", "production", "--reason", "why not"),
        ("promote", "payroll@2026.5", "--to", "production"),
        ("demote", "payroll@2026.5", "--to", "patch-testing"),
        ("promote", "crm@7.1.1", "--to", "production"),
        ("promote", "shop@staging", "--to", "production", "--plan", "0" * 12),
        ("config", "remove", "shop@staging", "--vm", "nothing"),
        ("settle", "shop@staging", "undo"),
    )

    for words in asked:
        refused(shell.say(*words))
    refused(shell.say("plan", "payroll@2026.5", "--to", "production"))
    rows = [row for row in shell.say("audit", "list", "--json").document if row["event"] == "command.refused"]

    assert len(rows) == len(asked), [row["sentence"] for row in rows]
    assert {row["outcome"] for row in rows} == {"refused"}
    first, second = rows[-1], rows[-2]
    assert first["details"] == {"what": "promote nothing to production", "asked_for_because": "why not"}
    assert "No configuration is called" in first["reason"]
    assert (second["configuration_name"], second["source"]) == ("payroll 2026.5", "integration")


def test_a_role_that_may_not_leaves_a_row_of_its_refusal(shell: Shell) -> None:
    refused(replace(shell, user="eve").say("promote", "shop@staging", "--to", "production"), "read-only")
    refused(replace(shell, user="eve").say("settle", "shop@staging", "undo"), "read-only")

    rows = shell.say("audit", "list", "--json").document

    assert [row["outcome"] for row in rows if row["event"] == "command.refused"] == ["refused", "refused"]


def test_wrong_numbers_are_told_what_would_be_right(shell: Shell) -> None:
    for words, sentence in (
        (("audit", "list", "--limit", "many"), "a whole number of at least 1, not many"),
        (("demo", "--speed", "nan"), "a number from 0.001 to 1000, not nan"),
    ):
        said = shell.say(*words)

        assert (said.status, said.out) == (2, "")
        assert sentence in said.err
