"""Words for the steps that bring a machine into another pool, from host to host or through this console."""

from typing import assert_never

from xsconsole.domain.actions.travel import (
    AskAcross,
    JoinCompany,
    KeepOff,
    LiftProtection,
    MoveAcross,
    NoteCompany,
    RetireSource,
    SettleArrived,
    StreamAcross,
    TravelAction,
)


def doing_travel(action: TravelAction, subject: str) -> str:
    """Return what an action does to `subject`, such as `Move shop-web-1 with its disks to the other pool`."""
    match action:
        case AskAcross():
            return f"Ask both pools whether {subject} can move"
        case MoveAcross():
            return f"Move {subject} with its disks and snapshots to the other pool"
        case LiftProtection():
            return f"Lift the protection of {subject} for the move"
        case JoinCompany():
            return f"Let {subject} belong to the vApp and the schedule of the same names"
        case NoteCompany():
            return f"Note of which vApp and schedule {subject} is"
        case KeepOff():
            return f"Mark {subject} as a stand-by that nobody starts"
        case StreamAcross():
            return f"Send {subject} with its disks to the other pool, through this console"
        case SettleArrived():
            return f"Put {subject} on its networks, and compare it with what was sent"
        case RetireSource(vms=vms):
            return f"Destroy the stand-by of {subject} ({len(vms)}) in the pool that it left: there is no way back"
    assert_never(action)


def undoing_travel(action: TravelAction, subject: str) -> str:
    """Return what undoing an action does, such as `Move shop-web-1 back from the other pool`."""
    match action:
        case MoveAcross(is_one_way=True):
            return f"Leave {subject} in the other pool, from which nothing comes back"
        case MoveAcross():
            return f"Move {subject} back from the other pool"
        case LiftProtection():
            return f"Protect {subject} again"
        case JoinCompany():
            return f"Note again of which vApp and schedule {subject} is"
        case NoteCompany():
            return f"Let {subject} belong to its vApp and schedule again"
        case KeepOff():
            return f"Let {subject} be started again"
        case StreamAcross():
            return f"Destroy what arrived of {subject} with its disks"
        case RetireSource():
            return f"Make sure that the machines of {subject} are still there"
        case AskAcross() | SettleArrived():
            return f"Nothing to undo at {subject}"
    assert_never(action)
