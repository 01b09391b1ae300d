"""From the place of the audit: a bundle of what is shown, the chain of a promotion, the board as a row left it."""

import pytest

from tests.reports.bundles import contents
from tests.ui.live_console import failing_jobs, open_console, until
from xsconsole.console import Estate
from xsconsole.domain.ids import ConfigurationId, RunId, Uuid
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact, Outcome
from xsconsole_ui.audit import AuditPanel
from xsconsole_ui.audit.export_dialog import ExportDialog
from xsconsole_ui.audit.past_dialog import PastDialog
from xsconsole_ui.theme import Theme

PLAN = {"plan": "8c" * 32}


@pytest.fixture
async def console(tmp_path):
    async with open_console(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
async def panel(console, qapp):
    jobs = failing_jobs()
    about = {"configuration": ConfigurationId("c"), "configuration_name": "shop <b> 1.3.0", "run": RunId("r")}
    await console.record(
        Fact(event=AuditEvent.REQUESTED, actor="alice", reason="the release", details=PLAN),
        Fact(event=AuditEvent.RUN_OPENED, actor="alice", pool=Uuid("p"), target="staging", details=PLAN, **about),
        Fact(event=AuditEvent.STEP_SETTLED, actor="alice", outcome=Outcome.DONE, pool=Uuid("p"), step="s", **about),
        Fact(event=AuditEvent.COMMAND_REFUSED, actor="bob", reason="no"),
    )
    made = AuditPanel(Estate.of(console), Theme(qapp), jobs)
    made.resize(1200, 600)
    made.show()
    await until(lambda: made.row_count >= 5)
    yield made
    made.stop()
    await jobs.close()
    made.close()
    made.deleteLater()


def select(panel, event):
    at = next(at for at, row in enumerate(panel.model.rows) if row.fact.event is event)
    panel.view.selectRow(at)


async def test_what_the_filter_shows_is_exported_and_so_is_one_promotion(panel, console, tmp_path):
    select(panel, AuditEvent.STEP_SETTLED)
    panel.filter.set_text("who:bob")
    await until(lambda: panel.row_count == 1)
    panel.offers.export.trigger()
    await until(lambda: isinstance(panel.offers.dialog, ExportDialog))
    dialog = panel.offers.dialog
    dialog.redactions["reasons"].setChecked(True)

    await dialog.export(tmp_path / "bob.xsaudit")

    files = contents((tmp_path / "bob.xsaudit").read_bytes())
    assert dialog.about.currentText() == "What the filter shows: “who:bob”"
    assert files["events.csv"].count(b"\r\n") == 2
    assert b'"no"' not in files["events.csv"]
    assert b"who:bob" not in files["report.html"]  # whoever withholds something withholds the question
    assert "1 of the rows" in dialog.news.text
    assert console.home.key_fingerprint in dialog.news.text.replace("\u200b", "")
    dialog.close()
    await until(lambda: panel.offers.dialog is None)

    panel.filter.set_text("")
    await until(lambda: panel.row_count > 5)
    select(panel, AuditEvent.STEP_SETTLED)
    panel.offers.export.trigger()
    await until(lambda: isinstance(panel.offers.dialog, ExportDialog))
    dialog = panel.offers.dialog
    about = [dialog.about.itemText(at) for at in range(dialog.about.count())]
    dialog.about.setCurrentIndex(3)
    await dialog.export(tmp_path / "run.xsaudit")

    assert about == [
        "All rows",
        "The service shop <b>",
        "The configuration shop <b> 1.3.0",
        "The run r of the selected row, with its approvals",
    ]
    assert b"request.made" in contents((tmp_path / "run.xsaudit").read_bytes())["approvals.jsonl"]
    closed = await console.audit_page(AuditQuery(event=AuditEvent.EXPORT_CLOSED))
    assert [row.fact.outcome for row in closed] == [Outcome.DONE, Outcome.DONE]
    dialog.close()
    await until(lambda: panel.offers.dialog is None)


async def test_a_row_shows_its_chain_and_the_board_that_it_left(panel):
    select(panel, AuditEvent.STEP_SETTLED)
    await until(lambda: len(panel.offers.chain.links) == 2)
    panel.offers.chain.asked.emit(panel.model.rows[-2].seq)
    assert panel.details.header.title == "Row 2"
    select(panel, AuditEvent.COMMAND_REFUSED)
    await until(lambda: not panel.offers.chain.links)

    panel.offers.board.trigger()
    await until(lambda: isinstance(panel.offers.dialog, PastDialog))
    dialog = panel.offers.dialog

    assert dialog.moment.board.words == ("staging: shop <b> 1.3.0",)
    assert "others may have stood there" in dialog.moment.unknown.text()
    dialog.views.button(1).setChecked(True)
    assert dialog.moment.nothing.isVisibleTo(dialog)
    dialog.close()
    await until(lambda: panel.offers.dialog is None)

    panel.offers.compared.emit("warn", "They agree.", "? one change")
    assert panel.verdicts.headline == "They agree."
    panel.filter.set_text("who:bob")
    panel.offers.searches.save("of bob")
    assert [one.name for one in panel.offers.searches.searches.saved] == ["of bob"]
