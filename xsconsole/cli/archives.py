"""Verbs about archives in files: made, listed, verified, brought back, held and deleted."""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from xsconsole.cli import documents, output
from xsconsole.cli.acting import confirm, on_record, see_through
from xsconsole.cli.comparing import print_comparison
from xsconsole.cli.session import Given, connected, no_passphrase, pass_on_notices, published
from xsconsole.console import ArchiveRoom, Console, Destination, RunState
from xsconsole.domain import words
from xsconsole.domain.archive import Archive, Check, Shelved, fits, freed_words, is_due, kept_words
from xsconsole.domain.canonical import Json
from xsconsole.domain.comparison import compare as compared
from xsconsole.domain.ids import StageId
from xsconsole.domain.naming import find_configuration, find_network, find_stage, find_storage
from xsconsole.engine.commands import ArchiveToFiles, Confirmed, ProveArchive, RestoreFromArchive
from xsconsole.errors import Refused

ID_LENGTH = 8
KEY_UNKNOWN = 3


async def create(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
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
        return await _carry_out(console, command, options, {"folder": str(command.folder)})


async def restore(options: argparse.Namespace) -> int:
    """Read the document, plan, say what it will do, and see it through to its end."""
    options.name = options.archive  # by this a refusal is on record
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        room = ArchiveRoom(console.home)
        folder = Path((await room.find(options.archive)).folder)
        networks = {name: find_network(console.inventory, here).uuid for name, here in options.map_network}
        sr = find_storage(console.inventory, options.sr).uuid if options.sr else None
        target = find_stage(published(console), options.to).id
        command = await room.returning(folder, Destination(target=target, networks=networks, sr=sr), options.reason)
        return await _carry_out(console, command, options, {"archive": command.archive.id})


async def prove(options: argparse.Namespace) -> int:
    """Plan the trial, say what it will do, see it through to its end, and say what was found."""
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
        status = await _carry_out(console, command, options, {"archive": back.archive.id})
        proven = (await room.look(folder)).proofs.proven
        if status == 0 and proven is not None and not (options.json or options.dry_run):
            output.say(f"Proven restorable: {output.cell(proven.words, 900)}")
        return status


async def _carry_out(
    console: Console,
    command: ArchiveToFiles | RestoreFromArchive | ProveArchive,
    options: argparse.Namespace,
    told: documents.Document,
) -> int:
    plan = console.plan(command)
    if options.dry_run:
        if options.json:
            output.print_json({**documents.plan_document(plan, published(console)), **told})
        else:
            output.print_plan(plan, published(console))
        return 0
    await console.demand_rights(command)
    answers = confirm(console, plan, options)
    run = await console.do(Confirmed(command=command, digest=plan.digest, answers=answers))
    status = await see_through(console, run, options, RunState.DONE, told)
    if status == 0 and isinstance(command, ArchiveToFiles) and not options.json:
        output.say(f"It lies in {output.cell(str(command.folder), 400)}")
    return status


async def list_(options: argparse.Namespace) -> int:
    async with _at_home(options, is_reading=True) as room:
        wanted = " ".join(options.words)
        found, now = [one for one in await room.listed() if fits(one, wanted)], room.now()
    if options.json:
        output.print_json([_document(one) for one in found])
        return 0
    heads = ("ID", "CONFIGURATION", "STOOD IN", "POOL", "FROZEN", "SIZE", "WHOLE", "RESTORABLE", "KEPT", "FOLDER")
    output.print_table(heads, (_row(one, now) for one in found))
    for one in found:
        if one.problem:
            output.note(f"{one.folder}: {one.problem}")
    return 0


async def show(options: argparse.Namespace) -> int:
    async with _at_home(options, is_reading=True) as room:
        found = await room.find(options.archive)
    if options.json:
        output.print_json(_document(found))
        return 0 if found.archive is not None else 1
    if found.archive is None:
        raise Refused(reason=found.problem)
    for line in _lines(found, found.archive):
        output.say(output.cell(line, 400))
    return 0


async def verify(options: argparse.Namespace) -> int:
    """Compare every hash. Whole, but by a key that nobody vouches for, has an exit status of its own."""
    async with _at_home(options, is_reading=options.unrecorded) as room:
        found = await room.find(options.archive)
        is_watched = sys.stderr is not None and sys.stderr.isatty()
        check = await room.verify(
            Path(found.folder), {options.key} if options.key else (), _say_share if is_watched else None
        )
    if options.json:
        output.print_json(_check_document(found, check))
    else:
        output.say(output.cell(check.sentence, 600))
        for finding in check.findings:
            output.say(f"BAD {output.cell(finding.sentence, 400)}")
    if not check.is_good:
        return 1
    return 0 if check.is_vouched else KEY_UNKNOWN


def _say_share(share: float) -> None:
    output.ask(f"\r{share:4.0%}" if share < 1 else "\r")


async def hold(options: argparse.Namespace) -> int:
    async with _at_home(options, is_reading=False) as room:
        found = await room.find(options.archive)
        await room.hold(Path(found.folder), options.reason, options.until)
        output.say(f"“{output.cell(found.called)}” is held: nobody deletes it by this program.")
    return 0


async def release(options: argparse.Namespace) -> int:
    async with _at_home(options, is_reading=False) as room:
        found = await room.find(options.archive)
        await room.release(Path(found.folder), options.reason)
        output.say(f"“{output.cell(found.called)}” is not held any more.")
    return 0


async def compare(options: argparse.Namespace) -> int:
    """Print how the second archive differs from the first."""
    async with _at_home(options, is_reading=True) as room:
        first, second = [
            await room.version_in(Path((await room.find(name)).folder)) for name in (options.archive, options.other)
        ]
    return print_comparison(compared(first, second), is_json=options.json)


async def keep(options: argparse.Namespace) -> int:
    async with _at_home(options, is_reading=False) as room:
        found = await room.find(options.archive)
        await room.keep(Path(found.folder), options.until, options.reason)
        how = f"until {words.instant(options.until)}" if options.until is not None else "until somebody deletes it"
        output.say(f"“{output.cell(found.called)}” is kept {how}.")
    return 0


async def expire(options: argparse.Namespace) -> int:
    """Delete what has expired, or say what would be."""
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
    async with _at_home(options, is_reading=False) as room:
        found = await room.find(options.archive)
        if not options.json:
            output.say(output.cell(freed_words(found, room.now()), 600))
        freed_bytes = await room.delete(Path(found.folder), options.reason)
    if options.json:
        output.print_json({"folder": str(found.folder), "freed_bytes": freed_bytes})
    else:
        output.say(f"Deleted “{output.cell(found.called)}”: {words.size(freed_bytes)} are free again.")
    return 0


@asynccontextmanager
async def _at_home(options: argparse.Namespace, *, is_reading: bool) -> AsyncIterator[ArchiveRoom]:
    passphrase = no_passphrase if is_reading else Given(options).passphrase
    console = await Console.open(options.home, passphrase=passphrase, is_reading=is_reading)
    try:
        pass_on_notices(console)
        yield ArchiveRoom(console.home)
    finally:
        await console.close()


def _row(one: Shelved, now: datetime) -> tuple[str, ...]:
    archive, folder = one.archive, str(one.folder)
    if archive is None:
        return (
            "",
            one.folder.name,
            "",
            "",
            "",
            "",
            "UNFINISHED" if one.is_unfinished else "CANNOT BE READ",
            "",
            "",
            folder,
        )
    return (
        archive.id[:ID_LENGTH],
        archive.name,
        archive.stage_name,
        archive.pool_name,
        words.instant(archive.frozen_at),
        words.size(archive.size_bytes),
        "DAMAGED" if one.damaged_at else words.instant(one.proven_at) if one.proven_at else "never",
        _restorable(one),
        kept_words(one, now),
        folder,
    )


def _restorable(one: Shelved) -> str:
    if one.proofs.failed is not None:
        return "FAILED"
    return words.instant(one.proofs.proven.at) if one.proofs.proven is not None else "never tried"


def _lines(one: Shelved, archive: Archive) -> list[str]:
    proven = f"proven whole here on {words.instant(one.proven_at)}" if one.proven_at else "never verified here"
    if one.damaged_at:
        proven = f"FOUND DAMAGED on {words.instant(one.damaged_at)}"
    key = "by this console's key" if one.is_own else f"by key {archive.key}"
    why = archive.reason or "no reason given"
    found = [
        f"{archive.name}, revision {archive.revision}, as it stood in {archive.stage_name} on pool {archive.pool_name}",
        f"Folder: {one.folder}",
        f"Id: {archive.id}",
        f"Frozen at {words.instant(archive.frozen_at)}, the last machine {archive.skew_s:.0f} s after the first",
        f"By {archive.actor} at {archive.console_name}, {words.instant(archive.at)}: {why}",
        f"{words.size(archive.size_bytes)}, {proven}; signed {key}",
        f"Workflow: {archive.workflow_name}, version {archive.workflow_version}",
        f"Manifest: {archive.fingerprint}",
    ]
    proofs = one.proofs
    found.append(f"Last proven restorable: {proofs.proven.words}" if proofs.proven else "Never proven restorable")
    for name, addresses in sorted(proofs.proven.addresses.items() if proofs.proven else ()):
        found.append(f"  · {name} had {', '.join(addresses)}")
    if proofs.failed is not None:
        found.append(f"COULD NOT BE RESTORED: {proofs.failed.words}")
    if one.keep is not None:
        found.append(f"To be kept until {words.instant(one.keep.until)}, as {one.keep.by} said")
    if one.held is not None:
        found.append(f"Held since {words.instant(one.held.at)} by {one.held.words}")
    found += [f"Copied from {each.name} in {each.stage}, by {each.method}" for each in archive.lineage]
    found += [
        f"Approved: {each.request.intent.name}, {words.count(len(each.decisions), 'decision')}"
        for each in archive.approvals
    ]
    for member in archive.members:
        nics = ", ".join(f"{nic.device} on {nic.called}" for nic in member.interfaces) or "no network"
        disks = words.count(len(member.disks_bytes), "disk")
        found.append(f"  · {member.role}: {member.name}, {disks}, {words.size(sum(member.disks_bytes))}, {nics}")
    return found


def _document(one: Shelved) -> documents.Document:
    found: documents.Document = {
        "folder": str(one.folder),
        "is_readable": one.archive is not None,
        "problem": one.problem,
        "proven_at": one.proven_at.isoformat() if one.proven_at else None,
        "damaged_at": one.damaged_at.isoformat() if one.damaged_at else None,
        "proven_restorable": msgspec.to_builtins(one.proofs.proven),
        "failed_to_restore": msgspec.to_builtins(one.proofs.failed),
        "is_own_key": one.is_own,
        "keep": msgspec.to_builtins(one.keep),
        "held": msgspec.to_builtins(one.held),
    }
    if one.archive is not None:
        found["document"] = msgspec.to_builtins(one.archive)
        found["size_bytes"] = one.archive.size_bytes
        found["key"] = one.archive.key
    return found


def _check_document(one: Shelved, check: Check) -> documents.Document:
    findings: list[Json] = [
        {"file": finding.file, "fault": finding.fault.value, "sentence": finding.sentence} for finding in check.findings
    ]
    return {
        "folder": str(one.folder),
        "is_good": check.is_good,
        "is_vouched": check.is_vouched,
        "key": check.archive.key if check.archive is not None else None,
        "sentence": check.sentence,
        "findings": findings,
    }
