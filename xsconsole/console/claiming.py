"""Leaves in a pool which of its sessions are this console's, so that no other console takes them for a stranger's."""

import asyncio
import logging

from xsconsole.console.home import Home
from xsconsole.domain import claims
from xsconsole.domain.reconciliation import TRACKED, newest_sessions
from xsconsole.domain.record import AuditQuery
from xsconsole.engine.ports import Field, PoolPort
from xsconsole.engine.values import write_value
from xsconsole.errors import ConsoleError
from xsconsole.store.keys import is_signature

LIMIT_S = 10.0  # how long a log-in waits for it
PAGE = 2 * claims.KEPT  # rows that are looked through for sessions of this pool

log = logging.getLogger(__name__)


class Claiming:
    """Follows one connection whose log-in may write. Lives on the loop's thread."""

    def __init__(self, home: Home, pool: PoolPort) -> None:
        self._home, self._pool = home, pool
        self._claimed = ""  # the session of the last try
        self._work: asyncio.Task[None] | None = None

    async def claim(self) -> None:
        """Claim the session that there is. What is done before it stands there is a stranger's to other consoles."""
        identity = self._pool.identity
        self._claimed = identity.trackid
        try:
            async with asyncio.timeout(LIMIT_S):
                settings = self._home.settings
                stem = claims.stem_of(settings.console)
                keys = await self._pool.keys(Field.POOL)
                signer, pool = self._home.signer, identity.pool
                earlier = claims.own_claims(keys, settings.console, pool, self._home.key_fingerprint, is_signature)
                if claims.shortened_session(identity.trackid) in earlier:
                    return
                rows = await self._home.audit_page(AuditQuery(events=TRACKED), None, PAGE)
                known = newest_sessions(row for row in rows if row.fact.pool == pool)
                text = claims.claim(
                    signer,
                    settings.console,
                    settings.console_name,
                    pool,
                    (identity.trackid, *known, *earlier),  # the rows that told of those may be set aside
                )
                await write_value(self._pool, Field.POOL, stem, text)
        except (TimeoutError, ConsoleError) as failure:
            log.warning("other consoles are not told which session is this one's: %s", failure)

    def look(self) -> None:
        """Claim the session once it is another one than before: the road broke, and somebody logged in again."""
        is_another = self._pool.identity.trackid != self._claimed
        if is_another and (self._work is None or self._work.done()):
            self._work = asyncio.get_running_loop().create_task(self.claim(), name="claim a session")

    async def close(self) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])
