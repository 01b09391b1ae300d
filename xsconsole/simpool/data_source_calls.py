"""The calls that ask for one measured value, or for what is measured."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from xsconsole.simpool import rrd_sources
from xsconsole.simpool.calls import Call, Handler
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.lifecycle import PAUSED, RUNNING
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.rrd_archives import ARCHIVES
from xsconsole.simpool.signals import STEP_S, Consolidation

Sources = Callable[[Pool, str], list[rrd_sources.Source]]


def _of_machine(pool: Pool, vm: str) -> list[rrd_sources.Source]:
    """Return what is measured of a VM now: nothing of one that does not run."""
    if pool.db.get("VM", vm, "power_state") not in (RUNNING, PAUSED):
        return []
    return rrd_sources.of_machine(pool, vm)


def _of_host(pool: Pool, host: str) -> list[rrd_sources.Source]:
    return rrd_sources.of_host(pool, host)


def _of_storage(pool: Pool, sr: str) -> list[rrd_sources.Source]:
    pool.db.row("SR", sr)
    return []


def _lister(sources: Sources) -> Handler:
    async def get_data_sources(call: Call, owner: str) -> list[dict[str, Any]]:
        return [
            {
                "name_label": source.name,
                "name_description": source.description,
                "enabled": True,
                "standard": True,
                "units": source.units,
                "min": source.minimum,
                "max": source.maximum,
                "value": _now(call.pool, source),
            }
            for source in sources(call.pool, owner)
        ]

    return get_data_sources


def _asker(sources: Sources) -> Handler:
    async def query_data_source(call: Call, owner: str, data_source: str) -> float:
        return _now(call.pool, _named(call.pool, sources, owner, data_source))

    return query_data_source


def _keeper(sources: Sources) -> Callable[..., Awaitable[None]]:
    async def accept(call: Call, owner: str, data_source: str) -> None:
        """Accept what changes nothing: everything is measured anyway, and nothing of it is stored."""
        _named(call.pool, sources, owner, data_source)

    return accept


def _named(pool: Pool, sources: Sources, owner: str, name: str) -> rrd_sources.Source:
    for source in sources(pool, owner):
        if source.name == name:
            return source
    raise XapiError("INTERNAL_ERROR", f'Rrd.Invalid_data_source("{name}")')


def _now(pool: Pool, source: rrd_sources.Source) -> float:
    return source.value(ARCHIVES[0].last(pool.clock.now().timestamp()), STEP_S, Consolidation.LAST)


CALLS: Mapping[str, Handler] = {
    f"{cls}.{message}": make(sources)
    for cls, sources in (("VM", _of_machine), ("host", _of_host), ("SR", _of_storage))
    for message, make in (
        ("get_data_sources", _lister),
        ("query_data_source", _asker),
        ("record_data_source", _keeper),
        ("forget_data_source_archives", _keeper),
    )
}
