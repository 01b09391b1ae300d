"""The rules of `conftest.py` hold: what it runs, where, and what it does not let pass. So do those of the window."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WINDOW = HERE.parent / "ui" / "xsconsole_ui"
SETTINGS = (
    "[pytest]\nfilterwarnings = error\nqt_api = pyside6\nqt_log_level_fail = WARNING\naddopts = -p no:cacheprovider\n"
)

PATIENCE, IMPATIENCE = "THREAD_DEADLINE_S = 60.0", "THREAD_DEADLINE_S = 0.1"

KEPT = """
import asyncio
import pytest
from hypothesis import given, settings, strategies

@pytest.fixture
async def bell():
    async with asyncio.TaskGroup() as group, asyncio.timeout(60):
        rung = asyncio.Event()
        group.create_task(rung.wait())
        yield rung
        rung.set()

@pytest.fixture
async def number(bell):
    await asyncio.sleep(0)
    return 3

async def test_fixtures_share_the_loop_of_their_test(bell, number):
    assert number == 3
    assert bell._loop in (None, asyncio.get_running_loop())

def test_a_plain_test_may_use_a_coroutine_fixture(number):
    assert number == 3

@settings(max_examples=5)
@given(number=strategies.integers())
async def test_hypothesis_calls_a_coroutine(number):
    await asyncio.to_thread(int)

class TestInAClass:
    async def test_a_method(self, number):
        assert number == 3
"""

KEPT_ON_THE_WINDOWS_LOOP = """
import asyncio
import pytest
from PySide6.QtWidgets import QLabel

@pytest.mark.parametrize("round", range(5))
async def test_the_loop_is_the_windows_own(round):
    label = QLabel("shown")
    label.show()
    await asyncio.sleep(0.001)
    await asyncio.to_thread(int)
    label.close()
    await asyncio.sleep(0.001)

    assert type(asyncio.get_running_loop()).__name__ == "WindowLoop"
"""

KEPT_APART_FROM_ANOTHERS_KEYS = """
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

