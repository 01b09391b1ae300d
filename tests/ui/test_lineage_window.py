"""The lineage of a card: its graph, what happened to each, and the way back to the board."""

from tests.ui.board_window import card_of, console, ended, pool, start, window
from xsconsole.console import Console
from xsconsole.domain.ids import StageId
from xsconsole.engine.commands import Promote
from xsconsole_ui import board_actions
from xsconsole_ui.comparing import LineageDialog
from xsconsole_ui.demo.gestures import click, until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


async def test_the_lineage_tells_what_happened_and_leads_back_to_the_card(window: MainWindow, console: Console) -> None:
    payroll = card_of(console, "payroll@2026.4")
    await start(console, Promote(configuration=payroll.id, revision=payroll.revision, target=StageId("staging")))
    await ended(console)
    window.board.select(payroll.id)

    window.actions_[board_actions.LINEAGE].trigger()
    await until(lambda: bool(window.findChildren(LineageDialog)), "the lineage")
    (dialog,) = window.findChildren(LineageDialog)
    await until(lambda: dialog.model.rowCount() == 1, "what happened")

    assert [relative.name for relative in dialog.relatives] == ["payroll 2026.4"]
    assert set(dialog.graph.scene.nodes) == {payroll.id}
    assert "Ended" in str(dialog.model.index(0, 3).data())
    dialog.graph.picked.emit(payroll.id, None)
    assert dialog.model.rowCount() == 1
    window.board.select(card_of(console, "crm@7.1").id)
    click(dialog.go)
    await until(lambda: not window.findChildren(LineageDialog), "the end of the dialog")
    assert [card.id for card in window.board.chosen] == [payroll.id]
