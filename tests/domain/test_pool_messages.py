"""What XAPI's messages are called for people."""

import pytest

from xsconsole.domain.pool_messages import spoken


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("VM_MIGRATED", "VM migrated"),
        ("HA_HOST_FAILED", "HA host failed"),
        ("LICENSE_EXPIRES_SOON", "License expires soon"),
        ("XSCONSOLE_PROMOTE", "xsconsole: promote"),
    ],
)
def test_a_name_is_said_as_people_write_it(name: str, words: str) -> None:
    assert spoken(name) == words
