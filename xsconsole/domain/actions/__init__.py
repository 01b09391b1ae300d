"""Actions of plans, by what they are done to."""
