"""Searches that somebody keeps by name, and those made last. Every change gives a new value."""

import msgspec

from xsconsole.domain.naming import shortened
from xsconsole.errors import Refused

LONGEST_NAME = 80
MOST_SAVED = 200
MOST_RECENT = 10


class SavedSearch(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    text: str


class Searches(msgspec.Struct, frozen=True, kw_only=True):
    """`saved` are sorted by name; of `recent` the latest comes first."""

    saved: tuple[SavedSearch, ...] = ()
    recent: tuple[str, ...] = ()

    def named(self, name: str) -> SavedSearch | None:
        wanted = name.casefold()
        return next((search for search in self.saved if search.name.casefold() == wanted), None)

    def with_saved(self, name: str, text: str) -> "Searches":
        """Keep a search; one of the same name, whatever the case of its letters, gives way.

        Raises:
            Refused: there is no name or nothing to look for, or there are too many.
        """
        plain = _checked(name)
        if not text.strip():
            raise Refused(reason="There is no filter to save.", mend="Type one first.")
        others = self.without(plain).saved
        if len(others) >= MOST_SAVED:
            raise Refused(reason=f"{MOST_SAVED} searches are saved already.", mend="Remove some first.")
        saved = sorted((*others, SavedSearch(name=plain, text=text.strip())), key=lambda search: search.name.casefold())
        return msgspec.structs.replace(self, saved=tuple(saved))

    def renamed(self, name: str, new_name: str) -> "Searches":
        """Give a search another name.

        Raises:
            Refused: the new name is none, or belongs to another search; or the search is gone.
        """
        search, plain = self.named(name), _checked(new_name)
        if search is None:
            raise Refused(reason=f"No search is called “{shortened(name)}” any more.")
        taken = self.named(plain)
        if taken is not None and taken != search:
            raise Refused(reason=f"Another search is called “{plain}”.", mend="Choose another name.")
        return self.without(name).with_saved(plain, search.text)

    def without(self, name: str) -> "Searches":
        wanted = name.casefold()
        return msgspec.structs.replace(
            self, saved=tuple(search for search in self.saved if search.name.casefold() != wanted)
        )

    def with_recent(self, text: str) -> "Searches":
        """Note that a search was made."""
        plain = text.strip()
        if not plain:
            return self
        others = tuple(recent for recent in self.recent if recent != plain)
        return msgspec.structs.replace(self, recent=(plain, *others)[:MOST_RECENT])


NO_SEARCHES = Searches()


def _checked(name: str) -> str:
    plain = " ".join(name.split())
    if not plain:
        raise Refused(reason="A saved search needs a name.", mend="Type one.")
    return shortened(plain, LONGEST_NAME)
