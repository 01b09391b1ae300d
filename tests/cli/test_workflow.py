"""The workflow's verbs: drafts and files, what is different, and publishing with and without approval."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Said
from xsconsole.cli import main
from xsconsole.cli.parser import parser
from xsconsole.console import read_file
from xsconsole.domain.ids import GroupId, PersonId, StageId
from xsconsole.domain.workflow import ApprovalRule, Group, Person, Workflow, default_workflow, from_json, to_json
from xsconsole.domain.workflow.edits import change_stage, change_workflow, remove
from xsconsole.errors import Refused

STAGE = StageId("integration")


@dataclass(frozen=True, kw_only=True)
class Seat:
    """Somebody who gives commands in this process: what a process of its own adds is tried by the other tests."""

    home: Path
    pool: EmbeddedPool
    user: str
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def say(self, *words: str) -> Said:
        self.monkeypatch.setenv("XSCONSOLE_PASSWORD", self.pool.passwords[self.user])
        place = ("--home", str(self.home), "--pool", self.pool.url, "--user", self.user)
        self.capsys.readouterr()
        status = main(parser().parse_args([*words, *place]))
        out, err = self.capsys.readouterr()
        return Said(status=status, out=out, err=err)


@pytest.fixture
def _served() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as pool:
        yield pool


@pytest.fixture
def shell(
    tmp_path: Path, _served: EmbeddedPool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Seat:
    """Alice at a pool on which nothing of a workflow stands."""
    monkeypatch.setenv("XSCONSOLE_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with _served.plain_session() as session:
        (pool,) = session.xenapi.pool.get_all()
        for key in session.xenapi.pool.get_other_config(pool):
            if key.startswith(("xsconsole.workflow.", "xsconsole.publication.", "xsconsole.approval.")):
                session.xenapi.pool.remove_from_other_config(pool, key)
    return Seat(home=tmp_path / "home", pool=_served, user="alice", monkeypatch=monkeypatch, capsys=capsys)


def written(workflow: Workflow, path: Path) -> str:
    path.write_bytes(to_json(workflow))
    return str(path)


def test_a_stage_is_removed_from_the_command_line(shell: Seat, tmp_path: Path) -> None:
    file = written(remove(default_workflow(), [STAGE]), tmp_path / "shorter.json")
    assert shell.say("workflow", "publish", "published").status == 0

    unmapped = shell.say("workflow", "publish", file, "--dry-run")
    tried = shell.say("workflow", "publish", file, "--map", "integration=patch-testing", "--dry-run", "--json")
    by_name = shell.say("workflow", "publish", file, "--map", "Integration=Patch testing", "--dry-run")
    before = shell.say("workflow", "list", "--json").document
    published = shell.say(
        "workflow", "publish", file, "--map", "integration=patch-testing", "--summary", "one stage less", "--json"
    )
    again = shell.say("workflow", "publish", file)

    assert unmapped.status == 1
    assert "--over" not in unmapped.err
    assert "no stage is named where it goes" not in unmapped.out  # said once, as what is in the way
    assert "Say where what is in “Integration” goes: --map 'Integration=NEW', NEW being one of: " in unmapped.err
    assert "“Patch testing” and “Staging”" in unmapped.err
    assert "shop 1.4.0 goes from “Integration” to “Patch testing”." in by_name.out
    assert by_name.status == 0, by_name.err
    assert not any(id_ in unmapped.err + unmapped.out for id_ in ("patch-testing", "“integration”"))
    assert tried.status == 0, tried.err
    kinds = [effect["kind"] for effect in tried.document["effects"]]
    assert (kinds.count("mapped"), kinds.count("stays")) == (3, 6)
    assert tried.document["changes"]
    assert before[0]["version"] == 1
    assert published.status == 0, published.err
    assert (published.document["version"], len(published.document["moved"])) == (2, 3)
    assert again.status == 0, again.err
    assert "stands on every pool that it binds" in again.out
    listed = shell.say("workflow", "list", "--json").document
    assert (listed[0]["version"], listed[0]["author"], listed[0]["summary"]) == (2, "alice", "one stage less")
    stages = {card["stage"] for card in shell.say("config", "list", "--json").document}
    assert stages == {"patch-testing", "staging", "production"}
    assert "Signed by key" in shell.say("workflow", "show").out


def test_drafts_are_begun_shown_compared_exported_published_and_discarded(
    shell: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "draft.json"
    at_first = shell.say("workflow", "new", "--name", "at first")
    still = shell.say("workflow", "list", "--json")
    assert shell.say("workflow", "publish", "published").status == 0
    begun = shell.say("workflow", "new", "--name", "next year")
    template = shell.say("workflow", "new", "--template", "release", "--json")
    unknown = shell.say("workflow", "new", "--template", "nonsense")
    exported = shell.say("workflow", "export", "next year", "--out", str(out))
    once_more = shell.say("workflow", "export", "next year", "--out", str(out))
    forced = shell.say("workflow", "export", "next year", "--out", str(out), "--force")

    assert (at_first.status, still.document) == (0, [])  # a draft is private: nothing came to the pool
    assert "Nothing is published on the pool yet; the draft begins with “Release to production”." in at_first.err
    assert "follows no published version" in at_first.err
    assert "follows no published version" not in begun.err
    assert [said.status for said in (begun, template, exported, forced)] == [0, 0, 0, 0], begun.err
    assert (unknown.status, once_more.status) == (1, 1)
    assert "is there already. Name another file, or add `--force`" in once_more.err
    assert from_json(out.read_bytes()) == default_workflow()
    changed = written(change_workflow(default_workflow(), description="different"), tmp_path / "changed.json")
    with monkeypatch.context() as locked:  # what is private is signed by nobody
        locked.delenv("XSCONSOLE_PASSPHRASE")
        imported = shell.say("workflow", "import", changed, "--name", "other")
        again = shell.say("workflow", "import", changed, "--name", "Other")
        assert "Draft “Other 2” begun" in again.out  # two of one name could only be told apart by their ids
        assert shell.say("workflow", "discard", "other 2").status == 0
        private = [
            shell.say("workflow", "new", "--template", "hotfix", "--name", "private"),
            shell.say("workflow", "new", "--name", "private too"),
            shell.say("workflow", "discard", "private"),
            shell.say("workflow", "discard", "private too"),
        ]
        assert [said.status for said in private] == [0, 0, 0, 0], [said.err for said in private]
        assert "passphrase" in shell.say("workflow", "publish", "other").err
    assert imported.status == 0, imported.err
    assert {one["name"] for one in shell.say("workflow", "drafts", "--json").document} == {
        "at first",
        "next year",
        "Release to production",
        "other",
    }
    different = shell.say("workflow", "diff", "published", "other")
    assert (different.status, "different" in different.out) == (0, True)
    assert "They say the same." in shell.say("workflow", "diff", "v1", "next year").out
    assert "Version 7 is not kept here" in shell.say("workflow", "diff", "v7", "other").err
    linted = shell.say("workflow", "lint", "other")
    assert (linted.status, "is not connected" in linted.out) == (0, False)
    assert shell.say("workflow", "publish", "other").status == 0
    stale = shell.say("workflow", "publish", "next year")
    assert (stale.status, "was not made from it" in stale.err) == (1, True)
    assert "`--over 2` says that it was made to take the place of that version." in stale.err
    assert shell.say("workflow", "publish", "next year", "--over", "2", "--dry-run").status == 0
    assert shell.say("workflow", "discard", "other").status == 0
    gone = shell.say("workflow", "publish", "other")
    assert (gone.status, "No draft is called “other”" in gone.err) == (1, True)


def test_versions_that_are_gone_from_the_pool_are_read_back_from_the_record(shell: Seat, tmp_path: Path) -> None:
    assert shell.say("workflow", "publish", "published").status == 0
    for number, words in ((1, "second"), (2, "third"), (3, "fourth")):
        other = change_workflow(default_workflow(), description=words, summary=f"the {words}")
        version = msgspec.structs.replace(other, version=number)
        published = shell.say("workflow", "publish", written(version, tmp_path / "next.json"))
        assert published.status == 0, published.err
        assert f"  the {words}\n" in published.out
    shell.pool.calls()

    gone = shell.say("workflow", "diff", "v1", "v3")
    beside = shell.say("workflow", "diff", "v2", str(tmp_path / "next.json"), "--json")
    unknown = shell.say("workflow", "diff", "v1", "v9")

    assert gone.status == 0, gone.err
    assert "third" in gone.out
    assert beside.status == 0, beside.err
    assert "second" in str(beside.document["changes"])
    assert "fourth" in str(beside.document["changes"])
    assert (unknown.status, "Version 9 is not kept here" in unknown.err) == (1, True)
    assert unknown.err.split()[-4:] == ["v4", "v3", "v2", "v1"]
    assert not [call for call in shell.pool.calls() if call["method"] == "pool.add_to_other_config"]


def test_what_a_standing_version_demands_must_be_approved_by_whom_it_names(shell: Seat, tmp_path: Path) -> None:
    bob = replace(shell, home=tmp_path / "bob", user="adam")
    homes = {}
    for name, one in (("alice", shell), ("bob", bob)):
        assert one.say("key", "export", "--name", name, "--out", str(tmp_path / f"{name}.key")).status == 0
        homes[name] = json.loads((one.home / "settings.json").read_bytes())["key"]
    people = tuple(Person(id=PersonId(name), name=name.title(), fingerprints=(key,)) for name, key in homes.items())
    ruled = change_workflow(
        default_workflow(),
        people=people,
        groups=(Group(id=GroupId("all"), name="All", people=(PersonId("alice"), PersonId("bob"))),),
        publishing=(ApprovalRule(count=1, groups=(GroupId("all"),)),),
    )
    first = shell.say("workflow", "publish", written(ruled, tmp_path / "ruled.json"))
    assert first.status == 0, first.err
    second = msgspec.structs.replace(ruled, version=2, description="the next")
    file = written(second, tmp_path / "second.json")

    refused = shell.say("workflow", "publish", file)
    own = shell.say("workflow", "approve", file, "--reason", "I like mine")
    shorter = written(remove(second, [STAGE]), tmp_path / "shorter.json")
    unmapped = shell.say("workflow", "approve", shorter, "--reason", "I did not look")
    still = shell.say("workflow", "publish", file)
    approved = bob.say("workflow", "approve", file, "--reason", "read it")
    other = written(msgspec.structs.replace(second, description="another"), tmp_path / "other.json")
    unlike = shell.say("workflow", "publish", other)
    published = shell.say("workflow", "publish", file, "--json")

    assert refused.status == 1
    assert "Version 2 demands approval of the next one. 0 of 1 approval; Bob could approve." in refused.err
    assert refused.err.count("demands approval") == 1
    assert refused.err.endswith("Nothing was changed.\n")
    assert ": to be written there" in refused.out
    assert "is written there" not in refused.out
    assert own.status == 0, own.err
    assert "Still in the way: shop 1.4.0 stands in “Integration”, which is gone" in unmapped.err
    assert "demands approval" not in unmapped.err
    assert "0 of 1 approval" in still.err
    assert (approved.status, approved.err) == (0, "")
    assert "0 of 1 approval" in unlike.err
    assert published.status == 0, published.err
    assert published.document["version"] == 3
    with shell.pool.plain_session() as session:
        keys = session.xenapi.pool.get_other_config(session.xenapi.pool.get_all()[0])
    assert not [key for key in keys if key.startswith("xsconsole.approval.")]
    assert any('"reason":"read it"' in text for key, text in keys.items() if key.startswith("xsconsole.publication."))
    rows = shell.say("audit", "list", "--json").document
    assert any(row["event"] == "approval.decided" for row in rows)


def test_a_publication_is_approved_by_file_off_the_pool(shell: Seat, tmp_path: Path) -> None:
    bob, eve = (replace(shell, home=tmp_path / name) for name in ("bob", "eve"))
    keys = {}
    for name, one in (("alice", shell), ("bob", bob), ("eve", eve)):
        assert one.say("key", "export", "--name", name, "--out", str(tmp_path / f"{name}.key")).status == 0
        keys[name] = json.loads((one.home / "settings.json").read_bytes())["key"]
    people = tuple(
        Person(id=PersonId(name), name=name.title(), fingerprints=(keys[name],)) for name in ("alice", "bob")
    )
    rule = ApprovalRule(count=1, people=tuple(person.id for person in people))
    ruled = change_workflow(default_workflow(), people=people, publishing=(rule,))
    assert shell.say("workflow", "publish", written(ruled, tmp_path / "ruled.json")).status == 0
    draft = written(remove(msgspec.structs.replace(ruled, version=2), [STAGE]), tmp_path / "second.json")
    mapped = (draft, "--map", "Integration=Patch testing")
    asked, decision, foreign, own = (str(tmp_path / f"{name}.json") for name in ("asked", "decision", "foreign", "own"))
    said = ("--approve", "--reason", "read it")

    written_out = shell.say("workflow", "request", *mapped, "--out", asked)
    assert written_out.status == 0, written_out.err
    shell.pool.calls()
    decided = bob.say("workflow", "decide", asked, *said, "--out", decision)
    by_another = eve.say("workflow", "decide", asked, *said, "--out", foreign)
    by_alice = shell.say("workflow", "decide", asked, *said, "--out", own)
    without = bob.say("workflow", "decide", asked, "--reject", "--reason", "", "--out", own)

    assert decided.status == 0, decided.err
    assert "Stage Integration removed" in decided.out
    assert "Configurations in “Integration” go to “Patch testing”" in decided.out
    assert nobody_logged_in(shell)
    assert by_another.status == 0
    assert "names nobody with this console's key" in by_another.err
    assert decided.err == ""
    assert "signature" not in decided.out
    assert "nobody decides on what they asked for" in by_alice.err
    assert "A rejection needs its reason" in without.err

    text = Path(decision).read_text(encoding="utf-8")
    forged = tmp_path / "forged.json"
    forged.write_text(text.replace("read it", "read IT"), encoding="utf-8")
    changed = tmp_path / "changed.json"
    text = Path(asked).read_text(encoding="utf-8")
    changed.write_text(text.replace('"Patch testing"', '"Patched"'), encoding="utf-8")
    take_in = ("workflow", "receive", *mapped, "--decision")
    refusals = {
        "signature of the decision does not match": shell.say(*take_in, str(forged)),
        "names nobody with the key that signed it": shell.say(*take_in, foreign),
        "about something else": shell.say("workflow", "receive", draft, "--decision", decision),
        "is a request to publish a workflow; a decision is wanted here": shell.say(*take_in, asked),
        "signature of the request does not match": bob.say("workflow", "decide", str(changed), *said, "--out", own),
        "publishing a workflow; a request is wanted here": bob.say("workflow", "decide", decision, *said, "--out", own),
        "The file holds no request that": bob.say("workflow", "decide", draft, *said, "--out", own),
    }
    assert {one.status for one in refusals.values()} == {1}
    assert [(words, one.err) for words, one in refusals.items() if words not in one.err] == []
    taken = shell.say(*take_in, decision)
    published = shell.say("workflow", "publish", *mapped, "--dry-run")  # what stands in stages is for all tests here

    assert taken.status == 0, taken.err
    assert "The decision counts: approve" in taken.out
    assert published.status == 0, published.err


def test_a_walk_needs_no_pool_and_says_what_opens_for_whom(shell: Seat, tmp_path: Path) -> None:
    person = Person(id=PersonId("ada"), name="Ada")
    group = Group(id=GroupId("operators"), name="Operators", people=(person.id,))
    workflow = change_workflow(default_workflow(), people=(person,), groups=(group,))
    file = written(change_stage(workflow, StageId("production"), actors=(group.id,)), tmp_path / "walked.json")
    walked = ("workflow", "walk", file, "--service", "shop", "--from", "staging", "--at", "2026-12-24T18:00+01:00")
    shell.pool.calls()

    names = ("Ada", "nobody", "bob", "")
    ada, nobody, unknown, unnamed = (shell.say(*walked, "--as", name, "--json") for name in names)
    words = shell.say(*walked, "--as", "ada")

    def verdicts(said: Said) -> dict[str, str]:
        (here,) = [stage for stage in said.document if stage["is_here"]]
        return {way["target"]: way["verdict"] for way in here["ways"]}

    assert verdicts(ada)["production"] == "opens"
    assert verdicts(nobody)["production"] == "refuses"
    assert (unknown.status, "knows nobody called “bob”" in unknown.err) == (1, True)
    assert (unnamed.status, "knows nobody called “”" in unnamed.err) == (1, True)
    assert "shop as ada at 2026-12-24 17:00 UTC" in words.out
    assert "opens: promote to Production" in words.out
    assert nobody_logged_in(shell)


def nobody_logged_in(shell: Seat) -> bool:
    """Whether the pool was left alone; the feed of a command before that may still hear that its session ended."""
    return {call["method"] for call in shell.pool.calls()} <= {"event.from"}


HOSTILE = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "deep": b"[" * 1_000_000,
    "of a newer format": b'{"format":2}',
    "with unknown fields": to_json(default_workflow())[:-1] + b',"from_the_future":1}',
    "with a missing stage": to_json(default_workflow()).replace(b'"target":"production"', b'"target":"nowhere"'),
    "with a cycle": to_json(default_workflow()).replace(b'"kind":"demote"', b'"kind":"promote"'),
    "with a long name": to_json(default_workflow()).replace(b'"name":"Staging"', b'"name":"' + b"x" * 10_000 + b'"'),
    "not UTF-8": b'{"name":"\xff"}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_by_one_sentence(tmp_path: Path, what: str) -> None:
    path = tmp_path / "hostile.json"
    path.write_bytes(HOSTILE[what])

    with pytest.raises(Refused) as refused:
        asyncio.run(read_file(path))

    assert refused.value.mend
    assert len(refused.value.reason) < 400
    assert "\n" not in refused.value.reason


def test_a_file_that_is_not_there_and_a_wrong_mapping_are_said(
    shell: Seat, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = shell.say("workflow", "import", str(tmp_path / "missing.json"))

    assert (missing.status, "No such file" in missing.err) == (1, True)
    with pytest.raises(SystemExit) as wrong:
        shell.say("workflow", "publish", "x.json", "--map", "nonsense")
    assert wrong.value.code == 2
    assert "OLD=NEW" in capsys.readouterr().err


def test_a_draft_of_no_pool_says_what_else_it_could_begin_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(parser().parse_args(["workflow", "new", "--home", str(tmp_path)]))

    assert status == 1
    assert "No pool is known yet, so there is no published workflow to begin with." in capsys.readouterr().err
