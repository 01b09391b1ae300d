"""The verbs of blueprints that go with their disks from pool to pool, as one file."""

import argparse
from pathlib import Path

from xsconsole.cli import documents, output
from xsconsole.cli.acting import on_record
from xsconsole.cli.blueprints import named
from xsconsole.cli.planned import carry_out
from xsconsole.cli.session import connected
from xsconsole.console import LibraryDesk, PackageDesk, verify_package
from xsconsole.domain.blueprint.package import Package
from xsconsole.domain.naming import find_storage
from xsconsole.domain.words import count, size


async def export(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        found = named(LibraryDesk(console).library, options.blueprint)
        package = await PackageDesk(console).export(found, Path(options.out), output.share_teller())
    if options.json:
        output.print_json(_document(package, options.out))
        return 0
    templates = count(len(package.templates), "template")
    said = f"Version {package.version} of {package.name} with {templates}, {size(package.size_bytes)}: {options.out}"
    output.say(output.cell(said, 600))
    output.note("Whoever can read the file can read the disks: it is signed, and not encrypted.")
    return 0


async def import_(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        sr = find_storage(console.inventory, options.sr).uuid if options.sr else None
        command = await PackageDesk(console).importing(Path(options.file), sr=sr, reason=options.reason)
        if options.dry_run:
            output.note(await verify_package(command.file, output.share_teller()))
        return await carry_out(console, command, options, {"blueprint": command.opened.package.blueprint})


def _document(package: Package, path: str) -> documents.Document:
    return {
        "blueprint": package.blueprint,
        "version": package.version,
        "name": package.name,
        "digest": package.digest,
        "key": package.key,
        "file": path,
        "size_bytes": package.size_bytes,
        "templates": [template.name for template in package.templates],
    }
