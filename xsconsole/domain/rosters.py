"""Whether the members of a configuration agree with each other and with its roster."""

from collections.abc import Iterable, Mapping, Sequence

from xsconsole.domain.actions.copies import WriteCopy
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.plan import Plan
from xsconsole.domain.poolstate import MemberValue, Roster, decode, roster_digest


def awaited(configuration: ConfigurationId, plan: Plan | None) -> MemberValue | None:
    """Return what the first member of a configuration will carry that a plan makes; None where it makes none."""
    actions = (step.action for step in plan.steps) if plan is not None else ()
    values = (decode(action.value, MemberValue) for action in actions if isinstance(action, WriteCopy))
    return next((value for value in values if value is not None and value.configuration == configuration), None)


def roles_of(uuids: Iterable[Uuid], roster: Roster | None) -> Mapping[Uuid, str]:
    """Return the roles of those members whose role the roster knows."""
    return {uuid: roster.roles[uuid] for uuid in uuids if roster is not None and uuid in roster.roles}


def problems_of(
    names: Mapping[Uuid, str], values: Sequence[MemberValue], roster: Roster | None, missing: tuple[Uuid, ...]
) -> tuple[str, ...]:
    """Return a sentence for each disagreement. `names` are those of the machines that carry the values."""
    found: list[str] = []
    if missing:
        named = ", ".join(sorted(roles_of(missing, roster).values()))
        are = "is" if len(missing) == 1 else "are"
        found.append(f"{len(missing)} of its members {are} gone from the pool{': ' + named if named else ''}.")
    if len({value.stage for value in values}) > 1:
        found.append("Its members stand in different stages.")
    if len({value.revision for value in values}) > 1:
        found.append("Its members are of different revisions.")
    if len({(value.name, value.service, value.version) for value in values}) > 1:
        found.append("Its members name different versions.")
    if roster is None:
        found.append(
            "Its roster is missing from the pool: it was dissolved and a machine then returned to an earlier snapshot, "
            "or somebody removed the key."
        )
        return tuple(found)
    extra = [name for uuid, name in names.items() if uuid not in roster.roster]
    if extra:
        found.append(f"Not on its roster: {', '.join(extra)}.")
    digest = roster_digest(roster.roster)
    if not extra and any(value.roster_digest != digest for value in values):
        found.append("Its members know another roster than the pool.")
    return tuple(found)
