"""Findings about where stages live: hosts, storage and networks of their pools, as far as these are known now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import msgspec

from xsconsole.domain.folding import shown
from xsconsole.domain.ids import StageId, Uuid
from xsconsole.domain.inventory import SR, Host, Network, Record
from xsconsole.domain.networks import networks_for_machines
from xsconsole.domain.words import count, listing, size
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_stage
from xsconsole.domain.workflow.findings.ground import Site
from xsconsole.domain.workflow.findings.values import Finding, Mend, Severity
from xsconsole.domain.workflow.values import Binding, NetworkEntry, PoolObject, Stage

NO_PLACE_FOR_DISKS = frozenset({"iso", "udev"})


def of_binding(case: Case) -> Iterator[Finding]:
    yield from _unknown(case)
    for stage in case.workflow.stages:
        yield from chain(_unmapped(case, stage), _live(case, stage, stage.binding), _memory(case, stage))


def _unknown(case: Case) -> Iterator[Finding]:
    """Yield, once for each pool, what could not be checked."""
    bound = [stage for stage in case.workflow.stages if case.site_of(stage) is None]
    for pool in dict.fromkeys(case.pool_of(stage) for stage in bound):
        stages = [stage for stage in bound if case.pool_of(stage) == pool]
        name = next((stage.binding.pool.name for stage in stages if stage.binding.pool), "")
        called = f"The pool {shown(name or pool)}" if pool is not None else "The pool of the workflow"
        yield Rule(name="not-checked").finding(
            Severity.UNKNOWN,
            f"{called} is not connected: hosts, storage, networks, memory and versions of "
            f"{listing(tuple(stage.name for stage in stages))} could not be checked.",
            "binding.pool",
        )


def _unmapped(case: Case, stage: Stage) -> Iterator[Finding]:
    if not (case.into[stage.id] or case.out[stage.id]):
        return
    mapped = {entry.logical for entry in stage.binding.networks}
    for logical in case.workflow.networks:
        if logical not in mapped:
            yield Rule(name="network-unmapped", stage=stage.id).error(
                f"{shown(stage.name)} does not say which network of its pool is “{shown(logical)}”.",
                "binding.networks",
                *_mapping(case, stage, logical),
            )


def _mapping(case: Case, stage: Stage, logical: str) -> Iterator[Mend]:
    """Yield mends that map a network as other stages of the pool do, or to the network of that name."""
    site = case.site_of(stage)
    others = [other for other in case.workflow.stages if other is not stage and case.is_same_pool(stage, other)]
    taken = {
        entry.network.uuid
        for other in others
        if other.is_production and stage.is_production
        for entry in other.binding.networks
    }
    named = (
        []
        if site is None
        else [
            each for each in networks_for_machines(site.inventory) if each.name_label.casefold() == logical.casefold()
        ]
    )
    choices = [entry.network for other in others for entry in other.binding.networks if entry.logical == logical]
    choices += [PoolObject(uuid=network.uuid, name=network.name_label) for network in named if len(named) == 1]
    for network in {choice.uuid: choice for choice in choices if choice.uuid not in taken}.values():
        entry = NetworkEntry(logical=logical, network=network)
        wanted = msgspec.structs.replace(stage.binding, networks=(*stage.binding.networks, entry))
        name = (site.name_of(Network, network.uuid) if site else None) or network.name or network.uuid
        yield from _binding_mend(case, stage, f"Map it to {shown(name)}", wanted)


def _binding_mend(case: Case, stage: Stage, label: str, wanted: Binding) -> Iterator[Mend]:
    """Yield the mend that binds a stage otherwise, unless that would be an error of its own."""
    before, after = (
        {finding.sentence for finding in _live(case, stage, each, is_trial=True) if finding.severity is Severity.ERROR}
        for each in (stage.binding, wanted)
    )
    if not after - before:
        yield mend_stage(label, stage.id, lambda _: {"binding": wanted})


def _live(case: Case, stage: Stage, binding: Binding, *, is_trial: bool = False) -> Iterator[Finding]:
    """Yield what the live pool says of a binding, of one on trial without mends."""
    site = case.site_of(stage)
    if site is None:
        return
    reach = Reach(case=case, stage=stage, binding=binding, site=site, has_mends=not is_trial)
    yield from chain(_objects(reach), _hosts(stage, binding, site), _storage(reach), _networks(reach))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A binding of a stage, in its pool."""

    case: Case
    stage: Stage
    binding: Binding
    site: Site
    has_mends: bool


