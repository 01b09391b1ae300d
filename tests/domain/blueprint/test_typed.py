"""Disks, interfaces and amounts as they are typed, and edits of a blueprint."""

from dataclasses import replace

import msgspec
import pytest

from tests.domain.blueprint.shops import GIB, shop
from xsconsole.domain.blueprint import Disk, Interface, ParameterKind, Reference, Template, findings
from xsconsole.domain.blueprint.edits import (
    add_member,
    add_parameter,
    of_template,
    with_member,
    with_parameter,
    without_member,
    without_parameter,
)
from xsconsole.domain.blueprint.typed import (
    amount_text,
    disks_text,
    interfaces_text,
    read_amount,
    read_bound,
    read_disks,
    read_interfaces,
)
from xsconsole.domain.ids import Uuid
from xsconsole.errors import Refused


def test_what_is_shown_is_read_back() -> None:
    disks = (
        Disk(position=0, role="system"),
        Disk(position=1, role="data", size=50 * GIB, name="{{ machine }} data", is_new=True),
        Disk(position=2, role="log", size=Reference(parameter="log_size"), is_new=True),
        Disk(position=3, role="data", size=GIB + 1, name="a b"),
    )
    interfaces = (Interface(device=0, network="front end"), Interface(device=1, network=Reference(parameter="lan")))

    assert read_disks(disks_text(disks)) == disks
    assert disks_text(disks).splitlines()[1] == "1 data 50 GiB new {{ machine }} data"
    assert read_interfaces(interfaces_text(interfaces)) == interfaces
    for value in (None, 3, Reference(parameter="x")):
        assert read_amount(amount_text(value, is_size=False), is_size=False) == value
    assert read_amount("1.5 GiB", is_size=True) == GIB * 3 // 2


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (read_disks, "0 system\nfirst data", "Line 2 of the disks is not understood: “first data”."),
        (read_interfaces, "\nfront", "Line 2 of the interfaces is not understood: “front”."),
        (lambda text: read_amount(text, is_size=True), "much", "“much” is no amount."),
        (lambda text: read_amount(text, is_size=False), "{Web}", "“{Web}” is no amount."),
        (lambda text: read_bound(text, is_size=False), "{web_memory}", "“{web_memory}” is no amount."),
    ],
)
def test_what_is_not_understood_is_said(read, text, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused) as failure:
        read(text)

    assert failure.value.reason == said
    assert failure.value.mend


def test_edits_keep_what_refers_to_what() -> None:
    memory = shop().parameters[0]

    renamed = with_parameter(shop(), "web_memory", msgspec.structs.replace(memory, name="room"))
    assert renamed.members[0].memory == Reference(parameter="room")
    lan = with_parameter(shop(), "lan", msgspec.structs.replace(shop().parameters[-1], name="inner"))
    assert lan.members[1].interfaces[0].network == Reference(parameter="inner")
    assert any(finding.parameter == "web_memory" for finding in findings(without_parameter(shop(), "web_memory")))
    more, added = add_parameter(add_parameter(shop())[0], ParameterKind.CHOICE)
    assert (added.name, added.choices, len(more.parameters)) == ("parameter_2", ("first", "second"), 9)
    web = msgspec.structs.replace(shop().members[0], order=9)
    assert with_member(shop(), "web", web).members == (web, shop().members[1])
    assert [member.id for member in without_member(shop(), "web").members] == ["db"]
    golden = Template(uuid=Uuid("t"), name="golden", is_template=True, disks={0: 9, 2: 9}, interfaces=(0,))
    grown, member = add_member(shop(), golden)
    assert (member.id, member.template_name, len(grown.members)) == ("member-1", "golden", 3)
    assert [(disk.position, disk.role) for disk in member.disks] == [(0, "system"), (2, "data")]
    assert [(each.device, each.network) for each in member.interfaces] == [(0, shop().networks[0])]
    own = msgspec.structs.replace(member.disks[0], role="logs")
    extra = msgspec.structs.replace(own, position=5, is_new=True)
    other = of_template(msgspec.structs.replace(member, disks=(own, extra)), golden, grown)
    assert [(disk.position, disk.role) for disk in other.disks] == [(0, "logs"), (2, "data"), (5, "logs")]
    unchosen, bare = add_member(shop())
    assert bare.role == "member-1"
    assert any("no template yet" in one.sentence for one in findings(unchosen, {}))
    own_uuid = shop().members[0].template
    recipe = findings(shop(), {own_uuid: replace(golden, uuid=own_uuid, is_recipe=True)})
    assert any("only says how to install" in one.sentence for one in recipe)
