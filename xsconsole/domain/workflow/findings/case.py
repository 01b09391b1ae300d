"""What every rule looks at: the draft, with the questions that rules ask of it answered once."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import networkx

from xsconsole.domain.ids import StageId, TransitionId, Uuid
from xsconsole.domain.workflow.edits import change_stage, change_transition
from xsconsole.domain.workflow.findings.ground import Ground, Occupant, Site
from xsconsole.domain.workflow.findings.values import Finding, Mend, Severity
from xsconsole.domain.workflow.names import way_words
from xsconsole.domain.workflow.values import Kind, Stage, Transition, Workflow


class Case:
    """A draft and the ground it stands on. Ends of transitions may be missing, and promotions may go round."""

    def __init__(self, workflow: Workflow, ground: Ground) -> None:
        self.workflow = workflow
        self.ground = ground
        self.stages = {stage.id: stage for stage in workflow.stages}
        self.ways = tuple(way for way in workflow.transitions if {way.source, way.target} <= self.stages.keys())
        self.sites = {uuid: Site(inventory) for uuid, inventory in ground.pools.items()}
        self.into: dict[StageId, list[Transition]] = defaultdict(list)
        self.out: dict[StageId, list[Transition]] = defaultdict(list)
        self.occupants: dict[StageId, list[Occupant]] = defaultdict(list)
        for way in self.ways:
            self.into[way.target].append(way)
            self.out[way.source].append(way)
        for occupant in ground.occupants:
            self.occupants[occupant.stage].append(occupant)
        self.promotions: networkx.DiGraph[StageId] = networkx.DiGraph()
        self.promotions.add_nodes_from(self.stages)
        self.promotions.add_edges_from((way.source, way.target) for way in self.ways if way.kind is Kind.PROMOTE)
        self.production = tuple(stage for stage in workflow.stages if stage.is_production)

    def of_kind(self, kind: Kind) -> Iterator[Transition]:
        return (way for way in self.ways if way.kind is kind)

    def before(self, stage: StageId) -> set[StageId]:
        """Return the stages from which promotions lead to it, at length."""
        return set(networkx.ancestors(self.promotions, stage))

    def after(self, stage: StageId) -> set[StageId]:
        return set(networkx.descendants(self.promotions, stage))

    def pool_of(self, stage: Stage) -> Uuid | None:
        return stage.binding.pool.uuid if stage.binding.pool else self.ground.home

    def is_same_pool(self, one: Stage, other: Stage) -> bool:
        """Return whether two stages are in one pool; where the home is not known, two without a pool are."""
        return self.pool_of(one) == self.pool_of(other)

    def site_of(self, stage: Stage) -> Site | None:
        pool = self.pool_of(stage)
        return self.sites.get(pool) if pool is not None else None

    def words(self, way: Transition) -> str:
        """Return a transition's name to begin a sentence with."""
        words = way_words(self.workflow, way)
        return words[0].upper() + words[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Makes the findings of one rule about one stage, one transition, or neither."""

    name: str
    stage: StageId | None = None
    transition: TransitionId | None = None

    def finding(self, severity: Severity, sentence: str, field: str = "", *mends: Mend) -> Finding:
        return Finding(
            rule=self.name,
            severity=severity,
            sentence=sentence,
            stage=self.stage,
            transition=self.transition,
            field=field,
            mends=mends,
        )

    def error(self, sentence: str, field: str = "", *mends: Mend) -> Finding:
        return self.finding(Severity.ERROR, sentence, field, *mends)

    def warning(self, sentence: str, field: str = "", *mends: Mend) -> Finding:
        return self.finding(Severity.WARNING, sentence, field, *mends)


def mend_stage(label: str, stage: StageId, change: Callable[[Stage], dict[str, Any]]) -> Mend:
    """Return a mend that changes fields of a stage, reckoned from what the stage is when it is applied."""

    def apply(workflow: Workflow) -> Workflow:
        found = workflow.stage(stage)
        return workflow if found is None else change_stage(workflow, stage, **change(found))

    return Mend(label=label, apply=apply)


def mend_way(label: str, way: TransitionId, change: Callable[[Transition], dict[str, Any]]) -> Mend:
    """Return a mend that changes fields of a transition, reckoned from what it is when it is applied."""

    def apply(workflow: Workflow) -> Workflow:
        found = workflow.transition_of(way)
        return workflow if found is None else change_transition(workflow, way, **change(found))

    return Mend(label=label, apply=apply)
