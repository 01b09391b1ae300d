"""Drafts outlive the process, cost little to save, and are never lost to another console."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.homes import Home, no_file_beyond
from xsconsole.domain.drafts import Draft, history_of, moments
from xsconsole.domain.ids import DraftId
from xsconsole.domain.workflow import Workflow, default_workflow
from xsconsole.domain.workflow.history import LONGEST, History
from xsconsole.errors import AlreadyThere, NotFound, PlanIsStale, Refused
from xsconsole.store import files
from xsconsole.store.drafts import FORMAT, DraftStore

ID = DraftId("d0000000-0000-4000-8000-000000000001")


@asynccontextmanager
async def kept(home: Home) -> AsyncIterator[DraftStore]:
    ledger = await home.ledger()
    try:
        yield DraftStore(ledger.database.reading, ledger.database)
    finally:
        await ledger.close()


def called(name: str) -> Workflow:
    return msgspec.structs.replace(default_workflow(), name=name)


def fresh(home: Home, history: History | None = None) -> Draft:
    return Draft(
        id=ID,
        name="next year",
        history=history or History(base=default_workflow()),
        base=default_workflow(),
        revision=0,
        updated_at=home.clock.now(),
    )


def with_history(draft: Draft, history: History) -> Draft:
    return Draft(
        id=draft.id,
        name=draft.name,
        history=history,
        base=draft.base,
        revision=draft.revision,
        updated_at=draft.updated_at,
    )


def rows(home: Home) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(home.database)) as connection:
        return connection.execute("SELECT position, label FROM draft_moment ORDER BY position").fetchall()


async def test_a_draft_is_the_same_in_the_next_process_with_all_that_can_be_undone_and_redone(home: Home) -> None:
    history = History(base=default_workflow()).do("Rename to A", called("A")).do("Rename to B", called("B")).undo()
    async with kept(home) as store:
        saved = await store.save(fresh(home, history), home.clock.now())

    async with kept(home) as store:
        found = await store.open(ID)
        (heading,) = await store.headings()

    assert found == saved
    assert (found.history.undo_label, found.history.redo_label) == ("Rename to A", "Rename to B")
    assert found.history.redo().workflow == called("B")
    assert (heading.name, heading.base_version, heading.steps, heading.problem) == ("next year", 1, 2, "")


async def test_a_save_writes_only_what_is_new(home: Home) -> None:
    async with kept(home) as store:
        draft = await store.save(fresh(home, History(base=default_workflow()).do("A", called("A"))), home.clock.now())
        with closing(sqlite3.connect(home.database)) as connection, connection:
            connection.execute("UPDATE draft_moment SET label = 'untouched' WHERE position = 0")

        draft = await store.save(with_history(draft, draft.history.do("B", called("B"))), home.clock.now())
        draft = await store.save(with_history(draft, draft.history.undo().undo()), home.clock.now())
        await store.save(with_history(draft, draft.history.do("C", called("C"))), home.clock.now())

    assert rows(home) == [(0, "untouched"), (1, "C")]


async def test_a_history_that_loses_its_oldest_steps_stays_bounded(home: Home) -> None:
    async with kept(home) as store:
        draft = await store.save(fresh(home), home.clock.now())
        history = draft.history
        for number in range(LONGEST + 20):
            history = history.do(f"step {number}", called(str(number)))
            if number % 50 == 0:
                draft = await store.save(with_history(draft, history), home.clock.now())
        draft = await store.save(with_history(draft, history), home.clock.now())
    async with kept(home) as store:
        found = await store.open(ID)

    assert found.history == history
    assert len(rows(home)) == LONGEST + 1


@settings(max_examples=25, deadline=None)
@given(turns=st.lists(st.sampled_from(["do", "undo", "redo", "save", "merge", "leap"]), max_size=25))
async def test_whatever_is_done_and_undone_between_saves_is_what_is_opened(
    tmp_path_factory: pytest.TempPathFactory, turns: list[str]
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    async with kept(home) as store:
        draft = await store.save(fresh(home), home.clock.now())
        history = draft.history
        for number, turn in enumerate(turns):
            match turn:
                case "do":
                    history = history.do(f"step {number}", called(str(number)))
                case "merge":
                    history = history.do("drag", called(str(number)), merge="drag")
                case "undo":
                    history = history.undo()
                case "redo":
                    history = history.redo()
                case "leap":
                    history = History(base=called(f"leap {number}"))
                case "save":
                    draft = await store.save(with_history(draft, history), home.clock.now())
        draft = await store.save(with_history(draft, history), home.clock.now())
        again = await DraftStore(store._reading).open(ID)
        assert again == draft
        assert history_of(*moments(history)) == history


async def test_of_two_windows_that_save_one_draft_the_second_is_told_and_nothing_is_lost(home: Home) -> None:
    async with kept(home) as one, kept(home) as two:
        await one.save(fresh(home), home.clock.now())
        mine, theirs = await one.open(ID), await two.open(ID)
        await one.save(with_history(mine, mine.history.do("A", called("A"))), home.clock.now())

        with pytest.raises(PlanIsStale, match="changed in another window"):
            await two.save(with_history(theirs, theirs.history.do("B", called("B"))), home.clock.now())

        assert (await two.open(ID)).workflow == called("A")


async def test_a_draft_of_a_newer_console_is_refused_by_a_sentence_and_stays(home: Home) -> None:
    async with kept(home) as store:
        draft = await store.save(fresh(home), home.clock.now())
        with closing(sqlite3.connect(home.database)) as connection, connection:
            connection.execute("UPDATE draft SET format = ?", (FORMAT + 1,))

        with pytest.raises(Refused, match="newer console wrote this draft"):
            await store.open(ID)
        with pytest.raises(PlanIsStale):
            await store.save(with_history(draft, draft.history.do("A", called("A"))), home.clock.now())
        (heading,) = await store.headings()

    assert "newer console" in heading.problem
    assert rows(home) == [(0, "")]


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM draft_moment",
        "UPDATE draft SET position = 7",
        "UPDATE draft_moment SET content = x'00'",
        "UPDATE draft_moment SET content = substr(content, 1, 20)",
    ],
)
async def test_a_damaged_draft_is_said_and_left(home: Home, damage: str) -> None:
    async with kept(home) as store:
        await store.save(fresh(home), home.clock.now())
        with closing(sqlite3.connect(home.database)) as connection, connection:
            connection.execute(damage)

        with pytest.raises(Refused):
            await store.open(ID)
        assert len(await store.headings()) == 1


async def test_drafts_are_renamed_and_deleted_and_a_deleted_one_does_not_come_back(home: Home) -> None:
    async with kept(home) as store:
        draft = await store.save(fresh(home), home.clock.now())
        await store.rename(ID, "blue and green")
        draft = await store.save(with_history(draft, draft.history.do("A", called("A"))), home.clock.now())
        assert (await store.headings())[0].name == "blue and green"

        await store.delete(ID)

        assert await store.headings() == ()
        with pytest.raises(NotFound):
            await store.save(with_history(draft, draft.history.do("B", called("B"))), home.clock.now())
        with pytest.raises(NotFound):
            await store.open(ID)
    assert rows(home) == []


async def test_who_only_looks_changes_no_draft(home: Home) -> None:
    async with kept(home) as store:
        draft = await store.save(fresh(home), home.clock.now())
        looking = DraftStore(store._reading)

        with pytest.raises(Refused, match="looking only"):
            await looking.save(draft, home.clock.now())


def test_a_file_is_not_replaced_unasked_and_never_half_written(tmp_path: Path) -> None:
    path = tmp_path / "workflow.json"
    files.write_out(path, b"one", may_replace=False)

    with pytest.raises(AlreadyThere, match="is there already"):
        files.write_out(path, b"two", may_replace=False)
    assert path.read_bytes() == b"one"
    files.write_out(path, b"two", may_replace=True)
    assert path.read_bytes() == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["workflow.json"]
    with pytest.raises(Refused, match="is no file"):
        files.write_out(tmp_path, b"three", may_replace=True)
    with pytest.raises(Refused, match="cannot be written"):
        files.write_out(tmp_path / "nowhere" / "x.json", b"three", may_replace=True)


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "workflow.json"
    with no_file_beyond(100), pytest.raises(Refused, match="cannot be written"):
        files.write_out(path, b"x" * 1000, may_replace=False)

    assert list(tmp_path.iterdir()) == []


def test_only_a_file_that_is_not_too_large_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"x" * 11)

    assert files.read_in(path, 11) == b"x" * 11
    with pytest.raises(Refused, match="larger than 10 bytes"):
        files.read_in(path, 10)
    with pytest.raises(Refused, match="is no file"):
        files.read_in(tmp_path, 10)
    with pytest.raises(Refused, match="No such file"):
        files.read_in(tmp_path / "none", 10)
