"""What `plan`, `promote` and `demote` ask for, and what must be mended first, in words for a shell."""

import argparse

from xsconsole.cli.session import published, spoken_name
from xsconsole.console import Console
from xsconsole.domain.board import Card, Standing
from xsconsole.domain.naming import find_stage, shortened
from xsconsole.domain.one_way import ONE_WAY, goes_one_way
from xsconsole.domain.plan import Disks
from xsconsole.domain.words import listing, silence
from xsconsole.domain.workflow import Kind, Stage, Workflow
from xsconsole.engine.commands import Demote, Emergency, Promote
from xsconsole.errors import Ambiguous, NotPromotable, Refused

WAITING = (
    "Wait for the end of that yourself, or add `--wait`: then this goes on by itself, also once its console is dead."
)


def move(console: Console, card: Card, options: argparse.Namespace) -> Promote | Demote:
    """Return the promotion or demotion to the stage named, whichever the workflow has.

    Raises:
        Refused: there is no such way, or it is one of the other kind.
    """
    workflow = published(console)
    source, target = workflow.stage(card.stage), _target(workflow, card, options)
    edge = workflow.transition(card.stage, target.id)
    if edge is None and source is not None and source != target:
        ends = (workflow.stage(way.target) for way in workflow.transitions_from(source.id))
        names = tuple(end.name for end in ends if end is not None)
        raise NotPromotable(
            reason=f"The workflow has no way from {source.name} to {target.name}.",
            mend=f"From {source.name} it goes to {listing(names)}." if names else "",
        )
    asked = Kind(options.verb) if options.verb != "plan" else Kind.PROMOTE
    kind = edge.kind if edge is not None else asked
    if options.verb != "plan" and kind is not asked and source is not None:
        raise Refused(
            reason=f"From {source.name} to {target.name} is a way to {kind.value}, not to {asked.value}.",
            mend=f"Say `xsconsole {kind.value}`.",
        )
    urgency = urgency_of(options)
    chosen = getattr(options, "disks", None)
    disks = Disks(chosen) if chosen is not None else _safest(console, card, target)
    if kind is Kind.PROMOTE:
        if disks is not Disks.KEEP:
            raise Refused(reason="A promotion keeps the disks.", mend="Leave `--disks` out.")
        return Promote(
            configuration=card.id,
            revision=card.revision,
            target=target.id,
            is_stopped_first=getattr(options, "stop_first", False),
            reason=options.reason,
            emergency=urgency,
        )
    if getattr(options, "stop_first", False):
        raise Refused(reason="A demotion freezes nothing.", mend="Leave `--stop-first` out.")
    return Demote(
        configuration=card.id,
        revision=card.revision,
        target=target.id,
        disks=disks,
        reason=options.reason,
        emergency=urgency,
    )


def _target(workflow: Workflow, card: Card, options: argparse.Namespace) -> Stage:
    """Return the stage that is named or, where none is, the only one that a way of that kind leads to."""
    if options.to is not None:
        return find_stage(workflow, options.to)
    kind = Kind(options.verb) if options.verb != "plan" else Kind.PROMOTE
    ends = (workflow.stage(way.target) for way in workflow.transitions_from(card.stage, kind))
    found = [stage for stage in ends if stage is not None]
    if len(found) == 1:
        return found[0]
    name = f"“{shortened(card.name)}”"
    if not found:
        raise NotPromotable(
            reason=f"No way leads {'forward' if kind is Kind.PROMOTE else 'back'} from where {name} stands.",
            mend="Name the stage with `--to` where another way is meant.",
        )
    raise Ambiguous(
        reason=f"{name} can be {kind.value}d to {listing(tuple(stage.name for stage in found), len(found))}.",
        mend="Say which one with `--to`.",
        choices=tuple(str(stage.id) for stage in found),
    )


def _safest(console: Console, card: Card, target: Stage) -> Disks:
    """Return what a demotion does with the disks where nobody says so."""
    return next((one.disks for one in console.targets(card.id) if one.stage == target.id), Disks.KEEP)


def urgency_of(options: argparse.Namespace) -> Emergency | None:
    """Return why it cannot wait, where that was said."""
    is_urgent = getattr(options, "emergency", False)
    return Emergency(reason=options.reason, ticket=getattr(options, "ticket", "")) if is_urgent else None


def demand_settled(console: Console, card: Card, *, is_move: bool = True, may_wait: bool = True) -> None:
    """Refuse what the engine would refuse, and name the command that mends it.

    Raises:
        NotPromotable: a run of it goes on or was interrupted, or, for a move, its members are not whole.
    """
    name = spoken_name(card, console.board)
    if card.standing is Standing.RUNNING and card.run is not None and (holder := card.run.holder) is not None:
        raise NotPromotable(
            reason=f"“{card.name}” is being changed by {holder.actor} at {holder.console}. "
            f"{silence(console.quiet_s(card.id), holder.ttl_s)}",
            mend=WAITING if may_wait else "Ask again when that has ended.",
        )
    if card.standing is Standing.INTERRUPTED:
        raise NotPromotable(
            reason=f"A run of “{card.name}” was interrupted.",
            mend=f"Finish it with `xsconsole settle {name} resume`. {ONE_WAY}"
            if goes_one_way(card, console.inventory)
            else f"Finish it with `xsconsole settle {name} resume`, "
            f"or put it back with `xsconsole settle {name} undo`.",
        )
    if is_move and card.standing in (Standing.INCOMPLETE, Standing.INCONSISTENT):
        raise NotPromotable(
            reason=f"“{card.name}” is {card.standing.value}: {' '.join(card.problems)}",
            mend=f"`xsconsole config show {name}` says more; `xsconsole config adopt {name}` makes it whole.",
        )
