"""The workflow as a value: what is refused, and what survives the way to the pool and back."""

import base64
import zlib

import msgspec
import pytest

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.poolstate import decode_run, decode_workflow
from xsconsole.domain.workflow import (
    Binding,
    Kind,
    Stage,
    Transition,
    Workflow,
    check,
    default_workflow,
    from_json,
    from_stored,
    to_json,
    to_stored,
)
from xsconsole.domain.workflow.gates import MaintenanceWindow
from xsconsole.errors import Refused


def changed(**fields: object) -> Workflow:
    return msgspec.structs.replace(default_workflow(), **fields)


def way(source: str, target: str) -> Transition:
    name = TransitionId(f"{source}-{target}-again")
    return Transition(id=name, source=StageId(source), target=StageId(target), kind=Kind.PROMOTE)


def test_the_way_to_the_pool_and_back_changes_nothing() -> None:
    workflow = default_workflow()

    assert from_stored(to_stored(workflow)) == workflow
    assert from_json(to_json(workflow)).digest == workflow.digest
    assert [stage.name for column in workflow.columns() for stage in column] == [
        "Integration",
        "Patch testing",
        "Staging",
        "Production",
    ]


@pytest.mark.parametrize(
    ("workflow", "reason"),
    [
        (changed(stages=(), transitions=()), "has no stage"),
        (changed(stages=(*default_workflow().stages, default_workflow().stages[0])), "same id or name"),
        (changed(transitions=(way("staging", "nowhere"),)), "no way between two stages"),
        (changed(transitions=(way("staging", "staging"),)), "no way between two stages"),
        (changed(transitions=(*default_workflow().transitions, way("integration", "patch-testing"))), "from the same"),
        (changed(transitions=(way("staging", "production"), way("production", "staging"))), "in a circle"),
    ],
)
def test_a_workflow_that_contradicts_itself_is_refused(workflow: Workflow, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        check(workflow)


@pytest.mark.parametrize(
    "text", [b"", b" \n", b"no json", b'{"format":1}', b'{"format":2}', b'{"format":1,"surprise":true}']
)
def test_text_that_is_no_workflow_of_ours_is_refused(text: bytes) -> None:
    with pytest.raises(Refused):
        from_json(text)


@pytest.mark.parametrize(
    "stored",
    [
        "not base64!",
        base64.b64encode(b"not compressed").decode(),
        base64.b64encode(zlib.compress(to_json(default_workflow()))[:-8]).decode(),
        base64.b64encode(zlib.compress(bytes(8 * 1024 * 1024))).decode(),
    ],
)
def test_a_damaged_or_swollen_value_on_the_pool_is_refused(stored: str) -> None:
    with pytest.raises(Refused):
        from_stored(stored)
    assert decode_workflow(stored) is None
    assert decode_run(stored) is None


def test_a_workflow_too_large_for_the_pool_is_refused() -> None:
    noise = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(40_000))
    stage = Stage(id=StageId("a"), name="A", colour="#000000", description=noise)

    with pytest.raises(Refused, match="is the most"):
        to_stored(changed(stages=(stage,), transitions=()))


def test_equal_workflows_are_written_alike_however_their_values_came_about() -> None:
    window = MaintenanceWindow(zone="".join(["U", "TC"]), weekdays=tuple(range(5)), to_minute=int("1440"))
    stages = tuple(
        msgspec.structs.replace(stage, binding=Binding(), limits=msgspec.structs.replace(stage.limits))
        for stage in default_workflow().stages
    )
    plain = msgspec.structs.replace(default_workflow().transitions[0], gates=(MaintenanceWindow(),))
    first = changed(transitions=(plain,))
    second = changed(stages=stages, transitions=(msgspec.structs.replace(plain, gates=(window,)),))

    assert first == second
    assert first.digest == second.digest
    verbose = to_json(first).replace(b'"stages":[{', b'"stages":[{"binding":{},"limits":{},"entry":"leave",')
    assert from_json(verbose).digest == first.digest


LINES = b"""{
 "format": 1,
 "stages": [
  {"id": "a", "name": "Test", "colour": "#112233", "limits": {
   "running": 1,
   "per_service": 1,
   "r\\u0075nning": 2}},
  {"id": "b", "colour": "#112233", "name": "a \\"{ b"}
 ],
 "id": "release", "name": "Release", "version": 1, "transitions": []
}"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LINES, "Stage “Test”, field “limits”: the key “running” stands there twice, in lines 5 and 7."),
        (LINES.replace(b'"id": "b"', b'"id": "b", "id": "c"'), "field “limits”: the key “running”"),
        (
            to_json(default_workflow()).replace(b'"entry":', b'"name":"x","entry":', 1),
            "Stage “Staging”: the key “name”",
        ),
        (b'{"format":1,' + to_json(default_workflow())[1:], "The workflow: the key “format” stands there twice."),
    ],
)
def test_a_key_that_stands_twice_is_refused_with_its_place(text: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        from_json(text)

    assert said in refused.value.reason


def test_equal_keys_of_different_groups_are_no_doubles() -> None:
    assert [stage.name for stage in from_json(LINES.replace(b"r\\u0075nning", b"configurations")).stages] == [
        "Test",
        'a "{ b',
    ]
