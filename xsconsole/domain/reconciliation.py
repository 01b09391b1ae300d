"""This console's rows beside xapi's own log: what it did is found there, what others did to its machines is told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xsconsole.domain.board import Board, Card, Member
from xsconsole.domain.drift.causes import Call
from xsconsole.domain.ids import ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import VBD, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.record import AuditEvent, AuditRow, Outcome, Verdict
from xsconsole.domain.words import count, instant

CHECK = "reconciliation"
TRACKED = frozenset({AuditEvent.CONNECTED, AuditEvent.LINK_RESTORED})
"""Rows that name a session of this console as xapi's log does."""
CALLING = frozenset({"start", "shut-down", "member"})
"""Steps that cannot be done without a call about the machine itself."""
TOLERANCE = timedelta(minutes=15)  # between the clocks of a console and its pool, and for a step that takes long
MOST_TOLD = 200


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

    @property
    def sentence(self) -> str:
        times = "" if self.number == 1 else f", {self.number} times up to {instant(self.last)}"
        who = shortened(self.who, 60) or "somebody"
        return f"{shortened(self.machine, 60)}: {self.call} by {who}, another session, {instant(self.first)}{times}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A step of ours that xapi's log does not tell of."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What was compared, from `since` to `until`, and what came of it. `found` are steps of ours."""

    since: datetime
    until: datetime
    calls: int
    found: int
    missing: tuple[Missing, ...]
    foreign: tuple[Foreign, ...]
    begins: datetime | None = None  # of a log that does not reach back to steps of ours
    has_sessions: bool = True  # rows name sessions of ours; without, nothing tells ours from others

    @property
    def verdict(self) -> Verdict:
        """Return what it says of the record: a missing step is wrong; a change of somebody else is only told."""
        span = f"from {instant(self.since)} to {instant(self.until)}"
        late = f" The log begins only at {instant(self.begins)}." if self.begins is not None else ""
        if not self.has_sessions:
            sentence = f"Not compared with the pool's own log {span}: no row names a session of this console."
            return Verdict(check=CHECK, is_good=True, sentence=sentence, is_vouched=False)
        if self.missing:
            first = self.missing[0]
            more = f" {len(self.missing) - 1} more are missing." if len(self.missing) > 1 else ""
            sentence = f"Row {first.seq} tells of “{first.what}”, and the pool's own log does not.{more}{late}"
            return Verdict(check=CHECK, is_good=False, sentence=sentence, seq=first.seq)
        ours = f"{count(self.found, 'step')} of this console {'is' if self.found == 1 else 'are'} in the pool's own log"
        if self.foreign:
            told = f"{count(len(self.foreign), 'change')} to its machines {'is' if len(self.foreign) == 1 else 'are'}"
            sentence = f"{ours}, {span}. {told} not ours: {self.foreign[0].sentence}.{late}"
            return Verdict(check=CHECK, is_good=True, sentence=sentence, is_vouched=False)
        sentence = f"{ours}, {span}, and nobody else changed its machines.{late}"
        return Verdict(check=CHECK, is_good=True, sentence=sentence, is_vouched=self.begins is None)


def sessions_of(rows: Iterable[AuditRow]) -> frozenset[str]:
    """Return the sessions of ours that rows name, as xapi's log writes them."""
    found = ((row.fact.details or {}).get("trackid") for row in rows if row.fact.event in TRACKED)
    return frozenset(one for one in found if isinstance(one, str) and one)


def reconciled(
    calls: Sequence[Call],
    rows: Iterable[AuditRow],
    own: frozenset[str],
    board: Board,
    inventory: Inventory,
    since: datetime,
    until: datetime,
) -> Reconciled:
    """Compare. `calls` are oldest first; `own` are all sessions of ours, `rows` those of the time that is compared."""
    machines = dict(_machines(board, inventory))
    refs = {vm.uuid: vm.ref for vm in inventory.all(VM)}
    ours = [call for call in calls if call.session in own]
    found, missing = 0, []
    first = calls[0].at if calls else None
    begins: datetime | None = None
    for row in rows:
        ref = refs.get(_machine_of(row))
        if ref is None:
            continue
        if first is not None and row.at < first - TOLERANCE:
            begins = first
            continue
        if any(ref in call.objects and abs(call.at - row.at) <= TOLERANCE for call in ours):
            found += 1
        else:
            missing.append(Missing(seq=row.seq, what=shortened(str((row.fact.details or {}).get("what", "")), 80)))
    foreign: dict[tuple[Uuid, str, str, str], Foreign] = {}
    for call in calls:
        if call.session in own or not call.is_done or not since < call.at <= until:
            continue
        about = next((machines[ref] for ref in call.objects if ref in machines), None)
        if about is not None:
            _add(foreign, call, *about)
    return Reconciled(
        since=since,
        until=until,
        calls=len(calls),
        found=found,
        missing=tuple(missing),
        foreign=tuple(sorted(foreign.values(), key=lambda one: one.first))[:MOST_TOLD] if own else (),
        begins=begins,
        has_sessions=bool(own),
    )


def _add(found: dict[tuple[Uuid, str, str, str], Foreign], call: Call, card: Card, member: Member) -> None:
    key = (member.uuid, call.name, call.who, call.session)
    before = found.get(key)
    found[key] = Foreign(
        configuration=card.id,
        configuration_name=card.name,
        vm=member.uuid,
        machine=member.name,
        who=call.who,
        session=call.session,
        call=call.name,
        first=before.first if before is not None else call.at,
        last=call.at,
        number=(before.number if before is not None else 0) + 1,
    )


def _machines(board: Board, inventory: Inventory) -> Iterator[tuple[Ref, tuple[Card, Member]]]:
    """Yield what a call can be about to change a member: the machine, its drives and disks, its interfaces."""
    for card in board.cards.values():
        for member in card.members:
            vm = inventory.get(VM, member.ref)
            drives = [drive for ref in vm.VBDs if (drive := inventory.get(VBD, ref)) is not None] if vm else []
            parts: Mapping[str, Sequence[Ref]] = {
                "drives": [drive.ref for drive in drives],
                "disks": [drive.VDI for drive in drives if drive.type == "Disk"],
                "interfaces": list(vm.VIFs) if vm else [],
            }
            for ref in (member.ref, *(ref for some in parts.values() for ref in some)):
                yield ref, (card, member)


def _machine_of(row: AuditRow) -> Uuid:
    """Return the machine that a settled step of ours must have called; empty where it called none."""
    action = (row.fact.details or {}).get("action")
    is_step = row.fact.event is AuditEvent.STEP_SETTLED and row.fact.outcome is Outcome.DONE
    if not is_step or not isinstance(action, dict) or action.get("type") not in CALLING:
        return Uuid("")
    return Uuid(str(action.get("vm", "")))
