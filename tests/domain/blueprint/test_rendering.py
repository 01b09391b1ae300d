"""A blueprint filled in: what comes of it, and what is said where nothing can."""

import json

import msgspec
import pytest

from tests.domain.blueprint.shops import GIB, shop
from xsconsole.domain.blueprint import Parameter, ParameterKind, Reference, Surroundings, Value, fill
from xsconsole.domain.blueprint.answers import answer, written_as
from xsconsole.domain.blueprint.edits import with_samples
from xsconsole.domain.blueprint.patterns import NoPattern, compiled, fits
from xsconsole.domain.blueprint.templating import Fault, render


def test_members_get_names_sizes_networks_and_texts() -> None:
    filled = fill(
        shop(),
        {"address": "10.0.0.5/24", "web_memory": "4 GiB", "is_debug": "yes", "lan": "back"},
        Surroundings(number=2, stage="Staging"),
    )

    assert filled.findings == ()
    assert filled.is_whole
    web, db = filled.members
    assert (web.name, web.memory, web.vcpus, web.interfaces[0].network) == ("shop-web-2", 4 * GIB, 2, "front")
    assert web.user_data == (
        '#cloud-config\nhostname: shop-web-2\nfqdn: shop-web-2."example.org"\ndebug: true\nhosts:\n'
        "  - shop-web-2,\n  - shop-db\n"
    )
    assert (db.vcpus, db.disks[1].name, db.disks[1].size, db.disks[1].is_new) == (2, "shop-db data", 50 * GIB, True)
    assert db.network_config == "addresses: [10.0.0.5/24]\nkind: small\n"
    assert db.interfaces[0].network == "back"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "“address” has no value. Give an address, such as 10.0.0.5 or 10.0.0.5/24."),
        ({"address": "10.0.0.500"}, "“address” is “10.0.0.500”. Give an address, such as 10.0.0.5 or 10.0.0.5/24."),
        (
            {"address": "::1", "web_memory": "512MiB"},
            "“web memory” is 512 MiB. Give a size from 1 GiB to 8 GiB, such as 4 GiB.",
        ),
        ({"address": "::1", "web_vcpus": True}, "“web vcpus” is “True”. Give a whole number from 1 to 8."),
        ({"address": "::1", "web_vcpus": 9}, "“web vcpus” is 9. Give a whole number from 1 to 8."),
        (
            {"address": "::1", "domain": "a b"},
            "“Domain” is “a b”, which does not fit. Give a text that fits [a-z.]+.",
        ),
        ({"address": "::1", "domain": "a\x00"}, "“Domain” has a character that cannot be shown (U+0000)."),
        ({"address": "::1", "domain": "a" * 1001}, "“Domain” has 1001 characters; 1000 are the most."),
        ({"address": "::1", "size": "huge"}, "“size” is “huge”. Give one of small, large."),
        ({"address": "::1", "is_debug": "perhaps"}, "“is debug” is “perhaps”. Give yes or no."),
        ({"address": "::1", "more": 1}, "The blueprint asks for no “more”. Take it out. There are: address,"),
        ({"address": "::1", "web_vcpus": "9" * 5000}, "“web vcpus” is “"),
    ],
)
def test_a_wrong_value_is_named_with_the_mend(values: dict[str, Value], said: str) -> None:
    filled = fill(shop(), values)

    assert not filled.is_whole
    assert filled.members == ()
    assert f"{filled.findings[0].sentence} {filled.findings[0].mend}".startswith(said)
    assert filled.findings[0].parameter


def test_what_is_wrong_with_a_member_names_it_and_the_others_are_made() -> None:
    web, db = shop().members
    given = {"address": "::1"}

    def said(**changes: object) -> tuple[str, str, str]:
        changed = msgspec.structs.replace(shop(), members=(msgspec.structs.replace(web, **changes), db))
        filled = fill(changed, given)
        assert [member.id for member in filled.members] == ["db"] or len(filled.members) == 2
        (finding,) = filled.findings
        return finding.member, finding.parameter, finding.sentence

    assert said(user_data="{{ nobody }}") == (
        "web",
        "nobody",
        "Member “web”: its user data uses “nobody”, which is no parameter in line 1.",
    )
    assert said(vcpus=Reference(parameter="domain"))[1:] == (
        "domain",
        "Member “web”: its vcpus comes from “domain”, which is no number of at least 1.",
    )
    assert said(name_pattern=" {{ ''}}")[2] == "Member “web”: its name is empty."
    assert said(name_pattern="x" * 101)[2] == "Member “web”: its name has 101 characters; 100 are the most."
    assert said(name_pattern="a{{ '\\n' }}b")[2].startswith("Member “web”: its name has a character")
    assert said(name_pattern="{{ web_memory + service }}")[2].startswith(
        "Member “web”: its name pattern cannot be filled in"
    )
    doubled = msgspec.structs.replace(shop(), members=(msgspec.structs.replace(web, name_pattern="shop-db"), db))
    assert fill(doubled, given).findings[0].sentence == "Member “db”: it would be called “shop-db”, as is “web”."
    odd = msgspec.structs.replace(db, interfaces=(msgspec.structs.replace(db.interfaces[0]),))
    no_lan = msgspec.structs.replace(shop().parameters[-1], default=None)
    without = msgspec.structs.replace(shop(), members=(web, odd), parameters=(*shop().parameters[:-1], no_lan))
    assert fill(without, given).findings[0].sentence == "Member “db”: a network comes from “lan”, which names none."


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{{ a.__class__ }}", "asks for “.__class__”"),
        ("{{ a['b'] }}", "has brackets"),
        ("{{ a() }}", "has a call"),
        ("{{ 'a' * 1000000000 }}", "has a multiplication"),
        ("{{ 2 ** 1000000000 }}", "has a power"),
        ("{% set b = a %}", "has an assignment"),
        ("{% include 'x' %}", "has an inclusion"),
        ("{% for b in a %}{% endfor %}", "has a loop over something else"),
        ("{% for b in members %}{% for c in members %}{% endfor %}{% endfor %}", "has a loop in a loop"),
        ("{% for b in members %}{{ b.keys }}{% endfor %}", "asks for “.keys”"),
        ("{{ a|attr('x') }}", "uses “|attr”"),
        ("{{ a|indent(1000000000) }}", "gives “|indent” what it does not take"),
        ("{{ a is defined }}", "has a test"),
        ("{{ a", "cannot be read in line 1"),
        ("{{ " + "(" * 5000 + "a" + ")" * 5000 + " }}", "nests too deep"),
        ("{{ " + "not " * 40 + "a }}", "nests too deep"),
        ("a" * 16385, "has 16385 characters"),
        ("{{ b }}", "uses “b”, which is no parameter"),
        ("{{ a - 1 }}", "cannot be filled in"),
    ],
)
def test_a_hostile_template_is_refused_before_it_does_anything(text: str, what: str) -> None:
    with pytest.raises(Fault) as failure:
        render(text, {"a": "x", "members": ()})

    assert failure.value.what.startswith(what)
    assert failure.value.mend


