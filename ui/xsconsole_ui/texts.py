"""Words of functions that belong to no Qt object, and so have no `self.tr`."""

from PySide6.QtCore import QCoreApplication

CONTEXT = "xsconsole"


def tr(text: str) -> str:
    """Return `text` in the language of the window."""
    return QCoreApplication.translate(CONTEXT, text)
