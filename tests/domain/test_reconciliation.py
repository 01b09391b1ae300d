"""What rows claim is looked for in xapi's own log, and what the log tells beyond them is said."""

from dataclasses import replace
from datetime import timedelta

from tests.inventories import inventory_of
from tests.ui.board_values import AT, make_card
from xsconsole.domain.board import Board
from xsconsole.domain.drift.causes import Call
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.reconciliation import reconciled, sessions_of
from xsconsole.domain.record import AuditEvent, AuditRow, Fact, Outcome

SHOP = make_card()
BOARD = Board(workflow=None, cards={SHOP.id: SHOP})
FIRST, SECOND = SHOP.members
OWN = frozenset({"ours"})
END = AT + timedelta(hours=1)


def inventory() -> Inventory:
    return inventory_of(*(VM(ref=one.ref, uuid=one.uuid, name_label=one.name) for one in SHOP.members))


def call(minute: int, name: str, ref: Ref, session: str = "ours", who: str = "alice") -> Call:
    return Call(
        at=AT + timedelta(minutes=minute), who=who, name=name, objects=frozenset({ref}), session=session, is_done=True
    )


def step(seq: int, vm: str, minute: int, kind: str = "start") -> AuditRow:
    details = {"what": f"Start {vm}", "action": {"type": kind, "vm": vm}}
    fact = Fact(event=AuditEvent.STEP_SETTLED, outcome=Outcome.DONE, details=details)
    at = AT + timedelta(minutes=minute)
    return AuditRow(chain="c", seq=seq, at=at, console="", os_user="", fact=fact, digest="")


def test_a_step_that_the_log_does_not_tell_of_is_named_and_one_of_another_kind_is_not_looked_for() -> None:
    rows = [step(1, FIRST.uuid, 1), step(2, SECOND.uuid, 2), step(3, SECOND.uuid, 3, "gate"), step(4, "gone", 4)]
    calls = [call(0, "VM.start", FIRST.ref), call(50, "VM.start", SECOND.ref)]  # the second far too late

    found = reconciled(calls, rows, OWN, BOARD, inventory(), AT, END)

    assert (found.found, [one.seq for one in found.missing]) == (1, [2])
    assert not found.verdict.is_good
    assert found.verdict.seq == 2
    assert reconciled(calls, rows[:1], OWN, BOARD, inventory(), AT, END).verdict.is_vouched


def test_changes_of_another_session_are_told_by_whom_and_how_often_also_under_our_own_name() -> None:
    calls = [
        call(0, "VM.start", FIRST.ref),
        call(5, "VM.set_memory", FIRST.ref, "theirs", "root"),
        call(6, "VM.set_memory", FIRST.ref, "theirs", "root"),
        call(7, "VM.add_tags", SECOND.ref, "a script", "alice"),
        call(8, "VM.start", Ref("OpaqueRef:other"), "theirs"),
        replace(call(9, "VM.destroy", FIRST.ref, "theirs"), is_done=False),
        call(-9, "VM.destroy", FIRST.ref, "theirs"),
    ]

    found = reconciled(calls, [step(1, FIRST.uuid, 1)], OWN, BOARD, inventory(), AT, END)
    unknown = reconciled(calls, [], frozenset(), BOARD, inventory(), AT, END)

    assert [(one.who, one.call, one.machine, one.number) for one in found.foreign] == [
        ("root", "VM.set_memory", "shop-0", 2),
        ("alice", "VM.add_tags", "shop-1", 1),
    ]
    assert found.verdict.is_good
    assert not found.verdict.is_vouched
    assert "2 changes to its machines are not ours: shop-0: VM.set_memory by root, another session" in (
        found.verdict.sentence
    )
    assert unknown.foreign == ()
    assert "no row names a session" in unknown.verdict.sentence


def test_a_log_that_does_not_reach_back_says_so_and_blames_nobody_for_what_was_before() -> None:
    calls = [call(30, "VM.start", SECOND.ref)]

    found = reconciled(calls, [step(1, FIRST.uuid, 1)], OWN, BOARD, inventory(), AT, END)

    assert (found.missing, found.found) == ((), 0)
    assert "The log begins only at" in found.verdict.sentence
    assert not found.verdict.is_vouched


def test_sessions_are_those_of_log_ins_and_of_roads_that_came_back() -> None:
    facts = [
        Fact(event=AuditEvent.CONNECTED, details={"trackid": "a"}),
        Fact(event=AuditEvent.LINK_RESTORED, details={"trackid": "b"}),
        Fact(event=AuditEvent.FOREIGN, details={"trackid": "c"}),
        Fact(event=AuditEvent.CONNECTED, details={"trackid": 7}),
        Fact(event=AuditEvent.CONNECTED),
    ]
    rows = [AuditRow(chain="", seq=1, at=AT, console="", os_user="", fact=fact, digest="") for fact in facts]

    assert sessions_of(rows) == {"a", "b"}
