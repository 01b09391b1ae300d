"""Requests from the shell: three people, each with a home and a key of their own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool
from msgspec.structs import replace

from tests.approving import approved_by
from tests.cli.shell import Said, Shell
from tests.console.test_candidates import copied
from tests.workflows import put_on


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


class People:
    """Rita asks; Ann and Ben may approve."""

    def __init__(self, pool: EmbeddedPool, folder: Path) -> None:
        self.pool = pool
        self.folder = folder
        self.rita, self.ann, self.ben = (Shell(home=folder / name, pool=pool) for name in ("rita", "ann", "ben"))

    def keys(self) -> dict[str, str]:
        found = {}
        for name in ("rita", "ann", "ben"):
            one: Shell = getattr(self, name)
            said = one.say("key", "export", "--name", name.title(), "--out", str(self.folder / f"{name}.key"))
            assert said.status == 0, said.err
            assert "This home had no key: one was made" in said.out
            found[name] = one.say("key", "show", "--json").document["fingerprint"]
        return found

    def ask(self, *more: str) -> Said:
        return self.rita.say("promote", "shop@1.3.0", "--to", "production", "--reason", "the release", *more)


@pytest.fixture
def people(pool: EmbeddedPool, tmp_path: Path) -> People:
    return People(pool, tmp_path)


def test_a_promotion_is_asked_for_approved_run_and_a_way_back_is_by_file(people: People, tmp_path: Path) -> None:
    keys = people.keys()
    put_on(people.pool, approved_by(keys, 3))
    short = people.rita.say("plan", "shop@1.3.0", "--to", "production")
    stuck = people.ask()
    put_on(people.pool, approved_by(keys, 2, version=3))

    assert "  ! Ann and Ben could approve it\n" in short.out
    dead_end = "Those who could approve it are too few: 1 more approval is needed than anybody could give: Rita asked"
    assert dead_end in short.out
    assert (stuck.status, dead_end in stuck.err) == (3, True), stuck.err
    plan = people.rita.say("plan", "shop@1.3.0", "--to", "production", "--json").document
    assert (plan["could"], plan["dead_end"]) == (["Ann", "Ben"], "")
    asked = people.ask("--ticket", "CHG-9", "--json")
    again = people.ask()
    assert asked.status == 3, asked.err
    request = asked.document["request"]
    early = people.ben.say("request", "run", request)
    own = people.rita.say("request", "approve", request, "--reason", "mine")
    first = people.ann.say("request", "approve", request[:8], "--reason", "tested", "--json")
    listed = people.ben.say("request", "list")
    second = people.ben.say("request", "approve", request[:8], "--reason", "read it")
    shown = people.rita.say("request", "show", request[:8])
    ran = people.ben.say("request", "run", request[:8], "--json")

    assert plan["approvals"] == ["2 of Operators"]
    assert (asked.status, asked.document["could"]) == (3, ["Ann", "Ben"]), asked.err
    assert (again.status, "asked for exactly this already" in again.err) == (1, True)
    assert (early.status, "0 of 2 approvals" in early.err) == (1, True)
    assert (own.status, "Rita asked for it" in own.err) == (1, True)
    assert (first.status, first.document["state"]) == (0, "waiting"), first.err
    assert "waits for 1 more approval" in listed.out
    assert second.status == 0, second.err
    assert "It is approved and can run" in second.out
    assert "ticket CHG-9" in shown.out
    assert "Approved by Ann and Ben" in shown.out
    assert (ran.status, ran.document["state"]) == (0, "done"), ran.err
    assert people.ann.say("request", "list", "--json").document == []

    (point,) = people.rita.say("restore-point", "list", "shop@1.3.0", "--json").document
    reverted = people.rita.say("config", "revert", "shop@1.3.0", point["run"][:8], "--ticket", "CHG-10")
    assert reverted.status == 3, reverted.err
    assert "Asked for: revert shop 1.3.0 in Production. It waits for 2 approvals" in reverted.out
    urgent = people.rita.say(
        "config", "revert", "shop@1.3.0", point["run"][:8], "--emergency", "--reason", "it is down"
    )
    assert (urgent.status, "names nobody who may declare an emergency" in urgent.err) == (1, True)

    back = people.rita.say("demote", "shop@1.3.0", "--to", "staging", "--json")
    assert back.status == 3, back.err
    asked_file, answer = str(tmp_path / "asked.json"), str(tmp_path / "answer.json")
    exported = people.rita.say("request", "export", back.document["request"], "--out", asked_file)
    decided = people.ann.say("request", "decide", asked_file, "--approve", "--reason", "by mail", "--out", answer)
    taken = people.ben.say("request", "import", answer, "--json")
    foreign = people.ben.say("request", "import", asked_file)
    withdrawn = people.rita.say("request", "withdraw", back.document["request"], "--reason", "not needed")
    replayed = people.ben.say("request", "import", answer)

    assert exported.status == 0, exported.err
    assert decided.status == 0, decided.err
    assert "from Production to Staging" in decided.out
    assert "asked for by " in decided.out
    assert "  ! The disks stay as they are now.\n" in decided.out
    assert decided.out.count("must be approved by ") == 1
    assert (taken.status, taken.document["given"]) == (0, 1), taken.err
    assert (foreign.status, "a decision is wanted here. Decide on it" in foreign.err) == (
        1,
        True,
    )
    assert withdrawn.status == 0, withdrawn.err
    assert (replayed.status, "about no request that stands" in replayed.err) == (1, True)
    rows = people.rita.say("audit", "list", "--json").document
    assert {"request.made", "request.ended"} <= {row["event"] for row in rows}


def test_keys_are_enrolled_by_file_into_a_draft(people: People) -> None:
    assert "`xsconsole key export` makes one" in people.rita.say("key", "show").err
    people.keys()
    file = people.folder / "ann.key"

    enrolled = people.rita.say("key", "enrol", str(file), "--json")
    twice = people.rita.say("key", "enrol", str(file), "--person", "Somebody", "--draft", enrolled.document["draft"])
    content = json.loads(file.read_bytes())
    file.write_text(json.dumps({**content, "name": "Mallory"}))
    forged = people.rita.say("key", "enrol", str(file))

    assert enrolled.status == 0, enrolled.err
    draft = people.rita.say("workflow", "export", enrolled.document["draft"])
    assert enrolled.document["fingerprint"] in draft.out
    assert (twice.status, "is Ann's already" in twice.err) == (1, True)
    assert (forged.status, "signature of the key does not match" in forged.err) == (1, True)


def test_where_the_workflow_names_a_log_in_it_is_given_anew(people: People) -> None:
    put_on(people.pool, approved_by(people.keys(), subjects={"ann": "adam"}))
    asked = people.ask("--json")
    assert asked.status == 3, asked.err
    request = asked.document["request"]

    untyped = people.ann.say("request", "approve", request, "--reason", "x")
    wrong = people.ann.say("request", "approve", request, "--reason", "x", "--log-in-stdin", stdin="wrong\n")
    password = people.pool.passwords["adam"]
    typed = people.ann.say(
        "request", "approve", request, "--reason", "x", "--log-in-stdin", "--json", stdin=f"{password}\n"
    )

    assert (untyped.status, "logs in anew as adam" in untyped.err) == (1, True)
    assert wrong.status == 1
    assert (typed.status, typed.document["state"]) == (0, "approved"), typed.err


def test_a_request_for_copies_says_what_was_frozen_and_what_is_left_over_is_removed(people: People) -> None:
    workflow = copied(people.keys())
    ways = tuple(replace(way, expiry_s=10) if way.approvals else way for way in workflow.transitions)
    put_on(people.pool, replace(workflow, transitions=ways))

    asked = people.ask("--json")
    request = asked.document["request"]
    told = people.ann.say("request", "list")
    shown = people.ann.say("request", "show", request[:8])
    with people.pool.plain_session() as session:  # somebody takes the request away by hand
        (ref,) = session.xenapi.pool.get_all()
        for key in session.xenapi.pool.get_other_config(ref):
            if key.startswith(f"xsconsole.request.{request}."):
                session.xenapi.pool.remove_from_other_config(ref, key)
    listed = people.ann.say("request", "list")
    cleaned = people.ann.say("request", "clean", "--json")

    assert asked.status == 3, asked.err
    assert "has expired" in told.out  # by the pool's clock, which runs 50 times as fast as this computer's
    assert "has expired. It ended at " in shown.out
    assert "  frozen at " in shown.out
    assert "as a power cut would have left it; 4 snapshots, 150 GiB at most" in shown.out
    assert "Take what was frozen of shop-db.stg" in shown.out
    assert f"Left over from request {request[:8]}: 4 snapshots, frozen at " in listed.err
    assert (cleaned.status, cleaned.document) == (0, {"removed": [request], "kept": {}}), cleaned.err
