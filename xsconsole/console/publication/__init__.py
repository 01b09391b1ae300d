"""Publishing at this console: pools, approvals, versions."""
