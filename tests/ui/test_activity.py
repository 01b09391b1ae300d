"""The activity list: runs of this console and tasks of the pool."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from embedded import embedded_pool
from msgspec import structs
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from tests.ui.live_console import connect, failing_jobs, open_console, until
from tests.ui.test_activity_model import entry, shown
from xsconsole.console import Estate
from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.endings import Ending
from xsconsole.domain.ids import Ref
from xsconsole.domain.inventory import VM, Task
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import Confirmed, Create, NewMember, Operate, Promote
from xsconsole_ui.activity import ActivityPanel
from xsconsole_ui.activity.model import MOST_ENTRIES, Column
from xsconsole_ui.activity.past import of_past_run
from xsconsole_ui.objects.act_desk import ActDesk
from xsconsole_ui.promotion.runs import recorded
from xsconsole_ui.theme import Theme


@pytest.fixture
def pool():
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
def slow_pool():
    """One whose operations last long enough to be seen."""
    with embedded_pool("--speed", "2") as served:
        yield served


@pytest.fixture
async def console(tmp_path, pool):
    async with open_console(tmp_path) as opened:
        await connect(opened, pool)
        yield opened


@pytest.fixture
async def panel(console, qapp):
    async with opened_panel(console, qapp) as made:
        yield made


@asynccontextmanager
async def opened_panel(console, application):
    jobs, window = failing_jobs(), QWidget()
    estate = Estate.of(console)
    made = ActivityPanel(estate, Theme(application), ActDesk(estate, jobs, window), jobs, window)
    window.resize(900, 200)
    made.resize(900, 200)
    window.show()
    yield made
    made.stop()
    await jobs.close()
    window.close()
    window.deleteLater()


def rows(panel):
    model = panel.model
    return [[model.index(row, column).data() for column in Column] for row in range(model.rowCount())]


async def test_a_run_appears_and_stays_with_its_result(panel, console):
    vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")
    command = Create(service="lab", version="1", stage="integration", members=(NewMember(vm=vm.uuid),))

    run = await console.do(Confirmed(command=command, digest=console.plan(command).digest))
    await until(lambda: any(row[Column.WHAT] == "Create lab 1 in Integration" for row in rows(panel)))
    await console.finished(run)

    await until(lambda: [row[Column.STATE] for row in rows(panel) if "lab 1" in row[Column.WHAT]] == ["done"])
    assert [row[Column.WHO] for row in rows(panel) if "lab 1" in row[Column.WHAT]] == ["root"]


async def test_a_run_that_failed_says_why_and_opens_its_explanation(panel, console, pool):
    opened = []
    panel.run_opened.connect(opened.append)
    card = find_configuration(console.board, "shop@staging")
    command = Promote(configuration=card.id, revision=card.revision, target="production")
    pool.control("fail", method="VM.snapshot", nth=3, code="SR_BACKEND_FAILURE_44", params=["", "no space", ""])

    run = await console.do(Confirmed(command=command, digest=console.plan(command).digest))
    ended = await console.finished(run)
    await until(lambda: any(row[Column.STATE].startswith("put back: ") for row in rows(panel)))
    at = next(at for at, row in enumerate(rows(panel)) if row[Column.STATE].startswith("put back: "))
    panel.view.opened.emit(panel.model.index(at, 0))

    assert ended.state is RunState.UNDONE
    assert opened == [run]


async def test_the_tasks_of_our_own_run_are_told_by_the_run_alone(panel, console):
    card = find_configuration(console.board, "shop@staging")
    command = Promote(configuration=card.id, revision=card.revision, target="production")

    await console.finished(await console.do(Confirmed(command=command, digest=console.plan(command).digest)))

    await until(lambda: [row[Column.STATE] for row in rows(panel) if "shop" in row[Column.WHAT]] == ["done"])
    await until(lambda: not any(row[Column.WHAT].startswith("Snapshot VM") for row in rows(panel)))


async def test_a_task_that_somebody_else_started_is_listed(tmp_path, qapp):
    # Slow, so that the machine is seen at work: which one it is, only that tells.
    with embedded_pool("--speed", "0.2") as slow:
        async with open_console(tmp_path) as console:
            await connect(console, slow)
            async with opened_panel(console, qapp) as panel:
                with slow.plain_session() as session:
                    vm = session.xenapi.VM.get_by_name_label("build-2")[0]
                    session.xenapi.Async.VM.start(vm, False, False)

                    await until(lambda: row_named(panel, "Start VM: build-2") is not None)


async def test_who_sorts_the_list_keeps_what_is_selected(panel, console):
    vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")
    await console.acts.finished(await console.acts.do(operate(Act.TAG, vm, text="seen")))
    await until(panel.view.isVisible)
    for key in shown(panel.model):
        panel.model.forget(key)
    for number in range(5):
        panel.model.show(entry(number))
    panel.view.selectRow(shown(panel.model).index("k1"))

    header = panel.view.horizontalHeader()
    x = header.sectionViewportPosition(Column.WHAT) + 20
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, header.height() // 2))

    assert shown(panel.model) == [f"k{number}" for number in range(5)]
    assert [panel.model.entry(row).key for row in panel.view.selected_rows()] == ["k1"]
    assert panel.view.cells([])[0][Column.WHAT] == "What"


def operate(act, vm, **fields):
    return Operate(act=act, objects=(ObjectId(kind=Kind.VM, uuid=vm.uuid),), **fields)


def row_named(panel, what):
    return next((at for at, row in enumerate(rows(panel)) if row[Column.WHAT].startswith(what)), None)


async def test_an_act_on_an_object_has_one_line_and_its_task_has_none(panel, console):
    vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")

    await console.acts.finished(await console.acts.do(operate(Act.SUSPEND, vm)))
    await until(lambda: any(row[Column.STATE] == "done" for row in rows(panel)))

    (row,) = [row for row in rows(panel) if "uspend" in row[Column.WHAT]]
    assert (row[Column.WHO], row[Column.STATE]) == ("root", "done")


async def test_acts_and_tasks_of_others_are_still_there_after_a_restart_and_lead_to_their_objects(
    tmp_path, slow_pool, qapp
):
    async with open_console(tmp_path / "home") as console:
        await connect(console, slow_pool)
        vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")
        await console.acts.finished(await console.acts.do(operate(Act.TAG, vm, text="seen")))
        with slow_pool.plain_session() as session:
            task = session.xenapi.Async.VM.hard_reboot(vm.ref)
            await until(lambda: console.inventory.get(Task, Ref(task)) is not None)
            await until(lambda: console.inventory.get(Task, Ref(task)).status == "success")
            session.xenapi.task.destroy(task)
        await until(lambda: console.inventory.get(Task, Ref(task)) is None)

    async with open_console(tmp_path / "home") as console, opened_panel(console, qapp) as panel:
        await connect(console, slow_pool)
        await until(lambda: row_named(panel, "Force reboot of VM: jumpbox") is not None)
        wanted = []
        panel.object_wanted.connect(wanted.append)
        panel.view.selectRow(row_named(panel, "Force reboot of VM"))
        panel.go_to.trigger()

        assert row_named(panel, "Force reboot of VM: jumpbox") is not None
        assert row_named(panel, "Add tag “seen”: jumpbox") is not None
        assert wanted == [ObjectId(kind=Kind.VM, uuid=vm.uuid)]


async def test_a_task_of_somebody_else_can_be_cancelled_and_that_is_on_record(tmp_path, qapp):
    with embedded_pool("--speed", "0.2") as slow:
        async with open_console(tmp_path) as console:
            await connect(console, slow)
            async with opened_panel(console, qapp) as panel:
                vm = next(vm for vm in console.inventory.all(VM) if "suspend" in vm.allowed_operations)
                with slow.plain_session() as session:
                    task = session.xenapi.Async.VM.suspend(vm.ref)
                    await until(lambda: row_named(panel, "Suspend VM") is not None)
                    panel.view.selectRow(row_named(panel, "Suspend VM"))
                    panel.cancel.trigger()
                    await until(lambda: session.xenapi.task.get_status(task) == "cancelled")
                await until(lambda: console.acts.jobs and console.acts.jobs[0].ended_at is not None)

                assert console.acts.jobs[0].is_good
                assert not any(vm.power_state == "Suspended" for vm in console.inventory.all(VM))


async def test_a_task_that_went_while_the_pool_was_away_goes_on_no_more(tmp_path, qapp):
    with embedded_pool("--speed", "0.2") as slow:
        async with open_console(tmp_path) as console:
            await connect(console, slow)
            async with opened_panel(console, qapp) as panel:
                vm = next(vm for vm in console.inventory.all(VM) if "suspend" in vm.allowed_operations)
                with slow.plain_session() as session:
                    task = session.xenapi.Async.VM.suspend(vm.ref)
                    await until(lambda: panel.model.going == 1)
                    slow.control("restart")

                await until(lambda: console.inventory.get(Task, Ref(task)) is None)
                await until(lambda: panel.model.going == 0)

                assert rows(panel)[row_named(panel, "Suspend VM")][Column.STATE] == "ended"


async def test_a_task_that_the_pool_forgot_before_its_end_was_seen_is_still_told_of_after_a_restart(tmp_path, qapp):
    with embedded_pool("--speed", "0.2") as slow:
        async with open_console(tmp_path) as console:
            await connect(console, slow)
            vm = next(vm for vm in console.inventory.all(VM) if "suspend" in vm.allowed_operations)
            with slow.plain_session() as session:
                task = session.xenapi.Async.VM.suspend(vm.ref)
                await until(lambda: console.acts.objects_of(Ref(task)))
        slow.control("restart")

        async with open_console(tmp_path) as console, opened_panel(console, qapp) as panel:
            await connect(console, slow)
            await until(lambda: row_named(panel, f"Suspend VM: {vm.name_label}") is not None)

            row = rows(panel)[row_named(panel, "Suspend VM")]
            assert (row[Column.STATE], row[Column.WHERE]) == ("ended", "acme")
            assert panel.model.going == 0


async def test_a_task_that_goes_on_after_a_restart_has_one_line(tmp_path, qapp):
    with embedded_pool("--speed", "0.2") as slow:
        async with open_console(tmp_path) as console:
            await connect(console, slow)
            vm = next(vm for vm in console.inventory.all(VM) if "suspend" in vm.allowed_operations)
            with slow.plain_session() as session:
                task = session.xenapi.Async.VM.suspend(vm.ref)
                await until(lambda: console.acts.objects_of(Ref(task)))

        async with open_console(tmp_path) as console, opened_panel(console, qapp) as panel:
            await until(lambda: row_named(panel, "Suspend VM") is not None)
            await connect(console, slow)
            await until(lambda: panel.model.going == 1)

            assert len([row for row in rows(panel) if row[Column.WHAT].startswith("Suspend VM")]) == 1


async def test_what_failed_at_once_leads_to_the_object_that_its_error_names(panel, console, pool):
    wanted, explained = [], []
    panel.object_wanted.connect(wanted.append)
    panel.explanation_wanted.connect(explained.append)
    vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")

    with pool.plain_session() as session:
        session.xenapi.Async.VM.start(vm.ref, False, False)
    await until(lambda: row_named(panel, "Start VM: jumpbox") is not None)
    panel.view.selectRow(row_named(panel, "Start VM"))
    panel.go_to.trigger()
    panel.view.opened.emit(panel.view.currentIndex())

    assert wanted == [ObjectId(kind=Kind.VM, uuid=vm.uuid)]
    assert "VM_BAD_POWER_STATE" in explained[0].details


async def test_what_failed_at_once_without_a_word_of_what_it_was_about_is_looked_up_in_the_pools_log(
    panel, console, pool
):
    vm = next(vm for vm in console.inventory.all(VM) if vm.power_state == "Halted" and not vm.is_a_template)
    pool.control("fail", method="VM.start", code="NO_HOSTS_AVAILABLE", params=[])

    with pool.plain_session() as session:
        session.xenapi.Async.VM.start(vm.ref, False, False)

    await until(lambda: row_named(panel, f"Start VM: {vm.name_label}") is not None)


async def test_a_list_that_is_full_says_so(panel, console):
    for number in range(MOST_ENTRIES + 1):
        panel.model.show(replace(entry(number), ending=Ending.DONE))
    panel.model.show(entry(5_000, progress=0.5))
    panel.filter.set_text("state:running")

    assert panel.model.rowCount() == 1
    vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")
    await console.acts.do(operate(Act.TAG, vm, text="seen"))
    await until(lambda: "newest 500" in panel.header.caption)


async def test_a_run_of_another_process_of_this_home_goes_on_here_until_it_has_ended(tmp_path, pool, qapp):
    async with open_console(tmp_path / "home") as shell:
        await connect(shell, pool)
        card = find_configuration(shell.board, "shop@staging")
        command = Promote(configuration=card.id, revision=card.revision, target="production")
        pool.control("delay", method="VM.snapshot", seconds=3600)
        run = await shell.do(Confirmed(command=command, digest=shell.plan(command).digest))

        async with open_console(tmp_path / "home") as console, opened_panel(console, qapp) as panel:
            await connect(console, pool)
            await until(lambda: row_named(panel, "Promote shop") is not None)
            key = f"run:{run}"
            await until(lambda: panel.model.known(key).is_going)
            assert panel.model.known(key).stage == "another process of this home works on it"
            there = console.board.cards[card.id]
            steps = there.run.record.plan.steps
            first = replace(there.run, record=structs.replace(there.run.record, settled=(steps[0].key,)))
            opened = next(iter(await console.audit_page(AuditQuery(event=AuditEvent.RUN_OPENED), limit=1)))
            line = of_past_run(opened, None, replace(there, run=first), "acme", is_live=True)
            assert line.progress == recorded(first).progress != 1 / len(steps)
            pool.control("clear")
            assert (await shell.finished(run)).state is RunState.DONE
            await until(lambda: panel.model.known(key).ending is Ending.DONE)
