"""Saved searches: kept by name, renamed, removed; and the latest ones."""

import pytest

from xsconsole.domain.searches import LONGEST_NAME, MOST_RECENT, MOST_SAVED, NO_SEARCHES, SavedSearch, Searches
from xsconsole.errors import Refused


def test_searches_are_kept_by_name_in_the_order_of_names() -> None:
    searches = NO_SEARCHES.with_saved("web", "tag:web").with_saved(" Big  ones ", " memory>8GiB ")

    assert [(search.name, search.text) for search in searches.saved] == [
        ("Big ones", "memory>8GiB"),
        ("web", "tag:web"),
    ]
    assert searches.named("WEB") == SavedSearch(name="web", text="tag:web")


def test_a_search_of_the_same_name_gives_way() -> None:
    searches = NO_SEARCHES.with_saved("web", "a").with_saved("Web", "b")

    assert searches.saved == (SavedSearch(name="Web", text="b"),)


def test_a_search_is_renamed_and_removed() -> None:
    searches = NO_SEARCHES.with_saved("web", "a").with_saved("db", "b")

    assert [search.name for search in searches.renamed("web", "WEB").saved] == ["db", "WEB"]
    assert [search.name for search in searches.renamed("WEB", "app").saved] == ["app", "db"]
    assert [search.name for search in searches.without("web").saved] == ["db"]


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (lambda searches: searches.with_saved(" ", "a"), "needs a name"),
        (lambda searches: searches.with_saved("x", " "), "no filter"),
        (lambda searches: searches.renamed("web", "db"), "Another search is called “db”"),
        (lambda searches: searches.renamed("gone", "x"), "No search is called “gone”"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(act, reason) -> None:  # type: ignore[no-untyped-def]
    searches = NO_SEARCHES.with_saved("web", "a").with_saved("db", "b")

    with pytest.raises(Refused, match=reason):
        act(searches)


def test_there_is_an_end_to_names_and_searches() -> None:
    many = Searches(saved=tuple(SavedSearch(name=str(number), text="a") for number in range(MOST_SAVED)))

    assert len(NO_SEARCHES.with_saved("x" * 500, "a").saved[0].name) == LONGEST_NAME
    with pytest.raises(Refused, match="saved already"):
        many.with_saved("one more", "a")


def test_the_latest_searches_come_first_each_once() -> None:
    searches = NO_SEARCHES
    for text in ("a", "b", "a", " ", *map(str, range(MOST_RECENT - 2))):
        searches = searches.with_recent(text)

    assert searches.recent == (*map(str, reversed(range(MOST_RECENT - 2))), "a", "b")
