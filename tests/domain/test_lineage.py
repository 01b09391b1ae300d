"""Where a configuration comes from, in words."""

from datetime import UTC, datetime

import pytest

from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole.domain.lineage import descent
from xsconsole.domain.poolstate import Origin
from xsconsole.domain.workflow import Method, Workflow, default_workflow

KNOWN, FROZEN = default_workflow(), "frozen at 2026-11-27 14:02 UTC"
AT = datetime(2026, 11, 27, 14, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "frozen_at", "skew_s", "workflow", "sentence"),
    [
        (
            Method.LINKED_CLONE,
            None,
            None,
            default_workflow(),
            "Linked clone of shop 1 in Staging, whose machines were off.",
        ),
        (Method.FULL_COPY, AT, 0.0, None, "Full copy of shop 1 in staging, frozen at 2026-11-27 14:02 UTC within 1 s."),
        (
            Method.FULL_COPY,
            AT,
            2.5,
            default_workflow(),
            "Full copy of shop 1 in Staging, frozen at 2026-11-27 14:02 UTC within 3 s.",
        ),
    ],
)
def test_a_copy_says_of_what_it_is_one(
    method: Method, frozen_at: datetime | None, skew_s: float | None, workflow: Workflow | None, sentence: str
) -> None:
    origin = Origin(
        configuration=ConfigurationId("c"),
        name="shop 1",
        stage=StageId("staging"),
        revision=3,
        method=method.value,
        frozen_at=frozen_at,
        skew_s=skew_s,
    )

    assert descent(origin, workflow) == sentence
