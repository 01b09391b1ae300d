"""The home folder, and what this console remembers outside the database: who it is, known pools, its windows."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
import platformdirs

from xsconsole.domain.ids import ConsoleId
from xsconsole.domain.searches import NO_SEARCHES, Searches
from xsconsole.engine.ports import Ids
from xsconsole.errors import Refused, SchemaTooNew
from xsconsole.store import files
from xsconsole.store.sqlite import failures
from xsconsole.xapi.addresses import canonical_url

FORMAT = 1
FILE_NAME = "settings.json"
MOST_PLACES = 20
HOME_VARIABLE = "XSCONSOLE_HOME"


class KnownPool(msgspec.Struct, frozen=True, kw_only=True):
    """A pool this console has been connected to. `fingerprint` is the pinned SHA-256 of its certificate.

    `pool` is its uuid; `hosts` is where its hosts listen, each with what the pool says of its certificate, if anything.
    """

    url: str
    user: str
    name: str = ""
    fingerprint: str | None = None
    pool: str = ""
    hosts: dict[str, str] = {}


class KnownRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The audit chain of this home, and up to which row it reached when that was last written down."""

    chain: str
    seq: int


class KnownFault(msgspec.Struct, frozen=True, kw_only=True):
    """What the last check of a chain found wrong that nobody has set aside since."""

    chain: str
    sentence: str


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """Where other programs are told of what this console does. Where it `is_signed`, a secret is kept elsewhere."""

    url: str
    is_signed: bool = True


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings file holds. `window` maps names to opaque texts of the window; `key` is a fingerprint.

    `connected` are the addresses of the pools that the window connects to at its start; None: the latest one.
    `archive_places` are folders in which archives were put, the latest first.
    `anchor_folder` is where heads of the record are left, too; empty: nowhere.
    `certificates` are the trusted fingerprints of hosts, by host and port: each host of a pool has its own.
    """

    console: ConsoleId
    console_name: str
    key: str | None = None
    record: KnownRecord | None = None
    fault: KnownFault | None = None
    pools: tuple[KnownPool, ...] = ()
    connected: tuple[str, ...] | None = None
    certificates: dict[str, str] = {}
    window: dict[str, str] = {}
    searches: Searches = NO_SEARCHES
    audit_searches: Searches = NO_SEARCHES
    hook: Hook | None = None
    archive_places: tuple[str, ...] = ()
    anchor_folder: str = ""
    format: Literal[1] = 1


class _Format(msgspec.Struct):
    format: int


def home_folder(
    given: str | Path | None = None, environment: Mapping[str, str] = os.environ, *, is_reading: bool = False
) -> Path:
    """Return the folder that keeps everything, made where it was missing: `given`, else from the environment.

    Raises:
        HomeUnusable: it cannot be made or, unless it is only read, written.
    """
    chosen = given or environment.get(HOME_VARIABLE) or platformdirs.user_data_dir("xsconsole", appauthor=False)
    home = Path(chosen).expanduser().absolute()
    with failures(home):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not is_reading:
        demand_writable(home)
    return home


def demand_writable(home: Path) -> None:
    """Refuse a folder in which nothing can be kept.

    Raises:
        StoreFailed: `HomeUnusable`, `DiskFull`.
    """
    with failures(home):
        probe = home / f".writable.{os.getpid()}"
        try:
            probe.write_bytes(b"?")  # an empty file fits on a full disk
        finally:
            probe.unlink(missing_ok=True)


class Settings:
    """The settings file of a home folder. Every change is on the disk when its method returns.

    `notices` are sentences about what had to be put aside.
    """

    def __init__(self, path: Path, preferences: Preferences, notices: tuple[str, ...] = ()) -> None:
        self._path = path
        self._preferences = preferences
        self.notices = notices

    @classmethod
    def open(cls, home: Path, ids: Ids, console_name: str, *, is_kept: bool = True) -> "Settings":
        """Read the settings, or begin them, on the disk if they are kept. An unreadable file is put aside.

        Raises:
            StoreFailed: `SchemaTooNew`, or the file cannot be read or written.
        """
        path = home / FILE_NAME
        with failures(path):
            preferences, notices = _read_or_put_aside(path)
            if preferences is None:
                fresh = Preferences(console=ConsoleId(ids.new()), console_name=console_name)
                if is_kept and not files.write_new(path, _encoded(fresh)):
                    fresh = _read(path) or fresh
                preferences = fresh
        return cls(path, preferences, notices)

    @property
    def home(self) -> Path:
        return self._path.parent

    @property
    def console(self) -> ConsoleId:
        return self._preferences.console

    @property
    def console_name(self) -> str:
        return self._preferences.console_name

    @property
    def key(self) -> str | None:
        """The fingerprint of this console's signing key, once it has one."""
        return self._preferences.key

    @property
    def record(self) -> KnownRecord | None:
        """What is remembered of the audit, so that a file that vanished or was cut is noticed."""
        return self._preferences.record

    @property
    def pools(self) -> tuple[KnownPool, ...]:
        """Known pools, the latest first."""
        return self._preferences.pools

    @property
    def window(self) -> Mapping[str, str]:
        return self._preferences.window

    @property
    def searches(self) -> Searches:
        return self._preferences.searches

    @property
    def audit_searches(self) -> Searches:
        return self._preferences.audit_searches

    @property
    def hook(self) -> Hook | None:
        """As it stands on the disk: a command may have set or cleared it while a window is open.

        Where the file cannot be read now, as it was read last; whatever changes the settings next tells why.
        """
        with suppress(OSError, msgspec.MsgspecError, SchemaTooNew):
            standing = _read(self._path)
            if standing is not None:
                return standing.hook
        return self._preferences.hook

    def keep_hook(self, hook: Hook | None) -> None:
        self._change(lambda now: msgspec.structs.replace(now, hook=hook))

    @property
    def archive_places(self) -> tuple[str, ...]:
        return self._preferences.archive_places

    def keep_archive_place(self, place: str) -> None:
        """Remember a folder in which archives are kept, as the latest."""

        def kept(now: Preferences) -> Preferences:
            others = [known for known in now.archive_places if known != place]
            return msgspec.structs.replace(now, archive_places=(place, *others)[:MOST_PLACES])

        if self.archive_places[:1] != (place,):
            self._change(kept)

    @property
    def anchor_folder(self) -> str:
        return self._preferences.anchor_folder

    def keep_anchor_folder(self, folder: str) -> None:
        """Leave heads of the record in this folder from now on; empty: in none."""
        self._change(lambda now: msgspec.structs.replace(now, anchor_folder=folder))

    def known_pool(self, url: str) -> KnownPool | None:
        return next((pool for pool in self.pools if pool.url == url), None)

    def remember_key(self, fingerprint: str) -> None:
        self._change(lambda now: msgspec.structs.replace(now, key=fingerprint))

    def remember_record(self, record: KnownRecord, *, is_accepted: bool = False) -> None:
        """Remember how far the record reaches; what another process saw of it beyond stays, unless this is accepted."""

        def farther(now: Preferences) -> Preferences:
            known = now.record
            is_behind = known is not None and known.chain == record.chain and known.seq >= record.seq
            return now if is_behind and not is_accepted else msgspec.structs.replace(now, record=record)

        self._change(farther)

    @property
    def fault(self) -> KnownFault | None:
        return self._preferences.fault

    def remember_fault(self, fault: KnownFault | None) -> None:
        """Remember what a check of the whole record found; None: nothing is wrong."""
        if fault != self._preferences.fault:
            self._change(lambda now: msgspec.structs.replace(now, fault=fault))

    def remember_pool(self, pool: KnownPool) -> None:
        """Remember a pool as the latest; an earlier entry of the same address gives way."""
        self._change(lambda now: msgspec.structs.replace(now, pools=(pool, *_without(now.pools, pool.url))))

    def add_pool(self, pool: KnownPool) -> None:
        """Remember a pool behind all others, unless it is known."""
        self._change(
            lambda now: (
                now
                if any(known.url == pool.url for known in now.pools)
                else msgspec.structs.replace(now, pools=(*now.pools, pool))
            )
        )

    def trust(self, url: str, fingerprint: str) -> None:
        """Keep the certificate of a known pool, and all else as it is."""

        def trusted(pool: KnownPool) -> KnownPool:
            return msgspec.structs.replace(pool, fingerprint=fingerprint) if pool.url == url else pool

        self._change(lambda now: msgspec.structs.replace(now, pools=tuple(map(trusted, now.pools))))

    @property
    def certificates(self) -> Mapping[str, str]:
        return self._preferences.certificates

    def keep_certificates(self, certificates: Mapping[str, str]) -> None:
        """Keep trusted certificates of hosts; later ones replace earlier ones of the same place."""
        if not certificates.items() <= self.certificates.items():
            self._change(lambda now: msgspec.structs.replace(now, certificates={**now.certificates, **certificates}))

    @property
    def connected(self) -> tuple[str, ...] | None:
        return self._preferences.connected

    def keep_connected(self, urls: tuple[str, ...]) -> None:
        if urls != self.connected:
            self._change(lambda now: msgspec.structs.replace(now, connected=urls))

    def forget_pool(self, url: str) -> None:
        self._change(lambda now: msgspec.structs.replace(now, pools=_without(now.pools, url)))

    def remember_window(self, state: Mapping[str, str]) -> None:
        self._change(lambda now: msgspec.structs.replace(now, window=dict(state)))

    def remember_searches(self, change: Callable[[Searches], Searches]) -> Searches:
        """Change the searches as they stand in the file, and return what they are now.

        Raises:
            Refused: the change is none; nothing was written.
        """
        self._change(lambda now: msgspec.structs.replace(now, searches=change(now.searches)))
        return self.searches

    def remember_audit_searches(self, change: Callable[[Searches], Searches]) -> Searches:
        """The same for those of the audit."""
        self._change(lambda now: msgspec.structs.replace(now, audit_searches=change(now.audit_searches)))
        return self.audit_searches

    def rename_console(self, name: str) -> None:
        self._change(lambda now: msgspec.structs.replace(now, console_name=name))

    def _change(self, change: Callable[[Preferences], Preferences]) -> None:
        with failures(self._path):
            # A command line may have changed the file meanwhile; what it wrote stays.
            standing, notices = _read_or_put_aside(self._path)
            changed = change(standing or self._preferences)
            files.replace(self._path, _encoded(changed))
        self._preferences = changed
        self.notices += notices


