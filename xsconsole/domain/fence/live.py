"""Fences of a pool that changes all the time: each is proved anew when something changes that its proof looked at."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from xsconsole.domain.fence.heard import Heard, hear, speakers
from xsconsole.domain.fence.proof import Proof, prove_from
from xsconsole.domain.fence.standing import FENCE_PREFIX, StandingFence, fences_on
from xsconsole.domain.ids import ConfigurationId, Ref, Uuid
from xsconsole.domain.inventory import PIF, VIF, VM, Change, ChangeBatch, GuestMetrics, Host, HostMetrics, Inventory
from xsconsole.domain.words import listing

CLASSES = ("vm", "vif", "network", "pif")
HOSTS = "host_metrics"
GUESTS = "vm_guest_metrics"
NOT_THERE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFence:
    """A fence as it stands now: what the proof finds, and the power of its machines; empty for one that is gone.

    `router` is None where the fence has no router. `culprits` are machines with a card that the proof names. `host` is
    where its machines are, `silent` which of these hosts do not answer: what the pool says of machines there is old.
    `hosts` is where each of them is, and `lost` those whose host does not answer. `heard` is what guests report.
    """

    standing: StandingFence
    proof: Proof
    powers: Mapping[str, str]
    router: str | None
    culprits: frozenset[Uuid] = frozenset()
    host: str = ""
    silent: str = ""
    hosts: Mapping[Uuid, str] = field(default_factory=dict)
    lost: frozenset[Uuid] = frozenset()
    heard: tuple[Heard, ...] = ()

    @property
    def is_running(self) -> bool:
        return any(power == "Running" for power in self.powers.values())


class FenceWatch:
    """Follows one pool. What a change costs depends on the fences that it touches, not on how large the pool is."""

    def __init__(self, inventory: Inventory) -> None:
        self.found: dict[ConfigurationId, WatchedFence] = {}
        self._inventory = inventory
        self._keys: Mapping[str, str] = {}
        self._standing: dict[ConfigurationId, StandingFence] = {}
        self._named: dict[str, list[ConfigurationId]] = {}
        self._looked_at: dict[ConfigurationId, frozenset[Ref]] = {}
        self._lookers: dict[Ref, set[ConfigurationId]] = defaultdict(set)
        self._due: dict[ConfigurationId, None] = {}
        self._changed: set[ConfigurationId] = set()
        self._silent = self._all_silent()
        self._networks: dict[Ref, Mapping[str, str]] = {}
        self._read()
        self._due.update(dict.fromkeys(self._standing))

    def hear(self, batch: ChangeBatch) -> None:
        """Note what a batch touches, that the inventory has taken in."""
        self._read()
        if batch.is_whole:
            self._silent = self._all_silent()
            self._due.update(dict.fromkeys(self._standing))
        elif self._standing:
            for change in batch.changes:
                if change.class_name in CLASSES or self._is_otherwise_addressed(change):
                    self._touch(change)
                elif change.class_name == HOSTS and self._is_otherwise_silent(change):
                    self._due.update(dict.fromkeys(self._standing))

    def advance(self, number: int) -> bool:
        """Prove up to so many that are due; whether none is any more."""
        for _ in range(min(number, len(self._due))):
            configuration = next(iter(self._due))
            del self._due[configuration]
            self._prove(configuration)
        return not self._due

    def taken(self) -> tuple[ConfigurationId, ...]:
        """Return which are otherwise than when that was asked last."""
        changed, self._changed = tuple(sorted(self._changed)), set()
        return changed

    def _read(self) -> None:
        pool = self._inventory.pool
        keys = pool.other_config if pool is not None else {}
        if keys is self._keys:
            return
        own = {key: text for key, text in keys.items() if key.startswith(FENCE_PREFIX)}
        before = {key: text for key, text in self._keys.items() if key.startswith(FENCE_PREFIX)}
        self._keys = keys
        if own == before:
            return
        now = {one.configuration: one for one in fences_on(own)}
        for configuration in self._standing.keys() - now.keys():
            self._forget(configuration)
        self._due.update({id_: None for id_, one in now.items() if self._standing.get(id_) != one})
        self._standing, self._named = now, {}
        for id_, one in now.items():
            for uuid in _uuids(one):
                self._named.setdefault(uuid, []).append(id_)

    def _touch(self, change: Change) -> None:
        refs: Iterable[Ref] = (change.ref,)
        if isinstance(change.record, VIF):
            refs = (change.ref, change.record.VM, change.record.network)
        for ref in refs:
            self._due.update(dict.fromkeys(self._lookers.get(ref, ())))
        if isinstance(change.record, PIF) and change.record.VLAN >= 0:
            tag = change.record.VLAN  # a VLAN that somebody else makes touches nothing of the fence, but is its own
            self._due.update({id_: None for id_, one in self._standing.items() if tag in one.site.vlans.values()})
        if change.record is not None and change.class_name in ("vm", "network"):
            # What a proof missed can come back under another reference.
            self._due.update(dict.fromkeys(self._named.get(change.record.uuid, ())))

    def _all_silent(self) -> set[Ref]:
        return {metrics.ref for metrics in self._inventory.all(HostMetrics) if not metrics.live}

    def _is_otherwise_silent(self, change: Change) -> bool:
        """Take in whether a host answers, and return whether that is news: its memory changes all the time."""
        is_silent = isinstance(change.record, HostMetrics) and not change.record.live
        is_news = is_silent != (change.ref in self._silent)
        (self._silent.add if is_silent else self._silent.discard)(change.ref)
        return is_news

    def _is_otherwise_addressed(self, change: Change) -> bool:
        """Take in which addresses a guest of a fence reports, and return whether that is news."""
        if change.class_name != GUESTS or change.ref not in self._lookers:
            return False
        now = change.record.networks if isinstance(change.record, GuestMetrics) else {}
        return self._networks.get(change.ref, {}) != now

    def _hosts(self, machines: Iterable[VM | None]) -> dict[Uuid, Host]:
        """Return on which host each machine is."""
        found = {vm.uuid: self._inventory.get(Host, vm.resident_on) for vm in machines if vm is not None}
        return {uuid: host for uuid, host in found.items() if host is not None}

    def _prove(self, configuration: ConfigurationId) -> None:
        standing = self._standing.get(configuration)
        if standing is None:
            return
        proof, looked_at = prove_from(standing.fence, standing.site, self._inventory)
        site = standing.site
        vms = {member: self._inventory.by_uuid(VM, vm) for member, vm in site.members.items()}
        powers = {member: self._power(vm) for member, vm in vms.items()}
        gate = None if site.router is None else self._inventory.by_uuid(VM, site.router)
        router = None if site.router is None else self._power(gate)
        hosts = self._hosts((*vms.values(), gate))
        lost = {uuid: host for uuid, host in hosts.items() if host.metrics in self._silent}
        told_at = speakers(standing, self._inventory)
        self._networks |= {ref: self._reported(ref) for ref in told_at}
        self._look_at(configuration, looked_at | self._router_refs(standing) | told_at)
        found = WatchedFence(
            standing=standing,
            proof=proof,
            powers=powers,
            router=router,
            culprits=frozenset(self._culprits(proof)),
            host=listing(tuple(sorted({host.name_label for host in hosts.values()}))),
            silent=listing(tuple(sorted({host.name_label for host in lost.values()}))),
            hosts={uuid: host.name_label for uuid, host in hosts.items()},
            lost=frozenset(lost),
            heard=hear(standing, self._inventory),
        )
        if self.found.get(configuration) != found:
            self.found[configuration] = found
            self._changed.add(configuration)

    def _culprits(self, proof: Proof) -> Iterator[Uuid]:
        for breach in proof.breaches:
            vif = None if breach.vif is None else self._inventory.by_uuid(VIF, breach.vif)
            vm = None if vif is None else self._inventory.get(VM, vif.VM)
            if vm is not None:
                yield vm.uuid

    def _router_refs(self, standing: StandingFence) -> frozenset[Ref]:
        router = None if standing.site.router is None else self._inventory.by_uuid(VM, standing.site.router)
        return frozenset() if router is None else frozenset({router.ref})

    def _reported(self, ref: Ref) -> Mapping[str, str]:
        metrics = self._inventory.get(GuestMetrics, ref)
        return metrics.networks if metrics is not None else {}

    @staticmethod
    def _power(vm: VM | None) -> str:
        return NOT_THERE if vm is None else vm.power_state

    def _look_at(self, configuration: ConfigurationId, refs: frozenset[Ref]) -> None:
        before = self._looked_at.get(configuration, frozenset())
        for ref in before - refs:
            self._lookers[ref].discard(configuration)
            if not self._lookers[ref]:
                del self._lookers[ref]
                self._networks.pop(ref, None)
        for ref in refs - before:
            self._lookers[ref].add(configuration)
        self._looked_at[configuration] = refs

    def _forget(self, configuration: ConfigurationId) -> None:
        self._look_at(configuration, frozenset())
        del self._looked_at[configuration]
        self._due.pop(configuration, None)
        if self.found.pop(configuration, None) is not None:
            self._changed.add(configuration)


def _uuids(standing: StandingFence) -> frozenset[str]:
    site = standing.site
    return frozenset({*site.networks.values(), *site.members.values(), *filter(None, (site.router,))})
