"""Two configurations beside each other, or one at two times."""

from xsconsole_ui.comparing.dialog import CompareDialog
from xsconsole_ui.comparing.lineage_dialog import LineageDialog
from xsconsole_ui.comparing.rows import incumbent_rows

__all__ = ["CompareDialog", "LineageDialog", "incumbent_rows"]
