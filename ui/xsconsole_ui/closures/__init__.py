"""What people close by hand: stages, configurations, versions, the line; and what the window shows of it."""

from xsconsole_ui.closures.banner import LineBanner
from xsconsole_ui.closures.desk import ClosureDesk
from xsconsole_ui.closures.dialog import CloseDialog

__all__ = ["CloseDialog", "ClosureDesk", "LineBanner"]
