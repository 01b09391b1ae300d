"""What XAPI said of machines that would move into another pool is part of what stands against that, before a drop."""

import msgspec
import pytest

from tests.engine.crossings import MOVE
from tests.engine.desks import virtually
from tests.engine.two_pools import Company
from xsconsole.domain.actions.travel import AskAcross, StreamAcross
from xsconsole.domain.inventory import VDI
from xsconsole.engine.plans.lands import Journey
from xsconsole.errors import NotPromotable, PoolFailed


def test_what_xapi_said_when_it_was_asked_ahead_is_told_before_anything_begins() -> None:
    async def story() -> None:
        company = await Company().begin(**MOVE)
        here, test = company.pair.here, company.test.pool
        disk = next(record for record in test.records.values() if isinstance(record, VDI))
        asked: list[Journey] = []

        def refusing(code: str, *parameters: str) -> None:
            def told(journey: Journey) -> PoolFailed:
                asked.append(journey)
                own = len(asked) == 1 or not parameters
                return PoolFailed(code=code if own else "VM_IS_IMMOBILE", parameters=parameters, method="")

            asked.clear()
            company.pair.told = told

        refusing("VDI_CBT_ENABLED", disk.ref)
        with pytest.raises(NotPromotable) as refused:
            here.engine.plan(here.promotion(company.shop, "production"))

        first = here.card(company.shop).members[0].name
        assert refused.value.reason == (
            f"XAPI does not let “{first}” go to pool “production pool”: A disk keeps track of its changes, and cannot "
            f"move so. It is disk “{disk.name_label}”. {len(asked) - 1} more cannot for other reasons."
        )
        assert refused.value.mend == "Switch that off at the disk first."
        assert here.engine.targets(company.shop)[-1].refusal is not None
        refusing("CANNOT_CONTACT_HOST", "10.0.0.7")
        plan = here.engine.plan(here.promotion(company.shop, "production"))
        assert any(isinstance(step.action, StreamAcross) for step in plan.steps), "it goes through this console"
        assert not any(isinstance(step.action, AskAcross) for step in plan.steps)

        for passing in ("TOO_MANY_STORAGE_MIGRATES", "OTHER_OPERATION_IN_PROGRESS"):
            refusing(passing)
            plan = here.engine.plan(here.promotion(company.shop, "production"))
            questions = [step.action for step in plan.steps if isinstance(step.action, AskAcross)]
            assert [journey.question for journey in asked] == questions

        for member in here.card(company.shop).members:
            test.put_vm(
                msgspec.structs.replace(
                    test.find(member.uuid), blocked_operations={"migrate_send": "xsconsole: Staging"}
                )
            )
        await here.caught_up()
        refusing("OPERATION_BLOCKED")
        assert here.engine.plan(here.promotion(company.shop, "production")).steps, (
            "the run lifts what this console blocks"
        )

    virtually(story)
