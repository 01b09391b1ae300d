"""From commands to plans: pure functions of the workflow, a configuration and the inventory."""
