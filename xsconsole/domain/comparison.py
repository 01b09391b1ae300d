"""Two configurations, or one at two times, compared: what really differs kept apart from what a rule allows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from xsconsole.domain.allowances import AllowedField, rule_name, rule_words
from xsconsole.domain.blueprint.standing import made_of
from xsconsole.domain.board import Card
from xsconsole.domain.canonical import Json
from xsconsole.domain.fence.standing import fence_on
from xsconsole.domain.ids import ConfigurationId, Digest, Ref, StageId
from xsconsole.domain.inventory import PIF, VIF, VM, Inventory, Network
from xsconsole.domain.manifest import (
    USUAL,
    Allowance,
    FieldChange,
    Judged,
    Manifest,
    Part,
    PartChange,
    Verdict,
    difference,
    fingerprint,
    judge,
    left_behind,
    manifest_of,
    manifest_of_card,
    words,
)
from xsconsole.domain.manifest.difference import Change
from xsconsole.domain.naming import shortened
from xsconsole.domain.points.sets import RestorePoint
from xsconsole.domain.record import AuditRow
from xsconsole.domain.words import instant
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.names import name_of_id
from xsconsole.errors import NotFound

MANIFEST = "manifest"
"""The detail of a run's opening row that holds what the configuration was before its first step."""
IN_PLACE = "in_place"
"""The detail there that holds who had the place that it takes: `configuration`, `name`, and its manifest."""


