"""What can be asked for about fences: building one, stopping it, starting it again, taking it away. Of `commands`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from xsconsole.domain.fence.values import FenceMode, Services, Transport
from xsconsole.domain.ids import ConfigurationId, StageId, Uuid
from xsconsole.domain.workflow import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceCommand:
    """A command about a fence; `configuration` is the one that it surrounds, or of which it is made."""

    configuration: ConfigurationId
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy(FenceCommand):
    """Make copies of a configuration in a stage, the same down to the MAC addresses, inside a fence of their own.

    `name` empty: the configuration's with a number. `addresses` go before what guests say, by machine and device.
    `published` are ports by member: transport, port outside, port inside. `is_on_one_host`: without VLANs, whatever the
    ground has of them.
    """

    revision: int
    target: StageId
    mode: FenceMode
    method: Method = Method.LINKED_CLONE
    name: str = ""
    addresses: Mapping[tuple[Uuid, str], IPv4Address] = field(default_factory=dict)
    published: Mapping[str, tuple[tuple[Transport, int, int], ...]] = field(default_factory=dict)
    services: Services = field(default_factory=Services)
    is_stopped_first: bool = False
    is_on_one_host: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeploy(FenceCommand):
    """Shut a fence down. With `keeps`, all of it stays for a redeployment; else machines, networks, addresses go."""

    keeps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(FenceCommand):
    """Let just these ports lead into a fence that stands, by member as for `Deploy`; none: all of them."""

    published: Mapping[str, tuple[tuple[Transport, int, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect(FenceCommand):
    """Let two fences speak with each other by their outside addresses; `parts`: no more."""

    other: ConfigurationId
    parts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeploy(FenceCommand):
    """Start a fence that is off: the same one, on whichever host has room for all of it."""
