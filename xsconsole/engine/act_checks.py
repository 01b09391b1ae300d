"""Whether an act can be done to an object now: what the pool, the role and a run of its configuration say."""

from collections.abc import Iterator, Mapping

from xsconsole.domain.acts import RULES, Act, Kind, ObjectId, called, name_of, needed_role, record_of
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import (
    PBD,
    PIF,
    SR,
    VBD,
    VDI,
    VIF,
    VM,
    Host,
    HostMetrics,
    Inventory,
    Message,
    Network,
    Pool,
    Record,
)
from xsconsole.domain.jobs import Check
from xsconsole.domain.naming import shortened
from xsconsole.domain.pool_messages import pool_message
from xsconsole.domain.poolstate import PREFIX
from xsconsole.domain.rights import has_role
from xsconsole.domain.wording.acts import consequence
from xsconsole.domain.words import instant, listing, size
from xsconsole.engine.commands import Operate
from xsconsole.engine.fences.starting import STARTS, demand_startable, fenced_on
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.capacity import demand_storage
from xsconsole.errors import NotFound, NotPermitted, Refused

_TEXT_IS_GIVEN = frozenset({Act.RENAME, Act.SNAPSHOT, Act.TAG, Act.UNTAG, Act.MOVE_TO_FOLDER})

LONGEST_TEXT = 10_000
LONGEST_NAME = 1_000
SETTLED = frozenset({Standing.WHOLE, Standing.INCOMPLETE, Standing.INCONSISTENT})
_NAMES = frozenset({Act.RENAME, Act.SNAPSHOT, Act.TAG})
_KEYS = frozenset({Act.SET_KEY, Act.REMOVE_KEY})

Cards = Mapping[Uuid, Card]
"""The configuration of each member."""


def cards_of(board: Board) -> Cards:
    """Return the configuration of each member; worth keeping for as long as the board is the same."""
    return {member.uuid: card for card in board.cards.values() for member in card.members}


def checks(command: Operate, inventory: Inventory, cards: Cards, role: str) -> tuple[Check, ...]:
    """Return, for every object, whether the act can be done to it now. Pure: from the world as last heard of."""
    fenced = fenced_on(inventory) if command.act in STARTS else frozenset[ConfigurationId]()
    return tuple(_check(command, item, inventory, cards, role, fenced) for item in command.objects)


def demand_number(command: Operate) -> None:
    """Refuse to do to several objects, on one pool or on several, what is done to one.

    Raises:
        Refused: with the reason.
    """
    if len(command.objects) > 1:
        if RULES[command.act].takes_file:
            raise Refused(reason="A file takes one machine at a time.", mend="Choose one.")
        if command.act is Act.RENAME:
            raise Refused(reason="All of them would be called the same.", mend="Choose one.")


def hosts_for(vm: Uuid, inventory: Inventory) -> Iterator[tuple[Host, Refused | None]]:
    """Yield every host with why the VM cannot be migrated there, None where it can as far as is known here."""
    record = inventory.by_uuid(VM, vm)
    for host in sorted(inventory.all(Host), key=lambda host: (host.name_label, host.uuid)):
        try:
            if record is not None:
                _demand_host(record, host, inventory)
        except Refused as refusal:
            yield host, refusal
        else:
            yield host, None


def _check(
    command: Operate,
    item: ObjectId,
    inventory: Inventory,
    cards: Cards,
    role: str,
    fenced: frozenset[ConfigurationId],
) -> Check:
    record = record_of(inventory, item)
    name = shortened(_called(record, inventory) if record is not None else str(item.uuid))
    if command.act is Act.IMPORT and command.file is not None:
        name = f"{shortened(command.file.name)} to {name}"
    try:
        if record is None:
            raise NotFound(reason=f"“{name}” is not on the pool any more.", mend="Somebody deleted it.")
        _demand_role(command, item, role)
        _demand_text(command)
        warning = _demand(command, record, inventory, cards)
        if command.act in STARTS and isinstance(record, VM):
            demand_startable(record, cards.get(record.uuid), fenced, inventory)
    except Refused as refusal:
        return Check(object=item, name=name, refusal=refusal)
    return Check(object=item, name=name, warning=" ".join(filter(None, (consequence(command.act), warning))))


def _called(record: Record, inventory: Inventory) -> str:
    """Return what a question calls an object: messages and snapshots of one name differ in what they are about."""
    if isinstance(record, Message):
        told = pool_message(record, inventory)
        return f"{told.name} ({told.about_name})"
    return called(record, inventory)


def _demand_role(command: Operate, item: ObjectId, role: str) -> None:
    needed = needed_role(command.act, item.kind, command.key)
    if not has_role(role, needed):
        raise NotPermitted(
            reason=f"The role {role} may not do this.", mend=f"Log in as somebody with the role {needed} or higher."
        )


