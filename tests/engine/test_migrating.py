"""A configuration goes to another host or storage of its pool as one thing, and comes back where one machine fails."""

from dataclasses import replace
from typing import Any

import msgspec

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_pool import GIB, MemoryPool
from tests.engine.memory_port import Fault
from tests.engine.test_planning import kinds
from xsconsole.domain.disks import disks_of
from xsconsole.domain.ids import NULL_REF, ConfigurationId, Uuid
from xsconsole.domain.inventory import PBD, Host
from xsconsole.domain.runs import RunState
from xsconsole.domain.words import describe, title
from xsconsole.domain.workflow import Binding, PoolObject, default_workflow
from xsconsole.engine.commands import Relocate


class Scene:
    """A shop in staging of which two machines run on the first of two hosts, and a second storage."""

    def __init__(self) -> None:
        self.office = Office()
        self.desk: Desk = self.office.desk()
        self.second = self.pool.add_host("xen-2", 5 * GIB)
        self.fast = self.pool.add_storage("SAN-fast")

    @property
    def pool(self) -> MemoryPool:
        return self.office.pool

    async def begin(self) -> "Scene":
        self.shop: ConfigurationId = await self.office.shop(self.desk)
        for member in self.desk.card(self.shop).members:
            if member.power_state == "Running":
                self.pool.change(member.uuid, resident_on=self.pool.host.ref)
        return self

    def go(self, *, host: Host | None = None, sr: Uuid | None = None, members: tuple[str, ...] = ()) -> Relocate:
        return Relocate(
            configuration=self.shop,
            revision=self.desk.card(self.shop).revision,
            host=host.uuid if host is not None else None,
            sr=sr,
            members=tuple(self.desk.member(self.shop, role) for role in members),
            reason="the host is old",
        )

    def places(self) -> dict[str, tuple[str, str]]:
        """Return of each machine the host that it runs on, and the storage of its disk."""
        names: dict[Any, str] = {record.ref: getattr(record, "name_label", "") for record in self.pool.records.values()}
        return {
            vm.name_label: (names.get(vm.resident_on, ""), names[disks_of(self.desk.inventory, vm)[0].SR])
            for vm in self.pool.vms()
        }

    def powers(self) -> dict[str, str]:
        return {vm.name_label: vm.power_state for vm in self.pool.vms() if not vm.is_a_snapshot}

    def refusal(self, command: Relocate) -> str:
        return str(self.desk.refusal(command).reason)


def test_it_goes_to_a_host_and_to_a_storage_and_all_come_back_where_one_fails() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, before = scene.desk, scene.places()
        plan = desk.engine.plan(scene.go(host=scene.second))
        assert (title(plan), kinds(plan)) == ("Migrate shop 1.3.0", ["bring-to", "bring-to", "verify"])
        assert {step.host for step in plan.steps[:2]} == {scene.second.uuid}
        assert describe(plan.steps[0]) == "Bring shop-db to the chosen host while it runs"
        assert plan.warnings == (
            "shop-db and shop-web go to xen-2 without being stopped.",
            "shop-lb is off, and so on no host.",
        )
        assert plan.downtime_s == 0
        desk.port.faults.append(Fault(method="migrate", nth=2, code="VM_MIGRATE_FAILED"))
        assert (await desk.do(scene.go(host=scene.second))).state is RunState.UNDONE
        assert scene.places() == before
        revision = desk.card(scene.shop).revision
        assert (await desk.do(scene.go(host=scene.second, members=("shop-web",)))).error is None
        assert scene.places()["shop-web"] == ("xen-2", "SAN-gold")
        rest = desk.engine.plan(scene.go(host=scene.second))
        assert [step.subject for step in rest.steps] == ["shop-db", "shop 1.3.0"]
        assert "shop-web is there already." in rest.warnings
        assert (await desk.do(scene.go(host=scene.second))).error is None
        assert scene.refusal(scene.go(host=scene.second)) == "“shop 1.3.0” is on xen-2 already."

        assert kinds(desk.engine.plan(scene.go(host=scene.second, sr=scene.fast.uuid))) == ["disk"] * 3 + ["verify"]
        here = scene.places()
        plan = desk.engine.plan(scene.go(host=scene.pool.host, sr=scene.fast.uuid))
        assert kinds(plan) == ["bring-to", "disk"] * 2 + ["disk", "verify"]
        assert "3 disks (30 GiB) move to storage “SAN-fast”; snapshots" in " ".join(plan.warnings)
        desk.port.faults.append(Fault(method="move_disk", nth=3))
        assert (await desk.do(scene.go(host=scene.pool.host, sr=scene.fast.uuid))).state is RunState.UNDONE
        assert scene.places() == here
        assert (await desk.do(scene.go(host=scene.pool.host, sr=scene.fast.uuid))).error is None
        assert set(scene.places().values()) == {("xen-1", "SAN-fast"), ("", "SAN-fast")}
        assert desk.card(scene.shop).revision == revision

    virtually(story)


