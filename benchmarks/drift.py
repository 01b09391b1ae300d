"""How long drift takes to be read at once, and to be told anew after one change, with many configurations.

    python benchmarks/drift.py [CONFIGURATIONS] [MEMBERS] [CHANGES]

Needs no pool: it is the domain's own work. Times are those of the processor. Every fourth configuration stands in
production and the others are measured by it; each member has three disks and two interfaces. A change is to one
machine, every tenth to one in production, so that all that are measured by it are compared anew. The ratio is the whole
read at once, as a console without memory of what it read would have to do after each change, over the median of one.
"""

import gc
import statistics
import sys
import time
from datetime import UTC, datetime

import msgspec

from xsconsole.domain.board import Board
from xsconsole.domain.board_reading import derive
from xsconsole.domain.drift import LiveDrift
from xsconsole.domain.ids import ConfigurationId, Digest, Ref, StageId, Uuid, WorkflowId
from xsconsole.domain.inventory import VBD, VDI, VIF, VM, Change, ChangeBatch, Inventory, Network, Pool
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    MemberValue,
    Roster,
    encode,
    roster_digest,
    roster_stem,
    workflow_stem,
)
from xsconsole.domain.workflow import default_workflow, to_stored

AT = datetime(2026, 11, 28, tzinfo=UTC)
BUDGET = 4  # as the console reads between two looks at the clock


def pool_of(configurations: int, members: int) -> list[Change]:
    """Return a pool of so many configurations, as changes."""
    workflow = default_workflow()
    keys = {f"{workflow_stem(workflow.id)}.1": to_stored(workflow)}
    network = Network(ref=Ref("net"), uuid=Uuid("net"), name_label="lan")
    found = [Change(ref=network.ref, class_name="network", record=network)]
    for number in range(configurations):
        id_, uuids = ConfigurationId(f"c{number}"), [Uuid(f"vm-{number}-{one}") for one in range(members)]
        keys[f"{roster_stem(id_)}.1"] = encode(Roster(configuration=id_, roster=tuple(sorted(uuids))))
        for one, uuid in enumerate(uuids):
            found += machine(id_, number, one, uuid, uuids, workflow.id)
    pool = Pool(ref=Ref("pool"), uuid=Uuid("pool"), other_config=keys)
    return [Change(ref=pool.ref, class_name="pool", record=pool), *found]


def machine(
    id_: ConfigurationId, number: int, one: int, uuid: Uuid, uuids: list[Uuid], workflow: WorkflowId
) -> list[Change]:
    value = MemberValue(
        vm=uuid,
        configuration=id_,
        name=f"service-{number // 4} {number % 4}",
        service=f"service-{number // 4}",
        version=str(number % 4),
        stage=StageId("production" if number % 4 == 0 else "staging"),
        workflow=workflow,
        workflow_version=1,
        role=f"role-{one}",
        revision=1,
        roster_count=len(uuids),
        roster_digest=Digest(roster_digest(uuids)),
    )
    vm, changes = Ref(uuid), []
    for device in range(3):
        disk, drive = Ref(f"{uuid}-vdi-{device}"), Ref(f"{uuid}-vbd-{device}")
        changes += [
            Change(ref=disk, class_name="vdi", record=VDI(ref=disk, uuid=Uuid(disk), virtual_size=2**30)),
            Change(
                ref=drive,
                class_name="vbd",
                record=VBD(ref=drive, uuid=Uuid(drive), VM=vm, VDI=disk, userdevice=str(device), type="Disk"),
            ),
        ]
    for device in range(2):
        nic = Ref(f"{uuid}-vif-{device}")
        record = VIF(ref=nic, uuid=Uuid(nic), VM=vm, network=Ref("net"), device=str(device), MAC=f"{number}:{one}")
        changes.append(Change(ref=nic, class_name="vif", record=record))
    made = VM(
        ref=vm,
        uuid=uuid,
        name_label=uuid,
        VBDs=tuple(Ref(f"{uuid}-vbd-{device}") for device in range(3)),
        VIFs=tuple(Ref(f"{uuid}-vif-{device}") for device in range(2)),
        platform={str(key): "x" for key in range(12)},
        other_config={f"{MEMBER_STEM}.1": encode(value)},
    )
    return [*changes, Change(ref=vm, class_name="vm", record=made)]


class Watched:
    """An inventory, its board, and the drift that follows both."""

    def __init__(self, changes: list[Change]) -> None:
        self.inventory = Inventory()
        self.inventory.apply(ChangeBatch(changes=tuple(changes), is_whole=True))
        self.board: Board = derive(self.inventory, lambda _: None)
        self.drift = LiveDrift(lambda _: self.inventory, lambda _: ())

    def read(self) -> list[float]:
        """Read all that is due, and return how long each piece took, in milliseconds."""
        took, is_over = [], False
        while not is_over:
            begin = time.thread_time()
            is_over = self.drift.advance(BUDGET, AT)
            took.append((time.thread_time() - begin) * 1000)
        return took

    def change(self, ref: Ref, order: int) -> tuple[float, float]:
        """Change one machine, and return how long that took to be told and the longest piece of it, in milliseconds."""
        vm = self.inventory.get(VM, ref)
        assert vm is not None
        record = msgspec.structs.replace(vm, order=order)
        batch = ChangeBatch(changes=(Change(ref=ref, class_name="vm", record=record),))
        self.inventory.apply(batch)
        begin = time.thread_time()
        self.drift.hear(batch, self.inventory)
        pieces = self.read()
        took = (time.thread_time() - begin) * 1000
        assert self.drift.taken()
        return took, max(pieces)


def main(configurations: int, members: int, changes: int) -> None:
    watched = Watched(pool_of(configurations, members))
    gc.freeze()  # as the program does after its first load
    begin = time.thread_time()
    watched.drift.show(watched.board)
    shown_ms = (time.thread_time() - begin) * 1000
    pieces = watched.read()
    watched.drift.taken()
    whole_ms = shown_ms + sum(pieces)
    told = []
    for number in range(changes):
        at = (number * 4) % configurations if number % 10 == 0 else (number * 4 + 1) % configurations
        told.append(watched.change(Ref(f"vm-{at}-{number % members}"), number + 1))
    took = sorted(one for one, _ in told)
    median = statistics.median(took)
    most = took[min(len(took) - 1, int(0.99 * len(took)))]
    longest = max(*pieces, *(piece for _, piece in told))
    print(f"{configurations} configurations of {members} machines, {len(watched.drift.found)} of them measured")
    print(f"all at once: {whole_ms:.1f} ms of the processor, of which {shown_ms:.2f} ms in one turn for the board")
    print(f"one change: median {median:.3f} ms, 99th percentile {most:.3f} ms, ratio {whole_ms / median:.0f}")
    print(f"longest piece between two looks at the clock: {longest:.2f} ms")


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*(given + [300, 6, 1000][len(given) :]))
