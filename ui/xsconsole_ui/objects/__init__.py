"""Single objects of the pool: what is known of them, and what can be done to them."""
