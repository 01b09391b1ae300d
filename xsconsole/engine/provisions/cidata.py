"""The disk from which cloud-init reads what a machine is to become: NoCloud, on an ISO 9660 volume called `cidata`."""

import io
import json
from collections.abc import Mapping
from typing import Final

from xsconsole.domain.ids import Uuid

USER_DATA, NETWORK_CONFIG, META_DATA = "user-data", "network-config", "meta-data"
VOLUME: Final = "cidata"
DESCRIPTION_BYTES = 512 * 1024  # of the volume: what it is made of beside its files, with room to spare
UNIT_BYTES = 1024 * 1024  # of which a disk is made
SECTOR_BYTES = 2048


def size_of(files: Mapping[str, str]) -> int:
    """Return the size of the disk for these files, in bytes: whatever the machine is called then."""
    taken = sum(len(content.encode()) + SECTOR_BYTES for content in files.values()) + DESCRIPTION_BYTES
    return -(-taken // UNIT_BYTES) * UNIT_BYTES


def meta_data(vm: Uuid, hostname: str) -> str:
    """Return what says which machine this is: a clone of it has another uuid, and is set up anew."""
    return f"instance-id: {json.dumps(vm)}\nlocal-hostname: {json.dumps(hostname)}\n"


def image_of(files: Mapping[str, str], size_bytes: int) -> bytes:
    """Return a volume with these files, filled up to `size_bytes`. Equal but for the dates in it where they are equal.

    By Rock Ridge and by Joliet the names are as given; by plain ISO 9660 they are numbers.
    """
    import pycdlib  # noqa: PLC0415 - a fifth of a second, for what few runs need

    volume = pycdlib.PyCdlib()
    volume.new(interchange_level=3, vol_ident=VOLUME, joliet=3, rock_ridge="1.09")
    try:
        for number, (name, content) in enumerate(sorted(files.items()), start=1):
            data = content.encode()
            volume.add_fp(io.BytesIO(data), len(data), f"/{number:08d}.;1", rr_name=name, joliet_path=f"/{name}")
        written = io.BytesIO()
        volume.write_fp(written)
    finally:
        volume.close()
    image = written.getvalue()
    assert len(image) <= size_bytes, "its size was reckoned from the same files"
    return image.ljust(size_bytes, b"\0")
