"""An emergency from the shell: declared by who may, on record, and closed by somebody else."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.approving import approved_by
from tests.cli.shell import Shell
from tests.workflows import put_on
from xsconsole.domain.ids import GroupId, PersonId
from xsconsole.domain.workflow import Group

WAY = ("promote", "shop@1.3.0", "--to", "production")


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "50") as served:
        yield served


def test_an_emergency_is_declared_by_log_in_and_reviewed_by_somebody_else(pool: EmbeddedPool, tmp_path: Path) -> None:
    rita = Shell(home=tmp_path / "rita", pool=pool)
    ann = Shell(home=tmp_path / "ann", pool=pool)
    keys = {}
    for name, shell in (("rita", rita), ("ann", ann)):
        shell.say("key", "export", "--name", name, "--out", str(tmp_path / f"{name}.key"))
        keys[name] = shell.say("key", "show", "--json").document["fingerprint"]
    workflow = approved_by(keys, 2, subjects={"rita": "adam"})
    shift = Group(id=GroupId("shift"), name="Shift", people=(PersonId("rita"),))
    put_on(pool, msgspec.structs.replace(workflow, groups=(*workflow.groups, shift), declarers=(shift.id,)))
    password = f"{pool.passwords['adam']}\n"

    planned = rita.say("plan", *WAY[1:], "--emergency")
    unsaid = rita.say(*WAY, "--emergency", "--log-in-stdin", stdin=password)
    other = ann.say(*WAY, "--emergency", "--reason", "down")
    untyped = rita.say(*WAY, "--emergency", "--reason", "down")
    done = rita.say(
        *WAY,
        "--emergency",
        "--reason",
        "the shop is down",
        "--ticket",
        "INC-7",
        "--log-in-stdin",
        "--json",
        stdin=password,
    )

    assert "EMERGENCY, goes past: Approval by 2 of Operators." in planned.out + planned.err
    assert (unsaid.status, "An emergency needs a reason" in unsaid.err) == (1, True), unsaid.err
    assert (other.status, "none of those who may declare" in other.err) == (1, True), other.err
    assert (untyped.status, "logs in anew as adam" in untyped.err) == (1, True), untyped.err
    assert (done.status, done.document["state"]) == (0, "done"), done.err
    assert "`xsconsole review-item list`" in done.err
    assert "review" not in planned.err + untyped.err
    (item,) = ann.say("review-item", "list", "--json").document
    assert (item["because"], item["by"], item["could"], item["asks_me"]) == ("emergency", "Rita", ["Ann"], True)
    shown = ann.say("review-item", "show", item["id"][:6])
    for said in (
        "emergency: promote",
        "open for less than a minute",
        "INC-7",
        "went past: Approval by 2",
        "Ann could close",
    ):
        assert said in shown.out

    own = rita.say("review-item", "close", item["id"][:8], "--reason", "fine", "--log-in-stdin", stdin=password)
    empty = ann.say("review-item", "close", item["id"][:8], "--reason", " ")
    closed = ann.say("review-item", "close", item["id"][:8], "--reason", "the fix was right", "--json")
    gone = ann.say("review-item", "close", item["id"][:8], "--reason", "again")

    assert (own.status, "Nobody closes the review of what they did themselves" in own.err) == (1, True), own.err
    assert (empty.status, "says what was found" in empty.err) == (1, True), empty.err
    assert (closed.status, closed.document["is_closed"]) == (0, True), closed.err
    assert (gone.status, "No review item begins with" in gone.err) == (1, True), gone.err
    rows = rita.say("audit", "list", "--json").document
    (told,) = [row for row in rows if row["event"] == "emergency.declared"]
    assert told["reason"] == "the shop is down"
    assert "review.closed" in {row["event"] for row in ann.say("audit", "list", "--json").document}
