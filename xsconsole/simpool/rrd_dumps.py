"""`/vm_rrd` and `/host_rrd`: everything that is kept of one VM or host."""

import json
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from xsconsole.simpool import pages, rrd_sources
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.rrd_archives import ARCHIVES, KEPT, instants, number_text
from xsconsole.simpool.rrd_sources import Source
from xsconsole.simpool.rrd_updates import wants_json
from xsconsole.simpool.signals import STEP_S
from xsconsole.simpool.visits import Answered, Visit

_HEARTBEAT_S = 300.0
_SHARE = 0.5


def machine_host(visit: Visit) -> str | None:
    """Return the host on which a VM is measured; what stopped is kept by the coordinator."""
    found = visit.pool.db.find("VM", uuid=visit.params.get("uuid", ""))
    if not found:
        return None
    host = str(visit.pool.db.get("VM", found[0], "resident_on"))
    return host if visit.pool.db.exists("host", host) else visit.pool.coordinator


async def of_machine(visit: Visit) -> Answered:
    if "uuid" not in visit.params:
        return Answered(response=pages.bare(400))
    found = visit.pool.db.find("VM", uuid=visit.params["uuid"])
    if not found:
        return Answered(response=pages.bare(404))
    return await _dump(visit, rrd_sources.of_machine(visit.pool, found[0]))


async def of_host(visit: Visit) -> Answered:
    return await _dump(visit, rrd_sources.of_host(visit.pool, visit.host))


async def of_storage(visit: Visit) -> Answered:
    """Refuse: no SR of this pool measures anything by itself."""
    if "uuid" not in visit.params:
        return Answered(response=pages.bare(400))
    raise XapiError("INTERNAL_ERROR", 'Failure("No SR RRD available!")')


async def _dump(visit: Visit, sources: list[Source]) -> Answered:
    is_json = wants_json(visit.request, visit.params)
    kind = "application/json" if is_json else "text/xml"
    stream = await visit.begin({"content-type": kind, "Access-Control-Allow-Origin": "*"})
    for piece in (_json if is_json else _xml)(visit.pool, sources):
        await stream.write(piece.encode())
    return Answered(response=stream)


def _rows(sources: list[Source], now_s: float) -> Iterator[tuple[str, int, list[list[str]]]]:
    """Yield each archive: what is kept, of how many measurements, and its rows, the oldest first."""
    for kept in KEPT:
        for archive in ARCHIVES:
            times = instants(archive, 0, now_s)[::-1]
            rows = [
                [number_text(source.value(instant, archive.step_s, kept)) for source in sources] for instant in times
            ]
            yield kept.value, archive.step_s // STEP_S, rows


def _described(source: Source, now_s: float) -> dict[str, str]:
    last = number_text(source.value(ARCHIVES[0].last(now_s), STEP_S, KEPT[0]))
    return {
        "name": source.name,
        "type": source.kind,
        "minimal_heartbeat": number_text(_HEARTBEAT_S),
        "min": number_text(source.minimum),
        "max": number_text(source.maximum),
        "last_ds": last,
        "value": last,
        "unknown_sec": "0",
    }


def _xml(pool: Pool, sources: list[Source]) -> Iterator[str]:
    now_s = pool.clock.now().timestamp()
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<rrd><version>0003</version>'
    yield f"<step>{STEP_S}</step><lastupdate>{int(now_s)}</lastupdate>"
    for source in sources:
        yield f"<ds>{_elements(_described(source, now_s))}</ds>"
    prepared = {"primary_value": "0.0", "secondary_value": "0.0", "value": "0.0", "unknown_datapoints": "0"}
    for kept, measurements, rows in _rows(sources, now_s):
        yield f"<rra><cf>{kept}</cf><pdp_per_row>{measurements}</pdp_per_row>"
        yield f"<params><xff>{number_text(_SHARE)}</xff></params>"
        yield f"<cdp_prep>{f'<ds>{_elements(prepared)}</ds>' * len(sources)}</cdp_prep><database>"
        for row in rows:
            yield f"<row>{''.join(f'<v>{value}</v>' for value in row)}</row>"
        yield "</database></rra>"
    yield "</rrd>"


def _elements(texts: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())


def _json(pool: Pool, sources: list[Source]) -> Iterator[str]:
    now_s = pool.clock.now().timestamp()
    described: list[Any] = [_described(source, now_s) | {"last_updated": number_text(now_s)} for source in sources]
    yield f'{{"version":"0003","step":"{STEP_S}","lastupdate":"{number_text(now_s)}",'
    yield f'"ds":{json.dumps(described)},"rra":['
    prepared = {"primary_value": "0.0", "secondary_value": "0.0", "value": "0.0", "unknown_datapoints": "0"}
    for number, (kept, measurements, rows) in enumerate(_rows(sources, now_s)):
        archive = {
            "cf": kept,
            "pdp_per_row": str(measurements),
            "params": {"xff": number_text(_SHARE)},
            "cdp_prep": {"ds": [prepared] * len(sources)},
            "database": rows,
        }
        yield ("," if number else "") + json.dumps(archive)
    yield "]}"
