"""What is done to a configuration as one thing: by menu and key in the window, by words in the shell, over the wire."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tests.cli.shell import Shell
from tests.embedded import EmbeddedPool, embedded_pool
from tests.told import until_told
from tests.ui.board_window import card_of, console, window
from tests.ui.test_batch import select
from xsconsole.console import Console, RunState
from xsconsole.domain.board import Card
from xsconsole.domain.inventory import VM
from xsconsole.engine.commands import Seat
from xsconsole_ui import copy_actions, keeping_actions, service_actions
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.membership import ArrangeDialog, DeleteDialog, DescribeDialog, RelocateAllDialog
from xsconsole_ui.promotion.points import RevertDialog
from xsconsole_ui.situation import Action

__all__ = ["console", "window"]

SHOP = "shop@1.3.0"


@pytest.fixture
def pool() -> Iterator[EmbeddedPool]:
    with embedded_pool("--speed", "200") as served:
        yield served


def powers(card: Card) -> set[str]:
    return {member.power_state for member in card.members}


def said(window: MainWindow) -> str:
    question = window.desk.question
    assert question is not None
    return " ".join(question.plan.warnings)


async def ask(window: MainWindow, console: Console, action: Action) -> None:
    """Choose an action of the selected card, and wait for its plan."""
    await until(lambda: card_of(console, SHOP).run is None, "no run of others")
    window.board.select(card_of(console, SHOP).id)
    window.situate()
    window.actions_[action].trigger()
    await until(lambda: window.desk.question is not None, "the plan")


async def carry_out(window: MainWindow, console: Console) -> RunState:
    """Confirm the plan that is shown, and return how it ended."""
    before = {status.run for status in console.runs}
    window.desk.confirm("by hand")
    await until(lambda: any(run.run not in before and run.ended_at for run in console.runs), "the end of the run")
    await until(lambda: card_of(console, SHOP).run is None, "its record gone")
    return next(run.state for run in console.runs if run.run not in before)


def offered(menu: QMenu) -> Iterable[str]:
    for action in menu.actions():
        inner = action.menu()
        yield from offered(inner) if isinstance(inner, QMenu) else (action.objectName(),)


async def test_a_configuration_is_shut_down_started_and_rebooted_and_put_back_where_one_fails(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    assert {one.id for one in service_actions.POWER} <= set(offered(window._card_menu))
    window.board.select(card_of(console, SHOP).id)
    window.situate()
    assert window.actions_[service_actions.START].why_not == "None of its machines is off."

    await ask(window, console, service_actions.SHUT_DOWN)
    assert "will be shut down." in said(window)
    pool.control("fail", method="VM.clean_shutdown", nth=3, code="VM_SHUTDOWN_TIMEOUT", params=["a", "b"])
    assert await carry_out(window, console) is RunState.UNDONE
    assert powers(card_of(console, SHOP)) == {"Running"}
    await ask(window, console, service_actions.SHUT_DOWN)
    assert await carry_out(window, console) is RunState.DONE
    assert powers(card_of(console, SHOP)) == {"Halted"}
    assert window.actions_[service_actions.REBOOT].why_not == "None of its machines runs."

    shell = Shell(home=tmp_path / "shell", pool=pool)
    pool.control("fail", method="VM.start_on", nth=3, code="INTERNAL_ERROR", params=["no"])
    failed = shell.say("config", "start", SHOP, "--reason", "morning")
    assert failed.status == 1
    assert "Start" in failed.err
    assert powers(card_of(console, SHOP)) == {"Halted"}
    started = shell.say("config", "start", SHOP, "--json")
    assert (started.status, started.document["state"]) == (0, "done"), started.err
    await until(lambda: powers(card_of(console, SHOP)) == {"Running"}, "all started")
    await until(window.actions_[service_actions.REBOOT].isEnabled, "a reboot offered")
    await ask(window, console, service_actions.SUSPEND)
    assert "What they hold in memory takes up to" in said(window)
    pool.control("fail", method="VM.suspend", nth=4, code="VM_SUSPEND_TIMEOUT", params=["a"])
    assert await carry_out(window, console) is RunState.UNDONE
    assert powers(card_of(console, SHOP)) == {"Running"}
    await ask(window, console, service_actions.SUSPEND)
    assert await carry_out(window, console) is RunState.DONE
    assert powers(card_of(console, SHOP)) == {"Suspended"}
    await until(window.actions_[service_actions.RESUME].isEnabled, "a resumption offered")
    await ask(window, console, service_actions.RESUME)
    assert await carry_out(window, console) is RunState.DONE
    assert powers(card_of(console, SHOP)) == {"Running"}
    planned = shell.say("config", "reboot", SHOP, "--dry-run", "--json")
    types = [step["action"]["type"] for step in planned.document["steps"]]
    assert types == ["shut-down"] * 4 + ["start-again"] * 4 + ["verify"]


async def test_a_restore_point_is_taken_by_hand_and_returned_to_and_a_name_and_notes_are_given(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    window.board.select(card_of(console, SHOP).id)
    window.situate()
    assert "no restore points" in window.actions_[keeping_actions.REVERT].why_not
    await ask(window, console, keeping_actions.TAKE_POINT)
    assert await carry_out(window, console) is RunState.DONE
    shell = Shell(home=tmp_path / "shell", pool=pool)
    taken = shell.say("config", "snapshot", SHOP, "--reason", "once more")
    assert taken.status == 0, taken.err
    (listed, first) = shell.say("restore-point", "list", SHOP, "--json").document
    assert (listed["transition"], listed["is_whole"], listed["kept"]) == (None, True, "kept until somebody removes it")

    await until(lambda: len(card_of(console, SHOP).restore_points) == 2, "both restore points")
    await until(lambda: card_of(console, SHOP).run is None, "no run of others")
    window.situate()
    window.actions_[keeping_actions.REVERT].trigger()
    (dialog,) = window.findChildren(RevertDialog)
    await until(dialog.isVisible, "the choice of a restore point")
    assert [dialog.point.itemText(at).endswith("by hand in Staging") for at in range(2)] == [True, True]
    dialog.point.setCurrentIndex(1)
    assert not dialog.urgent.isVisible()  # nothing demands approval there
    dialog.go.click()
    await until(lambda: window.desk.question is not None, "the plan")
    assert window.desk.question is not None
    assert window.desk.question.plan.intent.restore_point == first["run"]
    assert "leaves the machines; it stays in the snapshots set aside" in said(window)
    before = card_of(console, SHOP)
    pool.control("fail", method="VM.revert", nth=3, code="VM_REVERT_FAILED", params=["a", "b"])
    assert await carry_out(window, console) is RunState.UNDONE
    assert card_of(console, SHOP).revision == before.revision
    back = shell.say("config", "revert", SHOP, first["run"][:8], "--json")
    assert (back.status, back.document["state"]) == (0, "done"), back.err
    await until(lambda: card_of(console, SHOP).revision > before.revision, "the new revision")
    described = shell.say("config", "note", SHOP, "<b>mind</b> & look\nsecond line")
    assert described.status == 0, described.err
    await until(lambda: card_of(console, SHOP).run is None and bool(card_of(console, SHOP).notes), "the notes")
    window.inspector.leave()  # how the last run ended
    await until(lambda: window.inspector.card_page.notes.text().startswith("<b>mind</b> & look\n"), "them in sight")
    window.actions_[service_actions.DESCRIBE].trigger()
    (asked,) = window.findChildren(DescribeDialog)
    await until(asked.isVisible, "the question")
    assert asked.notes.toPlainText() == "<b>mind</b> & look\nsecond line"
    asked.name.setText("Shop, the second")
    asked.go.click()
    await until(lambda: window.desk.question is not None, "its plan")
    pool.control("fail", method="VM.add_to_other_config", nth=3, code="INTERNAL_ERROR", params=["no"])
    assert await carry_out(window, console) is RunState.UNDONE
    assert card_of(console, SHOP).name == "shop 1.3.0"
    renamed = shell.say("config", "rename", SHOP, "--name", "Shop, the second", "--json")
    assert renamed.document["configuration"]["name"] == "Shop, the second", renamed.err
    assert renamed.document["configuration"]["notes"] == "<b>mind</b> & look\nsecond line"
    assert (card_of(console, SHOP).since, powers(card_of(console, SHOP))) == (before.since, {"Running"})


async def test_several_at_once_go_by_one_plan_one_moves_and_one_is_deleted_twice_asked(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    both = ("shop@1.4.0", "crm@7.2-rc1")
    select(window, console, *both)
    window.actions_[service_actions.SHUT_DOWN].trigger()
    batch = window.hands.batch
    assert batch is not None
    assert batch.windowTitle() == "Shut down 2 configurations"
    assert "6 machines" in batch.meaning.text()
    batch.go.click()
    await until(lambda: batch.planned.is_over, "the end of both")
    assert [powers(card_of(console, name)) for name in both] == [{"Halted"}, {"Halted"}]
    batch.close()
    for action in (copy_actions.REPLICATE, copy_actions.REFRESH, keeping_actions.ARCHIVE):
        assert window.actions_[action].toolTip().startswith("Select one card only"), action.id
    window.actions_[service_actions.MIGRATE].trigger()
    (to,) = window.findChildren(RelocateAllDialog)
    await until(to.isVisible, "where to")
    assert not to.go.isEnabled()
    to.aim.storage.setCurrentIndex(to.aim.storage.findText("SAN-gold", Qt.MatchFlag.MatchStartsWith))
    gold = to.aim.storage.currentData()
    assert to.go.isEnabled()
    assert [(one.configuration, one.sr, one.host) for one in to.wanted()] == [
        (card.id, gold, None) for card in to.cards
    ]
    to.go.click()
    await until(lambda: window.hands.batch is not batch, "the plan of both")
    assert window.hands.batch is not None
    assert window.hands.batch.windowTitle() == "Migrate 2 configurations"
    window.hands.batch.close()

    shell = Shell(home=tmp_path / "shell", pool=pool)
    noted = shell.say("config", "note", *both, "kept for the audit", "--json")
    assert noted.status == 0, noted.err
    moved = shell.say(
        "config", "migrate", SHOP, "--host", "xen-1", "--sr", "NFS-silver", "--vm", "shop-lb.stg", "--json"
    )
    assert (moved.status, moved.document["state"]) == (0, "done"), moved.err
    await until_told(pool, console)
    window.board.select(card_of(console, SHOP).id)
    window.situate()
    window.actions_[service_actions.ARRANGE].trigger()
    (seats,) = window.findChildren(ArrangeDialog)
    await until(seats.isVisible, "the members")
    first, second = (member.uuid for member in card_of(console, SHOP).members[:2])
    seats.order.setText("7")
    seats.member.setCurrentIndex(1)
    assert seats.role.text() == card_of(console, SHOP).members[1].role
    seats.role.setText("front")
    seats.look()
    assert seats.wanted().seats == (Seat(vm=first, order=7), Seat(vm=second, role="front"))
    assert seats.command is not None
    arranged = shell.say("config", "arrange", SHOP, "--vm", "db:role=store,order=3,start-delay=5", "--json")
    assert (arranged.status, arranged.document["state"]) == (0, "done"), arranged.err
    await until(lambda: seats.command is None, "what others did meanwhile said without a key pressed")
    assert "changed" in seats.why_not.text
    seats.reject()
    await until_told(pool, console)

    unsure = shell.say("config", "delete", "shop@1.4.0", "--yes", SHOP)
    assert "Not answered with yes: Delete “shop 1.4.0” for good" in unsure.err
    assert unsure.status == 1
    await until(lambda: all(card_of(console, name).notes == "kept for the audit" for name in both), "the notes")
    for name in (SHOP, "shop@1.4.0"):
        window.board.select(card_of(console, name).id)
    window.situate()
    assert [card.version for card in window.board.chosen] == ["1.4.0"]
    window.actions_[service_actions.DELETE].trigger()
    (asked,) = window.findChildren(DeleteDialog)
    await until(asked.isVisible, "the question")
    asked.go.click()
    await until(lambda: window.desk.question is not None, "the plan")
    page = window.inspector.plan_page
    assert not page.go.isEnabled()
    (box,) = page.checklist.boxes
    box.setChecked(True)
    pool.control("delay", method="VDI.destroy", seconds=3600)
    page.go.click()
    try:
        await until(lambda: page.undo.isVisible() and not page.undo.isEnabled(), "no offer to put back what is gone")
        assert "no way back" in page.undo.toolTip()
    finally:
        pool.control("clear")
    await until(lambda: all(card.version != "1.4.0" for card in console.board.cards.values()), "it gone")
    await until(
        lambda: not any(vm.name_label == "shop-db.int" for vm in console.inventory.all(VM)), "its machines gone"
    )
    gone = shell.say("config", "delete", "crm@7.2-rc1", "--yes", "crm@7.2-rc1", "--json")
    assert (gone.status, gone.document["configuration"]) == (0, None), gone.err
