"""How much of a pool's own map the library may take."""

from collections.abc import Mapping

from xsconsole.domain.blueprint.standing import BLUEPRINT_PREFIX, TOGETHER_LIMIT_BYTES
from xsconsole.domain.words import size
from xsconsole.errors import Refused


def demand_room_for(keys: Mapping[str, str], stored: int) -> None:
    """Refuse where all blueprints of a pool would take too much: everybody reads them, all the time.

    Raises:
        Refused: with numbers.
    """
    taken = sum(len(text) for key, text in keys.items() if key.startswith(BLUEPRINT_PREFIX))
    if taken + stored > TOGETHER_LIMIT_BYTES:
        raise Refused(
            reason=f"The blueprints of the pool take {size(taken)}, and this one {size(stored)}; all of them may take "
            f"{size(TOGETHER_LIMIT_BYTES)}.",
            mend="Retire versions that nobody needs.",
        )
