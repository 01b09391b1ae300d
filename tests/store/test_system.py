import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from xsconsole.system import RandomIds, SystemClock, local_zone, machine_name, os_user


async def test_the_clock_tells_utc_and_never_goes_back() -> None:
    clock = SystemClock()
    before = clock.monotonic_s()

    await clock.sleep(0)

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic_s() >= before


def test_ids_are_random_uuids() -> None:
    ids = RandomIds()

    assert uuid.UUID(ids.new()).version == 4
    assert ids.new() != ids.new()


def test_the_zone_is_named_by_the_environment_first(tmp_path: Path) -> None:
    assert local_zone({"TZ": ":Europe/Zurich"}, tmp_path / "none") == "Europe/Zurich"


def test_the_zone_is_named_by_where_the_systems_link_points(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Asia/Tokyo")

    assert local_zone({}, link) == "Asia/Tokyo"
    assert local_zone({"TZ": "EST5EDT"}, link) == "Asia/Tokyo"
    assert local_zone({"TZ": "/etc/localtime"}, link) == "Asia/Tokyo"


def test_the_zone_is_an_offset_where_the_system_names_none(tmp_path: Path) -> None:
    zone = local_zone({}, tmp_path / "none")

    assert len(zone) == 5
    assert zone[0] in "+-"


def test_the_account_has_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "alice")

    assert os_user() == "alice"


def test_an_account_without_a_name_is_told_by_its_number() -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    assert os_user(nameless) == f"uid {os.getuid()}"


def test_the_machine_has_a_name() -> None:
    assert machine_name()
