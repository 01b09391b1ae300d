"""The adapter to a pool: session, feed, tasks, failures, and what we keep on the pool."""
