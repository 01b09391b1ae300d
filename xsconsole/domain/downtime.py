"""What a plan means for who uses the machines: for how long nothing serves them, or that nothing does afterwards."""

from xsconsole.domain.actions.copies import StartAgain
from xsconsole.domain.actions.power import ShutDown, Start
from xsconsole.domain.actions.service import Resume, Suspend, SwitchOff
from xsconsole.domain.board import Card, Member
from xsconsole.domain.ids import Uuid
from xsconsole.domain.plan import Plan
from xsconsole.domain.words import count, duration

NONE = "no downtime"


def downtime_words(plan: Plan, card: Card | None) -> str:
    """Return such as `downtime about 30 s`, or `NONE`; empty where nothing runs that could stand still.

    `card` is what the plan is about, as it stands now; None where it is not known.
    """
    off = staying_off(plan, card) if card is not None else ()
    if card is not None and off:
        number = "all machines" if len(off) == len(card.members) > 1 else count(len(off), "machine")
        return f"{number} {'stay' if number.endswith('s') else 'stays'} off afterwards"
    if plan.downtime_s >= 1:
        return f"downtime about {duration(plan.downtime_s)}"
    return "" if card is not None and not card.is_up else NONE


def staying_off(plan: Plan, card: Card) -> tuple[Member, ...]:
    """Return the members that run now, and that the plan stops and does not start again."""
    is_off: dict[Uuid, bool] = {}
    for step in plan.steps:
        match step.action:
            case ShutDown(vm=vm) | SwitchOff(vm=vm) | Suspend(vm=vm):
                is_off[vm] = True
            case Start(vm=vm) | StartAgain(vm=vm) | Resume(vm=vm):
                is_off[vm] = False
    return tuple(member for member in card.members if is_off.get(member.uuid, False))
