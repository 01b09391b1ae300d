"""The live inventory: what the pool has, as it changes."""

from xsconsole_ui.inventory.panel import InventoryPanel

__all__ = ["InventoryPanel"]
