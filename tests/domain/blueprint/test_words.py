"""What is asked for, what stands for no answer, and how values and differences are worded."""

from datetime import UTC, datetime

import msgspec
import pytest

from tests.domain.blueprint.shops import GIB, shop
from tests.inventories import inventory_of
from xsconsole.domain.blueprint import Parameter, ParameterKind, findings
from xsconsole.domain.blueprint.answers import answer, asked, empty
from xsconsole.domain.blueprint.capturing import verbatim
from xsconsole.domain.blueprint.difference import changed_lines, diff, lines, told, value_words
from xsconsole.domain.blueprint.edits import with_parameter
from xsconsole.domain.blueprint.finding import Finding
from xsconsole.domain.blueprint.standing import blueprint_key, library_of, shelved
from xsconsole.domain.blueprint.templating import used_names
from xsconsole.domain.blueprint.text import to_stored
from xsconsole.domain.ids import BlueprintId, Ref, Uuid
from xsconsole.domain.inventory import Pool
from xsconsole.domain.lineage import captured_words
from xsconsole.errors import NotFound


def parameter(kind: str, **fields: object) -> Parameter:
    return Parameter(name="x", kind=ParameterKind(kind), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "fields", "words", "nothing"),
    [
        ("integer", {"least": 1}, "a whole number of at least 1", 0),
        ("integer", {"most": 9}, "a whole number of at most 9", 0),
        ("size", {}, "a size, such as 4 GiB", 0),
        ("boolean", {}, "yes or no", False),
        ("choice", {"choices": ("a", "b")}, "one of a, b", ""),
        ("network", {}, "the name of a network of the stage", ""),
        ("text", {"least": 1, "most": 3}, "a text of from 1 to 3 characters", ""),
        ("text", {"pattern": "a+"}, "a text that fits a+", ""),
    ],
)
def test_each_kind_says_what_it_takes_and_what_stands_for_nothing(kind, fields, words, nothing) -> None:  # type: ignore[no-untyped-def]
    assert asked(parameter(kind, **fields)) == words
    assert empty(ParameterKind(kind)) == nothing


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("integer", "--5"),
        ("integer", 1.5),
        ("size", "much"),
        ("size", "999999999999999PiB"),
        ("address", 7),
        ("text", 7),
        ("boolean", 7),
        ("network", 7),
    ],
)
def test_what_is_of_another_kind_is_no_answer(kind: str, given: object) -> None:
    assert isinstance(answer(parameter(kind), given), Finding)


def test_answers_are_bounded() -> None:
    assert isinstance(answer(parameter("text", most=2), "abc"), Finding)
    assert answer(parameter("text", pattern="("), "abc") == "abc"  # what is wrong with the pattern is found elsewhere
    assert answer(parameter("network"), " front ") == "front"
    assert answer(parameter("integer"), "-5") == -5


def test_differences_word_every_kind_of_value() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)

    assert [value_words("required", value) for value in (True, False)] == ["yes", "no"]
    assert value_words("memory", GIB) == "1 GiB"
    assert value_words("at", at) == "2026-01-02 00:00 UTC"
    assert value_words("source", shop().source) == "shop 3.4"
    assert value_words("parameters", shop().parameters[0]) == "parameter"
    web, db = shop().members
    longer = msgspec.structs.replace(web, user_data=web.user_data + "more\n")
    assert lines(diff(shop(), msgspec.structs.replace(shop(), members=(longer, db)))) == (
        "Member web, user data: 7 lines, line 7: {% endfor %} → 7 lines, line 7: {% endfor %}more",
    )
    ((_, text),) = told(diff(shop(), msgspec.structs.replace(shop(), members=(longer, db))))
    assert text[-2:] == ("-{% endfor %}", "+{% endfor %}more")
    assert changed_lines("--- \na\nb", "a\nc\nb") == ("@@ -1,3 +1,3 @@", "---- ", " a", "+c", " b")
    assert changed_lines("a", "a\n") == ("  (the same lines; they end differently)",)
    none = msgspec.structs.replace(web, interfaces=(), network_config="a\nb")
    assert lines(diff(shop(), msgspec.structs.replace(shop(), members=(none, db)))) == (
        "Member web, interfaces: 0 on front → none",
        "Member web, network config: none → 2 lines, line 1: a",
    )


def test_findings_of_networks_and_of_kinds() -> None:
    unused = msgspec.structs.replace(shop(), networks=("front", "back", "other"), parameters=shop().parameters[:-1])
    assert "unused network" in {each.rule for each in findings(unused)}
    whole = msgspec.structs.replace(shop().parameters[0], kind=ParameterKind.BOOLEAN, default=True, pattern="a")
    rules = {each.rule for each in findings(with_parameter(shop(), "web_memory", whole))}
    assert {"bounds", "pattern", "reference"} <= rules
    choice = msgspec.structs.replace(shop().parameters[4], choices=(), default=None)
    assert "choices" in {each.rule for each in findings(with_parameter(shop(), "size", choice))}


def test_what_cannot_be_read_uses_no_names_and_texts_stay_as_they_are() -> None:
    assert used_names("{{ a") == frozenset()
    assert verbatim("plain") == "plain"


def test_what_it_was_captured_from_says_how_far_apart_machines_were_frozen() -> None:
    source = shop().source
    assert source is not None
    frozen = msgspec.structs.replace(source, frozen_at=datetime(2026, 11, 28, 5, 0, tzinfo=UTC))

    assert captured_words(source) == "Captured from shop 3.4 in Production"
    assert captured_words(frozen) == "Captured from shop 3.4 in Production, frozen at 2026-11-28 05:00 UTC within 2 s"


def test_blueprints_of_one_name_are_told_apart_by_their_ids() -> None:
    first, second = (
        msgspec.structs.replace(shop(), id=BlueprintId(f"{digit * 8}-0000-4000-8000-000000000000")) for digit in "ab"
    )
    keys = {blueprint_key(one.id, one.version): to_stored(one) for one in (first, second)}
    record = Pool(ref=Ref("pool"), uuid=Uuid("pool"), other_config=keys)

    library = library_of(inventory_of(record), None, lambda *_: True)

    assert [one.called for one in library.newest] == [f"{shop().name} (aaaaaa)", f"{shop().name} (bbbbbb)"]
    with pytest.raises(NotFound) as refused:
        shelved(library, shop().name)
    assert "bbbbbb" in refused.value.choices[1]
    assert {shelved(library, name).id for name in ("bbbbbb", f"{shop().name} (bbbbbb)", second.id)} == {second.id}
