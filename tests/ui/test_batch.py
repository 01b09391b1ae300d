"""Several cards are promoted by one plan: by a key or a drag, each as a run of its own, and each has its result."""

from tests.ui.board_window import CTRL, Key, card_of, cards_in, console, pool, press, window
from tests.ui.test_comparing import click_card
from xsconsole.console import Console
from xsconsole.domain.batch import PartState
from xsconsole.engine.commands import Together
from xsconsole_ui import actions
from xsconsole_ui.board.lane_model import from_mime
from xsconsole_ui.demo.gestures import CarriedCard, click, until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "window"]


def select(window: MainWindow, console: Console, *names: str) -> list[str]:
    cards = [card_of(console, name) for name in names]
    click_card(window, cards[0])
    for card in cards[1:]:
        click_card(window, card, CTRL)
    return [card.name for card in cards]


async def test_two_selected_cards_go_by_one_key_and_one_plan(window: MainWindow, console: Console) -> None:
    names = select(window, console, "shop@1.4.0", "crm@7.2-rc1")
    assert window.actions_[actions.PROMOTE].text() == "Promote 2 to Patch testing"

    press(Key.Key_Right, CTRL)
    dialog = window.hands.batch
    assert dialog is not None
    assert dialog.isVisible()
    assert {part.name for part in dialog.planned.ready} == set(names)
    assert console.runs == ()
    click(dialog.go)
    await until(lambda: dialog.planned.is_over, "the end of both")

    assert [part.state for part in dialog.planned.parts] == [PartState.DONE, PartState.DONE]
    assert len(console.runs) == 2
    assert console.runs[0].started_at < (console.runs[1].ended_at or console.runs[0].started_at)
    assert dialog.summary.text() == "Of 2: 2 done."
    await until(lambda: set(names) <= set(cards_in(window, "Patch testing")), "both in Patch testing")
    dialog.close()


async def test_a_drag_takes_all_selected_cards_and_each_that_cannot_go_is_named(
    window: MainWindow, console: Console
) -> None:
    select(window, console, "shop@1.3.0", "crm@7.1.1")
    asked: list[Together] = []
    window.board.asked.connect(asked.append)
    lane = window.board.lane("Staging")
    row = lane.model.row_of(card_of(console, "shop@1.3.0").id)
    assert row is not None
    dragged = from_mime(lane.view.drag_of(lane.model.index(row)).mimeData())
    assert dragged is not None
    assert len(dragged.every) == 2
    carried = CarriedCard(card_of(console, "shop@1.3.0"), dragged.also)
    production = window.board.lane("Production")

    carried.enter(production)
    said = production.offer_box.text
    assert not window.board.lane("Staging").offer_box.isVisible()
    assert carried.drop(production)

    assert "1 of 2 configurations" in said
    assert "crm 7.1.1" in said
    dialog = window.hands.batch
    assert dialog is not None
    assert [type(command) for command in asked] == [Together]
    assert [part.name for part in dialog.planned.refused] == ["crm 7.1.1"]
    assert "Start 1 of 2" in dialog.go.text()
    dialog.reject()
    assert console.runs == ()
