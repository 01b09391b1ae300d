"""Where the fields of a row lead: to what it names, as long as that is there."""

from collections.abc import Iterator
from dataclasses import dataclass

from xsconsole.console import Estate
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId, RequestId, RunId, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditRow
from xsconsole_ui.texts import tr

Place = ConfigurationId | RequestId | RunId | ObjectId


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a row names, in words; `to` is None where it is gone. `kind` says which of the places that is."""

    kind: str  # configuration, machine, request or run
    text: str
    to: Place | None

    @property
    def is_there(self) -> bool:
        return self.to is not None


def links_of(row: AuditRow, estate: Estate) -> tuple[Link, ...]:
    """Return what a row names that a person can look at, or could before it went."""
    return tuple(_links(row, estate))


def _links(row: AuditRow, estate: Estate) -> Iterator[Link]:
    fact, details = row.fact, row.fact.details or {}
    if fact.configuration is not None:
        card = estate.board.cards.get(fact.configuration)
        name = shortened(one_line(card.name if card is not None else fact.configuration_name or fact.configuration), 40)
        gone = tr("{name} is on no board any more").format(name=name)
        text = tr("{name} on the board").format(name=name) if card is not None else gone
        yield Link(kind="configuration", text=text, to=fact.configuration if card is not None else None)
    vm = _machine(details)
    if vm:
        found = estate.inventory.by_uuid(VM, vm)
        name = shortened(one_line(found.name_label), 40) if found is not None else ""
        text = tr("{name} in the inventory").format(name=name) if found is not None else tr("The machine is gone")
        # The uuid alone finds it, also where it moved to another pool since.
        yield Link(kind="machine", text=text, to=ObjectId(kind=Kind.VM, uuid=vm) if found is not None else None)
    request = _request(details)
    if request:
        is_there = any(view.request.id == request for view in estate.requests.views)
        text = tr("Its request") if is_there else tr("The request stands no more")
        yield Link(kind="request", text=text, to=request if is_there else None)
    if fact.run is not None:
        yield Link(kind="run", text=tr("All rows of its run"), to=fact.run)


def _machine(details: object) -> Uuid:
    """Return the machine that a row is about, or that its step is."""
    if not isinstance(details, dict):
        return Uuid("")
    action = details.get("action")
    named = details.get("vm") or (action.get("vm") if isinstance(action, dict) else "")
    return Uuid(named) if isinstance(named, str) else Uuid("")


def _request(details: object) -> RequestId:
    if not isinstance(details, dict):
        return RequestId("")
    request = details.get("request")
    named = request.get("id") if isinstance(request, dict) else request
    return RequestId(named) if isinstance(named, str) else RequestId("")
