"""xapi's own log of who called what, as `/audit_log` shows it; reading calls are not in it."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from types import MappingProxyType

from xsconsole.simpool.clock import Clock
from xsconsole.simpool.database import Database
from xsconsole.simpool.depot import Depot
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.identities import REFERENCE_PREFIX
from xsconsole.simpool.model import Param
from xsconsole.simpool.sessions import Session
from xsconsole.simpool.types import Record, Ref, Type

STAMP_LENGTH = 21
"""How much of a line's time is compared with `since`: down to the milliseconds."""

_HTTP = "http/"
_UNLOGGED = frozenset(
    (
        *("session.logout", "session.local_logout", "event.next", "event.from", "host.tickle_heartbeat"),
        *("http/get_rrd_updates", "http/rrd_updates", "http/post_remote_db_access"),
    )
)
_SHOWN_ALWAYS = frozenset(("name", "label", "description", "name_label", "name_description", "new_name"))
_SHOWN_ALSO: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "host.create": frozenset(
            ("hostname", "address", "external_auth_type", "external_auth_service_name", "edition")
        ),
        "VM.create": frozenset(
            (
                *("is_a_template", "memory_target", "memory_static_max", "memory_dynamic_max", "memory_dynamic_min"),
                *("memory_static_min", "ha_always_run", "ha_restart_priority"),
            )
        ),
        "host.set_address": frozenset(("value",)),
        "VM.start_on": frozenset(("start_paused", "force")),
        "VM.start": frozenset(("start_paused", "force")),
        "pool.create_VLAN": frozenset(("device", "VLAN")),
        "pool.join": frozenset(("master_address",)),
        "pool.join_force": frozenset(("master_address",)),
        "pool.enable_external_auth": frozenset(("service_name", "auth_type")),
        "host.enable_external_auth": frozenset(("service_name", "auth_type")),
        "subject.create": frozenset(("subject_identifier",)),
        "message.create": frozenset(("name", "body")),
    }
)
_HTTP_CLASSES = ("VM", "VDI", "SR", "task", "blob", "host", "VBD")

Arguments = tuple[str, ...]
"""The arguments of a call as they are shown, each of them already in brackets."""


