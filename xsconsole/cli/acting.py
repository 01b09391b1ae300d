"""Verbs that change something: planned, said, seen through to their end, and what is so then."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xsconsole.cli import batching, documents, output
from xsconsole.cli.asking import ask_for, planned, print_plan
from xsconsole.cli.declaring import declare
from xsconsole.cli.drifting import mending, refreshing
from xsconsole.cli.line import in_line
from xsconsole.cli.moves import WAITING, demand_settled, move
from xsconsole.cli.points import chosen, point_named
from xsconsole.cli.progress import telling
from xsconsole.cli.servicing import POWER, servicing, yes_by_name
from xsconsole.cli.session import connected, is_at_terminal, published, spoken_name, until
from xsconsole.console import Console, Pools, RunState, RunStatus, read_plan, record_unread
from xsconsole.domain import words
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.ids import ConfigurationId, Digest, RunId
from xsconsole.domain.naming import find_configuration, find_stage, find_vm
from xsconsole.domain.one_way import ONE_WAY, goes_one_way
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.run_kinds import FORGETTING, apart
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import (
    AddMembers,
    Adopt,
    Approvable,
    Confirmed,
    Create,
    Direction,
    Dissolve,
    NewMember,
    Plannable,
    RemoveMembers,
    Replicate,
    Settle,
)
from xsconsole.errors import ConsoleError, HeldElsewhere, Interrupted, NotFound, PlanIsStale, Refused, StageFull

RETRY_HELD_S = 2.0
SHOWN_TIMEOUT_S = 5.0
UNWRITTEN = {
    RunKind.PRUNE,
    RunKind.MEND,
    RunKind.HALT,
    RunKind.ARCHIVE,
    RunKind.DELETE_ARCHIVE,
    RunKind.CAPTURE,
    RunKind.SNAPSHOT,
    RunKind.NOTE,
    RunKind.MIGRATE,
    *(RunKind.PARK, RunKind.REDEPLOY, RunKind.REROUTE),
} | set(POWER.values())
"""Runs that write nothing to the members."""
UNCONFIRMED = (
    "The pool has not told of it yet, so how the configuration stands now is not known here. "
    "`xsconsole config show` says it once the pool does."
)


async def show_plan(options: argparse.Namespace) -> int:
    if len(options.names) > 1:
        return await batching.show_plan(options)
    other = await read_plan(options.against) if options.against else None
    async with connected(options, is_reading=True) as console:
        card = find_configuration(console.board, options.name)
        command = move(console, card, options)
        demand_settled(console, card, may_wait=False)
        plan = await planned(console, command, options)
        if other is None:
            return print_plan(console, plan, options)
        document = documents.plan_document(plan, published(console))
        output.print_beside(other, document, options.against, is_json=options.json)
        return 0


async def act(options: argparse.Namespace) -> int:
    """Plan the command, say what it will do, and see it through to its end."""
    if len(getattr(options, "names", ())) > 1:
        return await batching.act(options)
    is_dry = getattr(options, "dry_run", False)
    async with (
        connected(options, is_reading=is_dry) as console,
        on_record(console, options),
        in_line(console) as line,
    ):
        confirmed: Digest | None = None
        answers: tuple[str, ...] = ()
        if not is_dry and not all(right.is_allowed for right in console.rights):
            await console.demand_rights(_command(console, options))
        while True:
            if options.wait and options.verb != "config create":
                await _wait_for_others(console, options.name)
            command = _command(console, options)
            try:
                plan = await planned(console, command, options)
            except StageFull as full:
                if is_dry:
                    raise
                await line.wait(full, command, options)
                continue
            if is_dry:
                return print_plan(console, plan, options)
            if confirmed != plan.digest:
                line.agree(plan)
                answers = confirm(console, plan, options)
                confirmed = plan.digest
            if plan.demand is not None and isinstance(command, Approvable) and not plan.is_emergency:
                await line.leave(AuditEvent.QUEUE_BEGAN, "Others have to approve it, so it is asked for.")
                return await ask_for(console, command, plan, answers, options)
            order = Confirmed(command=command, digest=plan.digest, answers=answers)
            try:
                run = await (declare(console, order, options) if plan.is_emergency else console.do(order))
            except HeldElsewhere as refusal:
                await _wait_or_raise(refusal, options)
            else:
                await line.leave(AuditEvent.QUEUE_BEGAN, run=run)
                return await see_through(console, run, options, RunState.DONE)


async def settle(options: argparse.Namespace) -> int:
    """Finish an interrupted run, forward or back."""
    async with connected(options, is_reading=False) as console, on_record(console, options):
        card = find_configuration(console.board, options.name)
        direction = Direction(options.direction)
        command = Settle(configuration=card.id, direction=direction, reason=options.reason)
        asked = RunState.UNDONE if direction is Direction.UNDO else RunState.DONE
        await console.demand_rights(command)
        while True:
            if options.wait:
                await _wait_for_others(console, card.id)
            try:
                run = await console.do(command)
            except HeldElsewhere as refusal:
                await _wait_or_raise(refusal, options)
            else:
                return await see_through(console, run, options, asked)


@asynccontextmanager
async def on_record(console: Console, options: argparse.Namespace) -> AsyncIterator[None]:
    """Leave a row of what is refused, also where it never became a command, such as for a name that nobody has."""
    try:
        yield
    except Refused as refusal:
        words_of = (options.verb, getattr(options, "name", "") or "", getattr(options, "direction", ""))
        asked = " ".join(word for word in words_of if word)
        aim = getattr(options, "to", None) or getattr(options, "stage", None)
        found = _configuration(console, getattr(options, "name", "") or "")
        await record_unread(console, f"{asked} to {aim}" if aim else asked, options.reason, refusal, found)
        raise


def _configuration(console: Console, name: str) -> ConfigurationId | None:
    try:
        return find_configuration(console.board, name).id
    except Refused:
        return None


async def _wait_for_others(console: Console, name: str) -> None:
    """Wait until nobody works on the configuration any more; what it is then decides what can be done."""
    card = find_configuration(console.board, name)
    if card.standing is not Standing.RUNNING:
        return
    holder = card.run.holder if card.run else None
    who = f" by {holder.actor} at {holder.console}" if holder else ""
    ttl_s, quiet_s = (holder.ttl_s, console.quiet_s(card.id)) if holder else (0, 0.0)
    output.note(f"“{card.name}” is being changed{who}; waiting for the end of that. {words.silence(quiet_s, ttl_s)}")

    def is_over() -> bool:
        now = console.board.cards.get(card.id)
        return now is None or now.standing is not Standing.RUNNING

    await until(console, is_over)


async def _wait_or_raise(refusal: HeldElsewhere, options: argparse.Namespace) -> None:
    if not options.wait:
        refusal.mend = WAITING
        raise refusal
    await asyncio.sleep(RETRY_HELD_S)


def confirm(console: Console, plan: Plan, options: argparse.Namespace) -> tuple[str, ...]:
    """Say what must be known before; ask at a terminal. A script that names the command has decided.

    Returns the questions of the plan that were answered with yes, here or by `--yes-to`.

    Raises:
        PlanIsStale: `--plan` named another. Refused: whoever was asked said no.
    """
    expected = getattr(options, "plan", None)
    if expected is not None and not plan.digest.startswith(expected):
        raise PlanIsStale(
            reason=f"The plan is not {expected[:12]} any more but {plan.digest[:12]}; nothing was changed.",
            mend="Look at it again with `xsconsole plan`.",
        )
    for warning in plan.warnings:
        output.note(warning)
    given = {*(getattr(options, "yes_to", None) or ()), *yes_by_name(console, plan, options)}
    answers = [question for question in plan.questions if question in given]
    if is_at_terminal():
        unanswered = [question for question in plan.questions if question not in given]
        answers += [question for question in unanswered if output.is_yes(f"{output.cell(question, 200)} [y/N] ")]
        if plan.asks and not output.is_yes(f"{words.title(plan, console.board.workflow)}: go on? [y/N] "):
            raise Refused(reason="Not confirmed; nothing was changed.")
    return tuple(answers)


async def see_through(
    console: Console,
    run: RunId,
    options: argparse.Namespace,
    asked: RunState,
    told: documents.Document | None = None,
) -> int:
    """Wait for the end of a run and say how it ended; `told` is what else belongs into the document of it."""
    ended = await _finished(console, run)
    at, configuration = _outcome(console, ended)
    card, is_told = await _shown(at, configuration, ended)
    if ended.error is not None:
        _print_failure(ended.error, card, at, ended)
        return 1
    if options.json:
        output.print_json(
            {
                "run": run,
                "state": ended.state.value,
                "plan": ended.digest,
                "is_confirmed": is_told,
                "remarks": list(ended.remarks.values()),
                "configuration": None if card is None else documents.card_document(card, at.board),
                **(told or {}),
            }
        )
    else:
        output.say(f"{words.title(ended.plan, console.board.workflow)}: {words.state_name(ended.state)}")
        if is_told and ended.plan.intent.kind is not RunKind.DELETE_ARCHIVE:  # of the configuration nothing is changed
            output.say(_what_is_so(at, ended, card))
    for remark in ended.remarks.values():
        output.note(remark)
    if not is_told:
        output.note(UNCONFIRMED)
    return 0 if ended.state is asked else 1


async def _finished(console: Console, run: RunId) -> RunStatus:
    """Wait for the end of the run. Who stops us lets the steps that are under way end, and hears how it stands."""
    try:
        with telling(console, run):
            return await console.finished(run)
    except asyncio.CancelledError:
        output.note("Stopping after the steps that are under way; once more leaves at once.")
        card = console.board.cards.get(status_of(console, run).plan.intent.configuration)
        await console.disconnect()
        ended = status_of(console, run)
        if ended.error is not None:
            _print_failure(ended.error, card, console, ended)
        else:
            output.note(f"It ended before it could be stopped: {words.state_name(ended.state)}.")
        raise


def status_of(console: Console, run: RunId) -> RunStatus:
    return next(status for status in console.runs if status.run == run)


def _outcome(console: Console, ended: RunStatus) -> tuple[Console, ConfigurationId]:
    """Return which configuration tells how a run ended, and whose board has it: that of a copy is the copy."""
    intent = ended.plan.intent
    if ended.state is not RunState.DONE:
        return console, intent.configuration
    there = None if intent.kind is RunKind.REFRESH else intent.abroad  # what is refreshed stays where it is
    if there is not None and isinstance(console.abroad, Pools):
        console = console.abroad.of(there)
    return console, intent.makes or intent.configuration


async def _shown(console: Console, configuration: ConfigurationId, ended: RunStatus) -> tuple[Card | None, bool]:
    """Return the configuration, None where it is none any more, and whether the board tells of the run's end."""
    intent = ended.plan.intent

    def is_told() -> bool:
        card = console.board.cards.get(configuration)
        if configuration == intent.makes:
            return card is not None and card.run is None and bool(card.members)
        if card is None:
            is_gone = intent.kind in (*FORGETTING, RunKind.DELETE_ARCHIVE) or bool(apart(intent.kind, intent.target))
            return is_gone or ended.state is not RunState.DONE
        if ended.state is RunState.INTERRUPTED:
            return card.run is not None
        is_kept = ended.state is RunState.UNDONE or intent.kind in UNWRITTEN  # the revision is as it was
        is_new = is_kept or intent.source is None or card.revision > intent.revision
        return card.run is None and is_new and not (intent.kind in FORGETTING and ended.state is RunState.DONE)

    is_so = console.identity is not None and await until(console, is_told, SHOWN_TIMEOUT_S)
    return console.board.cards.get(configuration), is_so


