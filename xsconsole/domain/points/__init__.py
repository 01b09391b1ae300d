"""Restore points: sets of snapshots, what they cost, and how long they are kept."""