@pytest.mark.parametrize("round", range(2))
def test_no_key_is_held_down(qapp, round):
    assert QApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier
    QTest.keyClick(QLabel(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
"""

BROKEN = {
    "tasks": """
import asyncio

async def test_leaves_a_task():
    asyncio.get_running_loop().kept = asyncio.create_task(asyncio.sleep(60))
""",
    "threads": """
import threading

def test_leaves_a_thread(request):
    stop = threading.Event()
    threading.Thread(target=stop.wait, args=(2,)).start()
""",
    "windows": """
from PySide6.QtWidgets import QLabel

def test_leaves_a_window(qapp):
    qapp.kept = QLabel("shown")
    qapp.kept.show()
""",
}


@pytest.fixture
def run_tests(tmp_path):
    def run(text, folder):
        tests = tmp_path / "tests"
        (tests / folder).mkdir(parents=True)
        rules = (HERE / "conftest.py").read_text(encoding="utf-8")
        (tests / "conftest.py").write_text(rules.replace(PATIENCE, IMPATIENCE), encoding="utf-8")
        (tmp_path / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
        (tests / folder / "test_it.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", str(tests)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize(
    ("text", "folder", "passed"),
    [(KEPT, "core", 4), (KEPT_ON_THE_WINDOWS_LOOP, "ui", 5), (KEPT_APART_FROM_ANOTHERS_KEYS, "ui", 2)],
)
def test_coroutines_run_as_tests_and_fixtures(run_tests, text, folder, passed):
    done = run_tests(text, folder)

    assert done.returncode == 0, done.stdout
    assert f"{passed} passed" in done.stdout


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_left_behind_fails_the_test(run_tests, what):
    done = run_tests(BROKEN[what], "ui")

    assert done.returncode == 1
    assert f"the test left {what}" in done.stdout


SHOWS = {
    # what shows words: the places of its arguments that are no words for people
    **dict.fromkeys(("setText", "setToolTip", "setStatusTip", "setWindowTitle", "setPlaceholderText", "setTitle"), ()),
    **dict.fromkeys(("setAccessibleName", "setAccessibleDescription", "addAction", "addMenu", "set_title"), ()),
    **dict.fromkeys(("set_words", "show_text", "say", "Chip", "QLabel", "QAction", "QPushButton"), ()),
    **dict.fromkeys(("QRadioButton", "QCheckBox", "Section", "EmptyPlace", "Row", "Offer"), ()),
    **dict.fromkeys(("label", "wrapped", "button", "ElidedLabel", "set_caption"), (1,)),  # which look
    **dict.fromkeys(("show_words", "tell"), (0,)),  # good, warn or bad
    "addRow": (),
}
SAME_IN_EVERY_LANGUAGE = {"xsconsole", "root", "https://xen-1.example"}


def plain_words(node: ast.expr) -> Iterator[str]:
    """Yield the literal words that an expression may show, without those that are translated."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            yield from plain_words(first)
            yield from plain_words(second)
        case ast.BoolOp(values=parts):
            for part in parts:
                yield from plain_words(part)


def untranslated(source: str) -> list[str]:
    """Return the words that a module shows and no translator ever sees, with their lines."""
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name not in SHOWS:
            continue
        given = [argument for at, argument in enumerate(call.args) if at not in SHOWS[name]]
        given += [keyword.value for keyword in call.keywords if keyword.arg != "mark"]
        words = [text for argument in given for text in plain_words(argument)]
        found += [
            f"{call.lineno}: {text}"
            for text in words
            if re.search("[A-Za-z]{2}", text) and text not in SAME_IN_EVERY_LANGUAGE
        ]
    return found


@pytest.mark.parametrize("module", sorted(WINDOW.rglob("*.py")), ids=lambda module: module.stem)
def test_what_the_window_shows_goes_through_tr(module):
    assert untranslated(module.read_text(encoding="utf-8")) == []


def test_words_that_bypass_tr_are_found():
    source = """
self.state.setText("Connecting")
self.state.setToolTip(f"Last heard of {when}" if when else "")
self.go = pieces.button("Go", "primary", self)
self.news.show_words("bad", "It failed.", self.tr("Try again."))
rows.append(Row(mark=Mark.DONE, text="No downtime"))
self.name.setText("xsconsole")
self.fine.setText(self.tr("Done."))
self.size.setText(f"{done} / {total}")
"""

    assert untranslated(source) == [
        "2: Connecting",
        "3: Last heard of ",
        "4: Go",
        "5: It failed.",
        "6: No downtime",
    ]


PUTS = {"addLayout", "setLayout", "insertLayout", "addRow"}
FILLS = re.compile("(add|insert)(Widget|Layout|Stretch|Spacing|Row|Item|SpacerItem)")


def items_made_known(source: str) -> list[str]:
    """Return, with their lines, the layouts that are put into another one with something in them, and `itemAt`.

    PySide (6.11 at least) makes a Python object for each item of such a layout, which stays when the item goes. What is
    then made at its address brings the process down when Qt destroys it: shiboken takes one for the other.
    """
    found = []
    for function in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)):
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        named = [(call.func.attr, call.func.value, call) for call in calls if isinstance(call.func, ast.Attribute)]
        filled: dict[str, int] = {}
        for name, layout, call in named:
            if FILLS.fullmatch(name):
                line = filled.setdefault(ast.unparse(layout), call.lineno)
                filled[ast.unparse(layout)] = min(line, call.lineno)
        for name, _, call in named:
            if name in PUTS:
                given = map(ast.unparse, call.args)
                found += [f"{call.lineno}: {inner}" for inner in given if filled.get(inner, call.lineno) < call.lineno]
            if name == "itemAt":
                found.append(f"{call.lineno}: itemAt")
    return found


def test_every_box_to_tick_is_ours():
    """Qt's own draws its frame in the colour of what lies behind, where nobody sees it."""
    made = re.compile(r"\bQCheckBox\(")
    assert [file.name for file in WINDOW.rglob("*.py") if made.search(file.read_text(encoding="utf-8"))] == []


def test_nobody_keeps_a_layout_that_keeps_its_items():
    """A `Flow` lets its items go when its widget goes, unless somebody still has hold of it in Python."""
    kept = re.compile(r"self\.\w+ = Flow\(")
    assert [file.name for file in WINDOW.rglob("*.py") if kept.search(file.read_text(encoding="utf-8"))] == []


def test_a_layout_is_put_in_its_place_before_it_is_filled():
    wrong = {module: items_made_known(module.read_text(encoding="utf-8")) for module in WINDOW.rglob("*.py")}

    assert {str(module): lines for module, lines in wrong.items() if lines} == {}


def test_a_layout_that_is_filled_too_soon_is_found():
    source = """
def lay_out(self):
    row = QHBoxLayout()
    row.addWidget(self.go)
    self.foot.addStretch(1)
    column = QVBoxLayout(self)
    column.addLayout(row)
    column.insertLayout(0, self.foot)
    late = QHBoxLayout()
    column.addLayout(late, 1)
    late.addWidget(self.stop)
    first = column.itemAt(0)
    form.addRow(self.name, self.foot)
"""

    assert items_made_known(source) == ["7: row", "8: self.foot", "12: itemAt", "13: self.foot"]
