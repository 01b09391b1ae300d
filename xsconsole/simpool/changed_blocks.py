"""What changed on a disk between two of its states, as tracking tells it: a bitmap of 64 KiB blocks."""

from xsconsole.simpool import storage
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.turns import unhurried

TRACKED_BYTES = 64 << 10
_PER_BLOCK = BLOCK_BYTES // TRACKED_BYTES
_FIRST_BIT = 0x80


async def bitmap(pool: Pool, earlier: str, later: str) -> bytes:
    """Return one bit for each block of the later state, set where it differs; the first is the highest of its byte.

    A snapshot whose data was destroyed still counts.

    Raises:
        XapiError: VDI_NO_CBT_METADATA, nobody kept track; SR_BACKEND_FAILURE_460, they are states of different disks;
            VDI_IN_USE, the later one is being written.
    """
    if not pool.db.get("VDI", earlier, "cbt_enabled"):
        raise XapiError("VDI_NO_CBT_METADATA", earlier)
    if _disk_of(pool, earlier) != _disk_of(pool, later):
        text = "Failed to calculate changed blocks for given VDIs. [opterr=Source and target VDI are unrelated]"
        raise XapiError("SR_BACKEND_FAILURE_460", "", text, "")
    if storage.is_attached(pool, later) and not pool.db.get("VDI", later, "is_a_snapshot"):
        raise XapiError("VDI_IN_USE", later, "list_changed_blocks")
    count = -(-int(pool.db.get("VDI", later, "virtual_size")) // TRACKED_BYTES)
    bits = bytearray(-(-count // 8))
    if pool.depot.is_untouched:
        return bytes(bits)
    contents = pool.depot.contents
    async for number in unhurried(contents.differing(later, earlier)):
        before, after = (contents.read(disk, number) or bytes(BLOCK_BYTES) for disk in (earlier, later))
        for part in range(_PER_BLOCK):
            start, block = part * TRACKED_BYTES, number * _PER_BLOCK + part
            if block < count and before[start : start + TRACKED_BYTES] != after[start : start + TRACKED_BYTES]:
                bits[block // 8] |= _FIRST_BIT >> block % 8
    return bytes(bits)


def _disk_of(pool: Pool, vdi: str) -> str:
    """Return the disk of which something is a state: the one it was taken from, else itself."""
    origin = str(pool.db.get("VDI", vdi, "snapshot_of"))
    return vdi if origin == NULL else origin
