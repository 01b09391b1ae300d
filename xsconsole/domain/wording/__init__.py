"""Sentences about what happens, by subject; those for everything are in `words`."""
