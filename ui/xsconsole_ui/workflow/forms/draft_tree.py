"""The whole draft as one tree, made anew only where something changed."""

from functools import partial

from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow
from xsconsole.domain.workflow.edits import add_stage, connect, fresh_name, order_stages, remove, why_not_connect
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.forms.editors import Option, Words
from xsconsole_ui.workflow.forms.node import Deed, DeedKind, Node, Shape
from xsconsole_ui.workflow.forms.slots import of_stage, of_workflow
from xsconsole_ui.workflow.forms.stage_form import stage_sections, stage_writer
from xsconsole_ui.workflow.forms.surroundings import Surroundings
from xsconsole_ui.workflow.forms.transition_form import ends_words, kind_words, transition_sections
from xsconsole_ui.workflow.forms.workflow_form import workflow_sections

BACK = "back "  # before the id of a stage: the target of a way back


class DraftTree:
    """Keeps the nodes of stages and transitions for as long as nothing that they show has changed."""

    def __init__(self) -> None:
        self._stages: dict[StageId, tuple[object, Node]] = {}
        self._ways: dict[TransitionId, tuple[object, Node]] = {}
        self._rest: tuple[object, tuple[Node, ...]] | None = None
        self._shared: tuple[object, object] = ((), object())

    def of(self, draft: Workflow, around: Surroundings) -> Node:
        """Return the tree of a draft. What did not change is the very same node as before."""
        names = tuple((stage.id, stage.name, stage.binding) for stage in draft.stages)
        shared = (names, draft.networks, draft.people, draft.groups, around)
        if shared != self._shared[0]:
            self._shared = (shared, object())
        token = self._shared[1]
        ways = {way.id: self._way(way, draft, around, token) for way in draft.transitions}
        stages = [self._stage(stage, draft, around, ways, token) for stage in draft.stages]
        self._stages = {stage.id: self._stages[stage.id] for stage in draft.stages}
        self._ways = {way.id: self._ways[way.id] for way in draft.transitions}
        if self._rest is None or self._rest[0] != draft:
            self._rest = (draft, workflow_sections(draft))
        about, *others = self._rest[1]
        listed = Node(
            key="stages",
            name=tr("Stages"),
            shape=Shape.LIST,
            words=tr("none") if not stages else count(len(stages), tr("stage")),
            path="stages",
            deeds=(_add_stage(),),
            children=tuple(stages),
        )
        return Node(
            key="workflow",
            name=one_line(draft.name) or tr("Workflow"),
            shape=Shape.WORKFLOW,
            words=count(len(draft.stages), tr("stage")),
            editor=Words(value=draft.name),
            change=of_workflow().set("name"),
            label=tr("Rename the workflow"),
            children=(about, listed, *others),
        )

    def _way(self, way: Transition, draft: Workflow, around: Surroundings, token: object) -> Node:
        known = self._ways.get(way.id)
        if known is not None and known[0] == (way, token):
            return known[1]
        named = ends_words(way, draft)
        back = kind_words(way.kind)
        made = Node(
            key=way.id,
            name=named,
            shape=Shape.TRANSITION,
            words=back,
            transition=way.id,
            deeds=(
                Deed(
                    kind=DeedKind.REMOVE,
                    name=tr("Remove"),
                    label=tr("Remove “{ends}”").format(ends=named),
                    change=lambda workflow, _: remove(workflow, transitions=(way.id,)),
                ),
            ),
            children=transition_sections(way, draft, around),
        )
        self._ways[way.id] = ((way, token), made)
        return made

    def _stage(
        self, stage: Stage, draft: Workflow, around: Surroundings, ways: dict[TransitionId, Node], token: object
    ) -> Node:
        out = tuple(ways[way.id] for way in draft.transitions if way.source == stage.id)
        into = tuple(way for way in draft.transitions if way.target == stage.id)
        at = next(number for number, found in enumerate(draft.stages) if found.id == stage.id)
        # The ends of all ways decide what can still be connected.
        state = (stage, token, tuple(map(id, out)), into, at, _ends(draft))
        known = self._stages.get(stage.id)
        if known is not None and known[0] == state:
            return known[1]
        made = _stage_node(stage, draft, stage_sections(stage, draft, around), out, into)
        self._stages[stage.id] = (state, made)
        return made


def _ends(draft: Workflow) -> tuple[tuple[StageId, StageId, Kind], ...]:
    return tuple((way.source, way.target, way.kind) for way in draft.transitions)


def _stage_node(
    stage: Stage, draft: Workflow, sections: tuple[Node, ...], out: tuple[Node, ...], into: tuple[Transition, ...]
) -> Node:
    writer = stage_writer(stage)
    links = [
        Node(
            key=way.id,
            name=ends_words(way, draft),
            shape=Shape.LINK,
            words=kind_words(way.kind),
            stage=stage.id,
            transition=way.id,
        )
        for way in into
    ]
    connecting = Deed(
        kind=DeedKind.ADD,
        name=tr("Connect to…"),
        label=tr("Connect {name}").format(name=writer.owner),
        change=partial(_connect, stage.id),
        options=partial(_targets, stage.id, draft),
    )
    return Node(
        key=stage.id,
        name=one_line(stage.name),
        shape=Shape.STAGE,
        words=tr("production") if stage.is_production else "",
        stage=stage.id,
        editor=Words(value=stage.name),
        change=of_stage(stage.id).set("name"),
        label=tr("Rename {name}").format(name=writer.owner),
        deeds=_stage_deeds(stage, draft, writer.owner),
        children=(
            *sections,
            writer.listing("out", tr("Ways out"), out, (connecting,), path="out"),
            writer.listing("into", tr("Ways in"), links, path="into"),
        ),
    )


def _stage_deeds(stage: Stage, draft: Workflow, owner: str) -> tuple[Deed, ...]:
    order = [found.id for found in draft.stages]
    at = order.index(stage.id)
    deeds = [
        Deed(
            kind=DeedKind.REMOVE,
            name=tr("Remove"),
            label=tr("Remove {name}").format(name=owner),
            change=lambda workflow, _: remove(workflow, stages=(stage.id,)),
        )
    ]
    moved = tr("Move {name} in the list").format(name=owner)
    for kind, by, name in ((DeedKind.UP, -1, tr("Move up")), (DeedKind.DOWN, 1, tr("Move down"))):
        if 0 <= at + by < len(order):
            deeds.append(Deed(kind=kind, name=name, label=moved, change=partial(_move, stage.id, by)))
    return tuple(deeds)


def _move(stage: StageId, by: int, workflow: Workflow, _: object) -> Workflow:
    order = [found.id for found in workflow.stages]
    at = order.index(stage)
    to = min(len(order) - 1, max(0, at + by))
    order[at], order[to] = order[to], order[at]
    return order_stages(workflow, order)


def _add_stage() -> Deed:
    def change(workflow: Workflow, _: object) -> Workflow:
        return add_stage(workflow, fresh_name(tr("New stage"), [stage.name for stage in workflow.stages]))[0]

    return Deed(kind=DeedKind.ADD, name=tr("Add a stage"), label=tr("Add a stage"), change=change)


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
    is_back = str(key).startswith(BACK)
    target = StageId(str(key).removeprefix(BACK))
    return connect(workflow, source, target, Kind.DEMOTE if is_back else Kind.PROMOTE)[0]
