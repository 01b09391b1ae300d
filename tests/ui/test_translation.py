"""What lists and questions say goes through the translator, also where the words come from the core."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt, QTranslator
from PySide6.QtWidgets import QApplication, QLabel

from xsconsole.domain.acts import Act, Kind, ObjectId
from xsconsole.domain.endings import Ending
from xsconsole.domain.health import Finding, Severity
from xsconsole.domain.ids import Uuid
from xsconsole_ui.activity.entries import Entry
from xsconsole_ui.activity.filtering import ACTIVITY
from xsconsole_ui.activity.model import ActivityModel, Column
from xsconsole_ui.filter_field import FilterField
from xsconsole_ui.filter_help import BASICS, FilterHelp
from xsconsole_ui.health.columns import columns_of_findings
from xsconsole_ui.list_model import ListModel
from xsconsole_ui.object_actions import FORCE_OFF
from xsconsole_ui.objects.act_dialog import words_of
from xsconsole_ui.situation import Situation


class Loud(QTranslator):
    """Translates everything into itself with a mark before it."""

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        del context, disambiguation, n
        return f"!{text}"


@pytest.fixture
def loud(qapp: QApplication) -> Iterator[None]:
    translator = Loud()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


@pytest.mark.usefixtures("loud")
def test_the_help_and_the_proposals_of_a_filter_are_translated(qapp: QApplication) -> None:
    shown = FilterHelp("Filter", ACTIVITY)
    texts = {label.text() for label in shown.findChildren(QLabel)}
    field = FilterField(ACTIVITY, "Filter", "Filter")
    field.show()
    field.set_text("st")
    field.propose()
    about = [str(field.popup.model().index(row, 0).data(Qt.ItemDataRole.UserRole + 1)) for row in range(1)]
    field.popup.hide()
    field.close()
    shown.deleteLater()
    field.deleteLater()

    assert all(f"!{means}" in texts for _, means in BASICS)
    assert all(any(f"!{one.about}" in text for text in texts) for one in ACTIVITY.fields)
    assert about == ["!how it stands, or ended"]


@pytest.mark.usefixtures("loud")
def test_lists_and_questions_are_translated() -> None:
    vm = ObjectId(kind=Kind.VM, uuid=Uuid("u"))
    model = ActivityModel()
    now = datetime.now(UTC)
    model.show(Entry(key="k", what="w", where="p", who="me", started_at=now, ending=Ending.UNDONE))
    findings = ListModel(columns_of_findings())
    finding = Finding(severity=Severity.BAD, kind="host down", sentence="s", mend="m", object=vm, name="n")
    findings.show_rows([finding])

    assert model.index(0, Column.STATE).data() == "!put back"
    assert [findings.index(0, column).data() for column in range(2)] == ["!✖ bad", "!host down"]
    assert findings.headerData(0, Qt.Orientation.Horizontal) == "!Severity"
    assert words_of(2, 1) == "!It will be done to 2 objects, and not to 1."
    assert FORCE_OFF.named is not None
    assert FORCE_OFF.named(Situation(objects=(vm, vm))) == "!!Force off (2 objects)…"
    assert Act.FORCE_OFF.value not in FORCE_OFF.named(Situation(objects=(vm,)))
