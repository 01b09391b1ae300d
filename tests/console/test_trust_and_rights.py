"""What the record says of a certificate that was accepted, and of what a role may not do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from consoles import given_passphrase, opened_console
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import SHOP, Desk
from xsconsole.console import Connection, Console, Secret
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole.engine.commands import Confirmed, Direction, Settle
from xsconsole.errors import CertificateUnknown, NotPermitted


@pytest.fixture(scope="module")
def secure() -> Iterator[EmbeddedPool]:
    with embedded_pool("--tls") as served:
        yield served


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


async def accepted(console: Console) -> list[Fact]:
    rows = await console.audit_page(AuditQuery(event=AuditEvent.CERTIFICATE_ACCEPTED))
    return [row.fact for row in rows]


async def connect(home: Path, pool: EmbeddedPool, fingerprint: str | None, *, is_reading: bool = False) -> list[Fact]:
    """Connect and return what stands in the record about accepted certificates, newest first."""
    console = await Console.open(home, passphrase=given_passphrase, is_reading=is_reading)
    try:
        connection = console.home.known_connection(pool.url, "root", fingerprint)
        await console.connect(connection, Secret(pool.password))
        return await accepted(console)
    finally:
        await console.close()


async def test_who_accepted_which_certificate_stands_in_the_record_once(secure: EmbeddedPool, tmp_path: Path) -> None:
    with pytest.raises(CertificateUnknown):
        await connect(tmp_path, secure, None)

    (fact,) = await connect(tmp_path, secure, secure.fingerprint)
    again = await connect(tmp_path, secure, None)

    assert fact.details == {"url": secure.url, "fingerprint": secure.fingerprint}
    assert (fact.actor, fact.session != "", fact.pool is not None) == ("root", True, True)
    assert again == [fact]


async def test_a_certificate_that_was_accepted_while_looking_is_recorded_at_the_first_connection_that_writes(
    secure: EmbeddedPool, tmp_path: Path
) -> None:
    await connect(tmp_path, secure, secure.fingerprint, is_reading=True)

    (fact,) = await connect(tmp_path, secure, None)

    assert fact.details == {"url": secure.url, "fingerprint": secure.fingerprint}


async def test_what_the_role_may_not_do_is_refused_on_record(pool: EmbeddedPool, tmp_path: Path) -> None:
    async with opened_console(pool, tmp_path, "eve") as console:
        desk = Desk(console)
        assert console.board.workflow is not None
        command = desk.promotion(SHOP)
        settle = Settle(configuration=desk.card(SHOP).id, direction=Direction.UNDO, reason="why not")

        with pytest.raises(NotPermitted):
            await console.do(Confirmed(command=command, digest=console.plan(command).digest))
        with pytest.raises(NotPermitted):
            await console.do(settle)

        rows = await desk.rows(AuditQuery(event=AuditEvent.COMMAND_REFUSED))
    promoted, settled = (row.fact for row in rows)
    assert (promoted.actor, promoted.outcome, promoted.target) == ("eve", Outcome.REFUSED, "production")
    assert (promoted.configuration_name, promoted.source) == (SHOP, "staging")
    assert "read-only" in promoted.reason
    assert promoted.details == {"command": "Promote", "asked_for_because": "the release"}
    assert settled.details == {"command": "Settle", "asked_for_because": "why not"}


async def test_who_may_not_publish_is_shown_the_workflow_to_come(pool: EmbeddedPool, tmp_path: Path) -> None:
    async with opened_console(pool, tmp_path / "eve", "eve") as console:
        shown = console.board.workflow
        await console.connect(Connection(url=pool.url, user="root"), Secret(pool.password))
        published = console.board.workflow

    assert shown is not None
    assert shown == published
