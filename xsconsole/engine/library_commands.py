"""What can be asked for about the library. Parts of `commands`."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.blueprint.package import Opened
from xsconsole.domain.ids import BlueprintId, ConfigurationId, Uuid
from xsconsole.domain.workflow import Method

IMPORT_SPACE = uuid.UUID("b0d5a3c8-1f2e-4c55-9a53-5a5f0f3f7c1d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Make templates of the machines of a configuration, and of these a blueprint, or a new version of one.

    `blueprint` is an id of one that stands on the pool, or a new id; `name` and `summary` are of a new one. Full copies
    go to storage `sr`; None: each disk where its original is. `changes` say what is other than in the version before.
    """

    configuration: ConfigurationId
    revision: int
    blueprint: BlueprintId
    name: str = ""
    summary: str = ""
    changes: str = ""
    method: Method = Method.LINKED_CLONE
    sr: Uuid | None = None
    is_stopped_first: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBlueprint:
    """Make templates of a file that holds a blueprint with its disks, and publish it with them.

    `opened` is what the file said when it was opened; `is_own`: this console's key signed it. The disks go to storage
    `sr`, None: the usual one; `pool` is where to, None: the first.
    """

    file: Path
    opened: Opened
    is_own: bool
    sr: Uuid | None = None
    pool: Uuid | None = None
    reason: str = ""

    @property
    def lies_in(self) -> Uuid:
        """The pool that it comes to lie in."""
        return self.pool or Uuid("")

    @property
    def configuration(self) -> ConfigurationId:
        """What the run stands under: one import of a blueprint at a time."""
        return ConfigurationId(str(uuid.uuid5(IMPORT_SPACE, self.opened.package.blueprint)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishBlueprint:
    """Write a version of a blueprint whose templates are there. `seen` is the newest version that was seen; 0: none.

    Its version, author, time and signature are filled in.
    """

    blueprint: Blueprint
    seen: int
    changes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireBlueprint:
    """Take a version out of the library, with the templates that only it needs and that were made for it."""

    blueprint: BlueprintId
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveLeftTemplates:
    """Remove templates of the library that no version needs."""

    templates: tuple[Uuid, ...]
    reason: str = ""
