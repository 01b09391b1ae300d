"""What can be asked for about a configuration as one thing, where it stands. Parts of `commands`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from xsconsole.domain.ids import ConfigurationId, RunId, Uuid
from xsconsole.domain.run_kinds import RunKind
from xsconsole.engine.urgency import Emergency


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePower:
    """Start, shut down or reboot the machines of a configuration in their order; `kind` says which of these."""

    configuration: ConfigurationId
    revision: int
    kind: RunKind
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What a member is for, and when it starts and stops beside the others; None leaves that as it is."""

    vm: Uuid
    role: str | None = None
    order: int | None = None
    start_delay_s: int | None = None
    shutdown_delay_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrange:
    """Give members of a configuration other roles, orders or delays."""

    configuration: ConfigurationId
    revision: int
    seats: tuple[Seat, ...]
    reason: str = ""

    @property
    def kind(self) -> RunKind:
        return RunKind.ARRANGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Destroy the machines of a configuration with their disks, and forget it.

    `is_forced`: what does not answer is switched off. `keeps_points`: snapshots stay, as plain ones.
    """

    configuration: ConfigurationId
    revision: int
    is_forced: bool = False
    keeps_points: bool = False
    reason: str = ""

    @property
    def kind(self) -> RunKind:
        return RunKind.DELETE


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocate:
    """Bring the running machines of a configuration to `host`, and the disks of its machines to storage `sr`.

    None: these stay where they are. `members` are those that go; none: all. With `pool` all its machines go into that
    one, of which `host` and `sr` are then; `networks` says which of its networks takes the place of which one here, by
    uuid, where neither the stage nor an equal name says it.
    """

    configuration: ConfigurationId
    revision: int
    host: Uuid | None = None
    sr: Uuid | None = None
    members: tuple[Uuid, ...] = ()
    pool: Uuid | None = None
    networks: Mapping[Uuid, Uuid] = field(default_factory=dict)
    reason: str = ""

    @property
    def kind(self) -> RunKind:
        return RunKind.MIGRATE


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePoint:
    """Snapshot every machine of a configuration as a restore point, by hand."""

    configuration: ConfigurationId
    revision: int
    reason: str = ""

    @property
    def kind(self) -> RunKind:
        return RunKind.SNAPSHOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """Give a configuration another name, version or notes; None leaves each as it is. Its machines keep their names.

    `seen` are the notes that the user looked at; None: whichever stand there.
    """

    configuration: ConfigurationId
    revision: int
    name: str | None = None
    version: str | None = None
    notes: str | None = None
    seen: str | None = None
    reason: str = ""

    @property
    def kind(self) -> RunKind:
        return RunKind.NOTE if (self.name, self.version) == (None, None) else RunKind.RENAME


@dataclass(frozen=True, slots=True, kw_only=True)
class RevertTo:
    """Return the machines of a configuration to a restore point, or to what a return set aside; it stays where it is.

    `point` is the run that took it.
    """

    configuration: ConfigurationId
    revision: int
    point: RunId
    reason: str = ""
    emergency: Emergency | None = None

    @property
    def kind(self) -> RunKind:
        return RunKind.REVERT
