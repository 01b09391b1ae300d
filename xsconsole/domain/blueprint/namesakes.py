"""Blueprints of one name: a new one takes none that another has, and what came here from elsewhere is told apart."""

from collections.abc import Mapping

from xsconsole.domain.blueprint.standing import blueprint_key, read_standing, versions_in
from xsconsole.domain.ids import BlueprintId
from xsconsole.domain.naming import ID_BEGINNING, shortened
from xsconsole.errors import Refused


def namesakes(keys: Mapping[str, str], blueprint: BlueprintId, name: str) -> tuple[BlueprintId, ...]:
    """Return which other blueprints of a pool are called so by their newest versions, as far as those can be read."""
    return tuple(id_ for id_, known in _names(keys).items() if id_ != blueprint and known == name.strip().casefold())


def demand_own_name(keys: Mapping[str, str], blueprint: BlueprintId, name: str) -> None:
    """Refuse a name that another blueprint has; one that had it before keeps it.

    Raises:
        Refused: whose it is, and what to do in place of a second one.
    """
    others = namesakes(keys, blueprint, name)
    if not others or _names(keys).get(blueprint) == name.strip().casefold():
        return
    called = shortened(name.strip(), 60)
    raise Refused(
        reason=f"The library has a blueprint called “{called}” already: {others[0][:ID_BEGINNING]}.",
        mend="Make this the next version of that one, or give it another name.",
    )


def _names(keys: Mapping[str, str]) -> dict[BlueprintId, str]:
    found: dict[BlueprintId, str] = {}
    for id_, version in versions_in(keys):  # of each, the newest one last
        blueprint, _ = read_standing(keys[blueprint_key(id_, version)], id_, version)
        found[id_] = blueprint.name.casefold() if blueprint is not None else ""
    return found
