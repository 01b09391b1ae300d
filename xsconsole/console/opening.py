"""Opening the road to a pool with what this home knows of it, and keeping what was learned."""

from collections.abc import Callable

from xsconsole.console.home import Home
from xsconsole.console.home_archives import HomeArchives
from xsconsole.console.launch import own_command
from xsconsole.console.probing import LocalProber
from xsconsole.console.values import Connection, Secret
from xsconsole.domain.events import LinkChanged
from xsconsole.domain.inventory import ChangeBatch
from xsconsole.domain.record import AuditEvent, Fact, Outcome
from xsconsole.engine.engine import Engine
from xsconsole.engine.ports import Ledger
from xsconsole.engine.runs.gatekeeper import World
from xsconsole.engine.runs.lease import LeaseTiming
from xsconsole.engine.runs.surroundings import Observer
from xsconsole.engine.runs.watch import LeaseWatch
from xsconsole.errors import CertificateUnknown, ConnectFailed
from xsconsole.store.keys import is_signature
from xsconsole.xapi.gateway import Gateway


async def opened(
    home: Home,
    connection: Connection,
    password: Secret,
    hear: Callable[[ChangeBatch], None],
    hear_link: Callable[[LinkChanged], None],
) -> Gateway:
    """Return an open gateway, with the certificates of its hosts kept; a failure is on record.

    Raises:
        ConnectFailed: with the reason.
        StoreFailed: the record cannot be written.
    """
    try:
        gateway = await Gateway.open(
            connection.url,
            connection.user,
            password,
            connection.fingerprint,
            hear,
            hear_link,
            own_command("feed"),
            pins=home.settings.certificates,
            remembered=home.remembered_hosts(connection.url),
        )
    except ConnectFailed as failure:
        if isinstance(failure, CertificateUnknown):
            # A supporter that is trusted led to a coordinator that is not yet: the next time begins with both.
            home.settings.keep_certificates(failure.trusted)
        details = {"url": connection.url, "failure": type(failure).__name__}
        await home.record(
            Fact(event=AuditEvent.CONNECT_FAILED, actor=connection.user, outcome=Outcome.FAILED, details=details)
        )
        raise
    home.settings.keep_certificates(gateway.pins)
    return gateway


def engine_for(
    home: Home,
    gateway: Gateway,
    ledger: Ledger,
    world: World,
    observe: Observer,
    timing: LeaseTiming | None,
    watch: LeaseWatch,
) -> Engine:
    """Return the engine of one connection."""
    return Engine(
        pool=gateway.pool,
        ledger=ledger,
        clock=home.clock,
        ids=home.ids,
        me=home.me,
        world=world,
        observe=observe,
        prober=LocalProber(home.settings.home),
        check=is_signature,
        timing=timing,
        watch=watch,
        archives=HomeArchives(home),
    )
