"""Actions of plans that start machines, shut them down, and return them to a snapshot."""

import msgspec

from xsconsole.domain.ids import StepKey, Uuid


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """Start a halted `vm`. Inverse: shut it down."""

    vm: Uuid


class ShutDown(msgspec.Struct, frozen=True, kw_only=True, tag="shut-down"):
    """Shut a running `vm` down cleanly. Inverse: start it."""

    vm: Uuid


class Revert(msgspec.Struct, frozen=True, kw_only=True, tag="revert"):
    """Return `vm` to `snapshot`. Inverse: revert to the snapshot that step `set_aside` made."""

    vm: Uuid
    snapshot: Uuid
    set_aside: StepKey
