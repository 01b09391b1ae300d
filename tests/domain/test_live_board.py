"""A board that follows changes is at any moment the one that would be derived from the whole pool."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from xsconsole.domain.board import EMPTY_BOARD, Board, Standing
from xsconsole.domain.board_reading import derive
from xsconsole.domain.closures import Freeze, Hold, Quarantine, Stop, stem_of, to_text
from xsconsole.domain.ids import ConfigurationId, ConsoleId, Digest, Ref, RunId, StageId, Uuid, WorkflowId
from xsconsole.domain.inventory import VBD, VDI, VM, Change, ChangeBatch, Inventory, Pool
from xsconsole.domain.live_board import LiveBoard
from xsconsole.domain.plan import Intent, Plan, RunKind
from xsconsole.domain.poolstate import (
    MEMBER_STEM,
    PREFIX,
    RESTORE_POINT_KEY,
    LeaseValue,
    MemberValue,
    RestorePointMark,
    Roster,
    RunRecord,
    configuration_thing,
    encode,
    encode_run,
    roster_digest,
    roster_stem,
    run_stem,
    workflow_stem,
)
from xsconsole.domain.workflow import default_workflow, to_stored

NAMES = [Uuid(name) for name in "abcde"]
CONFIGURATIONS = [ConfigurationId(name) for name in ("one", "two", "three")]
AT = datetime(2026, 11, 26, tzinfo=UTC)
HOLDER = LeaseValue(nonce="n", console="c", actor="a", state="held", ttl_s=60)

CLOSURES = (
    Stop(reason="fire", by="ann", at=AT),
    Hold(configuration=CONFIGURATIONS[0], reason="lost orders", by="ann", at=AT),
    Quarantine(service="shop", version="1", reason="hole", by="ann", at=AT),
    Freeze(id="f", stage=StageId("staging"), begins=AT, reason="audit", by="ann", at=AT),
)

names, configurations = st.sampled_from(NAMES), st.sampled_from(CONFIGURATIONS)
few = st.integers(0, 2)
rosters = st.lists(names, unique=True, max_size=4).map(lambda found: tuple(sorted(found)))


@st.composite
def member_texts(draw: st.DrawFn, own: Uuid) -> str:
    value = MemberValue(
        vm=draw(st.just(own) | names),
        configuration=draw(configurations),
        name=draw(st.sampled_from(["shop 1", "shop 2"])),
        service="shop",
        version="1",
        stage=StageId(draw(st.sampled_from(["staging", "production"]))),
        workflow=WorkflowId("release"),
        workflow_version=1,
        role=draw(st.sampled_from(["web", "db"])),
        revision=draw(few),
        roster_count=1,
        roster_digest=roster_digest(draw(rosters)),
    )
    return encode(value)


@st.composite
def marks(draw: st.DrawFn) -> str:
    mark = RestorePointMark(
        run=RunId(draw(st.sampled_from(["r1", "r2"]))),
        configuration=draw(configurations),
        vm=draw(names),
        stage=StageId(draw(st.sampled_from(["staging", "production"]))),
        at=AT,
        purpose=draw(st.sampled_from(["restore-point", "set-aside"])),
    )
    return encode(mark)


@st.composite
def machines(draw: st.DrawFn) -> Change:
    uuid = draw(names)
    ref = Ref(f"vm-{uuid}")
    if draw(few) == 0:
        return Change(ref=ref, class_name="vm", record=None)
    kind = draw(st.sampled_from(["member", "snapshot", "template", "plain"]))
    keys: dict[str, str] = {}
    if kind == "snapshot":
        keys[RESTORE_POINT_KEY] = draw(marks() | st.just("damaged"))
    elif kind != "plain":
        for number in draw(st.sets(few, min_size=1)):
            keys[f"{MEMBER_STEM}.{number + 1}"] = draw(member_texts(uuid) | st.just("damaged"))
    drives = draw(st.lists(st.integers(0, 3), unique=True, max_size=3))
    record = VM(
        ref=ref,
        uuid=uuid,
        name_label=draw(st.sampled_from(["x", "y"])),
        power_state=draw(st.sampled_from(["Running", "Halted"])),
        is_a_snapshot=kind == "snapshot",
        is_a_template=kind in ("snapshot", "template"),
        order=draw(few),
        VBDs=tuple(Ref(f"vbd-{number}") for number in drives),
        other_config=keys,
    )
    return Change(ref=ref, class_name="vm", record=record)


@st.composite
def drives(draw: st.DrawFn) -> Change:
    number = draw(st.integers(0, 3))
    ref, disk = Ref(f"vbd-{number}"), Ref(f"vdi-{draw(st.integers(0, 3))}")
    record = VBD(ref=ref, uuid=Uuid(ref), type=draw(st.sampled_from(["Disk", "CD"])), VDI=disk)
    return Change(ref=ref, class_name="vbd", record=draw(st.just(record) | st.none()))


@st.composite
def disks(draw: st.DrawFn) -> Change:
    ref = Ref(f"vdi-{draw(st.integers(0, 3))}")
    record = VDI(ref=ref, uuid=Uuid(ref), virtual_size=draw(few))
    return Change(ref=ref, class_name="vdi", record=draw(st.just(record) | st.none()))


def run_text(configuration: ConfigurationId, source: str, makes: ConfigurationId | None = None) -> str:
    intent = Intent(
        kind=RunKind.PROMOTE,
        configuration=configuration,
        name="shop 1",
        service="shop",
        source=StageId(source),
        target=StageId("production"),
        revision=1,
        workflow=WorkflowId("release"),
        workflow_version=1,
        makes=makes,
        incumbent=CONFIGURATIONS[0] if makes and configuration != CONFIGURATIONS[0] else None,
    )
    record = RunRecord(
        run=RunId("r1"),
        plan=Plan(intent=intent, steps=(), leases=()),
        plan_digest=Digest(""),
        actor="root",
        console=ConsoleId("c"),
        console_name="desk",
        reason="",
        started_at=AT,
    )
    return encode_run(record)


@st.composite
def pools(draw: st.DrawFn) -> Change:
    keys: dict[str, str] = {"other": draw(st.sampled_from("xy"))}
    for id_ in draw(st.sets(configurations)):
        text = encode(Roster(configuration=id_, roster=draw(rosters), roles={NAMES[0]: "web"}))
        keys[f"{roster_stem(id_)}.{draw(few)}"] = draw(st.just(text) | st.just("damaged"))
    for id_ in draw(st.sets(configurations)):
        made = draw(st.none() | st.sampled_from([other for other in CONFIGURATIONS if other != id_]))
        keys[f"{run_stem(id_)}.{draw(few)}"] = draw(st.just(run_text(id_, "staging", made)) | st.just("damaged"))
    if draw(st.booleans()):
        keys[f"{workflow_stem(WorkflowId('release'))}.1"] = to_stored(default_workflow())
    for closure in draw(st.sets(st.sampled_from(CLOSURES))):
        keys[f"{stem_of(closure)}.{draw(few)}"] = draw(st.just(to_text(closure)) | st.just("damaged"))
    keys[f"{PREFIX}lease.x.1"] = "{}"
    record = Pool(ref=Ref("pool"), uuid=Uuid("pool"), other_config=keys)
    return Change(ref=record.ref, class_name="pool", record=record)


changes = machines() | drives() | disks() | pools()
batches = st.builds(
    lambda found, is_whole: ChangeBatch(changes=tuple(found), is_whole=is_whole),
    st.lists(changes, max_size=6),
    st.sampled_from([False] * 9 + [True]),
)


def population() -> ChangeBatch:
    """Return a pool with a member of each configuration, so that small changes find something to change."""
    found: list[Change] = []
    for at, id_ in enumerate(CONFIGURATIONS):
        value = MemberValue(
            vm=NAMES[at],
            configuration=id_,
            name="shop 1",
            service="shop",
            version="1",
            stage=StageId("staging"),
            workflow=WorkflowId("release"),
            workflow_version=1,
            role="web",
            revision=1,
            roster_count=1,
            roster_digest=roster_digest([NAMES[at]]),
        )
        vm, drive, disk = Ref(f"vm-{NAMES[at]}"), Ref(f"vbd-{at}"), Ref(f"vdi-{at}")
        keys = {f"{MEMBER_STEM}.1": encode(value)}
        found += (
            Change(ref=vm, class_name="vm", record=VM(ref=vm, uuid=NAMES[at], VBDs=(drive,), other_config=keys)),
            Change(ref=drive, class_name="vbd", record=VBD(ref=drive, uuid=Uuid(drive), type="Disk", VDI=disk)),
            Change(ref=disk, class_name="vdi", record=VDI(ref=disk, uuid=Uuid(disk), virtual_size=7)),
        )
    found.append(pool_with({f"{roster_stem(id_)}.1": roster_text(id_) for id_ in CONFIGURATIONS}))
    return ChangeBatch(changes=tuple(found), is_whole=True)


def roster_text(configuration: ConfigurationId) -> str:
    return encode(Roster(configuration=configuration, roster=(NAMES[CONFIGURATIONS.index(configuration)],)))


def pool_with(keys: dict[str, str]) -> Change:
    record = Pool(ref=Ref("pool"), uuid=Uuid("pool"), other_config=keys)
    return Change(ref=record.ref, class_name="pool", record=record)


class Followed:
    """An inventory and the board that follows it."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.inventory = Inventory()
        self.live = LiveBoard(self.inventory, self.holder_of)

    def holder_of(self, thing: str) -> LeaseValue | None:
        return HOLDER if thing in self.held else None

    def hear(self, *changes: Change, is_whole: bool = False) -> None:
        batch = ChangeBatch(changes=changes, is_whole=is_whole)
        self.inventory.apply(batch)
        self.live.hear(batch)

    def look(self) -> Board:
        """Return the board, which is the one that would be derived."""
        live, whole = self.live.renewed(), derive(self.inventory, self.holder_of)
        assert dict(live.cards) == dict(whole.cards)
        assert live == whole
        return live


