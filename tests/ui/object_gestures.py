"""What a user does with the page of an object and with the questions that acts ask."""

from typing import TypeVar

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit

from tests.ui.board_window import Key
from xsconsole.console import Console
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.inventory import VM
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.objects.act_dialog import ActDialog
from xsconsole_ui.objects.sheet_model import LABEL, VALUE

D = TypeVar("D", bound=QDialog)


def vm_named(console: Console, name: str) -> VM:
    return next(vm for vm in console.inventory.all(VM) if vm.name_label == name and vm.is_ordinary)


async def select(window: MainWindow, console: Console, name: str) -> VM:
    vm = vm_named(console, name)
    window.inventory.select((vm.uuid,))
    await until(lambda: window.inspector.object_page.item == ObjectId(kind=Kind.VM, uuid=vm.uuid), "the object's page")
    return vm


def lines(window: MainWindow) -> dict[str, str]:
    model = window.inspector.object_page.model
    return {
        str(model.index(row, LABEL).data()): str(model.index(row, VALUE).data() or "")
        for row in range(model.rowCount())
    }


def row_of(window: MainWindow, label: str) -> int:
    model = window.inspector.object_page.model
    return next(row for row in range(model.rowCount()) if model.index(row, LABEL).data() == label)


def row_with(window: MainWindow, value: str) -> int:
    """Return the row whose value holds a text."""
    model = window.inspector.object_page.model
    return next(row for row in range(model.rowCount()) if value in str(model.index(row, VALUE).data()))


def edit(window: MainWindow, label: str, text: str) -> None:
    """Change a line as a user does: F2, the new text, Enter."""
    view = window.inspector.object_page.view
    view.setFocus()
    view.setCurrentIndex(window.inspector.object_page.model.index(row_of(window, label), VALUE))
    QTest.keyClick(view, Key.Key_F2)
    editor = next(iter(view.viewport().findChildren(QLineEdit)))
    editor.clear()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Key.Key_Return)


async def dialog_of(window: MainWindow) -> ActDialog:
    return await shown(window, ActDialog)


async def shown(window: MainWindow, kind: type[D]) -> D:
    """Wait for a dialog."""

    def found() -> list[D]:
        return [one for one in window.findChildren(kind) if one.isVisible()]

    await until(lambda: bool(found()), "the dialog")
    return found()[0]


async def until_ended(console: Console, number: int = 1) -> None:
    await until(
        lambda: len(console.acts.jobs) >= number and all(job.ended_at is not None for job in console.acts.jobs),
        "the end of the job",
    )
