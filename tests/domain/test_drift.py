"""Drift that follows changes is at any moment what comparing everything anew would find."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.test_live_board import CONFIGURATIONS, Followed, batches, population
from xsconsole.domain.allowances import AllowedField, allowance_stem, allowances_of, to_text, together
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.drift import Against, LiveDrift, all_at_once, baseline_of, cause_of, read_calls, why_none
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid
from xsconsole.domain.inventory import VBD, VDI, VIF, VM, Change, ChangeBatch, Inventory, Network
from xsconsole.domain.manifest import FieldChange, Part, PartChange
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.workflow import default_workflow

AT = datetime(2026, 11, 27, 14, 2, tzinfo=UTC)
ONE, TWO, THREE = CONFIGURATIONS
PRODUCTION = StageId("production")


def card(id_: str, stage: str, origin: str = "", service: str = "shop") -> Card:
    made = Card(
        id=ConfigurationId(id_),
        name=id_,
        service=service,
        version="1",
        stage=StageId(stage),
        revision=1,
        workflow_version=1,
        members=(),
        standing=Standing.WHOLE,
    )
    if not origin:
        return made
    of = Origin(configuration=ConfigurationId(origin), name=origin, stage=PRODUCTION, revision=1, method="linked-clone")
    return replace(made, origin=of)


def board(*cards: Card) -> Board:
    return Board(workflow=default_workflow(), cards={one.id: one for one in cards})


def rule(**fields: object) -> AllowedField:
    made = AllowedField(id="a1", part="member", field="vcpus_max", service="shop", reason="small", by="ann", at=AT)
    return msgspec.structs.replace(made, **fields)


class Watched(Followed):
    """A board with the drift that follows it; in production stands whatever has the first machine."""

    def __init__(self) -> None:
        super().__init__()
        self.rules: tuple[AllowedField, ...] = ()
        self.drift = LiveDrift(lambda _: self.inventory, lambda _: self.rules)
        self.shown = Board(workflow=None, cards={})

    def hear(self, *changes: Change, is_whole: bool = False) -> None:
        super().hear(*changes, is_whole=is_whole)
        self.drift.hear(ChangeBatch(changes=changes, is_whole=is_whole), self.inventory)

    def see(self, at: datetime = AT) -> LiveDrift:
        self.shown = replace(self.live.renewed(), workflow=default_workflow())
        moved = {id_: replace(one, stage=PRODUCTION) if id_ == ONE else one for id_, one in self.shown.cards.items()}
        self.shown = replace(self.shown, cards=moved)
        self.drift.show(self.shown)
        assert self.drift.advance(sys.maxsize, at)
        anew = all_at_once(self.shown, lambda _: self.inventory, lambda _: self.rules, at)
        assert {id_: one.comparison for id_, one in self.drift.found.items()} == {
            id_: one.comparison for id_, one in anew.items()
        }
        return self.drift


@settings(max_examples=40)
@given(st.lists(st.tuples(batches, st.integers(0, 6)), max_size=8))
def test_it_is_what_comparing_everything_anew_finds(happened: list[tuple[ChangeBatch, int]]) -> None:
    watched = Watched()
    watched.hear(*population().changes, is_whole=True)
    watched.see()

    for batch, read in happened:
        watched.hear(*batch.changes, is_whole=batch.is_whole)
        watched.drift.advance(read, AT)
        if read % 2:  # else nobody looks before the next batch
            watched.see()
    watched.see()


def test_a_change_is_told_once_with_when_it_was_seen_and_what_costs_nothing_is_told_of_nobody() -> None:
    watched = Watched()
    watched.hear(*population().changes, is_whole=True)
    found = watched.see()
    assert set(found.found) == {TWO, THREE}
    assert set(found.taken()) == {TWO, THREE}
    assert all(each.count == 0 for each in found.found.values())

    seen = AT + timedelta(minutes=1)
    disk = Ref("vdi-1")
    watched.hear(Change(ref=disk, class_name="vdi", record=VDI(ref=disk, uuid=Uuid(disk), virtual_size=9)))
    drift = watched.see(seen).found[TWO]

    assert watched.drift.taken() == (TWO,)
    (each,) = drift.comparison.drift
    assert isinstance(each.change, FieldChange)
    assert (each.change.part, each.change.field) == (Part.DISK, "size_bytes")
    assert drift.since(each) == seen
    watched.hear(
        Change(ref=disk, class_name="vdi", record=VDI(ref=disk, uuid=Uuid(disk), virtual_size=9, cbt_enabled=0))
    )  # type: ignore[arg-type]
    assert watched.see(seen + timedelta(minutes=1)).found[TWO].since(each) == seen
    assert watched.drift.taken() == ()


def test_a_network_counts_by_its_name_and_whoever_changed_production_changed_all_that_are_measured_by_it() -> None:
    watched = Watched()
    watched.hear(*population().changes, is_whole=True)
    vm = watched.inventory.get(VM, Ref("vm-a"))
    vif, lan = Ref("vif-0"), Ref("net-0")
    assert vm is not None
    watched.hear(
        Change(ref=vif, class_name="vif", record=VIF(ref=vif, uuid=Uuid(vif), VM=vm.ref, network=lan, device="0")),
        Change(ref=lan, class_name="network", record=Network(ref=lan, uuid=Uuid(lan), name_label="lan")),
        Change(ref=vm.ref, class_name="vm", record=msgspec.structs.replace(vm, VIFs=(vif,))),
    )
    assert [watched.see().found[id_].count for id_ in (TWO, THREE)] == [1, 1]
    watched.drift.taken()

    watched.hear(Change(ref=lan, class_name="network", record=Network(ref=lan, uuid=Uuid(lan), name_label="dmz")))

    assert watched.see() is watched.drift
    assert set(watched.drift.taken()) == {TWO, THREE}


def test_a_rule_made_by_hand_allows_its_field_for_its_service_and_stage_alone() -> None:
    watched = Watched()
    watched.hear(*population().changes, is_whole=True)
    vm = watched.inventory.get(VM, Ref("vm-b"))
    assert vm is not None
    watched.hear(Change(ref=vm.ref, class_name="vm", record=msgspec.structs.replace(vm, VCPUs_max=8)))
    assert watched.see().found[TWO].count == 1

    for made, count in ((rule(), 0), (rule(service="crm"), 1), (rule(stage="production"), 1), (rule(role="db"), 1)):
        watched.rules = (made,)
        watched.drift.judge_anew(watched.shown.cards)
        assert watched.see().found[TWO].count == count
    watched.rules = (rule(part="a part of a later version"),)
    watched.drift.judge_anew(watched.shown.cards)
    assert watched.see().found[TWO].count == 1


def test_a_rule_that_cannot_be_read_allows_nothing_and_the_newest_number_counts() -> None:
    old, new = rule(), rule(version=2, field="name")
    stem = allowance_stem("a1")

    assert allowances_of({f"{stem}.1": to_text(old), f"{stem}.2": to_text(new), "other": "x"}) == (new,)
    assert allowances_of({f"{stem}.1": "damaged"}) == ()
    assert allowances_of({f"{stem}.1": to_text(rule(schema=9))}) == ()
    assert allowances_of({f"{allowance_stem('b')}.1": to_text(old)}) == ()
    assert together(((old,), (old,))) == (old,)


@pytest.mark.parametrize(
    ("cards", "wanted", "expected"),
    [
        ((card("me", "staging", origin="it"), card("it", "production")), None, ("it", Against.ORIGIN)),
        ((card("me", "staging", origin="gone"), card("it", "production")), None, ("it", Against.PRODUCTION)),
        ((card("me", "staging", origin="a"), card("a", "staging"), card("p", "production")), "p", ("p", "production")),
        ((card("me", "staging"),), None, None),
        ((card("me", "staging"), card("it", "production", service="crm")), None, None),
        ((card("me", "production"), card("it", "production")), None, None),
        ((card("me", "staging"), card("it", "production")), "o", None),
        ((card("me", "staging", service=""), card("it", "production", service="")), None, None),
    ],
)
def test_what_is_measured_by_what(
    cards: tuple[Card, ...], wanted: str | None, expected: tuple[str, str] | None
) -> None:
    asked = {None: None, "p": Against.PRODUCTION, "o": Against.ORIGIN}[wanted]
    found = baseline_of(cards[0], board(*cards), asked)

    assert (found and (found.configuration, found.against)) == expected
    assert why_none(cards[0], asked).endswith(".")


def test_one_that_is_no_configuration_any_more_has_no_drift() -> None:
    watched = Watched()
    watched.hear(*population().changes, is_whole=True)
    watched.see().taken()
    assert watched.drift.version(TWO) is not None

    watched.drift.show(Board(workflow=default_workflow(), cards={}), [TWO, THREE, ONE])
    assert not watched.drift.advance(1, AT)
    assert watched.drift.advance(9, AT)

    assert watched.drift.found == {}
    assert set(watched.drift.taken()) == {TWO, THREE}
    assert watched.drift.version(TWO) is None
    assert all_at_once(board(), lambda _: Inventory(), lambda _: (), AT) == {}


LINE = (
    "[20261127T14:02:03.123Z|audit|xen-1|7 INET :::80|{call}|audit] ('trackid=ab' 'LOCAL_SUPERUSER' '{who}' "
    "'{verdict}' 'OK' 'API' '{call}' ({arguments}))"
)


def line(call: str, *refs: str, who: str = "ann", verdict: str = "ALLOWED", name: str = "vm") -> str:
    arguments = " ".join(f"('self' '{name}' 'uuid' '{ref}')" for ref in refs)
    return LINE.format(call=call, who=who, verdict=verdict, arguments=arguments)


def test_who_did_it_is_the_newest_call_to_that_object_that_can_have_done_it() -> None:
    watched = Watched()
    watched.hear(*population().changes, is_whole=True)
    watched.see()
    card_ = watched.shown.cards[TWO]
    member, inventory = card_.members[0], watched.inventory
    vm, vbd, vdi = member.ref, Ref("vbd-1"), Ref("vdi-1")
    texts = {vm: "OpaqueRef:vm-b", vbd: "OpaqueRef:vbd-1", vdi: "OpaqueRef:vdi-1"}
    forged = "x\\\\' \\\\'OpaqueRef:vm-b\\\\')"
    log = "\n".join(
        (
            line("VM.set_order", texts[vm], who="old"),
            line("VM.set_order", texts[vm], who="new").replace("14:02:03", "14:02:04"),
            line("VM.set_order", texts[vm], who="refused", verdict="DENIED").replace("14:02:03", "14:02:05"),
            line("VM.set_order", "OpaqueRef:another", who="other", name=forged).replace("14:02:03", "14:02:06"),
            line("VM.set_order", texts[vm], who="failed")
            .replace("14:02:03", "14:02:07")
            .replace("'OK'", "'ERROR:X: [  ]'"),
            line("VDI.resize", texts[vdi], who="bob"),
            line("VM.set_memory_limits", texts[vm], who="eve"),
            line("VBD.create", texts[vm], texts[vdi], who="joe"),
            "not a line",
            "[20261127T14:02:03.123Z|audit|x] ('too' 'short')",
        )
    )
    (told,) = read_calls(line("VM.set_order", "OpaqueRef:x", who="ACME\\\\\\\\ann"))
    assert told.who == "ACME\\ann"
    calls = read_calls(log)
    known = {Ref(text): ref for ref, text in texts.items()}
    calls = tuple(replace(call, objects=frozenset(known.get(ref, ref) for ref in call.objects)) for call in calls)

    def who(change: FieldChange | PartChange) -> str:
        found = cause_of(change, card_, inventory, calls)
        return found.who if found is not None else ""

    def field(name: str, part: Part = Part.MEMBER, device: str = "") -> FieldChange:
        return FieldChange(role=member.role, part=part, device=device, field=name, before=1, after=2)

    drive = inventory.get(VBD, vbd)
    assert drive is not None
    assert who(field("start_order")) == "new"
    assert who(field("memory_static_max_bytes")) == "eve"
    assert who(field("size_bytes", Part.DISK, drive.userdevice)) == "bob"
    whole = PartChange(role=member.role, part=Part.DISK, device=drive.userdevice, before=None, after=None)
    assert who(whole) == "joe"
    assert who(field("vcpus_max")) == ""
    assert who(replace(field("start_order"), role="nobody")) == ""
