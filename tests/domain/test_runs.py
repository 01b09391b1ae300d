"""How far a run is, and how long it is likely to go on."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from tests.engine.test_missing import PLAN
from xsconsole.cli.progress import progress_words
from xsconsole.domain.ids import RunId, StepKey
from xsconsole.domain.plan import Estimate
from xsconsole.domain.runs import RunState, RunStatus, left_s, undo_left_s


def test_what_is_left_is_the_longest_chain_of_what_its_steps_have_left() -> None:
    first, second, third = (
        msgspec.structs.replace(step, estimate=Estimate(seconds=seconds), after=after)
        for step, seconds, after in zip(PLAN.steps, (60, 120, 90), ((), (), ("1-aside",)), strict=True)
    )
    plan = msgspec.structs.replace(PLAN, steps=(first, second, third))
    status = RunStatus(
        run=RunId("r"),
        plan=plan,
        digest=plan.digest,
        state=RunState.RUNNING,
        started_at=datetime(2026, 11, 28, tzinfo=UTC),
    )

    assert left_s(plan, (), {}) == 150
    assert left_s(plan, (), {first.key: 0.5}) == 120
    assert left_s(plan, (first.key, third.key), {second.key: 0.75}) == 30
    assert left_s(plan, (first.key, second.key, third.key), {}) == 0

    going = replace(status, settled=(first.key,), current=(third.key,), going={third.key: 0.5}, progress=0.4)
    assert going.left_s == 120
    assert progress_words(going) == "40%, about 2 min left: Start web-01"
    back = replace(going, state=RunState.UNDOING, current=(StepKey("1-aside"),))
    assert back.left_s == 3, "a snapshot is soon destroyed"
    assert undo_left_s(plan, (first.key, third.key)) == 93, "what was started is shut down first"
    assert undo_left_s(plan, ()) == 0
    wide = [msgspec.structs.replace(first, key=StepKey(f"{number}-alone"), after=()) for number in range(10)]
    alone = msgspec.structs.replace(PLAN, steps=tuple(wide))
    assert alone.duration_s == 180, "only four of them run at once"
    assert undo_left_s(alone, [step.key for step in wide]) == 9, "nor do more go back at once"
    assert progress_words(back) == "40% putting back, about 3 s left: Destroy the snapshot of web-01"