def _without(pools: tuple[KnownPool, ...], url: str) -> tuple[KnownPool, ...]:
    return tuple(pool for pool in pools if pool.url != url)


def _read_or_put_aside(path: Path) -> tuple[Preferences | None, tuple[str, ...]]:
    try:
        return _read(path), ()
    except msgspec.MsgspecError as failure:
        aside = files.put_aside(path)
        notice = (
            f"The settings could not be read ({failure}) and are kept as {aside.name}. "
            "Pools and certificates that only stood there must be entered again."
        )
        return None, (notice,)


def _read(path: Path) -> Preferences | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    version = msgspec.json.decode(content, type=_Format).format
    if version > FORMAT:
        raise SchemaTooNew(
            path=str(path),
            reason=f"The settings are of format {version}; this console knows formats up to {FORMAT}.",
            mend="Use the newer console that wrote them, or another home folder. Nothing was changed.",
        )
    preferences = msgspec.json.decode(content, type=Preferences)
    return msgspec.structs.replace(preferences, pools=tuple(_each_once(preferences.pools)))


def _each_once(pools: tuple[KnownPool, ...]) -> Iterator[KnownPool]:
    """Yield pools with the one form of their addresses, which earlier builds kept as they were typed."""
    seen = set()
    for pool in pools:
        with suppress(Refused):
            # A user and a password that came to stand in an address end here.
            url = canonical_url(pool.url.rpartition("@")[2] if "@" in pool.url else pool.url)
            fingerprint = pool.fingerprint if url.startswith("https://") else None
            if url not in seen:
                yield msgspec.structs.replace(pool, url=url, fingerprint=fingerprint)
            seen.add(url)


def _encoded(preferences: Preferences) -> bytes:
    return msgspec.json.format(msgspec.json.encode(preferences), indent=2) + b"\n"