def _objects(reach: Reach) -> Iterator[Finding]:
    """Yield objects that are gone from the pool, or called otherwise than when they were chosen."""
    stage, binding, site = reach.stage, reach.binding, reach.site
    kinds: tuple[tuple[str, type[Record], tuple[PoolObject, ...]], ...] = (
        ("binding.hosts", Host, binding.hosts),
        ("binding.sr", SR, (binding.sr,) if binding.sr else ()),
        ("binding.vlans", Network, (binding.vlans.trunk,) if binding.vlans and binding.vlans.trunk else ()),
        ("binding.networks", Network, tuple(entry.network for entry in binding.networks)),
    )
    words = {Host: "host", SR: "storage", Network: "network"}
    if binding.pool is not None and binding.pool.name and site.name != binding.pool.name:
        yield _renamed(stage, "binding.pool", "pool", binding.pool, site.name)
    for field, kind, chosen in kinds:
        for each in {each.uuid: each for each in chosen}.values():
            name = site.name_of(kind, each.uuid)
            if name is None:
                yield Rule(name="gone", stage=stage.id).error(
                    f"The {words[kind]} {shown(each.name or each.uuid)} of {shown(stage.name)} is gone from the pool.",
                    field,
                    *(_found_again(reach, field, kind, each) if reach.has_mends else ()),
                )
            elif each.name and name != each.name:
                yield _renamed(stage, field, words[kind], each, name)


def _renamed(stage: Stage, field: str, word: str, chosen: PoolObject, name: str) -> Finding:
    return Rule(name="renamed", stage=stage.id).warning(
        f"The {word} {shown(chosen.name)} of {shown(stage.name)} is called {shown(name)} now.",
        field,
        mend_stage(
            "Remember the new name",
            stage.id,
            lambda found: {
                "binding": _with_object(found.binding, chosen.uuid, PoolObject(uuid=chosen.uuid, name=name))
            },
        ),
    )


def _with_object(binding: Binding, uuid: Uuid, wanted: PoolObject) -> Binding:
    def changed(found: PoolObject | None) -> PoolObject | None:
        return wanted if found is not None and found.uuid == uuid else found

    return msgspec.structs.replace(
        binding,
        pool=changed(binding.pool),
        hosts=tuple(wanted if host.uuid == uuid else host for host in binding.hosts),
        sr=changed(binding.sr),
        networks=tuple(
            msgspec.structs.replace(entry, network=wanted) if entry.network.uuid == uuid else entry
            for entry in binding.networks
        ),
        vlans=msgspec.structs.replace(binding.vlans, trunk=changed(binding.vlans.trunk)) if binding.vlans else None,
    )


def _found_again(reach: Reach, field: str, kind: type[Record], gone: PoolObject) -> Iterator[Mend]:
    """Yield what could stand in the place of what is gone: the one object of that name; for a host, nothing."""
    case, stage, binding, site = reach.case, reach.stage, reach.binding, reach.site
    named = [each for each in site.inventory.all(kind) if gone.name and site.name_of(kind, each.uuid) == gone.name]
    if len(named) == 1 and all(host.uuid != named[0].uuid for host in binding.hosts):
        wanted = _with_object(binding, gone.uuid, PoolObject(uuid=named[0].uuid, name=gone.name))
        if not _is_taken_slot(case, stage, wanted):
            yield from _binding_mend(case, stage, f"Use the one of that name, {named[0].uuid[:8]}", wanted)
    if field == "binding.hosts":
        rest = tuple(host for host in binding.hosts if host.uuid != gone.uuid)
        yield from _binding_mend(case, stage, "Do not prefer it", msgspec.structs.replace(binding, hosts=rest))
    elif field == "binding.sr":
        yield from _binding_mend(case, stage, "Leave each disk where it is", msgspec.structs.replace(binding, sr=None))
    elif field == "binding.vlans" and binding.vlans is not None:
        left = msgspec.structs.replace(binding, vlans=msgspec.structs.replace(binding.vlans, trunk=None))
        yield from _binding_mend(case, stage, "Leave it to the ground of the fences", left)


def _is_taken_slot(case: Case, stage: Stage, wanted: Binding) -> bool:
    """Return whether another production stage of the pool has one of these networks for the same."""
    own = {(entry.logical, entry.network.uuid) for entry in wanted.networks}
    return stage.is_production and any(
        (entry.logical, entry.network.uuid) in own
        for other in case.production
        if other.id != stage.id
        for entry in other.binding.networks
    )


def _hosts(stage: Stage, binding: Binding, site: Site) -> Iterator[Finding]:
    for chosen in binding.hosts:
        host = site.host(chosen.uuid)
        if host is not None and not site.serves(host):
            yield Rule(name="host-away", stage=stage.id).warning(
                f"The host {shown(host.name_label)} of {shown(stage.name)} is in maintenance or does not answer.",
                "binding.hosts",
            )


def hosts_of(binding: Binding, site: Site) -> tuple[Host, ...]:
    """Return the hosts that a binding prefers and that there are; without a preference all that serve."""
    if binding.hosts:
        return tuple(host for host in (site.host(chosen.uuid) for chosen in binding.hosts) if host is not None)
    return tuple(host for host in site.hosts if site.serves(host))


