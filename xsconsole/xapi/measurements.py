"""What a host measures of itself and of its VMs, asked for over HTTP: `/rrd_updates`."""

import asyncio
import json
import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from xsconsole.domain.ids import Uuid
from xsconsole.domain.metrics import NOTHING_MEASURED, Measured
from xsconsole.errors import HostSilent
from xsconsole.xapi.errors import BadAnswer, RoadBroken
from xsconsole.xapi.questions import OK, asked
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.transport import Address
from xsconsole.xapi.trust import Trust

MARGIN_STEPS = 2


class XapiMeasurements:
    """Each host answers for itself and for the VMs that run on it. Implements `engine.ports.MeasurementPort`."""

    def __init__(self, session: PoolSession, trust: Trust) -> None:
        self._session = session
        self._trust = trust
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="measurements")

    async def read(self, host: str, measured: Uuid, span: timedelta, step_s: int) -> Measured:
        login = self._session.login
        address = replace(login.address, host=host, fingerprint=None) if host else login.address
        work = asyncio.get_running_loop().run_in_executor(
            self._executor, self._read, address, login.handle, measured, span, step_s
        )
        try:
            return await work
        except (RoadBroken, BadAnswer) as failure:
            raise HostSilent(pool=self._session.pool_name, host=address.host, cause=str(failure)) from failure

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _read(self, address: Address, session: str, measured: Uuid, span: timedelta, step_s: int) -> Measured:
        # A little less than the span: what begins exactly where the finest archive does is answered from a coarser one.
        start = int(time.time() - span.total_seconds() + MARGIN_STEPS * step_s)
        query = urlencode({"start": start, "interval": step_s, "cf": "AVERAGE", "host": "true", "json": "true"})
        status, body = asked(self._trust, address, session, f"/rrd_updates?{query}")
        if status != OK:
            raise BadAnswer(f"the host measures nothing just now (HTTP status {status})")
        return measured_of(body, measured)


def measured_of(body: bytes, uuid: Uuid) -> Measured:
    """Return what an answer says of one VM or host, the oldest first.

    Raises:
        BadAnswer: it is none.
    """
    try:
        answer: Mapping[str, Any] = json.loads(body)
        legend = [str(entry).split(":", 3) for entry in answer["meta"]["legend"]]
        rows = sorted(answer["data"], key=lambda row: float(row["t"]))
        columns = {parts[3]: at for at, parts in enumerate(legend) if len(parts) == 4 and parts[2] == uuid}
        if not columns or not rows:
            return NOTHING_MEASURED
        return Measured(
            times=tuple(datetime.fromtimestamp(float(row["t"]), UTC) for row in rows),
            values={name: tuple(_number(row["values"][at]) for row in rows) for name, at in columns.items()},
        )
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as failure:
        raise BadAnswer("the answer holds no measurements") from failure


def _number(value: object) -> float:
    """Read a number; what was not measured comes as NaN, as a text or bare."""
    number = float(str(value))
    return number if math.isfinite(number) else math.nan