def test_a_result_is_bounded() -> None:
    with pytest.raises(Fault, match="comes to more than"):
        render("{{ a }}" * 1000, {"a": "x" * 1000})


def test_filters_write_sizes_and_quote() -> None:
    values = {"a": 3 * GIB, "b": ' "x"\ny'}

    assert render("{{ a|mib }} {{ a|gib }} {{ b|quoted }} {{ b|trim|upper }} {{ b|indent(2) }}", values) == (
        '3072 3 " \\"x\\"\\ny" "X"\nY  "x"\n  y'
    )


@pytest.mark.parametrize(
    ("pattern", "fitting", "unfitting"),
    [
        ("", "", "a"),
        ("[a-z][a-z0-9-]*", "web-1", "1web"),
        ("a{2,3}b?", "aaab", "abb"),
        (r"\d+|x\.y", "x.y", "xzy"),
        ("a{2,}", "aaaa", "a"),
        ("a?" * 40 + "a" * 40, "a" * 40, "b"),
        ("a*" * 60 + "b", "b", "a" * 900),
        ("a{0}b", "b", "ab"),
    ],
)
def test_patterns_fit_the_whole_and_take_no_time(pattern: str, fitting: str, unfitting: str) -> None:
    assert fits(pattern, fitting)
    assert not fits(pattern, unfitting)


@pytest.mark.parametrize("pattern", ["(a)", "[", "[z-a]", "a{3,2}", "a{2000}", "*", "a" * 201, "\\"])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(NoPattern):
        compiled(pattern)


def test_a_value_is_written_as_it_can_be_typed() -> None:
    size = Parameter(name="a", kind=ParameterKind.SIZE)

    assert [answer(size, written_as(size, value)) for value in (0, GIB, GIB + 1)] == [0, GIB, GIB + 1]
    assert written_as(Parameter(name="a", kind=ParameterKind.BOOLEAN), True) == "yes"
    assert answer(Parameter(name="a", kind=ParameterKind.ADDRESS), "10.0.0.1/8") == "10.0.0.1/8"


@pytest.mark.parametrize(
    ("parameter", "sample"),
    [
        (Parameter(name="who", kind=ParameterKind.TEXT, pattern="[0-9]+", least=9), "who"),
        (Parameter(name="a", kind=ParameterKind.INTEGER, least=3), 3),
        (Parameter(name="a", kind=ParameterKind.SIZE), GIB),
        (Parameter(name="a", kind=ParameterKind.BOOLEAN), False),
        (Parameter(name="a", kind=ParameterKind.CHOICE, choices=("small", "large")), "small"),
        (Parameter(name="a", kind=ParameterKind.ADDRESS), "192.0.2.1"),
        (Parameter(name="a", kind=ParameterKind.NETWORK), "front"),
        (Parameter(name="a", kind=ParameterKind.TEXT, default="mine"), "mine"),
        (Parameter(name="a", kind=ParameterKind.ADDRESS, required=False), None),
    ],
)
def test_what_has_no_default_can_be_looked_at_with_a_sample(parameter: Parameter, sample: Value) -> None:
    asked = msgspec.structs.replace(shop(), parameters=(*shop().parameters, parameter))

    seen = with_samples(asked)

    assert seen.parameters[-1].default == sample
    assert not fill(seen, {}, Surroundings(configuration="x", version="1", stage="s")).findings


def test_what_is_quoted_is_one_text_to_json_and_to_yaml_whatever_it_is() -> None:
    text = 'it\'s "q" \\ \n- : # {x} \t\x00\x7f\x85\u2028\ufeff ü 🙂'

    quoted = render("{{ a|quoted }}", {"a": text})

    assert json.loads(quoted) == text
    assert "🙂" in quoted, "YAML reads the two halves that JSON escapes it to as two characters"
    assert all(" " <= one <= "~" or one > "\uffff" for one in quoted)
