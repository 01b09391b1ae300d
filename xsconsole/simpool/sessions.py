"""Who is logged in, and with which role."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xsconsole.simpool.clock import Clock
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.roles import Role

WRONG_PASSWORD_DELAY_S = 0.05
"""A real host waits 5 s before it refuses a password; a pool for tests does not make everybody wait."""

ORIGINATOR_QUOTA = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may log in. `subject` is NULL for the local superuser."""

    name: str
    password: str
    role: Role
    subject: str = NULL
    identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login that has not ended."""

    ref: str
    user: User
    originator: str
    is_local: bool = False
    """Known to one host only, and good for what that host can do by itself."""


NOBODY = Session(ref=NULL, user=User(name="", password="", role=Role.READ_ONLY), originator="")
"""Who makes a call that needs no session."""


class Sessions:
    """The users of a pool and their logins."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._users: dict[str, User] = {}
        self._sessions: dict[str, Session] = {}

    @property
    def users(self) -> Mapping[str, User]:
        return self._users

    def add_user(self, user: User) -> None:
        """Let somebody log in from now on."""
        self._users[user.name] = user

    async def login(self, name: str, password: str, originator: str = "") -> Session:
        """Begin a session.

        Raises:
            XapiError: SESSION_AUTHENTICATION_FAILED, after a moment that makes guessing slow.
        """
        return self.begin(await self._authenticated(name, password), originator)

    def begin(self, user: User, originator: str) -> Session:
        """Begin a session of somebody who is known already."""
        self._drop_oldest(originator)
        now = self._clock.now()
        ref = self._db.create(
            "session",
            this_host=self._db.get("pool", self._db.refs("pool")[0], "master"),
            last_active=now,
            validation_time=now,
            is_local_superuser=user.subject == NULL,
            subject=user.subject,
            auth_user_sid=user.identifier,
            auth_user_name=user.name,
            originator=originator,
        )
        session = Session(ref=ref, user=user, originator=originator)
        self._sessions[ref] = session
        return session

    async def login_locally(self, name: str, password: str, ref: str) -> Session:
        """Begin a session with a host instead of the pool, under a reference of its own; raises as `login` does."""
        user = await self._authenticated(name, password)
        if user.subject != NULL:
            raise XapiError("SESSION_AUTHENTICATION_FAILED", name, "Authentication failure")
        session = Session(ref=ref, user=user, originator="", is_local=True)
        self._sessions[ref] = session
        return session

    async def _authenticated(self, name: str, password: str) -> User:
        user = self._users.get(name)
        if user is None or user.password != password:
            await asyncio.sleep(WRONG_PASSWORD_DELAY_S)
            raise XapiError("SESSION_AUTHENTICATION_FAILED", name, "Authentication failure")
        return user

    def forget_all(self) -> None:
        """End all sessions, also those that only the database knows."""
        self._sessions.clear()
        for ref in self._db.refs("session"):
            self._db.destroy("session", ref)

    def logout(self, ref: str) -> None:
        """End a session; nothing happens where it has ended."""
        session = self._sessions.pop(ref, None)
        if session is not None and not session.is_local:
            self._db.destroy("session", ref)

    def check(self, ref: object) -> Session:
        """Return the session of that reference.

        Raises:
            XapiError: SESSION_INVALID.
        """
        session = self._sessions.get(ref) if isinstance(ref, str) else None
        if session is None:
            raise XapiError("SESSION_INVALID", ref)
        return session

    def name_of(self, ref: object) -> str:
        """Return who a session belongs to; empty for none."""
        session = self._sessions.get(ref) if isinstance(ref, str) else None
        return session.user.name if session is not None else ""

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions.values()))

    def _drop_oldest(self, originator: str) -> None:
        same = [session for session in self._sessions.values() if session.originator == originator]
        for session in same[: max(0, len(same) + 1 - ORIGINATOR_QUOTA)]:
            self.logout(session.ref)
