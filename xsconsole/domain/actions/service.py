"""Actions of plans that change machines of a configuration where it stands."""

import msgspec

from xsconsole.domain.ids import Uuid


class Suspend(msgspec.Struct, frozen=True, kw_only=True, tag="suspend"):
    """Write the memory of a running `vm` to storage, and stop it. Inverse: resume it."""

    vm: Uuid


class Resume(msgspec.Struct, frozen=True, kw_only=True, tag="resume"):
    """Let a suspended `vm` run on. Inverse: suspend it again."""

    vm: Uuid


class SwitchOff(msgspec.Struct, frozen=True, kw_only=True, tag="switch-off"):
    """Shut a running `vm` down, by force where its guest does not. Inverse: start it."""

    vm: Uuid


ServiceAction = Suspend | Resume | SwitchOff
