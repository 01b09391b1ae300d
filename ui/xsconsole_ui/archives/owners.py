"""To whom the keys are pinned that signed archives elsewhere, and what a log-in may not do to archives."""

from xsconsole.console import Estate, Verb
from xsconsole.domain.archive import Listed, Pooled
from xsconsole.domain.folding import one_line
from xsconsole.domain.signing import owner_of
from xsconsole.domain.workflow import Workflow
from xsconsole_ui.conditions import denied


def owner_name(one: Listed, workflow: Workflow | None) -> str:
    """Return to whom the workflow pins the key that signed an archive; empty where to nobody."""
    key = one.archive.key if one.archive is not None else ""
    person = owner_of(key, workflow.people) if workflow is not None and key else None
    return one_line(person.name) if person is not None else ""


def pinned_keys(workflow: Workflow | None) -> frozenset[str]:
    """Return the keys that the workflow pins to somebody, and no two."""
    people = workflow.people if workflow is not None else ()
    return frozenset(key for person in people for key in person.fingerprints if owner_of(key, people) is not None)


def why_denied(console: Estate, one: Listed | None) -> str:
    """Return why an archive can neither be changed in its pool nor come back to any; empty where it can."""
    at = one.pool if isinstance(one, Pooled) else None
    there = [each for each in console.pools.all if each.identity is not None and at in (None, each.identity.pool)]
    denials = [denied(each, Verb.KEEP) for each in there]
    return denials[0] if denials and all(denials) else ""
