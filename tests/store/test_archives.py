"""Folders of archives on a real disk: whose they are, what is left alone, what the file system says."""

import asyncio
import threading
from pathlib import Path

import pytest

from xsconsole.domain.ids import RunId
from xsconsole.errors import Refused
from xsconsole.store import archives
from xsconsole.store.archives import HOLD, PIECE_BYTES, FolderShelf

RUN, OTHER = RunId("run"), RunId("other")


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def sealed(shelf: FolderShelf, folder: Path) -> None:
    await shelf.begin(folder, RUN)
    await shelf.write(folder, "members/01-web.xva", b"disk")
    await shelf.seal(folder, b'{"id": "run"}')


async def test_what_another_run_made_or_somebody_put_there_stays(tmp_path: Path) -> None:
    shelf, folder = FolderShelf(), tmp_path / "shop"
    await shelf.begin(folder, RUN)
    await shelf.begin(folder, RUN)
    with pytest.raises(Refused, match="another run writes there"):
        await shelf.begin(folder, OTHER)
    await shelf.discard(folder, OTHER)
    part = shelf.unfinished(folder)
    assert list(FolderShelf.within(tmp_path)) == [part]
    assert (await shelf.unfinished_by(part), await shelf.unfinished_by(folder)) == (RUN, None)
    await shelf.remove(folder, "members/nothing")
    await shelf.discard(folder, RUN)
    assert names_in(tmp_path) == []

    await sealed(shelf, folder)
    assert (await shelf.holds(folder, RUN), await shelf.holds(folder, OTHER)) == (True, False)
    with pytest.raises(Refused, match="is there already"):
        await shelf.begin(folder, OTHER)
    await shelf.discard(folder, OTHER)
    assert set(await shelf.measure(folder)) == {"members/01-web.xva"}
    await shelf.discard(folder, RUN)
    await shelf.discard(folder, RUN)
    assert names_in(tmp_path) == []


async def test_a_name_that_was_taken_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    shelf, folder = FolderShelf(), tmp_path / "shop"
    await shelf.begin(folder, RUN)
    folder.mkdir()

    with pytest.raises(Refused, match="is there already"):
        await shelf.seal(folder, b'{"id": "run"}')

    assert names_in(folder) == []
    await shelf.discard(folder, RUN)  # also what was about to be sealed
    assert not shelf.unfinished(folder).exists()


async def test_only_what_is_of_the_archive_is_read_and_deleted(tmp_path: Path) -> None:
    shelf, folder = FolderShelf(), tmp_path / "shop"
    await sealed(shelf, folder)
    assert list(FolderShelf.within(tmp_path)) == [folder]
    folder.chmod(0o755)
    (folder / "link").symlink_to("/etc/passwd")

    assert (await shelf.measure(folder))["link"].sha256 == ""
    with pytest.raises(Refused, match="also holds link"):
        await shelf.delete(folder, ["members/01-web.xva"])
    (folder / "link").unlink()
    await shelf.keep(folder, HOLD, b"no hold")
    held = await shelf.held(folder)
    assert held is not None
    assert held.reason == "hold.json cannot be read."
    await shelf.keep(folder, HOLD, None)
    assert await shelf.held(folder) is None
    assert await shelf.delete(folder, ["members/01-web.xva"]) == 17
    await shelf.begin(folder, RUN)
    strange = shelf.unfinished(folder) / "thesis.odt"
    strange.write_text("")
    with pytest.raises(Refused, match=r"also holds thesis\.odt"):
        await shelf.forget(strange.parent)
    strange.unlink()
    assert await shelf.forget(shelf.unfinished(folder)) == len(RUN)
    assert await shelf.forget(tmp_path) == 0
    assert names_in(tmp_path) == []


async def test_what_the_disk_says_is_a_sentence(tmp_path: Path) -> None:
    shelf = FolderShelf()
    (tmp_path / "file").write_text("")

    with pytest.raises(Refused, match="not a directory"):
        await shelf.begin(tmp_path / "file" / "shop", RUN)
    with pytest.raises(Refused, match="holds no archive"):
        await shelf.document(tmp_path)
    await shelf.begin(tmp_path / "shop", RUN)
    full = shelf.unfinished(tmp_path / "shop") / "manifest.json"
    await asyncio.to_thread(full.symlink_to, "/dev/full")
    with pytest.raises(Refused, match="There is no room left"):
        await shelf.write(tmp_path / "shop", "manifest.json", b"{}")


async def test_reading_is_told_and_ends_with_who_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "disk").open("wb") as opened:
        opened.truncate(128 * PIECE_BYTES)
    heard, has_stopped = list[float](), threading.Event()
    assert (await FolderShelf().measure(tmp_path, heard.append))["disk"].size_bytes == 128 * PIECE_BYTES
    assert heard == sorted(heard)
    assert heard[-1] == 1

    class Noted(Exception):
        def __init__(self) -> None:
            has_stopped.set()

    monkeypatch.setattr(archives, "_Stopped", Noted)

    def leave(_: float) -> None:
        waiting.cancel()

    waiting = asyncio.create_task(FolderShelf().measure(tmp_path, leave))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert has_stopped.wait(20)
