"""Publishing a workflow: what it would do, what it did, and what stands beside it on a pool."""
