"""Verbs about the workflow that publish nothing: looking, drafts, and files."""

import argparse
import getpass
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from xsconsole.cli import documents, output
from xsconsole.cli.looking import UNPUBLISHED
from xsconsole.cli.papers import naming_force
from xsconsole.cli.session import (
    Given,
    connected,
    is_at_terminal,
    is_published,
    no_passphrase,
    pass_on_notices,
    published,
)
from xsconsole.console import Console, drafts_alone, read_file, version_numbered, write_file
from xsconsole.domain import words
from xsconsole.domain.drafts import Draft
from xsconsole.domain.ids import PersonId
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Person, Workflow, to_json
from xsconsole.domain.workflow.difference import diff_of_drafts, lines
from xsconsole.domain.workflow.findings import Finding, Severity
from xsconsole.domain.workflow.names import way_words
from xsconsole.domain.workflow.templates import Template, start_from, templates
from xsconsole.errors import NoPoolKnown, NotFound, Refused

SIGNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.UNKNOWN: "not checked"}


async def workflow_list(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        workflow, is_there = published(console), is_published(console)
        if options.json:
            found = [documents.workflow_document(workflow, is_published=True)] if is_there else []
            output.print_json(list(found))
            return 0
        output.print_table(
            ("ID", "NAME", "VERSION", "STAGES", "DIGEST"),
            [(workflow.id, workflow.name, str(workflow.version), str(len(workflow.stages)), workflow.digest[:12])]
            if is_there
            else (),
        )
        if not is_there:
            output.note(f"“{workflow.name}” {UNPUBLISHED}.")
        return 0


async def workflow_show(options: argparse.Namespace) -> int:
    async with connected(options, is_reading=True) as console:
        workflow = published(console)
        if options.json:
            output.print_json(documents.workflow_document(workflow, is_published=is_published(console)))
            return 0
        names = {stage.id: stage.name for stage in workflow.stages}
        by = f", by {output.cell(workflow.author)}" if workflow.author else ""
        output.say(f"{output.cell(workflow.name, 200)}, version {workflow.version}{by}")
        if is_published(console):
            output.say(output.cell(console.publishing.provenance(workflow).sentence, 200))
        split = console.publishing.split()
        if split is not None:
            output.note(f"{split.sentence} `xsconsole workflow publish published` mends it.")
        output.print_table(
            ("FROM", "TO", "KIND", "RESTORE POINT"),
            (
                (names[edge.source], names[edge.target], edge.kind.value, "yes" if edge.restore_point else "no")
                for edge in workflow.transitions
            ),
        )
        if not is_published(console):
            output.note(f"“{workflow.name}” {UNPUBLISHED}.")
        return 0


async def workflow_lint(options: argparse.Namespace) -> int:
    """Say everything that there is to say of a workflow; what is an error cannot be published."""
    async with opened(options, (options.file,), is_live=options.live or options.pool is not None) as console:
        workflow = await named_workflow(console, options.file)
        found = console.publishing.findings(workflow)
    if options.json:
        output.print_json([finding_document(finding) for finding in found])
    else:
        print_findings(found, workflow)
    return 1 if any(finding.severity is Severity.ERROR for finding in found) else 0


async def workflow_diff(options: argparse.Namespace) -> int:
    async with opened(options, (options.before, options.after)) as console:
        before = await named_workflow(console, options.before)
        after = await named_workflow(console, options.after)
    found = lines(diff_of_drafts(before, after))
    if options.json:
        output.print_json({"before": before.digest, "after": after.digest, "changes": list(found)})
        return 0
    for line in found:
        output.say(output.cell(line, 400))
    if not found:
        output.say("They say the same.")
    return 0


async def workflow_export(options: argparse.Namespace) -> int:
    """Write a workflow as text: the published one, or a draft."""
    name = options.name
    draft = None if name is None else await _draft_called(options, name)
    if draft is not None:
        workflow = draft.workflow
    else:
        async with connected(options, is_reading=True) as console:
            workflow = published(console)
            if name is not None and name.casefold() not in (workflow.id, workflow.name.casefold(), "published"):
                raise NotFound(
                    reason=f"No workflow and no draft is called “{shortened(name)}”.",
                    mend="Name the one there is, or a draft.",
                    choices=(workflow.id, workflow.name),
                )
    if options.out is None:
        output.print_bytes(to_json(workflow) + b"\n")
        return 0
    with naming_force():
        await write_file(workflow, options.out, may_replace=options.force)
    output.say(f"{options.out} is written.")
    return 0


async def workflow_drafts(options: argparse.Namespace) -> int:
    async with opened(options, ()) as console:
        headings = await console.home.drafts.headings()
    if options.json:
        output.print_json([documents.draft_document(heading) for heading in headings])
        return 0
    output.print_table(
        ("NAME", "BASE", "STEPS", "CHANGED", "ID"),
        (
            (
                heading.name,
                f"v{heading.base_version}" if heading.base_version is not None else "",
                str(heading.steps),
                words.instant(heading.updated_at),
                heading.id,
            )
            for heading in headings
        ),
    )
    for heading in headings:
        if heading.problem:
            output.note(f"“{heading.name}”: {heading.problem}")
    return 0


async def workflow_new(options: argparse.Namespace) -> int:
    """Begin a draft: from a template, or from what is published."""
    given = Given(options)
    if options.template is None:
        workflow, base = await begun_with(options, given)
    else:
        template = template_called(options.template)
        # As in the window: groups that nobody is in begin with who sits here, so that it can be published.
        me = await _myself(options, given) if template.workflow.groups else None
        workflow, base = start_from(template.workflow, options.name or template.name, me), None
    async with drafts_alone(options.home) as drafts:
        return _say_begun(await drafts.new(options.name or workflow.name, workflow, base), options)


async def _myself(options: argparse.Namespace, given: Given) -> Person:
    """Return who sits here, by the key of this home; a home without one gets it now."""
    async with opened(options, ()) as console:
        fingerprint = console.home.key_fingerprint
    if not fingerprint:
        async with writing(options, given) as console:
            fingerprint = console.home.key_fingerprint
    return Person(id=PersonId("me"), name=options.user or getpass.getuser(), fingerprints=(fingerprint,))


async def workflow_import(options: argparse.Namespace) -> int:
    """Begin a draft with the workflow of a file."""
    workflow = await read_file(options.file)
    async with drafts_alone(options.home) as drafts:
        return _say_begun(await drafts.new(options.name or workflow.name, workflow), options)


async def begun_with(options: argparse.Namespace, given: Given) -> tuple[Workflow, Workflow | None]:
    """Return what a draft begins with, and the published version that it follows: the same, or none where none stands.

    A draft is private: the pool is only looked at, and not given the workflow that it would get first.

    Raises:
        Refused: no pool is named or known.
    """
    try:
        async with connected(options, is_reading=True, given=given) as console:
            workflow = published(console)
            if is_published(console):
                return workflow, workflow
    except NoPoolKnown as refusal:
        raise Refused(
            reason="No pool is known yet, so there is no published workflow to begin with.",
            mend="Name the pool with --pool URL, begin with `workflow new --template release`, or import a file.",
        ) from refusal
    output.note(f"Nothing is published on the pool yet; the draft begins with “{output.cell(workflow.name)}”.")
    return workflow, None


async def workflow_discard(options: argparse.Namespace) -> int:
    """Delete a draft; at a terminal, only after a yes."""
    async with drafts_alone(options.home) as drafts:
        heading = await drafts.find(options.draft)
        if is_at_terminal() and not output.is_yes(f"Delete the draft “{heading.name}” for good? [y/N] "):
            raise Refused(reason="Not confirmed; the draft is kept.")
        await drafts.delete(heading.id)
    output.say(f"The draft “{heading.name}” is deleted.")
    return 0


ALSO_CALLED: Mapping[str, str] = MappingProxyType(  # what people call the templates, and their ids
    {
        **dict.fromkeys(("linear", "linear-release"), "release"),
        **dict.fromkeys(
            ("patch", "patches", "features", "patch-testing", "patches-and-features"), "features-and-patches"
        ),
        **dict.fromkeys(("hotfix", "hotfixes", "release-and-hotfix"), "release-with-hotfix"),
        **dict.fromkeys(("blue-green", "bluegreen", "blue/green"), "blue-and-green"),
    }
)


def template_called(name: str) -> Template:
    """Return the template with this name or id.

    Raises:
        NotFound: there is none.
    """
    wanted = name.casefold().replace(" ", "-").replace("_", "-")
    wanted = ALSO_CALLED.get(wanted, wanted)
    found = templates()
    for template in found:
        if wanted in (template.name.casefold().replace(" ", "-"), template.workflow.id):
            return template
    raise NotFound(
        reason=f"No template is called “{shortened(name)}”.",
        mend="Choose one.",
        choices=tuple(f"{template.workflow.id} ({template.name})" for template in found),
    )


async def named_workflow(console: Console, name: str) -> Workflow:
    """Return what a word means: `published`, `v7`, a file, or a draft.

    Raises:
        Refused: it means nothing here, or it cannot be read.
    """
    if name == "published":
        return published(console)
    number = _version_number(name)
    if number is not None:
        return await _version(console, number)
    if looks_like_file(name):
        return await read_file(name)
    return (await console.home.drafts.open((await console.home.drafts.find(name)).id)).workflow


def looks_like_file(name: str) -> bool:
    return Path(name).exists() or "/" in name or "\\" in name or name.endswith(".json")


def _version_number(name: str) -> int | None:
    return int(name[1:]) if name[:1] == "v" and name[1:].isdecimal() else None


async def _is_pool_needed(options: argparse.Namespace, names: tuple[str, ...]) -> bool:
    """Whether a name means what only a pool can tell: a version may be on record here."""
    numbers = [number for number in map(_version_number, names) if number is not None]
    if not numbers:
        return "published" in names
    console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
    try:
        known = await console.publishing.versions()
        for number in numbers:
            version_numbered(known, number)
    except Refused:
        return True
    finally:
        await console.close()
    return "published" in names


async def _version(console: Console, version: int) -> Workflow:
    """Return a published version: one that stands, that a draft of this home began with, or that is on record."""
    return version_numbered(await console.publishing.versions(), version)


async def _draft_called(options: argparse.Namespace, name: str) -> Draft | None:
    async with opened(options, ()) as console:
        if not console.home.has_drafts:
            return None
        try:
            heading = await console.home.drafts.find(name)
        except NotFound:
            return None
        return await console.home.drafts.open(heading.id)


@asynccontextmanager
async def opened(
    options: argparse.Namespace, names: tuple[str, ...], *, is_live: bool = False
) -> AsyncIterator[Console]:
    """Open the home for looking, and connect to a pool only where a name needs one."""
    async with AsyncExitStack() as stack:
        if is_live or await _is_pool_needed(options, names):
            yield await stack.enter_async_context(connected(options, is_reading=True))
            return
        console = await Console.open(options.home, passphrase=no_passphrase, is_reading=True)
        stack.push_async_callback(console.close)
        pass_on_notices(console)
        yield console


@asynccontextmanager
async def writing(options: argparse.Namespace, given: Given) -> AsyncIterator[Console]:
    console = await Console.open(options.home, passphrase=given.passphrase)
    try:
        pass_on_notices(console)
        yield console
    finally:
        await console.close()


def _say_begun(draft: Draft, options: argparse.Namespace) -> int:
    if options.json:
        output.print_json({"id": draft.id, "name": draft.name})
    else:
        output.say(f"Draft “{output.cell(draft.name, 100)}” begun ({draft.id}).")
        if draft.base is None:
            output.note(
                f"It follows no published version. `xsconsole workflow publish {draft.id} --dry-run` says what "
                "publishing it would do to the pool."
            )
    return 0


def print_findings(found: tuple[Finding, ...], workflow: Workflow) -> None:
    for finding in found:
        place, sentence = _place(finding, workflow), output.cell(finding.sentence, 400)
        is_said = bool(place) and sentence.casefold().startswith(place.removesuffix(": ").casefold())
        output.say(f"{SIGNS[finding.severity]}: {'' if is_said else place}{sentence}")
    if not found:
        output.say("Nothing is wrong with it.")


def _place(finding: Finding, workflow: Workflow) -> str:
    stage = workflow.stage(finding.stage) if finding.stage is not None else None
    if stage is not None:
        return f"{output.cell(stage.name)}: "
    way = workflow.transition_of(finding.transition) if finding.transition is not None else None
    return f"{output.cell(way_words(workflow, way), 120)}: " if way is not None else ""


def finding_document(finding: Finding) -> documents.Document:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "sentence": finding.sentence,
        "stage": finding.stage,
        "transition": finding.transition,
        "field": finding.field,
        "mends": [mend.label for mend in finding.mends],
    }