def _demand_text(command: Operate) -> None:
    text, key = command.text, command.key
    if command.act in _NAMES and not text.strip():
        raise Refused(reason="The name is empty.", mend="Give a name.")
    longest = LONGEST_NAME if command.act in _NAMES else LONGEST_TEXT
    if len(text) > longest:
        raise Refused(reason=f"The text is longer than {longest} characters.", mend="Shorten it.")
    if command.act in _NAMES and any(ord(character) < 32 for character in text):
        raise Refused(reason="The name holds control characters.", mend="Leave them out.")
    if command.act is Act.MOVE_TO_FOLDER and text and not text.startswith("/"):
        raise Refused(reason="A folder is a path from the top.", mend="Write it as /a/b.")
    if command.act in _KEYS:
        if not key.strip():
            raise Refused(reason="The key is empty.", mend="Give a key.")
        if key.startswith(PREFIX):
            raise Refused(
                reason=f"Keys that begin with {PREFIX} hold what this console keeps on the pool.",
                mend="Change the configuration instead; dissolving it removes them.",
            )


def _demand(command: Operate, record: Record, inventory: Inventory, cards: Cards) -> str:
    """Refuse what cannot be done to the object; return what to know before it is done."""
    rule = RULES[command.act]
    if _kind_of(record) not in rule.kinds:
        raise Refused(reason=f"This cannot be done to a {_kind_of(record)}.")
    demand_number(command)
    if command.act is Act.IMPORT:
        return _demand_room(record, inventory)
    if isinstance(record, VDI) and command.act is Act.DELETE_DISK:
        return _demand_orphan(record, inventory)
    if rule.is_edit or not isinstance(record, VM):
        return ""
    machine = _machine_of(record, inventory)
    card = cards.get(machine.uuid) if machine is not None else None
    if card is not None:
        # A run of its configuration works on the machine, or waits to be settled.
        rules.demand_standing(card, SETTLED)
    is_of_snapshot = command.act in {Act.REVERT, Act.DELETE_SNAPSHOT}
    if is_of_snapshot is not record.is_a_snapshot and command.act is not Act.EXPORT:
        raise Refused(
            reason="This can be done to snapshots only." if is_of_snapshot else "This cannot be done to a snapshot."
        )
    if command.act is Act.EXPORT and record.power_state in {"Running", "Paused"}:
        raise Refused(
            reason=f"“{shortened(name_of(record))}” is {record.power_state.lower()}.",
            mend="Shut it down or suspend it first, or take a snapshot and export that.",
        )
    rules.demand_operation(record, rule.operation, inventory)
    match command.act:
        case Act.SNAPSHOT:
            return " ".join(demand_storage(inventory, [record]))
        case Act.MIGRATE | Act.START_ON if command.host is None:
            _demand_any_host(record, inventory)
        case Act.MIGRATE | Act.START_ON:
            host = inventory.by_uuid(Host, command.host) if command.host else None
            if host is None:
                raise NotFound(reason="That host is not in the pool.", mend="Choose one of its hosts.")
            _demand_host(record, host, inventory)
        case Act.REVERT:
            return _losses(record, machine)
        case Act.DELETE_SNAPSHOT:
            return _needed_by(record, card)
    return ""


def _demand_orphan(disk: VDI, inventory: Inventory) -> str:
    """Refuse a disk that anything has or stands on; return what it takes."""
    name = f"“{shortened(disk.name_label or str(disk.uuid))}”"
    holders = [inventory.get(VM, vbd.VM) for vbd in inventory.all(VBD) if disk.ref == vbd.VDI]
    if holders:
        machines = listing(tuple(vm.name_label for vm in holders if vm is not None)) or "a machine"
        raise Refused(reason=f"{name} is a disk of {machines}.", mend="Detach it there first.")
    if not disk.managed or disk.is_a_snapshot:
        raise Refused(
            reason=f"{name} is kept by the storage itself, or is part of a snapshot.",
            mend="Delete the snapshot instead.",
        )
    return f"It takes {size(disk.physical_utilisation)} now."


def _demand_room(record: Record, inventory: Inventory) -> str:
    """Refuse where disks cannot go; return where they go."""
    storage = inventory.get(SR, record.default_SR) if isinstance(record, Pool) else record
    if not isinstance(storage, SR):
        raise Refused(reason="The pool has no default storage.", mend="Choose a storage.")
    name = f"“{shortened(storage.name_label)}”"
    if storage.content_type == "iso":
        raise Refused(reason=f"{name} holds images of CDs, no disks.", mend="Choose another storage.")
    if not any(_is_plugged(ref, inventory) for ref in storage.PBDs):
        raise Refused(reason=f"No host sees {name}.", mend="Plug it in, or choose another storage.")
    return f"{name} has {size(max(0, storage.free_bytes))} free."


