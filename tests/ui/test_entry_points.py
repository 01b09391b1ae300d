"""Every entry point asks for the same command, and every column has an answer to a drop."""

import argparse
import asyncio
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from tests.embedded import EmbeddedPool
from tests.ui.board_window import CTRL, Key, card_of, cards_in, console, pool, press, window
from tests.ui.test_inbox import publish, rita
from tests.workflows import put_on
from xsconsole.cli.moves import move
from xsconsole.console import Console
from xsconsole.domain.approval import Meaning
from xsconsole.domain.ids import RunId, StageId, TransitionId, Uuid
from xsconsole.domain.inventory import Network
from xsconsole.domain.workflow import Kind, Stage, Transition, Workflow, default_workflow
from xsconsole.domain.workflow.values import Binding, FreezeCalendar, NetworkEntry, PoolObject
from xsconsole.engine.commands import Confirmed, FreezeStage, Promote, Settle
from xsconsole_ui import actions, board_actions
from xsconsole_ui.buttons import ActionButton
from xsconsole_ui.demo.gestures import CarriedCard, click, until
from xsconsole_ui.main_window import MainWindow

__all__ = ["console", "pool", "rita", "window"]

PRODUCTION = StageId("production")


async def test_drag_key_button_menu_palette_list_and_command_line_ask_for_the_same(
    window: MainWindow, console: Console
) -> None:
    shop = card_of(console, "shop@staging")
    wanted = Promote(configuration=shop.id, revision=shop.revision, target=PRODUCTION)
    promote = window.actions_[actions.PROMOTE]

    def drag() -> None:
        carried = CarriedCard(shop)
        carried.enter(window.board.lane("Production"))
        carried.drop(window.board.lane("Production"))

    def key() -> None:
        window.board.select(shop.id)
        press(Key.Key_Right, CTRL)

    def button() -> None:
        buttons = window.inspector.card_page.ways.findChildren(ActionButton)
        buttons += window.inspector.card_page.findChildren(ActionButton)
        click(next(one for one in buttons if one.text() == promote.text()))

    def menu() -> None:
        assert promote in window.bar.menus.actions()[1].menu().actions()
        promote.trigger()

    def palette() -> None:
        window.finder.look_for("promote to production")
        next(found for found in window.finder.found if "Production" in found.text).choose()

    def in_the_list() -> None:
        window.board.show_list(is_list=True)
        table = window.board.table
        row = table.visualRect(table.currentIndex())
        assert window.board.place_of_selected() == table.viewport().mapToGlobal(row.bottomLeft())
        press(Key.Key_Right, CTRL)
        window.board.show_list(is_list=False)

    entries: tuple[Callable[[], None], ...] = (drag, key, button, menu, palette, in_the_list)
    for entry in entries:
        window.board.select(shop.id)
        entry()
        assert window.desk.question is not None, entry.__name__
        assert window.desk.question.command == wanted, entry.__name__
        window.desk.dismiss()

    options = argparse.Namespace(verb="promote", to="Production", reason="")
    assert move(console, shop, options) == wanted
    assert console.runs == ()


