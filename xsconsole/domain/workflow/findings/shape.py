"""Findings about the shape of the graph: what leads nowhere, and from where nobody comes back."""

import unicodedata
from collections.abc import Iterator
from itertools import chain

from xsconsole.domain.folding import shown
from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.text_form import STORED_LIMIT_BYTES
from xsconsole.domain.words import count
from xsconsole.domain.workflow.check import problems
from xsconsole.domain.workflow.edits import (
    change_stage,
    change_transition,
    connect,
    fresh_name,
    remove,
    why_not_connect,
)
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_stage
from xsconsole.domain.workflow.findings.values import Finding, Mend
from xsconsole.domain.workflow.names import name_of_id, stage_words
from xsconsole.domain.workflow.text import stored_size_bytes
from xsconsole.domain.workflow.values import Kind, Stage, Transition

NEARLY_FULL = 0.8


def of_shape(case: Case) -> Iterator[Finding]:
    yield from chain(
        _contradictions(case),
        _size(case),
        _production(case),
        _unreachable(case),
        _no_way_to_production(case),
        _missing_ways_back(case),
        _dead_ways_back(case),
        _names(case),
        _homeless(case),
    )


def _contradictions(case: Case) -> Iterator[Finding]:
    """Yield what `check` would refuse: an imported text can hold it, an edited draft cannot."""
    for problem in problems(case.workflow):
        rule = Rule(name="contradiction", stage=problem.stage, transition=problem.transition)
        mends: list[Mend] = []
        if problem.transition is not None and problem.field == "kind":
            mends.append(_turn_back(problem.transition))
        elif problem.transition is not None and problem.field in {"source", "target"}:
            mends.append(_remove_way("Remove this transition", problem.transition))
        yield rule.error(f"{problem.reason} {problem.mend}", problem.field, *mends)


def _turn_back(way: TransitionId) -> Mend:
    return Mend(label="Make it a way back", apply=lambda workflow: change_transition(workflow, way, kind=Kind.DEMOTE))


def _remove_way(label: str, way: TransitionId) -> Mend:
    return Mend(label=label, apply=lambda workflow: remove(workflow, (), [way]))


def _size(case: Case) -> Iterator[Finding]:
    try:
        size = stored_size_bytes(case.workflow)
    except ValueError:  # text or numbers that JSON cannot hold, which `check` names
        return
    words = f"The workflow takes {size} bytes on the pool; {STORED_LIMIT_BYTES} are the most."
    if size > STORED_LIMIT_BYTES:
        yield Rule(name="size").error(f"{words} Shorten descriptions or remove stages.")
    elif size > STORED_LIMIT_BYTES * NEARLY_FULL:
        yield Rule(name="size").warning(words)


def _production(case: Case) -> Iterator[Finding]:
    if case.production or not case.stages:
        return
    last = next((stage for stage in reversed(case.workflow.stages) if _is_end(case, stage)), None)
    mends: list[Mend] = []
    if last is not None:
        mends.append(mend_stage(f"Make {shown(last.name)} production", last.id, lambda _: {"is_production": True}))
    yield Rule(name="no-production").warning("No stage is production.", "is_production", *mends)


def _is_end(case: Case, stage: Stage) -> bool:
    return bool(case.promotions.in_degree(stage.id)) and not case.promotions.out_degree(stage.id)


def _unreachable(case: Case) -> Iterator[Finding]:
    for stage in case.workflow.stages:
        if case.promotions.degree(stage.id) or len(case.stages) == 1:
            continue
        rule = Rule(name="unreachable", stage=stage.id)
        standing = case.occupants[stage.id]
        if case.into[stage.id]:
            # Elsewhere it is said that nothing leads from there to production, and that the ways back are dead ends.
            if stage.is_production or not case.production:
                yield rule.warning(f"Only ways back lead to {shown(stage.name)}: nothing is promoted there.")
        elif standing:
            yield rule.error(
                f"No transition leads to {shown(stage.name)}, and no promotion leads on; "
                f"{count(len(standing), 'configuration')} there could not be promoted."
            )
        else:
            yield rule.warning(f"No transition leads to {shown(stage.name)}.", "", *_removed(case, stage.id))


def _removed(case: Case, stage: StageId) -> Iterator[Mend]:
    """Yield the mend that removes a stage, unless another is left to which only its way back has led."""
    led = {way.target for way in case.out[stage] if way.target in case.stages}
    if all(case.promotions.degree(to) or any(way.source != stage for way in case.into[to]) for to in led):
        yield Mend(label="Remove this stage", apply=lambda workflow: remove(workflow, [stage]))


def _no_way_to_production(case: Case) -> Iterator[Finding]:
    if not case.production:
        return
    leading = set().union(*({stage.id} | case.before(stage.id) for stage in case.production))
    behind = set().union(*(case.after(stage.id) for stage in case.production))
    for stage in case.workflow.stages:
        is_used = case.into[stage.id] or case.out[stage.id]
        if stage.id in leading | behind or not is_used:
            continue
        yield Rule(name="no-way-to-production", stage=stage.id).warning(
            f"No chain of promotions leads from {shown(stage.name)} to production."
        )
    if case.promotions.number_of_edges() and not any(case.promotions.in_degree(stage.id) for stage in case.production):
        stage = case.production[0]
        yield Rule(name="no-way-to-production", stage=stage.id).error(
            f"No promotion leads to production ({shown(stage.name)}). Connect the stage before it."
        )


