"""The whole draft as one tree, made anew only where something changed."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from operator import attrgetter

from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow
from xsconsole.domain.workflow.edits import add_stage, connect, order_stages, remove, why_not_connect
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow import steps
from xsconsole_ui.workflow.forms.editors import Option, Words
from xsconsole_ui.workflow.forms.node import Deed, DeedKind, Later, Node, Shape
from xsconsole_ui.workflow.forms.slots import of_stage, of_workflow
from xsconsole_ui.workflow.forms.stage_form import stage_sections, stage_writer
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.forms.transition_form import ends_words, kind_words, stage_words, transition_sections
from xsconsole_ui.workflow.forms.workflow_form import workflow_sections
from xsconsole_ui.workflow.forms.writer import Writer

BACK = "back "  # before the id of a stage: the target of a way back


class DraftTree:
    """Keeps the nodes of stages and transitions for as long as nothing that they show has changed.

    Lists of stages to choose from are read when they are opened, from the draft as it is then.
    """

    def __init__(self) -> None:
        self._draft: Workflow | None = None
        self._root: tuple[Workflow, Surroundings, Node] | None = None
        self._stages: dict[StageId, tuple[object, Node]] = {}
        self._ways: dict[TransitionId, tuple[object, Node]] = {}
        self._rest: tuple[object, tuple[Node, ...]] | None = None

    def of(self, draft: Workflow, around: Surroundings) -> Node:
        """Return the tree of a draft. What did not change is the very same node as before."""
        self._draft = draft
        if self._root is None or draft is not self._root[0] or around != self._root[1]:
            self._root = (draft, around, self._whole(draft, around))
            self._stages = {stage.id: self._stages[stage.id] for stage in draft.stages}
            self._ways = {way.id: self._ways[way.id] for way in draft.transitions}
        return self._root[2]

    def stage(self, draft: Workflow, around: Surroundings, stage_id: StageId) -> Node | None:
        """Return the node of one stage, without making all the others."""
        self._draft = draft
        stage = draft.stage(stage_id)
        out, into = (
            tuple(self._way(way, draft, around) for way in draft.transitions if end(way) == stage_id)
            for end in (attrgetter("source"), attrgetter("target"))
        )
        return self._stage(stage, draft, around, out, into) if stage is not None else None

    def way(self, draft: Workflow, around: Surroundings, way_id: TransitionId) -> Node | None:
        """Return the node of one transition, without making all the others."""
        self._draft = draft
        way = draft.transition_of(way_id)
        return self._way(way, draft, around) if way is not None else None

    def workflow(self, draft: Workflow, around: Surroundings) -> tuple[Node, ...]:
        """Return the sections of the workflow itself."""
        self._draft = draft
        if self._rest is None or self._rest[0] != (draft, around.keys):
            self._rest = ((draft, around.keys), workflow_sections(draft, around.keys))
        return self._rest[1]

    def _now(self) -> Workflow:
        assert self._draft is not None
        return self._draft

    def _whole(self, draft: Workflow, around: Surroundings) -> Node:
        out, into = defaultdict(list), defaultdict(list)
        for way in draft.transitions:
            node = self._way(way, draft, around)
            out[way.source].append(node)
            into[way.target].append(node)
        stages = tuple(
            self._stage(stage, draft, around, tuple(out[stage.id]), tuple(into[stage.id])) for stage in draft.stages
        )
        about, *others = self.workflow(draft, around)
        listed = Node(
            key="stages",
            name=tr("Stages"),
            shape=Shape.LIST,
            words=tr("none") if not stages else count(len(stages), tr("stage")),
            path="stages",
            deeds=(_add_stage(),),
            children=stages,
        )
        return Node(
            key="workflow",
            name=one_line(draft.name) or tr("Workflow"),
            shape=Shape.WORKFLOW,
            words=count(len(draft.stages), tr("stage")),
            editor=Words(value=draft.name),
            change=of_workflow().set("name"),
            label=of_workflow().renames,
            children=(about, listed, *others),
        )

    def _way(self, way: Transition, draft: Workflow, around: Surroundings) -> Node:
        beside = (_seen(draft.stage(way.source)), _seen(draft.stage(way.target)), _shared(draft, around))
        known = self._ways.get(way.id)
        if known is not None and known[0] == (way, beside):
            return known[1]
        made = Node(
            key=way.id,
            name=ends_words(way, draft),
            short=f"→ {stage_words(draft, way.target)}",
            shape=Shape.TRANSITION,
            words=kind_words(way.kind),
            transition=way.id,
            deeds=(
                Deed(
                    kind=DeedKind.REMOVE,
                    name=tr("Remove"),
                    label=lambda before, _: steps.delete(steps.ends(before, before.transition_of(way.id))),
                    change=lambda workflow, _: remove(workflow, transitions=(way.id,)),
                ),
            ),
            children=Later(lambda: transition_sections(way, draft, around, self._now)),
        )
        self._ways[way.id] = ((way, beside), made)
        return made

    def _stage(
        self,
        stage: Stage,
        draft: Workflow,
        around: Surroundings,
        out: tuple[Node, ...],
        into: tuple[Node, ...],
    ) -> Node:
        end = f" {one_line(stage.name)}"
        links = tuple(
            Node(
                key=node.key,
                name=node.name,
                short=node.name.removesuffix(end),
                shape=Shape.LINK,
                words=node.words,
                stage=stage.id,
                transition=node.transition,
            )
            for node in into
        )
        place = (draft.stages[0] is stage, draft.stages[-1] is stage)
        state = (stage, place, _shared(draft, around), tuple(map(id, out)), links)
        known = self._stages.get(stage.id)
        if known is not None and known[0] == state:
            return known[1]
        made = _stage_node(stage, draft, around, out, links, self._now, place)
        self._stages[stage.id] = (state, made)
        return made


def _shared(draft: Workflow, around: Surroundings) -> tuple[object, ...]:
    """Return what every stage and every transition shows of the workflow and of the pools."""
    return (draft.networks, draft.people, draft.groups, around)


def _seen(stage: Stage | None) -> tuple[object, ...]:
    """Return what of a stage is seen at the transitions that end there."""
    return (stage.name, stage.binding) if stage is not None else ()


def _stage_node(
    stage: Stage,
    draft: Workflow,
    around: Surroundings,
    out: tuple[Node, ...],
    into: tuple[Node, ...],
    now: Callable[[], Workflow],
    place: tuple[bool, bool],  # whether it is the first, the last of all
) -> Node:
    writer = stage_writer(stage)
    return Node(
        key=stage.id,
        name=one_line(stage.name),
        shape=Shape.STAGE,
        words=tr("production") if stage.is_production else "",
        stage=stage.id,
        editor=Words(value=stage.name),
        change=of_stage(stage.id).set("name"),
        label=of_stage(stage.id).renames,
        deeds=_stage_deeds(stage, writer.owner, is_first=place[0], is_last=place[1]),
        children=Later(lambda: (*stage_sections(stage, draft, around), *_ways(writer, stage.id, out, into, now))),
    )


def _ways(
    writer: Writer,
    stage: StageId,
    out: tuple[Node, ...],
    into: tuple[Node, ...],
    now: Callable[[], Workflow],
) -> tuple[Node, Node]:
    connecting = Deed(
        kind=DeedKind.ADD,
        name=tr("Connect to…"),
        label=lambda before, key: steps.draw(before, stage, *_target(key)),
        change=partial(_connect, stage),
        options=lambda: _targets(stage, now()),
    )
    return (
        writer.listing("out", tr("Ways out"), out, (connecting,), path="out"),
        writer.listing("into", tr("Ways in"), into, path="into"),
    )


def _stage_deeds(stage: Stage, owner: str, *, is_first: bool, is_last: bool) -> tuple[Deed, ...]:
    deeds = [
        Deed(
            kind=DeedKind.REMOVE,
            name=tr("Remove"),
            label=lambda _workflow, _value: steps.delete(owner),
            change=lambda workflow, _: remove(workflow, stages=(stage.id,)),
        )
    ]
    if not is_first:
        deeds.append(_moving(DeedKind.UP, tr("Move up"), tr("Move {name} up in the list"), owner, stage.id))
    if not is_last:
        deeds.append(_moving(DeedKind.DOWN, tr("Move down"), tr("Move {name} down in the list"), owner, stage.id))
    return tuple(deeds)


def _moving(kind: DeedKind, name: str, label: str, owner: str, stage: StageId) -> Deed:
    by = 1 if kind is DeedKind.DOWN else -1
    told = label.format(name=owner)
    return Deed(kind=kind, name=name, label=lambda _workflow, _value: told, change=partial(_move, stage, by))


def _move(stage: StageId, by: int, workflow: Workflow, _: object) -> Workflow:
    order = [found.id for found in workflow.stages]
    at = order.index(stage)
    to = min(len(order) - 1, max(0, at + by))
    order[at], order[to] = order[to], order[at]
    return order_stages(workflow, order)


def _add_stage() -> Deed:
    def change(workflow: Workflow, _: object) -> Workflow:
        return add_stage(workflow, steps.new_name(workflow))[0]

    def label(before: Workflow, _: object) -> str:
        return steps.add(steps.new_name(before))

    return Deed(kind=DeedKind.ADD, name=tr("Add a stage"), label=label, change=change)


def _targets(source: StageId, draft: Workflow) -> tuple[Option, ...]:
    """Return where a new way from a stage may lead: promotions first, then ways back."""
    found = []
    for kind, prefix in ((Kind.PROMOTE, ""), (Kind.DEMOTE, BACK)):
        for stage in draft.stages:
            if why_not_connect(draft, source, stage.id, kind) is None:
                words = one_line(stage.name)
                told = words if kind is Kind.PROMOTE else tr("{name} (way back)").format(name=words)
                found.append(Option(key=f"{prefix}{stage.id}", words=told))
    return tuple(found)


def _connect(source: StageId, workflow: Workflow, key: object) -> Workflow:
    return connect(workflow, source, *_target(key))[0]


def _target(key: object) -> tuple[StageId, Kind]:
    is_back = str(key).startswith(BACK)
    return StageId(str(key).removeprefix(BACK)), Kind.DEMOTE if is_back else Kind.PROMOTE
