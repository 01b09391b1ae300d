"""Drift of all configurations at once: a change costs the machine that it is about, however large the pool is."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.blueprint.standing import versions_in
from xsconsole.domain.board import Board, Card
from xsconsole.domain.comparison import Comparison, Version, compare, version_now
from xsconsole.domain.drift.baseline import Baseline, baseline_of
from xsconsole.domain.drift.library import Measure, measure_of
from xsconsole.domain.ids import BlueprintId, ConfigurationId, Ref
from xsconsole.domain.inventory import VM, ChangeBatch, Host, Inventory, Network
from xsconsole.domain.manifest import (
    Judged,
    MemberManifest,
    Topic,
    in_roles,
    logical_names,
    member_manifest,
    records_behind,
    topic_of,
)

NAMED: Mapping[str, type[Network] | type[Host]] = {"network": Network, "host": Host}
"""Classes of which a manifest holds the name alone; the rest of their records changes all the time."""
MACHINE_CLASSES = frozenset({"vm", "vbd", "vdi", "vif"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Since when a difference is as it is. `at` is None where it was so when this console first looked."""

    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How a configuration differs from what it is measured by, the first of the comparison."""

    configuration: ConfigurationId
    baseline: Baseline
    comparison: Comparison
    sightings: Mapping[Topic, Sighting]

    @property
    def count(self) -> int:
        """Return how many real differences there are."""
        return len(self.comparison.drift)

    def since(self, judged: Judged) -> datetime | None:
        """Return since when a difference is as it is; None where it was so when this console first looked."""
        return self.sightings[topic_of(judged.change)].at


class LiveDrift:
    """At any moment equal to comparing every configuration anew. Inventories must have taken batches in before."""

    def __init__(
        self,
        inventory_of: Callable[[ConfigurationId], Inventory],
        rules_of: Callable[[ConfigurationId], tuple[AllowedField, ...]],
    ) -> None:
        self._inventory_of = inventory_of
        self._rules_of = rules_of
        self._board = Board(workflow=None, cards={})
        self._made: dict[ConfigurationId, dict[Ref, MemberManifest]] = {}
        self._versions: dict[ConfigurationId, Version] = {}
        self._behind: dict[Ref, tuple[Ref, ...]] = {}  # what a machine's part is made of
        self._lookers: dict[Ref, set[Ref]] = defaultdict(set)  # the same, the other way round
        self._names: dict[Ref, str] = {}  # of networks and hosts, as they were read
        self._of: dict[Ref, ConfigurationId] = {}
        self._due_cards: dict[ConfigurationId, Card | None] = {}  # as each was when it was read last
        self._renamed: set[ConfigurationId] = set()  # of which what stages call networks may have changed
        self._due_services: set[str] = set()
        self._due_machines: dict[Ref, None] = {}
        self._due_versions: dict[ConfigurationId, None] = {}
        self._due_drifts: dict[ConfigurationId, None] = {}
        self._measured: dict[ConfigurationId, set[ConfigurationId]] = defaultdict(set)  # who is, by this one
        self._made_of: dict[Ref, set[ConfigurationId]] = defaultdict(set)  # by template
        self._templates_of: dict[ConfigurationId, tuple[Ref, ...]] = {}
        self._libraries: dict[int, tuple[tuple[BlueprintId, int], ...]] = {}  # versions that stand, by inventory
        self._changed: dict[ConfigurationId, None] = {}
        self.found: dict[ConfigurationId, Drift] = {}

    # Hearing

    def hear(self, batch: ChangeBatch, inventory: Inventory) -> None:
        """Note what a batch of one pool touches; of a whole one that is every configuration of that pool."""
        if batch.is_whole:
            self._hear_pool(inventory)
            for ref, id_ in self._of.items():
                if self._inventory_of(id_) is inventory:
                    self._due_machines[ref] = None
            return
        for change in batch.changes:
            if change.class_name == "pool":
                self._hear_pool(inventory)
            if change.class_name in MACHINE_CLASSES:
                self.judge_anew(self._made_of.get(change.ref, ()))
                if change.ref in self._of:
                    self._due_machines[change.ref] = None
                self._due_machines.update(dict.fromkeys(self._lookers.get(change.ref, ())))
            elif change.class_name in NAMED and change.ref in self._names:
                kind = NAMED[change.class_name]
                record = inventory.get(Network, change.ref) if kind is Network else inventory.get(Host, change.ref)
                if self._names[change.ref] != (record.name_label if record is not None else ""):
                    self._due_machines.update(dict.fromkeys(self._lookers.get(change.ref, ())))

    def show(self, board: Board, changed: Iterable[ConfigurationId] | None = None) -> None:
        """Take the board in, as it is now; `changed` are those that can differ from before, None: any of them."""
        before, self._board = self._board, board
        is_renamed = before.workflow is not board.workflow and before.workflow != board.workflow
        touched = {**before.cards, **board.cards} if changed is None or is_renamed else changed
        for id_ in touched:
            if is_renamed or before.cards.get(id_) is not board.cards.get(id_):
                self._due_cards.setdefault(id_, before.cards.get(id_))
        if is_renamed:
            self._renamed.update(self._due_cards)

    def judge_anew(self, configurations: Iterable[ConfigurationId]) -> None:
        """Note that other rules hold for these."""
        self._due_drifts.update(dict.fromkeys(configurations))

    def _measured_by(self, id_: ConfigurationId) -> Iterable[Card]:
        return (self._board.cards[one] for one in self._measured.get(id_, ()) if one in self._board.cards)

    def _take(
        self,
        id_: ConfigurationId,
        was: Card | None,
        now: Card | None,
        *,
        is_renamed: bool,
    ) -> None:
        before = {member.ref: member.role for member in was.members} if was is not None else {}
        after = {member.ref: member.role for member in now.members} if now is not None else {}
        for ref in before.keys() - after.keys():
            self._forget(ref, id_)
        is_elsewhere = is_renamed or was is None or now is None or was.stage != now.stage
        for ref, role in after.items():
            if is_elsewhere or before.get(ref) != role:
                self._of[ref] = id_
                self._due_machines[ref] = None
        if now is None:
            for held in (self._made, self._versions, self._due_versions, self._due_drifts):
                held.pop(id_, None)
            self._drop(id_)
        else:
            self._due_versions[id_] = None

    def _forget(self, ref: Ref, id_: ConfigurationId) -> None:
        if self._of.get(ref) == id_:
            del self._of[ref]
            self._due_machines.pop(ref, None)
            self._look(ref, ())
        self._made.get(id_, {}).pop(ref, None)

    def _drop(self, id_: ConfigurationId) -> None:
        found = self.found.pop(id_, None)
        if found is not None:
            self._measured[found.baseline.configuration].discard(id_)
            self._changed[id_] = None

    # Reading

    def advance(self, most: int, at: datetime) -> bool:
        """Read at most so many machines and configurations that are due; return whether nothing is any more.

        `at` is when what is found now is said to have been seen.
        """
        while self._due_cards and most > 0:
            id_, was = self._due_cards.popitem()
            self._read_card(id_, was)
            most -= 1
        if self._due_cards:
            return False
        if self._due_services:
            services, self._due_services = self._due_services, set()
            self.judge_anew(id_ for id_, card in self._board.cards.items() if card.service in services)
        while self._due_machines and most > 0:
            ref, _ = self._due_machines.popitem()
            self._read_machine(ref)
            most -= 1
        while not self._due_machines and self._due_versions and most > 0:
            id_, _ = self._due_versions.popitem()
            self._read_version(id_)
            most -= 1
        while not self._due_machines and not self._due_versions and self._due_drifts and most > 0:
            id_, _ = self._due_drifts.popitem()
            self._compare(id_, at)
            most -= 1
        return not (self._due_machines or self._due_versions or self._due_drifts)

    def taken(self) -> tuple[ConfigurationId, ...]:
        """Return which differ otherwise than when this was asked last."""
        found, self._changed = tuple(self._changed), {}
        return found

    def version(self, id_: ConfigurationId) -> Version | None:
        """Return what a configuration is, as far as that was read."""
        return self._versions.get(id_)

    def _read_card(self, id_: ConfigurationId, was: Card | None) -> None:
        now, is_renamed = self._board.cards.get(id_), id_ in self._renamed
        self._renamed.discard(id_)
        self._take(id_, was, now, is_renamed=is_renamed)
        if _place(was) != _place(now) or is_renamed:
            # By what a configuration is measured can depend on any other of its service.
            self._due_services |= {one.service for one in (was, now, *self._measured_by(id_)) if one is not None}

    def _read_machine(self, ref: Ref) -> None:
        id_ = self._of.get(ref)
        card = self._board.cards.get(id_) if id_ is not None else None
        if id_ is None or card is None:
            return
        inventory = self._inventory_of(id_)
        vm = inventory.get(VM, ref)
        role = next((member.role for member in card.members if member.ref == ref), None)
        made = self._made.setdefault(id_, {})
        if vm is None or role is None:
            self._look(ref, ())
            if made.pop(ref, None) is not None:
                self._due_versions[id_] = None
            return
        behind = records_behind(vm, inventory)
        self._look(ref, behind)
        for each in behind:
            record = inventory.get(Network, each) or inventory.get(Host, each)
            if record is not None:
                self._names[each] = record.name_label
        workflow = self._board.workflow
        logical = logical_names(workflow.stage(card.stage) if workflow is not None else None)
        part = member_manifest(role, vm, inventory, logical)
        if made.get(ref) != part:
            made[ref] = part
            self._due_versions[id_] = None

    def _look(self, ref: Ref, behind: tuple[Ref, ...]) -> None:
        before = self._behind.pop(ref, ())
        if behind:
            self._behind[ref] = behind
        for gone in set(before) - set(behind):
            lookers = self._lookers[gone]
            lookers.discard(ref)
            if not lookers:
                del self._lookers[gone]
                self._names.pop(gone, None)
        for each in behind:
            self._lookers[each].add(ref)

    def _read_version(self, id_: ConfigurationId) -> None:
        card = self._board.cards.get(id_)
        if card is None:
            return
        made = self._made.get(id_, {})
        manifest = in_roles(made[member.ref] for member in card.members if member.ref in made)
        version = version_now(card, self._inventory_of(id_), self._board.workflow, manifest)
        if self._versions.get(id_) != version:
            self._versions[id_] = version
            self._due_drifts[id_] = None
            self._due_drifts.update(dict.fromkeys(self._measured.get(id_, ())))

    def _measure(self, card: Card, now: Version) -> Measure | None:
        """Return the version of a blueprint that it was made of, and follow its templates from now on."""
        for ref in self._templates_of.pop(card.id, ()):
            self._made_of[ref].discard(card.id)
        if card.origin is None or card.origin.blueprint is None:
            return None
        found = measure_of(card, now.manifest, self._inventory_of(card.id), self._board.workflow)
        if found is not None:
            self._templates_of[card.id] = found.templates
            for ref in found.templates:
                self._made_of[ref].add(card.id)
        return found

    def _hear_pool(self, inventory: Inventory) -> None:
        """Note what was made of blueprints where versions of these came or went."""
        versions = versions_in(inventory.pool.other_config) if inventory.pool is not None else ()
        if self._libraries.get(id(inventory)) != versions:
            self._libraries[id(inventory)] = versions
            made = (card for card in self._board.cards.values() if card.origin is not None and card.origin.blueprint)
            self.judge_anew(card.id for card in made if self._inventory_of(card.id) is inventory)

    def _compare(self, id_: ConfigurationId, at: datetime) -> None:
        card, before = self._board.cards.get(id_), self.found.get(id_)
        second = self._versions.get(id_)
        measure = self._measure(card, second) if card is not None and second is not None else None
        baseline = baseline_of(card, self._board, has_blueprint=measure is not None) if card is not None else None
        first = self._versions.get(baseline.configuration) if baseline is not None else None
        first = measure.version if measure is not None else first
        if baseline is None or first is None or second is None:
            self._drop(id_)
            return
        comparison = compare(first, second, self._rules_of(id_), measure.allowances if measure is not None else ())
        is_same_baseline = before is not None and before.baseline == baseline
        if before is not None and not is_same_baseline:
            self._measured[before.baseline.configuration].discard(id_)
        self._measured[baseline.configuration].add(id_)
        known = before if is_same_baseline else None
        self.found[id_] = Drift(
            configuration=id_,
            baseline=baseline,
            comparison=comparison,
            sightings=_sightings(comparison, known, at),
        )
        if before is None or not is_same_baseline or before.comparison.judged != comparison.judged:
            self._changed[id_] = None


def _place(card: Card | None) -> tuple[object, ...]:
    """Return what decides by what a configuration is measured, and who by it."""
    if card is None:
        return ()
    return (card.stage, card.service, card.version, card.name, card.origin.configuration if card.origin else None)


def _sightings(comparison: Comparison, before: Drift | None, at: datetime) -> dict[Topic, Sighting]:
    if before is None:
        return {topic_of(each.change): Sighting(at=None) for each in comparison.judged}
    known = {topic_of(each.change): each.change for each in before.comparison.judged}
    found = {}
    for each in comparison.judged:
        topic = topic_of(each.change)
        is_known = known.get(topic) == each.change
        found[topic] = before.sightings[topic] if is_known else Sighting(at=at)
    return found


def all_at_once(
    board: Board,
    inventory_of: Callable[[ConfigurationId], Inventory],
    rules_of: Callable[[ConfigurationId], tuple[AllowedField, ...]],
    at: datetime,
) -> Mapping[ConfigurationId, Drift]:
    """Return the drift of every configuration, for whoever looks once."""
    live = LiveDrift(inventory_of, rules_of)
    live.show(board)
    live.advance(sys.maxsize, at)
    return live.found
