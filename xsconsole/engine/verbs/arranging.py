"""The plan that says anew what members are for, and when each starts and stops beside the others."""

from collections.abc import Mapping, Sequence

import msgspec

from xsconsole.domain.actions.mends import MendedField, SetFields
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, RunKind, WriteRoster
from xsconsole.domain.poolstate import encode
from xsconsole.domain.words import listing
from xsconsole.engine.commands import Arrange, Seat
from xsconsole.engine.moves.moving import vms_of
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.roles import demand_text
from xsconsole.engine.plans.steps import Steps, add_verification, writing
from xsconsole.engine.verbs.describing import roster_on
from xsconsole.engine.verbs.powering import Surroundings, surroundings_of
from xsconsole.errors import NotFound, NotPromotable

MOST = 2**31 - 1  # of an order and of a delay
CALLED: Mapping[str, str] = {
    "start_order": "start order",
    "start_delay_s": "delay after the start",
    "shutdown_delay_s": "delay after the shutdown",
}


def plan_arrangement(command: Arrange, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Write roles into the roster and what each member carries, and orders and delays into the machines.

    The machines go on as they are: the next start and shutdown go by it.

    Raises:
        NotFound: one is no member. NotPromotable: nothing would change, two would have one role, or a number is wrong.
    """
    found = surroundings_of(command, board, inventory, actor)
    card = found.card
    rules.demand_standing(card, {Standing.WHOLE})
    seats = _seats(command, card)
    vms = {vm.uuid: vm for vm in vms_of(card.members, inventory)}
    roles = _roles(card, seats)
    steps, told = Steps(), list[str]()
    ready = _add_roles(steps, found, roles, vms, told)
    for member in card.members:
        fields = _fields(vms[member.uuid], seats.get(member.uuid))
        if fields:
            ready.append(steps.add(SetFields(vm=member.uuid, fields=fields), member.name, ready[:1]))
            said = (_change_words(one) for one in fields)
            told.append(f"{shortened(member.name, 60)}: {listing(tuple(said))}.")
    if not ready:
        raise NotPromotable(reason="That is what it says already.", mend="Change a role, an order or a delay.")
    add_verification(steps, card.name, set(), ready)
    return Plan(
        intent=intent_in(RunKind.ARRANGE, card, found.workflow),
        steps=steps.all,
        leases=rules.leases_for(card.id, card.service, ()),
        warnings=tuple(told),
    )


def _seats(command: Arrange, card: Card) -> dict[Uuid, Seat]:
    seats = {seat.vm: seat for seat in command.seats}
    if set(seats) - {member.uuid for member in card.members}:
        raise NotFound(
            reason=f"A machine named is no member of “{shortened(card.name)}”.",
            mend="Name its members.",
            choices=tuple(shortened(member.name) for member in card.members),
        )
    for seat in seats.values():
        numbers = (seat.order, seat.start_delay_s, seat.shutdown_delay_s)
        wrong = next((number for number in numbers if number is not None and not 0 <= number <= MOST), None)
        if wrong is not None:
            raise NotPromotable(
                reason=f"{wrong} is no order and no delay.", mend=f"Give a whole number from 0 to {MOST}."
            )
    return seats


def _roles(card: Card, seats: Mapping[Uuid, Seat]) -> dict[Uuid, str]:
    """Return the role of each member; none is given twice."""
    roles = {member.uuid: member.role for member in card.members}
    for vm, seat in seats.items():
        if seat.role is not None:
            roles[vm] = demand_text(seat.role, "role")
    for role in roles.values():
        if list(roles.values()).count(role) > 1:
            raise NotPromotable(
                reason=f"Two members would have the role “{shortened(role)}”.", mend="Give each its own role."
            )
    return roles


def _add_roles(
    steps: Steps, found: Surroundings, roles: Mapping[Uuid, str], vms: Mapping[Uuid, VM], told: list[str]
) -> list[StepKey]:
    """Write the roles, where one is another: a new revision at every member, so that all of them agree."""
    card = found.card
    if all(roles[member.uuid] == member.role for member in card.members):
        return []
    original, roster = roster_on(found.inventory, card)
    value = encode(msgspec.structs.replace(roster, roles=dict(roles)))
    ready = [steps.add(WriteRoster(configuration=card.id, value=value, original=original), card.name)]
    for member in card.members:
        role = roles[member.uuid]
        carried = msgspec.structs.replace(member.value, role=role, revision=member.value.revision + 1, by="")
        vm = vms[member.uuid]
        ready.append(steps.add(writing(vm, carried, found.stage, vm.ha_restart_priority), member.name, ready[:1]))
        if role != member.role:
            told.append(f"{shortened(member.name, 60)} becomes {shortened(role, 60)}; it was {member.role}.")
    told.append("It is a new revision: requests that wait for approval become void.")
    return ready


def _change_words(one: MendedField) -> str:
    unit = "" if one.field == "start_order" else " s"
    return f"{CALLED[one.field]} {one.value}{unit} instead of {one.original}{unit}"


def _fields(vm: VM, seat: Seat | None) -> tuple[MendedField, ...]:
    if seat is None:
        return ()
    wanted: Sequence[tuple[str, int | None, int]] = (
        ("start_order", seat.order, vm.order),
        ("start_delay_s", seat.start_delay_s, vm.start_delay),
        ("shutdown_delay_s", seat.shutdown_delay_s, vm.shutdown_delay),
    )
    return tuple(
        MendedField(field=name, value=value, original=present)
        for name, value, present in wanted
        if value is not None and value != present
    )
