"""A past board drawn from rows is the one that was recorded as seen, at every row."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.ui.board_values import AT, PRODUCTION, STAGING, make_card
from xsconsole.domain.board import Board, Card, Standing
from xsconsole.domain.ids import ConfigurationId, ConsoleId, RunId, StageId, Uuid
from xsconsole.domain.projection import BoardSeen, Face, Look, Projector, compared, face_of, pack, projected, unpack
from xsconsole.domain.record import AuditEvent, AuditRow, Fact, Outcome
from xsconsole.domain.workflow import default_workflow, to_stored

POOL, OWN = Uuid("pool"), ConsoleId("own")
NAMES = ("shop", "=cmd()|<b>\u202e", "crm")


def row(seq: int, event: AuditEvent, **fields: object) -> AuditRow:
    fact = Fact(event=event, pool=POOL, **fields)  # type: ignore[arg-type]
    at = AT + timedelta(seconds=seq)
    return AuditRow(chain="c", seq=seq, at=at, console="laptop", os_user="ann", fact=fact, digest="")


def connected(seq: int, look: Look) -> AuditRow:
    details = {"faces": pack(look.faces), **_version(look)}
    return row(seq, AuditEvent.CONNECTED, details=details)


def _version(look: Look) -> dict[str, object]:
    if look.workflow is None:
        return {}
    return {"version": look.workflow.version, "content": to_stored(look.workflow)}


def rows_of(look: Look, first: int) -> list[AuditRow]:
    found: list[AuditRow] = []
    for face in look.faces:
        details = {"face": msgspec.to_builtins(face)}
        stands = row(first + len(found), AuditEvent.STANDS, configuration=face.id, target=face.stage, details=details)
        found.append(stands)
    for face in look.gone:
        gone = row(first + len(found), AuditEvent.STANDS, configuration=face.id, details={"is_gone": True})
        found.append(gone)
    if look.workflow is not None:
        found.append(row(first + len(found), AuditEvent.WORKFLOW_SEEN, details=_version(look)))
    return found


def board(*cards: Card, version: int = 1) -> Board:
    workflow = replace_version(version)
    return Board(workflow=workflow, cards={card.id: card for card in cards})


def replace_version(version: int):  # type: ignore[no-untyped-def]
    return msgspec.structs.replace(default_workflow(), version=version)


cards = st.builds(
    make_card,
    service=st.sampled_from(NAMES),
    version=st.sampled_from(["1", "2"]),
    at=st.sampled_from([STAGING, PRODUCTION]),
    powers=st.lists(st.sampled_from(["Running", "Halted"]), min_size=1, max_size=3).map(tuple),
    standing=st.sampled_from([Standing.WHOLE, Standing.INCOMPLETE, Standing.INTERRUPTED]),
    revision=st.integers(0, 2),
)
boards = st.builds(
    lambda found, version: board(*found, version=version), st.lists(cards, max_size=4), st.integers(1, 3)
)


@given(st.lists(boards, min_size=1, max_size=6))
def test_at_every_row_the_projection_is_the_board_as_it_was_recorded(history: list[Board]) -> None:
    seen = BoardSeen(OWN)
    rows, expected = [connected(1, seen.begin(history[0]))], {1: (dict(seen.faces), history[0].workflow)}
    for before, now in pairwise(history):
        rows += rows_of(seen.again(now, {*before.cards, *now.cards}), len(rows) + 1)
        expected[len(rows)] = (dict(seen.faces), now.workflow)

    for seq, (faces, workflow) in expected.items():
        past = projected(rows, seq).pools[POOL]
        assert {id_: card.face for id_, card in past.cards.items()} == faces
        assert past.workflow == workflow
    assert compared(projected(rows).pools[POOL], history[-1]) == ()


def test_a_run_of_the_console_shows_from_its_opening_row_to_its_end() -> None:
    shop = make_card()
    look = BoardSeen(OWN).begin(board(shop))
    run = {"configuration": shop.id, "run": RunId("r"), "source": STAGING, "target": PRODUCTION}
    rows = [
        connected(1, look),
        row(2, AuditEvent.RUN_OPENED, details={"what": "Promote shop"}, **run),
        row(3, AuditEvent.RUN_UNDOING, **run),
        row(4, AuditEvent.RUN_CLOSED, outcome=Outcome.UNDONE, **run),
        row(5, AuditEvent.RUN_OPENED, **run),
        row(6, AuditEvent.RUN_INTERRUPTED, **run),
        row(7, AuditEvent.RUN_RESUMED, **run),
        row(8, AuditEvent.RUN_CLOSED, outcome=Outcome.DONE, **run),
    ]

    at = {seq: projected(rows, seq).pools[POOL].cards[shop.id] for seq in range(1, 9)}

    assert [at[seq].standing for seq in at] == [
        *("whole", "running", "running", "whole", "running", "interrupted", "running", "whole"),
    ]
    assert [at[seq].face.stage for seq in (2, 4, 8)] == [STAGING, STAGING, PRODUCTION]
    assert at[2].run is not None
    assert (at[2].run.what, at[2].run.opened) == ("Promote shop", 2)
    assert at[3].run is not None
    assert at[3].run.is_undoing


def test_rows_of_an_earlier_program_are_read_and_what_they_do_not_tell_is_said() -> None:
    shop, crm = ConfigurationId("shop"), ConfigurationId("crm")
    old = {"board": {shop: {"name": "shop 1", "stage": "staging"}}}
    moved = {"configuration": crm, "configuration_name": "crm 7", "target": StageId("production")}

    first = projected([row(1, AuditEvent.CONNECTED, details=old)])
    past = projected(
        [
            row(1, AuditEvent.CONNECTED, details=old),
            row(2, AuditEvent.OBSERVED, **moved),
            row(3, AuditEvent.LINK_LOST),
            row(4, AuditEvent.STANDS, configuration=shop, target=StageId("production"), details={"face": {"new": 1}}),
        ]
    )
    nothing = projected([row(1, AuditEvent.CONNECTED), row(2, AuditEvent.COMMAND_REFUSED)])
    part = Projector()
    part.pass_over(1)
    part.hear(row(2, AuditEvent.OBSERVED, **moved))

    pool = past.pools[POOL]
    assert {card.face.name: card.face.stage for card in pool.cards.values()} == {
        "shop 1": "production",
        "crm 7": "production",
    }
    assert [card.is_partial for card in pool.cards.values()] == [True, True]
    assert pool.looked == 1
    assert first.unknown == (
        "No row holds the workflow of pool pool.",
        "Of 1 in pool pool only name and stage are known, not the members.",
    )
    assert "The console was not connected to pool pool: it is shown as last seen." in past.unknown
    assert nothing.unknown[0] == "No row shows all of pool pool: others may have stood there."
    assert part.past.unknown[:2] == (
        "1 row up to here does not show its values: what it changed is not in it.",
        "No row shows all of pool pool: others may have stood there.",
    )
    assert projected([]).unknown == ("No row up to here tells of a pool.",)


def test_a_board_that_is_another_than_its_rows_is_named_card_by_card() -> None:
    shop, crm, pay = make_card(), make_card("crm"), make_card("pay")
    past = projected([connected(1, BoardSeen(OWN).begin(board(shop, crm, pay)))]).pools[POOL]
    fewer = replace(pay, members=pay.members[:1])

    found = compared(past, board(replace(shop, stage=PRODUCTION), fewer, make_card("new")))

    assert sorted(one.sentence for one in found) == [
        "“crm 1.3.0” stands by the rows, and not on the pool.",
        "“new 1.3.0” stands on the pool, and no row tells of it.",
        "“pay 1.3.0” has other members on the pool than by the rows.",
        "“shop 1.3.0” stands in production on the pool, and by the rows in staging.",
    ]


def test_faces_that_cannot_be_read_are_nothing_and_a_thousand_take_little_room() -> None:
    many: tuple[Face, ...] = tuple(face_of(make_card(f"service-{at}")) for at in range(1000))

    assert set(unpack(pack(many)) or ()) == set(many)
    assert unpack("no base64") is None
    assert unpack(pack(many)[:-8]) is None
    assert len(pack(many)) < 100_000
