"""Every verb of the command line, on a pool of its own."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from tests.workflows import guarded, put_on
from xsconsole.domain.workflow.gates import Checklist


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with embedded_pool("--speed", "20") as pool:
        yield Shell(home=tmp_path / "home", pool=pool)


def test_looking_needs_no_key_and_changes_nothing(shell: Shell) -> None:
    looker = replace(shell, passphrase=None)
    shell.pool.calls()

    status = looker.say("status", "--json")
    listed = looker.say("config", "list", "--json")
    plan = looker.say("plan", "shop@staging", "--to", "production", "--json")
    workflow = looker.say("workflow", "show", "--json")

    assert [said.status for said in (status, listed, plan, workflow)] == [0, 0, 0, 0]
    assert status.document["pool"]["name"] == "acme"
    assert {(one["service"], one["version"]) for one in listed.document} >= {("shop", "1.3.0"), ("crm", "7.1")}
    assert len(plan.document["digest"]) == 64
    assert [step["action"]["type"] for step in plan.document["steps"]].count("snapshot") == 4
    assert [stage["name"] for stage in workflow.document["stages"]][-1] == "Production"
    writing = [call["method"] for call in shell.pool.calls() if "add_to" in call["method"] or "set_" in call["method"]]
    assert writing == []


def test_a_configuration_goes_to_production_and_back_and_the_record_says_so(shell: Shell) -> None:
    plan = shell.say("plan", "shop@staging", "--to", "Production", "--json").document["digest"]

    dry = shell.say("promote", "shop@staging", "--dry-run", "--json")
    assert (dry.document["digest"], "crm" in dry.err) == (plan, False)
    there = shell.say("promote", "shop@staging", "--to", "Production", "--plan", plan[:12], "--reason", "release 1.3")
    back = shell.say("demote", "shop@production", "--to", "staging", "--disks", "restore", "--json")

    assert there.status == 0, there.err
    assert "stands in Production now" in there.out
    assert back.status == 0, back.err
    assert back.document["state"] == "done"
    assert "leaves the machines" in back.err
    shown = shell.say("config", "show", "shop@staging", "--json").document
    assert (shown["stage"], shown["standing"], len(shown["members"])) == ("staging", "whole", 4)
    listed = shell.say("restore-point", "list", "shop@staging", "--json").document
    assert [(one["transition"], one["is_set_aside"], one["kept"]) for one in listed] == [
        ("staging-to-production", False, "kept until somebody removes it"),
        ("production-to-staging", True, "kept until somebody removes it"),
    ]
    assert all(0 < one["taken_bytes"] == sum(part["taken_bytes"] for part in one["storage"]) for one in listed)
    told = shell.say("restore-point", "list").out
    assert "Staging → Production" in told
    assert "All of it takes " in told
    removed = shell.say("restore-point", "remove", "shop@staging", *(one["run"][:8] for one in listed), "--json")
    assert (removed.status, "cannot be brought back" in removed.err) == (0, True), removed.err
    assert removed.document["configuration"]["restore_points"] == []
    rows = shell.say("audit", "list", "--json", "--limit", "500").document
    closed = [(row["target"], row["outcome"]) for row in rows if row["event"] == "run.closed"]
    assert closed == [("staging", "done"), ("staging", "done"), ("production", "done")]
    assert any(row["reason"] == "release 1.3" for row in rows)
    verified = shell.alone("audit", "verify")
    assert verified.status == 3
    assert "BAD" not in verified.out
    assert "?   keys: Key unknown" in verified.out
    (keys,) = [check for check in shell.alone("audit", "verify", "--json").document if check["check"] == "keys"]
    assert (keys["is_good"], keys["is_vouched"]) == (True, False)
    own = json.loads((shell.home / "settings.json").read_bytes())["key"]
    vouched = shell.alone("audit", "verify", "--key", own, "--pool", "http://127.0.0.1:9")
    assert (vouched.status, "?   keys" in vouched.out, "?   anchors" in vouched.out) == (0, False, True)
    assert "A pool was not asked for its anchors." in vouched.err
    assert shell.alone("audit", "verify", "--key", "0" * 64).status == 1
    asked = shell.say("audit", "verify", "--key", own)  # the pool that is named keeps an anchor of each promotion
    told = next(line for line in asked.out.splitlines() if "anchors" in line)
    assert (asked.status, told[:28], "acme" in told) == (0, "ok  anchors: It agrees with ", True), told
    earlier = cut_copy(shell.home)
    assert shell.alone("audit", "verify", str(earlier), "--key", own).status == 3
    found = shell.say("audit", "verify", str(earlier), "--key", own)
    assert (found.status, "BAD anchors: A head kept elsewhere" in found.out) == (1, True), found.out


def cut_copy(home: Path) -> Path:
    """Return a copy of a record whose end is gone, with all signatures of it."""
    copy = home / "copy.db"
    with closing(sqlite3.connect(home / "console.db")) as source, closing(sqlite3.connect(copy)) as file:
        source.backup(file)
        for name, seq in (("value", "seq"), ("signature", "last_seq"), ("head", "seq"), ("anchor", "seq"), ("", "seq")):
            table = f"audit_{name}" if name else "audit"
            file.execute(f"DROP TRIGGER {table}_refuses_DELETE")
            file.execute(f"DELETE FROM {table} WHERE {seq} > (SELECT min(last_seq) FROM audit_signature)")
        file.commit()
    return copy


def test_configurations_are_made_changed_and_dissolved(shell: Shell) -> None:
    made = shell.say(
        "config", "create", "tools", "1.0", "--stage", "Integration", "--vm", "web=jumpbox", "--vm", "build-1"
    )
    added = shell.say("config", "add", "tools", "--vm", "monitoring")
    removed = shell.say("config", "remove", "tools", "--vm", "build-1")

    assert [said.status for said in (made, added, removed)] == [0, 0, 0], (made.err, added.err, removed.err)
    shown = shell.say("config", "show", "tools", "--json").document
    assert {member["role"] for member in shown["members"]} == {"web", "monitoring"}

    with shell.pool.plain_session() as session:
        (vm,) = session.xenapi.VM.get_by_name_label("monitoring")
        session.xenapi.VM.hard_shutdown(vm)
        session.xenapi.VM.destroy(vm)
    broken = shell.say("config", "show", "tools", "--json").document
    refused = shell.say("promote", "tools", "--to", "patch-testing")
    mended = shell.say("config", "adopt", "tools")

    assert broken["standing"] == "incomplete"
    assert any("monitoring" in problem for problem in broken["problems"])
    assert (refused.status, refused.out) == (1, "")
    assert "incomplete" in refused.err
    assert mended.status == 0, mended.err
    assert "monitoring (" in mended.err
    assert "is no member any more: it is gone from the pool" in mended.err
    gone = shell.say("config", "dissolve", "tools")
    assert gone.status == 0, gone.err
    assert shell.say("config", "show", "tools").status == 1
    with shell.pool.plain_session() as session:
        (vm,) = session.xenapi.VM.get_by_name_label("jumpbox")
        assert not [key for key in session.xenapi.VM.get_other_config(vm) if key.startswith("xsconsole.")]


def test_a_clone_that_went_astray_is_named_with_what_can_be_done_about_it(shell: Shell) -> None:
    made = shell.say("config", "create", "wiki", "1", "--stage", "integration", "--vm", "old-wiki")
    assert made.status == 0, made.err
    with shell.pool.plain_session() as session:
        (vm,) = session.xenapi.VM.get_by_name_label("old-wiki")
        uuid = session.xenapi.VM.get_uuid(session.xenapi.VM.clone(vm, "copy of wiki"))

    status = shell.say("status")
    wrong = shell.say("config", "remove", "wiki", "--vm", "jumpbox")
    removed = shell.say("config", "remove", "wiki", "--vm", uuid)

    assert status.status == 0  # it told what it was asked for; scripts read --json
    assert f"`xsconsole config adopt wiki@1 --vm {uuid}` takes it in" in status.out
    assert f"`xsconsole config remove wiki@1 --vm {uuid}` removes the mark" in status.out
    assert "Not a member of “wiki 1”: jumpbox." in wrong.err
    assert removed.status == 0, removed.err
    assert "stray" not in shell.say("status").out


def test_a_workflow_is_listed_shown_and_exported(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "release.json"

    listed, shown = shell.say("workflow", "list"), shell.say("workflow", "show")
    exported = shell.say("workflow", "export", "release", "--out", str(out))

    assert [said.status for said in (listed, shown, exported)] == [0, 0, 0], exported.err
    assert "Release to production" in listed.err  # nothing is published before the first command that changes
    assert "production" in shown.out.casefold()
    assert b'"stages"' in out.read_bytes()


def test_a_failing_step_is_put_back_and_said(shell: Shell) -> None:
    shell.pool.control(
        "fail", method="VM.snapshot", nth=3, code="SR_BACKEND_FAILURE_44", params=["", "no space", "[opterr]"]
    )

    ended = shell.say("promote", "shop@staging", "--to", "production")

    assert ended.status == 1
    assert "There is not enough room in the storage" in ended.err
    assert "put back" in ended.err
    shown = shell.say("config", "show", "shop@staging", "--json").document
    assert (shown["stage"], shown["standing"], shown["restore_points"]) == ("staging", "whole", [])


def test_a_checklist_is_answered_word_by_word_or_nothing_happens(shell: Shell, tmp_path: Path) -> None:
    put_on(shell.pool, guarded(Checklist(items=("Told the users", "Looked at the report"))))
    promote = ("promote", "shop@staging", "--to", "production")

    plan = shell.say("plan", "shop@staging", "--to", "production", "--json").document
    read = shell.say("plan", "shop@staging", "--to", "production")
    file = tmp_path / "back.json"
    file.write_text(shell.say("plan", "shop@staging", "--to", "patch-testing", "--json").out)
    beside = shell.say("plan", "shop@staging", "--to", "production", "--against", str(file))
    same = shell.say("plan", "shop@staging", "--to", "patch-testing", "--against", str(file), "--json").document
    file.write_text("[]")
    none = shell.say("plan", "shop@staging", "--to", "production", "--against", str(file))
    half = shell.say(*promote, "--yes-to", "Told the users")
    whole = shell.say(*promote, "--yes-to", "Told the users", "--yes-to", "Looked at the report")

    assert plan["questions"] == ["Told the users", "Looked at the report"]
    assert "  ? Told the users\n  ? Looked at the report\n" in read.out
    assert f"  beside {file}: Demote shop 1.3.0 from Staging to Patch testing" in beside.out
    assert "  - The disks stay as they are now.\n" in beside.out
    assert "  + asks: Told the users\n" in beside.out
    assert "Write the stage" not in beside.out
    assert (same["against"]["digest"], same["against"]["only_there"]) == (same["digest"], [])
    assert (none.status, "The file holds no plan of one configuration." in none.err) == (1, True)
    assert half.status == 1
    assert "Not answered with yes: Looked at the report." in half.err
    assert whole.status == 0, whole.err
