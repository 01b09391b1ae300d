"""Work that is spread over turns of the loop, rows of the inspector, offers, the graph strip and the leftovers."""

import time
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
from msgspec import structs
from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.ui.board_values import PRODUCTION, STAGING, make_card, make_plan
from xsconsole.domain.board import EMPTY_BOARD, Board, Card, Standing, Stray
from xsconsole.domain.ids import ConfigurationId, Digest, Ref, StageId, StepKey, Uuid
from xsconsole.domain.plan import CheckGate, Demand, Estimate, Plan, ShutDown, Step
from xsconsole.domain.runs import RunState, Target
from xsconsole.domain.workflow import ApprovalRule, Kind, Stage, Transition, Workflow, default_workflow
from xsconsole.domain.workflow.gates import Checklist
from xsconsole.engine.commands import Demote, Promote
from xsconsole.errors import NotPromotable
from xsconsole_ui import pace
from xsconsole_ui.board.card_delegate import CardDelegate
from xsconsole_ui.board.card_painter import CardPainter
from xsconsole_ui.board.graph_strip import GraphStrip
from xsconsole_ui.board.lane import Lane
from xsconsole_ui.board.lane_model import LaneModel
from xsconsole_ui.board.leftovers import LeftoverBand
from xsconsole_ui.board.offers import command_for, consequences, offer_of
from xsconsole_ui.board.ready_lanes import ReadyLanes
from xsconsole_ui.bridge import Turns
from xsconsole_ui.pace import WAITING_S
from xsconsole_ui.promotion.meaning import meaning
from xsconsole_ui.promotion.rows import Mark, Row, RowsModel, RowsView
from xsconsole_ui.promotion.runs import ShownRun, step_rows

pytestmark = pytest.mark.usefixtures("qapp")


def test_a_later_piece_of_work_takes_the_place_of_an_earlier_one(qtbot: QtBot) -> None:
    done: list[str] = []
    turns = Turns()
    turns.put("card", lambda: done.append("old"))
    turns.put("card", lambda: done.append("new"))

    qtbot.waitUntil(lambda: bool(done))

    assert done == ["new"]


def test_what_all_others_wait_for_is_done_before_them_piece_by_piece(qtbot: QtBot) -> None:
    done: list[str] = []
    turns, pieces = Turns(), iter(("first", "second"))

    def go_on() -> None:
        piece = next(pieces, None)
        done.append(piece or "announced")
        if piece is not None:
            turns.put_first("layout", go_on)

    turns.put("layout", go_on)
    turns.put("card", lambda: done.append("card"))
    qtbot.waitUntil(lambda: len(done) == 4)

    assert done == ["first", "second", "announced", "card"]


def test_a_column_is_made_ahead_in_each_piece_and_taken_where_its_stage_is_still_the_same(qtbot: QtBot) -> None:
    made: list[Lane] = []
    board = QWidget()
    qtbot.addWidget(board)

    def make(stage: Stage) -> Lane:
        model = LaneModel(stage.id, may_drop=lambda *_: False, on_drop=lambda *_: None)
        made.append(Lane(stage, model, CardDelegate(CardPainter()), board))
        return made[-1]

    workflow = default_workflow()
    stages, ready = workflow.stages, ReadyLanes(lambda: workflow, GraphStrip(board), make)
    counts = [len(made) for _ in ready.prepare()]
    assert counts == [*range(1, len(stages) + 1), len(stages)]
    changed = structs.replace(stages[1], name="Otherwise")

    assert ready.take(stages[0]) is made[0]
    assert ready.take(changed) is made[-1]
    assert made[-1].stage == changed
    with qtbot.waitSignals([lane.destroyed for lane in made[1 : len(stages)]]):
        ready.clear()


def test_work_that_takes_longer_than_its_part_of_a_frame_goes_on_in_the_next_turn(qtbot: QtBot) -> None:
    turns, rounds = Turns(), QTimer()
    seen: list[int] = []
    ticks = iter(range(1_000_000))
    rounds.timeout.connect(lambda: seen.append(-next(ticks)))
    rounds.start(0)

    def work() -> None:
        end = time.thread_time() + WAITING_S
        while time.thread_time() < end:
            pass
        seen.append(1)

    for key in range(3):
        turns.put(key, work)
    qtbot.waitUntil(lambda: seen.count(1) == 3)
    rounds.stop()

    pieces = [at for at, what in enumerate(seen) if what == 1]
    assert all(later - earlier > 1 for earlier, later in pairwise(pieces)), "the loop went round between two pieces"


def test_a_turn_whose_time_is_over_as_it_begins_still_does_something(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "WAITING_S", 0.0)  # as where other processes had the processor in between
    turns, done = Turns(), list[str]()

    for key in ("one", "two", "three"):
        turns.put(key, partial(done.append, key))

    qtbot.waitUntil(lambda: done == ["one", "two", "three"])


