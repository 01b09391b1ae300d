"""Whether what stands in a pool is what an archive's document says: each template that is not is named, and how."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from xsconsole.domain.archive.checking import Fault, Finding
from xsconsole.domain.archive.pooled import (
    HOLD_PREFIX,
    Carried,
    PoolArchive,
    PoolMember,
    digest_of_carried,
    documents_in,
    read_carried,
    read_mark,
    read_pooled,
)
from xsconsole.domain.archive.proving import NOTHING, Proofs, proofs_on
from xsconsole.domain.archive.shelf import Held, Keep
from xsconsole.domain.disks import LONGEST_CHAIN, chain_length, chain_of, drives_of
from xsconsole.domain.ids import NULL_REF, ArchiveId, Uuid
from xsconsole.domain.inventory import VDI, VIF, VM, Inventory, Network
from xsconsole.domain.manifest import Manifest, MemberManifest, difference, in_roles, member_manifest
from xsconsole.domain.manifest import words as manifest_words
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.sizes import Cost, Scales
from xsconsole.domain.poolstate import ARCHIVED_KEY, BLOCK_REASON_PREFIX, PREFIX, numbers
from xsconsole.domain.signing import SignatureCheck
from xsconsole.domain.words import count, size
from xsconsole.errors import Refused

PROTECTED = (
    "changing_NVRAM",
    "changing_VCPUs",
    "changing_dynamic_range",
    "changing_memory_limits",
    "changing_shadow_memory",
    "changing_static_range",
    "destroy",
    "migrate_send",
    "provision",
    "start",
    "start_on",
)
"""What nobody may do with a template of an archive: it is cloned, copied and exported, and nothing else."""

BLOCKED = dict.fromkeys(PROTECTED, f"{BLOCK_REASON_PREFIX}archived")
KEEP_PREFIX = PREFIX + "archive_keep."
MOST_TOLD = 6  # differences of one machine that a sentence names


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """An archive in a pool. `archive` is None where its document cannot be believed; `problem` then says why.

    `templates` are those that are there, with what they cost; `findings` is what is not as it was archived.
    `proven_at` is when this console last verified it, `damaged_at` when it found it otherwise, if that was later.
    `ahead` is how much later the pool's clock is than this computer's: one clock decides for all consoles.
    """

    id: ArchiveId
    pool: Uuid
    pool_name: str
    archive: PoolArchive | None
    problem: str = ""
    findings: tuple[Finding, ...] = ()
    templates: tuple[Uuid, ...] = ()
    costs: tuple[Cost, ...] = ()
    held: Held | None = None
    proofs: Proofs = NOTHING
    proven_at: datetime | None = None
    damaged_at: datetime | None = None
    damage: str = ""
    is_own: bool = False
    keep: Keep | None = None
    is_unfinished: bool = False
    ahead: timedelta = timedelta()

    def clock(self, now: datetime) -> datetime:
        """Return what the clock says by which it is kept and held, when this computer's says `now`."""
        return now + self.ahead

    @property
    def called(self) -> str:
        return self.archive.name if self.archive is not None else f"archive {self.id[:8]}"

    @property
    def place(self) -> tuple[str, str]:
        """Tell it apart from every other one in a list, whatever becomes of it."""
        return self.pool, self.id

    @property
    def where(self) -> str:
        """Where it is, for people."""
        return f"in pool {self.pool_name}"

    @property
    def is_whole(self) -> bool:
        """Whether what would come back is what was archived."""
        return self.archive is not None and all(finding.fault is Fault.EXPOSED for finding in self.findings)

    @property
    def sentence(self) -> str:
        """Return the whole in a line."""
        if self.archive is None:
            return self.problem
        if self.findings:
            parts = count(len({finding.file for finding in self.findings}), "part of it is", "parts of it are")
            return f"{parts} not as archived. {self.findings[0].sentence}"
        templates = count(len(self.archive.members), "template")
        return (
            f"Whole: {templates}, {size(self.archive.size_bytes)} of disks, as they were archived. What the disks hold "
            "is not compared."
        )


