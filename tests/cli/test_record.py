"""A record that vanished, was cut or is another one: noticed, and gone on with only on purpose."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.cli.shell import Shell

PROMOTE = ("promote", "shop@staging", "--to", "production")
FILES = ("console.db", "console.db-wal", "console.db-shm")


@pytest.fixture(scope="module")
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
def shell(pool: EmbeddedPool, tmp_path: Path) -> Shell:
    """Somebody whose home has a record already."""
    made = Shell(home=tmp_path / "home", pool=pool)
    refused = made.say("promote", "nothing", "--to", "production")
    assert "No configuration is called" in refused.err
    return made


def vanish(home: Path) -> None:
    for name in FILES:
        (home / name).unlink(missing_ok=True)


def empty(home: Path) -> None:
    vanish(home)
    (home / "console.db").touch()


@pytest.mark.parametrize("lose", [vanish, empty])
def test_a_record_that_vanished_is_missed_until_somebody_goes_on_without_it(
    shell: Shell, lose: Callable[[Path], None]
) -> None:
    nothing = shell.say("audit", "accept")
    lose(shell.home)

    refused = [shell.say(*PROMOTE), shell.say("audit", "list"), shell.say("audit", "verify")]
    status = shell.say("status")
    accepted = shell.say("audit", "accept")
    after = shell.say(*PROMOTE, "--plan", "0" * 12)
    rows = shell.say("audit", "list", "--json").document

    assert (nothing.status, "nothing to accept" in nothing.err) == (1, True)
    for said in refused:
        assert (said.status, said.out) == (1, "")
        assert "is gone" in said.err
        assert "xsconsole audit accept" in said.err
    assert (status.status, "is gone" in status.err) == (0, True)
    assert accepted.status == 0, accepted.err
    assert "The plan is not" in after.err
    assert (rows[-1]["seq"], rows[-1]["event"]) == (1, "record.accepted")
    assert rows[-1]["details"]["remembered_seq"] > 1
    assert shell.say("audit", "verify").status == 3


def test_an_earlier_copy_of_the_record_is_told_from_the_one_that_is_remembered(shell: Shell, tmp_path: Path) -> None:
    shutil.copytree(shell.home, tmp_path / "backup")
    shell.say("promote", "nothing", "--to", "production")
    vanish(shell.home)
    for name in FILES:
        if os.path.exists(tmp_path / "backup" / name):
            shutil.copy(tmp_path / "backup" / name, shell.home / name)

    refused = shell.say(*PROMOTE)
    verified = shell.say("audit", "verify")
    accepted = shell.say("audit", "accept")

    assert (refused.status, refused.out) == (1, "")
    assert "an earlier copy" in refused.err
    assert verified.status == 1
    assert "BAD memory" in verified.out
    assert accepted.status == 0, accepted.err
    assert shell.say("audit", "verify").status == 3
