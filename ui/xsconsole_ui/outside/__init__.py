"""What was changed outside of this console: where it is shown, and how it is acknowledged."""

from xsconsole_ui.outside.desk import OutsideDesk

__all__ = ["OutsideDesk"]
