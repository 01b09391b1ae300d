"""What XAPI's messages are called for people."""

import pytest

from xsconsole.domain.pool_messages import spoken
from xsconsole.domain.wording.messages import said


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


def alarm(name: str, value: str, level: str, period: str = "60") -> str:
    return (
        f'value: {value}\nconfig:\n<variable>\n\t<name value="{name}"/>\n\t<alarm_trigger_level value="{level}"/>\n'
        f'\t<alarm_trigger_period value ="{period}"/>\n\t<alarm_auto_inhibit_period value="300"/>\n</variable>\n'
    )


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        (
            "ALARM",
            alarm("cpu_usage", "0.834000", "0.5"),
            "CPU usage was 83 % on average over 1 min; the alarm is set at 50 %.",
        ),
        (
            "ALARM",
            alarm("memory_free_kib", "524288", "1048576", "600"),
            "Free memory was 512 MiB on average over 10 min; the alarm is set at 1 GiB.",
        ),
        (
            "ALARM",
            alarm("sr_io_throughput_total_per_host", "12.5", "10"),
            "Storage throughput was 12.5 MiB/s on average over 1 min; the alarm is set at 10 MiB/s.",
        ),
        ("ALARM", alarm("network_usage", "nan", "1"), alarm("network_usage", "nan", "1")),
        ("ALARM", "value: what", "value: what"),
        (
            "CERTIFICATE_EXPIRING",
            "<body><message>Soon &amp; sure</message><date>20270101T00:00:00Z</date></body>",
            None,
        ),
        ("VM_STARTED", "VM 'a <b>' started", "VM 'a <b>' started"),
        ("ODD", "<body/>", "<body/>"),
    ],
)
def test_a_body_that_is_written_for_programs_is_read_out(name: str, body: str, words: str | None) -> None:
    assert said(name, body) == (words if words is not None else "Soon & sure · 20270101T00:00:00Z")
