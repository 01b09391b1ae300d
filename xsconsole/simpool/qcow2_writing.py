"""A disk as a QCOW2: only the blocks that hold something, or those that another disk has not."""

import struct
from collections.abc import AsyncIterator, Sequence

from xsconsole.simpool import qcow2
from xsconsole.simpool.disk_contents import BLOCK_BYTES
from xsconsole.simpool.pool import Pool

_CLUSTER = qcow2.CLUSTER_BYTES
_PER_BLOCK = BLOCK_BYTES // _CLUSTER
_PER_TABLE = _CLUSTER // qcow2.ENTRY_BYTES
_COUNTS_PER_CLUSTER = _CLUSTER // 2


async def pieces(pool: Pool, vdi: str, base: str | None) -> AsyncIterator[tuple[bytes, float]]:
    """Yield the file, each piece with how much is done; of a disk with a `base` only where it is not like that."""
    size, contents = pool.db.get("VDI", vdi, "virtual_size"), pool.depot.contents
    numbers = list(contents.written(vdi)) if base is None else contents.differing(vdi, base)
    clusters = -(-size // _CLUSTER)
    present = [
        cluster
        for number in numbers
        for cluster in range(number * _PER_BLOCK, min((number + 1) * _PER_BLOCK, clusters))
    ]
    for piece in _tables(size, clusters, present):
        yield piece, 0.0
    for done, number in enumerate(numbers, start=1):
        data = contents.read(vdi, number) or bytes(BLOCK_BYTES)
        yield data[: (min((number + 1) * _PER_BLOCK, clusters) - number * _PER_BLOCK) * _CLUSTER], done / len(numbers)


def _tables(size: int, clusters: int, present: Sequence[int]) -> list[bytes]:
    """Return what stands before the data: header, counts of references, and both levels of tables."""
    l1_entries = -(-clusters // _PER_TABLE)
    l1_clusters = -(-l1_entries // _PER_TABLE) or 1
    used = sorted({cluster // _PER_TABLE for cluster in present})
    fixed = 1 + l1_clusters + len(used) + len(present)
    # The counts are counted too: a few rounds find how many clusters they need themselves.
    count_clusters = reference_clusters = 1
    while count_clusters * _COUNTS_PER_CLUSTER < fixed + count_clusters + reference_clusters:
        count_clusters += 1
        reference_clusters = -(-count_clusters // _PER_TABLE)
    counts_at = 1 + reference_clusters
    l1_at = counts_at + count_clusters
    l2_at = l1_at + l1_clusters
    data_at = l2_at + len(used)
    total = data_at + len(present)
    header = qcow2.Header(size_bytes=size, cluster_bits=16, l1_entries=l1_entries, l1_at=l1_at * _CLUSTER)
    shown = qcow2.write_header(header, references_at=_CLUSTER, reference_clusters=reference_clusters)
    l1 = {table: l2_at + place for place, table in enumerate(used)}
    l2: dict[int, dict[int, int]] = {table: {} for table in used}
    for place, cluster in enumerate(present):
        l2[cluster // _PER_TABLE][cluster % _PER_TABLE] = data_at + place
    references = [(counts_at + number) * _CLUSTER for number in range(count_clusters)]
    return [
        shown.ljust(_CLUSTER, b"\0"),
        struct.pack(f">{count_clusters}Q", *references).ljust(reference_clusters * _CLUSTER, b"\0"),
        (b"\0\1" * total).ljust(count_clusters * _CLUSTER, b"\0"),
        _entries(l1, l1_clusters * _PER_TABLE),
        *(_entries(l2[table], _PER_TABLE) for table in used),
    ]


def _entries(places: dict[int, int], count: int) -> bytes:
    return struct.pack(
        f">{count}Q", *(qcow2.COPIED | places[one] * _CLUSTER if one in places else 0 for one in range(count))
    )
