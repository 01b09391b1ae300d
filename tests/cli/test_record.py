"""A record that vanished, was cut or is another one: noticed, and gone on with only on purpose."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Shell
from tests.reports.bundles import contents

PROMOTE = ("promote", "shop@staging", "--to", "production")
FILES = ("console.db", "console.db-wal", "console.db-shm")


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
def shell(pool: EmbeddedPool, tmp_path: Path) -> Shell:
    """Somebody whose home has a record already."""
    made = Shell(home=tmp_path / "home", pool=pool)
    refused = made.say("promote", "nothing", "--to", "production")
    assert "No configuration is called" in refused.err
    return made


def vanish(home: Path) -> None:
    for name in FILES:
        (home / name).unlink(missing_ok=True)


def empty(home: Path) -> None:
    vanish(home)
    (home / "console.db").touch()


@pytest.mark.parametrize("lose", [vanish, empty])
def test_a_record_that_vanished_is_missed_until_somebody_goes_on_without_it(
    shell: Shell, lose: Callable[[Path], None]
) -> None:
    nothing = shell.say("audit", "accept")
    lose(shell.home)

    refused = [shell.say(*PROMOTE), shell.say("audit", "list"), shell.alone("audit", "verify")]
    status = shell.say("status")
    accepted = shell.say("audit", "accept")
    after = shell.say(*PROMOTE, "--plan", "0" * 12)
    rows = shell.say("audit", "list", "--json").document

    assert (nothing.status, "nothing to accept" in nothing.err) == (1, True)
    for said in refused:
        assert (said.status, said.out) == (1, "")
        assert "is gone" in said.err
        assert "xsconsole audit accept" in said.err
    assert (status.status, "is gone" in status.err) == (0, True)
    assert accepted.status == 0, accepted.err
    assert "The plan is not" in after.err
    assert (rows[-1]["seq"], rows[-1]["event"]) == (1, "record.accepted")
    board = shell.say("audit", "board", "--json").document["pools"][0]["configurations"]
    assert {"staging", "shop 1.3.0"} <= {one[name] for one in board for name in ("stage", "name")}
    assert "shop 1.3.0" in shell.say("audit", "board", "--row", str(rows[0]["seq"])).out
    assert "?   No row up to here tells of a pool." in shell.say("audit", "board", "--at", "2000-01-01").out
    assert rows[-1]["details"]["remembered_seq"] > 1
    assert shell.alone("audit", "verify").status == 3


def test_an_earlier_copy_of_the_record_is_told_from_the_one_that_is_remembered(shell: Shell, tmp_path: Path) -> None:
    shutil.copytree(shell.home, tmp_path / "backup")
    shell.say("promote", "nothing", "--to", "production")
    vanish(shell.home)
    for name in FILES:
        if os.path.exists(tmp_path / "backup" / name):
            shutil.copy(tmp_path / "backup" / name, shell.home / name)

    refused = shell.say(*PROMOTE)
    verified = shell.alone("audit", "verify")
    accepted = shell.say("audit", "accept")

    assert (refused.status, refused.out) == (1, "")
    assert "an earlier copy" in refused.err
    assert verified.status == 1
    assert "BAD memory" in verified.out
    assert accepted.status == 0, accepted.err
    assert "is kept as it was, in set-aside/" in accepted.out
    assert shell.alone("audit", "verify").status == 3


def test_a_record_is_sealed_when_it_is_long_and_set_aside_when_it_is_broken_or_cannot_be_opened(shell: Shell) -> None:
    sealed = shell.say("audit", "rotate", "--json").document
    listed = shell.say("audit", "list", "--json").document
    whole = shell.alone("audit", "verify")
    with closing(sqlite3.connect(shell.home / "console.db")) as file, file:
        file.execute("DROP TRIGGER audit_value_refuses_UPDATE")
        file.execute(
            "UPDATE audit_value SET value = x'00' WHERE name = 'os_user' AND seq = ?", (sealed["last_seq"] + 2,)
        )
    broken = shell.alone("audit", "verify")
    left = shell.alone("audit", "export", "--out", str(shell.home.parent / "broken.xsaudit"))
    refused, looked = shell.alone("audit", "anchor"), shell.alone("audit", "list", "--limit", "1")
    first = shell.say("audit", "accept")
    vanish(shell.home)
    (shell.home / "console.db").write_bytes(b"no database" * 1000)
    second = shell.say("audit", "accept")
    rows = shell.say("audit", "list", "--json").document

    assert [row["seq"] for row in reversed(listed)] == list(range(1, len(listed) + 1))
    assert (whole.status, "The sealed file is as it was when sealed" in whole.out) == (3, True)
    assert (broken.status, "xsconsole audit accept" in broken.err) == (1, True)
    assert (left.status, "BAD" in left.out, "is added to the record all the same" in left.err) == (1, True, True)
    assert (refused.status, "does not verify" in refused.err, "audit accept" in refused.err) == (1, True, True)
    assert (looked.status, "Looking goes on" in looked.err, "not on record" in looked.err) == (0, True, True)
    assert (first.status, "does not match its hash" in first.out) == (0, True), first.err
    assert (second.status, "The database is damaged" in second.out) == (0, True), second.err
    assert [row["event"] for row in rows[-2:]] == ["record.accepted", "record.set-aside"]
    assert rows[-2]["details"]["remembered_seq"] > 1
    aside = sorted(path.read_bytes()[:11] for path in (shell.home / "set-aside").iterdir())
    assert aside == [b"SQLite form", b"no database"]
    assert shell.alone("audit", "verify").status == 3


def test_a_bundle_is_left_for_somebody_else_who_checks_it_without_the_home(shell: Shell, tmp_path: Path) -> None:
    file = str(tmp_path / "all.xsaudit")

    made = shell.say("audit", "export", "--out", file, "--json", "--redact", "addresses,reasons")
    again = shell.say("audit", "export", "--out", file)
    nothing = shell.say("audit", "export", "--out", file, "--force", "--service", "nothing")
    unknown = shell.say("audit", "export", "--out", file, "--redact", "everything")
    manifest = json.loads(contents(Path(file).read_bytes())["MANIFEST"])
    head = f"{manifest['head']['seq']}:{manifest['head']['digest']}"
    given = ("--key", manifest["fingerprint"].upper(), "--head", head)
    checks = [
        shell.alone("audit", "verify", file),
        shell.alone("audit", "verify", file, *given),
        shell.alone("audit", "verify", file, "--key", "0" * 64),
        shell.alone("audit", "verify", str(shell.home / "console.db"), *given),
        shell.alone("audit", "verify", str(shell.home / "settings.json")),
        shell.alone("audit", "verify", str(tmp_path / "none")),
        shell.alone("audit", "verify", *given),
    ]
    newest = shell.say("audit", "list", "--json", "--limit", "4").document
    anchored = shell.say("audit", "anchor", "--into", str(tmp_path / "anchors"), "--json").document
    verified = shell.alone("audit", "verify").out
    (anchor,) = (tmp_path / "anchors").iterdir()
    heads = [shell.alone("audit", "verify", "--head", str(anchor))]
    odd = tmp_path / "odd.anchor.json"
    odd.write_text(anchor.read_text().replace(json.loads(anchor.read_text())["chain_id"], "be" * 16))
    heads.append(shell.alone("audit", "verify", "--head", str(odd)))

    assert [(check.status, "agrees with heads kept" in check.out) for check in heads] == [(3, True), (1, False)]
    assert "bears a signature that does not fit" in heads[1].out
    assert made.status == 0, made.err
    assert made.document["shown"] == manifest["shown"] == manifest["head"]["seq"]
    assert (again.status, "is there already" in again.err) == (1, True)
    assert (nothing.status, "No row of the audit fits" in nothing.err) == (1, True)
    assert (unknown.status, "people, addresses" in unknown.err) == (2, True)
    assert [check.status for check in checks] == [3, 0, 1, 0, 1, 1, 0]
    assert checks[1].out.count("ok  ") == 10
    assert "BAD files: It is no zip" in checks[4].out
    assert "cannot be read" in checks[5].err
    assert f"It agrees with heads kept elsewhere, up to row {manifest['head']['seq']}." in checks[6].out
    assert verified.count(f"up to row {anchored['seq']}") == 1
    assert len(list((tmp_path / "anchors").iterdir())) == 1
    assert [row["event"] for row in newest] == ["audit.read", "console.stopped", "export.closed", "export.opened"]
    assert newest[2]["outcome"] == "failed"


def test_the_board_that_the_rows_amount_to_is_compared_with_what_the_pool_shows_now(shell: Shell) -> None:
    agreed = shell.say("audit", "board", "--check", "--json")
    name = agreed.document["pools"][0]["configurations"][0]["members"][0]["name"]
    with shell.pool.plain_session() as session:
        vm = session.xenapi.VM.get_by_name_label(name)[0]
        session.xenapi.VM.set_name_label(vm, "renamed")
        differing = shell.say("audit", "board", "--check")
        session.xenapi.VM.set_name_label(vm, name)

    assert (agreed.status, agreed.document["check"]["is_good"]) == (0, True), agreed.err
    assert agreed.document["pools"]
    assert differing.status == 1
    assert "BAD" in differing.out
    assert "no console of this home was connected" in differing.out
    assert shell.say("audit", "board", "--check", "--row", "1").status == 2
    found = shell.say("audit", "reconcile", "--json")
    listing = shell.say("audit", "reconcile", "--since", "2026-01-01", "--all")
    id_ = agreed.document["pools"][0]["configurations"][0]["id"]
    cards = shell.say("config", "list", "--json").document
    listed = {each["id"]: each["changed_outside"] for each in cards}
    (named,) = (each for each in cards if each["id"] == id_)
    stood = f"{named['service']}@{named['stage']}"
    out = str(shell.home.parent / "one.xsaudit")
    exported = shell.say("audit", "export", "--configuration", stood, "--out", out, "--json")
    told = shell.say("config", "list").out, shell.say("config", "show", id_).out
    unsaid = shell.say("audit", "acknowledge", id_, "--reason", " ")
    said = shell.say("audit", "acknowledge", id_, "--reason", "agreed")
    again = shell.say("audit", "acknowledge", id_, "--reason", "agreed")

    assert found.status == listing.status == 3
    assert "    not ours: " in listing.out
    assert {(one["call"], one["whose"], one["number"]) for one in found.document["foreign"]} == {
        ("VM.set_name_label", "foreign", 2)
    }
    assert {key: len(rows) for key, rows in listed.items() if rows} == {id_: 1}
    assert exported.status == 0, exported.err
    assert id_ in json.loads(contents(Path(out).read_bytes())["MANIFEST"])["asked"][0]
    assert "OUTSIDE" in told[0]
    assert "! changed outside: " in told[1]
    assert (unsaid.status, "A reason is missing" in unsaid.err) == (1, True)
    assert (said.status, "1 change" in said.out) == (0, True), said.err
    assert (again.status, "not acknowledged" in again.err) == (1, True)
    assert shell.say("config", "show", id_, "--json").document["changed_outside"] == []
