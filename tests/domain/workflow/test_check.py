"""What no reader of foreign bytes lets in, and what is said of it."""

import codecs
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.workflow.flows import KEY, rich_workflow, workflows
from xsconsole.domain.workflow import check, default_workflow, from_json, to_json
from xsconsole.domain.workflow.bounds import MOST_STAGES
from xsconsole.domain.workflow.check import problems
from xsconsole.domain.workflow.text import read_json
from xsconsole.errors import Refused

Change = Callable[[dict[str, Any]], object]


def foreign(change: Change) -> bytes:
    """Return the text of a workflow after somebody's program changed it."""
    content = json.loads(to_json(rich_workflow()))
    change(content)
    return json.dumps(content).encode()


def stage(**fields: object) -> Change:
    return lambda content: content["stages"][3].update(fields)


def way(**fields: object) -> Change:
    return lambda content: next(
        each for each in content["transitions"] if each["id"] == "staging-to-production"
    ).update(fields)


def gate(**fields: object) -> Change:
    return way(gates=[fields])


def binding(**fields: object) -> Change:
    return lambda content: content["stages"][3]["binding"].update(fields)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (stage(name="x" * 10_000), "Stage “x+…”: its name has 10000 characters; 100 are the most"),
        (stage(name="a\0b"), "Stage “a\ufffdb”: its name has a character that cannot be shown .U.0000"),
        (stage(name="Prod\u202edorp"), "cannot be shown .U.202E"),
        (stage(name=" \t"), "its name is empty"),
        (stage(id="x" * 10_000), "its id “x+…” is no id"),
        (stage(description="line\nline\x07"), "its description has a character that cannot be shown .U.0007"),
        (stage(description="x" * 5000), "its description has 5000 characters"),
        (stage(colour="red"), "Stage “Production”: “red” is no colour"),
        (stage(colour="#12345"), "is no colour"),
        (stage(limits={"running": -1}), "its limit of running configurations is -1"),
        (stage(limits={"per_service": 2**70}), "its limit per service is a number of more than 18 digits"),
        (stage(limits={"running": 1.5}), "field “limit of running configurations”: a whole number should stand there"),
        (stage(lease={"duration_s": 0}), "its lease is 0 s"),
        (stage(freezes=[{"from_day": 7}]), "the weekdays of a freeze are not from 0 to 6"),
        (stage(freezes=[{"to_minute": 1441}]), "a freeze does not begin and end within a day"),
        (stage(freezes=[{"to_day": 4, "to_minute": 1080}]), "a freeze ends when it begins"),
        (stage(freezes=[{"zone": "../etc"}]), "“../etc” is no name of a time zone"),
        (stage(freezes=[{"reason": "x" * 501}]), "the reason of a freeze has 501 characters"),
        (stage(protection=["Rm -rf"]), "“Rm -rf” is no operation of XAPI"),
        (stage(protection=["destroy", "destroy"]), "it protects from destroy twice"),
        (stage(actors=["nobody"]), "it names the group “nobody”, which the workflow does not have"),
        (stage(place={"x": 10**9, "y": 0}), "drawn too far away"),
        (stage(entry="explode"), "Stage “Production”, field “on entry”: 'explode' is not known to this console"),
        (stage(colours=5), "Stage “Production” has the field “colours”, which this console does not know"),
        (binding(networks=[{"logical": "wan", "network": {"uuid": "n"}}]), "it maps the network “wan”"),
        (binding(vlans={"first": 0, "last": 9}), "its first VLAN tag is 0"),
        (binding(vlans={"first": 9, "last": 8}), "its VLAN tags end before they begin: 9 to 8"),
        (
            binding(vlans={"first": 1, "last": 9, "trunk": {"network": "eth0"}}),
            "“binding.vlans.trunk”, has the field “network”, which .*mend=.It takes “uuid”, “name” .optional.\\.",
        ),
        (binding(vlans={"first": 1, "last": 9, "trunk": "eth0"}), "field “trunk” .“binding.vlans.trunk”.: a group of"),
        (binding(vlans={"first": 1, "last": 9, "trunk": {}}), "“binding.vlans.trunk”, lacks the field “uuid”"),
        (binding(hosts=[{"uuid": "h"}, {"uuid": "h"}]), "it prefers the host h twice"),
        (binding(pool={"uuid": ""}), "the uuid “” is no id"),
        (way(approvals=[{"count": 0, "groups": ["leads"]}]), "the number of approvals is 0"),
        (
            way(approvals=[{"count": 1, "groups": ["gone"]}]),
            "Promotion Staging → Production: it names the group “gone”",
        ),
        (way(approvals=[{"count": 1, "people": ["zoe"]}]), "it names the person “zoe”"),
        (way(soak_s=-5), "its soak time is -5 s"),
        (way(expiry_s=0), "the expiry of its requests is 0 s"),
        (way(restore_point={"kept_s": -1}), "the time its restore point is kept is -1 s"),
        (way(restore_point={"most": 0}), "the number of its restore points is 0"),
        (way(disks=[{"role": "data", "treatment": "stays"}] * 2), "two rules say what happens to disks “data”"),
        (way(target="nowhere"), "Promotion Staging → nowhere: it is no way between two stages"),
        (way(id="integration-to-patch-testing"), "Two transitions have the same id"),
        (gate(gate="quantum"), "field “gate”: 'quantum' is not known to this console"),
        (gate(gate="addresses", port=70_000), "the port of a gate is 70000"),
        (gate(gate="guest-tools", timeout_s=0), "the time-out of a gate is 0 s"),
        (gate(gate="maintenance-window", weekdays=[7]), "not different days from 0 to 6"),
        (gate(gate="maintenance-window", from_minute=1440), "does not begin and end within a day"),
        (gate(gate="maintenance-window", from_minute=60, to_minute=60), "ends when it begins"),
        (gate(gate="maintenance-window", zone="../../etc/passwd"), "is no name of a time zone"),
        (gate(gate="http", url="ftp://x"), "“ftp://x” is no web address"),
        (gate(gate="http", url="https://me:secret@x.example/"), "a user or a password"),
        (gate(gate="http", url="https://x.example", method="BREW"), "the web method “BREW”"),
        (gate(gate="checklist", items=["\n"]), "a question of the checklist is empty"),
        (gate(gate="script", argv=["a\0b"]), "an argument of the script has a character"),
        (gate(gate="short-chains", longest=0), "the longest chain is 0"),
        (gate(gate="recent-restore-point", age_s=0), "the age of the restore point is 0 s"),
        (way(gates=[{"gate": "pool-fit"}] * 501), "there are 501 gates; 500 are the most"),
        (way(afterwards=[{"action": "teleport"}]), "field “action”: 'teleport' is not known to this console"),
        (way(afterwards=[{"action": "tell", "url": "nonsense"}]), "is no web address"),
        (way(afterwards=[{"action": "review", "rule": {"count": 1, "people": ["zoe"]}}]), "it names the person “zoe”"),
        (lambda content: content.update(version=0), "its version is 0"),
        (lambda content: content.update(version=2**53), "its version is 9007199254740992"),
        (lambda content: content.update(networks=["lan", "LAN"]), "two networks are called “lan”"),
        (lambda content: content["people"].append({"id": "ann", "name": "Ann 2"}), "two people have the id “ann”"),
        (lambda content: content["people"][0].update(fingerprints=["AB"]), "Person “Ann”: “AB” is no fingerprint"),
        (lambda content: content["people"][0].update(fingerprints=[KEY, KEY]), "is there twice"),
        (lambda content: content["groups"].append({"id": "leads", "name": "B"}), "two groups have the id “leads”"),
        (lambda content: content["groups"][0].update(people=["zoe"]), "Group “Leads”: it names the person “zoe”"),
        (lambda content: content["groups"][0].update(people=["ann", "ann"]), "it names the person “ann” twice"),
        (
            lambda content: content.update(publishing=[{"count": 1, "groups": ["x"]}]),
            "The rules for publishing: it names",
        ),
        (lambda content: content.update(signature={"public_key": "!", "value": "A"}), "its signature is no base64"),
        (lambda content: content.update(author="\x1b[31m"), "its author has a character that cannot be shown"),
        (lambda content: content["stages"][0].pop("name"), "Stage “integration” lacks the field “name”"),
        (lambda content: content.update(format=2), "The workflow is of format 2; this console reads format 1"),
        (
            lambda content: content.update(
                stages=[{"id": f"s{at}", "name": f"S{at}", "colour": "#000000"} for at in range(MOST_STAGES + 1)]
            ),
            "there are 501 stages; 500 are the most",
        ),
    ],
)
def test_foreign_text_is_refused_in_the_words_of_its_fields(change: Change, words: str) -> None:
    with pytest.raises(Refused, match=words) as refusal:
        from_json(foreign(change))

    assert len(refusal.value.reason) < 400
    assert refusal.value.reason.isprintable()
    assert refusal.value.mend


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[" * 1_000_000, "a group of fields should stand there, not a list"),
        (b'{"format":1,"a":' + b"[" * 1_000_000, "nests its brackets too deep"),
        (b'{"stages":' * 300_000, "nests its brackets too deep|should stand there"),
        (b'{"format":1,"name":"\xff"}', "byte 20 does not belong there"),
        (b'{"format":1,"name":"\\ud800"}', "is no JSON"),
        (b"", "is empty"),
        (b'{"format":1} x', "is no JSON: trailing characters"),
        (b'{"format":' + b"9" * 5000 + b"}", "out of range"),
        (b" " * 5_000_000, "has 5000000 bytes"),
    ],
)
def test_text_that_would_break_a_reader_is_refused(text: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        from_json(text)


def test_a_mark_of_the_byte_order_is_no_reason_to_refuse() -> None:
    assert from_json(codecs.BOM_UTF8 + to_json(rich_workflow())) == rich_workflow()


@given(text=st.binary(max_size=200) | st.text(alphabet='{}[]",:0123456789eE.format\\u', max_size=60).map(str.encode))
def test_no_bytes_crash_a_reader(text: bytes) -> None:
    with pytest.raises(Refused):
        from_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
def test_no_value_in_any_field_crashes_a_reader(data: st.DataObject) -> None:
    content: Any = json.loads(to_json(rich_workflow()))
    at, key = content, ""
    for _ in range(data.draw(st.integers(1, 6))):
        keys = sorted(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        holder, key = at, data.draw(st.sampled_from(keys))
        at = holder[key]
        if not isinstance(at, (dict, list)):
            break
    holder[key] = data.draw(JSON)

    try:
        workflow = from_json(json.dumps(content).encode())
    except Refused:
        return
    assert from_json(to_json(workflow)) == workflow


def test_what_is_wrong_can_be_read_and_is_all_named() -> None:
    text = foreign(
        lambda content: (stage(colour="red")(content), way(soak_s=-1, kind="demote", source="production")(content))
    )

    found = list(problems(read_json(text)))

    assert [(problem.stage, problem.transition, problem.field) for problem in found] == [
        ("production", None, "colour"),
        (None, "staging-to-production", "target"),
        (None, "staging-to-production", "soak_s"),
    ]


def test_a_circle_names_its_stages() -> None:
    text = foreign(
        lambda content: content["transitions"].append(
            {"id": "again", "source": "production", "target": "integration", "kind": "promote"}
        )
    )

    with pytest.raises(Refused, match="Integration → Patch testing → Staging → Production → Integration"):
        from_json(text)


@given(workflow=workflows())
def test_what_a_designer_makes_by_edits_is_never_refused_and_survives_saving(workflow) -> None:
    check(workflow)

    assert from_json(to_json(workflow)) == workflow
    assert from_json(to_json(workflow)).digest == workflow.digest


def test_the_default_and_a_rich_workflow_have_no_problem() -> None:
    assert list(problems(default_workflow())) == []
    assert list(problems(rich_workflow())) == []
