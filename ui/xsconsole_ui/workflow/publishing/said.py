"""What somebody said of a draft on its publish sheet: kept while the draft lives, as looking again costs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from xsconsole.domain.ids import StageId


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    summary: str
    mapping: Mapping[StageId, StageId]


NOTHING_SAID = Said(summary="", mapping={})
