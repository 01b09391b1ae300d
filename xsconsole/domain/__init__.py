"""Values and pure functions: what a release process is, without pool, database or screen."""
