"""The plan that gives a configuration another name, version or notes; its machines stay as they are."""

import msgspec

from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, RunKind, WriteRoster
from xsconsole.domain.poolstate import Roster, decode, encode, newest_text, roster_stem
from xsconsole.domain.words import count
from xsconsole.engine.commands import Describe
from xsconsole.engine.moves.moving import vms_of
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.roles import demand_readable, demand_text
from xsconsole.engine.plans.steps import Steps, add_verification, writing
from xsconsole.engine.verbs.powering import surroundings_of
from xsconsole.errors import Ambiguous, NotPromotable, PlanIsStale

NOTES_LIMIT = 2000


def plan_description(command: Describe, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Write the notes into the roster, and the name into what each member carries; then compare.

    Raises:
        NotPromotable: nothing would change, or a text cannot stand there. Ambiguous: it would be another one's name.
    """
    found = surroundings_of(command, board, inventory, actor)
    card, steps = found.card, Steps()
    rules.demand_standing(card, {Standing.WHOLE})
    if command.seen is not None and command.seen != card.notes:
        raise PlanIsStale(
            reason=f"Somebody changed the notes of “{shortened(card.name)}” meanwhile.",
            mend="Look at them again, then write yours.",
        )
    name = card.name if command.name is None else demand_text(command.name, "name")
    version = card.version if command.version is None else demand_text(command.version, "version")
    notes = card.notes if command.notes is None else _notes(command.notes)
    is_renamed = (name, version) != (card.name, card.version)
    if not is_renamed and notes == card.notes:
        raise NotPromotable(reason="That is what it says already.", mend="Change its name, version or notes.")
    _demand_free(card, version, board)
    _demand_own_name(card, name, version, board)
    ready, told = [], []
    if notes != card.notes:
        original, roster = roster_on(inventory, card)
        value = encode(msgspec.structs.replace(roster, notes=notes))
        ready.append(steps.add(WriteRoster(configuration=card.id, value=value, original=original), card.name))
        told.append(f"The notes become {count(len(notes), 'character')}." if notes else "The notes are removed.")
    if is_renamed:
        for member, vm in zip(card.members, vms_of(card.members, inventory), strict=True):
            renamed = msgspec.structs.replace(
                member.value, name=name, version=version, revision=member.value.revision + 1, by=""
            )
            ready.append(steps.add(writing(vm, renamed, found.stage, vm.ha_restart_priority), member.name, ready[:1]))
        told.append(
            f"It will be called “{shortened(name)}”, version {shortened(version, 60)}. The machines keep their names; "
            "requests that wait for approval become void."
        )
    add_verification(steps, card.name, set(), ready)
    return Plan(
        intent=intent_in(RunKind.RENAME if is_renamed else RunKind.NOTE, card, found.workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=tuple(told),
    )


def roster_on(inventory: Inventory, card: Card) -> tuple[str, Roster]:
    """Return the roster of a configuration, as it stands on the pool and as it is read.

    Raises:
        NotPromotable: there is none that can be read.
    """
    keys = inventory.pool.other_config if inventory.pool else {}
    text = newest_text(keys, roster_stem(card.id), Roster)
    roster = decode(text, Roster)
    if roster is None:
        raise NotPromotable(reason="Its roster cannot be read.", mend="Make it whole first.")
    return text, roster


def _demand_free(card: Card, version: str, board: Board) -> None:
    if version == card.version:
        return
    if card.quarantine is not None:
        raise NotPromotable(
            reason=f"Version {shortened(card.version, 60)} of {shortened(card.service, 60)} is quarantined; "
            "under another version it would not be.",
            mend="Lift the quarantine first.",
        )
    for other in board.cards.values():
        if other.id != card.id and (other.service, other.version) == (card.service, version):
            raise Ambiguous(
                reason=f"“{shortened(other.name)}” is that service and version already.", mend="Give another version."
            )


def _demand_own_name(card: Card, name: str, version: str, board: Board) -> None:
    """Refuse a new name that another configuration has; copies of one version have the same from the beginning."""
    for other in board.cards.values() if name != card.name else ():
        if other.id != card.id and other.name == name and (other.service, other.version) != (card.service, version):
            raise Ambiguous(
                reason=f"“{shortened(name)}” is the name of another configuration, "
                f"{shortened(other.service, 60)}@{shortened(other.version, 60)}.",
                mend="Choose another name.",
            )


def _notes(text: str) -> str:
    """Return notes in tidy lines."""
    lines = [line.replace("\t", "    ").rstrip() for line in text.strip().splitlines()]
    for line in lines:
        demand_readable(line, "line of the notes", NOTES_LIMIT)
    tidy = "\n".join(lines)
    if len(tidy) > NOTES_LIMIT:
        raise NotPromotable(
            reason=f"The notes are {len(tidy)} characters long, and {NOTES_LIMIT} can be kept on the pool.",
            mend="Shorten them, or name where the rest is.",
        )
    return tidy