def pooled_in(inventory: Inventory, check: SignatureCheck, now: datetime) -> tuple[Pooled, ...]:
    """Return the archives that stand in a pool, newest first, and what is left of those whose document is gone."""
    oldest = datetime.min.replace(tzinfo=now.tzinfo)
    found = each_pooled(inventory, check, now)
    return tuple(sorted(found, key=lambda one: one.archive.at if one.archive is not None else oldest, reverse=True))


def each_pooled(inventory: Inventory, check: SignatureCheck, now: datetime) -> Iterator[Pooled]:
    """Yield the same one by one, so that whoever must not be late can do something else in between."""
    pool = inventory.pool
    if pool is None:
        return
    marked = marked_in(inventory)
    scales = Scales(inventory)
    texts = documents_in(pool.other_config)
    for id_ in (*texts, *sorted(marked.keys() - texts.keys())):
        archive, problem = _read(texts.get(id_), check)
        templates = tuple(vm.uuid for vm in marked.get(id_, ()))
        yield Pooled(
            id=id_,
            pool=pool.uuid,
            pool_name=pool.name_label,
            archive=archive,
            problem=problem,
            findings=judge_pooled(archive, inventory) if archive is not None else (),
            templates=templates,
            costs=scales.costs(templates),
            held=held_on(pool.other_config, id_, now),
            keep=kept_on(pool.other_config, id_),
            proofs=proofs_on(pool.other_config, id_, check),
        )


def marked_in(inventory: Inventory) -> dict[ArchiveId, list[VM]]:
    """Return the machines of a pool that carry an archive's mark of their own, by archive; by name.

    What was made of a template carries the mark of that one, and is none of the archive.
    """
    found: dict[ArchiveId, list[VM]] = {}
    for vm in inventory.all(VM):
        text = vm.other_config.get(ARCHIVED_KEY)
        mark = read_mark(text) if text and not vm.is_a_snapshot else None
        if mark is not None and mark.vm == vm.uuid:
            found.setdefault(mark.archive, []).append(vm)
    return {id_: sorted(vms, key=lambda vm: (vm.name_label, vm.uuid)) for id_, vms in found.items()}


def keep_stem(archive: ArchiveId) -> str:
    """Return the key under which it stands how long an archive of the pool is kept; with a number behind."""
    return f"{KEEP_PREFIX}{archive}"


def kept_on(keys: Mapping[str, str], archive: ArchiveId) -> Keep | None:
    """Return until when an archive of the pool is kept; what cannot be read lets none expire."""
    stem = keep_stem(archive)
    for number in numbers(keys, stem):
        try:
            return msgspec.json.decode(keys[f"{stem}.{number}"], type=Keep)
        except msgspec.MsgspecError:
            return None
    return None


def held_on(keys: Mapping[str, str], archive: ArchiveId, now: datetime) -> Held | None:
    """Return what keeps an archive of the pool from being deleted now."""
    stem = HOLD_PREFIX + archive
    for number in numbers(keys, stem):
        try:
            held = msgspec.json.decode(keys[f"{stem}.{number}"], type=Held)
        except msgspec.MsgspecError:
            continue
        return held if held.holds(now) else None
    return None


def judge_pooled(archive: PoolArchive, inventory: Inventory) -> tuple[Finding, ...]:
    """Compare the templates that stand in a pool with what an archive says of them."""
    return tuple(finding for member in archive.members for finding in _of_member(archive.id, member, inventory))


def read_carried_of(archive: PoolArchive, inventory: Inventory) -> tuple[Carried, ...]:
    """Return what the templates of an archive carry, as far as they are there and carry what was sealed."""
    found = []
    for member in archive.members:
        vm = inventory.by_uuid(VM, member.template)
        text = vm.other_config.get(ARCHIVED_KEY, "") if vm is not None else ""
        carried = read_carried(text) if digest_of_carried(text) == member.carries else None
        if carried is not None:
            found.append(carried)
    return tuple(found)


def carried_by(archive: ArchiveId, role: str, vm: VM, was: Manifest, inventory: Inventory) -> Carried:
    """Return what a template has to carry: what it was, and how it stands now."""
    return Carried(
        archive=archive,
        vm=vm.uuid,
        was=next(member for member in was.members if member.role == role),
        stands=_stands(role, vm, inventory),
        disks={drive.userdevice: disk.uuid for drive, disk in drives_of(inventory, vm)},
    )


