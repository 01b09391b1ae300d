"""What a stage is called, also one that the workflow does not have any more: sentences never show ids."""

from collections.abc import Iterable

from xsconsole.domain.board import Card
from xsconsole.domain.folding import shortened
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.poolstate import STAGE_FIELD_KEY
from xsconsole.domain.workflow import Workflow

SHOWN = 40  # characters of a name


class StageNames:
    """Names out of workflows, earlier ones first, and out of what members show to other programs."""

    def __init__(self, *workflows: Workflow | None) -> None:
        self._names: dict[StageId, str] = {}
        for workflow in workflows:
            for stage in workflow.stages if workflow is not None else ():
                self._names.setdefault(stage.id, stage.name)

    def read(self, cards: Iterable[Card], inventory: Inventory) -> "StageNames":
        """Add the names of stages that no workflow has, as members carry them."""
        for card in cards:
            for member in card.members:
                if member.value.stage in self._names:
                    continue
                vm = inventory.get(VM, member.ref)
                shown = vm.other_config.get(STAGE_FIELD_KEY, "") if vm is not None else ""
                if shown:
                    self._names[member.value.stage] = shown
        return self

    def name(self, stage: StageId) -> str:
        """Return its name; of a stage that nobody knows any more, what its id was made from."""
        return self._names.get(stage) or stage.replace("-", " ").capitalize()

    def quoted(self, stage: StageId) -> str:
        return f"“{shortened(self.name(stage), SHOWN)}”"
