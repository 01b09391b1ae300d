"""How this program starts itself again: the embedded pool and the feed are processes of their own."""

import sys


def own_command(*verb: str) -> list[str]:
    """Return the arguments that run `verb` of this program; a frozen program has no `python -m`."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *verb]
    return [sys.executable, "-m", "xsconsole_ui", *verb]
