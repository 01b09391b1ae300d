"""Verbs that change something: planned, said, and seen through to their end."""

import argparse
import asyncio
import sys

from xsconsole.cli import output
from xsconsole.cli.session import connected, published
from xsconsole.console import Console, RunState
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.ids import StageId
from xsconsole.domain.naming import find_configuration, find_stage, find_vm
from xsconsole.domain.plan import Disks
from xsconsole.engine.commands import (
    AddMembers,
    Adopt,
    Confirmed,
    Create,
    Demote,
    Direction,
    Dissolve,
    NewMember,
    Plannable,
    Promote,
    RemoveMembers,
    Settle,
)
from xsconsole.errors import HeldElsewhere, NotFound, PlanIsStale, Refused

RETRY_HELD_S = 2.0


async def show_plan(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        plan = console.plan(_move(console, options))
        if options.json:
            output.print_json(output.plan_document(plan))
        else:
            output.print_plan(plan)
        return 0


async def act(options: argparse.Namespace) -> int:
    """Plan the command, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=False) as console:
        command = _command(console, options)
        plan = console.plan(command)
        expected = getattr(options, "plan", None)
        if expected is not None and not (len(expected) >= 8 and plan.digest.startswith(expected)):
            raise PlanIsStale(reason=f"The plan is now {plan.digest[:12]}.", mend="Look at it again with `plan`.")
        for warning in plan.warnings:
            print(f"xsconsole: {warning}", file=sys.stderr)
        if plan.asks and not _is_confirmed(words.title(plan)):
            raise Refused(reason="Not confirmed; nothing was changed.")
        return await _see_through(console, Confirmed(command=command, digest=plan.digest), options)


async def settle(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        card = find_configuration(console.board, options.name)
        command = Settle(
            configuration=card.id, direction=Direction(options.direction), reason=getattr(options, "reason", "")
        )
        return await _see_through(console, command, options)


async def _see_through(console: Console, command: Confirmed | Settle, options: argparse.Namespace) -> int:
    while True:
        try:
            run = await console.do(command)
            break
        except HeldElsewhere:
            if not options.wait:
                raise
            await asyncio.sleep(RETRY_HELD_S)
    ended = await console.finished(run)
    if ended.error is not None:
        raise ended.error
    is_as_asked = ended.state is RunState.DONE or (
        ended.state is RunState.UNDONE and isinstance(command, Settle) and command.direction is Direction.UNDO
    )
    if options.json:
        output.print_json({"run": run, "state": ended.state.value, "plan": ended.plan.digest})
    else:
        print(f"{words.title(ended.plan)}: {ended.state.value}")
    return 0 if is_as_asked else 1


def _is_confirmed(title: str) -> bool:
    """Ask at a terminal; a script that names the command has decided."""
    if not sys.stdin.isatty():
        return True
    return input(f"{title}: go on? [y/N] ").strip().casefold() in ("y", "yes")


def _move(console: Console, options: argparse.Namespace) -> Plannable:
    """Return the promotion or demotion to the stage named, whichever the workflow has."""
    card = find_configuration(console.board, options.name)
    target = find_stage(published(console), options.to)
    edge = published(console).transition(card.stage, target.id)
    kind = edge.kind.value if edge is not None else "promote"
    if options.verb in ("promote", "demote") and options.verb != kind:
        raise Refused(reason=f"From {card.stage} to {target.name} is a way to {kind}.", mend=f"Say `xsconsole {kind}`.")
    if kind == "promote":
        return Promote(configuration=card.id, revision=card.revision, target=target.id, reason=options.reason)
    return Demote(
        configuration=card.id,
        revision=card.revision,
        target=target.id,
        disks=Disks(options.disks),
        reason=options.reason,
    )


def _command(console: Console, options: argparse.Namespace) -> Plannable:
    if options.verb in ("promote", "demote"):
        return _move(console, options)
    if options.verb == "config create":
        return Create(
            service=options.service,
            version=options.version,
            name=options.name or "",
            stage=find_stage(published(console), options.stage).id,
            members=_new_members(console, options.vm),
            reason=options.reason,
        )
    card = find_configuration(console.board, options.name)
    match options.verb:
        case "config add":
            members = _new_members(console, options.vm)
            return AddMembers(configuration=card.id, revision=card.revision, members=members, reason=options.reason)
        case "config remove":
            gone = set(card.missing)
            vms = tuple(vm if vm in gone else find_vm(console.inventory, vm).uuid for vm in options.vm)
            return RemoveMembers(configuration=card.id, revision=card.revision, vms=vms, reason=options.reason)
        case "config adopt":
            vms = tuple(find_vm(console.inventory, vm).uuid for vm in options.vm)
            return Adopt(configuration=card.id, stage=_stage_of(console, card, options), vms=vms, reason=options.reason)
        case _:
            return Dissolve(configuration=card.id, revision=card.revision, reason=options.reason)


def _stage_of(console: Console, card: Card, options: argparse.Namespace) -> StageId:
    return find_stage(published(console), options.stage).id if options.stage else card.stage


def _new_members(console: Console, given: list[str]) -> tuple[NewMember, ...]:
    """Read `VM` or `ROLE=VM`; a VM whose name has an equals sign is found by its whole name first."""
    members = []
    for text in given:
        role, separator, name = text.partition("=")
        try:
            members.append(NewMember(vm=find_vm(console.inventory, text).uuid))
        except NotFound:
            if not separator:
                raise
            members.append(NewMember(vm=find_vm(console.inventory, name).uuid, role=role))
    return tuple(members)
