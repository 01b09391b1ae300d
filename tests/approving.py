"""A workflow whose ways to and from production must be approved, by people with the keys of these homes."""

from collections.abc import Mapping

import msgspec

from xsconsole.domain.ids import GroupId, PersonId, TransitionId
from xsconsole.domain.workflow import ApprovalRule, Group, Person, Workflow, default_workflow

APPROVED_WAYS = frozenset({TransitionId("staging-to-production"), TransitionId("production-to-staging")})


def approved_by(
    keys: Mapping[str, str],
    count: int = 1,
    *,
    version: int = 2,
    subjects: Mapping[str, str] | None = None,
    **way: object,
) -> Workflow:
    """Pin each key to the person of that name; `count` of them must approve. `subjects` are their log-ins."""
    people = tuple(
        Person(id=PersonId(name), name=name.title(), fingerprints=(key,), subject=(subjects or {}).get(name, ""))
        for name, key in keys.items()
    )
    group = Group(id=GroupId("operators"), name="Operators", people=tuple(person.id for person in people))
    rule = ApprovalRule(count=count, groups=(group.id,))
    workflow = default_workflow()
    ways = tuple(
        msgspec.structs.replace(one, approvals=(rule,), **way) if one.id in APPROVED_WAYS else one
        for one in workflow.transitions
    )
    return msgspec.structs.replace(workflow, version=version, people=people, groups=(group,), transitions=ways)
