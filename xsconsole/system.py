"""The real clock, real randomness, and what the operating system says about who and where we are."""

import asyncio
import getpass
import os
import platform
import re
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

LOCAL_TIME = Path("/etc/localtime")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
IANA_NAME = re.compile(r"UTC|[A-Za-z]+(/[A-Za-z0-9_+-]+)+")


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class RandomIds:
    def new(self) -> str:
        return str(uuid.uuid4())


def local_zone(environment: Mapping[str, str] = os.environ, local_time: Path = LOCAL_TIME) -> str:
    """Return the zone of this machine: its IANA name where the system tells it, else the present offset to UTC."""
    for candidate in (environment.get("TZ", "").removeprefix(":"), _linked_zone(local_time)):
        if IANA_NAME.fullmatch(candidate):
            return candidate
    return datetime.now(UTC).astimezone().strftime("%z")


def _linked_zone(local_time: Path) -> str:
    try:
        return local_time.readlink().as_posix().partition("zoneinfo/")[2]
    except OSError:
        return ""


def os_user(named: Callable[[], str] = getpass.getuser) -> str:
    """Return the account that this process runs under; its number where it has no name."""
    try:
        return named()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def since_boot(boot_id: Path = BOOT_ID) -> tuple[str, float] | None:
    """Return the name of this start of the machine and the seconds since, sleep included; None where nobody tells."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return None
    try:
        return boot_id.read_text(encoding="ascii").strip(), time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, UnicodeDecodeError):
        return None


def elapsed_s() -> float:
    """Return seconds since some moment, those in which the machine slept included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def machine_name() -> str:
    return platform.node() or "this machine"
