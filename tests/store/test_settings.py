import json
import os
import resource
from pathlib import Path

import platformdirs
import pytest

from xsconsole.errors import HomeUnusable, SchemaTooNew
from xsconsole.settings import FILE_NAME, Hook, KnownPool, Settings, home_folder
from xsconsole.store import files
from xsconsole.system import RandomIds

ACME = KnownPool(url="https://acme", user="root", name="acme", fingerprint="ab:cd")
LAB = KnownPool(url="https://lab", user="alice")


def opened(home: Path) -> Settings:
    return Settings.open(home, RandomIds(), "laptop of alice")


def test_the_home_that_was_asked_for_is_made_for_its_owner_only(tmp_path: Path) -> None:
    home = home_folder(tmp_path / "a" / "b", environment={"XSCONSOLE_HOME": str(tmp_path / "other")})

    assert home == tmp_path / "a" / "b"
    assert home.stat().st_mode & 0o777 == 0o700
    assert list(home.iterdir()) == []
    assert not (tmp_path / "other").exists()


def test_the_environment_names_the_home_where_nobody_else_does(tmp_path: Path) -> None:
    assert home_folder(None, environment={"XSCONSOLE_HOME": str(tmp_path / "h")}) == tmp_path / "h"


def test_the_home_is_the_users_own_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    home = home_folder(None, environment={})

    assert home == Path(platformdirs.user_data_dir("xsconsole", appauthor=False))
    assert home.is_relative_to(tmp_path)


def test_a_home_that_stands_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    home_folder(tmp_path)

    assert tmp_path.stat().st_mode & 0o777 == 0o750


def test_a_home_below_a_file_is_unusable_and_the_way_out_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(HomeUnusable) as unusable:
        home_folder(tmp_path / "file" / "home")

    assert str(tmp_path / "file" / "home") in unusable.value.reason
    assert "--home" in unusable.value.mend


def test_a_home_that_is_a_file_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(HomeUnusable):
        home_folder(tmp_path / "file")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that nobody may write")
def test_a_home_that_cannot_be_written_is_unusable() -> None:
    with pytest.raises(HomeUnusable):
        home_folder("/proc/self")


def test_a_console_keeps_its_identity(tmp_path: Path) -> None:
    first = opened(tmp_path)
    second = Settings.open(tmp_path, RandomIds(), "another name")

    assert (second.console, second.console_name) == (first.console, "laptop of alice")
    assert first.home == tmp_path
    assert first.notices == ()


def test_a_console_can_be_renamed(tmp_path: Path) -> None:
    opened(tmp_path).rename_console("the red one")

    assert opened(tmp_path).console_name == "the red one"


def test_pools_are_remembered_latest_first_and_once(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    settings.remember_pool(ACME)
    settings.remember_pool(LAB)
    settings.remember_pool(KnownPool(url="https://acme", user="bob"))

    again = opened(tmp_path)

    assert again.pools == (KnownPool(url="https://acme", user="bob"), LAB)
    assert again.known_pool("https://lab") == LAB
    assert again.known_pool("https://none") is None


def test_a_forgotten_pool_is_gone(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    settings.remember_pool(ACME)

    settings.forget_pool(ACME.url)
    settings.forget_pool(ACME.url)

    assert opened(tmp_path).pools == ()


def test_key_and_window_are_remembered(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    assert (settings.key, settings.window) == (None, {})

    settings.remember_key("ab" * 32)
    settings.remember_window({"geometry": "AdnQywAD"})

    again = opened(tmp_path)
    assert (again.key, again.window) == ("ab" * 32, {"geometry": "AdnQywAD"})


def test_two_programs_on_one_home_do_not_undo_each_others_changes(tmp_path: Path) -> None:
    window, command = opened(tmp_path), opened(tmp_path)

    command.remember_pool(ACME)
    window.remember_window({"geometry": "x"})

    again = opened(tmp_path)
    assert (again.pools, again.window) == ((ACME,), {"geometry": "x"})


def test_a_webhook_that_a_command_sets_is_known_to_a_window_that_is_open(tmp_path: Path) -> None:
    window, command = opened(tmp_path), opened(tmp_path)
    hook = Hook(url="https://hooks.example.org/x")

    command.keep_hook(hook)
    assert window.hook == hook
    (tmp_path / FILE_NAME).write_text("{")
    assert window.hook is None  # as it was read last
    command.keep_hook(None)
    assert window.hook is None


def test_of_two_programs_that_begin_a_home_the_first_gives_the_identity(tmp_path: Path) -> None:
    class SlowIds:
        def new(self) -> str:
            self.first = opened(tmp_path)
            return "late"

    ids = SlowIds()
    late = Settings.open(tmp_path, ids, "late")

    assert late.console == ids.first.console


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"format":1}', b'{"format":1,"console":7}'])
def test_damaged_settings_are_put_aside_and_that_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    (tmp_path / "settings.json.damaged-1").write_bytes(b"from last time")

    settings = opened(tmp_path)

    assert (tmp_path / "settings.json.damaged-2").read_bytes() == content
    assert (tmp_path / "settings.json.damaged-1").read_bytes() == b"from last time"
    assert "settings.json.damaged-2" in settings.notices[0]
    assert opened(tmp_path).console == settings.console
    assert opened(tmp_path).notices == ()


def test_settings_damaged_while_the_console_runs_are_put_aside_and_written_anew(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    settings.remember_pool(ACME)
    (tmp_path / FILE_NAME).write_bytes(b"{")

    settings.remember_key("ab" * 32)

    assert "settings.json.damaged-1" in settings.notices[0]
    again = opened(tmp_path)
    assert (again.console, again.pools, again.key) == (settings.console, (ACME,), "ab" * 32)


def test_settings_deleted_while_the_console_runs_are_written_anew(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    (tmp_path / FILE_NAME).unlink()

    settings.remember_pool(ACME)

    assert opened(tmp_path).console == settings.console
    assert settings.notices == ()


def test_settings_of_a_newer_console_are_refused_and_unchanged(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b'{"format":2,"console":"x"}')

    with pytest.raises(SchemaTooNew, match="newer console"):
        opened(tmp_path)

    assert (tmp_path / FILE_NAME).read_bytes() == b'{"format":2,"console":"x"}'


def test_settings_that_cannot_be_written_leave_the_old_ones(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    settings.remember_pool(ACME)
    before = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(HomeUnusable):
        settings.remember_pool(LAB)

    assert settings.pools == (ACME,)
    assert before
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


def test_settings_that_do_not_fit_on_the_disk_leave_the_old_ones(tmp_path: Path) -> None:
    settings = opened(tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(HomeUnusable):
            settings.remember_window({"geometry": "x" * 200})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert os.listdir(tmp_path) == [FILE_NAME]
    assert settings.window == {}


def test_a_file_that_stands_is_not_written_as_new(tmp_path: Path) -> None:
    assert files.write_new(tmp_path / "f", b"one")
    assert not files.write_new(tmp_path / "f", b"two")

    assert (tmp_path / "f").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["f"]


def test_addresses_that_an_earlier_build_kept_as_typed_become_one_and_lose_their_password(tmp_path: Path) -> None:
    opened(tmp_path)
    typed = ("https://root:pw@ACME:443/", "acme", "http://acme", "no address")
    pools = [{"url": url, "user": "root", "fingerprint": "ab:cd"} for url in typed]
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "pools": pools}), encoding="utf-8")

    settings = opened(tmp_path)
    settings.forget_pool("http://acme")

    assert [(pool.url, pool.fingerprint) for pool in settings.pools] == [("https://acme", "ab:cd")]
    assert b"pw" not in path.read_bytes()
