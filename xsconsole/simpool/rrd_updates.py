"""`/rrd_updates`: what was measured of a host and of the VMs on it since a time."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from aiohttp import web

from xsconsole.simpool import pages, rrd_sources
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.rrd_archives import KEPT, Archive, chosen, instants, number_text
from xsconsole.simpool.signals import Consolidation
from xsconsole.simpool.visits import Answered, Visit
from xsconsole.simpool.xva_objects import version_numbers

_VALUES_PER_TURN = 1000
_FIRST_WITH_TEXTS = (23, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    legend: str
    value: Callable[[int], float]


async def download(visit: Visit) -> Answered:
    if "start" not in visit.params:
        return Answered(response=pages.bare(400))
    now_s = visit.pool.clock.now().timestamp()
    start_s = _number(visit, "start")
    start_s = start_s if start_s >= 0 else int(now_s) + start_s
    archive = chosen(start_s, _number(visit, "interval"), now_s)
    columns = list(_columns(visit, archive))
    if not columns:
        raise XapiError("INTERNAL_ERROR", "Rrd.No_RRA_Available")
    times = instants(archive, start_s, now_s)
    is_json = wants_json(visit.request, visit.params)
    row_text = _xml_row if not is_json else _json_row if _writes_texts(visit) else _older_json_row
    rows = []
    pause = max(1, _VALUES_PER_TURN // len(columns))
    for number, instant in enumerate(times):
        values = [number_text(column.value(instant)) for column in columns]
        rows.append(row_text(instant, values))
        if number % pause == pause - 1:
            await asyncio.sleep(0)
    first = start_s // archive.step_s * archive.step_s + archive.step_s
    numbers = {"start": first, "step": archive.step_s, "end": archive.last(now_s), "rows": len(times)}
    text = (_json if is_json else _xml)(numbers | {"columns": len(columns)}, [one.legend for one in columns], rows)
    headers = {**pages.NO_CACHE, **pages.ANY_ORIGIN, "content-type": "application/json" if is_json else "text/xml"}
    response = web.Response(body=text.encode(), headers=headers)
    response.force_close()
    return Answered(response=response)


def wants_json(request: web.BaseRequest, params: Mapping[str, str]) -> bool:
    """Whether a client asks for JSON: by what it accepts, or else by a parameter of that name."""
    accepted = request.headers.get("Accept", "")
    if "application/json" in accepted or "text/xml" in accepted:
        return "application/json" in accepted
    return "json" in params


def _number(visit: Visit, name: str) -> int:
    text = visit.params.get(name, "0")
    try:
        return int(text)
    except ValueError as failure:
        if name == "start":
            raise XapiError("INTERNAL_ERROR", 'Failure("Int64.of_string")') from failure
        return 0


def _kept(visit: Visit) -> tuple[Consolidation, ...]:
    wanted = visit.params.get("cf", "")
    return (Consolidation(wanted),) if wanted in set(Consolidation) else KEPT


def _columns(visit: Visit, archive: Archive) -> Iterator[_Column]:
    """Yield what is told: the host where it is wanted, then those of its VMs that are."""
    pool, kept = visit.pool, _kept(visit)
    wanted = visit.request.query.getall("vm_uuid", None)
    for host in visit.hosts:
        if visit.params.get("host") == "true":
            prefix = f"host:{pool.db.get('host', host, 'uuid')}"
            yield from _of(prefix, rrd_sources.of_host(pool, host), kept, archive)
        for vm in rrd_sources.residents(pool, host):
            uuid = pool.db.get("VM", vm, "uuid")
            if wanted is None or uuid in wanted:
                yield from _of(f"vm:{uuid}", rrd_sources.of_machine(pool, vm), kept, archive)


def _of(
    prefix: str, sources: list[rrd_sources.Source], kept: tuple[Consolidation, ...], archive: Archive
) -> Iterator[_Column]:
    for one in kept:
        for source in sources:
            yield _Column(legend=f"{one}:{prefix}:{source.name}", value=_bound(source, archive.step_s, one))


def _bound(source: rrd_sources.Source, step_s: int, kept: Consolidation) -> Callable[[int], float]:
    return lambda instant: source.value(instant, step_s, kept)


def _writes_texts(visit: Visit) -> bool:
    """Whether the host's xapi writes values as texts: JSON has no word for what was not measured."""
    return version_numbers(visit.pool.db.get("host", visit.host, "software_version")) >= _FIRST_WITH_TEXTS


def _older_json_row(instant: int, values: list[str]) -> str:
    return f'{{"t":{instant},"values":[{",".join(values)}]}}'


def _json_row(instant: int, values: list[str]) -> str:
    joined = '","'.join(values)
    return f'{{"t":{instant},"values":["{joined}"]}}'


def _xml_row(instant: int, values: list[str]) -> str:
    return f"<row><t>{instant}</t>{''.join(f'<v>{value}</v>' for value in values)}</row>"


def _json(numbers: dict[str, int], legend: list[str], rows: list[str]) -> str:
    meta = ",".join(f'"{name}":{value}' for name, value in numbers.items())
    entries = ",".join(f'"{entry}"' for entry in legend)
    return f'{{"meta":{{{meta},"legend":[{entries}]}},"data":[{",".join(rows)}]}}'


def _xml(numbers: dict[str, int], legend: list[str], rows: list[str]) -> str:
    meta = "".join(f"<{name}>{value}</{name}>" for name, value in numbers.items())
    entries = "".join(f"<entry>{escape(entry)}</entry>" for entry in legend)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<xport><meta>{meta}<legend>{entries}</legend></meta><data>{''.join(rows)}</data></xport>"
