"""Whether copies fit: space by kind of storage, chains of disks, memory and hosts, and what other runs still take."""

import msgspec
import pytest

from tests.engine.desks import Office, virtually
from tests.engine.memory_disks import lengthen_chain
from tests.engine.memory_pool import GIB
from tests.engine.test_copying import copying, halted, made
from xsconsole.domain.actions.copies import StartCopy
from xsconsole.domain.ids import NULL_REF, Ref, Uuid
from xsconsole.domain.inventory import PBD, SR, HostMetrics
from xsconsole.domain.workflow import (
    Binding,
    PoolObject,
)


def test_a_storage_that_is_too_small_is_named_with_numbers_before_anything_happens() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(copying())
        office.pool.change_record(SR, physical_size=50 * GIB, physical_utilisation=0)

        reason = desk.refusal(desk.promotion(shop, "production")).reason

        assert reason == "The snapshots and the copies may take 60 GiB in “SAN-gold”, which has 50 GiB free."

    virtually(story)


def test_every_machine_is_asked_for_on_a_host_with_room_for_it() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        office.pool.change_record(HostMetrics, memory_free=3 * GIB)
        second = office.pool.add_host("xen-2", 2 * GIB)
        await desk.publish(copying())
        plan = desk.engine.plan(desk.promotion(shop, "production"))
        starts = [step for step in plan.steps if isinstance(step.action, StartCopy)]
        assert {step.host for step in starts} == {office.pool.host.uuid, second.uuid}

        assert (await desk.do(desk.promotion(shop, "production"))).error is None

        assert {office.pool.vm(member.uuid).resident_on for member in made(desk, shop).members} == {
            office.pool.host.ref,
            second.ref,
        }

    virtually(story)


def test_without_a_host_that_has_room_the_hosts_are_named_with_numbers() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        office.pool.change_record(HostMetrics, memory_free=3 * GIB)
        await desk.publish(copying())

        reason = desk.refusal(desk.promotion(shop, "production")).reason

        assert reason == (
            "“shop-web (Production)” needs 2 GiB of memory beside the others (2 machines, 4 GiB); xen-1 has 3 GiB free."
        )

    virtually(story)


def test_the_host_that_was_chosen_is_no_part_of_what_is_confirmed() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        await desk.publish(copying())
        first = desk.engine.plan(desk.promotion(shop, "production"))
        office.pool.add_host("xen-2", 512 * GIB)

        second = desk.engine.plan(desk.promotion(shop, "production"))

        assert [step.host for step in first.steps] != [step.host for step in second.steps]
        assert first.digest == second.digest

    virtually(story)


def test_a_stage_that_prefers_hosts_is_asked_for_and_is_their_home() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        second, third = office.pool.add_host("xen-2", 8 * GIB), office.pool.add_host("xen-3", 8 * GIB)
        hosts = tuple(PoolObject(uuid=host.uuid, name=host.name_label) for host in (second, third))
        await desk.publish(copying(production=Binding(hosts=hosts)))

        assert (await desk.do(desk.promotion(shop, "production"))).error is None

        machines = [office.pool.vm(member.uuid) for member in made(desk, shop).members]
        assert [vm.affinity for vm in machines] == [second.ref, third.ref]
        assert [vm.resident_on for vm in machines] == [second.ref, third.ref]

    virtually(story)


