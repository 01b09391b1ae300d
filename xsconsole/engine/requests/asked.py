"""A request and the command that it asks for."""

from xsconsole.domain.plan import Disks, RunKind
from xsconsole.domain.requests.values import Request
from xsconsole.engine.commands import Approvable, Demote, Promote, RevertTo
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
