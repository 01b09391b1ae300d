"""What a stage is called, also one that the workflow does not have any more: sentences never show ids."""

from collections.abc import Iterable

from xsconsole.domain.board import Card, past_name
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import Workflow

SHOWN = 40  # characters of a name


class StageNames:
    """Names out of workflows, earlier ones first, and out of what members show to other programs."""

    def __init__(self, *workflows: Workflow | None) -> None:
        self._names: dict[StageId, str] = {}
        self._cards: list[Card] = []
        for workflow in workflows:
            for stage in workflow.stages if workflow is not None else ():
                self._names.setdefault(stage.id, stage.name)

    def read(self, cards: Iterable[Card]) -> "StageNames":
        """Add the names of stages that no workflow has, as members carry them."""
        self._cards += cards
        return self

    def name(self, stage: StageId) -> str:
        """Return its name; of a stage that nobody knows any more, what its id was made from."""
        return self._names.get(stage) or past_name(stage, self._cards)

    def quoted(self, stage: StageId) -> str:
        return f"“{shortened(self.name(stage), SHOWN)}”"
