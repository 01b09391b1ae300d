"""Whether what stands is what was approved: manifest against manifest, each difference named that no rule allows."""

from collections.abc import Iterator

from xsconsole.domain.gates.judging import Answer, Scene
from xsconsole.domain.ids import TransitionId
from xsconsole.domain.manifest import (
    LEFT_BEHIND,
    USUAL,
    Allowance,
    FieldChange,
    Manifest,
    Part,
    PartChange,
    Verdict,
    difference,
    judge,
    manifest_of_card,
)
from xsconsole.domain.manifest.words import label, place, sides
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Intent
from xsconsole.domain.words import count
from xsconsole.domain.workflow import DiskTreatment, Method, Workflow

MOST_NAMED = 6
APPROVED_MEND = "Make it again what was approved; or plan anew, and have approved or confirm what stands now."
OF_MOVES = tuple(allowance for allowance in USUAL if allowance.id == "placement")
"""What a move may change by itself: where the machines would rather run, and on what kind of storage."""

OF_COPIES = (*USUAL, *LEFT_BEHIND)


def judge_approved(approved: Manifest, scene: Scene, intent: Intent) -> Answer:
    """Return what differs between what was approved and what stands now.

    After a copying what stands is the new configuration. Disks that do not travel are those of the place, or empty:
    of them nothing was approved.
    """
    allowances: tuple[Allowance, ...] = OF_MOVES if intent.method is Method.MOVE else OF_COPIES
    now = manifest_of_card(scene.card, scene.inventory, scene.board.workflow)
    apart = set(_not_travelling(approved, scene.board.workflow, intent.transition))
    changes = [
        change
        for change in difference(approved, now)
        if change.part is not Part.DISK or (change.role, change.device) not in apart
    ]
    drift = [judged.change for judged in judge(changes, allowances) if judged.verdict is Verdict.DRIFT]
    name = shortened(scene.card.name, 60)
    if drift:
        told = "; ".join(shortened(_told(change), 140) for change in drift[:MOST_NAMED])
        if len(drift) > MOST_NAMED:
            told += f"; and {len(drift) - MOST_NAMED} more"
        differ = "differs" if len(drift) == 1 else "differ"
        sentence = f"{count(len(drift), 'field')} of {name} {differ} from what was approved: {told}."
        return Answer(is_met=False, sentence=sentence, mend=APPROVED_MEND)
    return Answer(
        is_met=True, sentence=f"{name} equals what was approved but for what the rules allow. Disk contents: unknown."
    )


def _told(change: FieldChange | PartChange) -> str:
    before, after = sides(change)
    return f"{place(change)}: {label(change)} was {before}, is {after}"


def _not_travelling(
    approved: Manifest, workflow: Workflow | None, transition: TransitionId | None
) -> Iterator[tuple[str, str]]:
    way = workflow.transition_of(transition) if workflow is not None and transition is not None else None
    staying = {rule.role for rule in way.disks if rule.treatment is not DiskTreatment.TRAVELS} if way else set()
    for member in approved.members:
        for disk in member.disks:
            if disk.role in staying:
                yield member.role, disk.device
