"""Verbs about archives in files: made, listed, verified, brought back, held and deleted."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from xsconsole.cli import output, pool_archives
from xsconsole.cli.acting import on_record
from xsconsole.cli.archive_words import HEADS, check_document, document, lines, row
from xsconsole.cli.comparing import archived, print_comparison
from xsconsole.cli.fence_parser import by_card
from xsconsole.cli.planned import carry_out
from xsconsole.cli.session import Given, connected, no_passphrase, pass_on_notices, published
from xsconsole.console import ArchiveRoom, Console, Destination, runs_on
from xsconsole.domain import words
from xsconsole.domain.archive import ARCHIVES, Listed, Pooled, demand_unheld, freed_words, is_due
from xsconsole.domain.comparison import compare as compared
from xsconsole.domain.ids import StageId
from xsconsole.domain.naming import find_configuration, find_network, find_stage, find_storage
from xsconsole.domain.query.matching import asked_by
from xsconsole.domain.query.parser import query_of
from xsconsole.engine.commands import ProveArchive
from xsconsole.errors import Refused

ID_LENGTH = 8
KEY_UNKNOWN = 3


async def create(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    if options.in_pool or options.retire:
        return await pool_archives.create(options)
    _demand_of_files(options, "full_copy", "sr")
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        card = find_configuration(console.board, options.name)
        place = Path(options.out) if options.out else None
        room = ArchiveRoom(console.home)
        command = room.archiving(
            card,
            place,
            is_stopped_first=options.stop_first,
            keep_until=options.keep_until,
            reason=options.reason,
        )
        return await carry_out(console, command, options, {"folder": str(command.folder)})


async def restore(options: argparse.Namespace) -> int:
    """Read the document, plan, say what it will do, and see it through to its end."""
    return await _restore(options)


async def _restore(options: argparse.Namespace, *, is_replica: bool = False, pattern: str = "") -> int:
    if options.in_pool:
        return await pool_archives.restore(options, is_replica=is_replica, pattern=pattern)
    _demand_of_files(options, "full_copy")
    options.name = options.archive  # by this a refusal is on record
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        room = ArchiveRoom(console.home)
        folder = Path((await room.find(options.archive)).folder)
        networks = {name: find_network(console.inventory, here).uuid for name, here in options.map_network}
        sr = find_storage(console.inventory, options.sr).uuid if options.sr else None
        target = find_stage(published(console), options.to).id if options.to else StageId("")
        back = await room.returning(folder, Destination(target=target, networks=networks, sr=sr), options.reason)
        command = replace(back, is_replica=is_replica, pattern=pattern, addresses=by_card(options.address))
        return await carry_out(console, command, options, {"archive": command.archive.id})


async def replicate(options: argparse.Namespace) -> int:
    """Make a replica of it, as `replicate` does of what stands."""
    return await _restore(options, is_replica=True, pattern=options.pattern)


async def prove(options: argparse.Namespace) -> int:
    """Plan the trial, say what it will do, see it through to its end, and say what was found."""
    if options.in_pool:
        return await pool_archives.prove(options)
    _demand_of_files(options, "full_copy")
    options.name = options.archive  # by this a refusal is on record
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        room = ArchiveRoom(console.home)
        folder = Path((await room.find(options.archive)).folder)
        networks = {name: find_network(console.inventory, here).uuid for name, here in options.map_network}
        sr = find_storage(console.inventory, options.sr).uuid if options.sr else None
        target = find_stage(published(console), options.to).id if options.to else StageId("")
        back = await room.returning(folder, Destination(target=target, networks=networks, sr=sr))
        command = ProveArchive(
            of=back, is_in_stage=bool(options.to), asks_tools=not options.without_tools, reason=options.reason
        )
        status = await carry_out(console, command, options, {"archive": back.archive.id})
        proven = (await room.look(folder)).proofs.proven
        if status == 0 and proven is not None and not (options.json or options.dry_run):
            output.say(f"Proven restorable: {output.cell(proven.words, 900)}")
        return status


async def list_(options: argparse.Namespace) -> int:
    asked = query_of(" ".join(options.words), ARCHIVES)
    async with _at_home(options, is_reading=True) as room:
        listed: list[Listed] = [*await room.listed()]
        now = room.now()
    if options.in_pool:
        listed += await pool_archives.listed(options)
    found = list(filter(asked_by(asked, ARCHIVES, now), listed))
    if options.json:
        output.print_json([document(one) for one in found])
        return 0
    output.print_table(HEADS, (row(one, now) for one in found))
    for one in found:
        if one.problem:
            output.note(f"{one.called}, {one.where}: {one.problem}")
        elif isinstance(one, Pooled) and one.findings:
            output.note(f"{one.called}, {one.where}: {one.sentence}")
    return 0


async def show(options: argparse.Namespace) -> int:
    if options.in_pool:
        return await pool_archives.show(options)
    async with _at_home(options, is_reading=True) as room:
        found = await room.find(options.archive)
    if options.json:
        output.print_json(document(found))
        return 0 if found.archive is not None else 1
    if found.archive is None:
        raise Refused(reason=found.problem)
    for line in lines(found):
        output.say(output.cell(line, 400))
    return 0


async def verify(options: argparse.Namespace) -> int:
    """Compare every hash. Whole, but by a key that nobody vouches for, has an exit status of its own."""
    if options.in_pool:
        return await pool_archives.verify(options)
    async with _at_home(options, is_reading=options.unrecorded) as room:
        found = await room.find(options.archive)
        check = await room.verify(Path(found.folder), tell=output.share_teller(), expected=options.key or "")
    if options.json:
        output.print_json(check_document(found, check))
    else:
        output.say(output.cell(check.sentence, 600))
        for finding in check.findings:
            output.say(f"BAD {output.cell(finding.sentence, 400)}")
    if not check.is_good or not check.is_expected:
        return 1
    return 0 if check.is_vouched else KEY_UNKNOWN


async def hold(options: argparse.Namespace) -> int:
    if options.in_pool:
        return await pool_archives.hold(options)
    async with _at_home(options, is_reading=False) as room:
        found = await room.find(options.archive)
        await room.hold(Path(found.folder), options.reason, options.until)
        output.say(f"“{output.cell(found.called)}” is held: nobody deletes it by this program.")
    return 0


async def release(options: argparse.Namespace) -> int:
    if options.in_pool:
        return await pool_archives.release(options)
    async with _at_home(options, is_reading=False) as room:
        found = await room.find(options.archive)
        await room.release(Path(found.folder), options.reason)
        output.say(f"“{output.cell(found.called)}” is not held any more.")
    return 0


async def compare(options: argparse.Namespace) -> int:
    """Print how the second archive differs from the first."""
    if options.in_pool:
        async with connected(options, is_reading=True) as console:
            was, then = await archived(console, options.archive), await archived(console, options.other)
            return print_comparison(compared(was, then, console.board.allowances), is_json=options.json)
    async with _at_home(options, is_reading=True) as room:
        first, second = [
            await room.version_in(Path((await room.find(name)).folder)) for name in (options.archive, options.other)
        ]
    return print_comparison(compared(first, second), is_json=options.json)


async def keep(options: argparse.Namespace) -> int:
    if options.in_pool:
        return await pool_archives.keep(options)
    async with _at_home(options, is_reading=False) as room:
        found = await room.find(options.archive)
        await room.keep(Path(found.folder), options.until, options.reason)
        how = f"until {words.instant(options.until)}" if options.until is not None else "until somebody deletes it"
        output.say(f"“{output.cell(found.called)}” is kept {how}.")
    return 0


async def expire(options: argparse.Namespace) -> int:
    """Delete what has expired, or say what would be."""
    if options.in_pool:
        return await pool_archives.expire(options)
    async with _at_home(options, is_reading=options.dry_run) as room:
        due = [one for one in await room.listed() if is_due(one, room.now())]
        gone = [(one, one.archive.size_bytes if one.archive else 0) for one in due]
        if not options.dry_run:
            gone = list(await room.expire())
    if options.json:
        output.print_json([{"folder": str(one.folder), "freed_bytes": freed} for one, freed in gone])
        return 0
    for one, freed in gone:
        did = "Would delete" if options.dry_run else "Deleted"
        output.say(f"{did} {output.cell(str(one.folder), 400)}: {words.size(freed)}.")
    if not gone:
        output.say("Nothing has expired.")
    return 0


async def delete(options: argparse.Namespace) -> int:
    if options.in_pool:
        return await pool_archives.delete(options)
    _demand_of_files(options, "plan")
    async with _at_home(options, is_reading=True) as room:
        is_left = (await room.find(options.archive)).is_unfinished
    # Only the pool tells whether somebody works on what is unfinished, or has settled it.
    opened = _beside_pool if is_left else _at_home
    async with opened(options, is_reading=options.dry_run) as room:
        found = await room.find(options.archive)
        demand_unheld(found.called, found.held)
        if not options.json:
            output.say(output.cell(freed_words(found, room.now()), 600))
        if options.dry_run:
            return 0
        freed_bytes = await room.delete(Path(found.folder), options.reason)
    if options.json:
        output.print_json({"folder": str(found.folder), "freed_bytes": freed_bytes})
    else:
        output.say(f"Deleted “{output.cell(found.called)}”: {words.size(freed_bytes)} are free again.")
    return 0


def _demand_of_files(options: argparse.Namespace, *names: str) -> None:
    """Refuse options that only an archive in a pool has."""
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]
    if given:
        raise Refused(reason=f"{' and '.join(given)}: only an archive in a pool has that.", mend="Say --in-pool too.")


@asynccontextmanager
async def _beside_pool(options: argparse.Namespace, *, is_reading: bool) -> AsyncIterator[ArchiveRoom]:
    async with connected(options, is_reading=is_reading) as console:
        yield ArchiveRoom(console.home, lambda: runs_on(console.board))


@asynccontextmanager
async def _at_home(options: argparse.Namespace, *, is_reading: bool) -> AsyncIterator[ArchiveRoom]:
    passphrase = no_passphrase if is_reading else Given(options).passphrase
    console = await Console.open(options.home, passphrase=passphrase, is_reading=is_reading)
    try:
        pass_on_notices(console)
        yield ArchiveRoom(console.home)
    finally:
        await console.close()
