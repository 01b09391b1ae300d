"""The lines of the activity list: their words and their order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt

from xsconsole.domain.acts import Act, JobId, Kind, ObjectId
from xsconsole.domain.endings import Ending, ending_name, of_many
from xsconsole.domain.estate import PoolSight
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.ids import Ref, RunId, Uuid
from xsconsole.domain.inventory import Task
from xsconsole.domain.jobs import ItemState, JobItem, JobStatus, PastItem, PastJob
from xsconsole.domain.record import AuditEvent, AuditRow, Fact, Outcome
from xsconsole.domain.runs import RunState
from xsconsole.domain.wording.record import outcome_name
from xsconsole.domain.wording.tasks import task_name
from xsconsole.domain.words import state_name
from xsconsole_ui.activity.entries import Entry, of_job, of_task
from xsconsole_ui.activity.model import ActivityModel, Column
from xsconsole_ui.activity.panel import LEAST_STATE, WIDTHS
from xsconsole_ui.activity.past import none_later, of_past_job, past_entries
from xsconsole_ui.dense_table import KEPT_ELASTIC, OUTSIDE_ROLE, PROGRESS_ROLE, DenseTable

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def task(**fields):
    return Task(ref=Ref("t"), uuid=Uuid("t"), name_label="Async.VM.snapshot", created=NOON, **fields)


def test_a_failed_task_says_in_a_sentence_why():
    entry = of_task(task(status="failure", error_info=("SR_BACKEND_FAILURE_44", "", "no space")), "acme", NOON)

    assert entry.result == "failed: The storage is full."
    assert "SR_BACKEND_FAILURE_44" in entry.details


def test_acts_of_an_earlier_start_still_say_of_how_many_they_failed_and_what_they_were_done_with():
    ends = ((Outcome.DONE, ""), (Outcome.FAILED, "No host has room."), (None, ""))
    items = tuple(
        PastItem(object=ObjectId(kind=Kind.VM, uuid=Uuid(name)), name=name, outcome=outcome, reason=reason)
        for name, (outcome, reason) in zip("abc", ends, strict=True)
    )
    past = PastJob(
        job=JobId("j"), pool=Uuid("p"), process="p", act=Act.TAG, actor="eve", opened_at=NOON, items=items, given="web"
    )

    assert of_past_job(past, "acme").what == "Add tag “web”: 3 objects"
    assert of_past_job(past, "acme").result == "failed: 1 of 3, No host has room."
    assert of_past_job(replace(past, items=items[1:2]), "acme").result == "failed: No host has room."


async def test_of_a_run_without_an_end_nothing_is_said_before_its_pool_is_heard():
    fact = Fact(event=AuditEvent.RUN_OPENED, pool=Uuid("p"), run=RunId("r"))
    row = AuditRow(chain="c", seq=1, digest="d", at=NOON, console="", os_user="", fact=fact)

    async def rows(query, limit):
        return (row,) if query.event is AuditEvent.RUN_OPENED else ()

    async def none(limit):
        return ()

    async def ending(state):
        sight = PoolSight(pool=Uuid("p"), ref=Ref("p"), name="acme", url="", link=LinkChanged(state=state))
        estate = SimpleNamespace(
            inventory=None,
            pool_called=str,
            audit_page=rows,
            home=SimpleNamespace(seen_tasks=none, past_jobs=none),
            board=SimpleNamespace(cards={}),
            sights=(sight,),
        )
        return (await past_entries(estate, 5))[0].ending

    assert await ending(LinkState.CONNECTING) is await ending(LinkState.LOST) is Ending.UNKNOWN
    assert await ending(LinkState.LIVE) is Ending.ELSEWHERE


def test_how_far_a_task_of_the_pool_is_does_not_look_like_a_run_of_ours(qapp):
    going = task(status="pending", progress=0.4)
    model = ActivityModel()
    for shown in (of_task(going, "acme", NOON), replace(entry(1, progress=0.4), stage="40 % · Start web-01")):
        model.show(shown)
    states = [model.index(row, Column.STATE) for row in range(2)]

    told = {index.data(): (index.data(PROGRESS_ROLE), index.data(OUTSIDE_ROLE)) for index in states}
    assert told == {"task · 40 %": (0.4, True), "40 % · Start web-01": (0.4, False)}
    assert of_task(task(status="cancelling", progress=0.4), "acme", NOON).stage == "task cancelling · 40 %"


def test_an_act_that_goes_on_says_how_far_it_is():
    item = JobItem(object=ObjectId(kind=Kind.VM, uuid=Uuid("a")), name="a", state=ItemState.GOING, progress=0.24)
    job = JobStatus(job=JobId("j"), act=Act.EXPORT, items=(item,), actor="eve", started_at=NOON)
    ended = replace(item, state=ItemState.DONE)

    assert of_job(job, "acme").stage == "24 %"
    assert of_job(replace(job, items=(ended, item)), "acme").stage == "1 of 2"
    assert not of_job(replace(job, items=(ended,), ended_at=NOON), "acme").stage


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Async.VM.clean_shutdown", "Shut down VM"),
        ("VM.snapshot", "Snapshot VM"),
        ("Async.network.destroy", "Destroy network"),
        ("my own task", "my own task"),
        ("", "Task"),
        ("Async.VM.<b>", "<b> VM"),
    ],
)
def test_tasks_have_names_for_people(label, name):
    assert task_name(label) == name


def entry(number, *, progress=None):
    return Entry(
        key=f"k{number}",
        what=f"act {number}",
        where="acme",
        who="root",
        started_at=NOON + timedelta(seconds=number),
        progress=progress,
    )


def test_what_began_after_a_clock_went_back_stands_above_what_began_before(qapp):
    model = ActivityModel()
    at = [NOON, NOON - timedelta(hours=1), NOON + timedelta(hours=1)]  # on record, newest first
    for number, (moment, stands) in enumerate(zip(at, none_later(at), strict=True)):
        model.show(replace(entry(0), key=f"run:past-{number}", started_at=moment, stands_at=stands))
    own = {"run": RunId("r"), "progress": 0.0}
    for number in (1, 2):
        hour = NOON - timedelta(hours=number)
        model.show(replace(entry(0), key=f"run:{number}", started_at=hour, **own))
    model.show(replace(entry(0), key="run:1", started_at=NOON - timedelta(hours=1), run=RunId("r")))  # it has ended

    shown = [model.entry(row).key for row in range(model.rowCount())]
    assert shown == ["run:2", "run:1", "run:past-0", "run:past-1", "run:past-2"]
    assert model.entry(0).started_at == NOON - timedelta(hours=2)


def test_newest_come_first_and_the_oldest_ended_ones_leave(qapp, qtmodeltester):
    model = ActivityModel(most=20)
    qtmodeltester.check(model, force_py=True)

    model.show(entry(0, progress=0.5))
    for number in range(1, 23):
        model.show(entry(number))
    model.show(entry(5_000, progress=0.1))
    model.show(entry(5_000, progress=0.9))

    assert model.rowCount() == 20
    assert model.entry(0).progress == pytest.approx(0.9)
    assert model.entry(19).key == "k0"
    assert model.going == 2


def shown(model):
    return [model.entry(row).key for row in range(model.rowCount())]


def test_a_column_sorts_both_ways_with_numbers_by_their_size_and_equals_newest_first(qapp, qtmodeltester):
    model = ActivityModel()
    qtmodeltester.check(model, force_py=True)
    for number in (1, 10, 2):
        model.show(entry(number))

    model.order_by(Column.WHAT)
    assert shown(model) == ["k1", "k2", "k10"]
    assert model.headerData(Column.WHAT, Qt.Orientation.Horizontal) == "What ↑"
    model.show(entry(3))
    model.order_by(Column.WHAT)
    assert shown(model) == ["k10", "k3", "k2", "k1"]
    for _ in range(2):
        model.order_by(Column.WHERE)
        assert shown(model) == ["k10", "k3", "k2", "k1"]
    model.order_by(Column.STARTED)
    model.order_by(Column.STARTED)
    assert shown(model) == ["k1", "k2", "k3", "k10"]


def test_what_is_most_done_comes_first_and_moves_while_it_goes_on(qapp, qtmodeltester):
    model = ActivityModel()
    qtmodeltester.check(model, force_py=True)
    for number, progress in ((1, 0.2), (2, None), (3, 0.1)):
        model.show(entry(number, progress=progress))

    model.order_by(Column.STATE)
    assert shown(model) == ["k1", "k3", "k2"]
    model.show(entry(3, progress=0.9))

    assert shown(model) == ["k3", "k1", "k2"]
    model.forget("k1")
    model.set_filter(lambda one: one.key != "k3")
    assert shown(model) == ["k2"]


@pytest.mark.parametrize("column", Column)
@pytest.mark.parametrize("is_turned", [False, True])
def test_sorting_by_any_column_while_entries_come_and_change_is_as_sorting_them_afterwards(qapp, column, is_turned):
    entries = [
        replace(entry(number), ending=list(Ending)[number % len(Ending)], where=f"pool {number % 3}")
        for number in range(20)
    ]
    during, afterwards = ActivityModel(), ActivityModel()
    for model, ordered in ((during, True), (afterwards, False)):
        if ordered:
            model.order_by(column)
        for one in entries:
            model.show(replace(one, ending=None, progress=0.5))
        for one in entries[::2]:
            model.show(one)
        if not ordered:
            model.order_by(column)
        if is_turned:
            model.order_by(column)

    assert shown(during) == shown(afterwards)
    assert len(set(shown(during))) == len(entries)


def test_each_ending_has_one_word_wherever_it_is_told():
    assert [ending_name(ending) for ending in Ending] == [
        *("done", "put back", "failed", "refused", "cancelled", "interrupted", "settled since"),
        "not known",
    ]
    assert state_name(RunState.UNDONE) == outcome_name(Outcome.UNDONE) == ending_name(Ending.UNDONE)
    assert of_task(task(status="cancelled"), "acme", NOON).result == outcome_name(Outcome.CANCELLED)
    assert of_many((Ending.DONE, Ending.CANCELLED, Ending.REFUSED)) is Ending.REFUSED


def test_a_column_grows_with_its_longest_text_as_far_as_there_is_room_until_somebody_drags_it(qapp):
    model = ActivityModel()
    view = DenseTable(model, "Activity", WIDTHS, least_elastic=LEAST_STATE, growing=Column.WHAT)
    view.resize(1000, 200)
    view.show()
    narrow = view.columnWidth(Column.WHAT)

    model.show(replace(entry(1), what="Revert to snapshot: before the upgrade of web-1.shop.example"))
    grown = view.columnWidth(Column.WHAT)
    model.show(replace(entry(2), what="x" * 500))
    full = view.columnWidth(Column.WHAT)
    view.resize(600, 200)
    squeezed = view.columnWidth(Column.WHAT)
    view.setColumnWidth(Column.WHAT, 111)
    view.resize(1000, 200)

    assert narrow == squeezed == WIDTHS[Column.WHAT] < grown < full
    assert view.columnWidth(Column.STATE) >= KEPT_ELASTIC
    assert view.columnWidth(Column.WHAT) == 111
    assert view.horizontalScrollBar().maximum() == 0
    view.close()
