"""Ids as planned and ids that were given: exchanged wherever they stand, but where a plan tells of what was before."""

from dataclasses import replace
from itertools import islice

import msgspec

from tests.domain.fence.test_live import STANDING
from xsconsole.domain.actions.copies import WriteCopyRoster
from xsconsole.domain.fence.standing import fence_stem, standing_text
from xsconsole.domain.given_ids import carried, given_to, made_by
from xsconsole.domain.ids import ConfigurationId, StageId, StepKey, WorkflowId
from xsconsole.domain.plan import Intent, Plan, RunKind, Step
from xsconsole.domain.poolstate import Origin, configuration_thing, decode, encode
from xsconsole.engine.fences.drawn import macs_for

PLANNED, FRESH = ConfigurationId("p-0001"), ConfigurationId("f-0001")
INTENT = Intent(
    kind=RunKind.REPLICATE,
    configuration=ConfigurationId("shop"),
    name="shop 1",
    service="shop",
    workflow=WorkflowId("release"),
    workflow_version=1,
    makes=PLANNED,
)


def test_what_was_before_keeps_its_id_though_it_is_the_one_as_planned() -> None:
    before = Origin(configuration=PLANNED, name="old", stage=StageId("lab"), revision=1, method="linked-clone")
    origin = msgspec.structs.replace(before, configuration=INTENT.configuration, before=(before,))
    action = WriteCopyRoster(configuration=PLANNED, roles={StepKey("1-copy"): "web"}, origin=encode(origin))
    leases = (configuration_thing(PLANNED), configuration_thing(INTENT.configuration))
    step = Step(key=StepKey("2-roster"), action=action, subject=f"of {PLANNED}")
    plan = Plan(intent=INTENT, steps=(step,), leases=leases)

    there = carried(plan, given_to(INTENT, lambda: FRESH))

    (written,) = (one.action for one in there.steps)
    assert isinstance(written, WriteCopyRoster)
    assert (written.configuration, there.intent.makes, there.steps[0].subject) == (FRESH, FRESH, f"of {FRESH}")
    assert decode(written.origin, Origin) == origin
    assert there.leases == leases
    assert carried(plan, {}) is plan


def test_only_what_is_not_there_before_a_run_is_made_by_it() -> None:
    def made(kind: RunKind, **fields: object) -> tuple[ConfigurationId, ...]:
        return made_by(msgspec.structs.replace(INTENT, kind=kind, **{"makes": None, **fields}))

    shop, beside = INTENT.configuration, ConfigurationId("beside")
    assert made(RunKind.PROMOTE, makes=PLANNED) == (PLANNED,)
    assert made(RunKind.PROVISION, beside=(beside,)) == (shop, beside)
    assert [made(kind) for kind in (RunKind.CREATE, RunKind.RETURN, RunKind.REPLICATE)] == [(shop,)] * 3
    others = {kind: made(kind, beside=(beside,)) for kind in (RunKind.REROUTE, RunKind.REFRESH, RunKind.REDEPLOY)}
    assert set(others.values()) == {()}
    assert {made(kind) for kind in (RunKind.PROVE, RunKind.IMPORT, RunKind.PROMOTE, RunKind.ADOPT)} == {()}


def test_a_fence_gets_no_mac_address_of_one_that_was_planned_by_the_same_id() -> None:
    first, second = islice(iter(macs_for(PLANNED, {}), None), 2)
    segment = replace(STANDING.fence.segments[0], mac=first)
    standing = replace(STANDING, fence=replace(STANDING.fence, segments=(segment,)))

    mac = macs_for(PLANNED, {f"{fence_stem(standing.configuration)}.1": standing_text(standing)})

    assert mac() == second
