"""Changes to machines of configurations that no run or act of this console made: by whom, and what they are about."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from xsconsole.domain.board import Board, Card
from xsconsole.domain.claims import Claimant, shortened_session
from xsconsole.domain.drift.causes import Call
from xsconsole.domain.folding import one_line
from xsconsole.domain.ids import ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import VBD, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, Fact
from xsconsole.domain.words import count, instant

_ASYNC = "async."
_LEAVING_AS_IS = (  # they are about a machine, and leave it as it was
    *("vm.clone", "vm.copy", "vm.snapshot", "vm.checkpoint", "vm.assert_", "vm.query_", "vm.maximise_memory"),
    *("vdi.clone", "vdi.copy", "vdi.snapshot", "vdi.get_", "vdi.export", "vdi.list_changed_blocks", "http/get_"),
    *("vm.retrieve_", "vm.compute_memory", "vm.call_plugin", "vm.create_new_blob", "message."),
)


class Whose(StrEnum):
    """Whose a change is that is none of this console's. Values are part of rows: add, never rename."""

    CONSOLE = "console"  # another console, whose signed word for its session stands on the pool
    FOREIGN = "foreign"  # whoever it is that no console answers for


class Kind(StrEnum):
    """What a row tells of somebody else's call."""

    CHANGE = "change"  # by whom no console answers for; these are counted on the cards
    LOOK = "look"  # it left the machine as it was
    CONSOLE = "console"  # another console's


def kind_of(fact: Fact) -> Kind | None:
    """Return what a row tells; None of rows about anything else. Of rows of earlier programs more is not known."""
    if fact.event is not AuditEvent.FOREIGN:
        return None
    details = fact.details or {}
    if details.get("whose", Whose.FOREIGN) != Whose.FOREIGN:
        return Kind.CONSOLE
    return Kind.CHANGE if details.get("is_change", True) is True else Kind.LOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a call can be about to change a member. `part` is what of it, to stand before its name."""

    card: Card
    uuid: Uuid
    name: str
    part: str = ""


Machines = Mapping[str, Machine]
"""By reference, and members also by uuid: of what is gone only that one tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speakers:
    """Who can be behind a session: the claims that stand on the pool, and what programs called themselves.

    Where the workflow enrols keys at all, a console with another key is nobody's word.
    """

    claims: Mapping[str, Claimant]
    originators: Mapping[str, str]
    demands_enrolment: bool = False

    def behind(self, session: str) -> tuple[Whose, Claimant | None, str]:
        claimant = self.claims.get(shortened_session(session))
        is_console = claimant is not None and (bool(claimant.person) or not self.demands_enrolment)
        return (Whose.CONSOLE if is_console else Whose.FOREIGN), claimant, self.originators.get(session, "")


