"""A plan carried out: leased, recorded, journaled step by step, forward or back."""
