"""The library of a pool: configurations captured as templates, blueprints published and retired."""
