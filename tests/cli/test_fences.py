"""Fences on the command line: what they are built on, built, looked at, and taken away."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from embedded import embedded_pool

from tests.cli.shell import Shell
from tests.console.pool_state import footprint

SHOP, FENCE = "shop 1.3.0", "trial"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with embedded_pool("--speed", "500") as pool:
        yield Shell(home=tmp_path_factory.mktemp("home"), pool=pool)


def ground(shell: Shell) -> dict[str, object]:
    with shell.pool.plain_session() as session:
        networks = {one["name_label"]: one["uuid"] for one in session.xenapi.network.get_all_records().values()}
        machines = session.xenapi.VM.get_all_records().values()
        template = next(one["uuid"] for one in machines if one["name_label"] == "Debian 12 golden")
    inside = {"network": networks["stage-net"], "name": "stage-net", "subnet": "10.130.0.0/16", "gateway": "10.130.0.1"}
    return {
        "outside": networks["Management"],
        "outside_name": "Management",
        "subnet": "198.51.100.0/24",
        "pool": ["198.51.100.16/28"],
        "router": template,
        "originals": [inside],
        "vlans": [3000, 3009],
        "trunk": networks["Management"],
        "trunk_name": "Management",
    }


def test_a_fence_is_built_looked_at_and_discarded_by_name(shell: Shell, tmp_path: Path) -> None:
    file, before = tmp_path / "ground.json", footprint(shell.pool)
    file.write_text(json.dumps({**ground(shell), "pool": ["203.0.113.0/28"]}))
    refused = shell.say("fence", "ground", "set", str(file))
    assert refused.status == 1
    assert "are not of the outside network 198.51.100.0/24" in refused.err
    file.write_text(json.dumps(ground(shell)))
    denied = replace(shell, user="eve").say("fence", "ground", "set", str(file))
    assert "may not deploy configurations in fences, and change fences and their ground" in denied.err
    assert shell.say("fence", "ground", "set", str(file), "--json").document["version"] == 1

    typed = ("--address", "db.0=10.130.99.9")
    words = (SHOP, "--stage", "staging", "--mode", "in-and-out", "--called", FENCE, "--publish", "web-1:tcp/443:8443")
    built = shell.say("fence", "deploy", *words, *typed, "--json")
    assert built.status == 0, built.err
    assert built.document["state"] == "done"
    reach = shell.say("fence", "reach", FENCE, "web-1")
    assert reach.out == "“web-1” is reached at 198.51.100.19: TCP 443 to 8443.\n"
    with shell.pool.plain_session() as session:
        (database,) = session.xenapi.VM.get_by_name_label("shop-db.stg")
        own = session.xenapi.VM_guest_metrics.get_networks(session.xenapi.VM.get_guest_metrics(database))["0/ip"]
    assert f"10.130.99.9 is typed for card 0 of “db”, and its guest reports {own}" in built.err
    stray = f"db was planned at 10.130.99.9 and reports {own}."
    mend = f"deploy the fence anew with the address that it has: --address db.0={own}."
    assert any(stray in remark and mend in remark for remark in built.document["remarks"]), built.document["remarks"]
    shown = shell.say("fence", "show", FENCE)
    assert "stage-net: VLAN 3000" in shown.out
    assert "Guests: 3 of 4 addresses as planned and 1 otherwise." in shown.out
    assert stray in shown.err
    found = {one["member"]: one for one in shell.say("fence", "show", FENCE, "--json").document["addresses"]}
    assert [one["said"] for _, one in sorted(found.items())] == ["another address", *["as planned"] * 3]
    assert found["db"]["reported"] == [own]
    told = shell.say("fence", "ground", "show").out
    assert "VLAN tags for fences: 3000 to 3009, over Management" in told
    assert "Router template: Debian 12 golden" in told
    one_host = shell.say("fence", "deploy", *words, *typed, "--one-host", "--dry-run", "--called", "other")
    assert "So it was asked; there are VLAN tags for several." in one_host.out
    out = shell.say("plan", FENCE, "--to", "production")
    assert f"has {own} inside, and so has “shop-db.stg” on “stage-net”, where it would go." in out.err
    exported = tmp_path / "disk"
    assert shell.say("fence", "export", FENCE, "--out", str(exported)).status == 0
    assert sorted(one.name for one in exported.iterdir()) == ["meta-data", "network-config", "user-data"]
    unsaid = shell.say("fence", "undeploy", FENCE, "--discard")
    assert unsaid.status == 1
    assert f"Where it is so, name the fence again: --yes {FENCE}" in unsaid.err
    gone = shell.say("fence", "undeploy", FENCE, "--discard", "--yes", FENCE)
    assert gone.status == 0, gone.err
    after = footprint(shell.pool)
    after["keys"] = {key: text for key, text in after["keys"].items() if "fence_ground" not in key}
    assert after == before
