"""A promotion from the question to the outcome: the plan, the run, and what to do when it stops."""
