"""Drift stands on the card and is seen whole in a view: a cell chosen, who did it, a rule made and removed, a file."""

from pathlib import Path

from tests.embedded import EmbeddedPool
from tests.ui.board_window import card_of, console, ended, pool, window
from tests.ui.filing import file_into
from xsconsole.console import Console
from xsconsole.domain.comparison import Aspect
from xsconsole.domain.drift import Against
from xsconsole.domain.ids import StageId
from xsconsole.domain.manifest import Verdict
from xsconsole.domain.mending import why_not
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.engine.commands import Mend, Replicate
from xsconsole_ui import actions
from xsconsole_ui.board.lane_model import FACE_ROLE
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.dialogs import ReplaceQuestion
from xsconsole_ui.drifting import DriftDialog
from xsconsole_ui.drifting.rule_dialog import AllowDialog, ChangeDialog
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.membership import ReplicateDialog

__all__ = ["console", "pool", "window"]


def chips(window: MainWindow, stage: StageId, configuration: str) -> list[str]:
    model = window.board.lane(stage).model
    row = next(at for at, row in enumerate(model.all_rows) if row.card.id == configuration)
    return [chip.text for chip in model.index(row).data(FACE_ROLE).chips]


def rows(dialog: DriftDialog) -> list[list[str]]:
    return dialog.list.cells(range(dialog.rows.rowCount()))[1:]


