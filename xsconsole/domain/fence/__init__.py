"""Fences: clones with the addresses of their originals, cut off from them by a router whose rules are made here."""
