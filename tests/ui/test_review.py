"""A bundle in a window of its own: verdicts line by line, rows, the board and the graph at any of them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.reports.bundles import BEGIN, CHAIN, KEY, STRANGER, bundled, told
from tests.reports.databases import database_of
from tests.reports.stories import EVIL, NUMBERS, full_story
from tests.ui.live_console import until
from xsconsole.console.review import Review, open_review
from xsconsole.errors import AlreadyThere, Refused
from xsconsole.reports.bundle import Order, write_bundle
from xsconsole.reports.html import bundle_page
from xsconsole.store.keys import is_signature
from xsconsole_ui.audit.fields import Column
from xsconsole_ui.review.compare import CompareMoments
from xsconsole_ui.review.moment import workflow_of
from xsconsole_ui.review.paper import document_of, write_pdf
from xsconsole_ui.review.window import BOARD, GRAPH, ReviewWindow
from xsconsole_ui.theme import Theme


def written(file: Path) -> Path:
    """Write the bundle of a small history with its real page."""
    story = full_story()
    given = {"made_at": BEGIN, "made_by": EVIL, "asked": (EVIL,), "absent": ("x",), "chain_id": CHAIN}
    order = Order(redacted=(), head=story.head, **given)
    page = bundle_page(lambda fields: f"row {fields['seq']}", is_signature)
    with file.open("w+b") as out:
        write_bundle(out, story.source(), story, order, KEY, page, b"#", is_signature, lambda _: None)
    return file


@pytest.fixture
async def review(tmp_path: Path) -> Review:
    return await open_review(written(tmp_path / "shop <b>.xsaudit"))


@pytest.fixture
async def window(review: Review, qapp: QApplication) -> AsyncIterator[ReviewWindow]:
    made = ReviewWindow(review, Theme(qapp))
    made.show()
    made.activateWindow()  # keys of shortcuts go to the active window only
    await until(lambda: made.model.rowCount() == 23 and made.isActiveWindow())
    yield made
    await made.end()
    made.deleteLater()


async def test_a_bundle_is_walked_by_key_and_shows_rows_board_graph_and_the_chain(window: ReviewWindow) -> None:
    assert [line[0] for line in window.side.verdict_lines] == [*"✓✓✓✓✓✓?✓?✓?✓"]
    assert "Nobody from outside vouches" in window.side.trust.text()
    assert window.status.text() == "23 of 23 rows shown"
    assert window.details.header.title == "Row 23"

    window.go_to(7)
    assert [re.split(r"  +", link)[0] for link in window.chain.links] == [*"123456"]
    assert dict(window.details.fields)["Reason"] == "CVE list reviewed"

    window.views.button(BOARD).setChecked(True)
    assert "Staging: shop 1.3.0" in window.moment.board.words
    QTest.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    await until(lambda: window.details.header.title == "Row 8")  # the opening of the run
    window.bar.step_on()
    assert window.details.header.title == "Row 10"
    assert "Staging: nothing" in window.moment.board.words
    production = next(words for words in window.moment.board.words if words.startswith("Production"))
    assert "shop 1.2.0, shop 1.3.0" in production
    assert "\u202e" not in production
    window.moment.board.setFocus()
    QTest.keyClick(window.moment.board.sheet, Qt.Key.Key_Down)
    QTest.keyClick(window.moment.board.sheet, Qt.Key.Key_Down)
    assert dict(window.details.fields)["Member"].startswith("shop-")
    window.bar.step_back()
    assert window.details.header.title == "Row 8"

    window.views.button(GRAPH).setChecked(True)
    marks = window.moment.graph.marks.stages
    assert {stage: mark.words for stage, mark in marks.items()} == {"staging": "1 here", "production": "2 here"}
    window.go_to(1)
    assert window.moment.nothing.isVisible()
    assert not window.bar.back.isEnabled()
    window.timeline.asked.emit(59)
    assert window.details.header.title == "Row 23"

    window.filter.set_text("who:dana")
    await until(lambda: window.model.rowCount() == 1)
    assert window.model.index(0, Column.SEQ).data() == "7"
    QTest.keyClick(window.filter.line, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    await window.until_closed()


async def test_two_moments_are_compared_also_of_another_file(window: ReviewWindow, tmp_path: Path) -> None:
    dialog = CompareMoments(window.review, 23, window.jobs, window)
    rows = [dialog.model.row(at) for at in range(dialog.model.rowCount())]
    story = full_story()
    story.rows[3]["digest"] = "00" * 32
    (tmp_path / "other").write_bytes(bundled(story))

    assert dialog.first.row.value() == 2
    assert [(row.what, row.name, row.before, row.after) for row in rows if row] == [
        ("− went", "crm =cmd()|<script>alert(1)</script>\ufffd\ufffd[2J", "Production", ""),
        ("≠ moved", "shop 1.3.0", "Staging", "Production"),
        ("≠ workflow", "Workflow, name: “Release to production” → “Other”", "", ""),
        ("≠ workflow", "Workflow, version: 1 → 2", "", ""),
        ("≠ workflow", "Person Dana Sec added", "", ""),
    ]
    dialog.first.row.setValue(23)
    assert dialog.summary.text().startswith("Both moments are equal.")
    await dialog.open_file(tmp_path / "none", dialog.second)
    assert "cannot be read" in dialog.news.text
    await dialog.open_file(tmp_path / "other", dialog.second)
    assert dialog.news.headline == "other does not verify."
    assert dialog.second.review.doubts(4)
    dialog.deleteLater()


async def test_the_report_is_put_on_paper_with_the_same_numbers(review: Review, tmp_path: Path) -> None:
    page = review.report()
    text = document_of(page).toPlainText()
    file = tmp_path / "a.pdf"

    write_pdf(page, file)

    for name, number in NUMBERS.items():
        assert re.search(rf"\b{number}\n[^\n]+\n{name}\.jsonl", text), name
    assert "23 with their values, in rows 1 to 23" in text
    assert "alert(1)" in text
    assert "default-src" not in text
    assert file.read_bytes().startswith(b"%PDF-1.")
    with pytest.raises(AlreadyThere):
        write_pdf(page, file)
    for refused, content in ((tmp_path / "none" / "a.pdf", page), (tmp_path / "b.pdf", "")):
        with pytest.raises(Refused):
            write_pdf(content, refused)


@pytest.mark.parametrize("name", ["cut", "foreign"])
async def test_a_file_that_is_no_bundle_opens_and_says_so(name: str, tmp_path: Path, qapp: QApplication) -> None:
    file = written(tmp_path / "a.xsaudit")
    content = file.read_bytes()
    file.write_bytes(content[: content.index(b"events.csv")] if name == "cut" else EVIL.encode())
    window = ReviewWindow(await open_review(file), Theme(qapp))
    window.show()

    await until(lambda: window.model.rowCount() == (23 if name == "cut" else 0) and window.status.text())

    assert window.side.trust.text().startswith("This file is not whole:")
    assert window.side.verdict_lines[0].startswith("✗ It is no zip")
    assert "is not whole" in window.print.toolTip()
    assert window.compare.isEnabled() is (name == "cut")
    assert window.bar.back.isEnabled() is (name == "cut")
    assert (workflow_of(window.review.past(5)) is not None) is (name == "cut")
    await window.end()
    window.deleteLater()


async def test_a_bundle_and_a_database_of_another_console_are_one_list_and_a_page(
    tmp_path: Path, qapp: QApplication
) -> None:
    story = told(4, key=STRANGER, chain="be" * 16, change=lambda _, fields: fields.update(console_name=EVIL))
    story.rows[1]["values"]["actor"]["value"] = '"mallory"'
    other = database_of(story, tmp_path / "console.db")
    window = ReviewWindow(await open_review(written(tmp_path / "a.xsaudit"), others=[other]), Theme(qapp))
    window.show()
    await until(lambda: window.model.rowCount() == 27 and window.status.text())

    numbers = [window.model.index(at, Column.SEQ).data() for at in range(27)]
    assert numbers[0].startswith("23 · laptop =cmd()")
    assert [number.partition(" · ")[0] for number in numbers[-5:]] == ["1", "4", "3", "✗ 2", "1"]
    assert "\u202e" not in "".join(numbers)
    assert window.side.trust.text() == "Something is wrong with one of these files: see the verdicts."
    wrong = [line for line in window.side.verdict_lines if line[0] == "✗"]
    assert wrong == ["✗ The value of actor in row 2 does not match its hash."]
    window.go_to(2)
    assert dict(window.details.fields)["Row"] == f"2 of chain {'be' * 16}"
    dialog = CompareMoments(window.review, 23, window.jobs, window)
    assert dialog.first.file.whole == dialog.second.file.whole == "a.xsaudit + console.db"
    assert window.windowTitle().startswith("a.xsaudit + console.db — ")
    dialog.show()
    assert dialog.first.file.text() == dialog.first.file.whole, "there is room for it"
    await dialog.open_file(other, dialog.second)
    assert (dialog.first.file.whole, dialog.second.file.whole) == ("a.xsaudit + console.db", "console.db")
    dialog.deleteLater()
    assert window.print.isEnabled()
    write_pdf(window.review.report(), tmp_path / "together.pdf")
    assert (tmp_path / "together.pdf").read_bytes().startswith(b"%PDF-1.")
    await window.end()
    window.deleteLater()
