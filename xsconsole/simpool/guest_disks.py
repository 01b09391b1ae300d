"""What guests keep on their disks of their network: static addresses, and what a disk for cloud-init tells them.

XAPI knows nothing of it. It goes wherever the disk's contents go: into clones, copies, snapshots, files, other pools.
"""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from xsconsole.simpool import machines
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.pool import Pool

VOLUME = b"cidata"
MOST_VOLUME_BYTES = 64 << 20
MOST_NEIGHBOURS = 64
"""On a network with more interfaces nobody looks for a guest that gives addresses: only the site does there."""

_FILE_BLOCK = 1
_TITLE = "# /etc/network/interfaces\n"
_STATIC = re.compile(r"^iface eth(\d+) inet static\n((?: +address \S+\n)+)", re.MULTILINE)
_GIVEN = re.compile(r"dhcp-host=([0-9a-f]{2}(?::[0-9a-f]{2}){5}),((?:\d{1,3}\.){3}\d{1,3})", re.IGNORECASE)
_WORD = re.compile(
    r"\b(?:(?:eth|enX)(?P<eth>\d+)|(?P<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5}))\b"
    r"|(?P<route>\b(?:to|via|gateway4?)[\"']?\s*:\s*[\"']?[0-9./]+)"
    r"|(?<![0-9.])(?P<address>(?:\d{1,3}\.){3}\d{1,3})/\d{1,2}",
    re.IGNORECASE,
)
_VOLUME_AT = 16 * 2048
_LABEL = slice(_VOLUME_AT + 40, _VOLUME_AT + 72)


def keep(pool: Pool, vm: str, addresses: Mapping[str, tuple[str, ...]]) -> None:
    """Let the guest of a VM have these addresses, by device and with their prefix, wherever its disk goes."""
    disk = _system_disk(pool, vm)
    if disk is not None:
        text = _TITLE
        for device, own in sorted(addresses.items()):
            text += f"iface eth{device} inet static\n" + "".join(f"    address {address}\n" for address in own)
        contents, data = pool.depot.contents, text.encode()
        rest = (contents.read(disk, _FILE_BLOCK) or b"")[len(data) :]
        contents.write(disk, _FILE_BLOCK, data + (rest if rest.count(0) != len(rest) else b""))


def static_addresses(pool: Pool, vm: str) -> dict[str, tuple[str, ...]]:
    """Return the addresses that the guest of a VM has by itself, by device; a device that asks for one is not there."""
    disk = None if pool.depot.is_untouched else _system_disk(pool, vm)
    data = None if disk is None else pool.depot.contents.read(disk, _FILE_BLOCK)
    if data is None or not data.startswith(_TITLE.encode()):
        return {}
    text = data.partition(b"\0")[0].decode(errors="replace")
    return {
        device: tuple(word.partition("/")[0] for word in lines.split() if word != "address")
        for device, lines in _STATIC.findall(text)
    }


def set_up(pool: Pool, vm: str) -> None:
    """Let cloud-init, in a guest that has just started, take up the addresses that its disk tells, for good."""
    told = _files(pool, vm).get("network-config")
    if told is not None:
        keep(pool, vm, configured(told, _macs(pool, vm)))


def configured(text: str, macs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the static addresses in a network configuration of either version, as YAML or JSON, by device.

    An interface is known by its name, `eth` or `enX` with the device's number, or by a MAC address of `macs`.
    """
    found: dict[str, tuple[str, ...]] = {}
    device: str | None = None
    for word in _WORD.finditer(text):
        if word["eth"] or word["mac"]:
            device = word["eth"] or macs.get(word["mac"].lower())
        elif word["address"] and device is not None:
            found[device] = (*found.get(device, ()), word[0])
    return found


def given(pool: Pool, vm: str, network: str, mac: str) -> str | None:
    """Return the address that another running guest on a network gives to a MAC address, as a fence's router does."""
    vifs = () if pool.depot.is_untouched else pool.db.get("network", network, "VIFs")
    for vif in vifs if len(vifs) <= MOST_NEIGHBOURS else ():
        row = pool.db.row("VIF", vif)
        if row["currently_attached"] and row["VM"] != vm:
            for known, address in _GIVEN.findall(_files(pool, row["VM"]).get("user-data", "")):
                if known.lower() == mac.lower():
                    return str(address)
    return None


def _macs(pool: Pool, vm: str) -> dict[str, str]:
    rows = (pool.db.row("VIF", vif) for vif in pool.db.get("VM", vm, "VIFs"))
    return {row["MAC"].lower(): row["device"] for row in rows}


def _system_disk(pool: Pool, vm: str) -> str | None:
    """Return the disk that a guest boots from, where it has room for its files."""
    disk = next(iter(machines.disks(pool, vm)), None)
    enough = disk is not None and pool.db.get("VDI", disk, "virtual_size") >= (_FILE_BLOCK + 1) * BLOCK_BYTES
    return disk if enough else None


def _files(pool: Pool, vm: str) -> dict[str, str]:
    """Return the files of the volume from which cloud-init reads; none where there is no such volume."""
    if not pool.depot.is_untouched:
        for disk in machines.disks(pool, vm):
            size = int(pool.db.get("VDI", disk, "virtual_size"))
            if size <= MOST_VOLUME_BYTES:
                image = b"".join(_blocks(pool, disk, size))
                if image[_LABEL].strip() == VOLUME:
                    return dict(_read(image))
    return {}


def _blocks(pool: Pool, disk: str, size: int) -> Iterator[bytes]:
    for number in range(-(-size // BLOCK_BYTES)):
        yield pool.depot.contents.read(disk, number) or bytes(BLOCK_BYTES)


def _read(image: bytes) -> Iterator[tuple[str, str]]:
    import pycdlib  # noqa: PLC0415 - a fifth of a second, for what few pools need
    from pycdlib.pycdlibexception import PyCdlibException  # noqa: PLC0415

    volume: Any = pycdlib.PyCdlib()
    try:
        volume.open_fp(io.BytesIO(image))
    except PyCdlibException:  # anybody can write a disk
        return
    try:
        for name in ("user-data", "network-config"):
            data = io.BytesIO()
            try:
                volume.get_file_from_iso_fp(data, joliet_path=f"/{name}")
            except PyCdlibException:
                continue
            yield name, data.getvalue().decode(errors="replace")
    finally:
        volume.close()
