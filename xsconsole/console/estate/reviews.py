"""Emergencies and reviews on several pools: each goes to the console of the pool on which it stands."""

from typing import TYPE_CHECKING

from xsconsole.console.values import Secret
from xsconsole.domain.ids import ConfigurationId, ReviewId, RunId
from xsconsole.domain.reviews import ReviewView
from xsconsole.domain.workflow import Workflow
from xsconsole.engine.commands import Confirmed

if TYPE_CHECKING:
    from xsconsole.console.estate.router import Estate
    from xsconsole.console.reviews import Reviews


class EstateReviews:
    """The same that `Reviews` is for one pool."""

    def __init__(self, estate: "Estate") -> None:
        self._estate = estate

    @property
    def _each(self) -> tuple["Reviews", ...]:
        return tuple(console.reviews for console in self._estate.pools.all)

    def _of(self, review: ReviewId) -> "Reviews":
        """Return what follows the pool of an item; of one that is nowhere, that of the first pool."""
        every = self._each
        return next((one for one in every if any(view.item.id == review for view in one.views)), every[0])

    @property
    def views(self) -> tuple[ReviewView, ...]:
        """Every open item as it stands now, oldest first."""
        return tuple(sorted((view for one in self._each for view in one.views), key=lambda view: -view.age))

    def of(self, configuration: ConfigurationId) -> tuple[ReviewView, ...]:
        """Return the open items about one configuration, oldest first: also in a pool that it has left since."""
        found = (view for one in self._each for view in one.of(configuration))
        return tuple(sorted(found, key=lambda view: -view.age))

    def workflow_of(self, view: ReviewView) -> Workflow | None:
        """Return the workflow that stands where the item does."""
        return self._of(view.item.id).workflow

    def asks_me(self, view: ReviewView) -> bool:
        """Whether this console's person could close it."""
        return self._of(view.item.id).asks_me(view)

    def log_in_for(self, view: ReviewView) -> str:
        """Return the log-in that is given anew to close an item; empty where none is asked."""
        return self._of(view.item.id).log_in_wanted

    def log_in_to_declare(self, configuration: ConfigurationId) -> str:
        """Return the log-in that is given anew to declare an emergency; empty where none is asked."""
        return self._estate.of_card(configuration).reviews.log_in_wanted

    def why_not_declare(self, configuration: ConfigurationId) -> str:
        """Return why this console's person may declare no emergency of a configuration; empty where they may."""
        return self._estate.of_card(configuration).reviews.why_not_declare()

    async def declare(self, confirmed: Confirmed, password: Secret | None = None) -> RunId:
        """Declare an emergency and begin; see `Reviews.declare`."""
        return await self._estate.of_command(confirmed.command).reviews.declare(confirmed, password)

    async def close(self, review: ReviewId, findings: str, password: Secret | None = None) -> ReviewView | None:
        """Say what was found; see `Reviews.close`."""
        return await self._of(review).close(review, findings, password)
