"""Networks without an interface of any host: the engine's `NetworkPort` over a session."""

from collections import deque
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TypeVar

from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import PIF, RECORD_TYPES, VIF, VM, Change, ChangeBatch, Inventory, Network, Record
from xsconsole.errors import PoolFailed
from xsconsole.xapi.disposal import GONE, ref_of
from xsconsole.xapi.records import record_of
from xsconsole.xapi.session import PoolSession

R = TypeVar("R", bound=Record)
CLASS_NAMES = {kind: name for name, kind in RECORD_TYPES.items()}
REMOTE: Mapping[type[Record], str] = MappingProxyType({Network: "network", VM: "VM", VIF: "VIF", PIF: "PIF"})


class XapiNetworks:
    """Networks of one pool."""

    def __init__(self, session: PoolSession) -> None:
        self._session = session

    async def named(self, name: str) -> tuple[Uuid, ...]:
        found = await self._session.call("network.get_by_name_label", name)
        return tuple([Uuid(await self._session.call("network.get_uuid", ref)) for ref in sorted(found)])

    async def create(self, name: str, description: str) -> None:
        record = {"name_label": name, "name_description": description, "other_config": {}, "tags": []}
        await self._session.call("network.create", record)

    async def tag(self, network: Uuid, cards: Collection[Uuid], vlan: int) -> None:
        ref = await self._session.call("network.get_by_uuid", network)
        present = await self._session.call("network.get_PIFs", ref)
        hosts = {await self._session.call("PIF.get_host", pif) for pif in present}
        for uuid in cards:
            card = await self._session.call("PIF.get_by_uuid", uuid)
            if await self._session.call("PIF.get_host", card) not in hosts:
                await self._session.call("VLAN.create", card, str(vlan), ref)

    async def untag(self, network: Uuid, vlan: int) -> None:
        ref = await ref_of(self._session, "network", network)
        for pif in [] if ref is None else await self._session.call("network.get_PIFs", ref):
            record = await self._session.call("PIF.get_record", pif)
            if int(record["VLAN"]) == vlan:
                await self._session.call("VLAN.destroy", record["VLAN_master_of"])

    async def around(
        self, networks: Collection[Uuid], vms: Collection[Uuid], past: Uuid | None, vlans: Collection[int] = ()
    ) -> Inventory:
        walk = _Walk(self._session)
        for uuid in networks:
            await walk.enter(Network, await ref_of(self._session, "network", uuid), is_first=True)
        for uuid in (*vms, *((past,) if past is not None else ())):
            await walk.enter(VM, await ref_of(self._session, "VM", uuid))
        await walk.go(past)
        for vlan in vlans:
            await walk.carriers(vlan)
        return walk.inventory()

    async def destroy(self, network: Uuid) -> None:
        ref = await ref_of(self._session, "network", network)
        if ref is None:
            return
        try:
            await self._session.call("network.destroy", ref)
        except PoolFailed as failure:
            if failure.code not in GONE:
                raise


class _Walk:
    """Records that can be reached from some over interfaces, each read once."""

    def __init__(self, session: PoolSession) -> None:
        self._session = session
        self._found: dict[Ref, Record] = {}
        self._waiting: deque[Network | VM] = deque()
        self._firsts: set[Ref] = set()  # gone on from, whatever is on them

    async def enter(self, cls: type[Network] | type[VM], ref: Ref | None, *, is_first: bool = False) -> None:
        """Read a network or a machine, and go on from there later."""
        if ref is not None and ref not in self._found and (record := await self._read(cls, ref)) is not None:
            self._waiting.append(record)
            self._firsts |= {ref} if is_first else set()

    async def carriers(self, vlan: int) -> None:
        """Read the cards of a VLAN and the networks that they are on, once everything else is there."""
        cards = await self._session.call("PIF.get_all_records_where", f'field "VLAN"="{vlan}"')
        for ref, record in cards.items():
            card = record_of(PIF, Ref(ref), record)
            self._found[card.ref] = card
            await self._read(Network, card.network)

    async def go(self, past: Uuid | None) -> None:
        while self._waiting:
            at = self._waiting.popleft()
            pifs = [await self._read(PIF, ref) for ref in at.PIFs] if isinstance(at, Network) else []
            for ref in () if pifs and at.ref not in self._firsts else at.VIFs:
                vif = await self._read(VIF, ref)
                if vif is None:
                    continue
                await self.enter(VM, vif.VM)
                if isinstance(at, VM) and at.uuid == past:
                    await self._read(Network, vif.network)  # where it is, and no further
                else:
                    await self.enter(Network, vif.network)

    async def _read(self, cls: type[R], ref: Ref) -> R | None:
        known = self._found.get(ref)
        if known is not None:
            return known if isinstance(known, cls) else None
        try:
            record = record_of(cls, ref, await self._session.call(f"{REMOTE[cls]}.get_record", ref))
        except PoolFailed as failure:
            if failure.code in GONE:
                return None
            raise
        self._found[ref] = record
        return record

    def inventory(self) -> Inventory:
        inventory = Inventory()
        changes = tuple(
            Change(ref=ref, class_name=CLASS_NAMES[type(record)], record=record) for ref, record in self._found.items()
        )
        inventory.apply(ChangeBatch(changes=changes, is_whole=True))
        return inventory
