"""The webhook: told of each deed, signed; whoever is silent, broken or rude holds nothing up, and that is on record."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from consoles import given_passphrase
from embedded import embedded_pool

from tests.console.desk import seated
from tests.console.receiver import DRIP, DROP, HANG, receiving
from xsconsole.console import Console, Failed, Secret
from xsconsole.console.webhook import Patience
from xsconsole.domain.ids import ConfigurationId, RunId, Uuid
from xsconsole.domain.notifications import Notification, kind_of
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole.errors import Refused

HURRIED = Patience(tries=3, first_wait_s=0.01, longest_wait_s=0.02, timeout_s=0.3, grace_s=0.5)
DONE = Fact(
    event=AuditEvent.RUN_CLOSED,
    actor="<script>",
    configuration=ConfigurationId("c"),
    configuration_name="شركة 😀 =cmd()" + "x" * 10_000,
    run=RunId("r"),
    pool=Uuid("p"),
    outcome=Outcome.DONE,
    details={"what": "Promote shop", "ticket": "CHG-7", "steps": ["not told"]},
)


@pytest.fixture
async def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Console]:
    monkeypatch.setenv("XSCONSOLE_WEBHOOK_SECRET", "a secret")
    opened = await Console.open(tmp_path, passphrase=given_passphrase)
    opened.home.webhook.patience = HURRIED
    yield opened
    await opened.close()


async def lost(console: Console) -> list[str]:
    rows = await console.audit_page(AuditQuery(event=AuditEvent.NOTIFICATION_LOST))
    return [row.fact.reason for row in rows]


async def ended(console: Console) -> None:
    await console.home.webhook.close()


async def test_a_deed_is_told_once_signed_and_in_bounds(console: Console) -> None:
    async with receiving(204) as receiver:
        await console.home.webhook.set(receiver.url, Secret("a secret"))
        await console.record(DONE, Fact(event=AuditEvent.LINK_LOST))
        await receiver.until(1)
        await ended(console)

        (told,) = receiver.received
        stamp = told.headers["x-xsconsole-timestamp"]
        digest = hmac.new(b"a secret", stamp.encode() + b"." + told.body, hashlib.sha256).hexdigest()
        assert told.headers["x-xsconsole-signature"] == f"sha256={digest}"
        assert told.headers["x-xsconsole-event"] == told.document["event"] == "run.done"
        assert told.headers["x-xsconsole-delivery"] == told.document["id"]
        assert (told.document["format"], told.document["run"], told.document["outcome"]) == (1, "r", "done")
        assert told.document["details"] == {"ticket": "CHG-7"}
        assert told.document["actor"] == "<script>"
        assert len(told.body) < 8000
        assert await lost(console) == []
        rows = await console.audit_page(AuditQuery(event=AuditEvent.HOOK_CHANGED))
        assert "token" not in str([row.fact for row in rows])


@pytest.mark.parametrize(
    ("script", "tries", "why"),
    [
        ((500, 200), 2, ""),
        ((DROP, 503, 200), 3, ""),
        ((500,), 3, "answers 500, 3 times"),
        ((404,), 1, "answers 404"),
        ((302,), 1, "answers 302"),
        ((DROP,), 3, "breaks the connection off, 3 times"),
        ((HANG,), 3, "does not answer"),
        ((DRIP,), 3, "does not answer"),
    ],
)
async def test_what_is_not_taken_is_tried_again_in_bounds_and_then_on_record(
    console: Console, script: tuple[int | str, ...], tries: int, why: str
) -> None:
    heard: list[Failed] = []
    console.home.webhook.listen(heard.append)
    console.home.webhook.patience = Patience(tries=3, first_wait_s=0.01, longest_wait_s=0.02, timeout_s=0.3, grace_s=20)
    async with receiving(*script) as receiver:
        await console.home.webhook.set(receiver.url, Secret("a secret"))
        await console.record(DONE)
        assert heard == []  # the deed itself waits for nobody
        await ended(console)

        assert len(receiver.received) == tries
        assert len({one.headers["x-xsconsole-delivery"] for one in receiver.received}) == 1
        assert [sentence for sentence in await lost(console) if why not in sentence] == []
        assert bool(await lost(console)) == bool(heard) == bool(why)
        assert "token" not in str(heard)


async def test_nobody_at_the_address_is_said_so(console: Console) -> None:
    await console.home.webhook.set("http://127.0.0.1:1/hook", None)
    assert await console.home.webhook.test() == "http://127.0.0.1:1 cannot be reached."


async def test_a_console_that_ends_waits_only_a_little(console: Console) -> None:
    async with receiving(HANG) as receiver:
        console.home.webhook.patience = Patience(tries=3, timeout_s=30, grace_s=0.05)
        await console.home.webhook.set(receiver.url, None)
        await console.record(DONE, DONE)
        await receiver.until(1)

        await ended(console)

        assert await lost(console) == ["The console ended before it could be delivered."] * 2
        assert "x-xsconsole-signature" not in receiver.received[0].headers


async def test_more_than_fits_gives_way_and_is_counted(console: Console) -> None:
    async with receiving(HANG, 200) as receiver:
        await console.home.webhook.set(receiver.url, None)
        console.home.webhook.patience = Patience(tries=1, timeout_s=0.3, grace_s=20, most_waiting=4)
        for _ in range(7):
            console.home.webhook.tell(Notification.RUN_DONE, DONE)

        await ended(console)

        assert len(receiver.received) == 4
        assert "3 older ones gave way" in " ".join(await lost(console))


async def test_without_its_secret_nothing_is_sent(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving(200) as receiver:
        await console.home.webhook.set(receiver.url, Secret("a secret"))
        monkeypatch.delenv("XSCONSOLE_WEBHOOK_SECRET")
        await console.record(DONE)
        await ended(console)

        assert receiver.received == []
        assert "secret is not at hand" in (await lost(console))[0]
        assert "secret is not at hand" in await console.home.webhook.test()
        monkeypatch.setenv("XSCONSOLE_WEBHOOK_SECRET", "a secret")
        assert await console.home.webhook.test() == ""
        await console.home.webhook.clear()
        await console.record(DONE)
        with pytest.raises(Refused, match="There is no webhook"):
            await console.home.webhook.test()
        assert [one.document["event"] for one in receiver.received] == ["test"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.org",
        "ftp://x/y",
        "http://",
        "http://u:p@x/",
        "http://[::1",
        "http://x/\x07",
        "https://x/" + "y" * 3000,
    ],
)
async def test_what_is_no_address_is_refused(console: Console, url: str) -> None:
    with pytest.raises(Refused):
        await console.home.webhook.set(url, None)
    assert console.home.webhook.hook is None


def test_what_is_told_of_which_row() -> None:
    def kind(event: AuditEvent, outcome: Outcome | None = None, **details: object) -> Notification | None:
        return kind_of(Fact(event=event, outcome=outcome, details=details))  # type: ignore[arg-type]

    assert kind(AuditEvent.RUN_CLOSED, Outcome.UNDONE) is Notification.RUN_FAILED
    assert kind(AuditEvent.RUN_INTERRUPTED, Outcome.FAILED) is Notification.RUN_FAILED
    assert kind(AuditEvent.REQUESTED) is None
    assert kind(AuditEvent.REQUESTED, Outcome.DONE) is Notification.REQUEST_MADE
    assert kind(AuditEvent.DECIDED, Outcome.DONE) is Notification.REQUEST_DECIDED
    assert kind(AuditEvent.REQUEST_ENDED) is None
    assert kind(AuditEvent.REQUEST_ENDED, Outcome.CANCELLED) is Notification.REQUEST_ENDED
    assert kind(AuditEvent.EMERGENCY_DECLARED) is Notification.EMERGENCY_DECLARED
    assert kind(AuditEvent.STEP_SETTLED, Outcome.DONE, action={"type": "review"}) is Notification.REVIEW_OPENED
    assert kind(AuditEvent.STEP_SETTLED, Outcome.DONE, action={"type": "start"}) is None
    assert kind(AuditEvent.REVIEW_CLOSED, Outcome.DONE) is Notification.REVIEW_CLOSED
    assert kind(AuditEvent.CLOSED, Outcome.DONE) is Notification.CLOSURE_SET
    assert kind(AuditEvent.LIFTED, Outcome.DONE) is Notification.CLOSURE_LIFTED


async def test_a_run_on_a_pool_is_told_while_the_address_hangs(tmp_path: Path) -> None:
    with embedded_pool("--speed", "50") as pool:
        async with receiving(HANG, 200) as receiver, seated(pool, tmp_path) as desk:
            desk.console.home.webhook.patience = Patience(tries=2, first_wait_s=0.01, timeout_s=0.5, grace_s=5)
            await desk.console.home.webhook.set(receiver.url, None)

            status = await desk.do(desk.promotion(target="production"))
            await receiver.until(2)

            assert status.error is None
            told = receiver.received[-1].document
            assert (told["event"], told["configuration"]["name"]) == ("run.done", "shop 1.3.0")
            assert told["pool"]["name"] == "acme"
