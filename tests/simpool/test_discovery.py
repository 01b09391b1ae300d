"""Looking for storage step by step, as wizards do: each refusal lists the choices for the next step."""

from typing import Any
from xml.etree import ElementTree

import pytest

GIB = 1 << 30


def choices(refusal: Any, session: Any, driver: str, code: str, config: dict[str, str]) -> list[dict[str, str]]:
    """Return what is offered where a question is not complete."""
    host = session.xenapi.host.get_all()[0]
    details = refusal(session.xenapi.SR.probe, host, config, driver, {})
    assert details[:2] == [code, ""]
    found = [{part.tag: str(part.text) for part in choice} for choice in ElementTree.fromstring(details[3])]
    assert found
    return found


def test_a_target_its_disks_and_the_sr_on_one_of_them_are_found(session: Any, refusal: Any) -> None:
    host = session.xenapi.host.get_all()[0]
    config = {"target": "192.0.2.10"}

    target = choices(refusal, session, "lvmoiscsi", "SR_BACKEND_FAILURE_96", config)[1]
    config["targetIQN"] = target["TargetIQN"]
    disk = choices(refusal, session, "lvmoiscsi", "SR_BACKEND_FAILURE_107", config)[0]
    config["SCSIid"] = disk["SCSIid"]
    nothing = session.xenapi.SR.probe(host, config, "lvmoiscsi", {})
    sr = session.xenapi.SR.create(host, config, "0", "found", "", "lvmoiscsi", "user", True, {})
    known = ElementTree.fromstring(session.xenapi.SR.probe(host, config, "lvmoiscsi", {}))

    assert target["IPAddress"] == "192.0.2.10"
    assert int(disk["size"]) >= GIB
    assert nothing == "<SRlist/>"
    assert [one.text for one in known.iter("UUID")] == [session.xenapi.SR.get_uuid(sr)]


def test_the_exports_of_a_server_are_listed(session: Any, refusal: Any) -> None:
    found = choices(refusal, session, "nfs", "SR_BACKEND_FAILURE_101", {"server": "192.0.2.20"})

    assert {one["Target"] for one in found} == {"192.0.2.20"}
    assert all(one["Path"].startswith("/") for one in found)


def test_the_disks_of_a_fabric_are_listed(session: Any, refusal: Any) -> None:
    found = choices(refusal, session, "lvmohba", "SR_BACKEND_FAILURE_107", {})

    assert all(one["path"].endswith(one["SCSIid"]) for one in found)


@pytest.mark.parametrize(
    ("driver", "config", "code"),
    [
        ("nfs", {"server": "192.0.2.20"}, "SR_BACKEND_FAILURE_101"),
        ("lvmoiscsi", {"target": "192.0.2.10"}, "SR_BACKEND_FAILURE_96"),
    ],
)
def test_no_sr_is_made_of_half_a_description(
    session: Any, refusal: Any, driver: str, config: dict[str, str], code: str
) -> None:
    host, before = session.xenapi.host.get_all()[0], session.xenapi.SR.get_all()

    details = refusal(session.xenapi.SR.create, host, config, "0", "half", "", driver, "user", True, {})

    assert details[0] == code
    assert session.xenapi.SR.get_all() == before
