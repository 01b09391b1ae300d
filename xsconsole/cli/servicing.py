"""Verbs to a configuration as one thing, where it stands: their words, and the commands they become."""

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.cli.moves import urgency_of
from xsconsole.cli.points import point_named
from xsconsole.domain.board import Card
from xsconsole.domain.run_kinds import RunKind
from xsconsole.engine.commands import ChangePower, Describe, OfService, RevertTo, TakePoint

POWER: Mapping[str, RunKind] = MappingProxyType(
    {
        "config start": RunKind.START,
        "config shut-down": RunKind.SHUT_DOWN,
        "config reboot": RunKind.REBOOT,
        "config suspend": RunKind.SUSPEND,
        "config resume": RunKind.RESUME,
    }
)


def servicing(card: Card, options: argparse.Namespace) -> OfService:
    """Return the command of such a verb."""
    match options.verb:
        case "config snapshot":
            return TakePoint(configuration=card.id, revision=card.revision, reason=options.reason)
        case "config rename" | "config note":
            return Describe(
                configuration=card.id,
                revision=card.revision,
                name=getattr(options, "new_name", None),
                version=getattr(options, "new_version", None),
                notes=getattr(options, "text", None),
                reason=options.reason,
            )
        case "config revert":
            point = point_named(card, options.point)
            return RevertTo(
                configuration=card.id,
                revision=card.revision,
                point=point,
                reason=options.reason,
                emergency=urgency_of(options),
            )
    kind = POWER[options.verb]
    return ChangePower(configuration=card.id, revision=card.revision, kind=kind, reason=options.reason)
