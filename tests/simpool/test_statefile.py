"""What a state file holds after its pool was killed, and what is said of one that cannot be used."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from embedded import EmbeddedPool, embedded_pool
from fleet import until

from xsconsole.simpool import statefile
from xsconsole.simpool.database import Database
from xsconsole.simpool.identities import Identities
from xsconsole.simpool.model import Model, load

DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def restored(file: Path, model: Model) -> Database:
    state = statefile.open_state(file)
    db = Database(model, Identities(9))
    state.restore(db, state.pools()[0])
    state.close()
    return db


def refused(*arguments: str) -> str:
    command = [sys.executable, "-m", "xsconsole.simpool", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def assert_ends_agree(db: Database) -> None:
    for relation in db.model.relations:
        (one, one_field), (many, many_field) = relation.one, relation.many
        if relation.is_many_to_many or "task" in (one, many) or "session" in (one, many):
            continue
        referring: dict[str, set[str]] = {}
        for ref, row in db.rows(one):
            referring.setdefault(row[one_field], set()).add(ref)
        for ref, row in db.rows(many):
            assert set(row[many_field]) == referring.get(ref, set()), (many, many_field)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_pool_that_was_killed_in_a_storm_is_whole_again(tmp_path: Path, model: Model, seed: int) -> None:
    file = tmp_path / "pool.db"
    arguments = ("--scenario", "large", "--vms", "60", "--hosts", "2", "--state", str(file))
    with embedded_pool(*arguments) as served, served.lasting_session() as session:
        network = session.xenapi.network.create({"name_label": "kept", "other_config": {}})
        served.control("save")
        served.control("churn", per_second=3000, seed=seed)
        least = random.Random(seed).randrange(200, 2000)
        until(session, lambda: served.control("churn")["done"] > least)
        served.kill()

    db = restored(file, model)

    assert db.get("network", network, "name_label") == "kept"
    assert_ends_agree(db)
    with embedded_pool(*arguments) as again, again.plain_session() as session:
        assert session.xenapi.network.get_name_label(network) == "kept"


def test_what_was_answered_a_moment_ago_is_in_the_file(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "pool.db"
    with embedded_pool("--state", str(file)) as served, served.lasting_session() as session:
        vm = session.xenapi.VM.get_by_name_label("jumpbox")[0]
        gone = session.xenapi.network.create({"name_label": "gone", "other_config": {}})
        served.control("save")
        session.xenapi.VM.set_name_description(vm, "after")
        session.xenapi.network.destroy(gone)
        served.control("save")
        served.kill()

    db = restored(file, model)

    assert db.get("VM", vm, "name_description") == "after"
    assert not db.exists("network", gone)


def test_a_client_that_missed_a_loss_hears_of_it_after_the_kill(tmp_path: Path) -> None:
    file = tmp_path / "pool.db"
    with embedded_pool("--state", str(file)) as served, served.lasting_session() as session:
        gone = session.xenapi.network.create({"name_label": "gone", "other_config": {}})
        token = getattr(session.xenapi.event, "from")(["network"], "", 5.0)["token"]
        session.xenapi.network.destroy(gone)
        served.control("save")
        served.kill()

    with embedded_pool("--state", str(file)) as again, again.plain_session() as session:
        events = getattr(session.xenapi.event, "from")(["network"], token, 5.0)["events"]

    assert [(event["ref"], event["operation"]) for event in events] == [(gone, "del")]


def test_sessions_and_tasks_are_not_in_the_file(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "pool.db"
    with embedded_pool("--state", str(file)) as served, served.lasting_session() as session:
        session.xenapi.task.create("mine", "")
        served.control("save")
        served.kill()

    db = restored(file, model)

    assert (db.refs("session"), db.refs("task")) == ([], [])


@pytest.fixture(scope="module")
def after_a_kill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with changes that only its journal has."""
    file = tmp_path_factory.mktemp("killed") / "pool.db"
    with embedded_pool("--state", str(file)) as served, served.lasting_session() as session:
        for number in range(40):
            session.xenapi.network.create({"name_label": f"net {number}", "other_config": {}})
            served.control("save")
        served.kill()
    return file


@pytest.fixture
def killed(after_a_kill: Path, tmp_path: Path) -> Path:
    for name in ("pool.db", "pool.db-wal"):
        shutil.copy(after_a_kill.with_name(name), tmp_path)
    return tmp_path / "pool.db"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_tail_that_was_cut_off_costs_the_last_changes_only(killed: Path, model: Model, share: float) -> None:
    journal = killed.with_name(f"{killed.name}-wal")
    os.truncate(journal, int(journal.stat().st_size * share))

    db = restored(killed, model)

    names = {row["name_label"] for _ref, row in db.rows("network") if row["name_label"].startswith("net ")}
    assert names == {f"net {number}" for number in range(len(names))}
    assert_ends_agree(db)


def test_a_tail_of_rubbish_is_passed_over(killed: Path, model: Model) -> None:
    with killed.with_name(f"{killed.name}-wal").open("ab") as journal:
        journal.write(random.Random(1).randbytes(5000))

    db = restored(killed, model)

    assert len([row for _ref, row in db.rows("network") if row["name_label"].startswith("net ")]) == 40


def test_a_file_with_a_hole_is_named(killed: Path) -> None:
    killed.with_name(f"{killed.name}-wal").unlink()
    content = bytearray(killed.read_bytes())
    content[4096 : len(content) // 2] = bytes(len(content) // 2 - 4096)
    killed.write_bytes(content)

    assert str(killed) in refused("--state", str(killed))


@pytest.mark.parametrize("text", ["", "[]", '{"format":1}', "SQLite format 3"])
def test_a_file_that_is_none_of_ours_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pool.db"
    file.write_text(text)

    assert str(file) in refused("--state", str(file))
    assert file.read_text() == text


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA user_version = 99",
        "DROP TABLE object",
        "DELETE FROM pool",
        "UPDATE pool SET facts = '{}'",
        "UPDATE pool SET facts = '7'",
        "UPDATE object SET fields = '{\"uuid\": 7}' WHERE class = 'VM'",
        "UPDATE object SET fields = 'x' WHERE class = 'VM'",
        "UPDATE object SET class = 'Unheard' WHERE class = 'VM'",
    ],
)
def test_a_file_whose_contents_do_not_fit_is_named(killed: Path, statement: str) -> None:
    with closing(sqlite3.connect(killed)) as connection:
        connection.execute(statement)
        connection.commit()

    assert str(killed) in refused("--state", str(killed))


def test_a_file_is_served_by_one_process_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "pool.db"
    with embedded_pool("--state", str(file)):
        words = refused("--state", str(file))

    assert "in use" in words


def test_a_pool_without_a_file_says_that_it_cannot_save() -> None:
    with embedded_pool() as served, pytest.raises(Exception, match="400"):
        served.control("save")


def facts(served: EmbeddedPool) -> Any:
    return json.dumps(served.passwords)


def test_a_leftover_of_a_first_writing_that_was_killed_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "pool.db"
    file.with_name("pool.db.new").write_bytes(b"half")

    with embedded_pool("--state", str(file)) as served:
        first = facts(served)
        served.stop()
    with embedded_pool("--state", str(file)) as served:
        assert facts(served) == first
