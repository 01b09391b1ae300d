"""A bundle of the audit, opened to be read: no pool, no home, no key."""
