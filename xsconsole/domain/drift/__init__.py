"""How configurations differ from what they are meant to be like, watched as the pool changes."""

from xsconsole.domain.drift.baseline import Against, Baseline, baseline_of, production_of, why_none
from xsconsole.domain.drift.causes import Call, cause_of, read_calls
from xsconsole.domain.drift.library import Measure, measure_of
from xsconsole.domain.drift.live import Drift, LiveDrift, Sighting, all_at_once

__all__ = [
    "Against",
    "Baseline",
    "Call",
    "Drift",
    "LiveDrift",
    "Measure",
    "Sighting",
    "all_at_once",
    "baseline_of",
    "cause_of",
    "measure_of",
    "production_of",
    "read_calls",
    "why_none",
]
