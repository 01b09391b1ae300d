"""The space of SRs: who has how much of it, and who may have more.

Block storage (LVM) takes the whole virtual size of a disk at once; file storage takes what was written.
"""

from collections.abc import Mapping
from typing import Any

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool

HEADER_BYTES = 8 << 20

_BLOCK_TYPES = frozenset(("lvm", "lvmoiscsi", "lvmohba"))
_VHD_TYPES = _BLOCK_TYPES | {"ext", "nfs", "smb"}
_MIB = 1 << 20
LARGEST_VHD_BYTES = 2040 << 30


def free(pool: Pool, sr: str) -> int:
    """Return the bytes of an SR that no disk has."""
    row = pool.db.row("SR", sr)
    return max(0, int(row["physical_size"]) - int(row["physical_utilisation"]))


def place(pool: Pool, sr: str, taken: int, fields: Mapping[str, Any]) -> str:
    """Create a disk that takes so many bytes, and return its reference.

    Raises:
        XapiError: SR_BACKEND_FAILURE_44, no space.
    """
    require(pool, sr, taken)
    uuid = str(fields.get("uuid") or pool.identities.uuid())
    values = {"managed": True, **fields, "SR": sr, "uuid": uuid, "physical_utilisation": taken}
    values["location"] = fields.get("location") or uuid
    vdi = pool.db.create("VDI", **values)
    account(pool, sr, taken=taken, virtual=int(fields["virtual_size"]))
    pool.refresh_allowed_operations("VDI", vdi)
    return vdi


def assert_possible(pool: Pool, sr: str, size: int) -> None:
    """Let pass a size that a disk can have, where the SR keeps disks as VHDs.

    Raises:
        XapiError: SR_BACKEND_FAILURE_79.
    """
    if pool.db.get("SR", sr, "type") in _VHD_TYPES and not 0 <= size <= LARGEST_VHD_BYTES:
        text = f"VDI size must be between 1 MB and {LARGEST_VHD_BYTES // _MIB} MB"
        raise XapiError("SR_BACKEND_FAILURE_79", "", f"VDI Invalid size [opterr={text}]", "")


def require(pool: Pool, sr: str, size: int) -> None:
    """Let pass what an SR has room for.

    Raises:
        XapiError: SR_BACKEND_FAILURE_44, no space.
    """
    if size > free(pool, sr):
        raise XapiError("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")


def resize(pool: Pool, vdi: str, taken: int) -> None:
    """Let a disk take so many bytes from now on."""
    row = pool.db.row("VDI", vdi)
    before, sr = int(row["physical_utilisation"]), row["SR"]
    if taken != before:
        pool.db.set("VDI", vdi, physical_utilisation=taken)
        account(pool, sr, taken=taken - before, virtual=0)


def account(pool: Pool, sr: str, *, taken: int, virtual: int) -> None:
    """Add to what an SR says of itself: the bytes taken, and those its disks could grow to."""
    row = pool.db.row("SR", sr)
    pool.db.set(
        "SR",
        sr,
        physical_utilisation=max(0, row["physical_utilisation"] + taken),
        virtual_allocation=max(0, row["virtual_allocation"] + virtual),
    )


def is_block(pool: Pool, sr: str) -> bool:
    return pool.db.get("SR", sr, "type") in _BLOCK_TYPES


def assert_plugged(pool: Pool, sr: str) -> None:
    """Let pass an SR that some host sees.

    Raises:
        XapiError: SR_HAS_NO_PBDS.
    """
    if not any(pool.db.get("PBD", pbd, "currently_attached") for pbd in pool.db.get("SR", sr, "PBDs")):
        raise XapiError("SR_HAS_NO_PBDS", sr)
