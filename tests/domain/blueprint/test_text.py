"""The text form of a blueprint: read back whole, refused with the place where it is none, described by its schema."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from schema_fits import misfits, unnamed

import xsconsole_resources
from tests.domain.blueprint.shops import shop
from xsconsole.domain.blueprint import Parameter, ParameterKind, from_json, from_stored, to_json, to_stored
from xsconsole.domain.blueprint.difference import diff, lines
from xsconsole.domain.blueprint.findings import Template, findings
from xsconsole.domain.blueprint.schema import RESOURCE, json_schema
from xsconsole.domain.blueprint.values import Disk, Reference, content_digest
from xsconsole.errors import Refused

PAGE = Path(__file__).parents[3] / "docs" / "blueprint-format.md"
SCHEMA: dict[str, Any] = json.loads(json_schema())


def test_it_is_read_back_and_fits_its_published_schema() -> None:
    assert from_json(to_json(shop())) == shop()
    assert from_stored(to_stored(shop())) == shop()
    assert misfits(json.loads(to_json(shop())), SCHEMA, SCHEMA) == []
    assert unnamed(PAGE.read_text(encoding="utf-8"), SCHEMA) == []
    is_current = xsconsole_resources.read_bytes(RESOURCE) == json_schema()
    assert is_current, "run .venv/bin/python packaging/schemas.py"


def changed(path: str, value: object) -> bytes:
    content = json.loads(to_json(shop()))
    at: Any = content
    *steps, last = path.split(".")
    for step in steps:
        at = at[int(step) if step.isdecimal() else step]
    at[last] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "The text is empty."),
        (b"{", "The blueprint is no JSON"),
        (b'{"a":' * 100_000, "The text nests its brackets too deep: that is no blueprint."),
        (b"\xff{}", "The text is no UTF-8"),
        (b" " * (4 * 1024 * 1024 + 1), "The text has 4194305 bytes; a blueprint has at most 4194304."),
        (changed("format", 2), "The blueprint is of format 2; this console reads format 1."),
        (changed("surprise", 1), "The blueprint has the field “surprise”, which this console does not know"),
        (changed("members.0.more", 1), "Member “web” has the field “more”"),
        (changed("parameters.0.kind", "secret"), "Parameter “web_memory”, field “kind”: 'secret' is not known"),
        (changed("members.0.vcpus", "two"), "Member “web”, field “vCPUs”"),
        (to_json(shop())[:-1] + b',"name":"x"}', "The blueprint: the key “name” stands there twice."),
        (changed("name", "a\u202eb"), "The blueprint: its name has a character that cannot be shown (U+202E)."),
        (changed("members.0.template", "x"), "Member “web”: “x” is no uuid of a template."),
        (changed("members.0.id", "db"), "The blueprint: two members are called “db”."),
        (changed("members.0.user_data", "a" * 20_000), "Member “web”: its user data has 20000 characters"),
        (changed("members.1.disks.1.position", 0), "Member “db”: two disks are at position 0."),
        (changed("parameters.0.name", "Web"), "Parameter “Web”: its name is none."),
        (changed("parameters.0.most", 2**60), "Parameter “web_memory”: its most is larger than anything."),
        (changed("version", 0), "The blueprint: its version is 0."),
        (changed("members", []) + b"x", "The blueprint is no JSON"),
        (changed("signature", {"public_key": "é", "value": "a"}), "The blueprint: its signature is no base64."),
    ],
)
def test_a_foreign_text_is_refused_with_its_place(text: bytes, said: str) -> None:
    with pytest.raises(Refused) as failure:
        from_json(text)

    assert failure.value.reason.startswith(said)
    assert failure.value.mend


def test_what_stands_on_the_pool_is_bounded() -> None:
    noise = "".join(chr(0x4E00 + (at * 7919) % 20000) for at in range(15_000))
    large = msgspec.structs.replace(
        shop(), members=tuple(msgspec.structs.replace(member, user_data=noise) for member in shop().members)
    )

    with pytest.raises(Refused, match="32768 is the most"):
        to_stored(large)
    assert any(finding.rule == "too large" for finding in findings(large))


def test_a_difference_tells_members_parameters_and_fields() -> None:
    web, db = shop().members
    after = msgspec.structs.replace(
        shop(),
        version=4,
        author="ben",
        summary="More",
        members=(msgspec.structs.replace(web, memory=8 * 1024**3, user_data="", start_delay=0),),
        parameters=(*shop().parameters[1:], Parameter(name="extra", kind=ParameterKind.TEXT)),
        networks=("front", "other"),
    )

    assert lines(diff(shop(), after)) == (
        "Blueprint, summary: Two machines → More",
        "Member db removed",
        "Member web, memory: as filled in for “web_memory” → 8 GiB",
        "Member web, start delay: 5 s → 0 s",
        "Member web, user data: 7 lines, line 1: #cloud-config → none",
        "Parameter web_memory removed",
        "Parameter extra added",
        "Network back removed",
        "Network other added",
    )
    assert diff(shop(), msgspec.structs.replace(shop(), version=9, author="x")) == ()
    assert content_digest(shop()) == content_digest(msgspec.structs.replace(shop(), version=9, author="x"))
    assert shop().digest != msgspec.structs.replace(shop(), version=9).digest
    again = msgspec.structs.replace(web, user_data=web.user_data.replace("fqdn", "name"))
    assert "3: name:" in lines(diff(shop(), msgspec.structs.replace(shop(), members=(again, db))))[0]
    moved = msgspec.structs.replace(db, disks=db.disks[:1], interfaces=())
    assert lines(diff(shop(), msgspec.structs.replace(shop(), members=(web, moved))))[0] == (
        "Member db, disks: 0: system, 20 GiB; 1: new, data, 50 GiB, “{{ machine }} data” → 0: system, 20 GiB"
    )


def test_findings_name_what_to_mend() -> None:
    web, db = shop().members

    def rules(**changes: object) -> set[tuple[str, str, str]]:
        found = findings(msgspec.structs.replace(shop(), **changes))
        assert all(each.mend and each.sentence.endswith(".") for each in found)
        return {(each.rule, each.member, each.parameter) for each in found}

    def of_web(**changes: object) -> set[tuple[str, str, str]]:
        return rules(members=(msgspec.structs.replace(web, **changes), db))

    assert rules() == set()
    assert ("no members", "", "") in rules(members=())
    assert ("doubled role", "", "") in of_web(role="db")
    assert ("unlisted network", "", "") in rules(networks=("back",))
    assert ("reference", "web", "size") in of_web(memory=Reference(parameter="size"))
    assert ("reference", "web", "gone") in of_web(memory=Reference(parameter="gone"))
    assert ("reference", "web", "machine") in of_web(name_pattern="{{ machine }}")
    assert ("user data", "web", "") in of_web(user_data="hello")
    free = (*shop().parameters, Parameter(name="motto", kind=ParameterKind.TEXT, default="x"))
    for text, is_told in (
        ("#cloud-config\nmotd: {{ motto }}\n", True),
        ("#cloud-config\nmotd: {{ motto|trim if is_debug else '' }}\n", True),
        ("#cloud-config\nmotd: {{ motto|quoted }} {{ domain }} {{ web_vcpus if motto == 'x' else 1 }}\n", False),
        ("#!/bin/sh\necho {{ motto|quoted }}\n", True),
        ("#!/bin/sh\necho {{ domain|quoted }}\n", False),
    ):
        typed = rules(parameters=free, members=(msgspec.structs.replace(web, user_data=text), db))
        assert (("typed text", "web", "") in typed) is is_told, text
    assert ("doubled name", "db", "") in of_web(name_pattern="shop-db", user_data="")

    def of_first(**changes: object) -> set[tuple[str, str, str]]:
        return rules(parameters=(msgspec.structs.replace(shop().parameters[0], **changes), *shop().parameters[1:]))

    assert ("bounds", "", "web_memory") in of_first(least=9 * 1024**3)
    assert ("default", "", "web_memory") in of_first(default=1)
    assert ("choices", "", "web_memory") in of_first(choices=("a",))
    assert ("pattern", "", "web_memory") in of_first(pattern="(")
    assert ("reserved name", "", "machine") in of_first(name="machine")
    assert ("unused", "", "other") in of_first(name="other")


def test_templates_of_the_pool_are_looked_at() -> None:
    gib = 1024**3
    web, db = shop().members
    whole = {
        web.template: Template(uuid=web.template, name="w", is_template=True, disks={0: 8 * gib}, interfaces=(0,)),
        db.template: Template(uuid=db.template, name="d", is_template=True, disks={0: 20 * gib}, interfaces=()),
    }

    def said(**changes: object) -> list[str]:
        template = Template(
            **{
                "uuid": db.template,
                "name": "d",
                "is_template": True,
                "disks": {0: 20 * gib},
                "interfaces": (),
                **changes,
            }  # type: ignore[arg-type]
        )
        return [each.sentence for each in findings(shop(), {**whole, db.template: template})]

    assert said() == []
    assert said(is_template=False) == [
        f"Member “db”: “{db.template}” is no template any more: somebody made it a machine."
    ]
    assert said(disks={}) == ["Member “db”: the template has no disk 0; somebody changed it."]
    assert said(disks={0: 30 * gib})[0].endswith(
        "disk 0 is to have 20 GiB, but the template's has 30 GiB, and none shrinks."
    )
    assert said(disks={0: 1, 1: 1}) == ["Member “db”: disk 1 is to be new, but the template has one there."]
    assert said(is_protected=False) == [f"Member “db”: its template “{db.template}” is not protected against deletion."]
    gone = findings(shop(), {db.template: whole[db.template]})
    assert gone[0].sentence.startswith("Member “web”: its template “shop-web (library)” is not in the pool;")
    assert gone[0].is_error
    grown = msgspec.structs.replace(db, disks=(Disk(position=0, role="system", size=20 * gib),))
    assert findings(msgspec.structs.replace(shop(), members=(web, grown)), whole) == ()
