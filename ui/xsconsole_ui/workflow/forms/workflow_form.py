"""The workflow itself: name, size, logical networks, people, groups, rules for publishing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from xsconsole.domain.enrolment import typed_fingerprint
from xsconsole.domain.text_form import STORED_LIMIT_BYTES
from xsconsole.domain.words import count, size
from xsconsole.domain.workflow import Person, Workflow, stored_size_bytes
from xsconsole.domain.workflow.edits import fresh_name
from xsconsole.domain.workflow.roll import (
    add_group,
    add_network,
    add_person,
    remove_group,
    remove_network,
    remove_person,
    rename_network,
)
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.forms.editors import Flag, Lines, Option, Words
from xsconsole_ui.workflow.forms.node import Change, Deed, DeedKind, Later, Node
from xsconsole_ui.workflow.forms.rule_forms import group_list, rule_list
from xsconsole_ui.workflow.forms.slots import Slot, of_group, of_person, of_workflow
from xsconsole_ui.workflow.forms.writer import Writer
from xsconsole_ui.workflow.steps import Label


def workflow_sections(draft: Workflow, keys: tuple[Option, ...] = ()) -> tuple[Node, ...]:
    """Return the sections; `keys` are those that are known here, by fingerprint."""
    writer, slot = Writer(owner=tr("the workflow")), of_workflow()
    return (
        _about(writer, slot, draft),
        _networks(writer, draft),
        _people(writer, draft, keys),
        _groups(writer, draft),
        rule_list(
            writer.part(tr("publishing")),
            slot,
            "publishing",
            tr("Publishing needs (all rules)"),
            draft.publishing,
            draft,
        ),
        group_list(
            writer.part(tr("who may declare an emergency")),
            slot,
            "declarers",
            tr("May declare an emergency"),
            draft.declarers,
            draft,
            tr("nobody"),
        ),
    )


def _about(writer: Writer, slot: Slot, draft: Workflow) -> Node:
    def fields() -> tuple[Node, ...]:
        return (
            writer.field("name", tr("Name"), Words(value=draft.name), slot.set("name"), called=slot.renames),
            writer.field(
                "description", tr("Description"), Words(value=draft.description, is_long=True), slot.set("description")
            ),
            writer.told("size", tr("Size"), size_words(draft), hint=tr("As it would stand on the pool.")),
        )

    return writer.section("about", tr("Workflow"), Later(fields))  # its size takes long to tell


def size_words(draft: Workflow) -> str:
    """Return how much of what a pool holds the draft takes."""
    used = stored_size_bytes(draft)
    told = tr("{used} of {most}").format(used=size(used), most=size(STORED_LIMIT_BYTES))
    return told if used <= STORED_LIMIT_BYTES else tr("{told}: too large to be published").format(told=told)


def _networks(writer: Writer, draft: Workflow) -> Node:
    items = []
    for name in draft.networks:
        remove = _removal(tr("Remove network “{name}”").format(name=name), _without(remove_network, name))
        items.append(
            writer.item(
                f"network {draft.networks.index(name)}",
                tr("Network"),
                (),
                deeds=(remove,),
                words=name,
                path="networks",
                editor=Words(value=name),
                change=_renamed(name),
                label=_network_renamed(draft.networks.index(name)),
            )
        )
    add = writer.add(tr("Add a network"), lambda workflow, _: add_network(workflow, tr("network"))[0])
    return writer.listing("networks", tr("Logical networks"), items, (add,))


def _people(writer: Writer, draft: Workflow, keys: tuple[Option, ...]) -> Node:
    items = []
    for person in draft.people:
        slot, own = of_person(person.id), Writer(owner=steps.named(person.name))
        fields = (
            own.field(
                "name", tr("Name"), Words(value=person.name), slot.set("name"), path="people", called=slot.renames
            ),
            own.field(
                "subject",
                tr("Log-in name"),
                Words(value=person.subject, placeholder=tr("name@domain; empty: not asked")),
                slot.set("subject"),
                path="people",
            ),
            own.field(
                "fingerprints",
                tr("Keys"),
                Lines(value=person.fingerprints, placeholder=tr("fingerprints, one a line")),
                _typed_keys(slot),
                path="people",
                hint=tr(
                    "SHA-256 of the person's signing key. Their console shows it and saves it as a file under "
                    "Pool > Your key; Workflow > Take in a signing key pins the key of such a file."
                ),
            ),
        )
        remove = _removal(tr("Remove person “{name}”").format(name=person.name), _without(remove_person, person.id))
        told = count(len(person.fingerprints), tr("key")) if person.fingerprints else tr("no key")
        pinned = replace(fields[-1], deeds=(_add_key(person, slot, draft, keys),))
        shown = (*fields[:-1], pinned)
        items.append(writer.item(person.id, person.name, shown, deeds=(remove,), words=told, path="people"))

    def make(workflow: Workflow, _: object) -> Workflow:
        name = fresh_name(tr("New person"), [person.name for person in workflow.people])
        return add_person(workflow, name)[0]

    nobody = None if items else tr("none; their keys are taken in by Workflow > Take in a signing key")
    return writer.listing("people", tr("People"), items, (writer.add(tr("Add a person"), make),), words=nobody)


def _removal(label: str, change: Change) -> Deed:
    return Deed(kind=DeedKind.REMOVE, name=tr("Remove"), label=lambda _workflow, _value: label, change=change)


def _without(take_out: Callable[[Workflow, Any], Workflow], what: str) -> Change:
    return lambda workflow, _: take_out(workflow, what)


def _network_renamed(number: int) -> Label:
    return lambda before, wanted: steps.rename(before.networks[number], wanted)


def _renamed(name: str) -> Change:
    return lambda workflow, wanted: rename_network(workflow, name, wanted)


def _typed_keys(slot: Slot) -> Change:
    """Fingerprints are kept in one form, however they were typed or copied."""
    return lambda workflow, lines: slot.set("fingerprints")(workflow, tuple(map(typed_fingerprint, lines)))


def _add_key(person: Person, slot: Slot, draft: Workflow, keys: tuple[Option, ...]) -> Deed:
    """Return the deed that pins one of the keys known here which nobody has yet."""
    taken = {key for one in draft.people for key in one.fingerprints}
    free = tuple(option for option in keys if option.key not in taken)
    return Deed(
        kind=DeedKind.ADD,
        name=tr("Add a known key"),
        label=lambda _workflow, key: tr("Pin key {key} to {owner}").format(
            key=key[:16], owner=steps.named(person.name)
        ),
        change=slot.add("fingerprints", str),
        options=lambda: free,
    )


def _groups(writer: Writer, draft: Workflow) -> Node:
    items = []
    for group in draft.groups:
        slot, own = of_group(group.id), Writer(owner=tr("group “{name}”").format(name=group.name))
        members = [
            own.field(
                person.id,
                person.name,
                Flag(value=person.id in group.people),
                slot.member("people", person.id),
                path="groups",
            )
            for person in draft.people
        ]
        remove = _removal(tr("Remove group “{name}”").format(name=group.name), _without(remove_group, group.id))
        fields = (
            own.field(
                "name", tr("Name"), Words(value=group.name), slot.set("name"), path="groups", called=slot.renames
            ),
            writer.section("people", tr("People"), members, words="" if members else tr("The workflow has nobody yet")),
        )
        told = count(len(group.people), tr("person"), tr("people"))
        items.append(writer.item(group.id, group.name, fields, deeds=(remove,), words=told, path="groups"))
    add = writer.add(tr("Add a group"), lambda workflow, _: add_group(workflow, tr("group"))[0])
    return writer.listing("groups", tr("Groups"), items, (add,))
