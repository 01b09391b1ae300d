"""What can be asked for about a configuration as one thing, where it stands. Parts of `commands`."""

from dataclasses import dataclass

from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.run_kinds import RunKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePower:
    """Start, shut down or reboot the machines of a configuration in their order; `kind` says which of these."""

    configuration: ConfigurationId
    revision: int
    kind: RunKind
    reason: str = ""
