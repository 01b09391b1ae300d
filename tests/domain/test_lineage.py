"""Where a configuration comes from, in words."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from tests.ui.board_values import make_card
from xsconsole.domain.actions.archives import Ancestor
from xsconsole.domain.archive import Deleted
from xsconsole.domain.board import Board, Card
from xsconsole.domain.ids import ArchiveId, BlueprintId, ConfigurationId, StageId
from xsconsole.domain.lineage import (
    NO_COLOUR,
    NOT_TOLD,
    KnownArchives,
    Stored,
    descent,
    drawn,
    family,
    handed_on,
    origin_words,
    origins_of,
    origins_told,
)
from xsconsole.domain.poolstate import Archived, Origin
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Method, Workflow, default_workflow

KNOWN, FROZEN = default_workflow(), "frozen at 2026-11-27 14:02 UTC"
AT = datetime(2026, 11, 27, 14, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "frozen_at", "skew_s", "workflow", "sentence"),
    [
        (
            Method.LINKED_CLONE,
            None,
            None,
            default_workflow(),
            "Linked clone of shop 1 in Staging, whose machines were off.",
        ),
        (Method.FULL_COPY, AT, 0.0, None, "Full copy of shop 1 in staging, frozen at 2026-11-27 14:02 UTC within 1 s."),
        (
            Method.FULL_COPY,
            AT,
            2.5,
            default_workflow(),
            "Full copy of shop 1 in Staging, frozen at 2026-11-27 14:02 UTC within 3 s.",
        ),
    ],
)
def test_a_copy_says_of_what_it_is_one(
    method: Method, frozen_at: datetime | None, skew_s: float | None, workflow: Workflow | None, sentence: str
) -> None:
    origin = Origin(
        configuration=ConfigurationId("c"),
        name="shop 1",
        stage=StageId("staging"),
        revision=3,
        method=method.value,
        frozen_at=frozen_at,
        skew_s=skew_s,
    )

    assert descent(origin, workflow) == sentence


def copy_of(card: Card, version: str) -> Card:
    """A card that was copied from another one."""
    origin = Origin(
        configuration=card.id, name=card.name, stage=card.stage, revision=1, method=Method.LINKED_CLONE.value
    )
    return replace(make_card(version=version), origin=origin)


def handed(copy: Card, original: Card) -> Card:
    """The same, with what it was told when it was made."""
    assert copy.origin is not None
    return replace(copy, origin=msgspec.structs.replace(copy.origin, before=handed_on(original.origin)))


def on_board(*cards: Card) -> Board:
    return Board(workflow=default_workflow(), cards={card.id: card for card in cards})


def test_a_family_is_all_that_descends_from_the_first_original_also_where_that_is_gone() -> None:
    first = make_card(version="1")
    second, third = copy_of(first, "2"), copy_of(first, "3")
    fourth, stranger = copy_of(second, "4"), make_card("crm", "7")

    found = family(fourth.id, on_board(second, third, fourth, stranger))

    assert [(one.name, one.is_gone) for one in found] == [
        ("shop 1", True),
        ("shop 2", False),
        ("shop 3", False),
        ("shop 4", False),
    ]
    graph = drawn(found, default_workflow())
    assert {(way.source, way.target) for way in graph.transitions} == {
        (first.id, second.id),
        (first.id, third.id),
        (second.id, fourth.id),
    }
    assert [len(column) for column in graph.columns()] == [1, 2, 1]
    on = drawn(found, default_workflow(), {second.id: "lab", third.id: ""})
    assert [stage.description for stage in on.stages[1:3]] == [
        f"{graph.stages[1].description} on lab",
        graph.stages[2].description,
    ]
    assert drawn(found, None).stages[0].colour == NO_COLOUR
    assert [one.name for one in family(stranger.id, on_board(stranger))] == ["crm 7"]
    assert family(ConfigurationId("nobody"), on_board(stranger)) == ()


def test_what_is_gone_is_told_by_its_copies_with_archives_between_and_all_of_it_in_words() -> None:
    blueprint = Origin(
        configuration=ConfigurationId("web@3"),
        name="web",
        stage=StageId(""),
        revision=3,
        method=Method.FULL_COPY.value,
        blueprint=BlueprintId("web"),
    )
    first = replace(make_card(version="1"), origin=blueprint)
    second = handed(copy_of(first, "2"), first)
    told = handed_on(second.origin)
    assert [one.name for one in told] == ["shop 1", "web"]
    back = replace(
        make_card(version="3"),
        origin=Origin(
            configuration=second.id,
            name=second.name,
            stage=second.stage,
            revision=NOT_TOLD,
            method=Method.FULL_COPY.value,
            archive=ArchiveId("4c0ffee0-dead"),
            before=told,
        ),
    )
    kept = replace(
        make_card(version="4"),
        archived=Archived(
            archive=ArchiveId("5eed0000"), at=AT, stage=StageId("staging"), since=None, by="alice", where="/archives"
        ),
    )

    found = family(back.id, on_board(back, kept))

    assert [(one.name, one.is_gone, one.is_archive) for one in found] == [
        ("web", False, False),
        ("shop 1", True, False),
        ("shop 2", True, False),
        ("archive 4c0ffee0", False, True),
        ("shop 3", False, False),
    ]
    graph = drawn(found, default_workflow())
    assert [len(column) for column in graph.columns()] == [1] * 5
    assert graph.stages[3].description == "made in Staging"
    assert origin_words(back, on_board(back)) == (
        "Restored from the archive of shop 2 in Staging.",
        "That was: linked clone of shop 1 in Staging, whose machines were off.",
        "That was: made of blueprint web, version 3.",
    )
    assert origin_words(kept, on_board(kept)) == ()
    assert [one.name for one in family(kept.id, on_board(kept, back))] == ["shop 4", "archive 5eed0000"]
    standing = on_board(first, second, back)
    assert [one.is_gone for one in family(first.id, standing)] == [False] * 5
    assert [one.name for one in origins_of(back, standing)] == ["shop 2", "shop 1", "web"]
    known = Ancestor(configuration=first.id, name="shop 1", stage=StageId("staging"), method="full-copy")
    assert descent(origins_told((known,))[0], KNOWN) == "Full copy of shop 1 in Staging."
    assert handed_on(None) == ()
    ancestor = Ancestor(configuration=first.id, name="shop 1", stage=StageId("staging"), method="full-copy")
    put_by = Stored(
        archive=ArchiveId("ba5eba11"),
        configuration=ConfigurationId("gone"),
        name="shop 0",
        stage=StageId("production"),
        ancestors=(ancestor,),
    )
    filed = KnownArchives(stored=(put_by,))
    assert [(one.name, one.is_gone) for one in family(ConfigurationId("gone"), on_board(kept), filed)] == [
        ("shop 1", True),
        ("shop 0", True),
        ("archive ba5eba11", False),
    ]
    deleted = {ArchiveId("5eed0000"): Deleted(at=AT, by="bob")}
    looks = (None, KnownArchives(deleted=deleted), KnownArchives(stored=(put_by,), deleted=deleted))
    fates = [family(kept.id, on_board(kept), look)[-1] for look in looks]
    assert [(one.is_gone, one.fate) for one in fates] == [(False, "")] + 2 * [(True, f"deleted {instant(AT)} by bob")]
    assert drawn(fates[1:], default_workflow()).stages[0].description == fates[1].fate
    (elsewhere,) = [one for one in family(back.id, on_board(back), KnownArchives()) if one.is_archive]
    assert elsewhere.fate == "kept nowhere known here"
    unread = KnownArchives(unread={ArchiveId("5eed0000"): "in /archives/shop"}, deleted=deleted)
    damaged = family(kept.id, on_board(kept), unread)[-1]
    assert (damaged.is_gone, damaged.is_damaged) == (False, True)
    assert damaged.fate == "damaged: its document in /archives/shop cannot be read"
    half = replace(back, origin=msgspec.structs.replace(back.origin, before=()))
    assert [one.name for one in family(half.id, on_board(half, second))][1:] == [
        "shop 1",
        "shop 2",
        "archive 4c0ffee0",
        "shop 3",
    ]


def test_two_that_claim_to_be_copies_of_each_other_are_both_told_once() -> None:
    one = make_card(version="1")
    other = copy_of(one, "2")
    one = replace(one, origin=copy_of(other, "1").origin)

    assert {each.name for each in family(one.id, on_board(one, other))} == {"shop 1", "shop 2"}
