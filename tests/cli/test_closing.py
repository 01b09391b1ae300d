"""Freezes, holds, quarantine and the line from the shell, on one real pool."""

from pathlib import Path

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from xsconsole.cli.parser import parser

EVIL = "<script>alert(1)</script> =cmd() 💥 " + "é" * 100


def test_what_is_closed_by_one_shell_stops_another_and_is_lifted_again(tmp_path: Path) -> None:
    with embedded_pool("--speed", "50") as pool:
        ann, ben = (Shell(home=tmp_path / name, pool=pool) for name in ("ann", "ben"))

        stop = ann.say("line", "stop", "--reason", EVIL, "--json")
        frozen = ann.say("freeze", "add", "Production", "--to", "2999-01-01T00:00Z", "--reason", "audit", "--json")
        held = ann.say("hold", "set", "shop@1.3.0", "--reason", "it lost orders")
        plan = ben.say("plan", "shop@1.3.0", "--to", "production")
        listed = ben.say("freeze", "list")
        over = ben.say("line", "release", "--reason", "calm")
        twice = ben.say("line", "release", "--reason", "calm")

    assert (stop.status, stop.document["kind"], stop.document["reason"]) == (0, "stop", EVIL), stop.err
    assert (held.status, "Held: shop" in held.out) == (0, True), held.err
    assert plan.status == 1
    assert all(said in plan.err for said in ("stopped the line", "is held by root", "frozen until 2999-01-01"))
    assert frozen.document["is_frozen"] is True
    assert frozen.document["id"][:8] in listed.out
    assert (over.status, "Line released" in over.out) == (0, True), over.err
    assert (twice.status, "not closed any more" in twice.err) == (1, True)


@pytest.mark.parametrize("words", [("line", "stop"), ("hold", "set", "shop"), ("freeze", "add", "Production")])
def test_a_reason_is_demanded_by_the_words_themselves(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as found:
        parser().parse_args(list(words))

    assert found.value.code == 2
