"""How long archives of a home are kept, and what was stated of them: no pool is needed."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from consoles import given_passphrase

from tests.archives import CONTENT, KEY, archive
from xsconsole.console import ArchiveRoom, Console
from xsconsole.console.home_archives import HomeArchives
from xsconsole.domain.archive import (
    DOCUMENT,
    KEEP,
    NOTHING,
    Archive,
    Keep,
    Proof,
    kept_words,
    proofs_in,
    sealed_proof,
    to_bytes,
)
from xsconsole.domain.ids import RunId, Uuid
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.errors import Refused
from xsconsole.store.archives import PROOF, FolderShelf
from xsconsole.store.keys import is_signature

PAST = datetime(2020, 1, 1, tzinfo=UTC)
FUTURE = datetime(2096, 1, 1, tzinfo=UTC)


def shelved(folder: Path) -> Archive:
    made = archive()
    for path, content in {**CONTENT, "archive.json": to_bytes(made)}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return made


def trial(made: Archive, failure: str = "") -> Proof:
    return Proof(
        archive=made.id,
        run=RunId("run"),
        at=datetime.now(UTC),
        actor="alice",
        console_name="desk",
        pool=Uuid("pool"),
        pool_name="acme",
        place="",
        found=() if failure else ("Every machine runs.",),
        failure=failure,
    )


async def test_what_has_expired_goes_when_it_is_asked_for_and_a_hold_wins(tmp_path: Path) -> None:
    console = await Console.open(tmp_path / "home", passphrase=given_passphrase)
    try:
        room, folder, shelf = ArchiveRoom(console.home), tmp_path / "out" / "shop", FolderShelf()
        shelved(folder)
        room.know(folder)
        with pytest.raises(Refused, match="over already"):
            await room.keep(folder, PAST)
        await room.keep(folder, FUTURE)
        (one,) = await room.listed()
        assert kept_words(one, room.now()) == "until 2096-01-01 00:00 UTC"
        assert await room.expire() == ()
        assert (await room.verify(folder)).is_good  # what lies beside it is not foreign

        await shelf.keep(folder, KEEP, msgspec.json.encode(Keep(until=PAST, by="alice", at=PAST)))
        await room.hold(folder, "an audit is coming")
        (one,) = await room.listed()
        assert (kept_words(one, room.now()), await room.expire()) == ("held", ())
        await room.release(folder, "")
        (one,) = await room.listed()
        assert kept_words(one, room.now()) == "expired"
        await shelf.keep(folder, KEEP, b"{")
        assert await room.expire() == ()
        await shelf.keep(folder, KEEP, msgspec.json.encode(Keep(until=PAST, by="alice", at=PAST)))
        ((gone, freed_bytes),) = await room.expire()
        assert (gone.folder, freed_bytes > 0, folder.exists()) == (folder, True, False)
        rows = await console.home.audit_page(AuditQuery(event=AuditEvent.ARCHIVE_DELETED), None, 9)
        assert rows[0].fact.reason == "It has expired: it was to be kept until 2020-01-01 00:00 UTC."
    finally:
        await console.close()


async def test_a_trial_is_stated_beside_the_archive_or_where_that_cannot_be_on_record(tmp_path: Path) -> None:
    console = await Console.open(tmp_path / "home", passphrase=given_passphrase)
    try:
        room, own, folder = ArchiveRoom(console.home), HomeArchives(console.home), tmp_path / "out" / "shop"
        made = shelved(folder)
        room.know(folder)

        async def kept(proof: Proof) -> str:
            return await own.keep_proof(folder, await own.record_proof(made.name, str(folder), proof))

        assert await kept(trial(made)) == ""
        assert await kept(trial(made, "Guest tools answer: none.")) == ""
        proofs = (await room.look(folder)).proofs
        assert proofs.proven is not None
        assert proofs.failed is not None
        assert proofs.proven.key == console.home.key_fingerprint
        said = "by alice at desk, on pool acme, on private networks: Guest tools answer: none."
        assert proofs.failed.words.endswith(said)

        folder.chmod(0o755)
        (folder / PROOF).unlink()
        (folder / PROOF).mkdir()  # nothing can be written there
        assert "on this console's record only" in await kept(trial(made))
        copy = tmp_path / "out" / "copy"
        copy.mkdir()
        (copy / DOCUMENT).write_bytes((folder / DOCUMENT).read_bytes())
        assert (await room.look(copy)).proofs == NOTHING  # of a copy that nobody tried
        proofs = (await room.look(folder)).proofs
        assert proofs.proven is not None
        assert proofs.failed is None
    finally:
        await console.close()


def test_what_was_changed_or_is_of_another_archive_states_nothing() -> None:
    made = archive()
    good = sealed_proof(trial(made), KEY)

    def is_read(proof: Proof) -> bool:
        content = msgspec.json.encode({"proven": proof, "failed": None})
        return proofs_in(content, made.id, is_signature).proven is not None

    assert is_read(good)
    assert not is_read(msgspec.structs.replace(good, actor="mallory"))
    assert not is_read(msgspec.structs.replace(good, signature=""))
    assert not is_read(sealed_proof(msgspec.structs.replace(good, archive=made.id + "0"), KEY))
    assert proofs_in(b"{", made.id, is_signature).proven is None
