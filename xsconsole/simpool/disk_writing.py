"""Writing the disks: what is written takes space on the SR, and the SR can be full."""

from xsconsole.simpool import chains, storage
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool

_SETTLED_BLOCKS = 16


def io_error() -> XapiError:
    """Return what clients are told whatever goes wrong between the stream and the disk."""
    return XapiError("VDI_IO_ERROR", "Device I/O errors")


class DiskWriter:
    """Writes one disk in blocks. The space it takes is counted every few blocks, and when it is done.

    `written_bytes` have been written so far.
    """

    def __init__(self, pool: Pool, vdi: str) -> None:
        self._pool = pool
        self._vdi = vdi
        self._size = int(pool.db.get("VDI", vdi, "virtual_size"))
        self._contents = pool.depot.contents
        self._touched: set[int] = set()
        self._unsettled = 0
        self.written_bytes = 0
        chains.mark_written(pool, vdi)

    @property
    def size_bytes(self) -> int:
        return self._size

    def assert_fits(self, size_bytes: int) -> None:
        """Let an image pass that is no larger than the disk.

        Raises:
            XapiError: VDI_IO_ERROR.
        """
        if size_bytes > self._size:
            raise io_error()

    def fill(self, offset: int, data: bytes) -> None:
        """Replace bytes as far as the disk goes; raises as `block` does, and where it does not go far enough."""
        self.patch(offset, data[: max(0, self._size - offset)])
        self.assert_fits(offset + len(data))

    def block(self, number: int, data: bytes) -> None:
        """Replace a block of the disk.

        Raises:
            XapiError: VDI_IO_ERROR, beyond the disk's end, or the disk is gone; SR_BACKEND_FAILURE_44, no space.
        """
        is_beyond = number * BLOCK_BYTES + len(data) > self._size
        if is_beyond or not self._pool.db.exists("VDI", self._vdi):
            raise io_error()
        self._contents.write(self._vdi, number, data)
        self._touched.add(number)
        self.written_bytes += len(data)
        self._unsettled += 1
        if self._unsettled == _SETTLED_BLOCKS:
            self.settle()

    def patch(self, offset: int, data: bytes) -> None:
        """Replace bytes anywhere on the disk; raises as `block` does."""
        while data:
            number, start = divmod(offset, BLOCK_BYTES)
            piece, data = data[: BLOCK_BYTES - start], data[BLOCK_BYTES - start :]
            end, length = start + len(piece), min(BLOCK_BYTES, self._size - number * BLOCK_BYTES)
            if len(piece) < length:
                before = self._contents.read(self._vdi, number, max(length, 0)) or bytes(max(length, 0))
                piece = before[:start] + piece + before[end:]
            self.block(number, piece)
            offset += end - start

    def settle(self) -> None:
        """Count what was written since the last time."""
        self._unsettled = 0
        # What a disk shares with the base it stands on takes no space of its own.
        is_whole = chains.parent(self._pool.db, self._vdi) == NULL
        blocks = self._contents.count(self._vdi) if is_whole else len(self._touched)
        storage.take_written(self._pool, self._vdi, blocks * BLOCK_BYTES)
