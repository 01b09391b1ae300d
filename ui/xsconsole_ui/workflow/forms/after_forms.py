"""What happens after a promotion, and what happens to disks on the way."""

from typing import assert_never

from xsconsole.domain.workflow import ApprovalRule, DiskRule, DiskTreatment, Workflow
from xsconsole.domain.workflow.afterwards import Action, ArchiveIncumbent, DemoteIncumbent, Hold, Review, Tell
from xsconsole.domain.workflow.wording import action_words, value_words
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.forms.editors import Options, Span, Words, fixed
from xsconsole_ui.workflow.forms.node import Change, Node
from xsconsole_ui.workflow.forms.rule_forms import rule_fields
from xsconsole_ui.workflow.forms.slots import Slot
from xsconsole_ui.workflow.forms.writer import Writer, words_of
from xsconsole_ui.workflow.steps import Label


def action_list(writer: Writer, slot: Slot, actions: tuple[Action, ...], draft: Workflow) -> Node:
    items = [
        writer.item(
            str(number),
            action_name(action),
            _fields(writer.part(steps.named(action_name(action))), slot.at("afterwards", number), action, draft),
            deeds=writer.in_rows(slot, "afterwards", number, len(actions), steps.named(action_name(action))),
            words=action_words(action, draft),
            path="afterwards",
        )
        for number, action in enumerate(actions)
    ]
    add = writer.add(tr("Add an action…"), slot.add("afterwards", _made), _kinds())
    return writer.listing("afterwards", tr("Afterwards"), items, (add,))


def _made(kind: str) -> Action:
    match kind:
        case "demote-incumbent":
            return DemoteIncumbent()
        case "archive-incumbent":
            return ArchiveIncumbent()
        case "tell":
            return Tell(url="")
        case "hold":
            return Hold()
        case _:
            return Review(rule=ApprovalRule(count=1))


def _kinds() -> Options:
    kinds = ("demote-incumbent", "archive-incumbent", "tell", "review", "hold")
    return fixed(*((kind, action_name(_made(kind))) for kind in kinds))


def action_name(action: Action) -> str:
    match action:
        case DemoteIncumbent():
            return tr("Send the incumbent back")
        case ArchiveIncumbent():
            return tr("Archive the incumbent")
        case Tell():
            return tr("Tell a web address")
        case Review():
            return tr("Review afterwards")
        case Hold():
            return tr("Hold it")
        case _:
            assert_never(action)


def _fields(writer: Writer, slot: Slot, action: Action, draft: Workflow) -> tuple[Node, ...]:
    match action:
        case Tell():
            address = Words(value=action.url, placeholder="https://host/path")
            return (writer.field("url", tr("Address"), address, slot.set("url"), path="afterwards"),)
        case Review():
            span = Span(value=action.within_s)
            within = writer.field(
                "within_s", tr("Within"), span, slot.set("within_s"), path="afterwards", called=tr("time")
            )
            return (within, *rule_fields(writer, slot.part("rule"), action.rule, draft, "afterwards"))
        case _:
            return ()


def disk_list(writer: Writer, slot: Slot, disks: tuple[DiskRule, ...], draft: Workflow) -> Node:
    items = [
        writer.item(
            str(number),
            rule.role,
            (
                writer.field(
                    "role",
                    tr("Role"),
                    Words(value=rule.role),
                    slot.at("disks", number).set("role"),
                    path="disks",
                    called=_renames(slot.at("disks", number)),
                ),
                writer.part(_role_named(rule)).choice(
                    "treatment",
                    tr("On the way"),
                    rule.treatment,
                    _treatments(draft),
                    _set_treatment(slot.at("disks", number)),
                    path="disks",
                    called=tr("way"),
                ),
            ),
            deeds=writer.in_rows(slot, "disks", number, len(disks), _role_named(rule)),
            words=words_of(_treatments(draft)(), rule.treatment),
            path="disks",
        )
        for number, rule in enumerate(disks)
    ]
    taken = {rule.role for rule in disks}
    free = next(role for role in ("data", *(f"data {number}" for number in range(2, 1000))) if role not in taken)
    make = DiskRule(role=free, treatment=DiskTreatment.STAYS)
    add = writer.add(tr("Add a disk role"), slot.add("disks", lambda _: make))
    hint = tr("Disks of a role that is not named here travel.")
    return writer.listing(
        "disks", tr("Disk roles"), items, (add,), hint=hint, words=None if items else tr("all travel")
    )


def _role_named(rule: DiskRule) -> str:
    return tr("disk role “{role}”").format(role=rule.role)


def _renames(slot: Slot) -> Label:
    return lambda before, role: steps.rename(slot.get(before).role, role)


def _set_treatment(slot: Slot) -> Change:
    return lambda workflow, value: slot.set("treatment")(workflow, DiskTreatment(value))


def _treatments(draft: Workflow) -> Options:
    return fixed(*((treatment, value_words("treatment", treatment, draft)) for treatment in DiskTreatment))