class AuditLog:
    """The log of one pool. Its lines lie in the depot, so that they cost no memory and outlive the process."""

    def __init__(self, db: Database, clock: Clock, depot: Depot) -> None:
        self._db = db
        self._clock = clock
        self._depot = depot
        self._numbers = count(1)

    def arguments(self, action: str, params: tuple[Param, ...], values: tuple[object, ...]) -> Arguments:
        """Return what is shown of a call's arguments: names, and the objects referred to. Ask before the effect."""
        if not is_logged(action):
            return ()
        shown = _SHOWN_ALWAYS | _SHOWN_ALSO.get(action, frozenset())
        found: list[str] = []
        for param, value in zip(params, values, strict=False):
            found += self._shown(param.name, param.type, value, shown)
        return tuple(found)

    def called(
        self, session: Session, action: str, arguments: Arguments, *, task: str = "", error: XapiError | None = None
    ) -> None:
        """Note a call that was allowed, with how it ended."""
        outcome = "OK" if error is None else f"ERROR:{error.code}: [ {'; '.join(error.params)} ]"
        self._note(session, action, "ALLOWED", outcome, arguments, task)

    def refused(self, session: Session, action: str, arguments: Arguments) -> None:
        """Note a call that the role does not allow."""
        self._note(session, action, "DENIED", "", arguments, "")

    def visited(
        self, session: Session, action: str, params: Mapping[str, str], *, error: XapiError | None = None
    ) -> None:
        """Note a request to a data handler that was allowed."""
        self.called(session, action, self._http_arguments(params), task=params.get("task_id", ""), error=error)

    def turned_away(self, session: Session, action: str, params: Mapping[str, str]) -> None:
        """Note a request to a data handler that the role does not allow."""
        self.refused(session, action, self._http_arguments(params))

    def logged_in(self, session: Session) -> None:
        """Note a login. Those of the local superuser are not noted."""
        if session.user.identifier:
            shown = (_argument("uname", session.user.name), _argument("originator", session.originator))
            self._note(session, "session.create", "ALLOWED", "OK", shown, "")

    def logged_out(self, session: Session) -> None:
        """Note the end of a session that is still there."""
        if session.user.identifier:
            self._note(session, "session.destroy", "ALLOWED", "OK", (_argument("originator", session.originator),), "")

    def lines(self, since: str) -> Iterator[str]:
        """Yield the lines from a time on, which is compared as text once it has the form of theirs."""
        stamp = since.replace("-", "").replace("Z", "")
        for line in self._depot.lines():
            if line[1 : STAMP_LENGTH + 1] >= stamp:
                yield line

    def _note(self, session: Session, action: str, verdict: str, outcome: str, arguments: Arguments, task: str) -> None:
        if not is_logged(action):
            return
        kind = "HTTP" if action.startswith(_HTTP) else "API"
        subject = session.user.identifier or "LOCAL_SUPERUSER"
        fields = (trackid(session.ref), subject, session.user.name, verdict, outcome, kind, action)
        record = f"({' '.join(map(_quoted, fields))} ({' '.join(arguments)}))"
        label = action if not task else f"{action} R:{task.removeprefix(REFERENCE_PREFIX).replace('-', '')[:12]}"
        head = f"{_stamp(self._clock.now())}|audit|{self._hostname()}|{next(self._numbers)} INET :::80|{label}|audit"
        self._depot.append(_escaped(f"[{head}] {record}"))

    def _hostname(self) -> str:
        pools = self._db.refs("pool")
        master = self._db.get("pool", pools[0], "master") if pools else ""
        return str(self._db.get("host", master, "hostname")) if self._db.exists("host", master) else ""

    def _shown(self, name: str, kind: Type, value: object, shown: frozenset[str]) -> Iterator[str]:
        if isinstance(kind, Record) and isinstance(value, Mapping):
            fields = self._db.model.classes[kind.cls].fields
            for field, one in value.items():
                # What the caller left out has its default by now.
                if one != "":
                    yield from self._shown(field, fields[field].type, one, shown)
        elif name in shown:
            yield _argument(name, f"B({str(value).lower()})" if isinstance(value, bool) else str(value))
        elif isinstance(kind, Ref) and str(value).startswith(REFERENCE_PREFIX):
            yield self._object(name, (kind.cls,), str(value))

    def _http_arguments(self, params: Mapping[str, str]) -> Arguments:
        return tuple(
            _argument(name, value) if name in _SHOWN_ALWAYS else self._object(name, _HTTP_CLASSES, value)
            for name, value in params.items()
            if name != "session_id" and (name in _SHOWN_ALWAYS or value.startswith(REFERENCE_PREFIX))
        )

    def _object(self, name: str, classes: tuple[str, ...], ref: str) -> str:
        for cls in classes:
            if cls in self._db.model.classes and self._db.exists(cls, ref):
                row = self._db.row(cls, ref)
                return _argument(name, row.get("name_label", ""), row.get("uuid", ""), ref)
        return _argument(name, "", "", ref)


def is_logged(action: str) -> bool:
    """Whether a call, or `http/` and the name of a handler, is among those the log is about."""
    return ".get" not in action and action not in _UNLOGGED


def trackid(session: str) -> str:
    """Return what stands for a session in the log; the reference itself is a secret."""
    return f"trackid={hashlib.md5(session.encode(), usedforsecurity=False).hexdigest()}"


def _argument(name: str, shown: str, uuid: str = "", ref: str = "") -> str:
    return f"({' '.join(map(_quoted, (name, shown, uuid, ref)))})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _escaped(text: str) -> str:
    """Return text as it goes through the log of the system: on one line, and in printable ASCII."""
    one_line = text.replace("\n", " ").replace("\r", " ").replace("\\", "\\\\")
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02X}" for byte in one_line.encode())


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03}Z"
