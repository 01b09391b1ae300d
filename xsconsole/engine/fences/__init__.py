"""Fences on the pool: their ground, building them, proving them, and taking them away."""
