"""The audit list: read page by page, newest first, verified on demand, copied safely."""

import csv
import io
from datetime import UTC, datetime

import msgspec
import pytest
from embedded import embedded_pool
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from tests.ui.live_console import connect, failing_jobs, open_console, until
from xsconsole.console import Estate
from xsconsole.domain.ids import PersonId
from xsconsole.domain.inventory import VM
from xsconsole.domain.record import AuditEvent, AuditQuery, AuditRow, Fact
from xsconsole.domain.signing import key_fingerprint, text_of
from xsconsole.domain.wording.record import READ_VERDICTS, read_rows
from xsconsole.domain.workflow import Person, default_workflow
from xsconsole.engine.commands import Confirmed, Create, NewMember
from xsconsole_ui import times
from xsconsole_ui.audit import AuditPanel
from xsconsole_ui.audit.fields import Column, all_fields
from xsconsole_ui.audit.panel import LEAST_WHAT, PAGE_ROWS
from xsconsole_ui.dense_table import csv_field, csv_text
from xsconsole_ui.theme import Theme


@pytest.fixture
async def console(tmp_path):
    async with open_console(tmp_path) as opened:
        opened.home.evidence.look_at(read_rows(""))  # on record already, so that tests count their own rows
        yield opened


@pytest.fixture
async def panel(console, qapp):
    jobs = failing_jobs()
    made = AuditPanel(Estate.of(console), Theme(qapp), jobs)
    made.resize(1200, 500)
    made.show()
    await until(lambda: made.row_count)
    yield made
    made.stop()
    await jobs.close()
    made.close()
    made.deleteLater()


def fact(number, **fields):
    return Fact(event=AuditEvent.OBSERVED, configuration_name=f"shop {number}", **fields)


def column(panel, which):
    return [panel.model.index(row, which).data() for row in range(panel.row_count)]


async def test_who_reads_is_on_record_once_for_each_filter(panel, console):
    assert panel.isVisible()
    for text in ("who:alice", " who:alice", "who:bob"):
        panel.filter.set_text(text)
        panel.note_reading()
    panel.verify.click()
    panel.verify.click()
    panel.filter.set_text("")
    await until(lambda: column(panel, Column.WHAT).count("Looked into the record: its verification") == 1)
    rows = await console.audit_page(AuditQuery(event=AuditEvent.AUDIT_READ))
    told = sorted(str((row.fact.details or {})["what"]) for row in rows)
    assert told == [READ_VERDICTS, read_rows("who:alice"), read_rows("who:bob")]


async def test_new_rows_appear_above_by_themselves(panel, qtmodeltester, console):
    qtmodeltester.check(panel.model, force_py=True)

    await console.record(fact(1), fact(2))

    await until(lambda: panel.row_count == 3)
    assert column(panel, Column.SEQ) == ["3", "2", "1"]
    assert column(panel, Column.CONFIGURATION) == ["shop 2", "shop 1", ""]


async def test_older_rows_are_fetched_as_one_scrolls(tmp_path, qapp, console):
    await console.record(*(fact(number) for number in range(2 * PAGE_ROWS)))
    jobs = failing_jobs()
    panel = AuditPanel(Estate.of(console), Theme(qapp), jobs)
    panel.resize(1200, 400)
    panel.show()
    await until(lambda: panel.row_count)
    first = panel.row_count

    for _ in range(2):
        seen = panel.row_count
        panel.view.scrollToBottom()
        await until(lambda seen=seen: panel.row_count > seen)

    assert first == PAGE_ROWS
    assert column(panel, Column.SEQ) == [str(seq) for seq in range(2 * PAGE_ROWS + 1, 0, -1)]
    panel.stop()
    await jobs.close()
    panel.close()
    panel.deleteLater()


async def test_a_filter_narrows_the_rows(panel, console):
    await console.record(fact(1), fact(2, reason="because of the moon"))

    panel.filter.set_text("moon")

    await until(lambda: column(panel, Column.CONFIGURATION) == ["shop 2"])


async def test_a_filter_that_finds_nothing_says_so(panel):
    panel.filter.set_text("no such words")

    await until(panel.empty.isVisible)


async def test_the_chain_is_verified_on_demand(panel):
    panel.verify.click()

    await until(panel.verdicts.isVisible)
    assert panel.verdicts.text.startswith("The record is whole.")
    assert panel.verify.isEnabled()


async def test_the_selected_row_shows_all_its_fields_and_copies_them(panel, console):
    await console.record(fact(1, actor="alice", reason='he said "no", twice'))
    await until(lambda: panel.row_count == 2)

    panel.view.selectRow(0)
    panel.details.as_csv.click()
    copied = dict(csv.reader(io.StringIO(QGuiApplication.clipboard().text())))

    assert dict(panel.details.fields)["Reason"] == 'he said "no", twice'
    assert copied["Reason"] == 'he said "no", twice'
    assert copied["Who"] == "alice"
    assert len(copied["Digest"]) == 64


async def test_selected_rows_copy_as_text_and_as_csv(panel, console):
    await console.record(fact("\ta\nb"), fact(1))
    await until(lambda: panel.row_count == 3)
    panel.view.selectAll()

    panel.view.copy_text()
    lines = QGuiApplication.clipboard().text().split("\n")
    panel.view.copy_csv()
    table = list(csv.reader(io.StringIO(QGuiApplication.clipboard().text())))

    assert len(lines) == 4
    assert [row[Column.SEQ] for row in table] == ["#", "3", "2", "1"]
    assert all(datetime.fromisoformat(row[Column.TIME]).tzinfo for row in table[1:])
    assert all(len(row[Column.DIGEST]) == 64 for row in table[1:])


