"""Captured and provisioned with its defaults, or archived and restored, a configuration equals what it was.

But for what a rule allows.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.desks import Office, virtually
from tests.engine.memory_pool import GIB
from tests.engine.test_planning import changed
from xsconsole.domain.archive import archive_key, document_bytes, pooled_in
from xsconsole.domain.blueprint.standing import library_of
from xsconsole.domain.comparison import compare, version_now
from xsconsole.domain.disks import DISK_ROLE_KEY
from xsconsole.domain.drift import Against, all_at_once
from xsconsole.domain.ids import BlueprintId, Digest, StageId
from xsconsole.domain.inventory import VBD
from xsconsole.domain.manifest import LEFT_BEHIND, USUAL, Verdict, difference, judge, manifest_of_card
from xsconsole.domain.workflow import Binding, Method, PoolObject
from xsconsole.domain.workflow.values import NetworkEntry
from xsconsole.engine.commands import ArchiveInPool, Capture, Provision, RestoreFromPool
from xsconsole.engine.provisions.orders import ProvisionOrder, provisions_of
from xsconsole.store.keys import is_signature

MIB = 1024**2
NETS = ("front", "back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A member as somebody could have made it."""

    fields: dict[str, Any]
    disks: dict[int, tuple[str, int]]  # role and size by position
    nics: tuple[str, ...]


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    most, memory = draw(st.integers(1, 16)), draw(st.integers(1, 64)) * 64 * MIB
    least = draw(st.sampled_from([memory, memory // 2]))
    fields = {
        "VCPUs_max": most,
        "VCPUs_at_startup": draw(st.integers(1, most)),
        "memory_static_max": memory,
        "memory_dynamic_max": memory,
        "memory_dynamic_min": least,
        "memory_static_min": least,
        "order": draw(st.integers(0, 3)),
        "start_delay": draw(st.sampled_from([0, 5])),
        "shutdown_delay": draw(st.sampled_from([0, 7])),
        "power_state": draw(st.sampled_from(["Halted", "Running"])),
        "name_description": draw(st.sampled_from(["", "a <machine>"])),
        "tags": draw(st.sampled_from([(), ("golden",)])),
        "domain_type": draw(st.sampled_from(["hvm", "pv"])),
        "platform": draw(st.dictionaries(st.sampled_from(["nx", "viridian"]), st.just("true"))),
    }
    positions = draw(st.sets(st.sampled_from([1, 2, 5]), max_size=2))
    disks = {at: (draw(st.sampled_from(["data", "logs"])), draw(st.integers(1, 9)) * GIB) for at in sorted(positions)}
    return Machine(fields=fields, disks=disks, nics=draw(st.tuples(*[st.sampled_from(NETS)] * draw(st.integers(0, 3)))))


@settings(max_examples=12, deadline=None)
@given(
    members=st.lists(machines(), min_size=1, max_size=3),
    method=st.sampled_from([Method.LINKED_CLONE, Method.FULL_COPY]),
)
def test_what_is_captured_and_provisioned_or_archived_and_restored_equals_what_it_was(
    members: list[Machine], method: Method
) -> None:
    async def story() -> None:
        office = Office()
        desk, pool = office.desk(), office.pool
        networks = {name: pool.add_network(f"pool {name}") for name in NETS}
        entries = tuple(
            NetworkEntry(logical=name, network=PoolObject(uuid=net.uuid, name=net.name_label))
            for name, net in networks.items()
        )
        vms = []
        for number, member in enumerate(members):
            vm = pool.add_vm(f"shop-{number}", **member.fields)
            for position, (role, _) in member.disks.items():
                pool.add_disk(vm.uuid, f"{role} {number}", str(position))
                drive = pool.records[pool.vm(vm.uuid).VBDs[-1]]
                assert isinstance(drive, VBD)
                pool.put(_with_role(drive, role))
            for device, name in enumerate(member.nics):
                pool.plug(vm.uuid, networks[name], str(device))
            vms.append(vm.uuid)
        await desk.engine.publish_default()
        workflow = changed("integration", binding=Binding(networks=entries))
        await desk.publish(msgspec.structs.replace(workflow, networks=NETS))
        shop = await office.configuration(desk, "shop", "1", "integration", vms)
        before = desk.card(shop)
        status = await desk.do(
            Capture(configuration=shop, revision=before.revision, blueprint=BlueprintId("b"), name="B")
        )
        assert status.error is None
        library = library_of(desk.inventory, desk.board.workflow, is_signature)
        blueprint = library.versions[0].blueprint
        assert blueprint is not None
        assert library.versions[0].is_usable, library.versions[0].findings
        order = ProvisionOrder(
            blueprint=blueprint, target=StageId("integration"), rows=({},), version="2", service="shop2", method=method
        )
        (command,) = provisions_of(order, desk.board, pool.pool.uuid).commands
        assert isinstance(command, Provision)

        status = await desk.do(command)

        assert status.error is None
        made_id = status.plan.intent.configuration
        await desk.until(lambda: desk.board.cards[made_id].run is None)
        made = desk.card(made_id)
        changes = difference(
            manifest_of_card(desk.card(shop), desk.inventory, workflow),
            manifest_of_card(made, desk.inventory, workflow),
        )
        drift = [one.change for one in judge(changes, (*USUAL, *LEFT_BEHIND)) if one.verdict is Verdict.DRIFT]
        assert drift == []
        inventories = lambda _: desk.inventory  # noqa: E731
        measured = all_at_once(desk.board, inventories, lambda _: (), made.since or desk.clock.now())[made.id]
        assert (measured.baseline.against, measured.comparison.first.name) == (
            Against.BLUEPRINT,
            "blueprint B, version 1",
        )
        assert [one.change for one in measured.comparison.drift] == []
        was, now = (version_now(desk.card(each), desk.inventory, workflow) for each in (shop, made.id))
        assert [one.change for one in compare(was, now).drift] == []
        assert not [one.change for one in compare(now, was).drift]

        card = desk.card(shop)
        status = await desk.do(ArchiveInPool(configuration=shop, revision=card.revision, method=method))
        assert status.error is None
        (kept,) = pooled_in(desk.inventory, is_signature, desk.clock.now())
        assert kept.archive is not None
        document = document_bytes(pool.keys[archive_key(kept.id)])
        digest = Digest(hashlib.sha256(document).hexdigest())
        back = RestoreFromPool(archive=kept.archive, document=digest, target=StageId("integration"), method=method)
        status = await desk.do(back)
        assert status.error is None
        restored = status.plan.intent.configuration
        await desk.until(lambda: desk.board.cards[restored].run is None)
        now = version_now(desk.card(restored), desk.inventory, workflow)
        assert [one.change for one in compare(was, now).drift] == []

    virtually(story)


def _with_role(drive: VBD, role: str) -> VBD:
    return msgspec.structs.replace(drive, other_config={DISK_ROLE_KEY: role})
