"""Findings about stages: limits, protection and what happens on entry, lease, who may act."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain, combinations
from typing import Any

import msgspec

from xsconsole.domain.folding import shown
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow.calendars import always_frozen
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_stage
from xsconsole.domain.workflow.findings.values import Finding, Mend, Severity
from xsconsole.domain.workflow.names import field_name, group_words, operation_name
from xsconsole.domain.workflow.values import EntryAction, LeaseEnd, Method, Stage
from xsconsole.domain.workflow.windows import is_known_zone

STARTING = frozenset({"start", "start_on"})
STOPPING = frozenset({"clean_shutdown", "shutdown"})
POWER = STARTING | STOPPING | {"hard_shutdown"}  # what shutting down and putting that back takes
NEEDED_ELSEWHERE = {
    "pool_migrate": "maintenance and load balancing move machines",
    "migrate_send": "maintenance moves machines with their disks",
    "snapshot": "backups take snapshots",
    "hard_shutdown": "high availability and maintenance stop machines",
    "resume": "a suspended machine must be able to go on",
    "start": "high availability starts machines again",
}
# fmt: off
OPERATIONS = frozenset((  # those of `vm_operations` in XAPI
    "snapshot", "clone", "copy", "create_template", "revert", "checkpoint", "snapshot_with_quiesce", "provision",
    "start", "start_on", "pause", "unpause", "clean_shutdown", "clean_reboot", "hard_shutdown", "power_state_reset",
    "hard_reboot", "suspend", "csvm", "resume", "resume_on", "pool_migrate", "migrate_send", "get_boot_record",
    "send_sysrq", "send_trigger", "query_services", "shutdown", "call_plugin", "changing_memory_live",
    "awaiting_memory_live", "changing_dynamic_range", "changing_static_range", "changing_memory_limits",
    "changing_shadow_memory", "changing_shadow_memory_live", "changing_VCPUs", "changing_VCPUs_live",
    "changing_NVRAM", "assert_operation_valid", "data_source_op", "update_allowed_operations", "make_into_template",
    "import", "export", "metadata_export", "reverting", "destroy", "create_vtpm", "sysprep",
))
# fmt: on


def of_stages(case: Case) -> Iterator[Finding]:
    for stage in case.workflow.stages:
        yield from chain(
            _limits(case, stage),
            _protection(case, stage),
            _hindrance(stage),
            _lease(stage),
            _freezes(stage),
            _actors(case, stage),
        )
    yield from _same_slot(case)


def _limits(case: Case, stage: Stage) -> Iterator[Finding]:
    limits = stage.limits
    for name in ("configurations", "running", "per_service"):
        limit, field = getattr(limits, name), f"limits.{name}"
        if limit == 0:
            yield Rule(name="takes-none", stage=stage.id).warning(
                f"{shown(stage.name)} takes no configuration at all: its {field_name(field)} is 0.",
                field,
                _limited(stage, "Remove the limit", name, None),
            )
        elif limit is not None and name != "configurations" and limits.configurations and limit > limits.configurations:
            yield Rule(name="limits-contradict", stage=stage.id).warning(
                f"The {field_name(field)} of {shown(stage.name)} is {limit}, but it takes only "
                f"{count(limits.configurations, 'configuration')}.",
                field,
                _limited(stage, f"Lower it to {limits.configurations}", name, limits.configurations),
            )
    yield from _exceeded(case, stage)


def _limited(stage: Stage, label: str, name: str, limit: int | None) -> Mend:
    return mend_stage(label, stage.id, lambda found: {"limits": msgspec.structs.replace(found.limits, **{name: limit})})


def _exceeded(case: Case, stage: Stage) -> Iterator[Finding]:
    standing = case.occupants[stage.id]
    services = {occupant.service for occupant in standing}
    most = max((sum(each.service == service for each in standing) for service in services), default=0)
    running = sum(occupant.is_running for occupant in standing)
    for name, number in (("configurations", len(standing)), ("running", running), ("per_service", most)):
        limit = getattr(stage.limits, name)
        if limit and number > limit:
            yield Rule(name="limit-exceeded", stage=stage.id).warning(
                f"{shown(stage.name)} holds {number} now; its {field_name(f'limits.{name}')} is {limit}.",
                f"limits.{name}",
                _limited(stage, f"Raise it to {number}", name, number),
            )


def _protection(case: Case, stage: Stage) -> Iterator[Finding]:
    name, blocked = shown(stage.name), set(stage.protection)
    rule = Rule(name="protection-contradicts", stage=stage.id)
    if stage.is_production and "destroy" not in blocked:
        yield Rule(name="unprotected", stage=stage.id).warning(
            f"{name} is production, but nothing protects its machines from being destroyed.",
            "protection",
            mend_stage(
                f"Block “{operation_name('destroy')}”",
                stage.id,
                lambda found: {"protection": (*found.protection, "destroy")},
            ),
        )
    if stage.entry is EntryAction.START and blocked & STARTING:
        yield _contradicts(stage, f"{name} starts machines on entry, but its protection forbids it", STARTING)
    if stage.lease is not None and stage.lease.at_end is LeaseEnd.STOP and blocked & POWER:
        yield _contradicts(
            stage, f"{name} shuts machines down at the end of its lease, but its protection forbids it", POWER
        )
    for way in case.into[stage.id]:
        source = case.stages[way.source]
        both = blocked & set(source.protection)
        if stage.entry is EntryAction.STOP and both & STOPPING:
            yield _contradicts(
                stage,
                f"{name} shuts machines down on entry, but its protection and that of {shown(source.name)} forbid it",
                STOPPING,
            )
    for way in case.out[stage.id]:
        if way.restore_point is not None and "snapshot" in blocked:
            yield _contradicts(
                stage,
                f"{case.words(way)} takes a restore point, but the protection of {name} forbids snapshots",
                frozenset({"snapshot"}),
            )
            break
    needed = {Method.LINKED_CLONE: "clone", Method.FULL_COPY: "copy"}
    for way in case.out[stage.id]:
        operation = needed.get(way.method, "")
        if operation in blocked:
            copying = operation_name(operation)
            yield _contradicts(
                stage,
                f"{case.words(way)} makes copies, but the protection of {name} forbids “{copying}”",
                frozenset({operation}),
            )
    for operation in stage.protection:
        if operation not in OPERATIONS:
            yield replace(
                rule.warning(
                    f"“{shown(operation)}” is no operation of a machine that this console knows: a pool may refuse it.",
                    "protection",
                    _unprotected(stage, frozenset({operation})),
                ),
                rule="unknown-operation",
            )


def _contradicts(stage: Stage, what: str, operations: frozenset[str]) -> Finding:
    return Rule(name="protection-contradicts", stage=stage.id).error(
        f"{what}.", "protection", _unprotected(stage, operations)
    )


def _unprotected(stage: Stage, operations: frozenset[str]) -> Mend:
    def change(found: Stage) -> dict[str, Any]:
        return {"protection": tuple(each for each in found.protection if each not in operations)}

    words = listing(tuple(f"“{operation_name(each)}”" for each in stage.protection if each in operations))
    return mend_stage(f"Do not block {words}", stage.id, change)


def _hindrance(stage: Stage) -> Iterator[Finding]:
    for operation in stage.protection:
        if operation in NEEDED_ELSEWHERE:
            yield Rule(name="protection-hinders", stage=stage.id).warning(
                f"{shown(stage.name)} forbids “{operation_name(operation)}”: {NEEDED_ELSEWHERE[operation]}.",
                "protection",
                _unprotected(stage, frozenset({operation})),
            )


def _lease(stage: Stage) -> Iterator[Finding]:
    if stage.lease is not None and stage.is_production and stage.lease.at_end is not LeaseEnd.TELL:
        yield Rule(name="production-lease", stage=stage.id).warning(
            f"{shown(stage.name)} is production, and at the end of its lease machines are stopped.",
            "lease",
            mend_stage(
                "Only tell at the end",
                stage.id,
                lambda found: {"lease": found.lease and msgspec.structs.replace(found.lease, at_end=LeaseEnd.TELL)},
            ),
        )


def _freezes(stage: Stage) -> Iterator[Finding]:
    for at, calendar in enumerate(stage.freezes):
        if not is_known_zone(calendar.zone):
            yield Rule(name="unknown-zone", stage=stage.id).error(
                f"{shown(stage.name)} is frozen by a calendar of the time zone “{shown(calendar.zone)}”, which this "
                "machine does not know.",
                "freezes",
                mend_stage("Use UTC", stage.id, partial(_in_utc, at)),
            )
    if always_frozen(stage.freezes):
        yield Rule(name="always-frozen", stage=stage.id).warning(
            f"The calendars of {shown(stage.name)} leave no time at which something could be promoted into it.",
            "freezes",
        )


def _in_utc(at: int, stage: Stage) -> dict[str, Any]:
    changed = (msgspec.structs.replace(each, zone="UTC") if i == at else each for i, each in enumerate(stage.freezes))
    return {"freezes": tuple(changed)}


def _actors(case: Case, stage: Stage) -> Iterator[Finding]:
    groups = {group.id: group for group in case.workflow.groups}
    empty = [group for group in stage.actors if group in groups and not groups[group].people]
    if stage.actors and len(empty) == len(stage.actors):
        names = listing(tuple(group_words(case.workflow, group) for group in empty))
        yield Rule(name="nobody-may-act", stage=stage.id).error(
            f"Nobody may move configurations into or out of {shown(stage.name)}: {names} is empty. Add people to it.",
            "actors",
        )


def _same_slot(case: Case) -> Iterator[Finding]:
    for one, other in combinations(case.production, 2):
        if not case.is_same_pool(one, other):
            continue
        first = {entry.logical: entry.network.uuid for entry in one.binding.networks}
        shared = [entry.logical for entry in other.binding.networks if first.get(entry.logical) == entry.network.uuid]
        if not shared:
            continue
        is_whole = (
            {host.uuid for host in one.binding.hosts} == {host.uuid for host in other.binding.hosts}
            and (one.binding.sr and one.binding.sr.uuid) == (other.binding.sr and other.binding.sr.uuid)
            and len(shared) == len(first) == len(other.binding.networks)
        )
        severity = Severity.ERROR if is_whole else Severity.WARNING
        rest = "" if is_whole else f" the network {listing(tuple(shared))} of"
        yield Rule(name="same-slot", stage=other.id).finding(
            severity,
            f"{shown(one.name)} and {shown(other.name)} bind{rest} the same production slot.",
            "binding.networks",
        )
