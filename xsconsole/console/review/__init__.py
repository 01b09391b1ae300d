"""A bundle looked at without a pool, a home or a key: what it says, and what of it can be trusted."""

from xsconsole.console.review.ranges import PartOfReview, Range
from xsconsole.console.review.review import Review, open_review, write_page

__all__ = ["PartOfReview", "Range", "Review", "open_review", "write_page"]
