"""The verb that walks a configuration through a workflow, without a pool: what opens for whom and when, and why not."""

import argparse
from datetime import UTC, datetime

from xsconsole.cli import output
from xsconsole.cli.documents import Document
from xsconsole.cli.workflows import named_workflow, opened
from xsconsole.domain import words
from xsconsole.domain.ids import PersonId
from xsconsole.domain.naming import find_stage, shortened
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.walk import StageView, Traveller, Verdict, WayView, walk
from xsconsole.errors import NotFound

SIGNS = {Verdict.OPENS: "opens", Verdict.ASKS: "asks", Verdict.LATER: "later", Verdict.REFUSES: "refuses"}


async def workflow_walk(options: argparse.Namespace) -> int:
    async with opened(options, (options.file,)) as console:
        workflow = await named_workflow(console, options.file)
    at = options.at or datetime.now(UTC)
    start = find_stage(workflow, options.start) if options.start else workflow.columns()[0][0]
    traveller = Traveller(name=options.service, service=options.service, stage=start.id, since=at)
    views = walk(workflow, traveller, _person(workflow, options.person), at)
    if options.json:
        output.print_json([_stage_document(view) for view in views])
        return 0
    output.say(f"{output.cell(options.service)} as {output.cell(options.person)} at {words.instant(at)}")
    for view in views:
        output.say(output.cell(view.name) + (" (here)" if view.is_here else ""))
        for way in view.ways:
            output.say(f"  {SIGNS[way.verdict]}: {way.transition.kind.value} to {output.cell(way.target)}")
            for line in (*(reason.sentence for reason in way.reasons), *map(_gate, way.gates), *way.afterwards):
                output.say(f"    {output.cell(line, 300)}")
    return 0


def _gate(name: str) -> str:
    return f"Must pass: {name}"


def _person(workflow: Workflow, name: str) -> PersonId | None:
    wanted = name.casefold()
    for person in workflow.people if wanted else ():  # whose log-in is not known has none
        if wanted in (person.id.casefold(), person.name.casefold(), person.subject.casefold()):
            return person.id
    if wanted == "nobody":
        return None
    raise NotFound(
        reason=f"The workflow knows nobody called “{shortened(name)}”.",
        mend="Name somebody of it, or say `nobody`.",
        choices=tuple(person.name for person in workflow.people),
    )


def _stage_document(view: StageView) -> Document:
    return {
        "stage": view.stage,
        "name": view.name,
        "is_here": view.is_here,
        "ways": [_way_document(way) for way in view.ways],
    }


def _way_document(way: WayView) -> Document:
    return {
        "transition": way.transition.id,
        "kind": way.transition.kind.value,
        "target": way.transition.target,
        "verdict": way.verdict.value,
        "opens_at": way.opens_at.isoformat() if way.opens_at is not None else None,
        "reasons": [reason.sentence for reason in way.reasons],
        "approvals": [
            {"rule": approval.words, "could": [person.name for person in approval.able]} for approval in way.approvals
        ],
        "gates": list(way.gates),
        "afterwards": list(way.afterwards),
    }
