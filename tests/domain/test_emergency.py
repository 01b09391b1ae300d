"""What a declaration of an emergency and a review item say, apart from any pool."""

from datetime import timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.store.homes import StillClock
from xsconsole.domain.emergency import declared, from_text, to_text, why_not, why_not_declarer
from xsconsole.domain.ids import ConfigurationId, Digest, GroupId, PersonId, ReviewId, RunId, Uuid, WorkflowId
from xsconsole.domain.plan import Because, Intent, Override, Plan, RunKind
from xsconsole.domain.reviews import ReviewItem, about, age_words, could_words, doer_name, find_item, judge
from xsconsole.domain.workflow import Group, Person, default_workflow
from xsconsole.errors import NotFound
from xsconsole.store.keys import SigningKey, is_signature

KEY = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(32)))
ANN = Person(id=PersonId("ann"), name="Ann", fingerprints=(KEY.fingerprint,), subject="ann@acme")
SHIFT = Group(id=GroupId("shift"), name="Shift", people=(ANN.id,))
WORKFLOW = msgspec.structs.replace(default_workflow(), people=(ANN,), groups=(SHIFT,), declarers=(SHIFT.id,))
INTENT = Intent(
    kind=RunKind.PROMOTE,
    configuration=ConfigurationId("c"),
    name="shop",
    service="shop",
    workflow=WorkflowId("w"),
    workflow_version=1,
)
PLAN = Plan(intent=INTENT, steps=(), leases=(), overrides=(Override(key="soak", sentence="It must stand there."),))
POOL = Uuid("p")
AT = StillClock().instant


def found(actor: str, pool: Uuid = POOL, plan: Plan = PLAN) -> str:
    declaration = declared(
        KEY,
        plan,
        pool=pool,
        about="x",
        reason="down",
        ticket="",
        at=AT,
        actor=actor,
        session="",
        console="k",
    )
    assert from_text(to_text(declaration)) == declaration
    return why_not(declaration, PLAN, POOL, WORKFLOW, is_signature)


def test_a_declaration_counts_for_its_plan_its_pool_and_its_log_in_only() -> None:
    other = msgspec.structs.replace(PLAN, overrides=())

    assert found("Ann@acme") == ""
    assert "another plan" in found("ann@acme", pool=Uuid("q"))
    assert "another plan" in found("ann@acme", plan=other)
    assert "Ann logs in as ann@acme" in found("ben@acme")
    assert "several people use" in found("ACME\\root")
    assert "names nobody" in why_not_declarer(KEY.fingerprint, "ann@acme", None)
    assert from_text("{") is None


def test_what_is_gone_past_is_part_of_the_digest_and_how_it_is_said_is_not() -> None:
    said = msgspec.structs.replace(PLAN, overrides=(Override(key="soak", sentence="In other words."),))
    plain = msgspec.structs.replace(PLAN, overrides=None)

    assert said.digest == PLAN.digest
    assert len({PLAN.digest, plain.digest, msgspec.structs.replace(PLAN, overrides=()).digest}) == 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a minute"), (59, "less than a minute"), (60, "1 minute"), (7300, "2 hours"), (260_000, "3 days")],
)
def test_ages_are_said_in_the_largest_whole_unit(seconds: int, words: str) -> None:
    assert age_words(timedelta(seconds=seconds)) == words


def test_items_are_found_by_the_beginning_of_their_names() -> None:
    one, other = (
        ReviewItem(
            id=ReviewId(name),
            pool=POOL,
            because=Because.AFTERWARDS,
            run=RunId("r"),
            intent=INTENT,
            plan=Digest(""),
            reason="",
            opened_at=AT,
            key="",
            actor="somebody",
        )
        for name in ("ab1", "ab2")
    )

    assert find_item((one, other), "ab2") is other
    for name in ("ab", "x", ""):
        with pytest.raises(NotFound):
            find_item((one, other), name)
    assert (doer_name(one, WORKFLOW), about(one, WORKFLOW)) == ("somebody", "review: promote shop in ")
    assert could_words(judge(one, {}, None, AT, is_signature)).startswith("Nobody whom the workflow knows")
