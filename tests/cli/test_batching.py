"""Several configurations go together from the command line, and each has its own result."""

from pathlib import Path

from embedded import embedded_pool

from tests.cli.shell import Shell


def test_several_names_are_one_plan_and_who_cannot_go_stops_all_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    with embedded_pool("--speed", "50") as pool:
        shell = Shell(home=tmp_path / "home", pool=pool)
        both = ("crm@7.1.1", "shop@1.3.0")

        planned = shell.say("plan", *both, "--to", "production", "--json")
        refused = shell.say("promote", *both, "--to", "production")
        done = shell.say("promote", *both, "--to", "production", "--go-on", "--json")
        alone = shell.say("promote", *both, "--to", "production", "--stop-first")

    assert planned.status == 1
    assert [part["state"] for part in planned.document["parts"]] == ["refused", "waiting"]
    assert refused.status == 1
    assert "crm 7.1.1 cannot go; nothing was changed." in refused.err
    assert done.status == 1
    assert [(part["name"], part["state"]) for part in done.document["parts"]] == [
        ("crm 7.1.1", "refused"),
        ("shop 1.3.0", "done"),
    ]
    assert "--stop-first is for one configuration" in alone.err
