"""A promotion into another pool from the shell: the other one is named beside the first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from consoles import given_passphrase
from embedded import EmbeddedPool, embedded_pools

from tests.cli.shell import Shell
from tests.console.test_between_pools import SOURCE, crossing, taking
from tests.console.test_several_pools import access
from tests.workflows import put_on
from xsconsole.console import Console, Pools
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.workflow import Method, Workflow


@pytest.fixture
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "200") as pools:
        yield pools


async def test_a_way_into_another_pool_takes_both_pools(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> None:
    shell = Shell(home=tmp_path, pool=served[0])
    id_, copying, moving = await ways_between(served, tmp_path / "scratch")
    for pool in served:
        put_on(pool, copying)
    words = (id_, "--to", "staging")
    beside = (*words, "--also", served[1].url, "--password-stdin")
    passwords = "".join(pool.passwords["root"] + "\n" for pool in served)

    planned = shell.say("plan", *beside, stdin=passwords)
    promoted = shell.say("promote", *beside, stdin=passwords)

    assert "Copy payroll-app.pt with all its disks to the other pool" in planned.out
    assert promoted.status == 0, promoted.err
    assert "“payroll 2026.4” stands in Staging now: whole, 2 machines" in promoted.out

    for pool in served:
        put_on(pool, taking(copying, 3))
    again = shell.say("promote", *beside, stdin=passwords)

    assert again.status == 0, again.err
    assert "“payroll 2026.4” has the place: it is shut down, its restore point is taken, and once all" in again.err
    assert "For that payroll 2026.4 moves from pool “acme production” to pool “acme”." in again.err
    assert "“payroll 2026.4” stands in Staging now: whole, 2 machines, 2 running" in again.out
    both = shell.say("plan", "payroll@patch-testing", *beside[1:], stdin=passwords)
    assert "“payroll@patch-testing” fits 2 configurations" in both.err  # who gave way stands there beside its original
    for pool in served:
        put_on(pool, moving)
    moved = shell.say("promote", *beside, stdin=passwords)

    assert moved.status == 0, moved.err
    assert "leaves pool “acme”: 2 machines with" in moved.err
    assert "“payroll 2026.4” stands in Staging now: whole, 2 machines, 2 running" in moved.out

    there = ("--to-pool", served[1].name, *beside[3:])
    leaving = shell.say("config", "migrate", "crm@patch-testing", *there, stdin=passwords)
    assert "Patch testing lives in pool “acme”: in pool “acme production” it would not stand in that" in leaving.err
    assert "Promote it to Staging, which lives there." in leaving.err
    unsaid = shell.say("config", "migrate", "payroll@2026.5", *there, stdin=passwords)
    assert "takes the place of “int-net”. Say it for each, in the table of networks or by --map-network" in unsaid.err
    maps = ("--map-network", "int-net=prod-dmz", "--map-network", "stage-net=prod-data", "--dry-run", "--json")
    both = shell.say("config", "migrate", "payroll@2026.5", "crm@7.1.1", *maps, *there, stdin=passwords)
    assert {part["refusal"] for part in both.document["parts"]} == {None}, both.err
    mapped = ("--map-network", "int-net=prod-dmz", "--host", "xen-p1", "--sr", "SAN-platinum", "--json")
    for pool in served:
        pool.control("part")  # so that it goes through this console
    gone = shell.say("config", "migrate", "payroll@2026.5", *mapped, *there, stdin=passwords)
    assert gone.status == 0, gone.err
    assert "as a stream through this console, because hosts of the two pools do not reach each other" in gone.err
    assert gone.document["configuration"]["stage"] == "integration"
    assert (leaving.status, unsaid.status) == (1, 1)

    back = shell.say("plan", "payroll@staging", *beside[1:], stdin=passwords)
    assert back.status == 1
    assert "No configuration is called “payroll@staging” in this pool; it stands in “" in back.err
    assert "Swap the two: name that pool with `--pool`, and this one with `--also`." in back.err
    nowhere = shell.say("plan", "no-such", *beside[1:], stdin=passwords)
    assert "No configuration is called “no-such”. `xsconsole config list` shows them all." in nowhere.err


async def ways_between(served: tuple[EmbeddedPool, ...], home: Path) -> tuple[ConfigurationId, Workflow, Workflow]:
    """Return what goes, a version that leads there by copy, and a later one that moves the machines."""
    pools = Pools(await Console.open(home, passphrase=given_passphrase, is_reading=True))
    try:
        for pool in served:
            await pools.connect(*access(pool))
        here, there = (console.inventory for console in pools.all)
        card = find_configuration(pools.first.board, SOURCE)
        return card.id, crossing(here, there), crossing(here, there, Method.MOVE, version=4)
    finally:
        await pools.close()
