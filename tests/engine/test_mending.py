"""Fields are brought back by a run of its own: what must be off is shut down for it, and undoing puts all back."""

import msgspec
import pytest

from tests.engine.desks import Desk, Office, virtually
from tests.engine.memory_port import Fault
from tests.engine.test_planning import kinds
from xsconsole.domain.ids import ConfigurationId, Uuid
from xsconsole.domain.manifest import (
    Change,
    Disk,
    FieldChange,
    Manifest,
    Part,
    PartChange,
    difference,
    manifest_of_card,
)
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Mend
from xsconsole.errors import NotFound, NotPromotable, PlanIsStale

GIB = 2**30


def manifest(desk: Desk, shop: ConfigurationId) -> Manifest:
    return manifest_of_card(desk.card(shop), desk.inventory, desk.board.workflow)


def mending(desk: Desk, shop: ConfigurationId, *changes: Change) -> Mend:
    return Mend(configuration=shop, revision=desk.card(shop).revision, changes=changes, reason="back to production")


def field(role: str, name: str, before: object, after: object, key: str = "", **more: object) -> FieldChange:
    made = {
        "role": role,
        "part": Part.MEMBER,
        "device": "",
        "field": name,
        "key": key,
        "before": before,
        "after": after,
    }
    return FieldChange(**{**made, **more})  # type: ignore[arg-type]


async def meddled(office: Office, desk: Desk) -> tuple[ConfigurationId, Uuid, Manifest]:
    """A shop of which the running database was changed in many ways, and what it was before."""
    shop = await office.shop(desk)
    member = next(member for member in desk.card(shop).members if "db" in member.role)
    before = manifest(desk, shop)
    office.pool.change(
        member.uuid,
        memory_static_max=8 * GIB,
        memory_dynamic_max=8 * GIB,
        VCPUs_max=9,
        order=7,
        tags=("meddled",),
        HVM_boot_params={"order": "n"},
        actions_after_crash="destroy",
        other_config={**office.pool.vm(member.uuid).other_config, "somebody": "x"},
    )
    await desk.until(lambda: manifest(desk, shop) != before)
    return shop, member.uuid, before


def test_a_run_brings_all_chosen_fields_back_and_only_those() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop, db, before = await meddled(office, desk)
        changes = difference(before, manifest(desk, shop))
        assert len(changes) >= 8
        tag = next(change for change in changes if isinstance(change, FieldChange) and change.field == "tags")
        chosen = [change for change in changes if change is not tag]

        plan = desk.engine.plan(mending(desk, shop, *chosen))
        assert kinds(plan) == ["shut-down", "mend", "start", "verify"]
        assert any("becomes" in warning for warning in plan.warnings)
        assert kinds(desk.engine.plan(mending(desk, shop, tag))) == ["mend", "verify"]

        status = await desk.do(mending(desk, shop, *chosen))

        assert (status.state, status.error) == (RunState.DONE, None)
        assert difference(before, manifest(desk, shop)) == (tag,)
        assert office.pool.vm(db).power_state == "Running"

    virtually(story)


def test_where_a_start_fails_everything_is_put_back() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop, db, before = await meddled(office, desk)
        now = manifest(desk, shop)
        desk.port.faults.append(Fault(method="start", code="HOST_NOT_ENOUGH_FREE_MEMORY"))

        status = await desk.do(mending(desk, shop, *difference(before, now)))

        assert status.state is RunState.UNDONE
        assert manifest(desk, shop) == now
        assert office.pool.vm(db).power_state == "Running"

    virtually(story)


def test_what_changed_meanwhile_or_cannot_be_mended_is_refused_with_the_reason() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        role = desk.card(shop).members[0].role
        disk = Disk(device="0", role="system", name="root", size_bytes=1, mode="RW", is_bootable=True, sr_kind="lvm")
        whole = PartChange(role=role, part=Part.DISK, device="0", before=None, after=disk)

        for change, why in (
            (whole, "added or removed by hand"),
            (field(role, "has_nvram", True, False), "XAPI sets it"),
            (field(role, "size_bytes", 1, 2, part=Part.DISK, device="0"), "on a disk"),
            (field(role, "mac", "a", "b", part=Part.NIC, device="0"), "moved to another network"),
        ):
            with pytest.raises(NotPromotable, match=why):
                desk.engine.plan(mending(desk, shop, change))
        with pytest.raises(PlanIsStale, match="changed since"):
            desk.engine.plan(mending(desk, shop, field(role, "start_order", 1, 55)))
        with pytest.raises(PlanIsStale, match="gone"):
            desk.engine.plan(mending(desk, shop, field("nobody", "start_order", 1, 55)))
        with pytest.raises(NotFound):
            desk.engine.plan(mending(desk, shop))
        assert msgspec.json.encode(whole)

    virtually(story)


def test_an_interface_goes_back_to_its_network() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        shop = await office.shop(desk)
        lan, dmz = office.pool.add_network("lan"), office.pool.add_network("dmz")
        member = desk.card(shop).members[0]
        office.pool.plug(member.uuid, dmz)
        await desk.until(lambda: any(one.nics for one in manifest(desk, shop).members))
        moved = field(member.role, "network", "lan", "dmz", part=Part.NIC, device="0")

        status = await desk.do(mending(desk, shop, moved))

        assert status.error is None
        assert office.pool.networks_of(member.uuid) == {"0": lan.uuid}
        back = field(member.role, "network", "nowhere", "lan", part=Part.NIC, device="0")
        with pytest.raises(NotPromotable, match="No network"):
            desk.engine.plan(mending(desk, shop, back))

    virtually(story)
