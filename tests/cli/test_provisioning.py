"""Configurations of a blueprint on the command line: values from a file, plans, findings, all or what stands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from tests.console.pool_state import footprint
from xsconsole.domain.blueprint import Blueprint, Disk, Interface, Member, Parameter, ParameterKind, to_stored
from xsconsole.domain.blueprint.standing import blueprint_key
from xsconsole.domain.ids import BlueprintId, Uuid

TOOL = "Debian 12 golden"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with embedded_pool("--speed", "500") as pool:
        with pool.plain_session() as session:
            machines = session.xenapi.VM.get_all_records().values()
            template = next(Uuid(one["uuid"]) for one in machines if one["name_label"] == TOOL)
            found = blueprint_of(template)
            for version in (1, 2):
                stored = to_stored(msgspec.structs.replace(found, version=version))
                key = blueprint_key(found.id, version)
                session.xenapi.pool.add_to_other_config(session.xenapi.pool.get_all()[0], key, stored)
        yield Shell(home=tmp_path_factory.mktemp("home"), pool=pool)


def blueprint_of(template: Uuid) -> Blueprint:
    member = Member(
        id="web",
        name_pattern="{{ customer }}-web",
        role="web",
        template=template,
        disks=(Disk(position=0, role="system"),),
        interfaces=(Interface(device=0, network="int-net"),),
    )
    return Blueprint(
        id=BlueprintId("0f5b4a63-7f0e-4a39-8f6e-0d6a3c1f2b11"),
        name="Web tenant",
        version=1,
        service="tenant",
        networks=("int-net",),
        parameters=(Parameter(name="customer", kind=ParameterKind.TEXT),),
        members=(member,),
    )


def test_values_come_from_a_file_and_what_is_wrong_with_them_is_said_before_anything_is_made(
    shell: Shell, tmp_path: Path
) -> None:
    before = footprint(shell.pool)
    table = tmp_path / "values.json"
    table.write_text(json.dumps([{"customer": "ada"}, {"customer": "bob"}]))

    shown = shell.say("provision", "web tenant", "--stage", "Integration", "--values", str(table), "--dry-run")
    again = shell.say("provision", "Web tenant", "--stage", "integration", "--set", "colour=red", "--dry-run", "--json")

    assert shown.status == 0, shown.err
    assert re.search(r"Provision tenant 2\.\d and 1 other in Integration", shown.out)
    assert "Make a linked clone of the template of bob-web" in shown.out
    assert "of version 2 of the blueprint Web tenant" in shown.out
    assert "Nobody signed this version" in shown.out
    assert again.status == 1
    assert "has no value" in again.err or "asks for no" in again.err
    assert footprint(shell.pool) == before


def test_all_of_them_stand_or_those_that_could(shell: Shell) -> None:
    whole = shell.say(
        *("provision", "Web tenant", "--stage", "integration", "--set", "customer=eve{{ number }}"),
        *("--times", "2", "--called", "tenant {{ customer }}", "--json", "--reason", "new tenants"),
    )
    shell.pool.control("fail", method="VM.clone", nth=1, code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])
    kept = shell.say(
        *("provision", "Web tenant", "--at-version", "1", "--stage", "integration", "--values", "-"),
        *("--keep-what-stands", "--version", "{{ customer }}"),
        stdin='[{"customer": "fay"}, {"customer": "gus"}]',
    )

    assert whole.status == 0, whole.err
    assert whole.document["configuration"]["name"] == "tenant eve1"
    assert len(whole.document["configurations"]) == 2
    assert whole.document["configuration"]["origin"]["revision"] == 2
    assert kept.status == 1
    assert sorted(line.split()[2] for line in kept.out.splitlines() if line.startswith("tenant ")) == ["done", "failed"]
    assert "There is not enough room in the storage" in kept.out  # the whole reason, as long as it is
