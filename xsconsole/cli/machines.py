"""Verbs for single machines: to a file, and from one. Both are acts on record, as the window's are."""

import argparse
import asyncio
import sys
from pathlib import Path

from xsconsole.cli import output
from xsconsole.cli.session import connected
from xsconsole.console import Console
from xsconsole.domain.acts import Act, Compression, Kind, ObjectId
from xsconsole.domain.events import JobChanged
from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.jobs import ItemState, JobItem
from xsconsole.domain.naming import find_storage, find_vm
from xsconsole.domain.words import size
from xsconsole.engine.commands import Operate
from xsconsole.errors import NotFound, Refused


async def export(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        vm = console.inventory.by_uuid(VM, Uuid(options.name)) or find_vm(console.inventory, options.name)
        command = Operate(
            act=Act.EXPORT,
            objects=(ObjectId(kind=Kind.VM, uuid=vm.uuid),),
            file=_file(options.out),
            replaces=options.force,
            compression=Compression(options.compress) if options.compress else Compression.NONE,
            reason=options.reason,
        )
        return await _see_through(console, command, options)


async def import_(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        command = Operate(
            act=Act.IMPORT,
            objects=(_place(console, options.sr),),
            file=_file(options.file),
            reason=options.reason,
        )
        return await _see_through(console, command, options)


def _file(name: str) -> Path:
    """Return a file by its whole path, so that the record says which one it was."""
    return Path(name).expanduser().absolute()


def _place(console: Console, storage: str | None) -> ObjectId:
    if storage is not None:
        return ObjectId(kind=Kind.SR, uuid=find_storage(console.inventory, storage).uuid)
    pool = console.inventory.pool
    if pool is None:
        raise NotFound(reason="The pool does not tell of itself.", mend="Name a storage with --sr.")
    return ObjectId(kind=Kind.POOL, uuid=pool.uuid)


async def _see_through(console: Console, command: Operate, options: argparse.Namespace) -> int:
    """Do it, say how far it is where somebody looks, and say what became of it. Who stops us cancels it."""
    unsubscribe = console.subscribe(JobChanged, _say_share) if sys.stderr is not None and sys.stderr.isatty() else None
    job = await console.acts.do(command)
    try:
        status = await console.acts.finished(job)
    except asyncio.CancelledError:
        output.note("Cancelling it.")
        await console.acts.cancel(job)
        await console.acts.finished(job)
        raise
    finally:
        if unsubscribe is not None:
            unsubscribe()
    (item,) = status.items
    if item.error is not None:
        output.print_error(item.error)
    if item.state is not ItemState.DONE:
        if item.error is None:
            raise Refused(reason=f"It was {item.state.value}.")
        return 1
    if options.json:
        output.print_json({"file": str(command.file), **item.found})
    else:
        _say_found(command, item)
    return 0


def _say_share(event: JobChanged) -> None:
    output.renew(f"{event.status.progress:4.0%}" if event.status.ended_at is None else "")


def _say_found(command: Operate, item: JobItem) -> None:
    what = "Exported to" if command.act is Act.EXPORT else "Imported"
    output.say(f"{what} {command.file}: {size(int(str(item.found['size_bytes'])))}, SHA-256 {item.found['sha256']}")
    made = item.found.get("made")
    for uuid in made if isinstance(made, list) else ():
        output.say(f"  {uuid}")
