"""The plan of a return to a restore point in another pool that hosts do not reach: they return first, and go then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.board import Card, Member
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import Uuid
from xsconsole.domain.plan import Intent, Plan
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.poolstate import MemberValue
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Stage
from xsconsole.engine.moves.restoring import Returnee, add_asides, add_reverts, losses
from xsconsole.engine.moves.sending import add_openings, add_transfer, stream_words
from xsconsole.engine.moves.trip_steps import (
    Leg,
    add_company,
    add_entries,
    add_homes,
    add_notes,
    add_records,
    space_of,
    trip_of,
)
from xsconsole.engine.plans import capacity
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.steps import Steps, add_shutdowns, add_starts, add_verification


def plan_restoring_as_stream(
    card: Card,
    point: RestorePoint,
    parts: Sequence[Returnee],
    put: Mapping[Uuid, Mapping[str, Uuid]],
    source: Stage,
    intent: Intent,
    values: Mapping[Uuid, MemberValue],
    leg: Leg,
    to_start: Sequence[Member],
) -> Plan:
    """Shut down, set the present aside, revert, send what they are then, and write the stage where they arrive.

    No stream takes snapshots along, so they return where these are. What was set aside leads back until the last step
    destroys the machines that were sent, and goes with them. `put` are the networks of then where they arrive.
    """
    way, inventory = leg.way, leg.inventory
    running = [part.member for part in parts if part.member.power_state == "Running"]
    leg = replace(
        leg,
        party=tuple(
            replace(
                each,
                networks=dict(put[each.uuid]),
                space=capacity.copy_space(inventory, part.snapshot, way.sr),
            )
            for each, part in zip(leg.party, parts, strict=True)
        ),
    )
    aside_space = {part.vm.uuid: capacity.snapshot_space(inventory, part.vm) for part in parts}
    room = [
        *capacity.demand_space(inventory, capacity.total(*aside_space.values()), "The snapshots"),
        *capacity.demand_space(way.there.inventory, space_of(leg), "The machines", claims_on(way.there.board).space),
    ]

    steps, was_up = Steps(), bool(running)
    ready = add_shutdowns(steps, running, add_openings(steps, leg))
    aside = add_asides(steps, parts, running, aside_space, ready)
    # A revert brings back the marks of then. What they are is written again, and what is lifted stays lifted.
    present = {member.uuid: member.value for member in card.members}
    bare = msgspec.structs.replace(source, protection=())
    ready = add_reverts(steps, parts, aside, present, bare, is_downtime=was_up, is_lifted=True)
    devices = {
        part.vm.uuid: tuple(drive.userdevice for drive, _ in drives_of(inventory, part.snapshot)) for part in parts
    }
    ready = add_transfer(steps, leg, add_notes(steps, leg, ready), devices=devices, is_downtime=was_up)
    with steps.at(way.ends):
        ready = add_company(steps, leg, add_homes(steps, leg, ready))
        delays_s = {part.vm.uuid: part.vm.start_delay for part in parts}
        ready = add_starts(steps, to_start, delays_s, ready, is_downtime=was_up, hosts=leg.hosts)
        ready = add_records(steps, card, leg, add_entries(steps, leg, values, ready))
        add_verification(steps, card.name, {member.uuid for member in to_start}, ready)
    stays_down = tuple(member.name for member in running if member not in to_start)
    warnings = [
        *losses(parts, point, card, inventory, is_newest_meant=True, is_kept=False),
        *stream_words(card, leg),
        *room,
    ]
    if stays_down:
        warnings.append(f"{listing(stays_down)} will be shut down and stay so.")
    return trip_of(card, way, intent, steps, warnings)