def _is_plugged(pbd: Ref, inventory: Inventory) -> bool:
    plug = inventory.get(PBD, pbd)
    return plug is not None and plug.currently_attached


def _machine_of(record: VM, inventory: Inventory) -> VM | None:
    return inventory.get(VM, record.snapshot_of) if record.is_a_snapshot else record


def _losses(snapshot: VM, machine: VM | None) -> str:
    if machine is None:
        return "The machine itself is gone; the pool makes it anew from the snapshot."
    when = f"The snapshot is of {instant(snapshot.snapshot_time)}." if snapshot.snapshot_time else ""
    runs = f"“{shortened(machine.name_label)}” runs and is forced off." if machine.power_state == "Running" else ""
    return " ".join(filter(None, (when, runs)))


def _needed_by(snapshot: VM, card: Card | None) -> str:
    for point in card.restore_points if card is not None else ():
        if card is not None and snapshot.uuid in point.snapshots.values():
            return f"It belongs to the restore point of {shortened(card.name)} of {instant(point.at)}."
    for one in card.candidates if card is not None else ():
        if snapshot.uuid in one.snapshots.values():
            return f"It was frozen for request {one.request[:8]}, which is void without it."
    return ""


def _demand_any_host(vm: VM, inventory: Inventory) -> None:
    """Refuse where no host can take the VM: with the reason against one where it does not run."""
    against: Refused | None = Refused(reason="The pool has no other host.")
    for host, refusal in hosts_for(vm.uuid, inventory):
        if host.ref != vm.resident_on:
            against = refusal
            if refusal is None:
                return
    if against is not None:
        raise against


def _demand_host(vm: VM, host: Host, inventory: Inventory) -> None:
    """Refuse a host to which the VM cannot be migrated, as far as the inventory tells; the pool has the last word."""
    name, target = f"“{shortened(vm.name_label)}”", f"“{shortened(host.name_label)}”"
    metrics = inventory.get(HostMetrics, host.metrics)
    if vm.resident_on == host.ref:
        raise Refused(reason=f"{name} runs on {target} already.", mend="Choose another host.")
    if metrics is None or not metrics.live:
        raise Refused(reason=f"{target} is not running.", mend="Start the host, or choose another one.")
    if not host.enabled:
        raise Refused(reason=f"{target} is in maintenance.", mend="Enable the host, or choose another one.")
    if metrics.memory_free < vm.memory_dynamic_max:
        raise Refused(
            reason=f"{target} has {size(metrics.memory_free)} free; {name} needs {size(vm.memory_dynamic_max)}.",
            mend="Free memory there, or choose another host.",
        )
    for sr in {disk.SR for disk in disks_of(inventory, vm)}:
        if not _sees_storage(host.ref, sr, inventory):
            storage = inventory.get(SR, sr)
            raise Refused(
                reason=f"{target} does not see the storage “{shortened(storage.name_label if storage else sr)}”.",
                mend="Choose a host that does; storage itself is not moved here.",
            )
    for network in _networks_of(vm, inventory):
        plugs = [inventory.get(PIF, ref) for ref in network.PIFs]
        if not any(plug is not None and plug.host == host.ref for plug in plugs):
            raise Refused(
                reason=f"{target} is not on the network “{shortened(network.name_label)}”.", mend="Choose another host."
            )


def _sees_storage(host: Ref, sr: Ref, inventory: Inventory) -> bool:
    storage = inventory.get(SR, sr)
    plugs = [inventory.get(PBD, ref) for ref in (storage.PBDs if storage else ())]
    return any(plug is not None and plug.host == host and plug.currently_attached for plug in plugs)


def _networks_of(vm: VM, inventory: Inventory) -> Iterator[Network]:
    for vif in (inventory.get(VIF, ref) for ref in vm.VIFs):
        network = inventory.get(Network, vif.network if vif else NULL_REF)
        if network is not None and network.other_config.get("assume_network_is_shared") != "true":
            yield network


def _kind_of(record: Record) -> Kind:
    return Kind(type(record).__name__.casefold())


def given_to(command: Operate, inventory: Inventory) -> str:
    """Return what an act is done with, as a line calls it: a host's name, a new name, a tag, a folder or a key."""
    if command.host is not None:
        host = inventory.by_uuid(Host, command.host)
        return name_of(host) if host is not None else ""
    return command.text.strip() if command.act in _TEXT_IS_GIVEN else command.key
