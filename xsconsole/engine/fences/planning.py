"""From a command about a fence to a plan, and what a configuration in a fence cannot be asked for."""

from datetime import datetime
from typing import assert_never

from xsconsole.domain.board import Board
from xsconsole.domain.fence.standing import StandingFence, fence_on, inside_words
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.plan import Plan, RunKind
from xsconsole.engine.commands import (
    AddMembers,
    ArchiveInPool,
    Capture,
    ChangePower,
    Delete,
    Dissolve,
    OfFence,
    Plannable,
    Refresh,
    Relocate,
    RemoveMembers,
    Replicate,
)
from xsconsole.engine.fence_commands import Connect, Deploy, Publish, Redeploy, Undeploy
from xsconsole.engine.fences.deploying import plan_deploy
from xsconsole.engine.fences.drawn import keys_of
from xsconsole.engine.fences.rerouting import plan_reroute
from xsconsole.engine.fences.starting import demand_tight, demand_together
from xsconsole.engine.fences.undeploying import plan_redeploy, plan_undeploy
from xsconsole.errors import NotPromotable

STARTING = frozenset({RunKind.START, RunKind.REBOOT, RunKind.RESUME})
LEADING_OUT = (
    *(Replicate, Refresh, Relocate, Deploy, AddMembers, RemoveMembers),
    *(Delete, Dissolve, Capture, ArchiveInPool),
)
"""Commands that would bring machines of a fence out of it, others into it, or leave what is of it to nobody.

What is promoted or demoted leaves its fence by a plan of its own.
"""


def plan_fence(command: OfFence, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...]) -> Plan:
    """Return what the command would do.

    Raises:
        Refused: with the reason and the mend.
    """
    match command:
        case Deploy():
            return plan_deploy(command, board, inventory, actor, clocks)
        case Undeploy():
            return plan_undeploy(command, board, inventory, actor)
        case Publish() | Connect():
            return plan_reroute(command, board, inventory, actor)
        case Redeploy():
            return plan_redeploy(command, board, inventory, actor)
    assert_never(command)


def demand_unfenced(command: Plannable, board: Board, inventory: Inventory) -> None:
    """Refuse what a configuration in a fence cannot be asked for: its addresses are those of its original.

    Nor is it started while a card of it is known to be outside, or where its machines could come on several hosts: no
    step of such a run proves the fence, or names a host.

    Raises:
        NotPromotable: naming the fence.
    """
    if isinstance(command, ChangePower) and command.kind in STARTING:
        standing = fence_on(keys_of(inventory), command.configuration)
        if standing is not None:
            demand_tight(standing, inventory)
            vms = [vm for uuid in standing.site.members.values() if (vm := inventory.by_uuid(VM, uuid)) is not None]
            demand_together(standing, vms, inventory)
    if isinstance(command, LEADING_OUT):
        standing = fence_on(keys_of(inventory), command.configuration)
        if standing is None:
            return
        card = board.cards.get(command.configuration)
        inside = inside_words(card.name if card is not None else standing.fence.name, standing)
        if isinstance(command, Relocate) and command.pool is None:
            _demand_spanning(standing, inside)
        else:
            raise NotPromotable(
                reason=f"{inside}, and the addresses that it has hold only there.",
                mend="Promote it out of the fence, or undeploy the fence: `xsconsole fence undeploy`.",
            )


def _demand_spanning(standing: StandingFence, inside: str) -> None:
    """Refuse to bring machines to other hosts whose networks are inside one."""
    if not standing.site.vlans:
        raise NotPromotable(
            reason=f"{inside}, whose networks are inside one host: what is on another one would not see them.",
            mend="Undeploy the fence with --keep, then redeploy it: it starts where there is room.",
        )
