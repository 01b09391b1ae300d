"""Approval rules: how many, who counts, and what is done where they stand in a list."""

from xsconsole.domain.ids import GroupId
from xsconsole.domain.words import count
from xsconsole.domain.workflow import ApprovalRule, Group, Person, Workflow
from xsconsole.domain.workflow.wording import rule_words
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms.editors import Flag, Number
from xsconsole_ui.workflow.forms.node import Node
from xsconsole_ui.workflow.forms.slots import Slot
from xsconsole_ui.workflow.forms.writer import Writer


def rule_list(
    writer: Writer, slot: Slot, key: str, name: str, rules: tuple[ApprovalRule, ...], draft: Workflow
) -> Node:
    """Return the rules of a tuple field, all of which must be satisfied."""
    items = [
        writer.item(
            str(number),
            tr("Rule {number}").format(number=number + 1),
            rule_fields(writer.part(_rule_named(number)), slot.at(key, number), rule, draft, key),
            deeds=writer.in_rows(slot, key, number, len(rules), _rule_named(number)),
            words=rule_words(rule, draft),
            path=key,
        )
        for number, rule in enumerate(rules)
    ]
    add = writer.add(tr("Add a rule"), slot.add(key, lambda _: ApprovalRule(count=1)))
    return writer.listing(key, name, items, (add,), path=key)


def group_list(
    writer: Writer, slot: Slot, key: str, name: str, chosen: tuple[GroupId, ...], draft: Workflow, nobody: str
) -> Node:
    """Return the groups of a tuple field, each to be ticked; `nobody` says what none of them means."""
    names = {group.id: group.name for group in draft.groups}
    names |= {group: lost(group) for group in chosen if group not in names}
    flags = [
        writer.field(group, called, Flag(value=group in chosen), slot.member(key, group), path=key)
        for group, called in names.items()
    ]
    return writer.listing(key, name, flags, words=", ".join(names[group] for group in chosen) or nobody)


def _rule_named(number: int) -> str:
    return tr("rule {number}").format(number=number + 1)


def rule_fields(writer: Writer, slot: Slot, rule: ApprovalRule, draft: Workflow, path: str) -> tuple[Node, ...]:
    groups = [
        writer.field(
            group.id,
            group.name,
            Flag(value=group.id in rule.groups),
            slot.member("groups", group.id),
            path=path,
            hint=count(len(group.people), tr("person"), tr("people")),
        )
        for group in (*draft.groups, *_lost_groups(rule, draft))
    ]
    people = [
        writer.field(
            person.id, person.name, Flag(value=person.id in rule.people), slot.member("people", person.id), path=path
        )
        for person in (*draft.people, *_lost_people(rule, draft))
    ]
    return (
        writer.field(
            "count",
            tr("How many"),
            Number(value=rule.count, least=1),
            slot.set("count"),
            path=path,
            called=tr("number of approvals"),
        ),
        writer.field(
            "excludes_author",
            tr("Without the author"),
            Flag(value=rule.excludes_author),
            slot.set("excludes_author"),
            path=path,
            hint=tr("Who changed the configuration last does not count. Who requested never does."),
        ),
        writer.section("groups", tr("Groups"), groups, words="" if groups else tr("The workflow has none yet")),
        writer.section("people", tr("People"), people, words="" if people else tr("The workflow has nobody yet")),
    )


def _lost_groups(rule: ApprovalRule, draft: Workflow) -> tuple[Group, ...]:
    known = {group.id for group in draft.groups}
    return tuple(Group(id=found, name=lost(found)) for found in rule.groups if found not in known)


def _lost_people(rule: ApprovalRule, draft: Workflow) -> tuple[Person, ...]:
    known = {person.id for person in draft.people}
    return tuple(Person(id=found, name=lost(found)) for found in rule.people if found not in known)


def lost(found: str) -> str:
    return tr("gone: {name}").format(name=found)