@given(st.lists(st.tuples(batches, st.integers(0, 4), st.sets(configurations))))
def test_it_is_what_would_be_derived_whatever_happens(
    happened: list[tuple[ChangeBatch, int, set[ConfigurationId]]],
) -> None:
    board = Followed()
    board.hear(*population().changes, is_whole=True)
    board.look()

    for batch, read_before, working in happened:
        board.hear(*batch.changes, is_whole=batch.is_whole)
        board.live.advance(read_before)
        if read_before < 4:  # else nobody looks before the next batch
            board.held = {configuration_thing(id_) for id_ in working}
            board.look()


def test_a_disk_that_grows_is_seen_on_the_card_of_its_machine() -> None:
    board = Followed()
    board.hear(*population().changes, is_whole=True)
    assert board.look().cards[CONFIGURATIONS[1]].disks_bytes == 7

    disk = Ref("vdi-1")
    board.hear(Change(ref=disk, class_name="vdi", record=VDI(ref=disk, uuid=Uuid(disk), virtual_size=9)))

    assert board.look().cards[CONFIGURATIONS[1]].disks_bytes == 9


def test_a_configuration_without_machines_stands_in_the_first_stage_once_there_is_one() -> None:
    board = Followed()
    keys = {f"{roster_stem(CONFIGURATIONS[0])}.1": roster_text(CONFIGURATIONS[0])}
    board.hear(pool_with(keys), is_whole=True)
    assert board.look().cards[CONFIGURATIONS[0]].stage == ""

    board.hear(pool_with(keys | {f"{workflow_stem(WorkflowId('release'))}.1": to_stored(default_workflow())}))

    assert board.look().cards[CONFIGURATIONS[0]].stage == default_workflow().stages[0].id


def test_who_works_on_a_run_is_seen_without_any_change_of_a_record() -> None:
    board = Followed()
    board.hear(pool_with({f"{run_stem(CONFIGURATIONS[0])}.1": run_text(CONFIGURATIONS[0], "staging")}), is_whole=True)
    assert board.look().cards[CONFIGURATIONS[0]].standing is Standing.INTERRUPTED

    board.held = {configuration_thing(CONFIGURATIONS[0])}

    assert board.look().cards[CONFIGURATIONS[0]].standing is Standing.RUNNING


def test_without_a_pool_there_is_no_board() -> None:
    board = Followed()

    assert board.live.advance(0)
    assert board.look() is EMPTY_BOARD


def test_what_did_not_change_is_the_same_card_again() -> None:
    board = Followed()
    board.hear(*population().changes, is_whole=True)
    before = board.look()

    board.hear(Change(ref=Ref(f"vm-{NAMES[1]}"), class_name="vm", record=None))
    after = board.look()

    assert after.cards[CONFIGURATIONS[1]] is not before.cards[CONFIGURATIONS[1]]
    assert all(after.cards[id_] is before.cards[id_] for id_ in (CONFIGURATIONS[0], CONFIGURATIONS[2]))
