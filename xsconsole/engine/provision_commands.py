"""What can be asked for about blueprints: configurations made of one. A part of `commands`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from xsconsole.domain.blueprint.rendering import FilledMember
from xsconsole.domain.ids import BlueprintId, ConfigurationId, StageId, Uuid
from xsconsole.domain.workflow import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A configuration that is to be: what it is called, its machines, and the addresses that were given for it.

    `configuration` is its id as planned, and `number` which of its blueprint it is; 0: nobody counts. `given` are the
    values of the parameters that hardware refers to, by name.
    """

    configuration: ConfigurationId
    name: str
    service: str
    version: str
    members: tuple[FilledMember, ...]
    addresses: tuple[str, ...] = ()
    given: tuple[tuple[str, int | str], ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """Make configurations of a version of a blueprint in a stage: all of them, or nothing.

    `sr` None: the stage's storage for full copies, and that of the template for linked clones. `pool` None: the one
    that the stage lives in, or the first. `is_signed`: the blueprint is as somebody signed it. `addresses` are those of
    cards inside the fence that the stage demands, by member and device, in each of the configurations.
    """

    blueprint: BlueprintId
    blueprint_name: str
    blueprint_version: int
    newcomers: tuple[Newcomer, ...]
    target: StageId
    method: Method = Method.LINKED_CLONE
    sr: Uuid | None = None
    pool: Uuid | None = None
    reason: str = ""
    is_signed: bool = True
    addresses: Mapping[tuple[str, str], IPv4Address] = field(default_factory=dict)

    @property
    def configuration(self) -> ConfigurationId:
        """The one under which the run stands."""
        return self.newcomers[0].configuration
