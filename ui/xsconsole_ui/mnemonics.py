"""Names in menus and on buttons, where an `&` marks the letter that a key opens."""

import re


def verbatim(name: str) -> str:
    """Return a text for a menu or a button that shows a name as it is."""
    return name.replace("&", "&&")


def unmarked(text: str) -> str:
    """Return the text of an action or a button as it reads, without the marks of letters."""
    return re.sub(r"&(.?)", r"\1", text)
