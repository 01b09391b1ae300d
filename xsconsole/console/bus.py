"""Delivers events by type on the loop's thread. One failing subscriber neither stops another nor goes unreported."""

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from xsconsole.domain.events import Event

E = TypeVar("E", bound=Event)

log = logging.getLogger(__name__)


class Bus:
    """Subscribers by the type of event, called in the order in which they came."""

    def __init__(self) -> None:
        self._handlers: dict[type[Any], list[Callable[[Any], None]]] = defaultdict(list)
        self._followers: list[Callable[[Event], None]] = []

    def subscribe(self, kind: type[E], handler: Callable[[E], None]) -> Callable[[], None]:
        """Call `handler` for each event of `kind` until the returned function is called; twice is harmless."""
        handlers = self._handlers[kind]
        handlers.append(handler)

        def end() -> None:
            if handler in handlers:
                handlers.remove(handler)

        return end

    def follow(self, handler: Callable[[Event], None]) -> Callable[[], None]:
        """Call `handler` for every event, after who asked for its kind, until the returned function is called."""
        self._followers.append(handler)

        def end() -> None:
            if handler in self._followers:
                self._followers.remove(handler)

        return end

    def publish(self, event: Event) -> None:
        for handler in (*self._handlers[type(event)], *self._followers):
            try:
                handler(event)
            except Exception:  # a subscriber's bug must not stop the others; it is reported, not hidden
                log.exception("a subscriber of %s failed", type(event).__name__)
