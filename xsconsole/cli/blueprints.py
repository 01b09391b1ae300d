"""The verbs of the library: blueprints captured, looked at, edited, published, signed and retired."""

import argparse
from contextlib import AbstractAsyncContextManager

from xsconsole.cli import output
from xsconsole.cli.acting import confirm, on_record, see_through
from xsconsole.cli.asking import print_plan
from xsconsole.cli.blueprint_words import (
    DRAFT,
    document_of,
    draft_document,
    finding_document,
    gold_words,
    lines_of,
    row_of,
)
from xsconsole.cli.session import connected
from xsconsole.console import BlueprintDraft, Console, LibraryDesk, RunState, read_document, read_one, write_document
from xsconsole.domain.approval import Meaning
from xsconsole.domain.blueprint import Blueprint, Finding, fill, to_json
from xsconsole.domain.blueprint.difference import diff, told
from xsconsole.domain.blueprint.standing import Library, Shelved, shelved
from xsconsole.domain.ids import BlueprintId
from xsconsole.domain.naming import find_configuration, find_storage
from xsconsole.domain.words import count, instant
from xsconsole.domain.workflow import Method
from xsconsole.engine.commands import Confirmed
from xsconsole.errors import NotFound, Refused


async def list_(options: argparse.Namespace) -> int:
    async with _looking(options) as console:
        desk = LibraryDesk(console)
        library = desk.library
        if options.json:
            output.print_json([document_of(one, desk) for one in library.versions])
            return 0
        heads = (
            "BLUEPRINT",
            "VERSION",
            "GOLD",
            "CAN BE USED",
            "MEMBERS",
            "CONFIGURATIONS",
            "PUBLISHED",
            "CHANGES",
            "ID",
        )
        output.print_table(heads, [row_of(one, desk) for one in library.versions])
        for one in library.versions:
            if one.problem:
                output.note(f"{one.called} version {one.version}: {one.problem}")
        _note_left(library)
        return 0


async def show(options: argparse.Namespace) -> int:
    async with _looking(options) as console:
        desk = LibraryDesk(console)
        found = shelved(desk.library, options.blueprint, options.at_version)
        blueprint = _readable(found)
        if options.user_data:
            member = next((one for one in blueprint.members if options.user_data in (one.id, one.role)), None)
            if member is None:
                choices = tuple(one.id for one in blueprint.members)
                raise NotFound(reason="It has no such member.", mend="Name one of its members.", choices=choices)
            output.print_bytes(member.user_data.encode())
            return 0
        if options.json:
            output.print_json(document_of(found, desk))
            return 0
        for line in lines_of(found, blueprint, desk):
            output.say(output.cell(line, 400))
        _say_findings(found.findings)
        return 0


async def capture(options: argparse.Namespace) -> int:
    """Plan it, say what it will do, and see it through to its end."""
    async with connected(options, is_reading=options.dry_run) as console, on_record(console, options):
        desk = LibraryDesk(console)
        card = find_configuration(console.board, options.name)
        command = desk.capturing(
            card,
            shelved(desk.library, options.into).id if options.into else None,
            name=options.called or "",
            summary=options.summary,
            changes=options.changes,
            method=Method(options.method),
            sr=find_storage(console.inventory, options.sr).uuid if options.sr else None,
            is_stopped_first=options.stop_first,
            reason=options.reason,
        )
        plan = console.plan(command)
        if options.dry_run:
            return print_plan(console, plan, options)
        await console.demand_rights(command)
        answers = confirm(console, plan, options)
        run = await console.do(Confirmed(command=command, digest=plan.digest, answers=answers))
        status = await see_through(console, run, options, RunState.DONE, {"blueprint": command.blueprint})
        if status == 0 and not options.json:
            output.say(f"It stands in the library: `xsconsole blueprint show {command.blueprint}`")
        return status


async def export_document(options: argparse.Namespace) -> int:
    async with _looking(options) as console:
        blueprint = _readable(shelved(LibraryDesk(console).library, options.blueprint, options.at_version))
    if options.out:
        await write_document(blueprint, options.out)
    else:
        output.print_bytes(to_json(blueprint) + b"\n")
    return 0


async def import_document(options: argparse.Namespace) -> int:
    blueprint = await read_document(options.file)
    async with _looking(options) as console:
        desk = LibraryDesk(console)
        newest = next((one.version for one in desk.library.of(blueprint.id)), 0)
        return _say_draft(await desk.keep_draft(blueprint, newest), desk, options)


async def edit(options: argparse.Namespace) -> int:
    async with _looking(options) as console:
        desk = LibraryDesk(console)
        found = named(desk.library, options.blueprint)
        draft = await (desk.draft_begun_with(found) if "@" in options.blueprint else desk.draft_of(found))
        return _say_draft(draft, desk, options)


async def drafts(options: argparse.Namespace) -> int:
    async with _looking(options) as console:
        found = await LibraryDesk(console).drafts()
    if options.json:
        output.print_json([draft_document(one) for one in found])
        return 0
    rows = [
        (output.cell(one.blueprint.name), f"{DRAFT}{one.id}", str(one.seen or "none"), instant(one.updated_at))
        for one in found
    ]
    output.print_table(("BLUEPRINT", "DRAFT", "BEGAN WITH VERSION", "CHANGED"), rows)
    return 0


