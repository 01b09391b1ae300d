"""The filter field: asks while one types, says what is wrong, completes, explains itself."""

from collections.abc import Iterator
from time import thread_time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.domain.query_values import SCHEMA, Thing
from xsconsole.domain.query.parser import query_of
from xsconsole.domain.query.values import EVERYTHING, Query
from xsconsole_ui import pieces
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.filter_help import FilterHelp
from xsconsole_ui.found_values import PIECE
from xsconsole_ui.pace import WANTED_S


@pytest.fixture
def field(qtbot: QtBot) -> FilterField[Thing]:
    made: FilterField[Thing] = FilterField(SCHEMA, "Filter", "type here", values=lambda _: ("prod", "two words"))
    qtbot.addWidget(made)
    made.resize(300, 60)
    made.show()
    made.line.setFocus()
    return made


def told(field: FilterField[Thing]) -> list[Query]:
    found: list[Query] = []
    field.asked.connect(found.append)
    return found


def test_each_new_question_is_told_once_and_half_a_one_is_not(field: FilterField[Thing]) -> None:
    asked = told(field)

    for text in ("a", "a ", "a memory>", "a memory>8", "a memory>8GiB", ""):
        field.set_text(text)

    assert asked == [query_of("a", SCHEMA), query_of("a memory>8GiB", SCHEMA), EVERYTHING]


def test_what_is_wrong_is_said_below_and_keeps_the_list_as_it_is(field: FilterField[Thing]) -> None:
    field.set_text("a")
    asked = told(field)

    field.set_text("a mem>8GiB")

    assert field.fault.isVisible()
    assert "Did you mean memory?" in field.fault.text()
    assert "Did you mean memory?" in field.line.accessibleDescription()
    assert asked == []
    field.set_text("a")
    assert not field.fault.isVisible()


def test_no_fault_flashes_while_somebody_types(field: FilterField[Thing]) -> None:
    seen: list[str] = []
    field.line.textChanged.connect(lambda _: seen.append(field.fault.text()))

    QTest.keyClicks(field.line, 'not (memory >= 8GiB or power=running) name:"a b" and date<2026-11')

    assert not any(seen)
    assert field.parsed.fault is None


def test_a_fault_in_the_middle_is_said_once_the_caret_leaves_it(field: FilterField[Thing]) -> None:
    field.set_text("memory>8GiB web")
    field.line.setCursorPosition(len("memory>8GiB"))

    for _ in range(4):
        QTest.keyClick(field.line, Qt.Key.Key_Backspace)
    said_at_once = field.fault.isVisible()
    field.line.setCursorPosition(len(field.text()))

    assert not said_at_once
    assert field.fault.isVisible()


def test_names_and_values_complete_by_keys(field: FilterField[Thing], qtbot: QtBot) -> None:
    QTest.keyClicks(field.line, "-ta")
    names = [proposal.text for proposal in field.proposals]
    popup = field.popup
    QTest.keyClick(popup, Qt.Key.Key_Down)
    QTest.keyClick(popup, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: field.text() == "-tag:")

    QTest.keyClick(field.line, Qt.Key.Key_Space, Qt.KeyboardModifier.ControlModifier)
    values = [proposal.text for proposal in field.proposals]
    popup.hide()

    assert names == ["tag:"]
    assert values == ["prod", '"two words"']


def test_what_there_is_in_a_field_is_looked_for_once_for_all_letters_of_a_value(qtbot: QtBot) -> None:
    asked: list[str] = []

    def values(field: str) -> tuple[str, ...]:
        asked.append(field)
        return ("prod", "proof") if len(asked) == 1 else ("later",)

    field: FilterField[Thing] = FilterField(SCHEMA, "Filter", "type here", values=values)
    qtbot.addWidget(field)
    field.show()

    QTest.keyClicks(field.line, "tag:pro")
    offered = [proposal.text for proposal in field.proposals]
    field.line.setText("tag:")
    field.propose()

    assert offered == ["prod", "proof"]
    assert asked == ["tag", "tag"]
    assert [proposal.text for proposal in field.proposals] == ["later"]


def test_what_is_found_among_many_objects_after_the_key_is_offered_too(qtbot: QtBot) -> None:
    def values(field: str) -> Iterator[str]:
        del field
        for number in range(3 * PIECE):
            end = thread_time() + WANTED_S / PIECE
            while thread_time() < end:
                pass
            yield "prod" if number == 0 else "proof" if number == 3 * PIECE - 1 else ""

    field: FilterField[Thing] = FilterField(SCHEMA, "Filter", "type here", values=values)
    qtbot.addWidget(field)
    field.show()
    field.line.setFocus()
    qtbot.waitUntil(field.line.hasFocus)

    QTest.keyClicks(field.line, "tag:p")
    at_once = [proposal.text for proposal in field.proposals]
    qtbot.waitUntil(lambda: len(field.proposals) > 1)

    assert at_once == ["prod"]
    assert [proposal.text for proposal in field.proposals] == ["prod", "proof"]


def test_escape_clears_and_leaves_and_down_goes_to_the_list(field: FilterField[Thing], qtbot: QtBot) -> None:
    field.set_text("xyz")

    with qtbot.waitSignal(field.entered):
        QTest.keyClick(field.line, Qt.Key.Key_Down)
    with qtbot.waitSignal(field.left):
        QTest.keyClick(field.line, Qt.Key.Key_Escape)

    assert field.text() == ""


def test_f1_asks_for_the_list_of_fields(field: FilterField[Thing], qtbot: QtBot) -> None:
    with qtbot.waitSignal(field.help_wanted):
        QTest.keyClick(field.line, Qt.Key.Key_F1)


def test_the_help_names_every_field_with_its_aliases_and_choices(qtbot: QtBot) -> None:
    help_ = FilterHelp("Filter", SCHEMA)
    qtbot.addWidget(help_)

    shown = "\n".join(label.text() for label in help_.findChildren(type(pieces.label())))

    assert "tag, tags, label" in shown
    assert "its power: running, halted, suspended" in shown
    assert "its memory (size, such as 8GiB)" in shown
