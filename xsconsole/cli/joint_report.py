"""One page of several files: each file's verdicts, and rows of all by their times. It needs no home and no pool."""

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from xsconsole.cli import documents, output
from xsconsole.cli.papers import naming_force
from xsconsole.cli.record import print_verdicts
from xsconsole.console.review import PartOfReview, Review, open_review, write_page
from xsconsole.domain.record import Verdict


async def audit_report(options: argparse.Namespace) -> int:
    """Write the page, say what was found of each file, and return the exit status of `audit verify`."""
    first, *others = map(Path, options.files)
    review = await open_review(first, options.key, tuple(options.head), others=others)
    with naming_force():
        await asyncio.to_thread(write_page, review, Path(options.out), may_replace=options.force)
    if options.json:
        output.print_json(
            {
                "file": options.out,
                "files": [{"console": one.console, "file": one.file, **_told(one.verdicts)} for one in review.parts],
                **_told(_of_all(review)),
            }
        )
        return review.status
    for one in review.parts:
        output.say(f"{output.cell(one.console, 80)}, {output.cell(one.file, 200)}")
        print_verdicts(one.verdicts)
    if review.parts:
        output.say("All of them")
    print_verdicts(_of_all(review))
    rows = f"{review.range.shown} rows"
    output.say(f"{output.cell(options.out, 400)} has {rows}{_span(review.parts)}.")
    return review.status


def _of_all(review: Review) -> Sequence[Verdict]:
    return review.verdicts[-1:] if review.parts else review.verdicts


def _told(verdicts: Sequence[Verdict]) -> documents.Document:
    return {"verdicts": [documents.verdict_document(verdict) for verdict in verdicts]}


def _span(parts: Sequence[PartOfReview]) -> str:
    return f" of {len(parts)} files" if parts else ""
