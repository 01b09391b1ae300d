"""Actions of plans that bring a machine where its stage has it: networks, storage, host. It stays the same machine."""

import msgspec

from xsconsole.domain.actions.mends import MendFields, SetFields
from xsconsole.domain.ids import Uuid


class PutOnNetworks(msgspec.Struct, frozen=True, kw_only=True, tag="networks"):
    """Put interfaces of `vm` on other networks; they keep their MAC addresses. Inverse: put them back.

    Both are by device, and name the same ones; an interface that is not named stays on its network.
    """

    vm: Uuid
    networks: dict[str, Uuid]
    original: dict[str, Uuid]


class Rewire(PutOnNetworks, frozen=True, kw_only=True, tag="rewire"):
    """Take `vm`, which is off, out of a fence: interfaces on other networks, some with other MAC addresses, by device.

    Inverse: the `original` networks with the `original_macs`.
    """

    macs: dict[str, str] = {}
    original_macs: dict[str, str] = {}


class MoveDisk(msgspec.Struct, frozen=True, kw_only=True, tag="disk"):
    """Move what `vm` has at `device` to storage `sr`. Inverse: move it back to storage `original`.

    The disk is another one there for the pool: it has another uuid.
    """

    vm: Uuid
    device: str
    sr: Uuid
    original: Uuid


class PreferHost(msgspec.Struct, frozen=True, kw_only=True, tag="home"):
    """Let `vm` prefer a host when it starts, None for no one. Inverse: the `original` one."""

    vm: Uuid
    host: Uuid | None
    original: Uuid | None


class Migrate(msgspec.Struct, frozen=True, kw_only=True, tag="migrate"):
    """Bring the running `vm` to the host that its step names. Inverse: back to host `original`."""

    vm: Uuid
    original: Uuid


class BringTo(Migrate, frozen=True, kw_only=True, tag="bring-to"):
    """Bring the running `vm` to the host that somebody chose. Inverse: back to host `original`."""

    host: Uuid


PlacingAction = PutOnNetworks | Rewire | MoveDisk | PreferHost | Migrate | BringTo | MendFields | SetFields