def _missing_ways_back(case: Case) -> Iterator[Finding]:
    for stage in case.workflow.stages:
        promoting = [way for way in case.into[stage.id] if way.kind is Kind.PROMOTE]
        if not promoting or any(way.kind is Kind.DEMOTE for way in case.out[stage.id]):
            continue
        source = promoting[0].source
        yield Rule(name="no-way-back", stage=stage.id).warning(
            f"Nothing leads back from {shown(stage.name)}: what goes wrong there cannot be demoted.",
            "",
            *_way_back(case, stage.id, source),
        )


def _way_back(case: Case, source: StageId, target: StageId) -> Iterator[Mend]:
    """Yield the mend that adds a way back, where there can be one."""
    if why_not_connect(case.workflow, source, target, Kind.DEMOTE) is None:
        yield Mend(
            label=f"Add a way back to {stage_words(case.workflow, target)}",
            apply=lambda workflow: connect(workflow, source, target, Kind.DEMOTE)[0],
        )


def _dead_ways_back(case: Case) -> Iterator[Finding]:
    for way in case.of_kind(Kind.DEMOTE):
        rule = Rule(name="dead-way-back", transition=way.id)
        source, target = case.stages[way.source], case.stages[way.target]
        behind = case.after(way.target)
        if target.id in case.after(way.source):
            yield rule.warning(
                f"{case.words(way)} leads forward: promotions lead from {shown(source.name)} to {shown(target.name)}.",
                "kind",
                *_as_promotion(case, way),
            )
        elif source.id not in behind and not case.promotions.out_degree(target.id):
            yield rule.warning(
                f"{case.words(way)} is a dead end: no promotion leads on from {shown(target.name)}.", "target"
            )
        elif not any(each.kind is Kind.PROMOTE for each in case.into[source.id]) and not case.occupants[source.id]:
            yield rule.warning(
                f"{case.words(way)} is never taken: no promotion leads to {shown(source.name)}.",
                "source",
                _remove_way("Remove this way back", way.id),
            )


def _as_promotion(case: Case, way: Transition) -> Iterator[Mend]:
    if why_not_connect(case.workflow, way.source, way.target, Kind.PROMOTE, instead_of=way.id) is None:
        yield Mend(
            label="Make it a promotion",
            apply=lambda workflow: change_transition(workflow, way.id, kind=Kind.PROMOTE),
        )


def _names(case: Case) -> Iterator[Finding]:
    ids = {stage.id.casefold(): stage for stage in case.workflow.stages}
    looks: dict[str, Stage] = {}
    taken = [stage.name for stage in case.workflow.stages] + list(ids)
    for stage in case.workflow.stages:
        rule = Rule(name="name-clash", stage=stage.id)
        look = confusable(stage.name)
        other = looks.setdefault(look, stage)
        if other is not stage:
            yield rule.warning(
                f"{shown(stage.name)} looks like the name of another stage, {shown(other.name)}.",
                "name",
                _rename(stage, _other_name(stage, taken)),
            )
        called = ids.get(stage.name.casefold())
        if called is not None and called is not stage:
            yield rule.warning(
                f"{shown(stage.name)} is also the id of the stage {shown(called.name)}: a command could mean either.",
                "name",
                _rename(stage, _other_name(stage, taken)),
            )
        tidy = " ".join(stage.name.split())
        if tidy != stage.name and tidy:
            yield Rule(name="untidy-name", stage=stage.id).warning(
                f"The name “{shown(stage.name)}” has blanks that cannot be seen.",
                "name",
                _rename(stage, fresh_name(tidy[:90], [name for name in taken if name != stage.name])),
            )
    yield from _other_names(case)


def _other_names(case: Case) -> Iterator[Finding]:
    for field, names in (
        ("groups", [group.name for group in case.workflow.groups]),
        ("networks", list(case.workflow.networks)),
    ):
        looks: dict[str, str] = {}
        for name in names:
            look = confusable(name)
            if look in looks:
                yield Rule(name="name-clash").warning(
                    f"Two {field} have names that look alike: {shown(looks[look])} and {shown(name)}.", field
                )
            looks[look] = name


def confusable(name: str) -> str:
    """Return what two names have in common that people take for one another."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _other_name(stage: Stage, taken: list[str]) -> str:
    return fresh_name(" ".join(f"{stage.name[:90]} 2".split()), taken)


def _rename(stage: Stage, name: str) -> Mend:
    return Mend(label=f"Call it {shown(name)}", apply=lambda workflow: change_stage(workflow, stage.id, name=name))


def _homeless(case: Case) -> Iterator[Finding]:
    lost = [occupant for occupant in case.ground.occupants if occupant.stage not in case.stages]
    for stage in dict.fromkeys(occupant.stage for occupant in lost):
        number = sum(occupant.stage == stage for occupant in lost)
        name = case.ground.names.get(stage) or name_of_id(stage)
        yield Rule(name="homeless").warning(
            f"{count(number, 'configuration')} {'stands' if number == 1 else 'stand'} in “{shown(name)}”, which this "
            f"version does not have: publishing asks where {'it belongs' if number == 1 else 'they belong'}.",
            "stages",
        )
