"""A request and the command that it asks for."""

from collections.abc import Callable

from xsconsole.domain.plan import Disks, Plan, RunKind
from xsconsole.domain.requests.values import Request
from xsconsole.engine.clearance import parted
from xsconsole.engine.commands import Approvable, Demote, Promote, RevertTo
from xsconsole.engine.plans.lands import Lands
from xsconsole.errors import Refused


def command_of(request: Request) -> Approvable:
    """Return the command that a request asks for."""
    intent = request.intent
    if intent.kind is RunKind.REVERT and intent.restore_point is not None:
        return RevertTo(
            configuration=intent.configuration,
            revision=intent.revision,
            point=intent.restore_point,
            reason=request.reason,
        )
    if intent.target is None or intent.kind not in (RunKind.PROMOTE, RunKind.DEMOTE):
        raise Refused(reason="The request asks for no promotion, demotion or revert.", mend="Withdraw it.")
    if intent.kind is RunKind.PROMOTE:
        return Promote(
            configuration=intent.configuration,
            revision=intent.revision,
            target=intent.target,
            candidate=request.id if request.is_frozen else None,
            reason=request.reason,
        )
    return Demote(
        configuration=intent.configuration,
        revision=intent.revision,
        target=intent.target,
        disks=intent.disks or Disks.KEEP,
        reason=request.reason,
    )


def as_asked(request: Request | None, lands: Lands, planned: Callable[[Lands], Plan]) -> Plan:
    """Return what is `planned` by what is known of other pools; of a request that goes as a stream, that.

    Each console asks for itself whether hosts of two pools reach each other, and not before somebody looks. What was
    asked for with one answer is judged and carried out with the same one.

    Raises:
        Refused: as `planned` does.
    """
    found = planned(lands)
    if request is None or found.digest == request.plan or found.intent.abroad is None:
        return found
    try:
        streamed = planned(parted(lands))
    except Refused:
        return found
    return streamed if streamed.digest == request.plan else found


def asks_for(request: Request, command: Approvable) -> bool:
    """Return whether a request asks for what a command would do, whoever asked and why."""
    intent = request.intent
    if isinstance(command, RevertTo):
        asked = (intent.kind, intent.configuration, intent.revision, intent.restore_point)
        return asked == (RunKind.REVERT, command.configuration, command.revision, command.point)
    if (intent.configuration, intent.revision, intent.target) != (
        command.configuration,
        command.revision,
        command.target,
    ):
        return False
    if isinstance(command, Promote):
        return intent.kind is RunKind.PROMOTE
    return intent.kind is RunKind.DEMOTE and (intent.disks or Disks.KEEP) is command.disks
