"""A transition: everything that can be said of it."""

from collections.abc import Callable

import msgspec

from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Kind, Method, RestorePointRule, Stage, Transition, Workflow
from xsconsole.domain.workflow.wording import value_words
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.forms.after_forms import action_list, disk_list
from xsconsole_ui.workflow.forms.editors import Flag, Number, Option, Options, Span, Words, fixed
from xsconsole_ui.workflow.forms.gate_forms import gate_list
from xsconsole_ui.workflow.forms.node import Change, Node
from xsconsole_ui.workflow.forms.rule_forms import rule_list
from xsconsole_ui.workflow.forms.slots import Slot, of_stage, of_transition
from xsconsole_ui.workflow.forms.stage_form import network_field
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.forms.writer import Writer


def ends_words(way: Transition, draft: Workflow) -> str:
    """Return such as `Staging → Production`."""
    found = [draft.stage(end) for end in (way.source, way.target)]
    names = [one_line(stage.name) if stage is not None else "?" for stage in found]
    return " → ".join(names)


def kind_words(kind: Kind) -> str:
    return tr("promote") if kind is Kind.PROMOTE else tr("way back")


def transition_sections(
    way: Transition, draft: Workflow, around: Surroundings, now: Callable[[], Workflow]
) -> tuple[Node, ...]:
    """Return the sections of a transition's form. `now` gives the draft when a list of its stages is opened."""
    writer, slot = Writer(owner=steps.ends(draft, way), transition=way.id), of_transition(way.id)
    return (
        _method(writer, slot, way, draft, now),
        _restore_point(writer, slot, way),
        disk_list(writer, slot, way.disks, draft),
        gate_list(writer, slot, way.gates),
        _approvals(writer, slot, way, draft),
        action_list(writer, slot, way.afterwards, draft),
        _networks(writer, way, draft, around),
    )


def _stages(now: Callable[[], Workflow]) -> Options:
    return lambda: tuple(Option(key=stage.id, words=one_line(stage.name)) for stage in now().stages)


def stage_words(draft: Workflow, stage_id: StageId) -> str:
    stage = draft.stage(stage_id)
    return one_line(stage.name) if stage is not None else stage_id


def _method(writer: Writer, slot: Slot, way: Transition, draft: Workflow, now: Callable[[], Workflow]) -> Node:
    kinds = fixed((Kind.PROMOTE, kind_words(Kind.PROMOTE)), (Kind.DEMOTE, kind_words(Kind.DEMOTE)))
    methods = fixed(*((method, value_words("method", method, draft)) for method in Method))
    stages = _stages(now)
    return writer.section(
        "method",
        tr("Method"),
        (
            writer.choice(
                "kind",
                tr("Kind"),
                way.kind,
                kinds,
                lambda workflow, value: slot.set("kind")(workflow, Kind(value)),
                called=lambda before, kind: steps.turn(before, slot.get(before), Kind(kind)),
            ),
            writer.choice(
                "source",
                tr("From"),
                way.source,
                stages,
                slot.set("source"),
                words=stage_words(draft, way.source),
                called=lambda before, end: steps.lead(before, slot.get(before), end, slot.get(before).target),
            ),
            writer.choice(
                "target",
                tr("To"),
                way.target,
                stages,
                slot.set("target"),
                words=stage_words(draft, way.target),
                called=lambda before, end: steps.lead(before, slot.get(before), slot.get(before).source, end),
            ),
            writer.choice(
                "method",
                tr("How"),
                way.method,
                methods,
                lambda workflow, value: slot.set("method")(workflow, Method(value)),
                called=tr("method"),
            ),
            writer.field(
                "description", tr("Description"), Words(value=way.description, is_long=True), slot.set("description")
            ),
            writer.field("soak_s", tr("Soak"), Span(value=way.soak_s or None, none=tr("none")), _or_zero(slot)),
            writer.field(
                "replaces_data",
                tr("Replaces data"),
                Flag(value=way.replaces_data),
                slot.set("replaces_data"),
                hint=tr("Disks that travel may take the place of disks that hold data of the slot."),
            ),
            writer.field(
                "as_stream",
                tr("As a stream"),
                Flag(value=way.as_stream),
                slot.set("as_stream"),
                hint=tr(
                    "Machines that move into another pool go through the console, also where hosts reach each other: "
                    "off for all of it, and what arrives is compared with what was sent."
                ),
            ),
        ),
    )


def _or_zero(slot: Slot) -> Change:
    return lambda workflow, seconds: slot.set("soak_s")(workflow, seconds or 0)


def _restore_point(writer: Writer, slot: Slot, way: Transition) -> Node:
    def put(workflow: Workflow, is_taken: object) -> Workflow:
        before = slot.get(workflow).restore_point
        if bool(is_taken) == (before is not None):
            return workflow
        return slot.set("restore_point")(workflow, RestorePointRule() if is_taken else None)

    def keep(workflow: Workflow, kept_s: int | None) -> Workflow:
        return slot.set("restore_point")(workflow, changed(workflow, kept_s=kept_s))

    def limit(workflow: Workflow, most: int | None) -> Workflow:
        return slot.set("restore_point")(workflow, changed(workflow, most=most))

    def changed(workflow: Workflow, **fields: int | None) -> RestorePointRule:
        return msgspec.structs.replace(slot.get(workflow).restore_point or RestorePointRule(), **fields)

    point = way.restore_point
    of_point = writer.part(tr("restore point"))
    fields = [of_point.field("restore_point", tr("Taken first"), Flag(value=point is not None), put)]
    if point is not None:
        kept = Span(value=point.kept_s, none=tr("until removed"))
        called = tr("time to keep")
        fields.append(of_point.field("kept_s", tr("Kept for"), kept, keep, path="restore_point", called=called))
        most, called = Number(value=point.most, none=tr("any number"), least=1), tr("number to keep")
        hint = tr("Of a configuration, those of this way: an older one goes when a newer one is whole.")
        newest = of_point.field("most", tr("Newest kept"), most, limit, path="restore_point", called=called, hint=hint)
        fields.append(newest)
    return writer.section("restore", tr("Restore point"), fields, path="restore_point")


def _approvals(writer: Writer, slot: Slot, way: Transition, draft: Workflow) -> Node:
    span = Span(value=way.expiry_s, none=tr("never"))
    expiry = writer.field("expiry_s", tr("Expires"), span, slot.set("expiry_s"), called=tr("expiry"))
    rules = rule_list(writer, slot, "approvals", tr("Approvals (all rules)"), way.approvals, draft)
    return writer.listing(
        "approvals",
        rules.name,
        (*rules.children, expiry),
        rules.deeds,
        words="" if way.approvals else tr("none needed"),
    )


def _networks(writer: Writer, way: Transition, draft: Workflow, around: Surroundings) -> Node:
    source, target = draft.stage(way.source), draft.stage(way.target)
    rows = [
        _network(writer, logical, source, target, around)
        for logical in draft.networks
        if source is not None and target is not None
    ]
    told = "" if rows else tr("The workflow has no logical networks")
    return writer.section("networks", tr("Networks"), rows, path="networks", words=told)


def _network(writer: Writer, logical: str, source: Stage, target: Stage, around: Surroundings) -> Node:
    sides = [
        network_field(
            Writer(owner=steps.named(stage.name), transition=writer.transition),
            of_stage(stage.id),
            stage,
            logical,
            around,
            key=key,
            name=tr("in {stage}").format(stage=one_line(stage.name)),
        )
        for key, stage in (("source", source), ("target", target))
    ]
    told = f"{sides[0].words} → {sides[1].words}"
    return writer.item(logical, logical, sides, words=told, path="networks")
