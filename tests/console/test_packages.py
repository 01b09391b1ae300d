"""A blueprint with its disks out of one pool and into another one that never met it, over two real wires."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from embedded import EmbeddedPool, embedded_pool

from tests.console.desk import Desk, seated
from tests.console.pool_state import runs_and_held_leases
from tests.console.test_provisioning import left
from xsconsole.console import LibraryDesk, PackageDesk, RunState, verify_package
from xsconsole.domain.blueprint import Blueprint, Interface, Member
from xsconsole.domain.blueprint.standing import Shelved
from xsconsole.domain.blueprint.templates import read_mark
from xsconsole.domain.board import Standing
from xsconsole.domain.disks import drives_of
from xsconsole.domain.ids import BlueprintId, StageId, Uuid
from xsconsole.domain.inventory import VIF, VM, Network
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.words import explain
from xsconsole.engine.provisions.orders import ProvisionOrder, provisions_of
from xsconsole.errors import AlreadyThere, Refused

KIT = BlueprintId("kit")
FOREIGN = "only where it was exported"


@pytest.fixture
def served() -> Iterator[tuple[EmbeddedPool, EmbeddedPool]]:
    with embedded_pool("--speed", "500") as first, embedded_pool("--speed", "500", "--seed", "7") as second:
        yield first, second


@pytest.fixture
async def desks(served: tuple[EmbeddedPool, EmbeddedPool], tmp_path: Path) -> AsyncIterator[tuple[Desk, Desk]]:
    async with AsyncExitStack() as stack:
        rita, ann = [
            await stack.enter_async_context(seated(pool, tmp_path / name))
            for pool, name in zip(served, ("rita", "ann"), strict=True)
        ]
        yield rita, ann


def kit(template: VM, version: int = 1) -> Blueprint:
    web, db = (
        Member(
            id=role,
            name_pattern="{{ service }}-" + role,
            role=role,
            template=template.uuid,
            memory=256 * 1024**2,
            interfaces=(Interface(device=0, network="int-net"),),
        )
        for role in ("web", "db")
    )
    return Blueprint(id=KIT, name="Kit", version=version, service="kit", members=(web, db), networks=("int-net",))


def on_a_network_of_its_own(pool: EmbeddedPool, template: VM) -> None:
    with pool.plain_session() as session:
        api = session.xenapi
        network = api.network.create({"name_label": FOREIGN, "name_description": "", "other_config": {}})
        vm = api.VM.get_by_uuid(template.uuid)
        api.VIF.create(
            {
                "VM": vm,
                "network": network,
                "device": "5",
                "MAC": "",
                "MTU": "1500",
                "other_config": {},
                "qos_algorithm_type": "",
                "qos_algorithm_params": {},
            }
        )


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def only(desk: Desk) -> Shelved:
    return LibraryDesk(desk.console).library.versions[0]


async def test_what_one_pool_exported_is_provisioned_from_in_another_one(
    served: tuple[EmbeddedPool, EmbeddedPool], desks: tuple[Desk, Desk], tmp_path: Path
) -> None:
    rita, ann = desks
    there, here = served
    golden = next(vm for vm in rita.console.inventory.all(VM) if vm.name_label == "Debian 12 golden")
    on_a_network_of_its_own(there, golden)
    await LibraryDesk(rita.console).publish(kit(golden), 0, "")
    file, shares = tmp_path / "kit.xsblueprint", []
    packed = await PackageDesk(rita.console).export(only(rita), file, shares.append)
    assert shares == sorted(shares)
    assert [template.name for template in packed.templates] == ["Debian 12 golden"]  # two members are of it
    with pytest.raises(AlreadyThere):
        await PackageDesk(rita.console).export(only(rita), file)
    assert (await verify_package(file)).startswith("Whole: 1 template")
    assert names_in(tmp_path) == ["ann", "kit.xsblueprint", "rita"]
    assert await rita.console.audit_page(AuditQuery(event=AuditEvent.BLUEPRINT_EXPORTED))

    # What fails is put back whole, and what is cut off is gone on with.
    before = left(here)
    command = await PackageDesk(ann.console).importing(file)
    plan = ann.console.plan(command)
    assert any("pins to nobody" in warning for warning in plan.warnings)
    here.control("fail", method="VM.set_is_a_template", nth=2, code="INTERNAL_ERROR", params=["no"])
    status = await ann.do(command)
    assert status.state is RunState.UNDONE, explain(status.error) if status.error else status.state
    assert left(here) == before
    assert runs_and_held_leases(here) == []

    status = await ann.do(command)

    assert status.error is None, explain(status.error)
    await ann.until(lambda: LibraryDesk(ann.console).library.versions)
    found, inventory = only(ann), ann.console.inventory
    assert (found.version, found.findings, found.signed_by) == (1, (), ann.console.home.key_fingerprint)
    assert found.blueprint is not None
    assert found.blueprint.imported is not None
    assert found.blueprint.imported.key == rita.console.home.key_fingerprint
    template = inventory.by_uuid(VM, found.blueprint.members[0].template)
    assert template is not None
    assert (template.name_label, template.is_a_template, template.VIFs) == ("Kit 1 · web", True, ())
    mark = read_mark(template)
    assert mark is not None
    assert (mark.blueprint, mark.run, "destroy" in template.blocked_operations) == (KIT, status.run, True)
    assert FOREIGN not in {network.name_label for network in inventory.all(Network)}
    assert left(here)["networks"] == before["networks"]
    sizes = [disk.virtual_size for _, disk in drives_of(inventory, template)]
    assert sizes == [disk.virtual_size for _, disk in drives_of(rita.console.inventory, golden)]
    await ann.until(lambda: not any(card.name.startswith("import of") for card in ann.console.board.cards.values()))

    # The same again is nothing new, there and where it came from; what was changed since is the next version.
    with pytest.raises(Refused, match="version 1 of “Kit” is what the file holds"):
        ann.console.plan(command)
    with pytest.raises(Refused, match="Nothing is new"):
        rita.console.plan(await PackageDesk(rita.console).importing(file))
    back = tmp_path / "back.xsblueprint"
    await PackageDesk(ann.console).export(found, back)
    with pytest.raises(Refused, match="Nothing is new"):
        rita.console.plan(await PackageDesk(rita.console).importing(back))
    other = msgspec.structs.replace(kit(golden), summary="other")
    await LibraryDesk(rita.console).publish(other, 1, "what it is for")
    await rita.until(lambda: only(rita).version == 2)
    second = tmp_path / "second.xsblueprint"
    await PackageDesk(rita.console).export(only(rita), second)
    edited = msgspec.structs.replace(found.blueprint, service="kit-2")
    await LibraryDesk(ann.console).publish(edited, 1, "another service")
    assert only(ann).blueprint.imported is None  # type: ignore[union-attr]
    next_one = ann.console.plan(await PackageDesk(ann.console).importing(second))
    assert "version 3 of “Kit”" in next_one.warnings[0]

    order = ProvisionOrder(
        blueprint=found.blueprint, target=StageId("integration"), rows=({},), version="1", is_whole=True
    )
    (provision,) = provisions_of(order, ann.console.board, here_uuid(ann)).commands
    status = await ann.do(provision)
    assert status.error is None, explain(status.error)
    await ann.until(lambda: ann.stands("kit 1", "integration", Standing.WHOLE))
    machines = [inventory.get(VM, member.ref) for member in ann.card("kit 1").members]
    networks = {
        inventory.get(Network, vif.network).name_label  # type: ignore[union-attr]
        for vm in machines
        for ref in vm.VIFs  # type: ignore[union-attr]
        if (vif := inventory.get(VIF, ref))
    }
    assert networks == {"int-net"}


def here_uuid(desk: Desk) -> Uuid:
    assert desk.console.identity is not None
    return desk.console.identity.pool
