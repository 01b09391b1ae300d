"""Machines to files and back, and started where somebody says, from the window."""

from pathlib import Path

from PySide6.QtWidgets import QLineEdit

from tests.ui.board_window import console, pool, window
from tests.ui.object_gestures import dialog_of, lines, select, shown, until_ended, vm_named
from xsconsole.console import Console
from xsconsole.domain.inventory import VM
from xsconsole_ui import object_actions
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.dialogs import ReplaceQuestion
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.objects.file_choice import FileChoice

__all__ = ["console", "pool", "window"]


def choose(choice: FileChoice, file: Path) -> None:
    """Type the name of a file and press Enter."""
    (line,) = choice.findChildren(QLineEdit, "fileNameEdit")
    line.setText(str(file))
    choice.accept()


async def test_a_machine_is_exported_to_the_file_that_is_chosen_and_imported_again(
    window: MainWindow, console: Console, tmp_path: Path
) -> None:
    file = tmp_path / "wiki.xva"
    file.write_text("an older one")
    await select(window, console, "old-wiki")
    await until(window.actions_[object_actions.EXPORT].isEnabled, "export to be possible")

    window.actions_[object_actions.EXPORT].trigger()
    choice = await shown(window, FileChoice)
    proposed = choice.file
    choose(choice, file)
    question = await shown(window, ReplaceQuestion)
    assert question.cancel.isDefault()
    click(question.go)
    await until_ended(console)
    window.actions_[object_actions.IMPORT].trigger()
    choice = await shown(window, FileChoice)
    choose(choice, file)
    await until_ended(console, 2)

    assert proposed is not None
    assert proposed.name == "old-wiki.xva"
    assert [job.is_good for job in console.acts.jobs] == [True, True]
    await until(lambda: len([vm for vm in console.inventory.all(VM) if vm.name_label == "old-wiki"]) == 2, "the copy")


async def test_a_file_that_is_to_stay_stays(window: MainWindow, console: Console, tmp_path: Path) -> None:
    file = tmp_path / "wiki.xva"
    file.write_text("precious")
    await select(window, console, "old-wiki")
    await until(window.actions_[object_actions.EXPORT].isEnabled, "export to be possible")

    window.actions_[object_actions.EXPORT].trigger()
    choice = await shown(window, FileChoice)
    choose(choice, file)
    question = await shown(window, ReplaceQuestion)
    click(question.cancel)
    await until(lambda: not window.findChildren(ReplaceQuestion), "the question to go")

    assert console.acts.jobs == ()
    assert file.read_text() == "precious"


async def test_a_machine_is_started_on_the_host_that_is_chosen_paused_and_unpaused(
    window: MainWindow, console: Console
) -> None:
    vm = await select(window, console, "old-wiki")
    host = next(host for host, refusal in console.acts.hosts_for(vm.uuid) if refusal is None)
    await until(window.actions_[object_actions.START_ON].isEnabled, "starting to be possible")

    window.actions_[object_actions.START_ON].trigger()
    dialog = await dialog_of(window)
    dialog.host.setCurrentIndex(dialog.host.findData(str(host.uuid)))
    click(dialog.go)
    await until(lambda: vm_named(console, "old-wiki").resident_on == host.ref, "the start")
    for action, power in ((object_actions.PAUSE, "Paused"), (object_actions.UNPAUSE, "Running")):
        await until(window.actions_[action].isEnabled, "the action to be possible")
        window.actions_[action].trigger()
        await until(lambda power=power: lines(window)["Power"] == power, "the new state")  # type: ignore[misc]
