"""Approvals of publications by file: asked for on a pool, decided on without one, and taken in again."""

import argparse

from xsconsole.cli import output
from xsconsole.cli.papers import at_home, written
from xsconsole.cli.publishing import draft_of, planned
from xsconsole.cli.session import connected_pools
from xsconsole.console.publication.approvals import decide_apart, read_asked, read_decided, why_not_counted, write_paper
from xsconsole.domain.approval import Meaning
from xsconsole.domain.workflow.difference import lines_of_draft
from xsconsole.domain.workflow.names import stage_words


async def request(options: argparse.Namespace) -> int:
    """Write what is to be published, over what and with which mapping, for people off the pool."""
    async with connected_pools(options, is_reading=False, also=options.also) as pools:
        plan = await planned(pools, await draft_of(pools, options), options, "")
        paper = pools.publishing.request(plan)
        await written(write_paper(paper, options.out, may_replace=options.force), options)
    return 0


async def decide(options: argparse.Namespace) -> int:
    """Decide without a pool: the signature then proves the key alone."""
    asked = await read_asked(options.file)
    paper, workflow = asked.request, asked.workflow
    if not options.json:
        output.say(
            f"Publish version {workflow.version} of {output.cell(workflow.name)} on {output.cell(paper.pool_name)}"
        )
        output.say(f"  asked for by {output.cell(paper.actor)}, with key {asked.fingerprint[:16]}")
        for line in lines_of_draft(asked.standing, workflow):
            output.say(f"  · {output.cell(line, 300)}")
        for old, new in sorted(paper.mapping.items()):
            way = f"“{stage_words(asked.standing, old)}” go to “{stage_words(workflow, new)}”"
            output.say(f"  · {output.cell(f'Configurations in {way}', 300)}")
    async with at_home(options) as console:
        decision = decide_apart(console.home, asked, Meaning(options.meaning), options.reason)
        await written(write_paper(decision, options.out, may_replace=options.force), options)
        uncounted = why_not_counted(console.home, asked)
    if uncounted is not None:
        output.note(f"{uncounted.reason} {uncounted.mend}")
    if options.json:
        key = decision.decision.fingerprint
        output.print_json({"subject": paper.subject, "meaning": options.meaning, "key": key})
    return 0


async def receive(options: argparse.Namespace) -> int:
    """Leave a decision that came as a file on the pool, if it counts for this draft as it is."""
    decision = await read_decided(options.decision)
    async with connected_pools(options, is_reading=False, also=options.also) as pools:
        plan = await planned(pools, await draft_of(pools, options), options, "")
        await pools.publishing.take_in(plan, decision)
    if options.json:
        output.print_json({"subject": decision.subject, "meaning": decision.meaning.value})
    else:
        output.say(f"The decision counts: {decision.meaning.value}, by key {decision.fingerprint[:16]}.")
    return 0
