"""What goes on: this console's runs and the pool's tasks."""

from xsconsole_ui.activity.panel import ActivityPanel

__all__ = ["ActivityPanel"]
