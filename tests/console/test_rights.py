"""What a role may not do is said by the verb that was asked for."""

from xsconsole.console.rights import denial_of, rights_of, verb_of
from xsconsole.console.values import Verb
from xsconsole.domain.ids import BlueprintId, ConfigurationId, StageId
from xsconsole.engine.commands import (
    AllowDifference,
    Direction,
    Dissolve,
    ForbidDifference,
    Newcomer,
    Promote,
    Provision,
    Refresh,
    Replicate,
    Settle,
    StopTheLine,
)

SHOP, LAB = ConfigurationId("shop"), StageId("lab")
MADE = Newcomer(configuration=SHOP, name="shop 1", service="shop", version="1", members=())
ASKED = (
    (Promote(configuration=SHOP, revision=1, target=LAB), Verb.MOVE),
    (Replicate(configuration=SHOP, revision=1, target=LAB), Verb.COPY),
    (Refresh(configuration=SHOP, revision=1), Verb.COPY),
    (
        Provision(blueprint=BlueprintId("b"), blueprint_name="b", blueprint_version=1, newcomers=(MADE,), target=LAB),
        Verb.PROVISION,
    ),
    (AllowDifference(part="vm", field="order", service="shop"), Verb.ALLOW),
    (ForbidDifference(id="a"), Verb.ALLOW),
    (StopTheLine(), Verb.CLOSE),
    (Settle(configuration=SHOP, direction=Direction.UNDO), Verb.SETTLE),
    (Dissolve(configuration=SHOP, revision=1), Verb.CHANGE),
)


def test_a_refusal_names_what_was_asked_for_and_who_may() -> None:
    for command, verb in ASKED:
        denial = denial_of(rights_of("vm-power-admin"), "vm-power-admin", verb_of(command))
        assert denial is not None
        assert denial.reason == f"The role vm-power-admin may not {verb.value}."
        assert denial_of(rights_of("pool-operator"), "pool-operator", verb_of(command)) is None
