"""Whatever is asked of a pool, and in whatever order: its books are right afterwards."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from xsconsole.simpool import lifecycle, model, operations, placement, scenario
from xsconsole.simpool.behaviours import HANDLERS
from xsconsole.simpool.calls import Call
from xsconsole.simpool.clock import Clock
from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.sessions import NOBODY

MODEL = model.load()
POWER = (
    *("clean_shutdown", "hard_shutdown", "shutdown", "clean_reboot", "hard_reboot", "pause", "unpause", "suspend"),
    "power_state_reset",
)
PICK = st.integers(0, 50)


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.pool = Pool(MODEL, clock=Clock(speed=1e7), seed=3, refresh=operations.refresh)
        scenario.build(self.pool, "empty", hosts=2, vms=3)
        # On blocks every snapshot costs, so that space runs out in the middle of things.
        self.pool.db.set("SR", self.pool.db.refs("SR")[0], type="lvmoiscsi")
        for template in self.pool.db.find("VM", is_default_template=True):
            self.pool.db.destroy("VM", template)
        self.taken = 0

    def teardown(self) -> None:
        self.runner.close()

    def ask(self, method: str, *arguments: Any) -> object:
        """Make a call as a client would; what the pool refuses is refused."""
        self.taken += 1
        task = f"OpaqueRef:task-{self.taken}"
        call = Call(pool=self.pool, host=self.pool.coordinator, session=NOBODY, task=task, method=method)
        with suppress(XapiError):
            return self.runner.run(_answer(call, method, arguments))
        return None

    def pick(self, cls: str, number: int, **wanted: object) -> str:
        found = self.pool.db.find(cls, **wanted)
        return found[number % len(found)] if found else NULL

    @rule(number=PICK, paused=st.booleans())
    def start(self, number: int, paused: bool) -> None:
        self.ask("VM.start", self.pick("VM", number), paused, False)

    @rule(number=PICK, host=PICK)
    def start_or_migrate(self, number: int, host: int) -> None:
        vm, target = self.pick("VM", number, is_control_domain=False), self.pick("host", host)
        self.ask("VM.start_on", vm, target, False, False)
        self.ask("VM.pool_migrate", vm, target, {})

    @rule(number=PICK, operation=st.sampled_from(POWER))
    def change_power(self, number: int, operation: str) -> None:
        self.ask(f"VM.{operation}", self.pick("VM", number, is_control_domain=False))

    @rule(number=PICK)
    def resume(self, number: int) -> None:
        self.ask("VM.resume", self.pick("VM", number, power_state="Suspended"), False, False)

    @rule(number=PICK, operation=st.sampled_from(("clone", "snapshot", "checkpoint")))
    def duplicate(self, number: int, operation: str) -> None:
        self.ask(f"VM.{operation}", self.pick("VM", number), "another")

    @rule(number=PICK)
    def revert(self, number: int) -> None:
        self.ask("VM.revert", self.pick("VM", number, is_a_snapshot=True))

    @rule(number=PICK)
    def destroy(self, number: int) -> None:
        self.ask("VM.destroy", self.pick("VM", number, is_control_domain=False))

    @rule(number=PICK)
    def destroy_disk(self, number: int) -> None:
        self.ask("VDI.destroy", self.pick("VDI", number))

    @rule(number=PICK, operation=st.sampled_from(("snapshot", "clone", "copy", "enable_cbt", "data_destroy")))
    def branch_disk(self, number: int, operation: str) -> None:
        self.ask(f"VDI.{operation}", self.pick("VDI", number))

    @rule(number=PICK, operation=st.sampled_from(("enable", "disable", "evacuate", "shutdown", "reboot")))
    def change_host(self, number: int, operation: str) -> None:
        self.ask(f"host.{operation}", self.pick("host", number))

    @rule(number=PICK, is_template=st.booleans())
    def change_kind(self, number: int, is_template: bool) -> None:
        vm = self.pick("VM", number, is_control_domain=False)
        self.ask("VM.set_is_a_template", vm, is_template)
        self.ask("VM.update_allowed_operations", vm)

    @rule(is_on=st.booleans(), number=PICK)
    def change_availability(self, is_on: bool, number: int) -> None:
        self.ask("VM.set_ha_restart_priority", self.pick("VM", number, is_control_domain=False), "restart")
        self.ask(*(("pool.enable_ha", (), {}) if is_on else ("pool.disable_ha",)))

    @rule(number=PICK, free_bytes=st.sampled_from((0, 1 << 30, 20 << 30)))
    def add_ballast(self, number: int, free_bytes: int) -> None:
        """Leave little space, by a disk of nobody, so that the next operations may find none."""
        sr = self.pool.db.refs("SR")[0]
        row = self.pool.db.row("SR", sr)
        size = row["physical_size"] - row["physical_utilisation"] - free_bytes
        fields = {"name_label": f"ballast {number}", "SR": sr, "virtual_size": max(0, size), "type": "user"}
        vdi = self.ask("VDI.create", fields)
        if vdi is not None:
            self.ask("VDI.resize", vdi, max(0, size) + 1)

    @rule(number=PICK, vm=PICK)
    def move_devices(self, number: int, vm: int) -> None:
        self.ask("VIF.unplug", self.pick("VIF", number))
        self.ask("VIF.destroy", self.pick("VIF", number))
        fields = {"VM": self.pick("VM", vm), "network": self.pick("network", 0), "device": str(number % 4), "MTU": 1500}
        self.ask("VIF.create", {**fields, "MAC": ""})
        self.ask("VIF.plug", self.pick("VIF", number))

    @invariant()
    def both_ends_of_every_relation_agree(self) -> None:
        for relation in MODEL.relations:
            if relation.is_many_to_many:
                continue
            expected = defaultdict(set)
            for ref, row in self.pool.db.rows(relation.one[0]):
                expected[row[relation.one[1]]].add(ref)
            for ref, row in self.pool.db.rows(relation.many[0]):
                assert set(row[relation.many[1]]) == expected[ref], relation
                assert len(row[relation.many[1]]) == len(set(row[relation.many[1]]))

    @invariant()
    def an_sr_is_as_full_as_its_disks(self) -> None:
        for _ref, row in self.pool.db.rows("SR"):
            taken = sum(self.pool.db.get("VDI", vdi, "physical_utilisation") for vdi in row["VDIs"])
            assert row["physical_utilisation"] == taken <= row["physical_size"]
            allocated = sum(self.pool.db.get("VDI", vdi, "virtual_size") for vdi in row["VDIs"])
            assert row["virtual_allocation"] == allocated

    @invariant()
    def a_vm_is_on_a_host_exactly_while_it_runs(self) -> None:
        for _ref, row in self.pool.db.rows("VM"):
            runs = row["power_state"] in (lifecycle.RUNNING, lifecycle.PAUSED)
            assert self.pool.db.exists("host", row["resident_on"]) == runs
            assert row["scheduled_to_be_resident_on"] == NULL
            assert row["current_operations"] == {}
            for cls, devices in (("VBD", row["VBDs"]), ("VIF", row["VIFs"])):
                attached = [self.pool.db.get(cls, device, "currently_attached") for device in devices]
                assert not any(attached) or row["power_state"] != lifecycle.HALTED

    @invariant()
    def hosts_know_their_free_memory(self) -> None:
        for ref, row in self.pool.db.rows("host"):
            known = self.pool.db.get("host_metrics", row["metrics"], "memory_free")
            assert known == max(0, placement.free_memory(self.pool.db, ref))

    @invariant()
    def allowed_operations_are_up_to_date(self) -> None:
        for cls in ("VM", "VBD", "VIF", "VDI", "SR", "host", "VM_appliance", "pool"):
            for ref in self.pool.db.refs(cls):
                before = self.pool.db.get(cls, ref, "allowed_operations")
                self.pool.refresh_allowed_operations(cls, ref)
                assert self.pool.db.get(cls, ref, "allowed_operations") == before, (cls, ref)


async def _answer(call: Call, method: str, arguments: tuple[Any, ...]) -> object:
    answer: object = await HANDLERS[method](call, *arguments)
    return answer


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
