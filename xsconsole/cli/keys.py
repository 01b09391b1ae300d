"""The verbs that hand a key to who edits the workflow, and pin one to a person."""

import argparse
from dataclasses import replace

from xsconsole.cli import output
from xsconsole.cli.session import Given, connected, is_published, pass_on_notices, published
from xsconsole.console import Console, read_key, write_key
from xsconsole.domain.enrolment import enrolled, key_file
from xsconsole.errors import AlreadyThere


async def export(options: argparse.Namespace) -> int:
    console = await Console.open(options.home, passphrase=Given(options).passphrase)
    try:
        pass_on_notices(console)
        file = key_file(console.home.signer, options.name)
        await write_key(file, options.out, may_replace=options.force)
    except AlreadyThere as refusal:
        refusal.mend = "Name another file, or add `--force` to replace it."
        raise
    finally:
        await console.close()
    output.say(f"{options.out} is written: key {file.fingerprint}. Say its first digits to who enrols it.")
    return 0


async def enrol(options: argparse.Namespace) -> int:
    """Pin a key to a person in a draft; it counts once the draft is published."""
    file = await read_key(options.file)
    if options.draft is None:
        async with connected(options, is_reading=False) as console:
            base = published(console)
            workflow, person = enrolled(base, file, options.person or "")
            kept = base if is_published(console) else None
            draft = await console.home.drafts.new(f"Key of {person.name}", base, kept)
            draft = await console.home.drafts.save(
                replace(draft, history=draft.history.do(f"Enrol a key of {person.name}", workflow))
            )
    else:
        console = await Console.open(options.home, passphrase=Given(options).passphrase)
        try:
            pass_on_notices(console)
            draft = await console.home.drafts.open((await console.home.drafts.find(options.draft)).id)
            workflow, person = enrolled(draft.workflow, file, options.person or "")
            draft = await console.home.drafts.save(
                replace(draft, history=draft.history.do(f"Enrol a key of {person.name}", workflow))
            )
        finally:
            await console.close()
    if options.json:
        output.print_json({"draft": draft.id, "person": person.id, "fingerprint": file.fingerprint})
    else:
        output.say(f"Key {file.fingerprint[:16]} is pinned to {output.cell(person.name)} in the draft “{draft.name}”.")
        output.note(f"It counts once that is published: `xsconsole workflow publish {draft.id}`.")
    return 0
