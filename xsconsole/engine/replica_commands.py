"""What can be asked for about replicas: making one, letting it differ, bringing it back. Parts of `commands`."""

from dataclasses import dataclass

from xsconsole.domain.allowances import AllowedField
from xsconsole.domain.ids import ConfigurationId, RunId, StageId
from xsconsole.domain.manifest import Change
from xsconsole.domain.workflow import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicate:
    """Make copies of a configuration, as it is or as at a restore point, a configuration of their own in a stage.

    `point` is the run that took the restore point. `pattern` names each machine, empty: its name and the stage in
    brackets; see `replica.name_of_copy`.
    """

    configuration: ConfigurationId
    revision: int
    target: StageId
    method: Method = Method.LINKED_CLONE
    is_stopped_first: bool = False
    point: RunId | None = None
    pattern: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowDifference:
    """Let a field differ from now on: what it is about, as a difference names it, and for which configurations.

    `stage` None, `role` and `device` empty: of any. `replaces` is the rule that becomes this one, as the user saw it.
    """

    part: str
    field: str
    service: str
    key: str = ""
    stage: StageId | None = None
    role: str = ""
    device: str = ""
    replaces: AllowedField | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbidDifference:
    """Let a field differ no more. `seen` is the rule the user looked at; None: whichever has that id."""

    id: str
    seen: AllowedField | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Bring a replica up to what `source` is now; None: to what it was copied from. It stays the same configuration.

    `method` None: as it was copied, and by full copies from another pool.
    """

    configuration: ConfigurationId
    revision: int
    source: ConfigurationId | None = None
    method: Method | None = None
    is_stopped_first: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """Bring fields of a configuration back. Each change says what a field has (`after`) and is to have (`before`)."""

    configuration: ConfigurationId
    revision: int
    changes: tuple[Change, ...]
    reason: str = ""