NOBODY_SPEAKS = Speakers(claims={}, originators={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """Calls to one machine of a configuration, of one kind and one session that is none of this console's."""

    configuration: ConfigurationId
    configuration_name: str
    vm: Uuid
    machine: str
    who: str
    session: str
    call: str
    first: datetime
    last: datetime
    number: int
    whose: Whose = Whose.FOREIGN
    claimant: Claimant | None = None
    originator: str = ""

    @property
    def is_change(self) -> bool:
        """Whether the machine can be another one by it; a copy, a snapshot or a look leaves it as it was."""
        return not self.call.casefold().removeprefix(_ASYNC).startswith(_LEAVING_AS_IS)

    @property
    def sentence(self) -> str:
        first, last = instant(self.first), instant(self.last)
        until = f" until {last}" if last != first else ""
        times = "" if self.number == 1 else f", {self.number} times{until}"
        who = shortened(self.who, 60) or "somebody"
        return f"{shortened(self.machine, 80)}: {self.call} by {who}, {self._by_what}, {first}{times}"

    @property
    def _by_what(self) -> str:
        if self.claimant is not None:
            return self.claimant.words
        if self.originator:
            return f"another session, of what calls itself “{shortened(one_line(self.originator), 40)}”"
        return "another session"


def by_whom(found: Iterable[Foreign]) -> tuple[tuple[Foreign, ...], tuple[Foreign, ...]]:
    """Return what no console answers for, and what other consoles did; each in the order given."""
    every = tuple(found)
    strangers = tuple(one for one in every if one.whose is Whose.FOREIGN)
    return strangers, tuple(one for one in every if one.whose is not Whose.FOREIGN)


def work_of_consoles(found: Iterable[Foreign]) -> tuple[str, ...]:
    """Return a sentence for each console, each of its sessions and each configuration: what it did there, counted.

    xapi's log names no run: what one session did to one configuration comes closest.
    """
    together: dict[tuple[Claimant | None, str, ConfigurationId], list[Foreign]] = {}
    for one in by_whom(found)[1]:
        together.setdefault((one.claimant, one.session, one.configuration), []).append(one)
    return tuple(_work(several) for several in together.values())


def _work(several: Sequence[Foreign]) -> str:
    one = several[0]
    calls = count(sum(each.number for each in several), "call")
    machines = count(len({each.vm for each in several}), "machine")
    first, last = instant(min(each.first for each in several)), instant(max(each.last for each in several))
    span = f"at {first}" if first == last else f"from {first} to {last}"
    who = one.claimant.words if one.claimant is not None else "another console"
    return f"{who}: {calls} to {machines} of {shortened(one.configuration_name, 80)}, {span}"


def machines_of(board: Board, inventory: Inventory) -> dict[str, Machine]:
    """Return all that calls which change a member can be about: it, its drives, disks, interfaces, restore points."""
    return dict(_machines(board, inventory))


def _machines(board: Board, inventory: Inventory) -> Iterator[tuple[str, Machine]]:
    for card in board.cards.values():
        for uuid in card.missing:
            yield uuid, Machine(card=card, uuid=uuid, name=card.missing_name(uuid))
        for member in card.members:
            whole = Machine(card=card, uuid=member.uuid, name=member.name)
            yield member.ref, whole
            yield member.uuid, whole
            vm = inventory.get(VM, member.ref)
            if vm is None:
                continue
            drives = [drive for ref in vm.VBDs if (drive := inventory.get(VBD, ref)) is not None]
            points = (point.snapshots.get(member.uuid) for point in card.restore_points)
            kept = (inventory.by_uuid(VM, uuid) for uuid in points if uuid is not None)
            parts: Mapping[str, Sequence[Ref]] = {
                "a drive of ": [drive.ref for drive in drives],
                "a disk of ": [drive.VDI for drive in drives if drive.type == "Disk"],
                "an interface of ": list(vm.VIFs),
                "a restore point of ": [snapshot.ref for snapshot in kept if snapshot is not None],
            }
            for part, refs in parts.items():
                for ref in refs:
                    yield ref, Machine(card=card, uuid=member.uuid, name=member.name, part=part)


def foreign_in(calls: Sequence[Call], own: frozenset[str], machines: Machines, speakers: Speakers) -> list[Foreign]:
    """Return the calls to managed machines that are of no session in `own`, each kind once, oldest first."""
    found: dict[tuple[Uuid, str, str, str, str], Foreign] = {}
    for call in calls:
        about = None if call.session in own or not call.is_done else _about(call, machines)
        if about is not None:
            _add(found, call, about, speakers)
    return sorted(found.values(), key=lambda one: one.first)


def _about(call: Call, machines: Machines) -> Machine | None:
    named = (*call.objects, *call.uuids)
    found = [machine for name in named if (machine := machines.get(name)) is not None]
    return min(found, key=lambda machine: (machine.part != "", machine.name), default=None)


def _add(found: dict[tuple[Uuid, str, str, str, str], Foreign], call: Call, about: Machine, speakers: Speakers) -> None:
    key = (about.uuid, about.part, call.name, call.who, call.session)
    before = found.get(key)
    whose, claimant, originator = speakers.behind(call.session)
    found[key] = Foreign(
        configuration=about.card.id,
        configuration_name=about.card.name,
        vm=about.uuid,
        machine=about.part + about.name,
        who=call.who,
        session=call.session,
        call=call.name,
        first=before.first if before is not None else call.at,
        last=call.at,
        number=(before.number if before is not None else 0) + 1,
        whose=whose,
        claimant=claimant,
        originator=originator,
    )
