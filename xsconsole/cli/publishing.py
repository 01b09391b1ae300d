"""The verbs that publish a workflow, and that approve of it."""

import argparse
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from xsconsole.cli import documents, output
from xsconsole.cli.session import connected_pools, is_at_terminal, reach
from xsconsole.cli.workflows import looks_like_file, named_workflow
from xsconsole.console import Pools
from xsconsole.domain.approval import Meaning
from xsconsole.domain.drafts import Draft
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.publication.effects import EffectKind, PartState, PublishPlan, PublishReport
from xsconsole.domain.publication.values import own_summary
from xsconsole.domain.words import listing
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.difference import lines_of_draft
from xsconsole.errors import Refused


async def publish(options: argparse.Namespace) -> int:
    """Publish a draft or a file. Asked again after a break, it finishes what was begun."""
    async with connected_pools(options, is_reading=options.dry_run, also=options.also) as pools:
        draft = await draft_of(pools, options)
        plan = await planned(pools, draft, options, options.summary)
        if options.dry_run:
            _show(plan, options)
            return 1 if plan.obstacles else 0
        if not options.json:
            _show(plan, options)
        if plan.obstacles or plan.is_needed:
            question = f"Publish version {plan.workflow.version}: go on? [y/N] "
            if not plan.obstacles and is_at_terminal() and not output.is_yes(question):
                raise Refused(reason="Not confirmed; nothing was changed.")
        try:
            report = await pools.publishing.publish(plan)
        except Refused as refusal:
            if not options.json and any(refusal.reason.startswith(one.reason) for one in plan.obstacles):
                output.note("Nothing was changed.")  # why not was shown with the plan
                return 1
            raise
        if draft is not None:
            await pools.first.home.drafts.save(replace(draft, base=report.workflow))
    if options.json:
        output.print_json(documents.publish_report_document(report))
    else:
        _print_report(report)
    for pool, reason in report.failed:
        output.note(f"Not on {pool}: {reason}")
    for pool in report.later:
        output.note(f"{pool} was away: `xsconsole workflow publish published` brings it up when it is back.")
    for name, reason in report.left:
        output.note(f"{name} is not yet where the version has it: {reason}")
    if not report.is_whole:
        output.note("`xsconsole workflow publish published` finishes it.")
    return 0 if report.is_whole else 1


async def decide(options: argparse.Namespace) -> int:
    """Approve or reject publishing a draft or a file."""
    meaning = Meaning(options.verb.rpartition(" ")[2])
    async with connected_pools(options, is_reading=False, also=options.also) as pools:
        plan = await planned(pools, await draft_of(pools, options), options, "")
        await pools.publishing.decide(plan, meaning, options.reason)
    said = "approved" if meaning is Meaning.APPROVE else "rejected"
    if options.json:
        output.print_json({"subject": plan.subject, "meaning": meaning.value})
    else:
        counts = " It counts where somebody else publishes it." if meaning is Meaning.APPROVE else ""
        output.say(f"Publishing version {plan.workflow.version} is {said} ({plan.subject[:12]}).{counts}")
    if meaning is Meaning.APPROVE:
        for obstacle in plan.obstacles:
            if plan.tally is None or plan.tally.sentence not in obstacle.reason:
                output.note(f"Still in the way: {obstacle.reason}")
    return 0


async def draft_of(pools: Pools, options: argparse.Namespace) -> Draft | None:
    """Return the draft that is meant; None where a file or the published version is."""
    if options.what == "published" or looks_like_file(options.what):
        return None
    drafts = pools.first.home.drafts
    return await drafts.open((await drafts.find(options.what)).id)


async def planned(pools: Pools, draft: Draft | None, options: argparse.Namespace, summary: str) -> PublishPlan:
    # Who says over which version it goes says more than the draft knows.
    base = draft.base if draft is not None and options.over is None else None
    workflow = draft.workflow if draft is not None else await named_workflow(pools.first, options.what)
    for console in pools:
        await console.requests.clock.time()  # by which requests may have ended; what only reads has not asked yet
    mapping = _mapping(pools, workflow, options.map)
    summary = summary or own_summary(workflow, pools.publishing.plan(workflow).standing)

    def look(later: Collection[Uuid] = (), replaced: Collection[Uuid] = ()) -> PublishPlan:
        return pools.publishing.plan(
            workflow, base=base, over=options.over, mapping=mapping, summary=summary, later=later, replaced=replaced
        )

    away = [part for part in look().pools if part.state is PartState.AWAY]
    named = {word.casefold() for word in options.later}
    later = {part.pool for part in away if named & {part.pool, part.name.casefold()}}
    reached = [part.pool for part in away if part.pool not in later]
    if reached:
        await reach(pools, reached)
    unlike = {word.casefold() for word in options.replace}
    return look(later, {part.pool for part in look(later).pools if unlike & {part.pool, part.name.casefold()}})