async def test_the_inbox_carries_out_the_same_also_what_was_asked_for_while_the_stage_was_frozen(
    window: MainWindow, console: Console, rita: Console, pool: EmbeddedPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(pool, console, rita)
    ends = console.home.clock.now() + timedelta(hours=1)
    await console.closings.do(FreezeStage(stage=PRODUCTION, ends=ends, reason="the end of the year"))
    shop = card_of(console, "shop@staging")
    wanted = Promote(configuration=shop.id, revision=shop.revision, target=PRODUCTION)
    window.board.select(shop.id)
    later, page, inbox = window.actions_[board_actions.LATER], window.inspector.plan_page, window.inbox.page
    await until(later.isEnabled, "the way to ask for later")
    assert not window.actions_[actions.PROMOTE].isEnabled()

    button = window.inspector.card_page.lift_buttons[2]
    assert button.text() == "Ask for later…"
    click(button)
    assert window.desk.question is not None
    assert window.desk.question.command == wanted
    assert page.go.text() == "Ask for approval"
    assert page.asking.begins is not None
    assert page.asking.begins >= ends
    page.go.click()
    await until(lambda: bool(console.requests.of(shop.id)), "the request")
    (view,) = console.requests.of(shop.id)
    await until(lambda: bool(rita.requests.of(shop.id)), "the request at the other console")
    await rita.requests.decide(view.request.id, Meaning.APPROVE, "read it")
    await until(lambda: "may not begin before" in console.requests.view(view.request.id).obstacle, "why not yet")
    assert not inbox.run.isEnabled()

    orders: list[Confirmed | Settle] = []
    do, now = console.do, console.home.clock.now

    async def heard(order: Confirmed | Settle) -> RunId:
        orders.append(order)
        return await do(order)

    monkeypatch.setattr(console, "do", heard)
    pool.control("speed", factor=36_000)
    monkeypatch.setattr(type(console.home.clock), "now", lambda _: now() + timedelta(hours=2))
    async with asyncio.timeout(30):
        while await console.engine.requests.time() < ends + timedelta(minutes=1):
            pass  # the pool goes by its own clock, and is asked again
    window.go("board")
    window.go("inbox")
    await until(inbox.run.isEnabled, "that it can be carried out")
    click(inbox.run)
    await until(lambda: "shop 1.3.0" in cards_in(window, "Production"), "the card in Production")
    (order,) = orders
    assert isinstance(order, Confirmed)
    assert order.command == wanted
    await console.finished(console.runs[0].run)


def with_corners(*more: Stage, version: int = 2) -> Workflow:
    """The default workflow with a junction that two ways lead to, empty, a stage of a pool that is not here, and more.

    To those ways lead from staging.
    """
    workflow = default_workflow()
    away = Binding(pool=PoolObject(uuid=Uuid("11111111-2222-3333-4444-555555555555"), name="acme-dr"))
    stages = (
        Stage(id=StageId("lab"), name="Lab", colour="#336699"),
        Stage(id=StageId("dr"), name="Recovery", colour="#993366", binding=away),
        *more,
    )
    ends = [("patch-testing", "lab"), *(("staging", stage.id) for stage in stages)]
    ways = tuple(
        Transition(
            id=TransitionId(f"{source}-{target}"), source=StageId(source), target=StageId(target), kind=Kind.PROMOTE
        )
        for source, target in ends
    )
    return msgspec.structs.replace(
        workflow,
        version=version,
        networks=("front",),
        stages=(*workflow.stages, *stages),
        transitions=(*workflow.transitions, *ways),
    )


async def test_every_drop_has_an_answer_at_junctions_empty_full_frozen_and_absent_stages_and_the_same_column(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    put_on(pool, with_corners())
    await until(lambda: any(lane.stage.name == "Recovery" for lane in window.board.lanes), "the new columns")
    crm = card_of(console, "crm@7.1.1")
    await until(lambda: window.board.lane("Staging").model.row_of(crm.id) is not None, "the card")
    carried = CarriedCard(crm)

    carried.enter(window.board.lane("Lab"))
    offers = dict(window.board.dragging.offers)

    assert offers[StageId("lab")].is_open
    assert offers[StageId("lab")].text.startswith("Drop to promote")
    assert not offers[StageId("dr")].is_open
    assert "acme-dr" in offers[StageId("dr")].text
    assert not offers[PRODUCTION].is_open
    assert "takes 1 configuration" in offers[PRODUCTION].text
    assert StageId("staging") not in offers
    assert set(offers) == {lane.stage.id for lane in window.board.lanes} - {StageId("staging")}
    assert all(offer.title for offer in offers.values())
    closed = [lane for lane in window.board.lanes if lane.stage.id not in offers or not offers[lane.stage.id].is_open]
    assert {lane.stage.name for lane in closed} == {"Staging", "Production", "Recovery"}
    for lane in closed:
        carried.enter(lane)
        assert not carried.drop(lane), lane.stage.name
    staging, production = window.board.lane("Staging"), window.board.lane("Production")
    for lane, said in ((staging, "crm 7.1.1: in Staging already."), (production, "takes 1 configuration")):
        carried.enter(lane)
        assert said in window.status.passing.whole
        staging.view.drag_ended.emit(lane.mapToGlobal(lane.rect().center()))
        assert window.status.passing.whole.startswith("Nothing was asked for.")
        assert said in window.status.passing.whole
    carried.enter(production)
    staging.view.drag_ended.emit(None)
    assert window.status.passing.whole == ""
    assert window.desk.question is None
    assert console.runs == ()

    always = (FreezeCalendar(from_day=0, to_day=3), FreezeCalendar(from_day=3, to_day=0))
    network = next(iter(console.inventory.all(Network)))
    front = NetworkEntry(logical="front", network=PoolObject(uuid=network.uuid, name=network.name_label))
    corners = with_corners(
        Stage(id=StageId("ice"), name="Ice", colour="#3399cc", freezes=always),
        Stage(id=StageId("blind"), name="Blind", colour="#996633", binding=Binding(networks=(front,))),
        version=3,
    )
    put_on(pool, corners)
    await until(lambda: any(lane.stage.name == "Blind" for lane in window.board.lanes), "the newer columns")
    carried.enter(window.board.lane("Ice"))
    offers = dict(window.board.dragging.offers)
    for stage, said in (("ice", "Ice is frozen"), ("blind", "which Staging does not map")):
        assert not offers[StageId(stage)].is_open
        assert said in offers[StageId(stage)].text
    carried.leave(window.board.lane("Ice"))
    window.board.dragging.end()
