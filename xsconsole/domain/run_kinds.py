"""What kinds of runs there are. The values stand in run records and plans: add, never rename."""

from enum import StrEnum


class RunKind(StrEnum):
    PROMOTE = "promote"
    DEMOTE = "demote"
    CREATE = "create"
    ADD = "add"
    REMOVE = "remove"
    ADOPT = "adopt"
    DISSOLVE = "dissolve"
    MAP = "map"  # after a publication: where the new version has it
    FREEZE = "freeze"  # for a request: what is copied once it is approved
    THAW = "thaw"  # what was frozen for a request goes
    PRUNE = "prune"  # restore points go
    REPLICATE = "replicate"  # copies in a stage, apart from the ways of the workflow
    REFRESH = "refresh"  # a replica is made anew of what it was copied from
    MEND = "mend"  # fields are brought back to what they should be
    ARCHIVE = "archive"  # into files or into its pool; it stays as it is
    RETIRE = "retire"  # it leaves the board into an archive of its pool
    DELETE_ARCHIVE = "delete-archive"  # of its pool
    RETURN = "return"  # from an archive, as a new one
    PROVE = "prove"  # that an archive comes back: tried in a scratch place, and removed again
    CAPTURE = "capture"  # into the library, as templates and a blueprint; it stays as it is
    IMPORT = "import"  # of a blueprint with its disks, into the library
    HALT = "halt"  # its time in a stage is over
    START = "start"  # its machines, in their order
    SHUT_DOWN = "shut-down"
    REBOOT = "reboot"
    SUSPEND = "suspend"
    RESUME = "resume"
    SNAPSHOT = "snapshot"  # a restore point by hand
    RENAME = "rename"
    NOTE = "note"  # text about it
    REVERT = "revert"  # to a restore point, where it stands
    PROVISION = "provision"  # new configurations, of a blueprint
    DELETE = "delete"  # its machines with their disks
    ARRANGE = "arrange"  # roles, orders and delays of its members
    DEPLOY = "deploy"  # copies in a fence, with the addresses of their originals
    UNDEPLOY = "undeploy"  # a fence with all that is in it goes
    PARK = "park"  # a fence is shut down, and stays to come back
    REDEPLOY = "redeploy"  # and comes back
    REROUTE = "reroute"  # the router of a fence gets other rules
    MIGRATE = "migrate"  # its machines to another host, their disks to another storage

    @property
    def makes_all(self) -> bool:
        """Whether there was neither before what it would have made nor any of its machines."""
        return self in (RunKind.PROVISION, RunKind.RETURN, RunKind.PROVE, RunKind.IMPORT)


class Disks(StrEnum):
    """What a demotion does with the disks."""

    KEEP = "keep"
    RESTORE = "restore"
    SWAP = "swap"  # with those of whose place it took


FORGETTING = frozenset({RunKind.DISSOLVE, RunKind.RETIRE, RunKind.DELETE, RunKind.UNDEPLOY})
"""After these there is no configuration any more."""


def apart(kind: RunKind, stage: str | None) -> str:
    """Return what a run is that is of no configuration and into no stage; empty for the others."""
    match kind:
        case RunKind.PROVE:
            return "trial"
        case RunKind.IMPORT:
            return "import"
        case RunKind.RETURN if not stage:
            return "restore"
        case _:
            return ""
