"""Several configurations promoted, demoted or changed together: one plan, side by side, and what became of each."""

import argparse
from dataclasses import replace

from xsconsole.cli import output
from xsconsole.cli.asking import ASKED
from xsconsole.cli.documents import Document
from xsconsole.cli.servicing import servicing, yes_by_name
from xsconsole.cli.session import connected, is_at_terminal, published
from xsconsole.console import Batch, Console, moves_to, planned_together
from xsconsole.domain import words
from xsconsole.domain.batch import BatchPlan, Part, PartState
from xsconsole.domain.ids import BatchId
from xsconsole.domain.naming import find_configuration, find_stage
from xsconsole.engine.commands import Demote, Promote, Together
from xsconsole.engine.plans.confirming import demand_answers
from xsconsole.errors import NotPromotable, PlanIsStale, Refused

AGAIN = "Look at it again with `xsconsole plan`."
ALONE = {
    "emergency": "--emergency",
    "stop_first": "--stop-first",
    "yes_to": "--yes-to",
    "not_before": "--not-before",
    "wait": "--wait",
    "queue": "--queue",
    "against": "--against",
}


async def show_plan(options: argparse.Namespace) -> int:
    """Print one plan of all; nothing is changed. The exit status is 1 where any of them cannot go."""
    async with connected(options, is_reading=True) as console:
        planned = await _planned(console, _together(console, options))
        print_batch(planned, console, options)
        return 1 if planned.refused else 0


async def act(options: argparse.Namespace) -> int:
    """Plan all, say what stands against each, and carry out side by side, or ask for it where others have to approve.

    The exit status is 3 where all is well and something of it is only asked for yet.
    """
    is_dry = getattr(options, "dry_run", False)
    async with connected(options, is_reading=is_dry) as console:
        together = _together(console, options)
        if not is_dry:
            await console.demand_rights(together.commands[0])
        planned = await _planned(console, together)
        if is_dry:
            print_batch(planned, console, options)
            return 1 if planned.refused else 0
        answers = confirm_batch(planned, console, options)
        together = replace(together, answers=answers)
        batch = Batch(console, console.requests, together, planned, lambda _: None, goes_on=options.go_on)
        ended = await batch.carry_out()
        print_batch(ended, console, options, batch.id)
        states = {part.state for part in ended.parts}
        if not states <= {PartState.DONE, PartState.ASKED}:
            return 1
        return ASKED if PartState.ASKED in states else 0


async def _planned(console: Console, together: Together) -> BatchPlan:
    """Return the plan of all, once XAPI has answered about those that leave the pool."""
    planned_together(console, together)
    await console.abroad.answered()
    return planned_together(console, together)


def _together(console: Console, options: argparse.Namespace) -> Together:
    """Read the command.

    Raises:
        Refused: a name or the stage is unknown, one of them goes the other way, or an option is for one alone.
    """
    given = [option for name, option in ALONE.items() if getattr(options, name, None)]
    if (getattr(options, "disks", None) or "keep") != "keep":
        given.append(f"--disks {options.disks}")
    if given:
        raise Refused(
            reason=f"{words.listing(tuple(given))} is for one configuration.", mend="Name one, or leave it out."
        )
    cards = [find_configuration(console.board, name) for name in options.names]
    unique = {card.id: card for card in cards}
    if options.verb.startswith("config "):
        commands = tuple(servicing(card, console, options) for card in unique.values())
        return Together(commands=commands)
    if options.to is None:
        raise Refused(reason="It is not said to which stage they go.", mend="Say it with `--to`.")
    workflow = published(console)
    target = find_stage(workflow, options.to).id
    together = replace(
        moves_to(unique.values(), target, workflow, options.reason),
        ticket=getattr(options, "ticket", ""),
        runs_itself=getattr(options, "by_itself", False),
    )
    kinds = {"promote": Promote, "demote": Demote}
    wanted = kinds.get(options.verb)
    for command in together.commands:
        card, edge = (
            unique[command.configuration],
            workflow.transition(unique[command.configuration].stage, target),
        )
        if wanted is not None and edge is not None and not isinstance(command, wanted):
            raise Refused(
                reason=f"For “{card.name}” the way there is one to {edge.kind.value}.",
                mend=f"Leave it out, or say `xsconsole {edge.kind.value}` for it.",
            )
    return together


