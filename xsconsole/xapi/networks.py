"""Networks without an interface of any host: the engine's `NetworkPort` over a session."""

from xsconsole.domain.ids import Uuid
from xsconsole.errors import PoolFailed
from xsconsole.xapi.disposal import GONE, ref_of
from xsconsole.xapi.session import PoolSession


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

    async def destroy(self, network: Uuid) -> None:
        ref = await ref_of(self._session, "network", network)
        if ref is None:
            return
        try:
            await self._session.call("network.destroy", ref)
        except PoolFailed as failure:
            if failure.code not in GONE:
                raise
