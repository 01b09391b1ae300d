"""Tells one web address what this console did. It never holds anything up: what cannot be delivered is on record."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from xsconsole.console.apart import apart
from xsconsole.console.values import Secret
from xsconsole.domain.canonical import Json
from xsconsole.domain.folding import shortened
from xsconsole.domain.notifications import Notification, document_of, kind_of
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.domain.words import count
from xsconsole.engine.ports import Clock, Ids
from xsconsole.errors import ConsoleError, Refused
from xsconsole.settings import Hook, Settings
from xsconsole.store.keys import Keyring, forget_password, get_password, set_password
from xsconsole.xapi.backoff import Backoff

SECRET_VARIABLE = "XSCONSOLE_WEBHOOK_SECRET"
ACCOUNT = "webhook secret"
NO_SECRET = f"Its secret is not at hand; give it in {SECRET_VARIABLE}, or set the webhook anew."
LONGEST_URL = 2000
MOST_WAITING = 200
TRIES = 4
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 15.0
TIMEOUT_S = 10.0
GRACE_S = 10.0  # how long a console that ends waits for what is still to be delivered
AGAIN = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something that could not be delivered, in words."""

    event: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one delivery is tried, in seconds, and how many may wait for theirs."""

    tries: int = TRIES
    first_wait_s: float = FIRST_WAIT_S
    longest_wait_s: float = LONGEST_WAIT_S
    timeout_s: float = TIMEOUT_S
    grace_s: float = GRACE_S
    most_waiting: int = MOST_WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    event: Notification
    id: str
    body: bytes


class Webhook:
    """The deliveries of one home. Lives on the loop's thread; each try has a thread of its own."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        ids: Ids,
        ring: Keyring | None,
        record: Callable[[Fact], Awaitable[object]],
        environment: Mapping[str, str] = os.environ,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ids = ids
        self._ring = ring
        self._record = record
        self._environment = environment
        self.patience = patience or Patience()
        self._waiting: deque[_Delivery] = deque()
        self._given_way = 0
        self._worker: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[Failed], None]] = []

    def listen(self, handler: Callable[[Failed], None]) -> Callable[[], None]:
        """Call `handler` for what could not be delivered, until the returned function is called."""
        self._listeners.append(handler)
        return lambda: self._listeners.remove(handler) if handler in self._listeners else None

    def note(self, facts: Sequence[Fact]) -> None:
        """Tell of rows that were just written, as far as they are for others."""
        for fact in facts:
            kind = kind_of(fact)
            if kind is not None:
                self.tell(kind, fact)

    @property
    def hook(self) -> Hook | None:
        return self._settings.hook

    async def set(self, url: str, secret: Secret | None) -> bool:
        """Tell this address from now on, signed by a secret if there is one; return whether the keyring keeps that.

        Raises:
            Refused: it is no web address.
            StoreFailed: nothing was changed.
        """
        hook = Hook(url=_checked(url), is_signed=secret is not None)
        await self._record(_changed(hook))
        is_kept = secret is None
        if secret is not None:
            with contextlib.suppress(Refused):
                await set_password(self._ring, hook.url, ACCOUNT, secret.reveal())
                is_kept = True
        self._settings.keep_hook(hook)
        return is_kept

    async def clear(self) -> None:
        """Tell nobody any more, and forget the secret.

        Raises:
            StoreFailed: nothing was changed.
        """
        hook = self._settings.hook
        if hook is None:
            return
        await self._record(_changed(None))
        self._settings.keep_hook(None)
        with contextlib.suppress(Refused):
            await forget_password(self._ring, hook.url, ACCOUNT)

    def tell(self, kind: Notification, fact: Fact) -> None:
        """Put one notification in the queue. Where it is full, the oldest gives way and is recorded as lost."""
        if self._settings.hook is None:
            return
        if len(self._waiting) >= self.patience.most_waiting:
            self._waiting.popleft()
            self._given_way += 1
        self._waiting.append(self._delivery(kind, fact))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work(), name="webhook")

    def _delivery(self, kind: Notification, fact: Fact) -> _Delivery:
        id_ = self._ids.new()
        name = next((pool.name for pool in self._settings.pools if pool.pool == fact.pool), "")
        document: Mapping[str, Json] = document_of(
            kind,
            fact,
            delivery=id_,
            at=self._clock.now(),
            console=self._settings.console_name,
            pool_name=name,
        )
        return _Delivery(event=kind, id=id_, body=json.dumps(document, ensure_ascii=False).encode())

    async def _work(self) -> None:
        while self._waiting:
            delivery = self._waiting[0]
            sentence = await self._deliver(delivery)
            if self._waiting and self._waiting[0] is delivery:
                self._waiting.popleft()
            sentence = f"{sentence} {self._gave_way()}".strip()
            if sentence:
                await self._lost(delivery, sentence)

    def _gave_way(self) -> str:
        """Return how many were put aside since this was asked last; empty where none were."""
        number, self._given_way = self._given_way, 0
        return f"{count(number, 'older one')} gave way: too many waited." if number else ""

    async def _deliver(self, delivery: _Delivery) -> str:
        """Try for a while; return why it could not be delivered, empty where it was."""
        hook = self._settings.hook
        if hook is None:
            return ""
        secret = await self.secret(hook)
        if hook.is_signed and secret is None:
            return NO_SECRET
        backoff = Backoff(first_s=self.patience.first_wait_s, longest_s=self.patience.longest_wait_s)
        for number in range(1, self.patience.tries + 1):
            status, why = await self._post(hook, delivery, secret)
            if status is not None and 200 <= status < 300:
                return ""
            if status is not None and status not in AGAIN:
                return f"{_place(hook)} answers {status}."
            if number < self.patience.tries:
                await self._clock.sleep(backoff.next_s())
        told = f"answers {status}" if status is not None else why
        return f"{_place(hook)} {told}, {self.patience.tries} times."

    async def test(self) -> str:
        """Deliver a test once and wait for it; return why it was not taken, empty where it was.

        Raises:
            Refused: there is no webhook.
        """
        hook = self._settings.hook
        if hook is None:
            raise Refused(reason="There is no webhook.", mend="Set one with `xsconsole webhook set URL`.")
        fact = Fact(event=AuditEvent.CONSOLE_STARTED, details={"what": "a test of the webhook"})
        secret = await self.secret(hook)
        if hook.is_signed and secret is None:
            return NO_SECRET
        status, why = await self._post(hook, self._delivery(Notification.TEST, fact), secret)
        if status is None:
            return f"{_place(hook)} {why}."
        return "" if 200 <= status < 300 else f"{_place(hook)} answers {status}."

    async def secret(self, hook: Hook) -> Secret | None:
        """Return the secret of the signatures; None where none is at hand, or none is used."""
        if not hook.is_signed:
            return None
        found = self._environment.get(SECRET_VARIABLE) or await get_password(self._ring, hook.url, ACCOUNT)
        return Secret(found) if found else None

    async def _post(self, hook: Hook, delivery: _Delivery, secret: Secret | None) -> tuple[int | None, str]:
        """Return the status; None where there was none in time, and why."""
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "xsconsole",
            "X-Xsconsole-Event": delivery.event.value,
            "X-Xsconsole-Delivery": delivery.id,
            "X-Xsconsole-Timestamp": stamp,
        }
        if secret is not None:
            headers["X-Xsconsole-Signature"] = signature(secret, stamp, delivery.body)
        try:
            return await apart(
                lambda: _status_of(hook.url, headers, delivery.body, self.patience.timeout_s),
                self.patience.timeout_s,
                "webhook",
            )
        except TimeoutError:
            return None, f"does not answer within {round(self.patience.timeout_s)} s"

    async def _lost(self, delivery: _Delivery, sentence: str) -> None:
        for handler in tuple(self._listeners):
            handler(Failed(event=delivery.event.value, sentence=sentence))
        fact = Fact(
            event=AuditEvent.NOTIFICATION_LOST,
            outcome=Outcome.FAILED,
            reason=shortened(sentence, 300),
            details={"what": delivery.event.value, "delivery": delivery.id},
        )
        try:
            await self._record(fact)
        except ConsoleError:
            return  # the record cannot be written: who needs it is told by what they do

    async def close(self) -> None:
        """Wait a little for what is still to be delivered; what is not by then is recorded as lost."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        await asyncio.wait([worker], timeout=self.patience.grace_s)
        if not worker.done():
            worker.cancel()
            await asyncio.wait([worker])
        while self._waiting:
            told = f"The console ended before it could be delivered. {self._gave_way()}".strip()
            await self._lost(self._waiting.popleft(), told)


def _checked(text: str) -> str:
    """Return the address as it is kept.

    Raises:
        Refused: it is none, or carries a password, which would stand in the settings.
    """
    try:
        parsed = urlsplit(text.strip())
        is_web = parsed.scheme in ("http", "https") and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        is_web = False
    if not is_web or len(text) > LONGEST_URL or not text.strip().isprintable():
        raise Refused(
            reason=f"“{shortened(text, 60)}” is no web address.",
            mend="Give one such as https://hooks.example.org/xsconsole.",
        )
    if "@" in parsed.netloc:
        raise Refused(reason="The address carries a user or a password.", mend="Leave it out; a secret signs instead.")
    return text.strip()


def _changed(hook: Hook | None) -> Fact:
    """Return the row of a webhook that is set, or of none from now on."""
    if hook is None:
        return Fact(event=AuditEvent.HOOK_CHANGED, details={"what": "nobody is told any more"})
    signed = "signed" if hook.is_signed else "not signed"
    return Fact(event=AuditEvent.HOOK_CHANGED, details={"what": f"{_place(hook)}, {signed}"})


def signature(secret: Secret, stamp: str, body: bytes) -> str:
    """Return the header that proves who sent a body, and when."""
    digest = hmac.new(secret.reveal().encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def _place(hook: Hook) -> str:
    """Return where a webhook is, without what may be secret in its address."""
    parsed = urllib3.util.parse_url(hook.url)
    return f"{parsed.scheme}://{parsed.netloc}"


def _status_of(url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> tuple[int | None, str]:
    """Post once, and follow nothing."""
    timeout = urllib3.Timeout(connect=timeout_s, read=timeout_s)
    context = ssl.create_default_context() if url.startswith("https:") else None  # reading who is trusted takes long
    with urllib3.PoolManager(ssl_context=context, retries=False, timeout=timeout) as manager:
        try:
            answer = manager.request(
                "POST", url, body=body, headers=dict(headers), redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as failure:
            return None, _why(failure)
        answer.close()
        return answer.status, ""


def _why(failure: Exception) -> str:
    match failure:
        case urllib3.exceptions.NewConnectionError():  # to urllib3 a kind of time-out
            return "cannot be reached"
        case urllib3.exceptions.TimeoutError():
            return "does not answer in time"
        case urllib3.exceptions.SSLError():
            return "shows a certificate that this system does not trust"
        case _:
            return "breaks the connection off"
