"""A workflow brought to the pools that it binds, and what it means to what is in flight."""
