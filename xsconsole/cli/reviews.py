"""The verbs about review items: what is open, for how long, and what somebody found."""

import argparse

import msgspec

from xsconsole.cli import output
from xsconsole.cli.declaring import typed
from xsconsole.cli.documents import Document
from xsconsole.cli.session import connected
from xsconsole.console import Console
from xsconsole.domain import words
from xsconsole.domain.reviews import ReviewView, about, could_words, doer_name, find_item


async def review_list(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        views = console.reviews.views
        if options.json:
            output.print_json([_document(view, console) for view in views])
            return 0
        output.print_table(
            ("ID", "ABOUT", "BY", "STANDS", "SINCE"),
            (
                (
                    view.item.id[:10],
                    about(view.item, console.board.workflow),
                    doer_name(view.item, console.board.workflow),
                    view.standing,
                    words.instant(view.item.opened_at),
                )
                for view in views
            ),
        )
        return 0


async def review_show(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        view = _found(console, options.id)
        if options.json:
            output.print_json(_document(view, console))
        else:
            _print(view, console)
        return 0


async def close(options: argparse.Namespace) -> int:
    """Sign what was found; the item is closed when all have looked who must."""
    async with connected(options, is_reading=False) as console:
        view = _found(console, options.id)
        wanted = console.reviews.log_in_wanted if console.reviews.asks_me(view) else ""
        password = await typed(wanted, options) if wanted else None
        left = await console.reviews.close(view.item.id, options.reason, password)
        if options.json:
            output.print_json({"id": view.item.id, "is_closed": left is None})
        elif left is None:
            output.say(f"The review of the {about(view.item, console.board.workflow)} is closed.")
        else:
            output.say(f"Your findings stand on the pool. {left.tally.sentence}")
    return 0


def _found(console: Console, name: str) -> ReviewView:
    return console.reviews.view(find_item((view.item for view in console.reviews.views), name).id)


def _print(view: ReviewView, console: Console) -> None:
    item, workflow = view.item, console.board.workflow
    output.say(f"{output.cell(about(item, workflow), 200)}   item {item.id}, run {item.run[:8]}")
    output.say(f"  {view.standing}, since {words.instant(item.opened_at)}")
    output.say(f"  by {output.cell(doer_name(item, workflow))}: {output.cell(item.reason, 400) or 'no reason'}")
    if view.doubt:
        output.say(f"  ! {view.doubt}")
    declaration = item.declaration
    if declaration is not None:
        if declaration.ticket:
            output.say(f"  ticket {output.cell(declaration.ticket, 200)}")
        for override in declaration.overrides:
            output.say(f"  went past: {output.cell(override.sentence, 300)}")
    for found in view.findings:
        output.say(
            f"  found, {words.instant(found.at)}, key {found.fingerprint[:16]}: {output.cell(found.reason, 300)}"
        )
    for ignored in view.tally.ignored:
        output.say(f"  does not count: {output.cell(ignored.reason, 300)}")
    output.say(f"  {could_words(view)}")


def _document(view: ReviewView, console: Console) -> Document:
    item, workflow = view.item, console.board.workflow
    return {
        "id": item.id,
        "because": item.because.value,
        "state": view.state.value,
        "about": about(item, workflow),
        "by": doer_name(item, workflow),
        "reason": item.reason,
        "opened_at": item.opened_at.isoformat(),
        "open_s": int(view.age.total_seconds()),
        "is_late": view.is_late,
        "doubt": view.doubt,
        "could": [person.name for person in view.could],
        "asks_me": console.reviews.asks_me(view),
        "findings": [msgspec.to_builtins(decision) for decision in view.findings],
        "item": msgspec.to_builtins(item),
    }
