"""What a command that waited carries out in the end, though it would be another thing by now."""

from typing import Any

import pytest

from xsconsole.cli.line import Line
from xsconsole.domain.actions.travel import StreamAcross
from xsconsole.domain.ids import ConfigurationId, StageId, StepKey, Uuid
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind, Step
from xsconsole.errors import PlanIsStale

INTENT = Intent(
    kind=RunKind.PROMOTE,
    configuration=ConfigurationId("shop"),
    name="shop 1",
    service="shop",
    workflow="release",
    workflow_version=1,
    source=StageId("staging"),
    target=StageId("production"),
)
SENDING = Step(
    key=StepKey("send"),
    action=StreamAcross(vm=Uuid("vm"), sr=Uuid("sr")),
    subject="shop-1",
    after=(),
    estimate=Estimate(seconds=1.0),
)
MOVED, STREAMED = (Plan(intent=INTENT, steps=steps, leases=()) for steps in ((), (SENDING,)))


def test_a_script_that_waited_sends_no_stream_that_it_did_not_wait_for() -> None:
    console: Any = None
    line, other = Line(console), Line(console)

    line.agree(MOVED)
    with pytest.raises(PlanIsStale, match="would now go as a stream"):
        line.agree(STREAMED)
    other.agree(STREAMED)
    other.agree(MOVED)
    with pytest.raises(PlanIsStale):
        other.agree(STREAMED)
