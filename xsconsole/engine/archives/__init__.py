"""Configurations outside of their stages: archived, and come back as new ones."""
