"""Two pools of values, and consoles that are connected to both: one process, one ledger, an engine for each pool."""

from collections.abc import Mapping
from typing import Any

import msgspec

from tests.engine.desks import Desk, MemoryLedger, Office
from tests.engine.memory_pool import MemoryPool
from xsconsole.domain.ids import ConfigurationId, TransitionId, Uuid
from xsconsole.domain.workflow import Binding, Method, PoolObject, Stage, Transition, Workflow, default_workflow
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.neighbours import Neighbour
from xsconsole.engine.plans.lands import Land, Told, nothing_told

WAY = TransitionId("staging-to-production")


class Pair:
    """A console at a desk in each of two pools."""

    def __init__(self, here: Desk, there: Desk) -> None:
        self.here, self.there = here, there
        self.told: Told = nothing_told
        there.port.cross = here.ledger.cross = here.cross
        for desk in (here, there):
            desk.engine.abroad = self

    def land(self, pool: Uuid) -> Land | None:
        desk = self._at(pool)
        if desk is None:
            return None
        return Land(board=desk.board, inventory=desk.inventory, actor=desk.port.identity.actor, told=self.told)

    def neighbour(self, pool: Uuid) -> Neighbour | None:
        desk = self._at(pool)
        return None if desk is None else desk.engine.as_neighbour()

    async def answered(self) -> None:
        """Nobody asks in the background."""

    def _at(self, pool: Uuid) -> Desk | None:
        return next((desk for desk in (self.here, self.there) if desk.pool.pool.uuid == pool), None)


class Company:
    """A pool for tests and one for production, and a way from one to the other that copies, or moves."""

    def __init__(self) -> None:
        self.test, self.production = Office(), Office(MemoryPool(1_000_001, "production pool"))
        self.production.alive = self.test.alive
        self.front = self.test.pool.add_network("stage-net")
        self.there = self.production.pool.add_network("prod-net")
        self.pair = self.sit_down(MemoryLedger())

    def sit_down(self, ledger: MemoryLedger) -> Pair:
        return Pair(self.test.desk(ledger), self.production.desk(ledger))

    async def begin(self, **way: Any) -> "Company":
        desk = self.pair.here
        self.shop = await self.test.shop(desk)
        for member in desk.card(self.shop).members:
            self.test.pool.plug(member.uuid, self.front)
        workflow = self.workflow(**way)
        await desk.publish(workflow)
        await self.pair.there.engine.publish_default()
        await self.pair.there.publish(workflow)
        return self

    def workflow(self, production: Mapping[str, Any] | None = None, **way: Any) -> Workflow:
        """Staging is in the pool for tests, production in the other one; each maps its network.

        `production` says otherwise of that stage, `way` of the way there.
        """
        base = default_workflow()
        homes = {
            "staging": Binding(
                pool=_bound(self.test.pool.pool),
                sr=_bound(self.test.pool.storage),
                networks=(_front(self.front),),
            ),
            "production": Binding(
                pool=_bound(self.production.pool.pool),
                sr=_bound(self.production.pool.storage),
                networks=(_front(self.there),),
            ),
        }

        def stage_of(stage: Stage) -> Stage:
            other = production if production is not None and stage.id == "production" else {}
            return msgspec.structs.replace(stage, binding=homes.get(stage.id, stage.binding), **other)

        def way_of(it: Transition) -> Transition:
            if it.id != WAY:
                return it
            return msgspec.structs.replace(it, **{"method": Method.FULL_COPY, "restore_point": None, **way})

        return msgspec.structs.replace(
            base,
            version=2,
            networks=("front",),
            stages=tuple(map(stage_of, base.stages)),
            transitions=tuple(map(way_of, base.transitions)),
        )

    def made(self) -> ConfigurationId:
        (id_,) = (card.id for card in self.pair.there.board.cards.values() if card.members)
        return id_


def _bound(record: Any) -> PoolObject:
    return PoolObject(uuid=record.uuid, name=record.name_label)


def _front(network: Any) -> NetworkEntry:
    return NetworkEntry(logical="front", network=_bound(network))
