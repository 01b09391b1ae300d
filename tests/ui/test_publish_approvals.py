"""Approvals of a publication in the window: by buttons, and by file for people off the pool."""

from functools import partial

import pytest

from tests.ui.board_window import console, no_passphrase_needed, open_window, pool
from tests.ui.designing import texts
from tests.ui.filing import file_into
from tests.ui.live_console import failing_jobs, until
from xsconsole.console import Console
from xsconsole.console.publication.approvals import read_asked, write_paper
from xsconsole.domain.ids import PersonId
from xsconsole.domain.workflow import ApprovalRule, Person, default_workflow, to_json
from xsconsole.domain.workflow.edits import change_stage, change_workflow
from xsconsole.errors import Refused
from xsconsole_ui.workflow.publishing.decide_dialog import DecideDialog

__all__ = ["console", "pool"]


@pytest.fixture
async def bob(tmp_path):
    """Somebody off the pool, with a home and a key of their own."""
    opened = await Console.open(tmp_path / "bob", passphrase=no_passphrase_needed)
    yield opened
    await opened.close()


@pytest.fixture
async def window(console, bob, qapp):
    """The window over a version that demands an approval of Ann, whose key it has, or of Bob."""
    keys = {"ann": console.home.key_fingerprint, "bob": bob.home.key_fingerprint}
    people = tuple(Person(id=PersonId(name), name=name.title(), fingerprints=(key,)) for name, key in keys.items())
    rule = ApprovalRule(count=1, people=tuple(person.id for person in people))
    base = console.board.workflow
    ruled = change_workflow(base, people=people, publishing=(rule,))
    await console.publishing.publish(console.publishing.plan(ruled, base=base))
    opened = await open_window(console, qapp)
    opened.go("workflow")
    await until(lambda: opened.workflow.desk.workflow.version == 2)
    yield opened
    await opened.end()


@pytest.fixture
async def sheet(window):
    desk = window.workflow.desk
    desk.do("Look", change_stage(desk.workflow, "staging", name="Last look"))
    opened = window.workshop.publish_sheet()
    opened.open()
    yield opened
    opened.close()
    opened.deleteLater()


async def test_a_file_goes_out_and_a_signed_decision_comes_in(sheet, bob, console, tmp_path):
    approvals = sheet.approvals
    asked, decision = tmp_path / "asked.json", tmp_path / "decision.json"
    assert not sheet.go.isEnabled()
    assert any("demands approval of the next one" in line for line in texts(sheet.obstacles))

    await approvals.papers.write_to(partial(write_paper, console.publishing.request(sheet.plan)), asked)
    dialog = DecideDialog(await read_asked(asked), bob.home, failing_jobs())
    dialog.open()
    assert dialog.title.text() == "Publish version 3 of “Release to production” on acme"
    assert any("“Last look”" in line for line in texts(dialog.changes))
    assert not dialog.news.isVisible()
    dialog.refuse.click()
    await until(dialog.news.isVisible)
    assert dialog.news.headline == "A rejection needs its reason."
    dialog.reason.setText("Read it")
    dialog.approve.click()
    await file_into(dialog.papers, decision)
    await until(decision.exists)
    dialog.deleteLater()

    await approvals.open_decision(str(decision))
    await until(lambda: sheet.plan.tally.is_satisfied)
    assert sheet.news.headline == "The decision is on the pool, and on record."
    if sheet.is_agreed.isVisible():
        sheet.is_agreed.click()
    assert sheet.go.isEnabled(), sheet.why_not.text()


async def test_files_that_are_forged_or_of_another_kind_are_refused_with_the_reason(
    window, sheet, bob, tmp_path, console
):
    asked = tmp_path / "asked.json"
    await sheet.approvals.papers.write_to(partial(write_paper, console.publishing.request(sheet.plan)), asked)
    changed = tmp_path / "changed.json"
    changed.write_text(asked.read_text(encoding="utf-8").replace("Last look", "Least look"), encoding="utf-8")
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 1_000_000, encoding="utf-8")
    workflow = tmp_path / "workflow.json"
    workflow.write_bytes(to_json(default_workflow()))

    for path, reason in (
        (changed, "signature of the request does not match"),
        (deep, "holds no request that this console can read"),
        (workflow, "holds no request that this console can read"),
    ):
        with pytest.raises(Refused, match=reason):
            await window.workshop.open_request(str(path))
    with pytest.raises(Refused, match="is a request to publish a workflow; a decision is wanted here"):
        await sheet.approvals.open_decision(str(asked))
    own = DecideDialog(await read_asked(asked), console.home, failing_jobs())
    own.open()
    own.approve.click()
    await until(own.news.isVisible)
    assert own.news.headline == "This console asked for it, and nobody decides on what they asked for."
    own.close()
    own.deleteLater()


async def test_a_rejection_by_button_needs_a_reason_and_is_on_record(window, sheet, console):
    approvals = sheet.approvals
    assert approvals.approve.isEnabled()
    assert not approvals.refuse.isEnabled()
    assert approvals.refuse.toolTip() == "A rejection needs its reason."

    approvals.reason.setText("Too early")
    assert approvals.refuse.isEnabled()
    approvals.refuse.click()

    await until(lambda: sheet.news.headline == "Your rejection is on record.")
    await until(lambda: sheet.plan.tally.ignored or sheet.plan.tally.rejected)
