"""The end of a configuration's time in its stage: its machines are shut down, unless somebody gave it a longer one."""

from datetime import datetime

from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.closures import Extension
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.domain.stays import Stay, last_archive, stay_of
from xsconsole.domain.words import count, instant
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole.domain.workflow.wording import span_words
from xsconsole.engine.archives.archiving import plan_last_archive
from xsconsole.engine.commands import ArchiveToFiles, EndStay, ExtendStay
from xsconsole.engine.moves.moving import runs, vms_of
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.steps import Steps, add_shutdowns
from xsconsole.errors import NotPromotable, Refused

ENDABLE = {Standing.WHOLE, Standing.INCOMPLETE, Standing.INCONSISTENT}


def plan_end(command: EndStay, board: Board, inventory: Inventory, at: datetime) -> Plan:
    """Shut down what runs, group by group in descending order. `at` is the earliest of the clocks.

    Raises:
        NotPromotable: its time is not over, its stage wants something else, or a machine cannot be shut down cleanly,
            or what has to be archived cannot be.
    """
    card = rules.card_of(board, command.configuration)
    rules.demand_standing(card, ENDABLE)
    rules.demand_revision(card, command.revision)
    stay = _ended(card, board, at)
    rules.demand_settled_power(card)
    running = [member for member in card.members if runs(member)]
    if stay.at_end is LeaseEnd.ARCHIVE:
        rules.demand_power_changes((stay.stage, running), what="the end of its lease")
        return _archiving(command, card, stay, board, inventory, at)
    if not running:
        raise NotPromotable(reason=f"“{shortened(card.name)}” is off already.", mend="Nothing has to be done.")
    rules.demand_power_changes((stay.stage, running), what="the end of its lease")
    for vm in vms_of(running, inventory):
        rules.demand_operation(vm, "clean_shutdown", inventory)
        rules.demand_unblocked(vm, "start")
    steps = Steps()
    add_shutdowns(steps, running, [])
    intent = intent_in(RunKind.HALT, card, board.workflow)
    told = f"{stay.sentence(at)} {count(len(running), 'running machine')} will be shut down and stay so."
    leases = rules.leases_for(card.id, card.service, ())
    return Plan(intent=intent, steps=steps.all, leases=leases, warnings=(told,), asks=True)


def _ended(card: Card, board: Board, at: datetime) -> Stay:
    stay, name = stay_of(card, board.workflow), f"“{shortened(card.name)}”"
    if stay is None or stay.at_end is LeaseEnd.TELL:
        raise NotPromotable(
            reason=f"The stage of {name} does not say that machines are shut down after a time.",
            mend="Shut them down by hand, or let the stage's lease say so.",
        )
    if not stay.is_over(at):
        raise NotPromotable(reason=f"{name} may still stand there. {stay.sentence(at)}", mend="Leave it running.")
    if board.closures.stop is not None:
        raise NotPromotable(
            reason="The line is stopped, and as long as it is nothing is shut down by itself.",
            mend="Release the line first.",
        )
    return stay


def _archiving(command: EndStay, card: Card, stay: Stay, board: Board, inventory: Inventory, at: datetime) -> Plan:
    """Shut it down, archive it, and leave it off."""
    done, name = last_archive(card), f"“{shortened(card.name)}”"
    if done is not None:
        raise NotPromotable(
            reason=f"{name} was archived at the end of its time, at {instant(done.at)}.", mend="Nothing has to be done."
        )
    if command.folder is None:
        raise NotPromotable(reason=f"{name} is to be archived, and no folder was named.", mend="Archive it by hand.")
    archive = ArchiveToFiles(
        configuration=card.id,
        revision=command.revision,
        folder=command.folder,
        is_stopped_first=True,
        reason=command.reason,
    )
    return plan_last_archive(archive, card, board, inventory, stay.sentence(at))


def extended(command: ExtendStay, card: Card, board: Board, at: datetime, by: str) -> Extension:
    """Return the longer time that `by` gives to a configuration; `at` is the latest of the clocks.

    Raises:
        NotPermitted: the stage names others who may act in it.
        Refused: there is no time to be extended, or not so.
    """
    workflow = rules.workflow_of(board)
    stay, name = stay_of(card, workflow), f"“{shortened(card.name)}”"
    if stay is None or stay.ends is None or card.since is None:
        raise Refused(
            reason=f"The time of {name} in its stage has no end"
            + (", as nobody knows since when it stands there." if stay is not None else "."),
            mend="It can stay without anything being done.",
        )
    rules.demand_actor(workflow, (stay.stage,), by)
    until, most = command.until, at + stay.whole
    if until <= at or until <= stay.ends:
        raise Refused(
            reason=f"{instant(until)} is no later than {'now' if until <= at else 'its time ends anyway'}.",
            mend=f"Name a time after {instant(max(at, stay.ends))}.",
        )
    if until > most:
        whole = span_words(round(stay.whole.total_seconds()))
        raise Refused(
            reason=f"A stay in {shortened(stay.stage.name, 60)} is extended by as long as its lease at the most, "
            f"{whole} from now.",
            mend=f"Name a time until {instant(most)}; it can be extended again later.",
        )
    return Extension(
        configuration=card.id,
        stage=card.stage,
        since=card.since,
        until=until,
        reason=command.reason.strip(),
        by=by,
        at=at,
    )
