"""What rows claim is looked for in xapi's own log, and what the log tells beyond them is said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.inventories import inventory_of
from tests.ui.board_values import AT, make_card
from xsconsole.domain.board import Board
from xsconsole.domain.claims import KEPT, Claimant, claim, claims_in, own_claims, stem_of
from xsconsole.domain.drift.causes import Call, read_calls
from xsconsole.domain.ids import PersonId, Ref, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.outside import NOBODY_SPEAKS, Speakers, Whose, by_whom, machines_of, work_of_consoles
from xsconsole.domain.reconciliation import (
    GRACE,
    MOST_TOLD,
    Position,
    Reconciled,
    claimed_sessions,
    reached,
    reconciled,
    sessions_of,
)
from xsconsole.domain.record import AuditEvent, AuditRow, Fact, Outcome
from xsconsole.domain.signing import key_fingerprint
from xsconsole.domain.workflow import Person
from xsconsole.store.keys import SigningKey, is_signature

SHOP = make_card()
BOARD = Board(workflow=None, cards={SHOP.id: SHOP})
FIRST, SECOND = SHOP.members
OWN = frozenset({"ours"})
END = AT + timedelta(hours=1)
SIGNER, SECOND_SIGNER = (
    SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)) for number in (1, 2)
)
BEGIN = Position(until=AT - timedelta(seconds=1), lines=0)


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


def compared(
    calls: list[Call],
    rows: list[AuditRow],
    own: frozenset[str] = OWN,
    position: Position = BEGIN,
    speakers: Speakers = NOBODY_SPEAKS,
    ahead: timedelta = timedelta(),
) -> Reconciled:
    stand = inventory()
    refs = {one.uuid: one.ref for one in SHOP.members}
    return reconciled(calls, rows, own, machines_of(BOARD, stand), refs, position, END, speakers, ahead)


def test_a_step_that_the_log_does_not_tell_of_is_named_and_one_of_another_kind_is_not_looked_for() -> None:
    rows = [step(1, FIRST.uuid, 1), step(2, SECOND.uuid, 2), step(3, SECOND.uuid, 3, "gate"), step(4, "gone", 4)]
    calls = [call(0, "VM.start", FIRST.ref), call(50, "VM.start", SECOND.ref)]  # the second far too late

    found = compared(calls, rows)

    assert (found.found, [one.seq for one in found.missing]) == (1, [2])
    assert not found.verdict.is_good
    assert found.verdict.seq == 2
    assert compared(calls, rows[:1]).verdict.is_vouched


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_step_is_found_by_the_clock_of_the_pool_wherever_that_stands(hours: int) -> None:
    ahead, rows = timedelta(hours=hours), [step(1, FIRST.uuid, 1)]
    calls = [call(hours * 60, "VM.start", FIRST.ref)]

    assert compared(calls, rows, ahead=ahead).found == 1
    assert compared([call(0, "VM.start", FIRST.ref)], rows, ahead=ahead).found == 1, "it was set in between"
    assert compared([call(hours * 90, "VM.start", FIRST.ref)], rows, ahead=ahead).found == 0


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

    found = compared(calls, [step(1, FIRST.uuid, 1)])
    unknown = compared(calls, [], frozenset())

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

    found = compared(calls, [step(1, FIRST.uuid, 1)])

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


def test_what_is_compared_again_and_again_is_told_once_and_nothing_falls_between_two_times() -> None:
    log = [call(1, "VM.start", FIRST.ref), *(call(5, f"VM.set_{n}", FIRST.ref, "theirs") for n in range(3))]
    told: list[str] = []
    position = BEGIN
    for known in (1, 2, 2, 4, 4):  # the log grows, also by lines of one and the same time
        found = compared(log[:known], [], position=position)
        told += [one.call for one in found.foreign]
        position = found.end

    assert told == ["VM.set_0", "VM.set_1", "VM.set_2"]
    assert (position.until, position.lines) == (log[-1].at, 3)
    old = Position(until=log[-1].at)  # as a row of an earlier program tells it
    assert compared(log, [], position=old).foreign == ()
    assert compared([], [], position=position).end == position


def test_a_step_is_only_missing_once_its_line_has_had_time_to_come() -> None:
    late = 60 - GRACE.total_seconds() / 120  # minutes, within the last one
    rows = [step(1, FIRST.uuid, 1), step(2, FIRST.uuid, 2, "gate"), step(3, SECOND.uuid, late)]
    calls = [call(1, "VM.start", FIRST.ref)]

    young = compared(calls, rows)
    then = compared([*calls, call(late, "VM.start", SECOND.ref)], rows[2:], position=young.end)

    assert (young.found, young.missing, young.end.row) == (1, (), 2)
    assert (then.found, then.missing, then.end.row) == (1, (), 3)


def test_another_console_is_told_from_other_programs_by_its_signed_word() -> None:
    session = "ab" * 16
    text = claim(SIGNER, "console-2", "ops-2", "pool", [session, "cd" * 16])
    keys = {f"{stem_of('console-2')}.7": text, "other": text}
    claims = claims_in(keys, "pool", (), is_signature)
    ann = Person(id=PersonId("ann"), name="Ann", fingerprints=(claims[session[:16]].fingerprint,))
    (enrolled,) = {*claims_in(keys, "pool", (ann,), is_signature).values()}
    forged = {f"{stem_of('console-2')}.8": text.replace(session[:16], "ee" * 8)}
    disputed = claim(SECOND_SIGNER, "console-3", "ops-3", "pool", [session])
    calls = [
        call(1, "VM.start", FIRST.ref),
        call(2, "VM.set_memory", FIRST.ref, session),
        call(3, "VM.clone", FIRST.ref, "theirs"),
    ]

    def whose(claims: dict[str, Claimant], *, demands: bool) -> list[Whose]:
        told = Speakers(claims=claims, originators={"theirs": "xo <b>"}, demands_enrolment=demands)
        return [one.whose for one in compared(calls, [], speakers=told).foreign]

    assert enrolled.words == "console “ops-2” of Ann"
    assert "by a key that nobody enrolled" in claims[session[:16]].words
    assert whose(claims, demands=False) == [Whose.CONSOLE, Whose.FOREIGN]
    assert whose(claims, demands=True) == [Whose.FOREIGN, Whose.FOREIGN]
    assert whose({session[:16]: enrolled}, demands=True) == [Whose.CONSOLE, Whose.FOREIGN]
    assert claims_in(keys, "another", (), is_signature) == claims_in(forged, "pool", (), is_signature) == {}
    assert claims_in({**keys, f"{stem_of('3')}.1": disputed}, "pool", (), is_signature).keys() == {"cd" * 8}
    found = compared(calls, [], speakers=Speakers(claims=claims, originators={"theirs": "xo <b>"}))
    assert [one.is_change for one in found.foreign] == [True, False]
    assert "of what calls itself “xo <b>”" in found.foreign[1].sentence
    assert "1 change to its machines is not ours: shop-0: VM.clone by alice" in found.verdict.sentence
    assert "1 more is of other consoles." in found.verdict.sentence
    copied = claims_in(keys, "pool", (), is_signature, ann.fingerprints[0])
    alike = compared(calls[:2], [], speakers=Speakers(claims=copied, originators={})).verdict
    assert "A copy of this home is at work there" in alike.sentence
    assert (alike.is_good, alike.is_vouched) == (True, False)


def test_what_other_consoles_did_is_counted_and_vouched_for_and_crowds_nobody_else_out() -> None:
    session = "ab" * 16
    theirs = Claimant(console="console-2", name="ops-2", fingerprint="f", person="Ann")
    told = Speakers(claims={session[:16]: theirs}, originators={})
    work = [call(1 + n, f"VM.set_{n % 3}", member.ref, session) for n in range(6) for member in (FIRST, SECOND)]
    many = [call(9, f"VM.set_{n}", FIRST.ref, session) for n in range(MOST_TOLD)]

    theirs_only = compared(work, [], speakers=told)
    crowded = compared([*many, call(10, "VM.destroy", FIRST.ref, "theirs")], [], speakers=told)

    assert theirs_only.verdict.is_vouched
    assert "nobody else changed its machines but other consoles, 6 changes in all" in theirs_only.verdict.sentence
    (line,) = work_of_consoles(theirs_only.foreign)
    assert line.startswith(f"console “ops-2” of Ann: 12 calls to 2 machines of {SHOP.name}, from ")
    assert (crowded.left_out, len(crowded.foreign), crowded.verdict.is_vouched) == (1, MOST_TOLD, False)
    assert "1 change to its machines is not ours: shop-0: VM.destroy" in crowded.verdict.sentence
    assert work_of_consoles(by_whom(crowded.foreign)[0]) == ()


def test_a_console_keeps_what_it_claimed_by_its_own_key_and_a_new_record_is_compared_as_far_back() -> None:
    old, older, current = "ab" * 16, "cd" * 16, "ef" * 16
    mine, stem = claim(SIGNER, "console-2", "ops-2", "pool", [old, older]), stem_of("console-2")
    forged = claim(SECOND_SIGNER, "console-2", "ops-2", "pool", ["11" * 16])
    keys = {
        f"{stem}.3": mine,
        f"{stem}.4": forged,
        f"{stem}.5": mine.replace("cd" * 8, "22" * 8),
        f"{stem}.6": claim(SIGNER, "console-3", "ops-3", "pool", ["33" * 16]),
        f"{stem}.7": claim(SIGNER, "console-2", "ops-2", "another", ["44" * 16]),
        f"{stem}.8": "{",
        f"{stem}.9": claim(SIGNER, "console-2", "ops-2", "pool", [current]),
    }
    log = [
        call(-20, "VM.set_memory", FIRST.ref, "theirs", "root"),
        call(1, "VM.start", FIRST.ref, older),
        call(2, "VM.set_memory", FIRST.ref, "theirs", "root"),
        call(9, "VM.start", SECOND.ref, current),
    ]
    earliest, begun = AT - timedelta(days=7), AT + timedelta(minutes=8)

    own = own_claims(keys, "console-2", "pool", key_fingerprint(SIGNER.public_key), is_signature)

    assert own == (current[:16], old[:16], older[:16])
    again = claim(SIGNER, "console-2", "ops-2", "pool", [*(f"{n:032}"[::-1] for n in range(KEPT - 2)), *own])
    kept = own_claims({f"{stem}.1": again}, "console-2", "pool", key_fingerprint(SIGNER.public_key), is_signature)
    assert (len(kept), kept[-2:]) == (KEPT, own[:2])  # the oldest go first
    begin = reached(log, own, earliest, begun)
    found = compared(log, [], claimed_sessions(log, own), begin)
    assert (begin.until, [(one.who, one.number) for one in found.foreign]) == (log[1].at, [("root", 1)])
    assert reached(log[2:], own, earliest, begun).until == earliest  # the log has nothing of the oldest any more
    assert reached(log, own[:1], earliest, begun).until == begun
    assert reached(log, (), earliest, begun).until == begun


def test_a_machine_that_is_gone_is_named_by_what_the_log_says_of_it() -> None:
    uuid = Uuid("01234567-89ab-cdef-0123-456789abcdef")
    board = Board(workflow=None, cards={SHOP.id: replace(SHOP, missing=(uuid,), missing_roles={uuid: "web"})})
    head = (
        "[{at:%Y%m%dT%H:%M:%S}.500Z|audit|xen-1|7 INET :::80|{call}|audit] "
        "('trackid={who}' 'S-1-5' 'root' 'ALLOWED' 'OK' "
    )
    lines = (
        head.format(at=AT, call="session.create", who="theirs") + "'API' 'session.create' (('uname' 'root' '' '') "
        "('originator' 'a script' '' '')))",
        head.format(at=AT, call="VM.destroy", who="theirs")
        + f"'API' 'VM.destroy' (('self' 'shop-web' '{uuid}' 'OpaqueRef:gone')))",
    )
    calls = read_calls("\n".join(lines))

    found = reconciled(calls, [], OWN, machines_of(board, inventory()), {}, BEGIN, END)

    assert calls[0].originator == "a script"
    assert calls[1].at.microsecond == 500_000
    assert [(one.machine, one.call, one.vm) for one in found.foreign] == [(f"web ({uuid})", "VM.destroy", uuid)]
