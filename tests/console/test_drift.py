"""A shop is replicated, then changed behind the console's back by the plain package: each change is named at once."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Shell
from tests.console.desk import SHOP, Desk, seated
from xsconsole.console import (
    Drifting,
    Estate,
    drift_against,
    drifting,
    keep_statement,
    recorded,
    rule_for,
    since_of,
    state,
    statement_of,
    write_rule,
)
from xsconsole.console.drift_desk import statement_text
from xsconsole.domain.board import Card
from xsconsole.domain.drift import Against, Drift
from xsconsole.domain.events import DriftChanged
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VIF, VM, Network
from xsconsole.domain.manifest import FieldChange, Judged, topic_of, words
from xsconsole.domain.mending import why_not
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import ForbidDifference, Mend, Replicate
from xsconsole.errors import NotFound, Refused, StoreFailed

SOON_S = 2.0
MAC = "02:00:00:12:34:56"
GIB = 2**30


class Meddler:
    """Somebody with `xe`: changes one machine of the copy past every console."""

    def __init__(self, session: Any, vm: str, other_network: str) -> None:
        self._x = session.xenapi
        self.vm = self._x.VM.get_by_uuid(vm)
        self.vif = self._x.VM.get_VIFs(self.vm)[0]
        disks = [vbd for vbd in self._x.VM.get_VBDs(self.vm) if self._x.VBD.get_type(vbd) == "Disk"]
        self.disk = self._x.VBD.get_VDI(disks[0])
        self._other = other_network

    def halt(self) -> None:
        if self._x.VM.get_power_state(self.vm) != "Halted":
            self._x.VM.hard_shutdown(self.vm)

    def memory(self) -> None:
        self._x.VM.set_memory_limits(self.vm, str(3 * GIB), str(3 * GIB), str(3 * GIB), str(3 * GIB))

    def vcpus(self) -> None:
        self._x.VM.set_VCPUs_max(self.vm, "7")

    def disk_size(self) -> None:
        self._x.VDI.resize(self.disk, str(self._size() + GIB))

    def _size(self) -> int:
        return int(self._x.VDI.get_virtual_size(self.disk))

    def new_disk(self) -> None:
        made = self._x.VDI.create(
            {
                "name_label": "sneaked in",
                "name_description": "",
                "SR": self._x.VDI.get_SR(self.disk),
                "virtual_size": str(GIB),
                "type": "user",
                "sharable": False,
                "read_only": False,
                "other_config": {},
            }
        )
        self._x.VBD.create(
            {
                "VM": self.vm,
                "VDI": made,
                "userdevice": "9",
                "bootable": False,
                "mode": "RW",
                "type": "Disk",
                "empty": False,
                "other_config": {},
                "qos_algorithm_type": "",
                "qos_algorithm_params": {},
            }
        )

    def moved_interface(self) -> None:
        self._x.VIF.move(self.vif, self._x.network.get_by_uuid(self._other))

    def mac(self) -> None:
        record = self._x.VIF.get_record(self.vif)
        self._x.VIF.destroy(self.vif)
        record |= {"MAC": MAC, "MTU": str(record["MTU"])}
        self.vif = self._x.VIF.create(record)

    def boot_order(self) -> None:
        self._x.VM.set_HVM_boot_params(self.vm, {"order": "ndc"})

    def tag(self) -> None:
        self._x.VM.add_tags(self.vm, "meddled")

    def name(self) -> None:
        self._x.VM.set_name_label(self.vm, "renamed behind your back")

    def start_order(self) -> None:
        self._x.VM.set_order(self.vm, "77")


WAYS: list[tuple[str, str, str]] = [
    ("memory", "member", "memory_static_max_bytes"),
    ("vcpus", "member", "vcpus_max"),
    ("disk_size", "disk", "size_bytes"),
    ("new_disk", "disk", ""),
    ("moved_interface", "nic", "network"),
    ("mac", "nic", "mac"),
    ("boot_order", "member", "boot_params"),
    ("tag", "member", "tags"),
    ("name", "member", "name"),
    ("start_order", "member", "start_order"),
]


class Watcher:
    """Waits for what drift says."""

    def __init__(self, estate: Estate, drift: Drifting) -> None:
        self._drift = drift
        self._news = asyncio.Event()
        estate.subscribe(DriftChanged, lambda _: self._news.set())

    async def until(self, card: Card, is_so: Callable[[Drift], bool], deadline_s: float = 20.0) -> Drift:
        async with asyncio.timeout(deadline_s):
            while (found := self._drift.of(card.id)) is None or not is_so(found):
                self._news.clear()
                await self._news.wait()
            return found


def place_of(judged: Judged) -> tuple[str, str, str]:
    change = judged.change
    return (change.role, change.part.value, change.field if isinstance(change, FieldChange) else "")


def named(drift: Drift, role: str, part: str, field: str) -> str:
    """Return what is said of a field, with its values."""
    found = (each.change for each in drift.comparison.judged if place_of(each) == (role, part, field))
    return "; ".join(f"{words.label(change)}: {words.sides(change)[1]}" for change in found)


def is_named_anew(place: tuple[str, str, str], before: str, drift: Drift) -> bool:
    return named(drift, *place) not in ("", before)


async def replica(desk: Desk) -> Card:
    """Replicate the shop of staging, which runs, into Patch testing."""
    shop = desk.card("shop@staging")
    status = await desk.do(Replicate(configuration=shop.id, revision=shop.revision, target=StageId("patch-testing")))
    assert status.state is RunState.DONE, status.error
    await desk.until(lambda: any(card.origin for card in desk.console.board.cards.values()))
    return next(card for card in desk.console.board.cards.values() if card.origin is not None)


async def test_ten_changes_behind_its_back_are_each_named_within_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drifting, "SETTLED_S", 0.2)
    with embedded_pool("--speed", "50") as pool:
        async with seated(pool, tmp_path / "home") as desk:
            card = await replica(desk)
            estate = Estate.of(desk.console)
            drift = Drifting(estate)
            watcher = Watcher(estate, drift)
            try:
                await ten_changes(pool, desk, estate, drift, watcher, card)
                await rules_and_statements(desk, estate, watcher, card, tmp_path)
            finally:
                drift.close()
        shell = Shell(home=tmp_path / "home", pool=pool, passphrase="the tests' passphrase")
        said_in_a_shell(shell, next(member.uuid for member in card.members if "web" in member.role))


async def _no_room(*facts: object) -> None:
    del facts
    raise StoreFailed(path="audit.db", reason="The disk is full.")


async def ten_changes(
    pool: EmbeddedPool, desk: Desk, estate: Estate, drift: Drifting, watcher: Watcher, card: Card
) -> None:
    first = await watcher.until(card, lambda found: found.baseline.against is Against.ORIGIN)
    assert first.count == 0, [(words.place(each.change), words.label(each.change)) for each in first.comparison.drift]
    member = next(member for member in card.members if "web" in member.role)
    vm = desk.console.inventory.by_uuid(VM, member.uuid)
    assert vm is not None
    taken = {vif.network for vif in desk.console.inventory.all(VIF) if vm.ref == vif.VM}
    other = next(one for one in desk.console.inventory.all(Network) if one.ref not in taken)
    with pool.plain_session() as session:
        meddler = Meddler(session, member.uuid, other.uuid)
        await asyncio.to_thread(meddler.halt)
        for way, part, field in WAYS:
            before = drift.of(card.id)
            assert before is not None
            seen = partial(is_named_anew, (member.role, part, field), named(before, member.role, part, field))
            await asyncio.to_thread(getattr(meddler, way))
            after = await watcher.until(card, seen, SOON_S)
            each = next(one for one in after.comparison.judged if place_of(one) == (member.role, part, field))
            assert after.since(each) is not None, way
    assert (found := drift.of(card.id)) is not None
    assert {getattr(each.change, "field", "") for each in found.comparison.allowed} >= {"name", "mac"}
    assert drift_against(estate, card.id).comparison == found.comparison


async def rules_and_statements(desk: Desk, estate: Estate, watcher: Watcher, card: Card, folder: Path) -> None:
    console = desk.console
    drift = await watcher.until(card, lambda found: True)
    before = drift.count
    order = next(each for each in drift.comparison.drift if getattr(each.change, "field", "") == "start_order")
    async with asyncio.timeout(20):
        while since_of(order.change, None, await recorded(estate, card.id)) is None:
            await desk.news()
    with pytest.raises(Refused, match="always drift"):
        rule_for(next(each.change for each in drift.comparison.drift if not isinstance(each.change, FieldChange)), card)

    rule = await write_rule(console, replace(rule_for(order.change, card), reason="the lab starts it last"))
    allowed = await watcher.until(card, lambda found: found.count == before - 1)
    (judged,) = [each for each in allowed.comparison.allowed if each.by_hand]

    assert (topic_of(judged.change), judged.by_hand) == (topic_of(order.change), rule.id)
    assert allowed.since(judged) == drift.since(order)
    made = statement_of(estate, allowed)
    await state(estate, made, "a drawer")
    assert made.verdict.startswith(f"{before - 1} differences from shop 1.3.0 in Staging that no rule allows")
    assert "the lab starts it last (root, " in made.verdict
    assert "same snapshot set of " in made.contents
    row = await desk.until_recorded(AuditEvent.STATED)
    assert (row.fact.details or {})["counts"] == {finding.value: number for finding, number in made.counts.items()}
    assert "<h2>" in statement_text(made, folder / "x.html")
    with pytest.raises(Refused, match="not as PDF"):
        statement_text(made, folder / "x.PDF")
    assert "renamed behind your back" in statement_text(made, folder / "x.txt")
    with pytest.raises(Refused):  # what is nowhere is not on record
        await keep_statement(estate, made, folder / "missing" / "x.html")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(estate, "record", _no_room)
        with pytest.raises(StoreFailed):
            await keep_statement(estate, made, folder / "x.html")
    assert not (folder / "x.html").exists()
    assert len(await estate.audit_page(AuditQuery(event=AuditEvent.STATED))) == 1

    await write_rule(console, ForbidDifference(id=rule.id, seen=rule, reason="no more"))
    await watcher.until(card, lambda found: found.count == before)
    with pytest.raises(NotFound, match="such rule"):
        await write_rule(console, ForbidDifference(id=rule.id, reason="again"))
    changes = [each.change for each in drift.comparison.drift if not why_not(each.change)]
    status = await desk.do(Mend(configuration=card.id, revision=card.revision, changes=tuple(changes)))
    assert status.error is None
    mended = await watcher.until(card, lambda found: found.count == before - len(changes))
    assert {each.change.part.value for each in mended.comparison.drift} == {"disk"}
    with pytest.raises(NotFound):
        drift_against(estate, find_configuration(console.board, "shop@staging").id, Against.ORIGIN)


def said_in_a_shell(shell: Shell, vm: str) -> None:
    with shell.pool.plain_session() as session:
        session.xenapi.VM.set_VCPUs_max(session.xenapi.VM.get_by_uuid(vm), "7")
    listed = {(one["name"], one["stage"]): one for one in shell.say("drift", "list", "--json").document}
    told = shell.say("drift", "show", "shop@patch-testing").out
    assert told.startswith(f"{SHOP} in Patch testing beside {SHOP} in Staging (origin)"), told
    field = next(word for line in told.splitlines() for word in line.split() if word.endswith(":vcpus_max"))
    before = listed[SHOP, "patch-testing"]["drift"]

    assert (before, listed[SHOP, "patch-testing"]["because"]) == (3, "origin")
    assert [bool(re.search(r"2\d{3}-\d\d-\d\d", line)) for line in told.splitlines() if ", disk " in line][:2] == [
        True,
        True,
    ]
    asked = ("drift", "allow", "shop@patch-testing", field, "--all-members", "--reason", "a big lab", "--json")
    rule = shell.say(*asked).document
    assert (rule["role"], rule["reason"], rule["version"]) == ("", "a big lab", 1)
    again = shell.say(
        "drift", "allow", "shop@patch-testing", field, "--everywhere", "--reason", "a big lab", "--json"
    ).document
    assert (again["id"], again["version"], again["stage"], again["role"]) == (rule["id"], 2, "", "")
    compared = shell.say("config", "compare", "shop@staging", "shop@patch-testing", "--json").document
    assert any("a big lab" in (one["rule"] or "") for one in compared["differences"])
    page = shell.home / "statement.html"
    stated = shell.say("drift", "state", "shop@patch-testing", "--out", str(page))
    assert stated.out.startswith("2 differences from"), stated.err
    assert "a big lab" in page.read_text()
    printed = shell.say("drift", "state", "shop@patch-testing").out.splitlines()
    assert (printed[0].startswith("Fidelity statement"), len(printed) > 200) == (True, True)
    assert shell.say("drift", "forbid", rule["id"][:8], "--reason", "over").status == 0
    refused = shell.say("drift", "allow", "shop@patch-testing", "web:nothing", "--reason", "x")
    assert (refused.status, "does not differ now" in refused.err) == (1, True)
    mended = shell.say("drift", "mend", "shop@patch-testing")
    assert mended.status == 0, mended.err
    refreshed = shell.say("refresh", "shop@patch-testing", "--reason", "the patch is in")
    assert refreshed.status == 0, refreshed.err
    shown = shell.say("drift", "show", "shop@patch-testing", "--json").document
    assert [one for one in shown["differences"] if one["verdict"] == "drift"] == []
    assert [one["after"] for one in shown["differences"] if one["name"].endswith("nic.0.mac")].count(MAC) == 1
    planned = shell.say(
        "replicate", "shop@staging", "--to", "integration", "--stop-first", "--dry-run", "--json", "--names", "{role} 2"
    )
    assert (planned.status, planned.document["intent"]["kind"]) == (0, "replicate"), planned.err