def confirm_batch(planned: BatchPlan, console: Console, options: argparse.Namespace) -> tuple[str, ...]:
    """Say what must be known before, and who cannot go; ask at a terminal. A script that names them has decided.

    Returns the questions of the plans that were answered with yes.

    Raises:
        PlanIsStale: `--plan` named another. Refused: none can go, some cannot and `--go-on` was not said, or no.
    """
    if options.plan is not None and not planned.digest.startswith(options.plan):
        raise PlanIsStale(
            reason=f"The plan is not {options.plan[:12]} any more but {planned.digest[:12]}; nothing was changed.",
            mend="Look at it again with `--dry-run`." if planned.target is None else AGAIN,
        )
    for warning in planned.warnings:
        output.note(warning)
    for part in planned.refused:
        output.note(f"{output.cell(part.name, 80)}: {words.refusal(part.refusal) if part.refusal else ''}")
    if planned.refused and (not options.go_on or not planned.ready):
        names = words.listing(tuple(part.name for part in planned.refused))
        raise NotPromotable(
            reason=f"{names} cannot go; nothing was changed.",
            mend="Leave them out, or add `--go-on` for the others." if planned.ready else "",
        )
    plans = [part.plan for part in planned.ready if part.plan is not None]
    answers = {answer for plan in plans for answer in yes_by_name(console, plan, options)}
    if is_at_terminal():
        asked = [question for question in planned.questions if question not in answers]
        answers |= {question for question in asked if output.is_yes(f"{output.cell(question, 200)} [y/N] ")}
        if planned.asks and not output.is_yes(f"{_title(planned, console)}: go on? [y/N] "):
            raise Refused(reason="Not confirmed; nothing was changed.")
    for plan in plans:
        demand_answers(plan, answers)
    return tuple(sorted(answers))


def _title(planned: BatchPlan, console: Console) -> str:
    stage = published(console).stage(planned.target) if planned.target is not None else None
    return planned.title(stage.name if stage is not None else str(planned.target))


def print_batch(
    planned: BatchPlan, console: Console, options: argparse.Namespace, batch: BatchId | None = None
) -> None:
    if options.json:
        output.print_json(_document(planned, batch))
        return
    machines, duration = words.count(planned.machines, "machine"), words.duration(max(1.0, planned.duration_s))
    takes = f"{machines}, about {duration}" + (
        f", up to {words.size(planned.size_bytes)}" if planned.size_bytes else ""
    )
    output.say(f"{_title(planned, console)}, side by side: {takes} (plan {planned.digest[:12]})")
    if planned.asked and batch is None:
        output.note(
            f"Others have to approve {words.count(len(planned.asked), 'of them', 'of them')}: each is asked for."
        )
    output.print_table(
        ("CONFIGURATION", "STATE", "TAKES", "WHAT"),
        ((output.cell(part.name, 60), part.state.value, _takes(part), _what(part)) for part in planned.parts),
        widest=output.WIDEST_SENTENCE,  # why one failed stands nowhere else
    )


def _takes(part: Part) -> str:
    return words.duration(max(1.0, part.plan.duration_s)) if part.plan is not None else ""


def _what(part: Part) -> str:
    told = part.sentence or (words.refusal(part.refusal) if part.refusal is not None else "")
    return told or ("is asked for: others have to approve it" if part.is_asked else "")


def _document(planned: BatchPlan, batch: BatchId | None) -> Document:
    return {
        "batch": batch,
        "digest": planned.digest,
        "target": planned.target,
        "asks": planned.asks,
        "warnings": list(planned.warnings),
        "bytes": planned.size_bytes,
        "seconds": planned.duration_s,
        "downtime_s": planned.downtime_s,
        "machines": planned.machines,
        "questions": list(planned.questions),
        "parts": [
            {
                "id": part.id,
                "name": part.name,
                "state": part.state.value,
                "plan": part.plan.digest if part.plan is not None else None,
                "run": part.run,
                "request": part.request,
                "is_asked_for": part.is_asked,
                "after": list(planned.waits_for(part)),
                "refusal": words.refusal(part.refusal) if part.refusal is not None else None,
                "sentence": part.sentence,
            }
            for part in planned.parts
        ],
    }
