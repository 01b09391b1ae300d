"""The verbs about what fences of a pool are built on."""

import argparse
import asyncio
from pathlib import Path

from xsconsole.cli import output
from xsconsole.cli.acting import on_record
from xsconsole.cli.session import connected
from xsconsole.console import fences
from xsconsole.domain import words
from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.text import from_text, to_plain
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.errors import NotFound, Refused


async def ground_show(options: argparse.Namespace) -> int:
    """Say what fences are built on; as JSON just what `ground set` takes."""
    async with connected(options, is_reading=True) as console:
        found = fences.ground_of(console)
        if found is None:
            raise NotFound(
                reason="Nobody has said what fences of this pool are built on.",
                mend="Write it to a file and take it in: `xsconsole fence ground set FILE`.",
            )
        if options.json:
            output.print_json(to_plain(found.ground))
            return 0
        for line in _ground_lines(found.ground, console.inventory):
            output.say(line)
        for one in fences.reserved(console):
            over = f", over {output.cell(one.trunk_name or one.trunk)}" if one.trunk else ""
            output.say(f"VLAN tags that {output.cell(one.stage)} reserves: {one.first} to {one.last}{over}")
        output.say(f"Version {found.version}, of {output.cell(found.by)}, {words.instant(found.at)}.")
        _note(fences.findings_of(console, found.ground))
    return 0


async def ground_set(options: argparse.Namespace) -> int:
    """Read it, say what is wrong with it, and write it."""
    ground = from_text(await asyncio.to_thread(_read, Path(options.file)), Ground, "ground of fences")
    options.name = ""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        found = fences.findings_of(console, ground)
        _note(found)
        if options.dry_run:
            return 1 if any(one.is_error for one in found) else 0
        made = await fences.write_ground(console, ground, fences.ground_of(console), options.reason)
        if options.json:
            output.print_json({"version": made.version, "ground": to_plain(made.ground)})
        else:
            output.say(f"Written: version {made.version}.")
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise Refused(reason=f"{path} cannot be read: {failure.strerror}.", mend="Name another file.") from failure


def _ground_lines(ground: Ground, inventory: Inventory) -> list[str]:
    template = inventory.by_uuid(VM, ground.router) if ground.router is not None else None
    router = "none" if ground.router is None else "gone" if template is None else output.cell(template.name_label)
    gateway = f", gateway {ground.gateway}" if ground.gateway else ""
    lines = [f"Outside: {output.cell(ground.outside_name)}, {ground.subnet}{gateway}"]
    lines.append(f"Addresses for fences: {', '.join(map(str, ground.pool))}")
    lines += [f"Barred: {', '.join(map(str, ground.barred))}"] if ground.barred else []
    lines += [f"Name servers: {', '.join(map(str, ground.name_servers))}"] if ground.name_servers else []
    lines.append(f"Router template: {router}")
    if ground.vlans is not None:
        over = f"over {output.cell(ground.trunk_name or ground.trunk)}" if ground.trunk else "and nothing carries them"
        lines.append(f"VLAN tags for fences: {ground.vlans[0]} to {ground.vlans[1]}, {over}")
    for one in ground.originals:
        to = f", gateway {one.gateway}" if one.gateway else ", no gateway"
        lines.append(f"{output.cell(one.name)}: {one.subnet}{to}")
    return lines


def _note(findings: tuple[Finding, ...]) -> None:
    for one in findings:
        output.note(f"{one.severity.value}: {one.sentence} {one.mend}")
