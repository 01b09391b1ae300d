"""A version of a blueprint and a draft as the command line shows them: in a list, in lines, and as a document."""

import msgspec

from xsconsole.cli import documents, output
from xsconsole.console import BlueprintDraft, LibraryDesk
from xsconsole.domain.blueprint import Blueprint, Finding, findings, to_json
from xsconsole.domain.blueprint.answers import asked, written_as
from xsconsole.domain.blueprint.difference import value_words
from xsconsole.domain.blueprint.standing import Shelved
from xsconsole.domain.canonical import Json
from xsconsole.domain.lineage import captured_words
from xsconsole.domain.words import instant

DRAFT = "draft:"


def gold_words(one: Shelved) -> str:
    """Return whether a version is a gold master, and what is lacking."""
    if one.gold is None:
        return "no rules for gold masters"
    return f"gold master, signed by {one.gold.approvers}" if one.is_gold else f"not gold. {one.gold.sentence}"


def row_of(one: Shelved, desk: LibraryDesk) -> tuple[str, ...]:
    blueprint = one.blueprint
    return (
        output.cell(one.called, 40),
        str(one.version),
        "yes" if one.is_gold else "",
        "yes" if one.is_usable else "no",
        str(len(blueprint.members)) if blueprint is not None else "",
        str(len(desk.made_of(one.id, one.version)) or ""),
        instant(blueprint.at) if blueprint is not None and blueprint.at is not None else "",
        output.cell(blueprint.changes if blueprint is not None else one.problem, 40),
        one.id,
    )


def lines_of(one: Shelved, blueprint: Blueprint, desk: LibraryDesk) -> list[str]:
    found = [f"{blueprint.name}, version {blueprint.version}", *([blueprint.summary] if blueprint.summary else [])]
    if not one.is_newest:
        found.append(f"Version {desk.library.of(one.id)[0].version} is newer.")
    published = f"Published by {blueprint.author or 'nobody known'}"
    published += f" at {instant(blueprint.at)}" if blueprint.at is not None else ""
    found.append(
        f"{published}; {f'signed by {one.signed_by[:16]}' if one.signed_by else 'its signature does not hold'}"
    )
    found += [f"Changes: {blueprint.changes}"] if blueprint.changes else []
    found.append(f"Gold: {gold_words(one)}")
    if blueprint.source is not None:
        found.append(captured_words(blueprint.source))
    if blueprint.imported is not None:
        was = blueprint.imported
        found.append(f"It was version {was.version} in “{was.pool}”, in a file that key {was.key[:16]} signed")
    for parameter in blueprint.parameters:
        default = f", else {written_as(parameter, parameter.default)}" if parameter.default is not None else ""
        found.append(f"Parameter {parameter.name}: {parameter.caption}: {asked(parameter)}{default}")
    for member in blueprint.members:
        found.append(
            f"Member {member.id} ({member.role}): {member.name_pattern}, of {member.template_name or member.template}; "
            f"vCPUs {value_words('vcpus', member.vcpus)}, memory {value_words('memory', member.memory)}; "
            f"disks {value_words('disks', member.disks)}; interfaces {value_words('interfaces', member.interfaces)}; "
            f"start order {member.order}"
        )
    made = desk.made_of(one.id)
    for card in made:
        version = card.origin.revision if card.origin is not None else 0
        found.append(f"{card.name} came of version {version}")
    return found


def document_of(one: Shelved, desk: LibraryDesk) -> documents.Document:
    blueprint = one.blueprint
    document: Json = msgspec.json.decode(to_json(blueprint)) if blueprint is not None else None
    made: list[Json] = [card.id for card in desk.made_of(one.id, one.version)]
    return {
        "blueprint": one.id,
        "version": one.version,
        "name": one.called,
        "pool": one.pool,
        "is_newest": one.is_newest,
        "is_usable": one.is_usable,
        "is_gold": one.is_gold,
        "gold": gold_words(one),
        "signed_by": one.signed_by,
        "problem": one.problem,
        "digest": blueprint.digest if blueprint is not None else None,
        "findings": [finding_document(each) for each in one.findings],
        "configurations": made,
        "document": document,
    }


def finding_document(one: Finding) -> Json:
    return {
        "rule": one.rule,
        "severity": one.severity.value,
        "sentence": one.sentence,
        "mend": one.mend,
        "member": one.member,
        "parameter": one.parameter,
        "field": one.field,
    }


def draft_document(one: BlueprintDraft) -> documents.Document:
    return {
        "draft": f"{DRAFT}{one.id}",
        "name": one.blueprint.name,
        "seen": one.seen,
        "updated_at": one.updated_at.isoformat(),
        "findings": [finding_document(each) for each in findings(one.blueprint)],
    }
