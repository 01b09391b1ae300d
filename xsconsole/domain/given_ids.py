"""The ids of what a plan makes: one by which it is planned and approved, and one that is given when it is carried out.

A plan is a pure function, so that equal plans have one digest. What it makes has an id there, *as planned*, that comes
again with the next equal plan; what stands on a pool, in its history and in every record has one that was *given* to
it alone. Which was given for which stands in the run record, beside the plan as it is carried out.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from xsconsole.domain.board import Board
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.plan import Intent, Plan, RunKind
from xsconsole.domain.poolstate import RunRecord, configuration_thing

Given = Mapping[ConfigurationId, ConfigurationId]

MAKING = frozenset({RunKind.CREATE, RunKind.PROVISION, RunKind.RETURN})
PAST = frozenset({"origin", "original", "approved"})
"""Fields of actions that tell of what was before, where no plan names what it makes."""


def made_by(intent: Intent) -> tuple[ConfigurationId, ...]:
    """Return, as planned, the configurations that are not there before a run. What a refresh makes anew is there."""
    if intent.makes is not None:
        return (intent.makes,)
    is_new = intent.kind in MAKING or intent.kind is RunKind.REPLICATE  # one without a source is made of an archive
    return (intent.configuration, *intent.beside) if is_new else ()


def given_to(intent: Intent, new: Callable[[], str]) -> dict[ConfigurationId, ConfigurationId]:
    """Return a fresh id for each configuration that a plan makes."""
    return {planned: ConfigurationId(new()) for planned in made_by(intent)}


def carried(plan: Plan, given: Given) -> Plan:
    """Return a plan as it is carried out: with the ids that were given.

    All else is as it was confirmed: names, addresses, and what was made of the ids as planned, such as MAC addresses.
    It leases the same things, so that two equal plans exclude each other, and beside them what the run stands under.
    """
    if not given:
        return plan
    found = _replaced(plan, given)
    leases = {*plan.leases, configuration_thing(found.intent.configuration)}
    return msgspec.structs.replace(found, leases=tuple(sorted(leases)), leases_abroad=plan.leases_abroad)


def confirmed_plan(record: RunRecord) -> Plan:
    """Return the plan of a run as it was confirmed and approved: that of the record's digest."""
    if not record.given:
        return record.plan
    found = _replaced(record.plan, {given: planned for planned, given in record.given.items()})
    return msgspec.structs.replace(found, leases=tuple(sorted(set(found.leases))))


def planned_ids(*boards: Board) -> frozenset[ConfigurationId]:
    """Return the ids that no plan may make: those that stand on a board, and those as planned of runs that go on."""
    cards = [card for board in boards for card in board.cards.values()]
    records = (card.run.record for card in cards if card.run is not None)
    return frozenset(card.id for card in cards) | {planned for record in records for planned in record.given}


def _replaced(plan: Plan, ids: Given) -> Plan:
    return msgspec.convert(_walked(msgspec.to_builtins(plan), ids), Plan)


def _walked(value: Any, ids: Given) -> Any:
    """Return JSON with the ids replaced wherever they stand in a text, but where it tells of what was before."""
    match value:
        case str():
            for old, new in ids.items():
                value = value.replace(old, new)
            return value
        case dict():
            return {_walked(key, ids): part if key in PAST else _walked(part, ids) for key, part in value.items()}
        case list() | tuple():
            return [_walked(part, ids) for part in value]
    return value