def _mapping(pools: Pools, workflow: Workflow, given: Iterable[tuple[str, str]]) -> Mapping[StageId, StageId]:
    """Return what was given, by ids: stages are named as they are called, or by their ids."""
    named = pools.publishing.plan(workflow).names
    boards = [console.board.workflow for console in pools]
    before = {stage.id: stage.name for one in boards if one is not None for stage in one.stages} | dict(named)
    after = {stage.id: stage.name for stage in workflow.stages}
    return {_stage_called(old, before): _stage_called(new, after) for old, new in given}


def _stage_called(word: str, names: Mapping[StageId, str]) -> StageId:
    wanted = word.casefold()
    found = (stage for stage, name in names.items() if name.casefold() == wanted)
    return StageId(word) if StageId(word) in names else next(found, StageId(word))


def _show(plan: PublishPlan, options: argparse.Namespace) -> None:
    if options.json:
        output.print_json(documents.publish_plan_document(plan))
        return
    over = f" over version {plan.standing.version}" if plan.standing is not None else ""
    output.say(f"Version {plan.workflow.version} of {output.cell(plan.workflow.name)}{over}   {plan.digest[:12]}")
    if plan.workflow.summary:
        output.say(f"  {output.cell(plan.workflow.summary, 300)}")
    for line in lines_of_draft(plan.standing, plan.workflow) if plan.standing is not None else ():
        output.say(f"  · {output.cell(line, 300)}")
    for part in plan.pools:
        output.say(f"  {output.cell(part.name)}: {_STATES[part.state]}")
    stay = sum(effect.kind is EffectKind.STAYS and not effect.is_over for effect in plan.effects)
    in_the_way = {obstacle.reason for obstacle in plan.obstacles}
    for effect in plan.effects:
        if (effect.kind is not EffectKind.STAYS or effect.is_over) and effect.sentence not in in_the_way:
            output.say(f"  {output.cell(effect.sentence, 300)}")
    if stay:
        output.say(f"  {stay} of {len(plan.effects)} configurations stay as they are.")
    for fate in plan.requests:
        output.say(f"  {output.cell(fate.sentence, 400)}")
    for stage in plan.must_map:
        # Where its pool changes, what stands against it says what else can be done.
        if stage not in plan.mapping and (plan.choices[stage] or plan.workflow.stage(stage) is None):
            name = plan.names[stage]
            fits = listing(tuple(f"“{one.name}”" for one in plan.workflow.stages if one.id in plan.choices[stage]), 12)
            told = f"NEW being one of: {fits}" if fits else "though no stage of the new version fits"
            output.note(output.cell(f"Say where what is in “{name}” goes: --map '{name}=NEW', {told}.", 500))
    for obstacle in plan.obstacles:
        output.note(f"{obstacle.reason} {obstacle.mend}".strip())
    if any(obstacle.is_stale for obstacle in plan.obstacles) and plan.standing is not None:
        output.note(f"`--over {plan.standing.version}` says that it was made to take the place of that version.")
    if not plan.is_needed and not plan.obstacles:
        output.say("  Nothing is to be done.")


_STATES = {
    PartState.WRITES: "to be written there",
    PartState.SAME: "stands there already",
    PartState.AWAY: "not connected",
    PartState.LATER: "away, and brought up later",
    PartState.UNREADABLE: "what stands there cannot be read: a newer console published it, or it is damaged",
    PartState.OTHER_WORKFLOW: "follows another workflow",
    PartState.NEWER: "has another version",
}


def _print_report(report: PublishReport) -> None:
    for pool in report.written:
        output.say(f"Version {report.workflow.version} stands on {output.cell(pool)} now.")
    for name in report.moved:
        output.say(f"{output.cell(name)} stands as the version has it.")
    if not report.written and report.is_whole and not report.later:
        output.say(f"Version {report.workflow.version} stands on every pool that it binds.")
