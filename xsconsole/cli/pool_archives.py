"""Verbs about archives in the pool: made, listed, verified, brought back, held and deleted."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from xsconsole.cli import output
from xsconsole.cli.acting import on_record
from xsconsole.cli.archive_words import document, lines
from xsconsole.cli.fence_parser import by_card
from xsconsole.cli.planned import carry_out
from xsconsole.cli.session import connected, published
from xsconsole.console import Console, Destination, PoolArchives, RunState
from xsconsole.domain import words
from xsconsole.domain.archive import Form, Pooled, find_archive
from xsconsole.domain.ids import StageId
from xsconsole.domain.naming import find_configuration, find_network, find_stage, find_storage
from xsconsole.domain.points.sizes import cost_words, total_taken
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import ArchiveInPool, Confirmed, ProveArchive, RestoreFromPool
from xsconsole.errors import Refused


async def create(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    if options.out:
        raise Refused(reason="--out is of archives in files.", mend="Leave it out, or leave out --in-pool.")
    if options.retire and options.stop_first:
        raise Refused(reason="What is retired is shut down anyhow.", mend="Leave --stop-first out.")
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        card = find_configuration(console.board, options.name)
        is_full = options.full_copy or bool(options.sr)
        command = ArchiveInPool(
            configuration=card.id,
            revision=card.revision,
            form=Form.RETIRED if options.retire else Form.COPY,
            method=Method.FULL_COPY if is_full else Method.LINKED_CLONE,
            sr=find_storage(console.inventory, options.sr).uuid if options.sr else None,
            is_stopped_first=options.stop_first,
            keep_until=options.keep_until,
            reason=options.reason,
        )
        status = await carry_out(console, command, options, {})
        if status == 0 and not (options.json or options.dry_run):
            one = next((one for one in await _room(console).listed() if _is_of(one, card.id)), None)
            output.say(f"Its archive is {one.id[:8]}, {output.cell(one.where)}." if one is not None else "")
        return status


async def restore(options: argparse.Namespace, *, is_replica: bool = False, pattern: str = "") -> int:
    """Plan, say what it will do, and see it through to its end."""
    options.name = options.archive  # by this a refusal is on record
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        back = await _coming_back(console, options)
        back = replace(back, is_replica=is_replica, pattern=pattern, addresses=by_card(options.address))
        return await carry_out(console, back, options, {"archive": back.archive.id})


async def prove(options: argparse.Namespace) -> int:
    """Plan the trial, see it through to its end, and say what was found."""
    options.name = options.archive
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        back = await _coming_back(console, options)
        command = ProveArchive(
            of=back, is_in_stage=bool(options.to), asks_tools=not options.without_tools, reason=options.reason
        )
        status = await carry_out(console, command, options, {"archive": back.archive.id})
        proven = find_archive(await _room(console).listed(), back.archive.id).proofs.proven
        if status == 0 and proven is not None and not (options.json or options.dry_run):
            output.say(f"Proven restorable: {output.cell(proven.words, 900)}")
        return status


async def _coming_back(console: Console, options: argparse.Namespace) -> RestoreFromPool:
    room = _room(console)
    one = find_archive(await room.listed(), options.archive)
    networks = {name: find_network(console.inventory, here).uuid for name, here in options.map_network}
    sr = find_storage(console.inventory, options.sr).uuid if options.sr else None
    target = find_stage(published(console), options.to).id if options.to else StageId("")
    method = Method.FULL_COPY if options.full_copy or sr is not None else Method.LINKED_CLONE
    return room.returning(one, Destination(target=target, networks=networks, sr=sr), method, options.reason)


async def listed(options: argparse.Namespace) -> tuple[Pooled, ...]:
    """Return the archives of the pool that the options name."""
    async with connected(options, is_reading=True) as console:
        return await _room(console).listed()


async def show(options: argparse.Namespace) -> int:
    async with _found(options, is_reading=True) as (_, one):
        if options.json:
            output.print_json(document(one))
            return 0 if one.archive is not None else 1
        if one.archive is None:
            raise Refused(reason=one.problem)
        for line in lines(one):
            output.say(output.cell(line, 600))
        return 0


async def verify(options: argparse.Namespace) -> int:
    """Compare all of it with what stands on the pool."""
    if options.unrecorded or options.key:
        raise Refused(
            reason="--key and --unrecorded are of archives in files.", mend="Leave them out, or leave out --in-pool."
        )
    async with _found(options, is_reading=False) as (room, one):
        found = await room.verify(one)
    if options.json:
        output.print_json(document(found))
    else:
        output.say(output.cell(found.sentence, 600))
        for finding in found.findings:
            output.say(f"BAD {output.cell(finding.sentence, 400)}")
    return 0 if found.is_whole else 1


async def hold(options: argparse.Namespace) -> int:
    async with _found(options, is_reading=False) as (room, one):
        await room.hold(one, options.reason, options.until)
        output.say(f"“{output.cell(one.called)}” is held: nobody deletes it by this program.")
    return 0


async def keep(options: argparse.Namespace) -> int:
    async with _found(options, is_reading=False) as (room, one):
        await room.keep(one, options.until, options.reason)
        until = f"until {words.instant(options.until)} by the pool's clock" if options.until is not None else ""
        output.say(f"“{output.cell(one.called)}” is kept {until or 'until somebody deletes it'}.")
    return 0


async def expire(options: argparse.Namespace) -> int:
    """Delete what has expired, each in a run of its own, or say what would be."""
    async with connected(options, is_reading=options.dry_run) as console:
        room, gone, failed = _room(console), [], 0
        for one in await room.due():
            if not options.dry_run:
                command = room.expiring(one)
                try:
                    run = await console.do(Confirmed(command=command, digest=console.plan(command).digest))
                except Refused as refusal:  # of one: the others go all the same
                    failed += 1
                    output.print_error(refusal)
                    continue
                status = await console.finished(run)
                if status.error is not None or status.state is not RunState.DONE:
                    failed += 1
                    if status.error is not None:
                        output.print_error(status.error)
                    continue
            gone.append(one)
    if options.json:
        output.print_json([{"archive": one.id, "freed_bytes": total_taken(one.costs)} for one in gone])
    for one in () if options.json else gone:
        did = "Would delete" if options.dry_run else "Deleted"
        cost = output.cell(cost_words(one.costs), 600)
        output.say(
            f"{did} {one.id[:8]} {output.cell(one.called)}. It {cost}: free once the storage has merged the rest."
        )
    if not (gone or failed or options.json):
        output.say("Nothing has expired.")
    return 1 if failed else 0


async def release(options: argparse.Namespace) -> int:
    async with _found(options, is_reading=False) as (room, one):
        await room.release(one, options.reason)
        output.say(f"“{output.cell(one.called)}” is not held any more.")
    return 0


async def delete(options: argparse.Namespace) -> int:
    """Plan, say what it will free, and see it through to its end."""
    options.name = options.archive
    async with connected(options, is_reading=False) as console, on_record(console, options):
        room = _room(console)
        one = find_archive(await room.listed(), options.archive)
        return await carry_out(console, room.deleting(one, options.reason), options, {"archive": one.id})


@asynccontextmanager
async def _found(options: argparse.Namespace, *, is_reading: bool) -> AsyncIterator[tuple[PoolArchives, Pooled]]:
    async with connected(options, is_reading=is_reading) as console:
        room = _room(console)
        yield room, find_archive(await room.listed(), options.archive)


def _room(console: Console) -> PoolArchives:
    return PoolArchives(console.home, lambda: (console,))


def _is_of(one: Pooled, configuration: str) -> bool:
    return one.archive is not None and one.archive.configuration == configuration
