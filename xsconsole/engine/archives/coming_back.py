"""The plan of what comes back from an archive: a configuration of a stage, or machines alone without a workflow."""

from datetime import datetime

from xsconsole.domain.actions.copies import VerifyCopies
from xsconsole.domain.board import Board
from xsconsole.domain.ids import WorkflowId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.plan import Estimate, Intent, Plan, RunKind
from xsconsole.domain.poolstate import archive_thing
from xsconsole.domain.workflow import Method
from xsconsole.engine.archives.return_checks import (
    demand_alone,
    demand_version,
    made_of,
    parts_of,
    storage_of,
)
from xsconsole.engine.archives.returning import FIT_S, add_check, add_machines, fitting, plan_return, sentences
from xsconsole.engine.archives.stow_checks import demand_whole
from xsconsole.engine.commands import RestoreFromPool, Restoring
from xsconsole.engine.fences.arriving import demand_use_of
from xsconsole.engine.plans import capacity, rules
from xsconsole.engine.plans.claims import claims_on
from xsconsole.engine.plans.steps import Steps
from xsconsole.errors import NotPromotable


def plan_back(command: Restoring, board: Board, inventory: Inventory, actor: str, clocks: tuple[datetime, ...]) -> Plan:
    """Bring an archive back into the stage that is named, or into none; raises as `plan_return` does."""
    if command.target:
        return plan_return(command, board, inventory, actor, clocks)
    return _plan_alone(command, board, inventory)


def _plan_alone(command: Restoring, board: Board, inventory: Inventory) -> Plan:
    """Bring the machines back as members of nothing, on a pool that may follow no workflow; they stay off.

    Raises:
        Refused: they cannot come back there, and why.
    """
    archive, workflow = command.archive, board.workflow
    demand_use_of(command.addresses, None)
    if command.is_replica:
        raise NotPromotable(reason="A replica stands in a stage, and none was named.", mend="Name the stage.")
    demand_alone(archive.id, board)
    if isinstance(command, RestoreFromPool):
        demand_whole(command.archive, inventory)
    else:
        demand_version(archive, inventory)
    made, number = made_of(command, None, board, inventory)
    sr = storage_of(command, None, inventory)
    parts = parts_of(command, None, sr, number, inventory)
    space = capacity.total(*(part.space for part in parts))
    warnings = capacity.demand_space(inventory, space, "The machines", claims_on(board).space)
    intent = Intent(
        kind=RunKind.RETURN,
        configuration=made,
        name=archive.name,
        service=archive.service,
        workflow=workflow.id if workflow is not None else WorkflowId(""),
        workflow_version=workflow.version if workflow is not None else 0,
        method=command.method if isinstance(command, RestoreFromPool) else Method.MOVE,
    )
    steps = Steps()
    made_by = add_machines(steps, command, parts, sr, [add_check(steps, command)])
    ready = [
        steps.add(fitting(part, made_by[part.key]), part.name, made_by.values(), Estimate(seconds=FIT_S))
        for part in parts
    ]
    steps.add(VerifyCopies(configuration=made, copies=tuple(made_by.values())), archive.name, ready)
    return Plan(
        intent=intent,
        steps=steps.all,
        leases=tuple(sorted((archive_thing(archive.id), *rules.leases_for(made, archive.service, ())))),
        warnings=(*sentences(command, None, parts, sr, None, inventory), *warnings),
        asks=True,
    )
