"""The verbs that hand a key to who edits the workflow, and pin one to a person."""

import argparse
from dataclasses import replace

from xsconsole.cli import output
from xsconsole.cli.papers import at_home, naming_force
from xsconsole.cli.session import Given
from xsconsole.cli.workflows import begun_with, writing
from xsconsole.console import read_key, write_key
from xsconsole.domain.enrolment import enrolled, key_file


async def export(options: argparse.Namespace) -> int:
    async with at_home(options) as console:
        file = key_file(console.home.signer, options.name)
        if console.home.has_new_key:
            output.say("This home had no key: one was made, and signs from now on what is done from here.")
        with naming_force():
            await write_key(file, options.out, may_replace=options.force)
    output.say(f"{options.out} is written: key {file.fingerprint}. Say its first digits to who enrols it.")
    return 0


async def enrol(options: argparse.Namespace) -> int:
    """Pin a key to a person in a draft; it counts once the draft is published."""
    file = await read_key(options.file)
    given = Given(options)
    begun = await begun_with(options, given) if options.draft is None else None
    async with writing(options, given) as console:
        drafts = console.home.drafts
        if begun is not None:
            workflow, person = enrolled(begun[0], file, options.person or "")
            draft = await drafts.new(f"Key of {person.name}", *begun)
        else:
            draft = await drafts.open((await drafts.find(options.draft)).id)
            workflow, person = enrolled(draft.workflow, file, options.person or "")
        step = draft.history.do(f"Enrol a key of {person.name}", workflow)
        draft = await drafts.save(replace(draft, history=step))
    if options.json:
        output.print_json({"draft": draft.id, "person": person.id, "fingerprint": file.fingerprint})
    else:
        output.say(f"Key {file.fingerprint[:16]} is pinned to {output.cell(person.name)} in the draft “{draft.name}”.")
        output.note(f"It counts once that is published: `xsconsole workflow publish {draft.id}`.")
    return 0
