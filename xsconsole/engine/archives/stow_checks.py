"""What must hold before something is archived in a pool, or comes back from there."""

from collections.abc import Mapping

from xsconsole.domain.archive import TOGETHER_LIMIT_BYTES, Fault, PoolArchive, documents_in, judge_pooled, told_in
from xsconsole.domain.board import Card
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.words import count, size
from xsconsole.errors import Refused

USUAL_DOCUMENT_BYTES = 4 * 1024


def demand_room(keys: Mapping[str, str], size_bytes: int = USUAL_DOCUMENT_BYTES) -> None:
    """Refuse where the documents of archives would take more of the pool's keys than everybody should have to read.

    Raises:
        Refused: with numbers.
    """
    documents = documents_in(keys)
    taken = sum(map(len, documents.values()))
    if taken + size_bytes > TOGETHER_LIMIT_BYTES:
        raise Refused(
            reason=f"The documents of {count(len(documents), 'archive')} take {size(taken)} of the pool's keys, and "
            f"{size(TOGETHER_LIMIT_BYTES)} is the most.",
            mend="Delete archives of this pool that nobody needs, or archive it into files.",
        )


def archived_standby(card: Card, inventory: Inventory) -> PoolArchive | None:
    """Return the latest archive of whom a configuration took the place of; it is only told of, so no key is asked."""
    succession, pool = card.succession, inventory.pool
    if succession is None or pool is None:
        return None
    found = (told_in(text) for text in documents_in(pool.other_config).values())
    of_it = [one for one in found if one is not None and one.configuration == succession.incumbent]
    return max(of_it, key=lambda one: one.at, default=None)


def changes_of(archive: PoolArchive, inventory: Inventory) -> tuple[str, ...]:
    """Return what of an archive would come back otherwise than it was archived."""
    return tuple(one.sentence for one in judge_pooled(archive, inventory) if one.fault is not Fault.EXPOSED)


def demand_whole(archive: PoolArchive, inventory: Inventory) -> None:
    """Refuse where what would come back is not what was archived.

    Raises:
        Refused: naming what is not.
    """
    found = changes_of(archive, inventory)
    if found:
        raise Refused(
            reason=f"The archive is not as it was archived. {' '.join(found[:4])}",
            mend="Put that back, or take another archive.",
        )
