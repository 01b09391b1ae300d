"""Texts as they are compared: without case, on one line, numbers by their size."""

import re

# Embeddings, overrides and isolates: somebody's name must not make another one read backwards.
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
_NUMBER = re.compile(r"[0-9]+")


def natural(name: str) -> str:
    """Return a text that sorts web-2 before web-10, whatever the case of the letters."""
    return _NUMBER.sub(lambda found: found[0].lstrip("0").zfill(12), name.casefold())


def one_line(text: str) -> str:
    """Return a text for showing: on one line, and what would turn the direction of what follows as a visible mark."""
    return " ".join((text if text.isascii() else text.translate(_TURNING)).split())


def shortened(text: str, most: int = 80) -> str:
    """Return `text` on one line and no longer than `most` characters."""
    line = one_line(text)
    return line if len(line) <= most else line[: most - 1] + "…"


def shown(text: str, most: int = 80) -> str:
    """Return foreign text for a sentence: short, on one line, and what cannot be shown as a visible mark."""
    line = shortened(text, most)
    return line if line.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in line)


def folded(text: str) -> str:
    """Return a text for comparing without case; a break of a line counts as a blank."""
    return text.casefold().replace("\n", " ")


def folded_lines(*parts: str) -> str:
    """Return the parts that are not empty, each folded on a line of its own, so that no word is found across two."""
    return "\n".join([part.casefold().replace("\n", " ") for part in parts if part])
