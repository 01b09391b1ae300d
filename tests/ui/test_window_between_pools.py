"""A promotion into another pool in the window: what the column and the sheet say, and the cards afterwards."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt

from tests.console.test_between_pools import crossing, taking
from tests.embedded import EmbeddedPool, embedded_pools
from tests.ui.board_window import cards_in
from tests.ui.test_window_pools import connect_both, pools, window
from tests.workflows import put_on
from xsconsole.console import Console
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VM, Host
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Method
from xsconsole_ui import service_actions
from xsconsole_ui.board.offers import offer_of
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.demo.gestures import CarriedCard, click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.membership import RelocateDialog

__all__ = ["pools", "window"]


@pytest.fixture
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "200") as found:
        yield found


async def test_a_card_is_promoted_into_the_other_pool_by_a_drop(
    window: MainWindow, served: tuple[EmbeddedPool, ...]
) -> None:
    here, there = await connect_both(window, served)
    await migrated(window, "shop@staging", here, there)
    workflow = crossing(here.inventory, there.inventory)
    for pool in served:
        put_on(pool, workflow)
    both = (here, there)
    await until(lambda: all(one.board.workflow and one.board.workflow.version == 2 for one in both), "the version")
    card = find_configuration(here.board, "payroll@patch-testing")
    target = next(target for target in window.estate.targets(card.id) if target.stage == "staging")
    offer = offer_of(card, target)
    assert offer is not None
    assert offer.is_open
    assert f"makes full copies in pool “{served[1].name}”, the source stays" in offer.text

    lane = window.board._lanes[StageId("staging")]
    carried = CarriedCard(card)
    carried.enter(lane)
    carried.drop(lane)
    await until(lambda: window.desk.question is not None, "the plan")
    click(window.inspector.plan_page.go)
    await until(lambda: len(here.runs) == 2 and here.runs[0].ended_at is not None, "the end of the run")

    assert here.runs[0].state is RunState.DONE
    await until(lambda: "payroll 2026.4" in cards_in(window, "Staging"), "the new card")
    assert "payroll 2026.4" in cards_in(window, "Patch testing")
    made = next(one for one in there.board.cards.values() if one.name == "payroll 2026.4" and one.members)
    assert window.estate.of_card(made.id) is there
    window.board.select(made.id)
    await until(window.inspector.card_page.origin.isVisible, "where it comes from")

    # Once the stage takes one of a service, copies take its place, and who has it comes to the pool of the source.
    for pool in served:
        put_on(pool, taking(workflow, version=3))
    await until(lambda: all(one.board.workflow and one.board.workflow.version == 3 for one in both), "the version")
    target = next(target for target in window.estate.targets(card.id) if target.stage == "staging")
    assert "takes the place of another" in offer_of(card, target).text
    carried = CarriedCard(card)
    carried.enter(window.board.lane("Staging"))
    carried.drop(window.board.lane("Staging"))
    await until(lambda: window.desk.question is not None, "the plan")
    assert any("For that payroll 2026.4 moves from pool" in said for said in window.desk.question.plan.warnings)
    click(window.inspector.plan_page.go)
    await until(lambda: len(here.runs) == 3 and here.runs[0].ended_at is not None, "the end of the run")
    assert here.runs[0].state is RunState.DONE, here.runs[0].error
    await until(lambda: cards_in(window, "Patch testing").count("payroll 2026.4") == 2, "who gave way")
    assert window.estate.of_card(made.id) is here

    # By a later version the machines themselves go there by a drop, and come back by a button.
    for pool in served:
        put_on(pool, crossing(here.inventory, there.inventory, Method.MOVE, version=4))
    await until(lambda: all(one.board.workflow and one.board.workflow.version == 4 for one in both), "the version")
    target = next(target for target in window.estate.targets(card.id) if target.stage == "staging")
    assert f"moves the machines to pool “{served[1].name}”" in offer_of(card, target).text
    carried = CarriedCard(card)
    carried.enter(window.board.lane("Staging"))
    carried.drop(window.board.lane("Staging"))
    await until(lambda: window.desk.question is not None, "the plan")
    click(window.inspector.plan_page.go)
    await until(lambda: len(here.runs) == 4 and here.runs[0].ended_at is not None, "the end of the move")
    assert here.runs[0].state is RunState.DONE, here.runs[0].error
    await until(lambda: cards_in(window, "Patch testing").count("payroll 2026.4") == 1, "the card to leave")
    assert window.estate.of_card(card.id) is there

    await until(lambda: window.estate.board.cards[card.id].run is None, "the end of it on the board")
    window.board.select(card.id)
    await until(lambda: any(one.isEnabled() for one in ways_back(window)), "the way back")
    click(next(one for one in ways_back(window) if one.isEnabled()))
    await until(lambda: window.desk.question is not None, "the plan of the way back")
    assert window.desk.question.command.target == "patch-testing"
    click(window.inspector.plan_page.go)
    await until(lambda: len(there.runs) == 1 and there.runs[0].ended_at is not None, "the end of the way back")
    assert there.runs[0].state is RunState.DONE, there.runs[0].error
    await until(lambda: cards_in(window, "Patch testing").count("payroll 2026.4") == 2, "the card to be back")


async def migrated(window: MainWindow, name: str, here: Console, there: Console) -> None:
    """By the dialog a configuration goes there and stays in its stage, once it is said what its network is there."""
    card = find_configuration(here.board, name)
    window.board.select(card.id)
    window.situate()
    window.actions_[service_actions.MIGRATE].trigger()
    (to,) = window.findChildren(RelocateDialog)
    await until(to.isVisible, "where to")
    assert not any(choice.isVisible() for choice in to.aim.networks.values())
    to.aim.pool.setCurrentIndex(to.aim.pool.findText("acme production"))
    assert not to.table.isVisible()
    (network,) = to.aim.networks.values()
    assert network.isVisible()
    to.look()
    assert "takes the place of “stage-net”" in to.why_not.text
    network.setCurrentIndex(network.findText("prod-data"))
    to.aim.host.setCurrentIndex(to.aim.host.findText("xen-p2", Qt.MatchFlag.MatchStartsWith))
    wanted = to.wanted()
    click(to.go)
    await until(lambda: window.desk.question is not None, "the plan")
    assert window.desk.question.command == wanted
    click(window.inspector.plan_page.go)
    await until(lambda: bool(here.runs) and here.runs[0].ended_at is not None, "the end of the migration")
    assert here.runs[0].state is RunState.DONE, here.runs[0].error
    await until(lambda: window.estate.of_card(card.id) is there, "it there")
    assert window.estate.board.cards[card.id].stage == card.stage
    machines = [there.inventory.get(VM, member.ref) for member in there.board.cards[card.id].members]
    assert {there.inventory.get(Host, vm.resident_on).name_label for vm in machines} == {"xen-p2"}


def ways_back(window: MainWindow) -> list[ActionButton]:
    return [one for one in window.inspector.card_page.findChildren(ActionButton) if "Demote" in one.text()]
