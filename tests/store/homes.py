"""A home folder with a fixed key and a clock that stands still."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.store.database import FILE_NAME, Database
from xsconsole.store.keys import SigningKey
from xsconsole.store.ledger import Origin, SqliteLedger

GROWING_ONLY = ("chain", "console_key", "audit", "audit_value", "audit_signature", "audit_head", "audit_anchor")


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class StillClock:
    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 23, 14, 2, 11, 42, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic_s(self) -> float:
        return 12_345_678.5

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the store never waits")


class Home:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = StillClock()
        self.key = SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
        self.origin = Origin(
            console=ConsoleId("44444444-0000-0000-0000-000000000001"),
            console_name="laptop of alice",
            os_user="alice-os",
            zone=lambda: "Europe/Zurich",
        )

    @staticmethod
    def another_key() -> SigningKey:
        return SigningKey(private=Ed25519PrivateKey.from_private_bytes(bytes(32)))

    async def ledger(self) -> SqliteLedger:
        return await SqliteLedger.open(self.path, self.origin, self.key, self.clock)

    async def on(self, database: Database) -> SqliteLedger:
        """Return a ledger on a database that was opened otherwise."""
        return await SqliteLedger.on(database, self.origin, self.key, self.clock)

    async def written(self, count: int = 1) -> None:
        """Leave a ledger with so many rows, closed."""
        ledger = await self.ledger()
        for _ in range(count):
            await ledger.record(Fact(event=AuditEvent.CONSOLE_STARTED))
        await ledger.close()

    @property
    def database(self) -> Path:
        return self.path / FILE_NAME

    def tamper(self, statements: str) -> None:
        """Do what somebody can do who may write the file and knows SQL."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for table in GROWING_ONLY:
                for verb in ("UPDATE", "DELETE"):
                    connection.execute(f"DROP TRIGGER IF EXISTS {table}_refuses_{verb}")
            connection.execute("PRAGMA ignore_check_constraints=ON")
            connection.executescript(statements)
