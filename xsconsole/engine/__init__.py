"""Commands in, journaled steps out, through ports."""
