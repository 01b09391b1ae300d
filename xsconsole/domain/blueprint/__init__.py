"""Blueprints: which templates make a configuration, what is asked for before, and what it comes to.

`values` say what one is made of; `text` is its form in files and on the pool; `check` refuses what can be neither shown
nor kept, `findings` tell what is wrong otherwise. `rendering` fills one in; `capturing` makes one of a configuration.
`standing` says what a pool's library has, `templates` what its templates carry, and `gold` who signed a version.
"""

from xsconsole.domain.blueprint.check import check
from xsconsole.domain.blueprint.finding import Finding, Severity
from xsconsole.domain.blueprint.findings import Template, findings
from xsconsole.domain.blueprint.rendering import (
    Filled,
    FilledDisk,
    FilledInterface,
    FilledMember,
    Surroundings,
    fill,
)
from xsconsole.domain.blueprint.text import from_json, from_stored, to_json, to_stored
from xsconsole.domain.blueprint.values import (
    Blueprint,
    Disk,
    Imported,
    Interface,
    Member,
    Parameter,
    ParameterKind,
    Reference,
    Source,
    Value,
    content_digest,
)

__all__ = [
    "Blueprint",
    "Disk",
    "Filled",
    "FilledDisk",
    "FilledInterface",
    "FilledMember",
    "Finding",
    "Imported",
    "Interface",
    "Member",
    "Parameter",
    "ParameterKind",
    "Reference",
    "Severity",
    "Source",
    "Surroundings",
    "Template",
    "Value",
    "check",
    "content_digest",
    "fill",
    "findings",
    "from_json",
    "from_stored",
    "to_json",
    "to_stored",
]
