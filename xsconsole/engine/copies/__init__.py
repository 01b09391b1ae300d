"""Configurations made of copies: promotions by clone or full copy, candidates, replicas and their refreshing."""
