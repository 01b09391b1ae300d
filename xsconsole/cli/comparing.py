"""Verbs that describe a configuration whole, and compare two of them. Nothing is changed."""

import argparse

import msgspec

from xsconsole.cli import output
from xsconsole.cli.documents import Document
from xsconsole.cli.session import connected
from xsconsole.console import Console
from xsconsole.domain.board import Card
from xsconsole.domain.manifest import (
    Judged,
    Manifest,
    Verdict,
    difference,
    fingerprint,
    judge,
    manifest_of_card,
    words,
)
from xsconsole.domain.naming import find_configuration


async def show_manifest(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        manifest = _manifest_of(console, find_configuration(console.board, options.name))
        output.print_json({"fingerprint": fingerprint(manifest), **msgspec.to_builtins(manifest)})
        return 0


async def compare(options: argparse.Namespace) -> int:
    """Print how the second configuration differs from the first."""
    async with connected(options, is_reading=True) as console:
        cards = [find_configuration(console.board, name) for name in (options.name, options.other)]
        first, second = (_manifest_of(console, card) for card in cards)
        judged = judge(difference(first, second))
        if options.json:
            output.print_json(_document(cards, (first, second), judged))
            return 0
        drift = sum(each.verdict is Verdict.DRIFT for each in judged)
        names = [output.cell(card.name, 80) for card in cards]
        output.say(f"{names[0]} and {names[1]}: {drift} drift, {len(judged) - drift} allowed")
        if judged:
            output.print_table(
                ("WHERE", "WHAT", "FIRST", "SECOND", "VERDICT"),
                (
                    (words.place(each.change), words.label(each.change), *words.sides(each.change), words.verdict(each))
                    for each in judged
                ),
            )
        output.note(f"Not compared: {words.NOT_COMPARED}")
        return 0


def _manifest_of(console: Console, card: Card) -> Manifest:
    return manifest_of_card(card, console.inventory, console.board.workflow)


def _document(cards: list[Card], manifests: tuple[Manifest, Manifest], judged: tuple[Judged, ...]) -> Document:
    return {
        "configurations": [
            {"id": card.id, "name": card.name, "fingerprint": fingerprint(manifest)}
            for card, manifest in zip(cards, manifests, strict=True)
        ],
        "differences": [
            {
                "verdict": each.verdict.value,
                "rule": each.rule or None,
                "sentence": f"{words.place(each.change)}: {words.label(each.change)}",
                **msgspec.to_builtins(each.change),
            }
            for each in judged
        ],
        "not_compared": words.NOT_COMPARED,
    }
