"""What a draft can begin with, and how it begins."""

import msgspec

from xsconsole.console import Estate
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import PersonId, WorkflowId
from xsconsole.domain.workflow import Person, Workflow
from xsconsole.domain.workflow.history import History
from xsconsole.domain.workflow.templates import start_from, templates
from xsconsole_ui.texts import tr
from xsconsole_ui.workflow.drafts_dialog import Start
from xsconsole_ui.workflow.forms.editors import Option


def starts(console: Estate) -> tuple[Start, ...]:
    """Return what is published, the templates that come with the program, and nothing."""
    board = console.board
    found = []
    if board.workflow is not None and board.is_published:
        name = tr("{name}, v{version}").format(name=board.workflow.name, version=board.workflow.version)
        found.append(
            Start(kind=tr("Published"), name=name, about=tr("As it stands on the pool."), workflow=board.workflow)
        )
    found += [
        Start(kind=tr("Template"), name=each.name, about=each.description, workflow=each.workflow)
        for each in templates()
    ]
    nothing = Workflow(id=WorkflowId("workflow"), name=tr("New workflow"), version=1, stages=(), transitions=())
    found.append(
        Start(kind=tr("Empty"), name=nothing.name, about=tr("Nothing yet: draw it yourself."), workflow=nothing)
    )
    return tuple(found)


def person_of(console: Estate) -> Person:
    """Return whoever sits here, by the key of this console."""
    identity = console.identity
    name = identity.actor if identity is not None else tr("Me")
    return Person(id=PersonId("me"), name=name, fingerprints=(console.home.key_fingerprint,))


def known_keys(console: Estate) -> tuple[Option, ...]:
    """Return the keys that can be pinned without typing them: this console's, and those of the published people."""
    found = {}
    if console.board.workflow is not None:
        pinned = ((key, person) for person in console.board.workflow.people for key in person.fingerprints)
        found = {
            key: tr("{key} · {name}, as published").format(key=key[:16], name=person.name) for key, person in pinned
        }
    own = console.home.key_fingerprint
    if own:
        found[own] = tr("{key} · this console").format(key=own[:16])
    return tuple(Option(key=key, words=one_line(words)) for key, words in found.items())


def begun(chosen: Workflow, name: str, published: Workflow | None, person: Person) -> tuple[History, Workflow | None]:
    """Return the history of a draft that begins with `chosen`, and the version that it is to follow."""
    made = start_from(chosen, name, person if chosen.groups else None)
    if published is None:
        return History(base=made), None
    made = msgspec.structs.replace(made, id=published.id, version=published.version)
    return History(base=published).do(tr("Begin with “{name}”").format(name=chosen.name), made), published
