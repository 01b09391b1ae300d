"""What the questions of a designer cost, for a large draft, and how large the templates are.

    python benchmarks/workflow.py [STAGES] [TRANSITIONS]

Times are of the processor, the median of some runs; an edit should cost less than a frame of 16 ms, arranging less
than a second. Crossings are those of the straight lines between the stages of each template once it is arranged.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable

from xsconsole.domain.ids import StageId, TransitionId, WorkflowId
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow, check, from_json, stored_size_bytes, to_json
from xsconsole.domain.workflow.arrange import arrange, crossings
from xsconsole.domain.workflow.difference import diff
from xsconsole.domain.workflow.edits import change_stage, change_transition, place_stages
from xsconsole.domain.workflow.findings import findings
from xsconsole.domain.workflow.rebase import rebase
from xsconsole.domain.workflow.templates import templates

ROUNDS = 9


def large(stages: int, transitions: int) -> Workflow:
    """Return a draft whose promotions lead up to a dozen stages ahead, each fifth with a way back instead."""
    chance = random.Random(4)
    ends: dict[tuple[int, int], None] = {(at, at + 1): None for at in range(stages - 1)}
    while len(ends) < transitions:
        start = chance.randrange(stages - 1)
        ends[start, min(stages - 1, start + chance.randint(1, 12))] = None
    return Workflow(
        id=WorkflowId("large"),
        name="Large",
        version=1,
        stages=tuple(
            Stage(id=StageId(f"stage-{at}"), name=f"Stage {at}", colour="#1f8a4c", description="What it is for.")
            for at in range(stages)
        ),
        transitions=tuple(
            Transition(
                id=TransitionId(f"{a}-{b}"),
                source=StageId(f"stage-{b if at % 5 == 4 else a}"),
                target=StageId(f"stage-{a if at % 5 == 4 else b}"),
                kind=Kind.DEMOTE if at % 5 == 4 else Kind.PROMOTE,
            )
            for at, (a, b) in enumerate(ends)
        ),
    )


def cost_ms(act: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        act()
        times.append(time.process_time() - start)
    return statistics.median(times) * 1000


def main() -> None:
    stages, transitions = (int(sys.argv[at]) if len(sys.argv) > at else usual for at, usual in ((1, 100), (2, 200)))
    draft = large(stages, transitions)
    other = draft
    for at in range(0, stages, 3):
        other = change_stage(other, StageId(f"stage-{at}"), name=f"Renamed {at}", description="Changed.")
    mine = change_transition(draft, draft.transitions[0].id, soak_s=60)
    text = to_json(draft)
    print(f"{stages} stages, {transitions} transitions, milliseconds of the processor:")
    for name, act in (
        ("arrange", lambda: arrange(draft)),
        ("findings", lambda: findings(draft)),
        ("difference", lambda: diff(draft, other)),
        ("rebase", lambda: rebase(draft, mine, other)),
        ("check", lambda: check(draft)),
        ("read", lambda: from_json(text)),
        ("write", lambda: to_json(draft)),
        ("digest", lambda: draft.digest),
        ("one edit of a stage", lambda: change_stage(draft, StageId("stage-7"), description="Other")),
        ("one edit of a transition", lambda: change_transition(draft, draft.transitions[7].id, soak_s=9)),
    ):
        print(f"  {name:26} {cost_ms(act):8.2f}")
    print(f"  stored on the pool         {stored_size_bytes(draft):8} bytes")
    for template in templates():
        arranged = place_stages(template.workflow, arrange(template.workflow))
        print(f"{template.name}: {stored_size_bytes(template.workflow)} bytes stored, {crossings(arranged)} crossings")


if __name__ == "__main__":
    main()
