"""What one change costs the board of a large pool: derived whole, and followed by what changed.

    python benchmarks/board_turns.py [CONFIGURATIONS] [MEMBERS]

1,000 configurations of 10 members with two disks each are 10,000 VMs and 50,000 objects. Each kind of change is taken
in a hundred times by both ways, in turn, in one run; the ratio is the figure to keep. A turn of the window is 16 ms.
Time in which other processes had the processor is not counted.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator

import msgspec

from xsconsole.domain.board_reading import derive
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid, WorkflowId
from xsconsole.domain.inventory import VBD, VDI, VM, Change, ChangeBatch, Inventory, Pool
from xsconsole.domain.live_board import LiveBoard
from xsconsole.domain.poolstate import MEMBER_STEM, PREFIX, MemberValue, Roster, encode, roster_digest, roster_stem

ROUNDS = 100
FRAME_MS = 16


def large(configurations: int, members: int) -> Iterator[Change]:
    """Yield the objects of a pool that is full of configurations."""
    keys: dict[str, str] = {}
    for number in range(configurations):
        id_ = ConfigurationId(f"{number:08d}-0000-4000-8000-000000000000")
        uuids = tuple(sorted(Uuid(f"{number:08d}-{at:04d}-4000-8000-000000000000") for at in range(members)))
        keys[f"{roster_stem(id_)}.1"] = encode(Roster(configuration=id_, roster=uuids))
        keys[f"{PREFIX}lease.configuration.{id_}.7"] = "{}"
        for at, uuid in enumerate(uuids):
            yield from _machine(id_, number, at, uuid, uuids)
    yield _change("pool", Pool(ref=Ref("OpaqueRef:pool"), uuid=Uuid("pool"), other_config=keys))


def _machine(id_: ConfigurationId, number: int, at: int, uuid: Uuid, uuids: tuple[Uuid, ...]) -> Iterator[Change]:
    value = MemberValue(
        vm=uuid,
        configuration=id_,
        name=f"service-{number} 1.0",
        service=f"service-{number}",
        version="1.0",
        stage=StageId("staging"),
        workflow=WorkflowId("release"),
        workflow_version=1,
        role=f"role-{at}",
        revision=1,
        roster_count=len(uuids),
        roster_digest=roster_digest(uuids),
    )
    vm, drives, disks = Ref(f"OpaqueRef:{uuid}"), [Ref(f"{uuid}.{n}") for n in "ab"], [Ref(f"{uuid}.{n}") for n in "AB"]
    yield _change(
        "vm",
        VM(
            ref=vm,
            uuid=uuid,
            name_label=f"service-{number}-{at}",
            power_state="Running",
            VBDs=tuple(drives),
            other_config={f"{MEMBER_STEM}.1": encode(value), "folder": "/x", "base_template_name": "Debian"},
        ),
    )
    for drive, disk in zip(drives, disks, strict=True):
        yield _change("vbd", VBD(ref=drive, uuid=Uuid(drive), type="Disk", VM=vm, VDI=disk))
        yield _change("vdi", VDI(ref=disk, uuid=Uuid(disk), virtual_size=10 * 2**30))


def _change(class_name: str, record: Pool | VM | VBD | VDI) -> Change:
    return Change(ref=record.ref, class_name=class_name, record=record)


def changes(inventory: Inventory) -> dict[str, Callable[[int], Change]]:
    """Return what happens all the time on a pool, as makers of the nth change."""
    machines, disks = list(inventory.all(VM)), list(inventory.all(VDI))

    def machine(at: int) -> Change:
        vm = machines[at * 97 % len(machines)]
        return _change("vm", msgspec.structs.replace(vm, power_state="Halted" if at % 2 else "Running"))

    def disk(at: int) -> Change:
        vdi = disks[at * 97 % len(disks)]
        return _change("vdi", msgspec.structs.replace(vdi, virtual_size=vdi.virtual_size + at))

    def lease(at: int) -> Change:
        pool = inventory.pool
        assert pool is not None
        key = f"{PREFIX}lease.configuration.{at % 7}.{at}"
        # As the feed brings them: every key and every text anew.
        fresh = {"".join(list(name)): "".join(list(text)) for name, text in {**pool.other_config, key: "{}"}.items()}
        return _change("pool", msgspec.structs.replace(pool, other_config=fresh))

    return {"power state of a VM": machine, "size of a disk": disk, "renewal of a lease": lease}


def main(configurations: int, members: int) -> None:
    inventory = Inventory()
    live = LiveBoard(inventory, lambda _: None)
    whole = ChangeBatch(changes=tuple(large(configurations, members)), is_whole=True)
    inventory.apply(whole)
    live.hear(whole)
    first = _timed(live.renewed)
    print(f"{inventory.count(VM):,} VMs, {configurations:,} configurations; the first board takes {first:.1f} ms")
    for name, make in changes(inventory).items():
        took: dict[str, list[float]] = {"whole": [], "followed": []}
        for at in range(ROUNDS):
            batch = ChangeBatch(changes=(make(at),))
            inventory.apply(batch)
            live.hear(batch)
            took["followed"].append(_timed(live.renewed))
            if at % 10 == 0:
                took["whole"].append(_timed(lambda: derive(inventory, lambda _: None)))
        assert live.renewed() == derive(inventory, lambda _: None)
        medians = {way: statistics.median(times) for way, times in took.items()}
        over = sum(one > FRAME_MS for one in took["followed"])
        print(
            f"{name}: whole {medians['whole']:.1f} ms, followed {medians['followed']:.2f} ms "
            f"(longest {max(took['followed']):.2f}, {over} of {ROUNDS} over {FRAME_MS} ms), "
            f"ratio {medians['whole'] / medians['followed']:.0f}"
        )


def _timed(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1000


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:3]]
    main(*(given or [1000, 10]))