def test_a_piece_that_fails_keeps_no_other_waiting(qtbot: QtBot) -> None:
    done: list[str] = []
    turns = Turns()

    def broken() -> None:
        raise RuntimeError("a bug")

    with qtbot.captureExceptions() as failures:
        turns.put("broken", broken)
        turns.put("whole", lambda: done.append("whole"))
        qtbot.waitUntil(lambda: bool(done))

    assert [str(failure[1]) for failure in failures] == ["a bug"]


def test_forgotten_work_is_not_done(qtbot: QtBot) -> None:
    done: list[str] = []
    turns = Turns()
    turns.put("a", lambda: done.append("a"))

    turns.forget()
    turns.put("b", lambda: done.append("b"))
    qtbot.waitUntil(lambda: bool(done))

    assert done == ["b"]


def test_rows_change_in_place_and_are_never_reset(qtbot: QtBot, qtmodeltester: ModelTester) -> None:
    model = RowsModel()
    qtmodeltester.check(model, force_py=True)
    rows = [Row(mark=Mark.WAITING, text=f"step {number}") for number in range(4)]
    model.show(rows)

    with qtbot.waitSignal(model.dataChanged) as changed, qtbot.assertNotEmitted(model.modelReset):
        model.show([*rows[:2], replace(rows[2], mark=Mark.DONE)])

    assert changed.args is not None
    assert changed.args[0].row() == 2
    assert model.rowCount() == 3
    assert model.index(2).data(Qt.ItemDataRole.AccessibleTextRole) == "done, step 2"


def test_a_list_of_the_inspector_is_as_high_as_its_words_need(qtbot: QtBot) -> None:
    view = RowsView("Steps")
    qtbot.addWidget(view)
    view.resize(200, 20)
    view.show()
    view.show_rows([Row(mark=Mark.WAITING, text="short")])
    one_line = view.height()

    view.show_rows([Row(mark=Mark.WAITING, text="words that need more than one line in so little room")])

    assert view.height() > one_line


def test_every_row_of_a_list_of_the_inspector_can_be_seen_after_the_width_changed(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    view = RowsView("Steps", page)
    page.resize(600, 800)
    page.show()
    view.resize(140, 20)
    view.show_rows([Row(mark=Mark.WAITING, text=f"a step whose words break in a narrow list {at}") for at in range(5)])
    narrow = view.height()
    assert _areas(view)[-1].bottom() < narrow

    for width in (420, 140, 300):
        view.resize(width, view.height())
        areas = _areas(view)
        assert sum(area.height() for area in areas) == view.height()
        assert areas[-1].bottom() < view.height()


def _areas(view: RowsView) -> list[QRect]:
    return [view.visualRect(view.rows.index(at)) for at in range(view.rows.rowCount())]


def test_steps_carry_what_became_of_them() -> None:
    plan = make_plan(make_card())
    run = ShownRun(
        plan=plan,
        digest=plan.digest,
        state=RunState.UNDOING,
        settled=frozenset({StepKey("snapshot")}),
        undone=frozenset({StepKey("snapshot")}),
        current=frozenset(),
        failed=StepKey("start"),
        progress=0.5,
    )

    assert [row.mark for row in step_rows(plan, run)] == [Mark.UNDONE, Mark.FAILED]
    assert [row.mark for row in step_rows(plan, None)] == [Mark.WAITING, Mark.WAITING]


def test_a_yes_says_what_will_happen_how_long_and_how_big() -> None:
    card = make_card()
    target = Target(stage=PRODUCTION, kind=Kind.PROMOTE, plan=make_plan(card), refusal=None)

    offer = offer_of(card, target)

    assert offer is not None
    assert offer.is_open
    assert offer.text.splitlines() == [
        "Drop to promote shop 1.3.0",
        "takes a restore point · downtime about 2 min",
        "about 24 s, up to 1 GiB",
    ]
    asked = CheckGate(gate=Checklist(items=("Told the users",)))
    step = Step(key=StepKey("ask"), action=asked, subject="", after=(), estimate=Estimate(seconds=0))
    demand = Demand(rules=(ApprovalRule(count=2),), workflow=Digest("w"), manifest=Digest("m"))
    plan = make_plan(card)
    plan = structs.replace(plan, steps=(step, *plan.steps), demand=demand)
    assert consequences(plan)[0].startswith("others approve it first · asks 1 question first · takes a restore point")


def test_no_downtime_is_said_only_where_something_runs_and_runs_on() -> None:
    up, off, both = (make_card(powers=powers) for powers in (("Running",), ("Halted",), ("Running", "Running")))
    quick = Estimate(seconds=1)
    harmless = [structs.replace(step, estimate=quick) for step in make_plan(up).steps[:1]]
    plan = structs.replace(make_plan(up), steps=tuple(harmless))
    down = Step(key=StepKey("d"), action=ShutDown(vm=up.members[0].uuid), subject="", estimate=Estimate(downtime_s=30))
    stopped = structs.replace(plan, steps=(*plan.steps, down))
    again = structs.replace(stopped, steps=(*stopped.steps, make_plan(up).steps[1]))

    def told(plan: Plan, card: Card | None) -> list[tuple[Mark, str]]:
        return [(row.mark, row.text) for row in meaning(plan, card) if not row.text.startswith(("Takes", "Needs"))]

    assert told(plan, up) == [(Mark.DONE, "No downtime")]
    assert told(plan, off) == []
    assert consequences(plan, off)[0] == "takes a restore point"
    assert told(stopped, up) == [(Mark.WARNING, "1 machine stays off afterwards")]
    assert told(stopped, both) == [(Mark.WARNING, "1 machine stays off afterwards")]
    assert told(again, up) == [(Mark.WARNING, "Downtime about 2 min")]
    other = structs.replace(down, key=StepKey("e"), action=ShutDown(vm=both.members[1].uuid))
    assert told(structs.replace(stopped, steps=(down, other)), both)[0][1] == "All machines stay off afterwards"


def test_a_no_says_why_and_what_to_do() -> None:
    refusal = NotPromotable(reason="Production holds shop 1.2.0.", mend="Demote it first.")
    target = Target(stage=PRODUCTION, kind=Kind.PROMOTE, plan=None, refusal=refusal)

    offer = offer_of(make_card(), target)

    assert offer is not None
    assert not offer.is_open
    assert offer.text == "Production holds shop 1.2.0.\nDemote it first."


def test_the_column_where_the_card_stands_says_nothing() -> None:
    target = Target(stage=STAGING, kind=None, plan=None, refusal=None)

    assert offer_of(make_card(), target) is None


def test_a_drop_asks_with_the_revision_that_was_dragged() -> None:
    card = make_card(revision=4)
    forward = Target(stage=PRODUCTION, kind=Kind.PROMOTE, plan=None, refusal=None)

    assert command_for(card, forward, 3) == Promote(configuration=card.id, revision=3, target=PRODUCTION)
    back = replace(forward, kind=Kind.DEMOTE)
    assert command_for(card, back, 3) == Demote(configuration=card.id, revision=3, target=PRODUCTION)
    assert command_for(card, replace(forward, kind=None), 3) is None


def test_the_graph_tells_its_ways_in_words_and_goes_to_a_column(qtbot: QtBot) -> None:
    strip = GraphStrip()
    qtbot.addWidget(strip)
    strip.resize(800, strip.sizeHint().height())
    strip.show_workflow(default_workflow())
    strip.show()

    with qtbot.waitSignal(strip.stage_clicked) as clicked:
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(700, 27))

    assert clicked.args == ["production"]
    assert "Staging to Production (restore point)" in strip.accessibleDescription()
    assert "Way back from Production to Staging" in strip.accessibleDescription()


