"""A blueprint as an immutable value: which templates make a configuration, and what is asked for before.

Fields that have their default are left out of the text form, so a default never changes its meaning.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from xsconsole.domain.canonical import Json, digest_of
from xsconsole.domain.ids import BlueprintId, ConfigurationId, Digest, Uuid
from xsconsole.domain.text_form import written
from xsconsole.domain.workflow.rules import Part
from xsconsole.domain.workflow.values import Signature

Bytes = int
Seconds = int
Value = str | int | bool
MOST_DIGESTS = 16


class ParameterKind(StrEnum):
    """What a parameter takes. There is none for secrets: what is filled in stands in plans, records and machines."""

    TEXT = "text"
    INTEGER = "integer"
    SIZE = "size"  # in bytes
    BOOLEAN = "boolean"
    CHOICE = "choice"
    ADDRESS = "address"  # IPv4 or IPv6, with or without the length of its prefix
    NETWORK = "network"  # a logical network of the stage


class Parameter(Part, frozen=True, kw_only=True):
    """What is asked for. `least` and `most` bound integers and sizes, and the length of texts.

    `default` is written as the kind is: words, a number, true or false. One without a default is asked for where it is
    `required`, and else empty: 0, false, or no words.
    `pattern` is what the whole of a text must fit, in the language of `patterns`.
    """

    name: str
    kind: ParameterKind
    label: str = ""
    help: str = ""
    default: Value | None = None
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""
    required: bool = True

    @property
    def caption(self) -> str:
        return self.label or self.name.replace("_", " ")


class Reference(Part, frozen=True, kw_only=True):
    """The value of a parameter, in the place of a fixed one."""

    parameter: str


NO_TEMPLATE = Uuid("00000000-0000-0000-0000-000000000000")
"""Of a member of a draft for which none is chosen yet."""


class Disk(Part, frozen=True, kw_only=True):
    """A disk of a member by its position (XAPI's userdevice).

    It is the template's disk there or, where `is_new`, an empty one that is made. `size` None is that of the template;
    a larger one lets it grow.
    """

    position: int
    role: str
    size: Bytes | Reference | None = None
    name: str = ""
    is_new: bool = False


class Interface(Part, frozen=True, kw_only=True):
    """A network interface of a member by its number (XAPI's device), on a logical network."""

    device: int
    network: str | Reference


class Member(Part, frozen=True, kw_only=True):
    """One machine: a clone or copy of a template of the pool.

    `memory` None and `vcpus` None are those of the template. `name_pattern`, `user_data` and `network_config` are
    templates (see `rendering`); the last two are what cloud-init reads from a NoCloud disk, and empty means none.
    """

    id: str
    name_pattern: str
    role: str
    template: Uuid
    template_name: str = ""  # what it was called when it was chosen, for reading without the pool
    vcpus: int | Reference | None = None
    memory: Bytes | Reference | None = None
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    order: int = 0
    start_delay: Seconds = 0
    shutdown_delay: Seconds = 0
    user_data: str = ""
    network_config: str = ""


class Source(Part, frozen=True, kw_only=True):
    """Which configuration a version was captured from, and the fingerprint of its `manifest` then.

    `skew_ms` lies between its first and last snapshot; None: it was halted.
    """

    configuration: ConfigurationId
    name: str
    stage: str = ""
    version: str = ""
    manifest: Digest = Digest("")
    frozen_at: datetime | None = None
    skew_ms: int | None = None


class Imported(Part, frozen=True, kw_only=True):
    """Which version of another pool this one was made of, by a file with its disks.

    `digests` are those of that version and of what it had been imported from itself, latest first. `key` is the
    fingerprint of the key that signed the file, `pool` what the pool called itself.
    """

    version: int
    digests: tuple[Digest, ...]
    key: str
    pool: str = ""


class Blueprint(Part, frozen=True, kw_only=True):
    """Members, what they need, and what is asked for; the version grows at each publication.

    `networks` are the logical networks that its members are on. `author`, `at` and `changes` say who published this
    version, when, and what is other than in the one before. `source` is only of what was captured, `imported` of what
    came from another pool as it is.
    """

    id: BlueprintId
    name: str
    version: int
    members: tuple[Member, ...]
    summary: str = ""
    service: str = ""
    parameters: tuple[Parameter, ...] = ()
    networks: tuple[str, ...] = ()
    author: str = ""
    at: datetime | None = None
    changes: str = ""
    source: Source | None = None
    imported: Imported | None = None
    signature: Signature | None = None
    format: Literal[1] = 1

    @property
    def digest(self) -> Digest:
        """Return what is signed and approved: everything but the signature."""
        return digest_of(content_of(msgspec.structs.replace(self, signature=None)))

    def member(self, member_id: str) -> Member | None:
        return next((member for member in self.members if member.id == member_id), None)

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


def content_of(blueprint: Blueprint) -> Json:
    """Return the blueprint as it is written; its format always stands there, whatever else is left out."""
    return {"format": blueprint.format, **written(blueprint)}


def content_digest(blueprint: Blueprint) -> Digest:
    """Return what tells whether two versions say the same, whoever published them, when and under which number."""
    bare = msgspec.structs.replace(blueprint, version=0, author="", at=None, changes="", imported=None, signature=None)
    return digest_of(content_of(bare))