def test_what_has_no_room_or_is_not_seen_or_not_allowed_is_said_with_numbers() -> None:
    async def story() -> None:
        scene = await Scene().begin()
        desk, pool = scene.desk, scene.pool
        db = desk.member(scene.shop, "shop-db")
        assert scene.refusal(scene.go()) == "Nothing says where it is to go."
        unknown = msgspec.structs.replace(scene.second, uuid=Uuid("gone"))
        assert scene.refusal(scene.go(host=unknown)) == "The pool has no such host."
        assert scene.refusal(scene.go(sr=Uuid("gone"))) == "The pool has no such storage for disks."
        small = pool.add_host("xen-3", 3 * GIB)
        assert scene.refusal(scene.go(host=small)) == (
            "2 machines would need 4 GiB of memory on xen-3, which has 3 GiB free."
        )
        assert kinds(desk.engine.plan(scene.go(host=small, members=("shop-db",)))) == ["bring-to", "verify"]
        stranger = replace(scene.go(host=small), members=(Uuid("stranger"),))
        assert scene.refusal(stranger) == "1 machine named is no member of “shop 1.3.0”."
        blind = pool.add_host("xen-4", GIB)
        pool.put(msgspec.structs.replace(blind, metrics=NULL_REF))
        assert scene.refusal(scene.go(host=blind)) == "xen-4 takes no machines now."
        only_off = scene.go(host=small, members=("shop-lb",))
        assert "what is off is on no host" in scene.refusal(only_off)
        pool.put(msgspec.structs.replace(small, enabled=False))
        assert scene.refusal(scene.go(host=small)) == "xen-3 takes no machines now."

        for sr, host in ((pool.storage, pool.host), (scene.fast, scene.second)):
            ref, uuid = pool._ref(), pool._uuid()
            pool.put(PBD(ref=ref, uuid=uuid, SR=sr.ref, host=host.ref, currently_attached=True))
        assert "xen-2 does not see all the storage and networks of “shop-db”" in scene.refusal(
            scene.go(host=scene.second)
        )
        assert "no enabled host sees both" in scene.refusal(scene.go(sr=scene.fast.uuid))
        assert kinds(desk.engine.plan(scene.go(sr=scene.fast.uuid, members=("shop-lb",)))) == ["disk", "verify"]
        assert scene.refusal(scene.go(sr=pool.storage.uuid)) == "“shop 1.3.0” is on SAN-gold already."
        ref, uuid = pool._ref(), pool._uuid()
        pool.put(PBD(ref=ref, uuid=uuid, SR=pool.storage.ref, host=scene.second.ref, currently_attached=True))
        both = desk.engine.plan(scene.go(sr=scene.fast.uuid, members=("shop-db",)))
        assert kinds(both) == ["migrate", "disk", "verify"]
        assert "shop-db goes to another host, which sees the storage, without being stopped." in both.warnings

        tight = msgspec.structs.replace(scene.fast, physical_size=15 * GIB)
        pool.put(tight)
        assert "The disks may take 30 GiB in “SAN-fast”" in scene.refusal(scene.go(sr=scene.fast.uuid))
        pool.put(msgspec.structs.replace(scene.fast, physical_size=4096 * GIB))
        (disk,) = disks_of(desk.inventory, pool.vm(db))
        pool.put(msgspec.structs.replace(disk, cbt_enabled=True))
        assert "has its changed blocks tracked" in scene.refusal(scene.go(sr=scene.fast.uuid))
        pool.put(msgspec.structs.replace(disk, sm_config={"vhd-parent": "base"}))
        shared = desk.engine.plan(scene.go(sr=scene.fast.uuid))
        assert "1 disk of them shares blocks with others" in " ".join(shared.warnings)

        base = default_workflow()
        binding = Binding(
            sr=PoolObject(uuid=pool.storage.uuid, name="SAN-gold"),
            hosts=(PoolObject(uuid=pool.host.uuid, name="xen-1"),),
        )

        def changed(**fields: Any) -> Any:
            version = (desk.board.workflow.version if desk.board.workflow else 0) + 1
            stages = tuple(
                msgspec.structs.replace(stage, **fields) if stage.id == "staging" else stage for stage in base.stages
            )
            return msgspec.structs.replace(base, version=version, stages=stages)

        await desk.publish(changed(binding=binding))
        told = " ".join(desk.engine.plan(scene.go(host=scene.second, sr=scene.fast.uuid)).warnings)
        assert "Staging prefers other hosts" in told
        assert "Staging is bound to storage “SAN-gold”, which this leaves." in told
        await desk.publish(changed(protection=("pool_migrate",)))
        assert "The protection of Staging forbids to migrate machines." in scene.refusal(scene.go(sr=scene.fast.uuid))

    virtually(story)