def test_a_branching_workflow_has_room_for_all_stages_of_a_column(qtbot: QtBot) -> None:
    names = ("a", "b", "c", "d")
    stages = tuple(Stage(id=StageId(name), name=name, colour="#123456") for name in names)
    ways = (("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))
    transitions = tuple(
        Transition(id=f"{source}{target}", source=source, target=target, kind=Kind.PROMOTE)  # type: ignore[arg-type]
        for source, target in ways
    )
    base = default_workflow()
    strip = GraphStrip()
    qtbot.addWidget(strip)
    strip.show_workflow(base)
    straight = strip.sizeHint().height()

    strip.show_workflow(Workflow(id=base.id, name="x", version=1, stages=stages, transitions=transitions))

    assert strip.sizeHint().height() > straight
    assert not strip.grab().isNull()


def test_what_has_no_column_is_named_and_otherwise_takes_no_room(qtbot: QtBot) -> None:
    band = LeftoverBand()
    qtbot.addWidget(band)
    band.show_board(EMPTY_BOARD)
    assert band.isHidden()
    card = make_card(at=StageId("abolished"))
    stray = Stray(ref=Ref("r"), uuid=Uuid("u"), name="shop-web-copy", value=card.members[0].value)

    band.show_board(
        Board(workflow=default_workflow(), cards={card.id: card}, strays=(stray,), unreadable=("from-tomorrow",))
    )

    assert "shop-web-copy" in band.strays.text
    assert "shop 1.3.0 (Abolished)" in band.homeless.text
    assert "from-tomorrow" in band.unreadable.text

    named = tuple(replace(member, stage_name="Großer Test") for member in card.members)
    card = replace(card, members=named)
    other = replace(card, id=ConfigurationId("other"), name="payroll & more", standing=Standing.INTERRUPTED)
    band.show_board(Board(workflow=default_workflow(), cards={card.id: card, other.id: other}))
    band.homeless.button.click()
    first, _ = band.menu.actions()
    assert first.text() == "payroll && more (Großer Test, interrupted)"
    with qtbot.waitSignal(band.card_wanted) as wanted:
        first.trigger()
    assert wanted.args == [other.id]
    band.menu.close()
