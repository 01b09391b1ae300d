"""A running shop and what becomes of it in the library."""

from typing import Any

from tests.engine.desks import Desk, Office
from tests.engine.test_copying import census
from xsconsole.domain.blueprint import Blueprint
from xsconsole.domain.blueprint.standing import (
    Library,
    library_of,
    shelved,
)
from xsconsole.domain.ids import BlueprintId
from xsconsole.domain.runs import RunStatus
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Capture
from xsconsole.engine.library.shelving import Shelving
from xsconsole.store.keys import is_signature

SHOP = BlueprintId("b1")


class Scene:
    """A running shop and what becomes of it in the library."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk = self.office.desk()

    async def begin(self, stage: str = "production") -> "Scene":
        self.shop = await self.office.shop(self.desk, stage)
        self.before = census(self.office)
        return self

    def capturing(self, desk: Desk | None = None, **more: Any) -> Capture:
        card = (desk or self.desk).card(self.shop)
        usual = {"blueprint": SHOP, "name": "Shop <b>", "summary": "Two tiers", "changes": "first"}
        return Capture(configuration=card.id, revision=card.revision, **{**usual, **more})

    async def captured(self, **more: Any) -> RunStatus:
        status = await self.desk.do(self.capturing(**more))
        assert status.error is None, explain(status.error)
        return status

    @property
    def library(self) -> Library:
        return library_of(self.desk.inventory, self.desk.board.workflow, is_signature)

    def shelving(self, desk: Desk | None = None) -> Shelving:
        desk = desk or self.desk
        return desk.engine.shelving

    @property
    def newest(self) -> Blueprint:
        found = shelved(self.library, SHOP).blueprint
        assert found is not None
        return found
