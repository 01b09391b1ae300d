"""Actions of plans that hold a configuration where it was demoted to, or let it go, and forget how long it may stay."""

import msgspec

from xsconsole.domain.ids import ConfigurationId


class PlaceHold(msgspec.Struct, frozen=True, kw_only=True, tag="place-hold"):
    """Hold the configuration, with `reason` where none was given. Inverse: remove that hold; another's stays."""

    configuration: ConfigurationId
    reason: str


class CarryHold(PlaceHold, frozen=True, kw_only=True, tag="carry-hold"):
    """Hold the configuration in the pool it comes to as in the one it left: `text` is that of the `Hold` there."""

    text: str


class CarryStay(CarryHold, frozen=True, kw_only=True, tag="carry-stay"):
    """Let the configuration stay as long in the pool it comes to: `text` is that of the `Extension` where it was."""


class DropHold(msgspec.Struct, frozen=True, kw_only=True, tag="drop-hold"):
    """Forget the hold of a configuration. Inverse: write `original`, a text of a `Hold`."""

    configuration: ConfigurationId
    original: str


class DropStay(DropHold, frozen=True, kw_only=True, tag="drop-stay"):
    """Forget that a configuration may stand in its stage for longer. Inverse: write `original`, of an `Extension`."""


HoldAction = PlaceHold | CarryHold | CarryStay | DropHold | DropStay
