"""What is kept of how the board is looked at comes back as it was, and what cannot be read counts as never kept."""

from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest

from tests.ui.board_values import make_card
from xsconsole.domain.arrangement import Arrangement, Grouping, owner_of, read
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import default_workflow


def test_an_arrangement_comes_back_as_it_was() -> None:
    made = Arrangement(filter="<script> 🦊", grouping=Grouping.OWNER, is_list=True)
    made = made.with_column(StageId("staging"), is_collapsed=True).with_group("=cmd()", is_folded=True)

    assert read(made.text()) == made
    assert read(made.with_column(StageId("staging"), is_collapsed=False).text()).collapsed == frozenset()
    assert read(made.with_group("=cmd()", is_folded=False).text()).folded == frozenset()


@pytest.mark.parametrize("text", ["", "{", '{"grouping": "colour"}', "[]", '"\ud800"'])
def test_what_cannot_be_read_counts_as_never_kept(text: str) -> None:
    assert read(text) == Arrangement()


def test_a_group_is_that_of_the_service_or_of_who_brought_the_card_there() -> None:
    card = make_card()
    by = tuple(replace(one, value=msgspec.structs.replace(one.value, by="SHA256:abc alice")) for one in card.members)
    owned = replace(card, members=by)
    named = SimpleNamespace(people=(SimpleNamespace(name="Alice A.", fingerprints=("SHA256:abc",)),))

    assert Arrangement().group_of(card, None) is None
    assert Arrangement(grouping=Grouping.SERVICE).group_of(card, None) == "shop"
    assert Arrangement(grouping=Grouping.OWNER).group_of(owned, default_workflow()) == "alice"
    assert owner_of(owned, named) == "Alice A."  # type: ignore[arg-type]
    assert owner_of(card, None) == ""
    assert owner_of(replace(card, members=()), None) == ""