def test_what_another_run_is_still_going_to_take_is_counted_and_said() -> None:
    async def story() -> None:
        office = Office()
        one, two = office.desk(), office.desk()
        shop = await halted(office, one)
        vm = office.pool.add_vm("crm-app")
        crm = await office.configuration(one, "crm", "7", "staging", [vm.uuid])
        await one.publish(copying())
        office.pool.change_record(SR, physical_size=50 * GIB)
        office.pool.change_record(HostMetrics, memory_free=5 * GIB)
        assert two.engine.plan(two.promotion(crm, "production"))
        run = await one.open(one.promotion(shop, "production"))
        one.port.on_call = lambda method: run.stop() if method == "clone" else None
        await two.until(lambda: two.card(shop).run)

        refused = two.refusal(two.promotion(crm, "production"))
        office.pool.change_record(SR, physical_size=4096 * GIB)
        crowded = two.refusal(two.promotion(crm, "production"))

        assert refused.reason == (
            "The copies may take 20 GiB in “SAN-gold”, which has 50 GiB free, of which other runs take 40 GiB."
        )
        assert crowded.reason == "“crm-app (Production)” needs 2 GiB of memory; xen-1 has 1 GiB free."
        await run.wait()

    virtually(story)


@pytest.mark.parametrize(("depth", "is_refused"), [(28, False), (29, True)])
def test_a_chain_that_would_be_too_long_is_refused_with_its_length(depth: int, is_refused: bool) -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        await desk.publish(copying())
        lengthen_chain(office.pool, desk.card(shop).members[0].uuid, depth)

        if is_refused:
            refused = desk.refusal(desk.promotion(shop, "production"))
            assert "Disk “disk” of “shop-db” has a chain of 29; this adds 2, and a storage takes 30." in refused.reason
        else:
            assert desk.engine.plan(desk.promotion(shop, "production"))

    virtually(story)


def test_what_clones_may_write_later_is_said_where_storage_gives_space_as_it_is_written() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        await desk.publish(copying())
        office.pool.change_record(SR, type="nfs", physical_size=12 * GIB)

        warnings = desk.engine.plan(desk.promotion(shop, "production")).warnings

        assert "What the clones write takes space of “SAN-gold”: up to 20 GiB, of which 11.9 GiB are free." in warnings

    virtually(story)


def test_on_a_network_that_only_one_host_has_all_start_where_somebody_runs_on_it() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        second = office.pool.add_host("xen-2", 512 * GIB)
        inner = office.pool.add_network("inner")
        neighbour = office.pool.add_vm("neighbour", "Running", resident_on=office.pool.host.ref)
        for uuid in (neighbour.uuid, *(member.uuid for member in desk.card(shop).members)):
            office.pool.plug(uuid, inner)
        await desk.publish(copying())
        command = desk.promotion(shop, "production")

        together = {step.host for step in desk.engine.plan(command).steps if isinstance(step.action, StartCopy)}
        office.pool.change(neighbour.uuid, power_state="Halted", resident_on=NULL_REF)
        anywhere = {step.host for step in desk.engine.plan(command).steps if isinstance(step.action, StartCopy)}

        assert together == {office.pool.host.uuid}
        assert anywhere == {second.uuid}

    virtually(story)


def test_a_host_that_lacks_storage_or_network_or_is_disabled_is_none_to_start_on() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await halted(office, desk)
        roomier = office.pool.add_host("xen-2", 512 * GIB)
        await desk.publish(copying())
        command = desk.promotion(shop, "production")

        def hosts() -> set[object]:
            return {step.host for step in desk.engine.plan(command).steps if isinstance(step.action, StartCopy)}

        assert hosts() == {roomier.uuid}
        plug = PBD(
            ref=Ref("pbd"),
            uuid=Uuid("pbd"),
            host=office.pool.host.ref,
            SR=office.pool.storage.ref,
            currently_attached=True,
        )
        office.pool.put(plug)
        assert hosts() == {office.pool.host.uuid}
        office.pool.drop_record(plug)
        office.pool.put(msgspec.structs.replace(roomier, enabled=False))
        assert hosts() == {office.pool.host.uuid}
        office.pool.put(msgspec.structs.replace(office.pool.host, enabled=False))
        assert hosts() == {None}
        office.pool.put(msgspec.structs.replace(plug, host=roomier.ref))
        office.pool.put(office.pool.host)
        refused = desk.refusal(command)
        assert refused.reason == "No host that is enabled sees all the storage and networks of “shop-db (Production)”."

    virtually(story)