async def test_drift_is_counted_on_the_card_told_cell_by_cell_allowed_and_stated(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    crm = card_of(console, "crm@7.1.1")
    drifting = window.bridge.drifting
    await until(lambda: drifting.of(crm.id) is not None, "what it differs in")
    first = drifting.of(crm.id)
    assert first is not None
    await until(lambda: f"drift: {first.count}" in chips(window, crm.stage, crm.id), "the chip")
    member = crm.members[0]

    with pool.plain_session() as session:
        session.xenapi.VM.set_order(session.xenapi.VM.get_by_uuid(member.uuid), "7")
    more = first.count + 1
    await until(lambda: f"drift: {more}" in chips(window, crm.stage, crm.id), "the change on the card")

    window.board.select(crm.id)
    window.actions_[actions.DRIFT].trigger()
    await until(lambda: window.hands.drift.dialog is not None, "the view")
    dialog = window.hands.drift.dialog
    assert dialog is not None
    column = 1 + tuple(Aspect).index(Aspect.START)
    roles = [dialog.members.index(row, 0).data() for row in range(dialog.members.rowCount())]
    dialog.picture.setCurrentIndex(dialog.members.index(roles.index(member.role), column))
    (row,) = [each for each in rows(dialog) if each[1] == "start order"]
    assert (row[2], bool(row[4]), row[6]) == ("7", True, "drift")
    await until(lambda: any(each[5] == "root, VM.set_order" for each in rows(dialog)), "who did it")
    dialog.all.click()
    assert len(rows(dialog)) == len(first.comparison.judged) + 1

    at = next(at for at, each in enumerate(rows(dialog)) if each[:2] == [member.role, "start order"])
    assert (dialog.allow.isEnabled(), dialog.allow.toolTip()) == (False, "Select one difference first.")
    dialog.list.selectRow(at)
    assert "start order: so since" in dialog.whole.text()
    assert "by root, VM.set_order, as xapi's own log tells." in dialog.whole.text()
    dialog.resize(784, 560)  # a small screen
    assert dialog.list.isColumnHidden(5), "by whom, which stands below"
    assert (dialog.picture.horizontalScrollBar().maximum(), dialog.list.horizontalScrollBar().maximum()) == (0, 0)
    with pool.plain_session() as session:
        machine = session.xenapi.VM.get_by_uuid(member.uuid)
        session.xenapi.VM.set_order(machine, "0")
        await until(lambda: len(rows(dialog)) == len(first.comparison.judged), "the end of what was selected")
        assert dialog.list.selected_rows() == []  # what took its row is not meant
        dialog.list.selectRow(2)
        meant = rows(dialog)[2][:2]
        session.xenapi.VM.set_order(machine, "7")
        await until(lambda: len(rows(dialog)) > len(first.comparison.judged), "it differs again")
    assert [rows(dialog)[at][:2] for at in dialog.list.selected_rows()] == [meant]
    dialog.list.selectRow(at)
    dialog.allow.click()
    await until(lambda: dialog.question is not None and dialog.question.isVisible(), "the question")
    assert isinstance(dialog.question, AllowDialog)
    dialog.question.reason.setText("the lab starts it last")
    dialog.question.everywhere.setChecked(True)
    dialog.question.go.click()
    await until(lambda: f"drift: {first.count}" in chips(window, crm.stage, crm.id), "the rule on the card")
    await until(lambda: dialog.question is None, "the end of the question")
    (rule,) = console.board.allowances
    assert (rule.stage, rule.role, rule.reason) == ("", member.role, "the lab starts it last")

    dialog.rules.click()
    await until(lambda: dialog.rules_view is not None and dialog.rules_view.isVisible(), "all rules")
    rules = dialog.rules_view
    assert rules is not None
    rules.list.selectRow(0)
    rules.change.click()
    await until(lambda: rules.question is not None and rules.question.isVisible(), "the question of a change")
    assert isinstance(rules.question, ChangeDialog)
    assert (rules.question.everywhere.isEnabled(), rules.question.total.isEnabled()) == (False, True)
    rules.question.total.setChecked(True)
    rules.question.go.click()
    await until(lambda: rules.rules.index(0, 4).data() == "2", "the other version")
    await until(lambda: rules.question is None, "the end of the question")
    assert [(one.role, one.version) for one in console.board.allowances] == [("", 2)]
    rules.close_.click()
    await until(lambda: dialog.rules_view is None, "the end of the rules")

    file = tmp_path / "statement.html"
    dialog.export.click()
    await file_into(dialog.papers, file)
    await until(lambda: dialog.news.headline.startswith("The statement is in"), "the statement")
    assert "the lab starts it last" in file.read_text(encoding="utf-8")
    (stated,) = await console.audit_page(AuditQuery(event=AuditEvent.STATED))
    assert (stated.fact.details or {})["left_in"] == str(file)
    dialog.export.click()
    await file_into(dialog.papers, file)
    await until(lambda: isinstance(dialog.papers.asked, ReplaceQuestion), "the question")
    dialog.papers.asked.reject()
    await until(lambda: dialog.papers.asked is None, "the end of the question")
    assert await console.audit_page(AuditQuery(event=AuditEvent.STATED)) == (stated,)  # nothing was left anywhere

    at = next(at for at, each in enumerate(rows(dialog)) if "the lab starts it last" in each[6])
    dialog.list.selectRow(at)
    dialog.forbid.click()
    await until(lambda: dialog.question is not None and dialog.question.isVisible(), "the question")
    assert dialog.question is not None
    dialog.question.reason.setText("no more")
    dialog.question.go.click()
    await until(lambda: console.board.allowances == (), "no rule")

    dialog.against.setCurrentIndex(dialog.against.findData(Against.ORIGIN))
    dialog.against.activated.emit(dialog.against.currentIndex())
    assert (dialog.drift, dialog.export.isEnabled()) == (None, False)
    assert "it is no copy" in dialog.summary.text().replace("\u200b", "")
    await until(lambda: dialog.question is None, "the end of the question")
    dialog.against.setCurrentIndex(0)
    dialog.against.activated.emit(0)
    at = next(at for at, each in enumerate(rows(dialog)) if each[:2] == [member.role, "start order"])
    assert (dialog.mend.isEnabled(), dialog.mend.toolTip()) == (False, "Select what is to be brought back.")
    dialog.list.selectAll()
    assert dialog.mend.isEnabled()
    assert f" of {dialog.rows.rowCount()} can be brought back. Not: " in dialog.left.text().replace("\u200b", "")
    # What may differ, such as names, is not brought back along with drift, but by itself.
    assert "a rule allows it" in dialog.mend.toolTip().replace("\u200b", "") + dialog.left.text().replace("\u200b", "")
    shown = [dialog.rows.row(each) for each in range(dialog.rows.rowCount())]
    drift = {row.judged.change for row in shown if row is not None and row.judged.verdict is Verdict.DRIFT}
    assert set(dialog._mendable()[0]) <= drift
    may = [row is not None and row.judged.change not in drift and not why_not(row.judged.change) for row in shown]
    dialog.list.selectRow(may.index(True))
    assert len(dialog._mendable()[0]) == 1
    dialog.list.selectRow(at)
    assert not dialog.left.isVisible()
    dialog.mend.click()
    await until(lambda: window.hands.drift.dialog is None, "the end of the view")
    await until(lambda: window.desk.question is not None, "the plan")
    assert window.desk.question is not None
    assert isinstance(window.desk.question.command, Mend)
    assert [step.action.__struct_config__.tag for step in window.desk.question.plan.steps] == ["mend", "verify"]
    window.desk.confirm("as production has it")
    await until(lambda: f"drift: {first.count}" in chips(window, crm.stage, crm.id), "the end of that drift")
    assert (await ended(console)).error is None
    await until(lambda: console.board.cards[crm.id].run is None, "the end of the run")

    await a_replica_is_asked_for(window, crm.id)


async def a_replica_is_asked_for(window: MainWindow, configuration: str) -> None:
    window.actions_[actions.REPLICATE].trigger()
    await until(lambda: bool(window.findChildren(ReplicateDialog)), "the question of where and how")
    (dialog,) = window.findChildren(ReplicateDialog)
    dialog.stage.setCurrentIndex(dialog.stage.findData("production"))
    await until(lambda: "is production" in dialog.why_not.text, "why not")
    assert not dialog.go.isEnabled()
    dialog.stage.setCurrentIndex(dialog.stage.findData("patch-testing"))
    dialog.pattern.setText("{service}-{role} lab")
    dialog.stop.setChecked(True)
    await until(lambda: dialog.command is not None and dialog.go.isEnabled(), "a plan")

    dialog.go.click()
    await until(lambda: window.desk.question is not None, "the plan")

    question = window.desk.question
    assert question is not None
    assert isinstance(question.command, Replicate)
    assert (question.command.configuration, question.command.is_stopped_first) == (configuration, True)
    assert any("crm-db lab" in str(step.action) for step in question.plan.steps)
    window.desk.choose_freeze(is_stopped_first=False)
    await until(lambda: window.desk.question not in (None, question), "the plan without stopping")
    window.desk.dismiss()
