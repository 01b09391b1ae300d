"""Keys and requests by file in the window: shown, saved, pinned in a draft, decided on elsewhere and taken in."""

import pytest
from PySide6.QtWidgets import QApplication

from tests.approving import approved_by
from tests.embedded import EmbeddedPool
from tests.ui.board_window import card_of, console, no_passphrase_needed, pool, window
from tests.ui.filing import file_into
from tests.ui.live_console import failing_jobs
from tests.workflows import put_on
from xsconsole.console import Console, read_key, write_key
from xsconsole.domain.enrolment import key_file
from xsconsole.domain.ids import StageId
from xsconsole.domain.requests.views import RequestState
from xsconsole.engine.commands import Ask, Promote
from xsconsole.errors import Refused
from xsconsole_ui import inbox_actions
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.inbox.filing import RequestDecision
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.own_key import OwnKeyDialog, in_groups
from xsconsole_ui.workflow.enrolling import EnrolDialog

__all__ = ["console", "pool", "window"]


@pytest.fixture
async def dora(tmp_path):
    """Somebody off the pool, with a home and a key of their own."""
    opened = await Console.open(tmp_path / "dora", passphrase=no_passphrase_needed)
    yield opened
    await opened.close()


def shown(window, kind):
    """Return the dialog of a kind that is open; None where none is."""
    return next((one for one in window.findChildren(kind) if one.isVisible()), None)


async def test_the_own_key_is_saved_and_those_of_others_are_pinned_in_the_draft(
    window: MainWindow, console: Console, dora: Console, tmp_path
) -> None:
    own = console.home.key_fingerprint
    window.actions_[inbox_actions.YOUR_KEY].trigger()
    await until(lambda: shown(window, OwnKeyDialog) is not None, "the key")
    dialog = shown(window, OwnKeyDialog)
    assert dialog.shown.text() == in_groups(own)
    assert "pins it to nobody" in dialog.whose.text() or "No workflow is published" in dialog.whose.text()
    dialog.copy.click()
    assert QApplication.clipboard().text() == own
    dialog.name.clear()
    assert not dialog.save.isEnabled()
    dialog.name.setText("Ann")
    dialog.save.click()
    await file_into(dialog.papers, str(tmp_path / "ann.key"))
    assert (await read_key(tmp_path / "ann.key")).fingerprint == own
    dialog.enrol.click()
    await until(lambda: shown(window, EnrolDialog) is not None, "the question")
    asked = shown(window, EnrolDialog)
    assert not asked.advice.isVisible()
    asked.go.click()
    desk = window.workflow.desk
    await until(lambda: any(person.name == "Ann" for person in desk.workflow.people), "Ann in the draft")

    await write_key(key_file(dora.home.signer, "Ann"), tmp_path / "said to be ann.key")
    taking = window.workshop.take_key(str(tmp_path / "said to be ann.key"))
    window.jobs.start(taking, "take in a key")
    await until(lambda: shown(window, EnrolDialog) not in (None, asked), "the question")
    second = shown(window, EnrolDialog)
    assert "let them tell you the first digits" in second.advice.text()
    assert second.called == "Ann"  # never a second person of the same name
    second.go.click()
    keys = {own, dora.home.key_fingerprint}
    await until(lambda: any(set(person.fingerprints) == keys for person in desk.workflow.people), "both keys")
    assert desk.history.undo_label == "Pin a key to “Ann”"
    (tmp_path / "none.key").write_text("{}", encoding="utf-8")
    with pytest.raises(Refused, match="holds no key"):
        await window.workshop.take_key(str(tmp_path / "none.key"))


async def test_somebody_off_the_pool_decides_by_file_in_their_own_window(
    window: MainWindow, console: Console, dora: Console, pool: EmbeddedPool, tmp_path
) -> None:
    keys = {"ann": console.home.key_fingerprint, "dora": dora.home.key_fingerprint}
    put_on(pool, approved_by(keys))
    await until(lambda: console.board.workflow is not None and console.board.workflow.version == 2, "the version")
    card = card_of(console, "shop 1.3.0")
    command = Promote(configuration=card.id, revision=card.revision, target=StageId("production"), reason="release")
    request = await console.requests.ask(Ask(command=command, digest=console.plan(command).digest, ticket="CHG-7"))
    window.go("inbox")
    window.inbox.show_one(request.id)
    page, filing = window.inbox.page, window.inbox.filing
    await until(page.as_file.isVisible, "the page")

    page.as_file.click()
    await file_into(filing.papers, str(tmp_path / "request.json"))
    await until((tmp_path / "request.json").exists, "the file")
    file = await filing.read_request(str(tmp_path / "request.json"))
    theirs = RequestDecision(file, dora.home, failing_jobs())
    theirs.open()
    told = [row.text for row in theirs.rows.rows.rows]
    assert "Ticket CHG-7" in told
    assert "Must be approved by 1 of Operators" in told
    theirs.approve.click()
    await until(theirs.news.isVisible, "the refusal")
    assert theirs.news.headline == "A decision needs its reason."
    theirs.reason.setText("read on the train")
    theirs.approve.click()
    await file_into(theirs.papers, str(tmp_path / "decision.json"))
    theirs.deleteLater()
    window.actions_[inbox_actions.TAKE_IN].trigger()
    await file_into(filing.papers, str(tmp_path / "decision.json"))

    await until(lambda: console.requests.view(request.id).state is RequestState.APPROVED, "the approval")
    told_here = "Dora approved: read on the train (by file: the key alone)"
    await until(lambda: any(row.text == told_here for row in page.approvals.view.rows.rows), "the decision on the page")
    forged = tmp_path / "forged.json"
    forged.write_text((tmp_path / "request.json").read_text(encoding="utf-8").replace("CHG-7", "CHG-8"), "utf-8")
    with pytest.raises(Refused, match="signature of the request does not match"):
        await filing.open_request(str(forged))
