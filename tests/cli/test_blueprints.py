"""The library on the command line: captured, edited as a file, published, compared, retired; all gone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from tests.console.pool_state import footprint

NAME = "payroll@patch-testing"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with embedded_pool("--speed", "500") as pool:
        yield Shell(home=tmp_path / "home", pool=pool)


def test_the_life_of_a_blueprint(shell: Shell, tmp_path: Path) -> None:
    assert "payroll" in shell.say("config", "list").out  # the workflow stands from then on
    before = footprint(shell.pool)

    made = shell.say("blueprint", "capture", NAME, "--as", "Pay <b>", "--reason", "to make more of it", "--json")
    assert made.status == 0, made.err
    one = shell.say("blueprint", "show", "pay <b>", "--json").document
    assert (one["name"], one["version"], one["findings"]) == ("Pay <b>", 1, [])
    assert (one["is_usable"], one["is_gold"], one["blueprint"]) == (True, False, made.document["blueprint"])

    file = tmp_path / "pay.json"
    document = one["document"]
    document["members"][0]["user_data"] = "#cloud-config\nhostname: {{ nobody }}\n"
    file.write_text(json.dumps(document))
    checked = shell.say("blueprint", "check", str(file))
    assert (checked.status, "uses “nobody”" in checked.out) == (1, True)
    document["members"][0]["user_data"] = "#cloud-config\nhostname: {{ machine }}\n"
    file.write_text(json.dumps(document))
    draft = shell.say("blueprint", "import-document", str(file), "--json").document["draft"]
    assert "user data: none → 2 lines, line 1: #cloud-config" in shell.say("blueprint", "diff", "Pay <b>@1", draft).out
    published = shell.say("blueprint", "publish", draft, "--changes", "cloud-init")
    assert (published.status, published.out) == (0, "Published version 2 of Pay <b>\n"), published.err

    document["members"][0]["user_data"] = "#cloud-config\nhostname: {{ role }}\n"
    file.write_text(json.dumps(document))  # still of version 1
    third = shell.say("blueprint", "publish", str(file), "--changes", "role")
    assert third.out == "Published version 3 of Pay <b>\n", third.err
    assert "began with version 1: what later ones up to version 2 changed is not in it" in third.err
    shell.say("blueprint", "retire", "Pay <b>", "--at-version", "3", "--reason", "old")

    whole = tmp_path / "pay.xsblueprint"
    exported = shell.say("blueprint", "export", "Pay <b>@2", "--out", str(whole), "--json")
    assert (exported.status, exported.document["version"]) == (0, 2), exported.err
    kept = shell.say("blueprint", "retire", "Pay <b>", "--at-version", "1", "--reason", "old")
    assert (kept.status, kept.out) == (0, "No template was removed.\n"), kept.err
    gone = shell.say("blueprint", "retire", "Pay <b>", "--at-version", "2", "--reason", "old", "--json")
    assert len(gone.document["removed"]) == len(document["members"])
    dry = shell.say("blueprint", "import", str(whole), "--dry-run")
    assert (dry.status, "Whole: " in dry.err) == (0, True), dry.err
    back = shell.say("blueprint", "import", str(whole), "--reason", "back")
    assert (back.status, "are in the library" in back.out) == (0, True), back.err
    gone = shell.say("blueprint", "retire", "Pay <b>", "--at-version", "4", "--reason", "old", "--json")
    assert len(gone.document["removed"]) == len(document["members"])
    after = footprint(shell.pool)
    assert [key for key in after["keys"] if "blueprint" in key] == [f"xsconsole.blueprint_retired.{one['blueprint']}"]
    assert after["machines"] == before["machines"]
    rows = shell.say("audit", "list").out
    assert "Published the blueprint: Pay <b>" in rows
    assert "Retired the blueprint: Pay <b>" in rows
    assert "Exported the blueprint: Pay <b>" in rows
