"""Promotions and demotions that move the machines themselves, within a pool and between two."""
