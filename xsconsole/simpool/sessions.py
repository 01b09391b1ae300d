"""Who is logged in, and with which role."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from xsconsole.simpool.clock import Clock
from xsconsole.simpool.database import Database
from xsconsole.simpool.errors import XapiError, wrongly_typed
from xsconsole.simpool.model import NULL
from xsconsole.simpool.roles import Role
from xsconsole.simpool.wire_values import described

WRONG_PASSWORD_DELAY_S = 5.0
"""How long a host waits, in the pool's time, before it refuses a password."""

QUOTA = 500
"""How many sessions an originator may have, and a user; the least active one goes when there is another."""

IDLE_S = 86_400.0
NOTED_EVERY_S = 600.0
"""Activity is written down no oftener than this."""


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
        self._unauthorised: set[str] = set()
        self._sessions: dict[str, Session] = {}
        self._active_at: dict[str, float] = {}
        self._in_use: Counter[str] = Counter()

    @property
    def users(self) -> Mapping[str, User]:
        return self._users

    def add_user(self, user: User) -> None:
        """Let somebody log in from now on."""
        self._users[user.name] = user

    def change_password(self, name: str, password: str) -> None:
        """Let somebody log in with another password from now on."""
        self._users[name] = replace(self._users[name], password=password)

    def change_role(self, identifier: str, role: Role | None) -> None:
        """Give a subject another role at the next login; without a role it is refused."""
        for user in tuple(self._users.values()):
            if user.identifier != identifier:
                continue
            if role is None:
                self._unauthorised.add(user.name)
            else:
                self._unauthorised.discard(user.name)
                self._users[user.name] = replace(user, role=role)

    async def login(self, name: str, password: str, originator: str = "") -> Session:
        """Begin a session.

        Raises:
            XapiError: SESSION_AUTHENTICATION_FAILED, after a moment that makes guessing slow;
                SESSION_AUTHORIZATION_FAILED, the pool knows nothing of the user, or no role.
        """
        user = await self._authenticated(name, password)
        is_known = user.subject == NULL or self._db.exists("subject", user.subject)
        if user.name in self._unauthorised or not is_known:
            words = f"Subject {user.identifier} (identifier {name}, from domain) has no access rights"
            raise XapiError("SESSION_AUTHORIZATION_FAILED", name, words)
        return self.begin(user, originator)

    def begin(self, user: User, originator: str) -> Session:
        """Begin a session of somebody who is known already."""
        self._end_idle()
        self._make_room([session for session in self._sessions.values() if session.originator == originator])
        self._make_room([session for session in self._sessions.values() if session.user.name == user.name])
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
        self._active_at[ref] = self._clock.monotonic()
        return session

    async def login_locally(self, name: str, password: str, ref: str) -> Session:
        """Begin a session with a host instead of the pool, under a reference of its own; raises as `login` does."""
        user = await self._authenticated(name, password)
        if user.subject != NULL:
            raise XapiError("SESSION_AUTHENTICATION_FAILED", name, "Authentication failure")
        session = Session(ref=ref, user=user, originator="", is_local=True)
        self._sessions[ref] = session
        self._active_at[ref] = self._clock.monotonic()
        return session

    async def _authenticated(self, name: str, password: str) -> User:
        user = self._users.get(name) or self._in_directory(name)
        if user is None or user.password != password or (user.subject != NULL and not self._asks_directory()):
            await self._clock.sleep(WRONG_PASSWORD_DELAY_S)
            raise XapiError("SESSION_AUTHENTICATION_FAILED", name, "Authentication failure")
        return user

    def _in_directory(self, name: str) -> User | None:
        """Return whom a directory knows by a name that is spelled in another way: it takes any case, and both forms."""
        for ref, subject in self._db.rows("subject"):
            spelled = {subject["other_config"].get(field, "").lower() for field in ("subject-name", "subject-upn")}
            found = next((user for user in self._users.values() if user.subject == ref), None)
            if found is not None and name.lower() in {*spelled, found.name.lower()} - {""}:
                return found
        return None

    def _asks_directory(self) -> bool:
        coordinator = self._db.get("pool", self._db.refs("pool")[0], "master")
        return bool(self._db.get("host", coordinator, "external_auth_type"))

    def forget_all(self) -> None:
        """End all sessions, also those that only the database knows."""
        self._sessions.clear()
        self._in_use.clear()
        for ref in self._db.refs("session"):
            self._db.destroy("session", ref)

    def logout(self, ref: str) -> None:
        """End a session; nothing happens where it has ended."""
        session = self._sessions.pop(ref, None)
        self._active_at.pop(ref, None)
        if session is not None and not session.is_local:
            self._db.destroy("session", ref)

    def check(self, ref: object) -> Session:
        """Return the session of that reference, which is in use with that.

        Raises:
            XapiError: SESSION_INVALID, it is none, or has not been used for a day; or it is not even a text.
        """
        if not isinstance(ref, str):
            raise wrongly_typed(f"Expected string, got '{described(ref)}'")
        session = self._sessions.get(ref)
        if session is not None and self._is_idle(session.ref):
            self.logout(session.ref)
            session = None
        if session is None:
            raise XapiError("SESSION_INVALID", ref)
        self._note(session.ref)
        return session

    @contextmanager
    def in_use(self, ref: str) -> Iterator[None]:
        """Take a session for active as long as this lasts, such as a transfer over many hours."""
        self._in_use[ref] += 1
        try:
            yield
        finally:
            self._in_use[ref] -= 1
            if self._in_use[ref] <= 0:
                del self._in_use[ref]
            if ref in self._sessions:
                self._note(ref)

    def name_of(self, ref: object) -> str:
        """Return who a session belongs to; empty for none."""
        session = self._sessions.get(ref) if isinstance(ref, str) else None
        return session.user.name if session is not None else ""

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions.values()))

    def _note(self, ref: str) -> None:
        now = self._clock.monotonic()
        if now - self._active_at[ref] >= NOTED_EVERY_S:
            self._active_at[ref] = now
            if not self._sessions[ref].is_local:
                self._db.set("session", ref, last_active=self._clock.now())

    def _is_idle(self, ref: str) -> bool:
        return self._in_use[ref] <= 0 and self._clock.monotonic() - self._active_at[ref] > IDLE_S

    def _end_idle(self) -> None:
        for ref in [ref for ref in self._sessions if self._is_idle(ref)]:
            self.logout(ref)

    def _make_room(self, same: list[Session]) -> None:
        same.sort(key=lambda session: (self._in_use[session.ref] > 0, self._active_at[session.ref]))
        for session in same[: max(0, len(same) + 1 - QUOTA)]:
            self.logout(session.ref)