async def discard(options: argparse.Namespace) -> int:
    async with _looking(options) as console:
        desk = LibraryDesk(console)
        await desk.discard((await _draft(desk, options.draft)).id)
    return 0


async def check(options: argparse.Namespace) -> int:
    """Say what is wrong with a text. That of a file needs the pool only for its templates."""
    async with _looking(options) as console:
        desk = LibraryDesk(console)
        blueprint = await _text(desk, options.text)
        found = desk.look(blueprint)
    if options.values:
        values = await read_one(options.values)
        found += tuple(one for one in fill(blueprint, values).findings if one not in found)
    if options.json:
        output.print_json([finding_document(one) for one in found])
    elif found:
        _say_findings(found)
    else:
        output.say("Nothing is wrong with it.")
    return 1 if any(one.is_error for one in found) else 0


async def diff_(options: argparse.Namespace) -> int:
    async with _looking(options) as console:
        desk = LibraryDesk(console)
        before, after = await _text(desk, options.before), await _text(desk, options.after)
    found = tuple(told(diff(before, after)))
    if options.json:
        output.print_json(["\n".join((sentence, *text)) for sentence, text in found])
        return 0
    for sentence, text in found or (("They say the same.", ()),):
        output.say(output.cell(sentence, 400))
        for line in text:
            output.say(f"    {line}")
    return 0


async def publish(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        desk = LibraryDesk(console)
        if options.text.startswith(DRAFT):
            made = await desk.publish_draft(await _draft(desk, options.text), options.changes)
        else:
            blueprint = await read_document(options.text)
            newest = next((one.version for one in desk.library.of(blueprint.id)), 0)
            made = await desk.publish(blueprint, newest, options.changes)
            if blueprint.version < newest:
                begun = f"The file began with version {blueprint.version}"
                output.note(f"{begun}: what later ones up to version {newest} changed is not in it.")
    if options.json:
        output.print_json({"blueprint": made.id, "version": made.version, "digest": made.digest})
    else:
        output.say(output.cell(f"Published version {made.version} of {made.name}", 200))
    return 0


async def retire(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        desk = LibraryDesk(console)
        found = shelved(desk.library, options.blueprint, options.at_version)
        gone = await desk.retire(found.id, found.version, options.reason)
    return _say_gone(gone, options)


async def clean(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        gone = await LibraryDesk(console).remove_left(options.reason)
    return _say_gone(gone, options)


async def decide(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=False) as console:
        desk = LibraryDesk(console)
        found = shelved(desk.library, options.blueprint, options.at_version)
        meaning = Meaning.APPROVE if options.verb == "blueprint approve" else Meaning.REJECT
        found = await desk.decide(found, meaning, options.reason)
        if options.json:
            output.print_json(document_of(found, desk))
            return 0
    output.say(output.cell(f"{found.called} version {found.version}: {gold_words(found)}", 400))
    return 0


def _looking(options: argparse.Namespace) -> AbstractAsyncContextManager[Console]:
    return connected(options, is_reading=True)


def _readable(found: Shelved) -> Blueprint:
    if found.blueprint is None:
        raise Refused(reason=f"Version {found.version} cannot be read.", mend=found.problem)
    return found.blueprint


async def _text(desk: LibraryDesk, text: str) -> Blueprint:
    """Return what a word of the command line means: a file, a draft, or a version of the library."""
    if text.startswith(DRAFT):
        return (await _draft(desk, text)).blueprint
    try:
        return _readable(named(desk.library, text))
    except NotFound as unknown:
        try:
            return await read_document(text)
        except Refused:
            if "/" in text or text.endswith(".json"):
                raise
            raise unknown from None


def named(library: Library, text: str) -> Shelved:
    """Return the version that is meant by a name or an id, perhaps with `@` and a number behind."""
    name, separator, version = text.rpartition("@")
    if separator and version.isdecimal():
        return shelved(library, name, int(version))
    return shelved(library, text)


async def _draft(desk: LibraryDesk, text: str) -> BlueprintDraft:
    wanted = BlueprintId(text.removeprefix(DRAFT))
    every = await desk.drafts()
    found = [one for one in every if wanted in (one.id, one.blueprint.name)]
    if len(found) != 1:
        choices = tuple(f"{DRAFT}{one.id}" for one in every)
        raise NotFound(reason="There is no such draft.", mend="Name one of those there are.", choices=choices)
    return found[0]


def _say_draft(draft: BlueprintDraft, desk: LibraryDesk, options: argparse.Namespace) -> int:
    if options.json:
        output.print_json(draft_document(draft))
        return 0
    output.say(f"{DRAFT}{draft.id}")
    _say_findings(desk.look(draft.blueprint))
    return 0


def _say_gone(gone: tuple[str, ...], options: argparse.Namespace) -> int:
    if options.json:
        output.print_json({"removed": list(gone)})
    else:
        output.say(f"Removed {count(len(gone), 'template')}." if gone else "No template was removed.")
    return 0


def _say_findings(found: tuple[Finding, ...]) -> None:
    for one in found:
        output.say(output.cell(f"{one.severity.value}: {one.sentence} {one.mend}", 600))


def _note_left(library: Library) -> None:
    if library.left:
        output.note(
            f"{count(len(library.left), 'template')} of the library is needed by no version: "
            "`xsconsole blueprint clean` removes what was made for it."
        )
