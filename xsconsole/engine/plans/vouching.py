"""What to know of files that another console signed."""

from xsconsole.domain.naming import shortened
from xsconsole.domain.signing import owner_of
from xsconsole.domain.workflow import Workflow


def vouching(key: str, console_name: str, workflow: Workflow, *, is_own: bool) -> list[str]:
    """Return whose key, by its fingerprint, signed what comes in; nothing where it was this console's."""
    if is_own:
        return []
    at, owner = shortened(console_name, 60), owner_of(key, workflow.people)
    key = key[:16]
    if owner is not None:
        return [f"It was signed at {at}, by the key {key} of {shortened(owner.name, 60)}."]
    return [
        f"It was signed at {at}, by a key ({key}) that is not this console's and that the workflow pins to nobody: "
        "whoever has that key says what is in it."
    ]
