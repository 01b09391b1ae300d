"""What a new version of the workflow means to each configuration that stands in a stage or is on its way."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import WriteMember
from xsconsole.domain.poolstate import STAGE_FIELD_KEY, MemberValue, decode
from xsconsole.domain.publication.effects import Effect, EffectKind
from xsconsole.domain.publication.values import pool_of
from xsconsole.domain.stays import stay_of
from xsconsole.domain.words import count
from xsconsole.domain.workflow import Stage, Workflow
from xsconsole.domain.workflow.values import LeaseEnd
from xsconsole.engine.plans.stage_names import StageNames
from xsconsole.engine.plans.steps import own_blocks, protection_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """The configurations of one pool."""

    pool: Uuid
    board: Board
    inventory: Inventory

    @property
    def cards(self) -> list[Card]:
        return sorted(self.board.cards.values(), key=lambda card: (natural(card.name), card.id))


def stages_to_map(flights: Sequence[Flight], workflow: Workflow, home: Uuid) -> dict[StageId, tuple[Uuid, ...]]:
    """Return the stages that hold configurations, or will hold them when a run ends, and are no more on their pool.

    With each, the pools on which those configurations are.
    """
    found: dict[StageId, set[Uuid]] = defaultdict(set)
    for flight in flights:
        for card in flight.cards:
            for stage in _stages_of(card):
                if not _stands(workflow.stage(stage), flight.pool, home):
                    found[stage].add(flight.pool)
    return {stage: tuple(sorted(found[stage])) for stage in sorted(found)}


def effects_of(
    flights: Sequence[Flight],
    workflow: Workflow,
    home: Uuid,
    mapping: Mapping[StageId, StageId],
    choices: Mapping[StageId, tuple[StageId, ...]],
    renewed: Collection[StageId],
    names: StageNames,
    at: datetime,
    asked: Collection[tuple[Uuid, ConfigurationId]] = (),
) -> tuple[Effect, ...]:
    """Return what becomes of each configuration, pool by pool and by name.

    `asked` are those of which a request goes on: writing them anew would end it.
    """
    found = [
        _with_its_time(
            _effect(
                card, flight, workflow, home, mapping, choices, renewed, names, is_asked=(flight.pool, card.id) in asked
            ),
            card,
            flight.board.workflow,
            workflow,
            at,
        )
        for flight in flights
        for card in flight.cards
    ]
    return tuple(_within_limits(found, flights, workflow, names))


def _stages_of(card: Card) -> list[StageId]:
    """Return where a configuration stands, or may stand when its run has ended forward or back."""
    if card.run is None:
        return [card.stage]
    plan = card.run.record.plan
    ends = (plan.intent.source, plan.intent.target) if card.id == plan.intent.configuration else (card.stage,)
    machines = {member.uuid for member in card.members}
    written = (
        value.stage
        for step in plan.steps
        if isinstance(step.action, WriteMember) and step.action.vm in machines
        for text in (step.action.original, step.action.value)
        if (value := decode(text, MemberValue)) is not None
    )
    return [stage for stage in dict.fromkeys((*ends, *written)) if stage is not None]


def _stands(stage: Stage | None, pool: Uuid, home: Uuid) -> bool:
    return stage is not None and pool_of(stage, home) == pool


def _effect(
    card: Card,
    flight: Flight,
    workflow: Workflow,
    home: Uuid,
    mapping: Mapping[StageId, StageId],
    choices: Mapping[StageId, tuple[StageId, ...]],
    renewed: Collection[StageId],
    names: StageNames,
    *,
    is_asked: bool,
) -> Effect:
    name = shortened(card.name, 60)

    must_follow = card.run is not None and any(
        not _stands(workflow.stage(stage), flight.pool, home) for stage in _stages_of(card)
    )

    def effect(kind: EffectKind, target: StageId | None, sentence: str) -> Effect:
        return Effect(
            configuration=card.id,
            name=card.name,
            pool=flight.pool,
            kind=kind,
            source=card.stage,
            target=target,
            sentence=f"{name} {sentence}",
            revision=card.revision,
            must_follow=must_follow,
        )

    for stage_id in _stages_of(card):
        if _stands(workflow.stage(stage_id), flight.pool, home):
            continue
        reason = _unmapped(card, stage_id, workflow, mapping, choices, names)
        if reason:
            return effect(EffectKind.BLOCKED, None, reason)
    if card.run is not None:
        version = card.run.record.plan.intent.workflow_version
        if card.standing is Standing.INTERRUPTED:
            return effect(EffectKind.RUNS, None, "was interrupted: settle that run, and only then it goes along.")
        return effect(
            EffectKind.RUNS,
            None,
            f"is being changed; that ends as version {version} says, and only then it follows the new one.",
        )
    stage = workflow.stage(card.stage)
    if stage is None or not _stands(stage, flight.pool, home):
        target = workflow.stage(mapping[card.stage])
        assert target is not None
        if card.standing not in (Standing.WHOLE, Standing.INCOMPLETE):
            return effect(EffectKind.BLOCKED, None, f"is {card.standing.value}: make it whole first.")
        return effect(
            EffectKind.MAPPED, target.id, f"goes from {names.quoted(card.stage)} to {names.quoted(target.id)}."
        )
    can_be_written = card.standing in (Standing.WHOLE, Standing.INCOMPLETE)
    if stage.id in renewed and can_be_written and _is_marked_otherwise(card, stage, workflow, flight):
        if is_asked:
            sentence = f"stays in {names.quoted(stage.id)} and keeps its marks until what is asked for it has ended."
            return effect(EffectKind.STAYS, stage.id, sentence)
        return effect(EffectKind.REWRITTEN, stage.id, f"stays in {names.quoted(stage.id)} and gets its new marks.")
    return effect(EffectKind.STAYS, stage.id, f"stays in {names.quoted(stage.id)}.")


def _with_its_time(effect: Effect, card: Card, standing: Workflow | None, workflow: Workflow, at: datetime) -> Effect:
    """Say of what stays that its time there is over as soon as the new version stands, where it was not before."""
    before, stay = stay_of(card, standing), stay_of(card, workflow)
    if effect.kind not in (EffectKind.STAYS, EffectKind.REWRITTEN) or stay is None or not stay.is_over(at):
        return effect
    if before is not None and before.is_over(at) and before.at_end is stay.at_end:
        return effect
    wanted = {LeaseEnd.STOP: "its machines are shut down", LeaseEnd.ARCHIVE: "it is shut down and archived"}
    told = f"Its time there is over then: {wanted.get(stay.at_end, 'everybody is told')}, unless somebody extends it."
    return replace(effect, sentence=f"{effect.sentence} {told}", is_over=True)


def _unmapped(
    card: Card,
    stage: StageId,
    workflow: Workflow,
    mapping: Mapping[StageId, StageId],
    choices: Mapping[StageId, tuple[StageId, ...]],
    names: StageNames,
) -> str:
    """Return why what stands in a stage that goes has nowhere to go; empty where it has."""
    target = mapping.get(stage)
    old = names.quoted(stage)
    what = "changes its pool" if workflow.stage(stage) is not None else "is gone"
    if target is None:
        there = "stands in" if card.run is None else "is on its way from or to"
        return f"{there} {old}, which {what}, and no stage is named where it goes instead."
    if target in choices.get(stage, ()):
        return ""
    if workflow.stage(target) is None:
        return f"cannot go from {old} to {names.quoted(target)}: the workflow has no such stage."
    return (
        f"cannot go from {old} to {names.quoted(target)}: that is on another pool, "
        "or it would be a promotion without what a promotion demands."
    )


def _is_marked_otherwise(card: Card, stage: Stage, workflow: Workflow, flight: Flight) -> bool:
    """Whether a member of an earlier version carries another name or protection than the stage now has."""
    for member in card.members:
        vm = flight.inventory.get(VM, member.ref)
        if vm is None or member.value.workflow_version >= workflow.version:
            continue
        if vm.other_config.get(STAGE_FIELD_KEY, "") != stage.name or _blocks_otherwise(vm, stage):
            return True
    return False


def _blocks_otherwise(vm: VM, stage: Stage) -> bool:
    wanted = protection_of(stage)
    ours = own_blocks(vm)
    # What somebody else blocked already is not written over.
    return (
        any(operation not in wanted for operation in ours)
        or any(
            ours.get(operation) != reason
            for operation, reason in wanted.items()
            if operation not in vm.blocked_operations
        )
        or any(ours[operation] != wanted[operation] for operation in ours if operation in wanted)
    )


def _within_limits(
    effects: Iterable[Effect], flights: Sequence[Flight], workflow: Workflow, names: StageNames
) -> list[Effect]:
    """Block what is mapped to a stage that would then hold more than it takes."""
    cards = {(flight.pool, card.id): card for flight in flights for card in flight.cards}
    kept = list(effects)
    placed: dict[StageId, list[Effect]] = defaultdict(list)
    for effect in kept:
        if effect.target is not None:
            placed[effect.target].append(effect)
        elif effect.kind is EffectKind.RUNS:  # wherever it ends
            for stage_id in _stages_of(cards[effect.pool, effect.configuration]):
                placed[stage_id].append(effect)
    for number, effect in enumerate(kept):
        stage = workflow.stage(effect.target) if effect.target is not None else None
        if effect.kind is not EffectKind.MAPPED or stage is None:
            continue
        service = cards[effect.pool, effect.configuration].service
        together = placed[stage.id]
        same = [one for one in together if cards[one.pool, one.configuration].service == service]
        limits = stage.limits
        for most, there in ((limits.per_service, len(same)), (limits.configurations, len(together))):
            if most is not None and there > most:
                takes = f"which takes {count(most, 'configuration')}; {there} would be there."
                reason = f"cannot go to {names.quoted(stage.id)}, {takes}"
                kept[number] = replace(
                    effect, kind=EffectKind.BLOCKED, target=None, sentence=f"{shortened(effect.name, 60)} {reason}"
                )
    return kept
