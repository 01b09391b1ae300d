"""The mirror of a large pool: its first board takes many turns, and nobody is shown half of it."""

import asyncio
from dataclasses import replace

import pytest

from xsconsole.console import mirror as module
from xsconsole.console.mirror import PIECE, Mirror
from xsconsole.domain.board_reading import derive
from xsconsole.domain.events import BoardChanged, ConfigurationMoved, Event
from xsconsole.domain.ids import ConfigurationId, Ref, StageId, Uuid, WorkflowId
from xsconsole.domain.inventory import VM, Change, ChangeBatch, Pool
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, Roster, encode, roster_digest, roster_stem

MACHINES = 40 * PIECE


def batch() -> ChangeBatch:
    """Return a pool whose machines are a configuration each."""
    changes, keys = [], {}
    for number in range(MACHINES):
        uuid, id_ = Uuid(f"vm-{number}"), ConfigurationId(f"configuration-{number}")
        value = MemberValue(
            vm=uuid,
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
            roster_digest=roster_digest([uuid]),
        )
        keys[f"{roster_stem(id_)}.1"] = encode(Roster(configuration=id_, roster=(uuid,)))
        record = VM(ref=Ref(uuid), uuid=uuid, other_config={f"{MEMBER_STEM}.1": encode(value)})
        changes.append(Change(ref=record.ref, class_name="vm", record=record))
    pool = Pool(ref=Ref("pool"), uuid=Uuid("pool"), other_config=keys)
    return ChangeBatch(changes=(*changes, Change(ref=pool.ref, class_name="pool", record=pool)), is_whole=True)


async def test_a_large_board_is_read_in_many_turns_and_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READING_S", 0.0)  # whatever the processor does in the time that is given
    told: list[Event] = []
    mirror = Mirror(holder_of=lambda _: None, hear_keys=lambda _: None, publish=told.append)
    turns = 0

    mirror.hear(batch())
    assert mirror.board.cards == {}
    waiting = asyncio.create_task(mirror.caught_up())
    while not waiting.done():
        turns += 1
        await asyncio.sleep(0)
    await waiting

    assert turns > 2 * MACHINES / PIECE
    assert mirror.board == replace(derive(mirror.inventory, lambda _: None), is_published=False)
    assert [len(event.configurations) for event in told if isinstance(event, BoardChanged)] == [MACHINES]
    assert sum(isinstance(event, ConfigurationMoved) for event in told) == MACHINES


async def test_what_is_renewed_soon_does_not_keep_one_waiting_for_ever() -> None:
    mirror = Mirror(holder_of=lambda _: None, hear_keys=lambda _: None, publish=lambda _: None)
    mirror.hear(batch())
    await mirror.caught_up()
    mirror.renew_soon()

    async with asyncio.timeout(30):
        await mirror.caught_up()

    mirror.stop()