async def test_what_matters_fits_where_the_docks_are_open_and_the_digest_comes_back_with_room(panel):
    view = panel.view
    for width, shows_digest in ((770, False), (1200, True), (770, False)):
        panel.resize(width, 500)
        await until(lambda: view.isColumnHidden(Column.DIGEST) is not shows_digest)  # noqa: B023 - awaited here

        assert view.horizontalHeader().length() <= view.viewport().width()
        assert view.columnWidth(Column.WHAT) >= LEAST_WHAT
        assert not view.isColumnHidden(Column.WHO)


def test_a_decision_names_whose_key_it_is_and_a_manifest_stays_short():
    public_key = text_of(bytes(32))
    ann = Person(id=PersonId("ann"), name="Ann", fingerprints=(key_fingerprint(bytes(32)),))
    workflow = msgspec.structs.replace(default_workflow(), people=(ann,))
    decisions = [{"meaning": "approve", "public_key": public_key, "actor": actor} for actor in ("ann@acme", "")]
    details = {
        "warrant": {"decisions": decisions},
        "in_place": {"name": "shop 1.2.0", "manifest": {"members": [{}, {}]}},
    }
    row = AuditRow(
        chain="c", seq=1, digest="d", at=datetime.now(UTC), console="", os_user="", fact=fact(1, details=details)
    )

    def told(known):
        return [text for name, text in all_fields(row, known, str) if name in ("Decided by", "Had the place")]

    assert told(workflow)[:2] == ["Ann, logged in as ann@acme (approve)", "Ann, by file: the key alone (approve)"]
    assert told(workflow)[2].startswith("shop 1.2.0: what it was then: 2 members")
    assert "pins the key" in told(None)[0]


def test_an_audit_row_of_today_tells_the_second_and_an_older_one_its_day():
    at = datetime(2025, 11, 26, 23, 4, 5).astimezone()

    assert times.row_time(at, at) == "23:04:05"
    assert times.row_time(at, at.replace(day=28)) == "26 Nov 23:04"
    assert times.row_time(at, at.replace(year=2026)) == "2025-11-26"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", '=HYPERLINK("x")', "  =1", "plain", 'a"b,c\nd']
)
def test_no_field_of_a_csv_is_a_formula(text):
    (row,) = csv.reader(io.StringIO(csv_text([[text]]), newline=""))

    assert not row[0].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    assert row[0].removeprefix("'") == text
    assert csv_field(text).startswith('"')


async def test_a_run_leaves_its_rows_from_the_intent_to_the_outcome(panel, console, tmp_path):
    with embedded_pool("--speed", "20") as pool:
        await connect(console, pool)
        vm = next(vm for vm in console.inventory.all(VM) if vm.name_label == "jumpbox")
        command = Create(service="lab", version="1", stage="integration", members=(NewMember(vm=vm.uuid),))
        await console.finished(await console.do(Confirmed(command=command, digest=console.plan(command).digest)))

        await until(lambda: any(text.startswith("Ended") for text in column(panel, Column.WHAT)))
        await until(lambda: any(card.name == "lab 1" for card in console.board.cards.values()))
        panel.view.selectRow(next(at for at, row in enumerate(panel.model.rows) if row.fact.run is not None))
        led = {link.kind: link for link in panel.details.links}
        wanted = []
        panel.card_wanted.connect(wanted.append)
        panel.details.followed.emit(led["configuration"])
        step = Fact(event=AuditEvent.STATED, details={"action": {"vm": vm.uuid}, "request": "gone", "left_in": "x"})
        gone = Fact(event=AuditEvent.FOREIGN, configuration_name="crm", configuration="gone", details={"vm": "gone"})
        await console.record(step, gone)
        # An anchor may follow them.
        await until(lambda: any(row.fact.event is AuditEvent.FOREIGN for row in panel.model.rows))
        foreign = next(at for at, row in enumerate(panel.model.rows) if row.fact.event is AuditEvent.FOREIGN)
        panel.view.selectRow(foreign + 1)
        machine = panel.details.links
        captions = [name for name, _ in panel.details.fields]
        panel.view.selectRow(foreign)
        await console.disconnect()

    assert wanted == [card.id for card in console.board.cards.values() if card.name == "lab 1"]
    assert led["run"].text == "All rows of its run"
    assert [(link.text, link.is_there) for link in machine] == [
        ("jumpbox in the inventory", True),
        ("The request stands no more", False),
    ]
    assert "Left in" in captions
    assert [link.text for link in panel.details.links] == ["crm is on no board any more", "The machine is gone"]
    what = column(panel, Column.WHAT)
    assert any(text.startswith("Began: ") for text in what)
    assert [int(seq) for seq in column(panel, Column.SEQ)] == list(range(panel.row_count, 0, -1))


async def test_arrows_walk_the_rows_and_their_fields(panel, console):
    await console.record(fact(1))
    await until(lambda: panel.row_count == 2)
    panel.view.setCurrentIndex(panel.model.index(0, 0))

    QTest.keyClick(panel.view, Qt.Key.Key_Down)

    assert panel.details.header.title == "Row 1"
