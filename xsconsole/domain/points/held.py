"""What restore points hold of storage that is short of space, by configuration; from the inventory alone."""

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import ConfigurationId, Ref, RunId, Uuid
from xsconsole.domain.inventory import SR, VM, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Purpose
from xsconsole.domain.points.sizes import Scales
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    RESTORE_POINT_KEY,
    MemberValue,
    RestorePointMark,
    decode,
    newest,
    numbers,
    run_stem,
)
from xsconsole.domain.requests.values import requests_of
from xsconsole.domain.words import count, instant, listing, size

POINTS = frozenset({Purpose.RESTORE_POINT.value, Purpose.SET_ASIDE.value})
MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one configuration's restore points hold of a storage. `points` are those that nothing is known to need."""

    sr: SR
    configuration: ConfigurationId
    sentence: str
    points: tuple[RunId, ...]


@dataclass(slots=True)
class _Taken:
    at: datetime
    snapshots: list[Uuid]


Found = dict[tuple[Ref, ConfigurationId], dict[RunId, _Taken]]


def held_on(storages: Sequence[SR], inventory: Inventory) -> Generator[None, None, list[Held]]:
    """Look at one machine after the other, and return what restore points hold of these storages, the most first."""
    if not storages:
        return []
    found: Found = defaultdict(dict)
    names: dict[ConfigurationId, str] = {}
    wanted = {sr.ref for sr in storages}
    for vm in tuple(inventory.all(VM)):
        _note(vm, wanted, found, names, inventory)
        yield
    scales, keys = Scales(inventory), inventory.pool.other_config if inventory.pool is not None else {}
    held = []
    for sr in storages:
        for (ref, configuration), taken in found.items():
            if ref == sr.ref:
                name = names.get(configuration, f"configuration {configuration[:8]}")
                held.append(_held(sr, configuration, name, taken, scales, keys))
    return [one for _, one in sorted(held, key=lambda pair: (-pair[0], pair[1].configuration))]


def _note(vm: VM, wanted: set[Ref], found: Found, names: dict[ConfigurationId, str], inventory: Inventory) -> None:
    if not vm.is_a_snapshot:
        value = newest(vm.other_config, MEMBER_STEM, MemberValue)[1] if vm.is_ordinary else None
        if value is not None and value.vm == vm.uuid:
            names[value.configuration] = value.name
        return
    mark = decode(vm.other_config.get(RESTORE_POINT_KEY, ""), RestorePointMark)
    if mark is None or mark.purpose not in POINTS:
        return
    for ref in {disk.SR for disk in disks_of(inventory, vm)} & wanted:
        taken = found[ref, mark.configuration].setdefault(mark.run, _Taken(mark.at, []))
        taken.at = min(taken.at, mark.at)
        taken.snapshots.append(vm.uuid)


def _held(
    sr: SR,
    configuration: ConfigurationId,
    name: str,
    taken: Mapping[RunId, _Taken],
    scales: Scales,
    keys: Mapping[str, str],
) -> tuple[int, Held]:
    bytes_ = sum(cost.taken for one in taken.values() for cost in scales.costs(one.snapshots) if cost.sr == sr.uuid)
    oldest_first = sorted(taken, key=lambda run: (taken[run].at, run))
    asked = {request.intent.restore_point for request in requests_of(keys, configuration)}
    is_worked_on = bool(numbers(keys, run_stem(configuration)))
    free = () if is_worked_on else tuple(run for run in oldest_first if run not in asked)
    of = listing(tuple(instant(taken[run].at) for run in oldest_first), MOST_NAMED)
    why = " A run stands on it, which may need them." if is_worked_on else ""
    if not is_worked_on and len(free) < len(taken):
        why = f" {count(len(taken) - len(free), 'of them is', 'of them are')} needed by a request."
    sentence = (
        f"{count(len(taken), 'restore point')} of {shortened(name, 60)}, of {of}, "
        f"{'holds' if len(taken) == 1 else 'hold'} up to {size(bytes_)} here.{why}"
    )
    return bytes_, Held(sr=sr, configuration=configuration, sentence=sentence, points=free)
