"""Decisions count for whom the workflow pins their key, once, and for nothing but what was signed."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.domain.approval import (
    Decision,
    Matter,
    Meaning,
    Requester,
    Tally,
    decided,
    from_text,
    is_genuine,
    tally,
    to_text,
)
from xsconsole.domain.ids import Digest, GroupId, PersonId
from xsconsole.domain.log_ins import may_be_one
from xsconsole.domain.quorum import fewest
from xsconsole.domain.signing import SignatureState, provenance, signed
from xsconsole.domain.workflow import ApprovalRule, Group, Person, Workflow, default_workflow, from_json, to_json
from xsconsole.domain.workflow.findings import OFFLINE, findings
from xsconsole.store.keys import SigningKey, is_signature

AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
SUBJECT = Digest("5" * 64)


def key(number: int) -> SigningKey:
    return SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


REQUESTER, ALICE, BOB, CAROL, STRANGER = (key(number) for number in range(1, 6))
RITA, BEN = "S-1-5-21-1-2-3-1101", "S-1-5-21-1-2-3-1102"
RULES = (
    ApprovalRule(count=2, groups=(GroupId("operators"),)),
    ApprovalRule(count=1, people=(PersonId("carol"),)),
)


def person(name: str, *keys: SigningKey, subject: str = "") -> Person:
    return Person(
        id=PersonId(name), name=name.title(), fingerprints=tuple(one.fingerprint for one in keys), subject=subject
    )


def workflow(*people: Person) -> Workflow:
    known = people or (
        person("rita", REQUESTER),
        person("alice", ALICE),
        person("bob", BOB, subject="bob@acme"),
        person("carol", CAROL),
    )
    group = Group(
        id=GroupId("operators"), name="Operators", people=(PersonId("rita"), PersonId("alice"), PersonId("bob"))
    )
    return msgspec.structs.replace(default_workflow(), people=known, groups=(group,))


def by(
    signer: SigningKey,
    meaning: Meaning = Meaning.APPROVE,
    subject: Digest = SUBJECT,
    actor: str = "",
    sid: str = "",
) -> Decision:
    return decided(
        signer,
        matter=Matter.PUBLICATION,
        subject=subject,
        about="Publish version 2",
        meaning=meaning,
        reason="looks right",
        at=AT,
        actor=actor,
        sid=sid,
    )


def counted(
    decisions: Iterable[Decision],
    of: Workflow | None = None,
    rules: tuple[ApprovalRule, ...] = RULES,
    authors: Iterable[Requester] = (),
    actor: str = "rita@acme",
) -> Tally:
    return tally(
        rules,
        of or workflow(),
        Matter.PUBLICATION,
        SUBJECT,
        decisions,
        Requester(fingerprint=REQUESTER.fingerprint, actor=actor, sid=RITA),
        is_signature,
        authors,
    )


def test_every_rule_must_be_satisfied_and_who_could_is_named() -> None:
    none = counted([])
    some = counted([by(ALICE), by(CAROL)])
    all_ = counted([by(ALICE), by(CAROL), by(BOB)])

    assert none.sentence == "0 of 2 approvals; Alice and Bob could approve. 0 of 1 approval; Carol could approve."
    assert (some.is_satisfied, some.sentence) == (False, "1 of 2 approvals; Bob could approve.")
    assert (all_.is_satisfied, all_.sentence) == (True, "")


def test_as_many_are_waited_for_as_have_to_approve_yet() -> None:
    people = [f"person-{number}" for number in range(30)]
    ids = [PersonId(name) for name in people]

    assert (counted([]).fewest_left, counted([by(ALICE)]).fewest_left) == (3, 2)
    assert counted([by(ALICE), by(CAROL), by(BOB)]).fewest_left == 0
    assert fewest([1, 1, 1], [ids[:2], ids[1:3], ids[:3:2]]) == 2  # no single person is in all three
    assert fewest([2, 1], [ids[:3], ids[2:4]]) == 2  # one of the two counts for both
    assert fewest([], []) == 0
    assert fewest([3] * 12, [ids[at : at + 10] for at in range(12)]) == 3  # too many to try every way
    alone = ApprovalRule(people=(PersonId("alice"),), count=3)
    assert counted([], rules=(alone,)).fewest_left == 3  # nobody but one could, and three are wanted


def test_nobody_counts_twice_whatever_keys_they_have() -> None:
    second = key(9)
    people = workflow(person("rita", REQUESTER), person("alice", ALICE, second), person("bob"), person("carol", CAROL))

    found = counted([by(ALICE), by(second), by(ALICE), by(CAROL)], people)

    assert not found.is_satisfied
    assert found.sentence == (
        "1 of 2 approvals, and nobody is left who could approve: Rita asked for it and Bob has no key."
    )


def test_whom_a_rule_names_and_who_cannot_approve_is_told_with_the_reason() -> None:
    shared = key(8)
    people = workflow(
        person("rita", REQUESTER),
        person("alice", ALICE, subject="root@acme"),
        person("bob", shared),
        person("carol", shared),
    )

    found = counted([], people)
    by_author = counted(
        [],
        rules=(ApprovalRule(count=1, people=(PersonId("carol"),), excludes_author=True),),
        authors=[Requester(fingerprint=CAROL.fingerprint)],
    )

    operators, carol = found.rules
    assert (operators.lacking, carol.lacking) == (2, 1)
    assert operators.why_left_out == (
        "Rita asked for it, Alice logs in as root@acme, which several people use and Bob has a key that is pinned to "
        "others too"
    )
    assert carol.sentence == (
        "0 of 1 approval, and nobody is left who could approve: Carol has a key that is pinned to others too."
    )
    assert found.dead_end.startswith("3 more approvals are needed than anybody could give: Rita asked for it, ")
    assert by_author.dead_end == "1 more approval is needed than anybody could give: Carol is an author of it."
    assert by_author.why_leaves_out(CAROL.fingerprint) == "Carol is an author of it"
    assert by_author.why_leaves_out(ALICE.fingerprint) == found.why_leaves_out(key(9).fingerprint) == ""
    assert counted([]).dead_end == ""
    without_bob = workflow(person("rita", REQUESTER), person("alice", ALICE), person("carol", CAROL))
    assert counted([], without_bob).rules[0].sentence == (
        "0 of 2 approvals; Alice could approve, and nobody else: Rita asked for it."
    )
    two_of_carol = counted([], rules=(ApprovalRule(count=2, people=(PersonId("carol"),)),))
    assert two_of_carol.dead_end == "1 more approval is needed than anybody could give."
    assert two_of_carol.sentence == "0 of 2 approvals; Carol could approve, and nobody else."
    assert counted([], without_bob).dead_end
    assert counted([by(CAROL, Meaning.REJECT)], without_bob).dead_end == ""


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (by(REQUESTER), "Rita asked for it."),
        (by(STRANGER), "The workflow pins its key to nobody."),
        (by(ALICE, subject=Digest("6" * 64)), "It is about something else."),
        (msgspec.structs.replace(by(ALICE), matter=Matter.PROMOTION), "It is about something else."),
        (msgspec.structs.replace(by(ALICE), reason="forged"), "Its signature does not match."),
        (msgspec.structs.replace(by(ALICE), meaning=Meaning.REJECT), "Its signature does not match."),
        (msgspec.structs.replace(by(ALICE), public_key=by(BOB).public_key), "Its signature does not match."),
        (msgspec.structs.replace(by(ALICE), public_key="no base64!", signature=""), "Its signature does not match."),
        (by(BOB, actor="root"), "It was made by the log-in root, and Bob logs in as bob@acme."),
    ],
)
def test_what_does_not_count_says_why(decision: Decision, reason: str) -> None:
    found = counted([decision])

    assert [ignored.reason for ignored in found.ignored] == [reason]
    assert not any(rule.approved for rule in found.rules)


def test_a_key_that_several_share_is_nobodys() -> None:
    shared = workflow(person("rita", REQUESTER), person("alice", ALICE), person("bob", ALICE), person("carol", CAROL))

    found = counted([by(ALICE)], shared)

    assert found.ignored[0].reason == "Its key belongs to Alice and Bob together, so to nobody."
    assert found.rules[0].could == ()


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        ("rita@acme", "RITA@Acme", True),
        ("ACME\\rita", "rita@acme.example", True),  # which domain ACME stands for, only the directory knows
        ("rita", "ACME\\Rita", True),
        ("ACME\\rita", "rita@acme", True),
        ("rita@acme.example.", " rita@acme.example", True),
        ("acme.example\\rita", "rita@acme.example", True),
        ("ACME\\STRASSE", "acme\\straße", True),
        ("\uff32ita", "rita", True),
        ("ACME\\rita", "OTHER\\rita", False),
        ("rita@acme.example", "rita@other.example", False),
        ("ACME\\rita", "ACME\\ritas", False),
        ("rita@acme", "rita@acme@acme", False),
        ("", "", False),
        ("@acme", "acme\\", False),
    ],
)
def test_a_log_in_is_spelled_in_several_ways(one: str, other: str, may_be: bool) -> None:
    assert may_be_one(one, other) is may_be_one(other, one) is may_be


@pytest.mark.parametrize("subject", ["RITA@acme", "ACME\\rita", "rita", "rita@acme.example"])
def test_who_logs_in_as_the_requester_does_not_count_however_that_is_spelled(subject: str) -> None:
    people = workflow(person("rita", key(8), subject=subject), person("alice", ALICE), person("bob", BOB))

    found = counted([by(key(8))], people)

    assert found.ignored[0].reason == "Rita asked for it."
    assert [one.words for one in found.rules[0].left_out] == ["Rita asked for it"]
    rule = ApprovalRule(count=1, people=(PersonId("rita"),), excludes_author=True)
    author = Requester(fingerprint="", actor="ACME\\rita")
    assert not counted([by(key(8))], people, (rule,), (author,), actor="bob").is_satisfied


def test_who_the_directory_says_asked_does_not_count_by_another_name_and_key() -> None:
    rule = ApprovalRule(count=1, people=(PersonId("alice"),))

    own = counted([by(ALICE, actor="a.moss@acme", sid=RITA)], rules=(rule,))
    forged = counted([msgspec.structs.replace(by(ALICE), sid=RITA), by(ALICE, sid=BEN)], rules=(rule,))

    assert (own.is_satisfied, own.ignored[0].reason) == (False, "Alice asked for it.")
    assert own.rules[0].left_out[0].is_requester
    assert own.rules[0].could == ()
    assert forged.is_satisfied, "what Alice did not sign takes nothing from her"
    assert [one.reason for one in forged.ignored] == ["Its signature does not match."]


@pytest.mark.parametrize(
    ("alice", "bob", "sids"),
    [("ACME\\ann", "Ann@acme.example", ("", "")), ("alice", "bob@acme", (BEN, BEN)), ("ann", "ann", ("", BEN))],
)
def test_nobody_counts_twice_by_two_spellings(alice: str, bob: str, sids: tuple[str, str]) -> None:
    people = workflow(
        person("rita", REQUESTER),
        person("alice", ALICE, subject=alice),
        person("bob", BOB, subject=bob),
        person("carol", CAROL),
    )

    found = counted([by(ALICE, sid=sids[0]), by(BOB, sid=sids[1]), by(CAROL, sid="S-1-5-21-1-2-3-1103")], people)
    other_way = counted([by(BOB, sid=sids[1]), by(ALICE, sid=sids[0])], people)

    operators, carol = found.rules
    assert (found.is_satisfied, len(operators.approved), operators.could) == (False, 1, ())
    assert operators.why_left_out == "Rita asked for it and Bob has the log-in of Alice, who approved"
    assert carol.is_satisfied
    assert len(other_way.rules[0].approved) == 1
    told = [one.sentence for one in findings(people, OFFLINE) if one.rule == "same-log-in"]
    assert len(told) == (sids != (BEN, BEN)), "by their names"
    only_bob = (ApprovalRule(count=1, people=(PersonId("bob"),)),)
    assert counted([by(ALICE, sid=sids[0]), by(BOB, sid=sids[1])], people, only_bob).is_satisfied


def test_two_of_one_name_in_two_domains_are_two() -> None:
    people = workflow(
        person("rita", REQUESTER),
        person("alice", ALICE, subject="ACME\\ann"),
        person("bob", BOB, subject="OTHER\\ann"),
        person("carol", CAROL),
    )

    found = counted([by(ALICE, actor="ACME\\ann", sid=RITA[:-1]), by(BOB, actor="OTHER\\Ann", sid=BEN)], people)

    assert len(found.rules[0].approved) == 2
    assert counted([by(BOB, actor="ACME\\ann")], people).ignored[0].reason == (
        "It was made by the log-in ACME\\ann, and Bob logs in as OTHER\\ann."
    )


def test_one_rejection_of_somebody_whom_a_rule_names_ends_it() -> None:
    found = counted([by(ALICE), by(BOB), by(CAROL, Meaning.REJECT)])

    assert not found.is_satisfied
    assert found.sentence == "Carol rejected it: looks right."
    assert counted([by(ALICE), by(BOB), by(CAROL), by(STRANGER, Meaning.REJECT)]).is_satisfied


def test_a_rule_may_leave_out_who_made_the_last_change() -> None:
    rule = ApprovalRule(count=1, people=(PersonId("alice"), PersonId("bob")), excludes_author=True)
    author = Requester(fingerprint=ALICE.fingerprint)

    assert not counted([by(ALICE)], rules=(rule,), authors=(author,)).is_satisfied
    assert counted([by(BOB)], rules=(rule,), authors=(author,)).is_satisfied
    assert counted(
        [by(ALICE)], rules=(msgspec.structs.replace(rule, excludes_author=False),), authors=(author,)
    ).is_satisfied


def test_a_decision_is_the_same_as_text_and_hostile_text_is_none() -> None:
    decision = by(ALICE, actor="alice")

    again = from_text(to_text(decision))

    assert again == decision
    assert is_genuine(decision, is_signature)
    with_sid = by(ALICE, actor="alice", sid=RITA)
    assert is_genuine(with_sid, is_signature)
    assert not is_genuine(msgspec.structs.replace(with_sid, sid=BEN), is_signature)
    assert not is_genuine(msgspec.structs.replace(with_sid, sid=""), is_signature)
    earlier = from_text(to_text(decision).replace('"sid":"",', ""))  # as consoles wrote it that knew of no sid
    assert earlier == decision
    for hostile in ("", "{", "[]", "[" * 100_000, to_text(decision).replace('"schema":1', '"schema":2')):
        assert from_text(hostile) is None


def test_a_signed_version_says_by_whom_and_a_changed_one_that_it_was_changed() -> None:
    version = from_json(to_json(signed(workflow(), ALICE)))

    assert provenance(workflow(), is_signature).state is SignatureState.UNSIGNED
    found = provenance(version, is_signature)
    assert (found.state, found.fingerprint, found.person) == (SignatureState.SIGNED, ALICE.fingerprint, "Alice")
    changed = msgspec.structs.replace(version, summary="nothing, really")
    assert provenance(changed, is_signature).state is SignatureState.DOES_NOT_MATCH
    assert version.digest == workflow().digest
