"""The verbs about restore points: what there is, what it costs, how long it is kept, and removing it."""

import argparse

from xsconsole.cli import documents, output
from xsconsole.cli.session import connected
from xsconsole.console import Console, RunState
from xsconsole.domain import words
from xsconsole.domain.board import Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import RunId
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.points.retention import Keeping, covered, taken_words
from xsconsole.domain.points.sizes import Cost, Scales, cost_words
from xsconsole.engine.commands import RemovePoints
from xsconsole.errors import NotFound, Refused

ID_LENGTH = 8


async def point_list(options: argparse.Namespace) -> int:
    """List those of one configuration, or of all."""
    async with connected(options, is_reading=True) as console:
        console.requests.refresh()
        board = console.board
        cards = [find_configuration(board, options.name)] if options.name else list(board.cards.values())
        scales = console.points.scales()
        found = [
            (card, keeping, scales.costs(keeping.point.snapshots.values()))
            for card in sorted(cards, key=lambda card: (natural(card.name), card.id))
            for keeping in console.points.keepings(card)
        ]
        if options.json:
            output.print_json([_document(card, keeping, costs) for card, keeping, costs in found])
            return 0
        rows = (
            (
                keeping.point.run[:ID_LENGTH],
                card.name,
                words.instant(keeping.point.at),
                _of(keeping, console),
                "{} of {}".format(*covered(keeping.point, card)),
                words.size(sum(cost.taken for cost in costs)),
                keeping.needed or keeping.why,
            )
            for card, keeping, costs in found
        )
        output.print_table(("ID", "CONFIGURATION", "TAKEN", "BEFORE", "MEMBERS", "TAKES", "KEPT"), rows)
        _print_storage(scales, found)
        due = sum(keeping.is_due for _, keeping, _ in found)
        if due:
            goes = f"{words.count(due, 'of them has', 'of them have')} expired"
            output.note(f"{goes}: an open window removes that, and so does `xsconsole restore-point expire`.")
        return 0


async def expire(options: argparse.Namespace) -> int:
    """Remove what has expired, of all configurations of the pool."""
    async with connected(options, is_reading=False) as console:
        console.requests.refresh()
        ended = await console.points.remove_expired()
        failed = [status for status in ended if status.error is not None or status.state is not RunState.DONE]
        if options.json:
            output.print_json([{"run": status.run, "state": status.state.value} for status in ended])
        else:
            done = len(ended) - len(failed)
            output.say(f"Removed what had expired of {words.count(done, 'configuration')}.")
        for status in failed:
            if status.error is not None:
                output.print_error(status.error)
    return 1 if failed else 0


def chosen(card: Card, options: argparse.Namespace) -> RemovePoints:
    """Return the removal of those that are named by the beginnings of their ids.

    Raises:
        NotFound, Refused: a beginning fits none, or several.
    """
    points = tuple(point_named(card, text) for text in options.points)
    return RemovePoints(configuration=card.id, points=points, reason=options.reason)


def point_named(card: Card, text: str) -> RunId:
    """Return the run that took the restore point whose id begins so.

    Raises:
        NotFound, Refused: none does, or several do.
    """
    known = [point.run for point in (*card.restore_points, *card.asides)]
    found = [run for run in known if text and run.startswith(text.casefold())]
    if not found:
        raise NotFound(
            reason=f"No restore point of it begins with “{text}”.",
            mend="`xsconsole restore-point list` shows them.",
            choices=tuple(known),
        )
    if len(found) > 1:
        raise Refused(reason=f"Several restore points begin with “{text}”.", mend="Say more of the id.")
    return found[0]


def _of(keeping: Keeping, console: Console) -> str:
    workflow = console.board.workflow
    return taken_words(keeping.point, workflow, console.board.stage_name(keeping.point.stage))


def _print_storage(scales: Scales, found: list[tuple[Card, Keeping, tuple[Cost, ...]]]) -> None:
    """Say what all of them take together, storage by storage."""
    every = scales.costs(uuid for _, keeping, _ in found for uuid in keeping.point.snapshots.values())
    if every:
        output.say(f"All of it {output.cell(cost_words(every), 600)}.")


def _document(card: Card, keeping: Keeping, costs: tuple[Cost, ...]) -> documents.Document:
    point = keeping.point
    storage: list[Json] = [
        {
            "sr": cost.sr,
            "name": cost.name,
            "type": cost.type,
            "taken_bytes": cost.taken,
            "grown_bytes": cost.grown,
            "most_bytes": cost.most,
            "is_shared": cost.is_shared,
        }
        for cost in costs
    ]
    return {
        "run": point.run,
        "configuration": card.id,
        "name": card.name,
        "at": point.at.isoformat(),
        "stage": point.stage,
        "transition": point.way,
        "is_set_aside": point.is_aside,
        "is_whole": point.is_whole,
        "snapshots": {str(vm): str(snapshot) for vm, snapshot in point.snapshots.items()},
        "taken_bytes": sum(cost.taken for cost in costs),
        "storage": storage,
        "expires_at": keeping.expires_at.isoformat() if keeping.expires_at else None,
        "is_expired": keeping.is_expired,
        "kept": keeping.why,
        "needed": keeping.needed,
    }
