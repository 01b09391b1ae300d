"""What is kept of the rows of a file that was read: where each lies, what it changes, and what belongs together."""

from array import array
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from xsconsole.console.review.rows import BEGIN, instant_in, row_of
from xsconsole.domain.projection import PROJECTED, Past, Projector
from xsconsole.domain.promotion_chain import Chains
from xsconsole.reports.told import Told

PAST_ROWS = 100  # rows that change the board between two boards that are kept


class Index:
    """Where rows lie, and what else is wanted of each without reading it again.

    A place is what whoever reads the lines understands: bytes from the beginning of a bundle, a row of a database, or
    a row of one of several files.
    """

    def __init__(self, first_seq: int) -> None:
        self.first_seq = first_seq
        self.places, self.sizes, self.moments = array("Q"), array("Q"), array("d")
        self.shown = array("Q")  # numbers of the rows that show values, in order
        self.changing = array("Q")  # of those that change the board
        self.told, self.chains = Told(), Chains()
        self.pasts: list[Past] = [Past()]
        self._projector = Projector()
        self.console = ""  # who wrote the newest row that says so
        self._at = BEGIN

    @property
    def last_seq(self) -> int:
        return self.first_seq + len(self.places) - 1

    def take(self, line: bytes, fields: Mapping[str, Any] | None, place: int) -> None:
        """Take the next line in; `fields` are the values that it shows, None where it shows none."""
        seq = self.first_seq + len(self.places)
        self.places.append(place)
        self.sizes.append(len(line))
        if fields is None:
            self.moments.append(self._at.timestamp())
            self._projector.pass_over(seq)
            return
        self._at = instant_in(fields) or self._at
        self.moments.append(self._at.timestamp())
        self.shown.append(seq)
        self.told.see({**fields, "seq": seq})
        row = row_of(line, seq, self._at)
        self.console = row.console or self.console
        self.chains.hear(row)
        if row.fact.event in PROJECTED:
            self.changing.append(seq)
            past = self._projector.hear(row)
            if len(self.changing) % PAST_ROWS == 0:
                self.pasts.append(past)

    def at(self, seq: int) -> datetime:
        return datetime.fromtimestamp(self.moments[seq - self.first_seq], BEGIN.tzinfo)
