"""The files of one record: the one in use, and the sealed ones before it, each found by the first row of the next."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from xsconsole.domain.record import Verdict
from xsconsole.errors import ConsoleError
from xsconsole.store import sqlite
from xsconsole.store.chain import FIRST_PREVIOUS, Head
from xsconsole.store.database import transaction
from xsconsole.store.migrations import MIGRATIONS, refuse_newer
from xsconsole.store.sealing import Link, link_of, place_of, sha256_of

CHECK = "sealed"
BUSY_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One file before the one in use. It has no session where it is not here or cannot be opened; `why` says so."""

    link: Link
    path: Path | None
    session: Session | None = None
    why: str = ""


@contextmanager
def opened(path: Path) -> Iterator[Session]:
    """Open a sealed file for looking, of whatever version since there are sealed files.

    Raises:
        StoreFailed: it cannot be read.
    """
    engine = sqlite.reader_engine(path, BUSY_TIMEOUT_MS)
    try:
        with sqlite.failures(path), engine.connect() as connection, transaction(connection, path) as session:
            refuse_newer(sqlite.schema_version(session.connection()), path, len(MIGRATIONS))
            yield session
    finally:
        engine.dispose()


def before(session: Session, path: Path, open_until: ExitStack) -> Iterator[Volume]:
    """Yield the files before one, the newest first, up to one that cannot be opened. `open_until` closes them."""
    link = link_of(session)
    while link is not None:
        place = place_of(path, link.name)
        if place is None:
            yield Volume(link=link, path=None, why="is not here")
            return
        try:
            session = open_until.enter_context(opened(place))
            following = link_of(session)
        except ConsoleError as failure:
            yield Volume(link=link, path=place, why=f"cannot be read: {failure}")
            return
        yield Volume(link=link, path=place, session=session)
        link = following if following is not None and following.end.seq < link.end.seq else None


def beginning(chain_id: str, volumes: Sequence[Volume]) -> Head:
    """Return the end before the first row that is at hand."""
    unopened = volumes[-1] if volumes and volumes[-1].session is None else None
    return unopened.link.end if unopened is not None else Head(chain_id=chain_id, seq=0, digest=FIRST_PREVIOUS)


def judged(volumes: Sequence[Volume]) -> tuple[Verdict, ...]:
    """Return whether sealed files are as they were sealed; no verdict where there are none."""
    if not volumes:
        return ()
    for volume in reversed(volumes):  # the oldest first
        changed = volume.path is not None and sha256_of(volume.path) != volume.link.sha256
        if changed or (volume.path is not None and volume.session is None):
            why = "is not as it was sealed" if changed else volume.why
            sentence = f"The sealed file {volume.link.name}, with the rows up to {volume.link.end.seq}, {why}."
            return (Verdict(check=CHECK, is_good=False, sentence=sentence, seq=volume.link.end.seq),)
    absent = volumes[-1]
    if absent.path is None:
        sentence = (
            f"The sealed file {absent.link.name} is not here: rows 1 to {absent.link.end.seq} were not looked at. "
            f"Its SHA-256 is {absent.link.sha256}, by row {absent.link.end.seq + 1}."
        )
        return (Verdict(check=CHECK, is_good=True, sentence=sentence, is_vouched=False),)
    files = "The sealed file is as it was" if len(volumes) == 1 else f"All {len(volumes)} sealed files are as they were"
    return (Verdict(check=CHECK, is_good=True, sentence=f"{files} when sealed, by the rows that follow."),)