def _read(text: str | None, check: SignatureCheck) -> tuple[PoolArchive | None, str]:
    if text is None:
        return None, "Its document is gone from the pool: only its templates are left."
    try:
        return read_pooled(text, check), ""
    except Refused as refusal:
        return None, f"{refusal.reason} {refusal.mend}".strip()


def _of_member(archive: ArchiveId, member: PoolMember, inventory: Inventory) -> Iterator[Finding]:
    def told(fault: Fault, what: str) -> Finding:
        return Finding(file=member.role, fault=fault, sentence=f"{shortened(member.role, 60)} {what}.")

    vm = inventory.by_uuid(VM, member.template)
    if vm is None:
        yield told(Fault.MISSING, f"is missing: its template of “{shortened(member.name, 60)}” was deleted")
        return
    text = vm.other_config.get(ARCHIVED_KEY, "")
    carried = read_carried(text) if digest_of_carried(text) == member.carries else None
    if carried is None or (carried.archive, carried.vm) != (archive, vm.uuid):
        yield told(Fault.DAMAGED, "cannot be compared: what its template carried was changed or removed")
        return
    if not vm.is_a_template:
        yield told(Fault.CHANGED, "was made a machine that can be started")
    if vm.power_state != "Halted":
        yield told(Fault.CHANGED, f"is {vm.power_state.lower()}")
    if any(operation not in vm.blocked_operations for operation in BLOCKED):
        yield told(Fault.EXPOSED, "is not protected any more")
    if vm.appliance != NULL_REF:
        yield told(Fault.EXPOSED, "was put into a vApp")
    changed = difference(in_roles([carried.stands]), in_roles([_stands(member.role, vm, inventory)]))
    for change in changed[:MOST_TOLD]:
        before, after = (shortened(_named(side, inventory), 60) for side in manifest_words.sides(change))
        place, label = manifest_words.place(change), manifest_words.label(change)
        sentence = f"{shortened(place, 80)}: {shortened(label, 80)} was {before}, is {after}."
        yield Finding(file=member.role, fault=Fault.CHANGED, sentence=sentence)
    if len(changed) > MOST_TOLD:
        yield told(Fault.CHANGED, f"differs in {len(changed) - MOST_TOLD} more")
    yield from _of_disks(member, carried, vm, inventory)


def _stands(role: str, vm: VM, inventory: Inventory) -> MemberManifest:
    """Return what a template is, whatever its networks and its preferred host are called by now."""
    own = (vif.network for ref in vm.VIFs if (vif := inventory.get(VIF, ref)) is not None)
    networks = {found.uuid: str(found.uuid) for ref in own if (found := inventory.get(Network, ref)) is not None}
    return msgspec.structs.replace(member_manifest(role, vm, inventory, networks), home_host="")


def _named(side: str, inventory: Inventory) -> str:
    network = inventory.by_uuid(Network, Uuid(side))
    return network.name_label if network is not None else side


def _of_disks(member: PoolMember, carried: Carried, vm: VM, inventory: Inventory) -> Iterator[Finding]:
    """Compare which disks there are, and whether what each stands on is there. Its own contents are not read."""
    there = {drive.userdevice: disk for drive, disk in drives_of(inventory, vm)}
    for device, uuid in sorted(carried.disks.items()):
        named = f"{shortened(member.role, 60)}, disk {device}"
        disk = there.get(device)
        if disk is None or disk.uuid != uuid:
            is_gone = inventory.by_uuid(VDI, uuid) is None
            fault, what = (Fault.MISSING, "is gone") if is_gone else (Fault.CHANGED, "is not attached any more")
            yield Finding(file=member.role, fault=fault, sentence=f"{named} {what}.")
            continue
        lost = [base for base in chain_of(inventory, disk)[1:] if inventory.by_uuid(VDI, base) is None]
        if lost:
            sentence = f"{named} cannot be read: a disk that it stands on is gone."
            yield Finding(file=member.role, fault=Fault.MISSING, sentence=sentence)
        elif chain_length(inventory, disk) > LONGEST_CHAIN:
            sentence = f"{named} stands on more disks than its storage takes."
            yield Finding(file=member.role, fault=Fault.DAMAGED, sentence=sentence)
