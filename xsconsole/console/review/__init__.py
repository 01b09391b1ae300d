"""A bundle looked at without a pool, a home or a key: what it says, and what of it can be trusted."""

from xsconsole.console.review.review import Range, Review, open_review

__all__ = ["Range", "Review", "open_review"]
