"""The place of the fences: a list of them, their maps, and what is asked about them."""

from xsconsole_ui.fences.news import FenceNews
from xsconsole_ui.fences.place import FencePlace

__all__ = ["FenceNews", "FencePlace"]
