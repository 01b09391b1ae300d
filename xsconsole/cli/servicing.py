"""Verbs to a configuration as one thing, where it stands: their words, and the commands they become."""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.cli.moves import urgency_of
from xsconsole.cli.points import point_named
from xsconsole.console import Console, find_pool, pools_beside
from xsconsole.domain.board import Card
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import find_configuration, find_host, find_network, find_storage, find_vm
from xsconsole.domain.networks import networks_used
from xsconsole.domain.plan import Plan
from xsconsole.domain.run_kinds import RunKind
from xsconsole.engine.commands import (
    Arrange,
    ChangePower,
    Delete,
    Describe,
    OfService,
    Relocate,
    RevertTo,
    Seat,
    TakePoint,
)
from xsconsole.errors import Refused

POWER: Mapping[str, RunKind] = MappingProxyType(
    {
        "config start": RunKind.START,
        "config shut-down": RunKind.SHUT_DOWN,
        "config reboot": RunKind.REBOOT,
        "config suspend": RunKind.SUSPEND,
        "config resume": RunKind.RESUME,
    }
)


def yes_by_name(console: Console, plan: Plan, options: argparse.Namespace) -> tuple[str, ...]:
    """Return the questions of a plan that deletes, where its configuration was named a second time."""
    again = getattr(options, "yes", None) or ()
    if plan.intent.kind is not RunKind.DELETE or not again:
        return ()
    named = {find_configuration(console.board, name).id for name in again}
    return plan.questions if plan.intent.configuration in named else ()


def servicing(card: Card, console: Console, options: argparse.Namespace) -> OfService:
    """Return the command of such a verb."""
    inventory = console.inventory
    match options.verb:
        case "config delete":
            return Delete(
                configuration=card.id,
                revision=card.revision,
                is_forced=options.force,
                keeps_points=options.keep_points,
                reason=options.reason,
            )
        case "config arrange":
            seats = tuple(_seat(text, inventory, card) for text in options.vm)
            return Arrange(configuration=card.id, revision=card.revision, seats=seats, reason=options.reason)
        case "config migrate":
            return _relocation(card, console, options)
        case "config snapshot":
            return TakePoint(configuration=card.id, revision=card.revision, reason=options.reason)
        case "config rename" | "config note":
            return Describe(
                configuration=card.id,
                revision=card.revision,
                name=getattr(options, "new_name", None),
                version=getattr(options, "new_version", None),
                notes=getattr(options, "text", None),
                reason=options.reason,
            )
        case "config revert":
            point = point_named(card, options.point)
            return RevertTo(
                configuration=card.id,
                revision=card.revision,
                point=point,
                reason=options.reason,
                emergency=urgency_of(options),
            )
    kind = POWER[options.verb]
    return ChangePower(configuration=card.id, revision=card.revision, kind=kind, reason=options.reason)


def _relocation(card: Card, console: Console, options: argparse.Namespace) -> Relocate:
    """Read where it goes: host, storage and networks are those of the pool that it comes to."""
    here, there = console.inventory, console.inventory
    pool = find_pool(console, options.to_pool) if options.to_pool else None
    if pool is None and options.map_network:
        raise Refused(
            reason="Networks are mapped on the way into another pool.",
            mend="Name it with `--to-pool`, or leave --map-network out.",
        )
    for beside in pools_beside(console):
        if beside.identity is not None and beside.identity.pool == pool:
            there = beside.inventory
    networks = {find_network(here, of).uuid: find_network(there, to).uuid for of, to in options.map_network}
    if len(options.names) > 1:  # of several, each goes by what is said of its own networks
        found = (here.get(VM, member.ref) for member in card.members)
        used = networks_used([vm for vm in found if vm is not None], here)
        networks = {of: to for of, to in networks.items() if of in used}
    return Relocate(
        configuration=card.id,
        revision=card.revision,
        host=find_host(there, options.host).uuid if options.host else None,
        sr=find_storage(there, options.sr).uuid if options.sr else None,
        members=tuple(find_vm(here, vm).uuid for vm in options.vm),
        pool=pool,
        networks=networks,
        reason=options.reason,
    )


def _seat(given: tuple[str, Mapping[str, str]], inventory: Inventory, card: Card) -> Seat:
    """Read a member, by name, uuid or role, with what it is to be."""
    name, wanted = given
    role = next((member.uuid for member in card.members if member.role == name), None)
    numbers = {key: int(wanted[key]) if key in wanted else None for key in ("order", "start-delay", "shutdown-delay")}
    return Seat(
        vm=role or find_vm(inventory, name).uuid,
        role=wanted.get("role"),
        order=numbers["order"],
        start_delay_s=numbers["start-delay"],
        shutdown_delay_s=numbers["shutdown-delay"],
    )
