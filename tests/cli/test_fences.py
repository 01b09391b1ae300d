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
    inside = {"network": networks["stage-net"], "name": "stage-net", "subnet": "10.1.0.0/24", "gateway": "10.1.0.1"}
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

    typed = [
        word
        for at, name in enumerate(("db", "lb", "web-1", "web-2"))
        for word in ("--address", f"{name}.0=10.1.0.{10 + at}")
    ]
    words = (SHOP, "--stage", "staging", "--mode", "in-and-out", "--called", FENCE, "--publish", "web-1:tcp/443:8443")
    built = shell.say("fence", "deploy", *words, *typed, "--json")
    assert built.status == 0, built.err
    assert built.document["state"] == "done"
    reach = shell.say("fence", "reach", FENCE, "web-1")
    assert reach.out == "“web-1” is reached at 198.51.100.19: TCP 443 to 8443.\n"
    assert "stage-net: VLAN 3000" in shell.say("fence", "show", FENCE).out
    told = shell.say("fence", "ground", "show").out
    assert "VLAN tags for fences: 3000 to 3009, over Management" in told
    assert "Router template: Debian 12 golden" in told
    one_host = shell.say("fence", "deploy", *words, *typed, "--one-host", "--dry-run", "--called", "other")
    assert "So it was asked; there are VLAN tags for several." in one_host.out
    out = shell.say("plan", FENCE, "--to", "production")
    assert (
        f"stands in the fence “{FENCE}” leaves it: its machines are off while their cards are put on “stage-net”"
        in out.out
    )
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
