"""Numbers of the command line, read so that a wrong one is told what would be right."""

import argparse
import math
from collections.abc import Callable

HIGHEST_PORT = 65_535


def number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a whole number, not {text}") from None


def at_least(least: int) -> Callable[[str], int]:
    """Return a reader of counts."""

    def count(text: str) -> int:
        found = number(text)
        if found < least:
            raise argparse.ArgumentTypeError(f"at least {least}, not {text}")
        return found

    return count


def port(text: str) -> int:
    found = number(text)
    if not 0 <= found <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"a port is 1 to {HIGHEST_PORT}, or 0 for a free one, not {text}")
    return found


def between(least: float, most: float) -> Callable[[str], float]:
    """Return a reader of numbers, for what overflows or never ends beyond its limits."""

    def within(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not least <= found <= most:  # NaN is in no interval
            raise argparse.ArgumentTypeError(f"a number from {least:g} to {most:,.0f}, not {text}")
        return found

    return within
