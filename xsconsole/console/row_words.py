"""A row of the audit in words, for pages that are made of its fields."""

from collections.abc import Mapping
from typing import Any

from xsconsole.domain.wording.record import event_sentence, standing
from xsconsole.store import fields as stored_fields


def sentence_of(fields: Mapping[str, Any]) -> str:
    """Return what a row tells, in words; of one that this program does not know, what it calls itself."""
    try:
        return event_sentence(stored_fields.fact_of(fields))
    except (KeyError, ValueError, TypeError, AttributeError):
        return str(fields.get("event", "withheld"))


def standing_of(fields: Mapping[str, Any]) -> str:
    """Return whether a row begins something or how it ended, in the words of every list."""
    try:
        return standing(stored_fields.fact_of(fields))
    except (KeyError, ValueError, TypeError, AttributeError):
        return str(fields.get("outcome", ""))
