"""Drift of all that an estate shows, followed as the pools change, in small parts of the loop's turns."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import thread_time
from typing import TYPE_CHECKING

import msgspec

from xsconsole.console.facts import fact_of
from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.board import Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.drift import Drift, LiveDrift
from xsconsole.domain.events import BoardChanged, DriftChanged, InventoryChanged, PoolsChanged
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.manifest import Change, Topic, topic_of, words
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.words import count

if TYPE_CHECKING:
    from xsconsole.console.estate.router import Estate

GATHER_S = 0.1  # changes that arrive within this time are compared together
READING_S = 0.002  # processor time in one turn of the loop
PIECE = 4  # machines or configurations between two looks at the clock
SETTLED_S = 5.0  # what differed for so long goes on record


class Drifting:
    """Follows the drift of an estate from its first look until it is closed. Lives on the loop's thread."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate
        self._live = LiveDrift(self._inventory_of, self._rules_of)
        self._due: asyncio.TimerHandle | None = None
        self._settling: dict[ConfigurationId, asyncio.TimerHandle] = {}
        self._noted: dict[ConfigurationId, Mapping[Topic, Change]] = {}
        self._ends: list[Callable[[], None]] = [
            estate.subscribe(InventoryChanged, self._hear_inventory),
            estate.subscribe(BoardChanged, self._hear_board),
            estate.subscribe(PoolsChanged, self._hear_pools),
        ]
        self._show()

    def of(self, configuration: ConfigurationId) -> Drift | None:
        """Return how a configuration differs from what it is measured by; None where there is nothing, or not yet."""
        return self._live.found.get(configuration)

    @property
    def all(self) -> Mapping[ConfigurationId, Drift]:
        return self._live.found

    def close(self) -> None:
        """Follow no more."""
        for end in self._ends:
            end()
        if self._due is not None:
            self._due.cancel()
        for timer in self._settling.values():
            timer.cancel()
        self._settling.clear()

    # Hearing

    def _hear_inventory(self, event: InventoryChanged) -> None:
        self._live.hear(event.batch, event.inventory)
        self._soon()

    def _hear_board(self, event: BoardChanged) -> None:
        if event.is_allowed_otherwise:
            self._live.judge_anew(self._estate.board.cards)
        self._live.show(self._estate.board, None if event.is_layout_changed else event.configurations)
        self._soon()

    def _hear_pools(self, event: PoolsChanged) -> None:
        del event
        self._show()

    def _show(self) -> None:
        self._live.show(self._estate.board)
        self._soon()

    def _inventory_of(self, configuration: ConfigurationId) -> Inventory:
        return self._estate.of_card(configuration).inventory

    def _rules_of(self, configuration: ConfigurationId) -> tuple[AllowedField, ...]:
        return self._estate.of_card(configuration).own_board.allowances

    def _soon(self) -> None:
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(GATHER_S, self._work)

    def _work(self) -> None:
        self._due = None
        end_s, at = thread_time() + READING_S, self._estate.home.clock.now()
        while not self._live.advance(PIECE, at):
            if thread_time() >= end_s:
                self._due = asyncio.get_running_loop().call_later(0, self._work)
                return
        changed = self._live.taken()
        if changed:
            for configuration in changed:
                self._note_soon(configuration)
            self._estate.pools.publish(DriftChanged(configurations=changed))

    # Recording

    def _note_soon(self, configuration: ConfigurationId) -> None:
        found = self.of(configuration)
        if configuration not in self._noted:
            if found is not None:
                self._noted[configuration] = _real(found)  # what is so at the first look is no news
        elif configuration not in self._settling:
            loop = asyncio.get_running_loop()
            self._settling[configuration] = loop.call_later(SETTLED_S, self._note, configuration)

    def _note(self, configuration: ConfigurationId) -> None:
        del self._settling[configuration]
        card, found = self._estate.board.cards.get(configuration), self.of(configuration)
        if card is None or found is None:
            self._noted.pop(configuration, None)
            return
        if card.run is not None:  # what a run does has rows of its own, and it is not over
            self._settling[configuration] = asyncio.get_running_loop().call_later(SETTLED_S, self._note, configuration)
            return
        before, now = self._noted[configuration], _real(found)
        self._noted[configuration] = now
        came = [change for topic, change in now.items() if before.get(topic) != change]
        went = [change for topic, change in before.items() if topic not in now]
        if came or went:
            self._estate.of_card(configuration).note(self._fact(card, found, came, went))

    def _fact(self, card: Card, drift: Drift, came: list[Change], went: list[Change]) -> Fact:
        identity = self._estate.of_card(card.id).identity
        first = drift.comparison.first.name
        told = [f"{words.place(change)}: {words.label(change)}" for change in came]
        told += [f"no more {words.place(change)}: {words.label(change)}" for change in went]
        details: dict[str, Json] = {
            "what": f"{card.name} beside {first}: {count(drift.count, 'difference')}; {'; '.join(told)}",
            "against": drift.baseline.configuration,
            "came": [_kept(change, drift) for change in came],
            "went": [_kept(change, None) for change in went],
        }
        return replace(
            fact_of(AuditEvent.DRIFTED, identity, details),
            configuration=card.id,
            configuration_name=card.name,
            source=card.stage,
            outcome=Outcome.OBSERVED,
        )


def _real(drift: Drift) -> Mapping[Topic, Change]:
    return {topic_of(each.change): each.change for each in drift.comparison.drift}


def _kept(change: Change, drift: Drift | None) -> Json:
    at = drift.sightings[topic_of(change)].at if drift is not None else None
    kept: dict[str, Json] = {"type": type(change).__name__, **msgspec.to_builtins(change)}
    if at is not None:
        kept["since"] = at.isoformat()
    return kept