def _storage(reach: Reach) -> Iterator[Finding]:
    stage, site = reach.stage, reach.site
    storage = site.inventory.by_uuid(SR, reach.binding.sr.uuid) if reach.binding.sr else None
    if storage is None:
        return
    name = shown(storage.name_label)
    if storage.content_type == "iso" or storage.type in NO_PLACE_FOR_DISKS:
        yield Rule(name="storage-unfit", stage=stage.id).error(
            f"{shown(stage.name)}: {name} holds installation media and takes no disks.", "binding.sr"
        )
    rule = Rule(name="storage-not-visible", stage=stage.id)
    yield from _reached(reach, rule, "binding.sr", f"the storage {name}", partial(site.reaches_storage, storage))


def _networks(reach: Reach) -> Iterator[Finding]:
    stage, site = reach.stage, reach.site
    for entry in reach.binding.networks:
        network = site.inventory.by_uuid(Network, entry.network.uuid)
        if network is None:
            continue
        words = f"the network {shown(network.name_label)} ({shown(entry.logical)})"
        if not site.is_local(network):
            rule = Rule(name="network-not-visible", stage=stage.id)
            yield from _reached(reach, rule, "binding.networks", words, partial(site.reaches_network, network))
        elif len(hosts_of(reach.binding, site)) > 1:
            yield Rule(name="network-local", stage=stage.id).warning(
                f"{shown(stage.name)}: {words} is on no wire: its machines share one host and cannot migrate.",
                "binding.networks",
            )


def _reached(reach: Reach, rule: Rule, field: str, words: str, reaches: Callable[[Host], bool]) -> Iterator[Finding]:
    """Yield an error where no host of a binding reaches something, and a warning where some do not."""
    hosts = hosts_of(reach.binding, reach.site)
    lacking = [host for host in hosts if not reaches(host)]
    if not lacking:
        return
    mends: Iterator[Mend]
    name = shown(reach.stage.name)
    named = listing(tuple(host.name_label for host in lacking))
    which = "preferred host" if reach.binding.hosts else "host"
    if len(lacking) == len(hosts):
        mends = _elsewhere(reach, field, reaches) if reach.has_mends else iter(())
        yield rule.error(f"{name}: {words} is on no {which} ({named}).", field, *mends)
        return
    mends = iter(())
    if reach.binding.hosts and reach.has_mends:
        gone = {host.uuid for host in lacking}
        rest = tuple(host for host in reach.binding.hosts if host.uuid not in gone)
        wanted = msgspec.structs.replace(reach.binding, hosts=rest)
        mends = _binding_mend(reach.case, reach.stage, f"Do not prefer {named}", wanted)
    yield rule.warning(f"{name}: {words} is not on {named}.", field, *mends)


def _elsewhere(reach: Reach, field: str, reaches: Callable[[Host], bool]) -> Iterator[Mend]:
    """Yield what helps where no host reaches it: hosts that do, and for storage, none at all."""
    site, binding = reach.site, reach.binding
    able = tuple(host for host in site.hosts if site.serves(host) and reaches(host))
    if binding.hosts and able:
        hosts = tuple(PoolObject(uuid=host.uuid, name=host.name_label) for host in able)
        words = listing(tuple(host.name for host in hosts))
        wanted = msgspec.structs.replace(binding, hosts=hosts)
        yield from _binding_mend(reach.case, reach.stage, f"Prefer {words}", wanted)
    if field == "binding.sr":
        wanted = msgspec.structs.replace(binding, sr=None)
        yield from _binding_mend(reach.case, reach.stage, "Leave each disk where it is", wanted)


def _memory(case: Case, stage: Stage) -> Iterator[Finding]:
    """Yield where the hosts have no room for as many configurations as may run, by the largest there is."""
    site = case.site_of(stage)
    limit = stage.limits.running or stage.limits.configurations
    largest = max((occupant.memory_bytes for occupant in case.ground.occupants), default=0)
    if site is None or not limit or not largest:
        return
    room = sum(site.memory_bytes(host) for host in hosts_of(stage.binding, site))
    if not room or limit * largest <= room:
        return
    field = "running" if stage.limits.running else "configurations"
    fitting = room // largest
    yield Rule(name="memory", stage=stage.id).warning(
        f"{shown(stage.name)} may hold {count(limit, 'running configuration')}; of the largest, {size(largest)}, its "
        f"{'preferred ' if stage.binding.hosts else ''}hosts with {size(room)} have room for {fitting}.",
        f"limits.{field}",
        *(_lowered(stage.id, field, fitting) if fitting else ()),
    )


def _lowered(stage: StageId, field: str, limit: int) -> Iterator[Mend]:
    yield mend_stage(
        f"Lower the limit to {limit}",
        stage,
        lambda found: {"limits": msgspec.structs.replace(found.limits, **{field: limit})},
    )
