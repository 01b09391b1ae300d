"""Tells the webhook of requests of this home that ended without anybody's deed: void, or expired."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from xsconsole.console.webhook import Webhook
from xsconsole.domain.ids import RequestId
from xsconsole.domain.notifications import Notification
from xsconsole.domain.record import AuditEvent
from xsconsole.domain.requests.views import OPEN, RequestState, RequestView
from xsconsole.engine.ports import Identity
from xsconsole.engine.requests.standing import request_fact

ENDS = {RequestState.VOID: Notification.REQUEST_VOID, RequestState.EXPIRED: Notification.REQUEST_EXPIRED}


class Told(Protocol):
    """What is needed of the home."""

    @property
    def webhook(self) -> Webhook: ...

    @property
    def key_fingerprint(self) -> str: ...


class RequestEnds:
    """Compares how requests stood with how they stand, and tells each end once."""

    def __init__(self, home: Told) -> None:
        self._home = home
        self._states: Mapping[RequestId, RequestState] = {}

    def hear(self, views: tuple[RequestView, ...], identity: Identity) -> None:
        """Take in how all requests stand. What had ended before the first time is no news."""
        before, self._states = self._states, {view.request.id: view.state for view in views}
        for view in views:
            kind = ENDS.get(view.state)
            is_own = view.request.key == self._home.key_fingerprint
            if kind is not None and is_own and before.get(view.request.id) in OPEN:
                fact = request_fact(AuditEvent.REQUESTED, view.request, identity)
                self._home.webhook.tell(kind, replace(fact, reason=view.sentence))
