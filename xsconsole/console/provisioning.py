"""Blueprints of a pool, as far as something is to be made of them."""

from typing import TYPE_CHECKING

from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.blueprint.gold import signer_of
from xsconsole.domain.blueprint.standing import Library, library_of, shelved
from xsconsole.errors import Refused
from xsconsole.store.keys import is_signature

if TYPE_CHECKING:
    from xsconsole.console.door import Console


def library_on(console: "Console") -> Library:
    """Return what stands in the library of a console's pool."""
    return library_of(console.inventory, console.board.workflow, is_signature)


def usable_on(console: "Console") -> tuple[tuple[str, Blueprint], ...]:
    """Return what something can be made of and what to call each, by name, the newest version first."""
    versions = library_on(console).versions
    return tuple((one.called, one.blueprint) for one in versions if one.blueprint is not None and one.is_usable)


def is_signed(blueprint: Blueprint) -> bool:
    """Return whether a version is as somebody signed it."""
    return bool(signer_of(blueprint, is_signature))


def blueprint_to_provision(console: "Console", name: str, version: int | None = None) -> Blueprint:
    """Return the version meant by a name or an id, the newest one where none is named.

    Raises:
        Refused: there is none, it cannot be read, or it has an error; with the mend.
    """
    found = shelved(library_on(console), name, version)
    if found.blueprint is None:
        raise Refused(reason=f"That version cannot be read. {found.problem}", mend="Name another version.")
    wrong = next((finding for finding in found.findings if finding.is_error), None)
    if wrong is not None:
        raise Refused(reason=wrong.sentence, mend=wrong.mend)
    return found.blueprint
