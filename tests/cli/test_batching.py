"""Several configurations go together from the command line, and each has its own result."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from embedded import embedded_pool

from tests.cli.shell import Shell


def test_several_names_are_one_plan_and_who_cannot_go_stops_all_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    with embedded_pool("--speed", "50") as pool:
        shell = Shell(home=tmp_path / "home", pool=pool)
        both = ("crm@7.1.1", "shop@1.3.0")

        refused = shell.say("promote", *both, "--to", "production")
        planned = shell.say("plan", *both, "--to", "production", "--json")
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


def test_a_full_stage_is_waited_for_where_that_is_asked_for_and_else_refused_with_how(tmp_path: Path) -> None:
    with embedded_pool("--speed", "50") as pool, ThreadPoolExecutor(1) as beside:
        shell = Shell(home=tmp_path / "home", pool=pool)
        other = Shell(home=tmp_path / "other", pool=pool)

        refused = shell.say("promote", "crm@7.1.1", "--to", "production")
        waiting = beside.submit(shell.say, "promote", "crm@7.1.1", "--to", "production", "--queue")
        gone = other.say("demote", "crm@7.1", "--to", "staging")
        waited = waiting.result()
        rows = [row for row in shell.say("audit", "list", "--json").document if row["event"].startswith("queue.")]
        listed = shell.say("queue", "list")
        unknown = shell.say("queue", "cancel", "crm@7.1.1")

    assert refused.status == 1
    assert "--queue" in refused.err
    assert gone.status == 0, gone.err
    assert waited.status == 0, waited.err
    assert "stands in Production now" in waited.out
    assert [row["event"] for row in rows] == ["queue.began", "queue.joined"]
    assert rows[0]["run"] is not None
    assert listed.out == "Nothing waits for a place in this console.\n"
    assert "waits for no place in this console" in unknown.err
