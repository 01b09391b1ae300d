"""What is not well in the pool, and what the pool says."""

from xsconsole_ui.health.panel import HealthPanel

__all__ = ["HealthPanel"]