def _print_failure(error: ConsoleError, card: Card | None, at: Console, ended: RunStatus) -> None:
    mend = None
    if isinstance(error, Interrupted) and card is not None:
        settle = f"xsconsole settle {spoken_name(card, at.board)}"
        mend = f"Finish it with `{settle} resume`, or put it back with `{settle} undo`, here or in another console."
        if goes_one_way(card, at.inventory):
            mend = f"Finish it with `{settle} resume`, here or in another console. {ONE_WAY}"
    output.print_error(error, mend, run=ended.run, state=ended.state.value)


def _what_is_so(console: Console, ended: RunStatus, card: Card | None) -> str:
    plan = ended.plan
    if plan.intent.kind is RunKind.PROVE and card is None:
        return f"Nothing is left of what was tried of “{plan.intent.name}”."
    if plan.intent.kind is RunKind.IMPORT and card is None:
        return f"“{plan.intent.name}” and its templates are in the library."
    if ended.state is RunState.DONE and plan.intent.kind is RunKind.RETURN and not plan.intent.target:
        return f"The machines of “{plan.intent.name}” are back; they are no configuration, and stand in no stage."
    if plan.intent.kind in (RunKind.PROVISION, RunKind.RETURN) and card is None:
        return f"Nothing is left of “{plan.intent.name}”."
    if card is None and plan.intent.kind is RunKind.RETIRE:
        return f"“{plan.intent.name}” is in the archive of its pool now, and on no board any more."
    if card is None:
        is_deleted = plan.intent.kind in (RunKind.DELETE, RunKind.UNDEPLOY)
        what = "its machines are deleted" if is_deleted else "its machines stay as they are"
        return f"“{plan.intent.name}” is no configuration any more; {what}."
    workflow = console.board.workflow
    stage = workflow.stage(card.stage) if workflow else None
    running = sum(member.power_state == "Running" for member in card.members)
    machines = f"{words.count(len(card.members), 'machine')}, {running} running"
    return f"“{card.name}” stands in {stage.name if stage else card.stage} now: {card.standing.value}, {machines}."


