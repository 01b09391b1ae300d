"""Requests for promotions that others have to approve."""
