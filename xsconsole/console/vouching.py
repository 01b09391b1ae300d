"""Who sits at this console: by its key, and by a password that is typed now."""

from collections.abc import Awaitable, Callable
from typing import TypedDict

from xsconsole.console.values import Secret
from xsconsole.domain.log_ins import may_be_one
from xsconsole.domain.workflow import Person
from xsconsole.domain.workflow.findings.approvals import is_shared
from xsconsole.engine.ports import Identity
from xsconsole.errors import LogInNeeded, Refused

Vouch = Callable[[str, Secret], Awaitable[Identity]]
"""Logs somebody in anew, says who that is, and out again."""


class LogInFields(TypedDict):
    """Of what is signed: as whom somebody is logged in."""

    actor: str
    session: str
    sid: str


def log_in_fields(identity: Identity | None) -> LogInFields:
    """Return them for a log-in, empty where there is none."""
    if identity is None:
        return LogInFields(actor="", session="", sid="")
    return LogInFields(actor=identity.actor, session=identity.session, sid=identity.sid)


def log_in_of(person: Person | None) -> str:
    """Return the log-in that a person gives anew when they sign something; empty where none is asked."""
    return person.subject if person is not None and not is_shared(person) else ""


async def logged_in(
    vouch: Vouch | None, identity: Identity | None, person: Person, password: Secret | None
) -> Identity:
    """Return as whom somebody logged in just now, at the pool that this console is connected to.

    Raises:
        LogInNeeded: a password has to be typed.
        ConnectFailed: it does not let them in.
        Refused: it led elsewhere, or was somebody else's.
    """
    if password is None or vouch is None:
        raise LogInNeeded(
            reason=f"Who signs as {person.name} logs in anew as {person.subject}.",
            mend="Type the password.",
            user=person.subject,
        )
    fresh = await vouch(person.subject, password)
    if identity is None or fresh.pool != identity.pool:
        raise Refused(reason="The log-in led to another pool.", mend="Connect to the pool that it is about.")
    if not may_be_one(fresh.actor, person.subject):
        raise Refused(
            reason=f"The log-in is that of {fresh.actor}, and {person.name} logs in as {person.subject}.",
            mend="Log in as yourself.",
        )
    return fresh
