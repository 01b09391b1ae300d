"""Verbs that describe a configuration whole, and compare two of them, or one at two times. Nothing is changed."""

import argparse
from datetime import datetime
from pathlib import Path

import msgspec

from xsconsole.cli import output
from xsconsole.cli.documents import Document
from xsconsole.cli.session import connected
from xsconsole.console import ArchiveRoom, Console, PoolArchives, folder_named, past
from xsconsole.domain.archive import Listed, Shelved, find_archive
from xsconsole.domain.board import Card
from xsconsole.domain.comparison import Comparison, Version, aspect_of, version_at, version_now
from xsconsole.domain.comparison import compare as compared
from xsconsole.domain.manifest import fingerprint, manifest_of_card, words
from xsconsole.domain.naming import find_configuration
from xsconsole.errors import Refused


async def show_manifest(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        card = find_configuration(console.board, options.name)
        manifest = manifest_of_card(card, console.inventory, console.board.workflow)
        output.print_json({"fingerprint": fingerprint(manifest), **msgspec.to_builtins(manifest)})
        return 0


async def compare(options: argparse.Namespace) -> int:
    """Print how the second configuration differs from the first, or what is known of its times."""
    async with connected(options, is_reading=True) as console:
        first = find_configuration(console.board, options.name)
        if options.times:
            return await _print_times(console, first, options)
        if options.archive is not None:
            was = await archived(console, options.archive)
            now = await _version(console, first, options.at)
            return print_comparison(compared(was, now, console.board.allowances), is_json=options.json)
        if options.other is None and options.at is None and options.other_at is None:
            raise Refused(
                reason="There is nothing to compare it with.", mend="Name another configuration, or a time by --at."
            )
        second = first if options.other is None else find_configuration(console.board, options.other)
        one, other = await _version(console, first, options.at), await _version(console, second, options.other_at)
        found = compared(one, other, console.board.allowances)
        return print_comparison(found, is_json=options.json)


def print_comparison(found: Comparison, *, is_json: bool) -> int:
    if is_json:
        output.print_json(_document(found))
        return 0
    output.say(f"{_told(found.first)} and {_told(found.second)}: {summary(found)}")
    if found.judged:
        output.print_table(
            ("WHERE", "WHAT", "FIRST", "SECOND", "VERDICT"),
            (
                (words.place(each.change), words.label(each.change), *words.sides(each.change), words.verdict(each))
                for each in (*found.drift, *found.allowed)
            ),
        )
    output.note(f"Not compared: {words.NOT_COMPARED}")
    return 0


async def archived(console: Console, name: str) -> Version:
    """Return what an archive is of, in files or in the pool.

    Raises:
        Refused: there is none, there are several, or it is not whole.
    """
    room, pooled = ArchiveRoom(console.home), PoolArchives(console.home, lambda: (console,))
    folder = folder_named(name)
    if folder is not None:
        return await room.version_in(folder)
    listed: list[Listed] = [*await room.listed(), *await pooled.listed()]
    one = find_archive(listed, name)
    if isinstance(one, Shelved):
        return await room.version_in(Path(one.folder))
    found = (await pooled.versions()).get(one.id)
    if found is None:
        raise Refused(reason=one.sentence, mend="Put that back, or name another archive.")
    return found


def summary(comparison: Comparison) -> str:
    return f"{len(comparison.drift)} drift, {len(comparison.allowed)} allowed"


async def _print_times(console: Console, card: Card, options: argparse.Namespace) -> int:
    versions = await past(console, card.id)
    if options.json:
        output.print_json([_side(version) for version in versions])
        return 0
    output.print_table(
        ("AT", "KNOWN BY", "STAGE", "FINGERPRINT"),
        (
            (
                version.at.isoformat(timespec="seconds") if version.at else "",
                version.source.value,
                version.stage,
                fingerprint(version.manifest)[:12],
            )
            for version in versions
        ),
    )
    return 0


async def _version(console: Console, card: Card, at: datetime | None) -> Version:
    if at is None:
        return version_now(card, console.inventory, console.board.workflow)
    return version_at(await past(console, card.id), at, card.name)


def _told(version: Version) -> str:
    name = output.cell(version.name, 80)
    return name if version.at is None else f"{name} ({version.when})"


def _side(version: Version) -> Document:
    return {
        "id": version.configuration,
        "name": version.name,
        "stage": version.stage,
        "at": version.at.isoformat() if version.at is not None else None,
        "known_by": version.source.value,
        "fingerprint": fingerprint(version.manifest),
    }


def _document(comparison: Comparison) -> Document:
    return {
        "configurations": [_side(comparison.first), _side(comparison.second)],
        "differences": [
            {
                "verdict": each.verdict.value,
                "rule": each.rule or None,
                "class": aspect_of(each.change).value,
                "sentence": f"{words.place(each.change)}: {words.label(each.change)}",
                **msgspec.to_builtins(each.change),
            }
            for each in comparison.judged
        ],
        "not_compared": words.NOT_COMPARED,
    }