def _command(console: Console, options: argparse.Namespace) -> Plannable:
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
    demand_settled(console, card, is_move=options.verb in ("promote", "demote"))
    match options.verb:
        case "promote" | "demote":
            return move(console, card, options)
        case "refresh":
            return refreshing(console, card, options)
        case "drift mend":
            return mending(console, card, options)
        case "replicate":
            return Replicate(
                configuration=card.id,
                revision=card.revision,
                target=find_stage(published(console), options.to).id,
                method=Method(options.method),
                is_stopped_first=options.stop_first,
                point=point_named(card, options.point) if options.point else None,
                pattern=options.pattern,
                reason=options.reason,
            )
        case "restore-point remove":
            return chosen(card, options)
        case "config add":
            members = _new_members(console, options.vm)
            return AddMembers(configuration=card.id, revision=card.revision, members=members, reason=options.reason)
        case "config remove":
            gone = set(card.missing)
            vms = tuple(vm if vm in gone else find_vm(console.inventory, vm).uuid for vm in options.vm)
            return RemoveMembers(configuration=card.id, revision=card.revision, vms=vms, reason=options.reason)
        case "config adopt":
            vms = tuple(find_vm(console.inventory, vm).uuid for vm in options.vm)
            stage = find_stage(published(console), options.stage).id if options.stage else card.stage
            return Adopt(configuration=card.id, stage=stage, vms=vms, reason=options.reason)
        case "config dissolve":
            return Dissolve(configuration=card.id, revision=card.revision, reason=options.reason)
        case _:
            return servicing(card, console, options)


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
