"""Consoles that are opened here split off their feeds."""

from consoles import feeds_that_start_at_once

__all__ = ["feeds_that_start_at_once"]
