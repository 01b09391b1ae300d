"""Findings about stages that demand a fence: who can come in, who can go on, and what contradicts it."""

from collections.abc import Iterator

from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.folding import shown
from xsconsole.domain.workflow.afterwards import ArchiveIncumbent, DemoteIncumbent
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_stage, mend_way
from xsconsole.domain.workflow.findings.values import Finding
from xsconsole.domain.workflow.values import EntryAction, Method, Stage, Transition


def of_fences(case: Case) -> Iterator[Finding]:
    for stage in case.workflow.stages:
        if stage.fence is not None:
            yield from _of_stage(stage, stage.fence)
            for way in case.into[stage.id]:
                yield from _into(case, way, stage, stage.fence)
            for way in case.out[stage.id]:
                yield from _out(case, way, stage)


def _of_stage(stage: Stage, mode: FenceMode) -> Iterator[Finding]:
    name = shown(stage.name)
    if stage.is_production and mode is not FenceMode.IN_AND_OUT:
        yield Rule(name="fenced-production", stage=stage.id).warning(
            f"{name} is production, and nobody reaches what stands there: the fence that it demands is "
            f"{mode_words(mode)}.",
            "fence",
            mend_stage("Demand no fence", stage.id, lambda _: {"fence": None}),
        )
    if stage.entry is EntryAction.STOP:
        yield Rule(name="fenced-stop", stage=stage.id).warning(
            f"{name} shuts machines down on entry, but copies in a fence start: it is proved by what runs.",
            "entry",
            mend_stage("Leave their power as it is", stage.id, lambda _: {"entry": EntryAction.LEAVE}),
        )


def _into(case: Case, way: Transition, stage: Stage, mode: FenceMode) -> Iterator[Finding]:
    source, name = case.stages[way.source], shown(stage.name)
    if not case.is_same_pool(source, stage):
        yield Rule(name="fence-abroad", transition=way.id).error(
            f"{case.words(way)} leads into another pool, and {name} demands a fence, which stands in the pool of its "
            "original: nothing can come along it.",
            "target",
            mend_stage(f"Let {name} demand no fence", stage.id, lambda _: {"fence": None}),
        )
    elif way.method is Method.MOVE and not (source.fence is not None and source.fence.satisfies(mode)):
        yield Rule(name="fence-lacking", transition=way.id).warning(
            f"{case.words(way)} moves machines, and {name} demands a fence: only what stands in such a one already "
            "can come along it.",
            "method",
            mend_way("Make linked clones, in a fence", way.id, lambda _: {"method": Method.LINKED_CLONE}),
            mend_stage(f"Let {shown(source.name)} demand it too", source.id, lambda _: {"fence": mode}),
        )
    if any(isinstance(action, (DemoteIncumbent, ArchiveIncumbent)) for action in way.afterwards):
        yield Rule(name="fence-incumbent", transition=way.id).error(
            f"{case.words(way)} takes the place of somebody, and {name} demands a fence, of which each has its own: "
            "there is no place to be taken over.",
            "afterwards",
            mend_way(
                "Leave who is there",
                way.id,
                lambda found: {
                    "afterwards": tuple(
                        one for one in found.afterwards if not isinstance(one, (DemoteIncumbent, ArchiveIncumbent))
                    )
                },
            ),
        )


def _out(case: Case, way: Transition, stage: Stage) -> Iterator[Finding]:
    name = shown(stage.name)
    if way.method is not Method.MOVE:
        yield Rule(name="fence-copied", transition=way.id).warning(
            f"{case.words(way)} makes copies, and nothing is copied out of a fence, which {name} demands.",
            "method",
            mend_way("Move the machines", way.id, lambda _: {"method": Method.MOVE}),
        )
