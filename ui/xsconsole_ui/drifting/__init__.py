"""Drift of a configuration, the rules that allow some of it, and statements about it."""

from xsconsole_ui.drifting.desk import DriftDesk
from xsconsole_ui.drifting.dialog import DriftDialog

__all__ = ["DriftDesk", "DriftDialog"]
