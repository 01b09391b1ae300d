"""What a configuration is compared with: what it was copied from, or its service's in production."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from xsconsole.domain.board import Board, Card
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Workflow


class Against(StrEnum):
    """What a configuration is measured by."""

    ORIGIN = "origin"  # what it was copied from, or made of
    BLUEPRINT = "blueprint"  # the version that it was made of
    PRODUCTION = "production"  # of its service
    NAMED = "named"  # whatever somebody names


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A configuration that another one is measured by, and why that one."""

    configuration: ConfigurationId
    against: Against


def production_of(card: Card, cards: Iterable[Card], workflow: Workflow | None) -> Card | None:
    """Return its service's configuration in production: of several that of its version, then the first by name."""
    slots = {stage.id for stage in workflow.stages if stage.is_production} if workflow else set()
    others = [one for one in cards if one.stage in slots and one.service == card.service and one.id != card.id]
    return min(others, key=lambda one: (one.version != card.version, natural(one.name), one.id), default=None)


def baseline_of(
    card: Card, board: Board, wanted: Against | None = None, *, has_blueprint: bool = False
) -> Baseline | None:
    """Return what a configuration is measured by: what is `wanted`, or its origin, or else production.

    None where there is no such thing. What is in production itself is measured by its origin alone. `has_blueprint`
    says that the version of a blueprint of which it was made can be compared with.
    """
    origin = card.origin.configuration if card.origin is not None else None
    if has_blueprint and origin is not None and wanted is not Against.PRODUCTION:
        return Baseline(configuration=origin, against=Against.BLUEPRINT)
    if wanted is Against.BLUEPRINT:
        return None
    if wanted is not Against.PRODUCTION and origin in board.cards and origin != card.id and origin is not None:
        return Baseline(configuration=origin, against=Against.ORIGIN)
    if wanted is Against.ORIGIN or not card.service:
        return None
    stage = board.workflow.stage(card.stage) if board.workflow is not None else None
    if stage is not None and stage.is_production and wanted is None:
        return None
    found = production_of(card, board.cards.values(), board.workflow)
    return Baseline(configuration=found.id, against=Against.PRODUCTION) if found is not None else None


def why_none(card: Card, wanted: Against | None = None) -> str:
    """Return why there is nothing that a configuration is measured by."""
    name, service = f"“{shortened(card.name, 60)}”", shortened(card.service, 60)
    is_copy = card.origin is not None and card.origin.is_copy
    copied = "what it was copied from is gone, or in a pool that is not connected" if is_copy else "it is no copy"
    is_made = card.origin is not None and not is_copy
    copied = "the version of the blueprint that it was made of, or a template of that, is gone" if is_made else copied
    nobody = f"no other configuration of {service} is in production" if service else "it has no service"
    match wanted:
        case Against.ORIGIN:
            return f"{name} has no origin: {copied}."
        case Against.BLUEPRINT:
            made = copied if is_made else "it was made of none"
            return f"{name} has no blueprint to be compared with: {made}."
        case Against.PRODUCTION:
            return f"There is no production to compare {name} with: {nobody}."
        case _:
            return f"There is nothing to compare {name} with: {copied}, and {nobody}."
