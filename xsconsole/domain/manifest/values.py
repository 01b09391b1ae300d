"""The manifest of a configuration. Left out is whatever moves by itself: placement, use of disks, what guests report.

Members are told apart by their role, disks and network interfaces by their device: names and uuids differ between two
configurations that are meant to be alike.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

import msgspec

from xsconsole.domain.canonical import digest_of
from xsconsole.domain.ids import Digest


class Part(StrEnum):
    """What a difference is about."""

    MEMBER = "member"
    DISK = "disk"
    DRIVE = "drive"
    NIC = "nic"


class Disk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A disk of a member. `role` decides what a promotion does with it; `sr_kind` is XAPI's type of its SR."""

    device: str
    role: str
    name: str
    size_bytes: int
    mode: str
    is_bootable: bool
    sr_kind: str
    is_sharable: bool = False
    is_read_only: bool = False
    has_change_tracking: bool = False


class Drive(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A drive for discs; `disc` is the name of what is in it, empty for none."""

    device: str
    disc: str = ""
    is_bootable: bool = False


class Nic(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A virtual interface. `network` is the logical network where the stage maps one, else the network's name."""

    device: str
    mac: str
    network: str
    mtu: int
    locking_mode: str = "network_default"
    ipv4_allowed: tuple[str, ...] = ()
    ipv6_allowed: tuple[str, ...] = ()


class MemberManifest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One machine. Of NVRAM and vTPMs, whose contents are secrets, it only tells whether there are any."""

    role: str
    name: str
    description: str = ""
    memory_static_min_bytes: int = 0
    memory_dynamic_min_bytes: int = 0
    memory_dynamic_max_bytes: int = 0
    memory_static_max_bytes: int = 0
    vcpus_max: int = 1
    vcpus_at_startup: int = 1
    vcpus_params: dict[str, str] = {}
    after_shutdown: str = ""
    after_reboot: str = ""
    after_crash: str = ""
    domain_type: str = ""
    boot_policy: str = ""
    boot_params: dict[str, str] = {}
    shadow_multiplier: float = 1.0
    pv_bootloader: str = ""
    pv_kernel: str = ""
    pv_ramdisk: str = ""
    pv_args: str = ""
    pv_bootloader_args: str = ""
    pv_legacy_args: str = ""
    platform: dict[str, str] = {}
    hardware_platform_version: int = 0
    has_vendor_device: bool = False
    bios_strings: dict[str, str] = {}
    has_nvram: bool = False
    vtpm_count: int = 0
    vgpu_count: int = 0
    start_order: int = 0
    start_delay_s: int = 0
    shutdown_delay_s: int = 0
    ha_restart_priority: str = ""
    home_host: str = ""
    tags: tuple[str, ...] = ()
    other_config: dict[str, str] = {}
    disks: tuple[Disk, ...] = ()
    drives: tuple[Drive, ...] = ()
    nics: tuple[Nic, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration's members, sorted by role; their parts sorted by device."""

    members: tuple[MemberManifest, ...]
    format: int = 1


P = TypeVar("P", Disk, Drive, Nic)


def in_order(parts: Iterable[P]) -> tuple[P, ...]:
    """Return parts by device: 2 before 10, and what has no number last."""
    return tuple(sorted(parts, key=lambda part: (not part.device.isdecimal(), part.device.zfill(8), part.device)))


def fingerprint(manifest: Manifest) -> Digest:
    """Return the SHA-256 of the canonical JSON. Contents of disks are not covered: say so where equality is claimed."""
    return digest_of(msgspec.to_builtins(manifest))
