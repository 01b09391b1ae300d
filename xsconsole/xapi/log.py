"""xapi's own log of who called what, asked for over HTTP: `/audit_log`."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlencode

from xsconsole.domain.drift.causes import Call, read_calls
from xsconsole.errors import ConnectionLost
from xsconsole.xapi.errors import BadAnswer, RoadBroken
from xsconsole.xapi.failures import not_permitted
from xsconsole.xapi.questions import OK, asked
from xsconsole.xapi.session import PoolSession
from xsconsole.xapi.trust import Trust

PERMISSION = "http/get_audit_log"
NOT_PERMITTED = (401, 403)


class XapiLog:
    """The coordinator's log; other hosts have their own, of what they were asked directly."""

    def __init__(self, session: PoolSession, trust: Trust, executor: ThreadPoolExecutor) -> None:
        self._session = session
        self._trust = trust
        self._executor = executor

    async def calls_since(self, at: datetime) -> tuple[Call, ...]:
        """Return the calls that were allowed from then on, by the pool's clock, oldest first.

        Raises:
            NotPermitted: not by this log-in.
            ConnectionLost: it cannot be read.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, self._read, at)
        except (RoadBroken, BadAnswer) as failure:
            raise ConnectionLost(pool=self._session.pool_name, cause=str(failure), was_sent=False) from failure

    def _read(self, at: datetime) -> tuple[Call, ...]:
        login = self._session.login
        since = urlencode({"since": at.astimezone(UTC).strftime("%Y%m%dT%H:%M:%S.000Z")})
        status, body = asked(self._trust, login.address, login.handle, f"/audit_log?{since}")
        if status in NOT_PERMITTED:
            raise not_permitted(PERMISSION)
        if status != OK:
            raise BadAnswer(f"the host does not show its log (HTTP status {status})")
        return read_calls(body.decode("utf-8", "replace"))