class Source(StrEnum):
    """From where it is known what a configuration was."""

    NOW = "now"
    RESTORE_POINT = "restore point"
    RECORD = "record"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a configuration is now (`at` is None), or was at one time."""

    configuration: ConfigurationId
    name: str
    stage: StageId
    manifest: Manifest
    source: Source = Source.NOW
    at: datetime | None = None
    copied_from: ConfigurationId | None = None
    service: str = ""
    fenced: frozenset[str] = frozenset()  # names of the networks of the fence around it
    stage_name: str = ""  # where it stands on the board, as the workflow names that

    @property
    def place(self) -> str:
        """Return the stage by its name, or by what its id was made from where nobody knows that name."""
        return self.stage_name or name_of_id(self.stage)

    @property
    def title(self) -> str:
        """Return what to call it beside others of the same name: `shop 1.3.0 in Staging`."""
        return f"{self.name} in {self.stage_name}" if self.stage_name else self.name

    @property
    def when(self) -> str:
        """Return such as `now`, or `2026-11-27 14:02 UTC, restore point`."""
        return "now" if self.at is None else f"{instant(self.at)}, {self.source.value}"


class Aspect(StrEnum):
    """Classes of fields: the columns of the picture of a comparison."""

    MEMBER = "member"  # one side lacks the whole machine
    HARDWARE = "hardware"
    BOOT = "boot"
    DISKS = "disks"
    NETWORK = "network"
    START = "start"
    PLACEMENT = "placement"
    NAMES = "names"
    SETTINGS = "settings"


_PARTS = frozenset(Part)
_BOOT = frozenset(
    {"boot_policy", "boot_params", "domain_type", "pv_bootloader", "pv_kernel", "pv_ramdisk", "pv_args"}
    | {"pv_bootloader_args", "pv_legacy_args", "has_nvram"}
)
_START = frozenset({"start_order", "start_delay_s", "shutdown_delay_s", "ha_restart_priority"}) | frozenset(
    {"after_shutdown", "after_reboot", "after_crash"}
)
_NAMES = frozenset({"name", "description", "tags"})
_SETTINGS = frozenset({"other_config", "platform", "bios_strings", "has_vendor_device"})


def aspect_of(change: Change) -> Aspect:
    """Return the class of what differs."""
    match change.part:
        case Part.NIC:
            return Aspect.NETWORK
        case Part.DISK | Part.DRIVE:
            return Aspect.DISKS
        case Part.MEMBER if isinstance(change, PartChange):
            return Aspect.MEMBER
    field = change.field
    for fields, aspect in ((_BOOT, Aspect.BOOT), (_START, Aspect.START), (_NAMES, Aspect.NAMES)):
        if field in fields:
            return aspect
    if field == "home_host":
        return Aspect.PLACEMENT
    return Aspect.SETTINGS if field in _SETTINGS else Aspect.HARDWARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How `second` differs from `first`."""

    first: Version
    second: Version
    judged: tuple[Judged, ...]

    @property
    def drift(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.judged if each.verdict is Verdict.DRIFT)

    @property
    def allowed(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.judged if each.verdict is Verdict.ALLOWED)

    @property
    def fingerprints(self) -> tuple[Digest, Digest]:
        return fingerprint(self.first.manifest), fingerprint(self.second.manifest)

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles of the members of either, sorted."""
        members = (*self.first.manifest.members, *self.second.manifest.members)
        return tuple(sorted({member.role for member in members}))

    def counts(self) -> Mapping[tuple[str, Aspect], tuple[int, int]]:
        """Return how much really differs and how much is allowed, by role and class of fields."""
        drift = Counter((each.change.role, aspect_of(each.change)) for each in self.drift)
        allowed = Counter((each.change.role, aspect_of(each.change)) for each in self.allowed)
        return {key: (drift[key], allowed[key]) for key in {*drift, *allowed}}


def compare(
    first: Version, second: Version, rules: Sequence[AllowedField] = (), also: Sequence[Allowance] = ()
) -> Comparison:
    """Return how `second` differs from `first`. Of a copy and its original, what copies leave behind is allowed too.

    `rules` are those that people made; of them count those for the service and the stage of `second`. `also` is what
    else may differ between these two, of what was made of a blueprint and that.
    """
    is_same = first.configuration == second.configuration
    is_original = first.configuration == second.copied_from
    is_copy = is_original or second.configuration == first.copied_from
    allowances = (*USUAL, *left_behind("after" if is_original else "before")) if is_copy and not is_same else USUAL
    counted = (rule for rule in rules if rule.part in _PARTS and rule.holds_for(second.service, second.stage))
    by_hand = tuple(map(_allowance, counted))
    changes = difference(first.manifest, second.manifest)
    fence = _fence(first, second, changes) if is_copy or also else ()
    return Comparison(first=first, second=second, judged=judge(changes, (*allowances, *also, *fence, *by_hand)))


def _fence(first: Version, second: Version, changes: Iterable[Change]) -> tuple[Allowance, ...]:
    """Return what lets a network of a fence face the one that it stands for; which one that is, the proof says."""
    pairs = tuple(
        (change.before, change.after)
        for change in changes
        if isinstance(change, FieldChange)
        and isinstance(change.before, str)
        and isinstance(change.after, str)
        and (change.part, change.field) == (Part.NIC, "network")
        and (change.before in first.fenced or change.after in second.fenced)
    )
    return (Allowance(id="fence", part=Part.NIC, field="network", pairs=pairs),) if pairs else ()


def _allowance(rule: AllowedField) -> Allowance:
    return Allowance(
        id=rule_name(rule),
        part=Part(rule.part),
        field=rule.field,
        key=rule.key,
        role=rule.role,
        device=rule.device,
        by_hand=rule.id,
    )


def stage_title(stage: StageId, workflow: Workflow | None) -> str:
    """Return what a workflow calls a stage; empty where it has none of that id."""
    found = workflow.stage(stage) if workflow is not None else None
    return found.name if found is not None else ""


def rule_label(rule: AllowedField, workflow: Workflow | None = None) -> str:
    """Return what a rule allows, in the words of differences: `db: memory, static maximum, of shop in Staging`.

    Without a `workflow`, which names its stage, that is called by its id.
    """
    if rule.part not in _PARTS:
        return rule_words(rule)
    change = FieldChange(
        role=rule.role or "every member",
        part=Part(rule.part),
        device=rule.device or "any",
        field=rule.field,
        key=rule.key,
        before=None,
        after=None,
    )
    where = f" in {shortened(stage_title(rule.stage, workflow) or rule.stage, 40)}" if rule.stage else ""
    return f"{words.place(change)}: {words.label(change)}, of {shortened(rule.service, 40)}{where}"


def version_now(
    card: Card, inventory: Inventory, workflow: Workflow | None, manifest: Manifest | None = None
) -> Version:
    """Return what a configuration is now; `manifest`, where somebody has it already."""
    return Version(
        configuration=card.id,
        name=card.name,
        stage=card.stage,
        manifest=manifest_of_card(card, inventory, workflow) if manifest is None else manifest,
        copied_from=_copied_from(card, inventory),
        service=card.service,
        fenced=_fenced(card, inventory),
        stage_name=stage_title(card.stage, workflow),
    )


def _fenced(card: Card, inventory: Inventory) -> frozenset[str]:
    """Return the names of the networks of the fence around a configuration.

    What nobody copied stands in none, and an untagged card of a host is in none: then nothing is looked for among the
    pool's keys.
    """
    if card.origin is None or inventory.pool is None:
        return frozenset()
    vms = (inventory.get(VM, member.ref) for member in card.members)
    vifs = (inventory.get(VIF, ref) for vm in vms if vm is not None for ref in vm.VIFs)
    networks = (inventory.get(Network, vif.network) for vif in vifs if vif is not None)
    possible = [network for network in networks if network is not None and not _is_untagged(network, inventory)]
    standing = fence_on(inventory.pool.other_config, card.id) if possible else None
    own = frozenset(standing.site.networks.values()) if standing is not None else frozenset()
    return frozenset(network.name_label for network in possible if network.uuid in own)


def _is_untagged(network: Network, inventory: Inventory) -> bool:
    """Return whether a host has a card on a network that is no VLAN, as those of fences over several hosts are."""
    pifs = (inventory.get(PIF, ref) for ref in network.PIFs)
    return any(pif is not None and pif.VLAN < 0 for pif in pifs)


def _copied_from(card: Card, inventory: Inventory) -> ConfigurationId | None:
    """Return what a configuration was copied from; of what was made of a blueprint, what that was captured from."""
    source = blueprint.source if (blueprint := made_of(card, inventory)) is not None else None
    if source is not None:
        return source.configuration
    return card.origin.configuration if card.origin is not None else None


def versions_kept(card: Card, inventory: Inventory, workflow: Workflow | None) -> tuple[Version, ...]:
    """Return what a configuration was at its restore points, newest first, as its snapshots tell."""
    kept = (_at_point(card, point, inventory, workflow) for point in card.restore_points if point.is_whole)
    return tuple(version for version in kept if version is not None)


def _at_point(card: Card, point: RestorePoint, inventory: Inventory, workflow: Workflow | None) -> Version | None:
    found: list[tuple[str, Ref]] = []
    for member in card.members:
        snapshot = inventory.by_uuid(VM, point.snapshots.get(member.uuid, member.uuid))
        if snapshot is None or not snapshot.is_a_snapshot:
            return None
        found.append((member.role, snapshot.ref))
    stage = workflow.stage(point.stage) if workflow else None
    logical = {entry.network.uuid: entry.logical for entry in stage.binding.networks} if stage else {}
    names = {member.role: member.name for member in card.members}
    made = manifest_of(found, inventory, logical)
    # The snapshot has a name of its own; what the machine was called then, nobody keeps.
    members = tuple(msgspec.structs.replace(member, name=names[member.role]) for member in made.members)
    return Version(
        configuration=card.id,
        name=card.name,
        stage=point.stage,
        manifest=msgspec.structs.replace(made, members=members),
        source=Source.RESTORE_POINT,
        at=point.at,
        service=card.service,
        stage_name=stage.name if stage is not None else "",
    )


def versions_on_record(rows: Iterable[AuditRow]) -> tuple[Version, ...]:
    """Return what configurations were when runs of this console began, in the order of the rows.

    Rows of earlier programs hold no manifest, and those of later ones perhaps one that cannot be read: both are left
    out.
    """
    found = (_of_row(row) for row in rows)
    return tuple(version for version in found if version is not None)


def _of_row(row: AuditRow) -> Version | None:
    kept: Json = (row.fact.details or {}).get(MANIFEST)
    if not isinstance(kept, dict) or row.fact.configuration is None:
        return None
    try:
        manifest = msgspec.convert(kept, Manifest)
    except msgspec.ValidationError:
        return None
    return Version(
        configuration=row.fact.configuration,
        name=row.fact.configuration_name,
        stage=row.fact.source or StageId(""),
        manifest=manifest,
        source=Source.RECORD,
        at=row.at,
    )


def newest_first(recorded: Sequence[Version], *others: Version) -> tuple[Version, ...]:
    """Return versions in the order of time, the newest first.

    Those `recorded` come as the record has them, newest first, and keep that order: a clock may have gone back.
    """
    least, placed = float("inf"), list[tuple[float, Version]]()
    for version in recorded:
        least = min(least, version.at.timestamp() if version.at is not None else least)
        placed.append((least, version))
    placed += [(version.at.timestamp() if version.at is not None else float("-inf"), version) for version in others]
    return tuple(version for _, version in sorted(placed, key=lambda pair: pair[0], reverse=True))


def merged(recorded: Sequence[Version], kept_elsewhere: Sequence[Version] = ()) -> tuple[Version, ...]:
    """Return versions of both, newest first, without those that say the same as the one before them."""
    kept: list[Version] = []
    for version in newest_first(recorded, *(one for one in kept_elsewhere if one.at is not None)):
        if not kept or kept[-1].manifest != version.manifest or kept[-1].stage != version.stage:
            kept.append(version)
    return tuple(kept)


def version_at(versions: Sequence[Version], at: datetime, name: str) -> Version:
    """Return the newest version that is not later than `at`.

    Raises:
        NotFound: nothing is known of that time; the choices are the times of which something is.
    """
    found = next((version for version in versions if version.at is not None and version.at <= at), None)
    if found is None:
        raise NotFound(
            reason=f"Nothing is known of what “{shortened(name)}” was at {instant(at)}.",
            mend="Known is what it was at its restore points, in archives of this home, and when runs of this console "
            "began.",
            choices=tuple(version.when for version in versions),
        )
    return found
