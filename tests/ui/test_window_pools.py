"""One window over two pools: connected by hand, looked at as one, each acted on for itself, and one of them lost."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from tests.embedded import EmbeddedPool, embedded_pools
from tests.ui.board_window import cards_in, no_passphrase_needed, shown_cards, start
from tests.ui.test_provisioning import put_blueprint
from xsconsole.console import Connection, Console, Estate, Pools, Secret
from xsconsole.domain.acts import Act
from xsconsole.domain.board import Standing
from xsconsole.domain.events import LinkState
from xsconsole.domain.ids import StageId
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.outline.views import View
from xsconsole.domain.runs import RunState
from xsconsole.domain.workflow import Binding, PoolObject, default_workflow
from xsconsole.domain.workflow.edits import change_stage, change_workflow
from xsconsole.engine.commands import Create, NewMember
from xsconsole_ui import actions, object_actions
from xsconsole_ui.audit.fields import Column
from xsconsole_ui.connect_dialog import ConnectDialog
from xsconsole_ui.demo.gestures import CarriedCard, click, until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.objects.act_dialog import ActDialog
from xsconsole_ui.provisioning import dialog as provisioning
from xsconsole_ui.provisioning.nearest import fitting
from xsconsole_ui.theme import Scheme, Theme
from xsconsole_ui.window_layout import FIRST_SIZE
from xsconsole_ui.window_state import WindowState
from xsconsole_ui.workflow.publishing.sheet import PublishSheet


@pytest.fixture
def served() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "20") as pools:
        yield pools


@pytest.fixture
async def pools(served: tuple[EmbeddedPool, ...], tmp_path: Path) -> AsyncIterator[Pools]:
    opened = Pools(await Console.open(tmp_path / "home", passphrase=no_passphrase_needed), equips_all=True)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
async def window(pools: Pools, qapp: QApplication) -> AsyncIterator[MainWindow]:
    opened = MainWindow(Estate(pools), Theme(qapp, Scheme.LIGHT), WindowState(pools.first.home))
    opened.resize(FIRST_SIZE)
    opened.show()
    opened.activateWindow()
    yield opened
    await opened.end()


def names(window: MainWindow) -> list[str]:
    model = window.inventory.view.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def badges(window: MainWindow) -> list[tuple[str, str]]:
    return [(badge.pool.text(), badge.state.text()) for badge in window.bar.pools.badges]


async def connect_by_hand(window: MainWindow, pool: EmbeddedPool) -> None:
    """Connect by the dialog, as a user does."""
    window.actions_[actions.CONNECT].trigger()
    await until(lambda: bool(window.findChildren(ConnectDialog)), "the dialog")
    dialog = window.findChildren(ConnectDialog)[-1]
    dialog.address.setText(pool.url)
    dialog.user.setText(pool.user)
    dialog.password.setText(pool.password)
    click(dialog.go)
    await until(lambda: any(sight.url == pool.url and sight.is_live for sight in window.estate.sights), "a live pool")
    await until(lambda: not window.findChildren(ConnectDialog), "the dialog to be gone")


async def connect_both(window: MainWindow, served: tuple[EmbeddedPool, ...]) -> tuple[Console, Console]:
    for pool in served:
        await connect_by_hand(window, pool)
    await until(lambda: shown_cards(window) == set(window.estate.board.cards), "all cards on the board")
    await until(lambda: window.inventory.outline.is_settled, "all objects")
    first, second = window.estate.pools.all
    return first, second


async def test_two_pools_are_connected_to_worked_on_and_one_is_lost(
    window: MainWindow, served: tuple[EmbeddedPool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await connect_both(window, served)

    # Looked at as one.
    roots = [name for name in names(window) if name in {pool.name for pool in served}]
    assert roots == sorted(pool.name for pool in served)
    assert badges(window) == [(served[0].name, "live"), (served[1].name, "live")]
    assert set(window.estate.board.cards) == {*first.board.cards, *second.board.cards}
    window.inventory.look_for(f'pool:"{served[1].name}" kind:vm')
    await until(lambda: window.inventory.outline.is_settled, "the filter")
    mine = {vm.name_label for vm in second.inventory.all(VM) if vm.is_ordinary}
    assert mine <= set(names(window))
    assert served[0].name not in names(window)

    # An act on an object of the second pool.
    taken = {member.uuid for card in second.board.cards.values() for member in card.members}
    vm = next(vm for vm in second.inventory.all(VM) if vm.is_ordinary and vm.uuid not in taken)
    window.inventory.select([vm.uuid])
    await until(lambda: window.inspector.object_page.sheet is not None, "the object")
    assert window.inspector.object_page.sheet is not None
    assert window.inspector.object_page.sheet.title == vm.name_label
    window.actions_[object_actions.TAG].trigger()
    await until(lambda: bool(window.findChildren(ActDialog)), "the question")
    question = window.findChildren(ActDialog)[-1]
    question.text.setText("of the second")
    question.look()
    click(question.go)
    await until(lambda: "of the second" in (second.inventory.get(VM, vm.ref) or vm).tags, "the tag")
    assert [job.act for job in second.acts.jobs] == [Act.TAG]
    assert first.acts.jobs == ()
    window.inventory.filter.clear()

    # A promotion on the second pool, by a drop.
    made = Create(service="ledger", version="1", stage=StageId("staging"), members=(NewMember(vm=vm.uuid),))
    await second.finished(await start(second, made))
    await until(lambda: "ledger 1" in cards_in(window, "Staging"), "the new card")
    await until(lambda: find_configuration(second.board, "ledger").standing is Standing.WHOLE, "a whole one")
    card = find_configuration(second.board, "ledger")
    face = window.board.lane("Staging").model
    assert face.face_at(face.row_of(card.id) or 0).chips[0].text == served[1].name
    target = next(target for target in window.estate.targets(card.id) if target.plan is not None)
    lane = window.board._lanes[target.stage]
    carried = CarriedCard(card)
    carried.enter(lane)
    assert carried.drop(lane)
    if window.desk.question is not None:
        click(window.inspector.plan_page.go)
    await until(lambda: len(second.runs) == 2, "the run")
    status = await second.finished(second.runs[0].run)
    assert status.state is RunState.DONE, status.error
    await until(lambda: card.name in cards_in(window, lane.stage.name), "the card where it belongs")
    assert first.runs == ()

    # The same version of a blueprint stands on both: what is selected of the second is made there.
    document = put_blueprint(served[0])
    put_blueprint(served[1], "Debian 12 production")
    window.hands.go("library")
    await until(lambda: window.library.list.model.rowCount() == 2, "both versions")
    assert second.inventory.pool is not None
    assert window.library.list.choose((second.inventory.pool.uuid, document.id, document.version))
    from_library = window.hands.provisions.from_library
    assert from_library is not None
    from_library.trigger()
    await until(lambda: window.hands.provisions.dialog is not None, "the form")
    form = window.hands.provisions.dialog
    assert form is not None
    await until(form.isVisible, "it is seen")
    assert form.offer is not None
    assert form.offer.console is second

    # Who chooses the one of the other pool goes along into a stage that fits it.
    there = PoolObject(uuid=second.inventory.pool.uuid, name=served[1].name)
    bound = change_stage(default_workflow(), StageId("integration"), binding=Binding(pool=there))
    monkeypatch.setattr(provisioning, "fitting", lambda pool, _, stage: fitting(pool, bound, stage))
    form.stage.setCurrentIndex(form.stage.findData("integration"))
    form.blueprint.setCurrentIndex(1 - form.blueprint.currentIndex())
    assert form.offer.console is first
    assert form.stage.currentData() == "patch-testing"
    click(form.cancel)
    await until(lambda: window.hands.provisions.dialog is None, "the end of the form")
    window.go("board")

    # The second is lost: it says so, nothing can be done there, and the first goes on.
    for host in served[1].hosts:
        served[1].control("host", host=host.name, mode="dead")
    await until(lambda: second.link.state is LinkState.LOST, "the loss")
    await until(lambda: badges(window)[1][1].startswith("reconnecting, as of "), "the badge")
    assert badges(window)[0] == (served[0].name, "live")
    assert f"{served[1].name}: last known state of " in window.status.away.text()
    assert (window.status.away.property("look"), window.status.freshness.property("look")) == ("warn", "status")
    assert served[0].name in window.status.freshness.text()
    moved = window.estate.board.cards[card.id]
    window.board.select(moved.id)
    assert served[1].name in window.actions_[actions.DEMOTE].why_not
    assert all(target.refusal is not None for target in window.estate.targets(moved.id) if target.stage != moved.stage)
    window.inventory.select([vm.uuid])
    assert served[1].name in window.actions_[object_actions.TAG].why_not
    assert served[1].name in window.actions_[actions.CREATE].why_not
    shop = find_configuration(window.estate.board, "shop@staging")
    window.board.select(shop.id)
    await until(window.actions_[actions.PROMOTE].isEnabled, "the way on the first pool")
    window.actions_[actions.PROMOTE].trigger()
    await until(lambda: window.desk.question is not None or bool(first.runs), "an answer")
    if window.desk.question is not None:
        click(window.inspector.plan_page.go)
    await until(lambda: bool(first.runs), "the run on the first pool")
    assert (await first.finished(first.runs[0].run)).state is RunState.DONE


async def test_what_is_selected_on_two_pools_is_asked_about_once_and_done_on_each(
    window: MainWindow, served: tuple[EmbeddedPool, ...]
) -> None:
    consoles = await connect_both(window, served)
    vms = [next(vm for vm in console.inventory.all(VM) if vm.is_ordinary) for console in consoles]
    window.inventory.set_view(View.FLAT)
    await until(lambda: window.inventory.outline.is_settled, "the flat list")

    window.inventory.select([vm.uuid for vm in vms])
    window.actions_[object_actions.TAG].trigger()
    await until(lambda: bool(window.findChildren(ActDialog)), "the question")
    (question,) = window.findChildren(ActDialog)
    question.text.setText("both")
    question.look()
    rows = [row.text for row in question.objects.rows.rows]
    click(question.go)

    assert sorted(rows) == sorted(f"{vm.name_label} · {pool.name}" for vm, pool in zip(vms, served, strict=True))
    for console, vm in zip(consoles, vms, strict=True):
        await until(lambda c=console, v=vm: "both" in (c.inventory.get(VM, v.ref) or v).tags, "the tag")
    lines = {str(window.activity.model.index(row, 1).data()) for row in range(window.activity.model.rowCount())}
    assert {pool.name for pool in served} <= lines


async def test_a_pool_is_left_and_the_rest_is_remembered(
    window: MainWindow, served: tuple[EmbeddedPool, ...], pools: Pools
) -> None:
    await connect_both(window, served)
    assert pools.first.home.settings.connected == tuple(pool.url for pool in served)

    window.actions_[actions.DISCONNECT].trigger()
    chosen = _in(window.connecting.menu, served[0].name)
    window.connecting.menu.close()
    chosen.trigger()
    await until(lambda: len(window.estate.sights) == 1, "one pool less")
    await until(lambda: served[0].name not in names(window), "its lines to go")
    await until(lambda: shown_cards(window) == set(window.estate.board.cards), "its cards to go")

    assert badges(window)[0][0].startswith(served[1].name)
    assert pools.first.home.settings.connected == (served[1].url,)
    assert served[1].name in names(window)

    # One that is named for this start does not make it forget the others.
    named = Connection(url=served[0].url, user=served[0].user)
    window.connecting.begin([(named, Secret(served[0].password))], are_named=True)
    await until(lambda: len(window.estate.sights) == 2, "the pool that was named")
    await until(lambda: len(pools.first.home.settings.connected or ()) == 2, "both to be remembered")


async def test_at_the_start_all_pools_are_there_again_and_one_that_fails_hinders_no_other(
    window: MainWindow, served: tuple[EmbeddedPool, ...]
) -> None:
    dead = Connection(url="http://127.0.0.1:9", user="root")
    wanted = [(Connection(url=pool.url, user=pool.user), Secret(pool.password)) for pool in served]

    window.connecting.begin([(dead, Secret("nobody")), *wanted])
    await until(lambda: sum(sight.is_live for sight in window.estate.sights) == 2, "both pools")
    await until(
        lambda: any(one.isVisible() for one in window.findChildren(ConnectDialog)), "the question about the third"
    )
    dialog = next(one for one in window.findChildren(ConnectDialog) if one.isVisible())

    assert dialog.address.text() == dead.url
    assert any("127.0.0.1:9" in text for text in window.notices.texts)
    dialog.reject()
    await until(lambda: not window.findChildren(ConnectDialog), "the dialog to be gone")

    # What both are given up for is mended at each by itself.
    for pool in served:
        with pool.plain_session() as session:
            session.xenapi.session.change_password(pool.password, "another")
        pool.control("restart")
    for pool in served:
        await until(lambda p=pool: any(text.startswith(f"{p.name}: ") for text in window.notices.texts), "the word")
        told = next(one for one in window.notices.shown if one.text.startswith(f"{pool.name}: "))
        click(next(button for button in told.findChildren(QPushButton) if button.text() == "Connect…"))
        await until(lambda: bool(window.findChildren(ConnectDialog)), "the question about it")
        (dialog,) = window.findChildren(ConnectDialog)
        assert (dialog.address.text(), dialog.user.text()) == (pool.url, pool.user)
        dialog.reject()
        await until(lambda: not window.findChildren(ConnectDialog), "the dialog to be gone")


async def test_lists_name_the_pool_of_each_line_while_there_are_several(
    window: MainWindow, served: tuple[EmbeddedPool, ...], pools: Pools
) -> None:
    first, second = await connect_both(window, served)
    both = {pool.name for pool in served}

    for pool in served:
        with pool.plain_session() as session:
            (ref,) = session.xenapi.pool.get_all()
            session.xenapi.message.create("ALARM", "2", "Pool", session.xenapi.pool.get_uuid(ref), "it is hot")
    window.go("health")
    messages = window.health.messages
    last = messages.model.columnCount() - 1
    await until(lambda: {str(messages.model.index(row, last).data()) for row in (0, 1)} == both, "what both pools say")
    assert not messages.view.isColumnHidden(last)
    window.go("audit")
    await until(lambda: window.audit.view.model().rowCount() > 0, "the record")
    rows = window.audit.view.model()
    assert {str(rows.index(row, Column.POOL).data()) for row in range(rows.rowCount())} >= both
    window.finder.look_for("jumpbox")
    assert served[0].name in window.finder.said

    await pools.leave(second)
    await until(lambda: window.audit.view.isColumnHidden(Column.POOL), "one pool, which needs no name")
    window.health.renew()
    assert messages.view.isColumnHidden(last)
    assert first.link.state is LinkState.LIVE


async def test_different_versions_are_told_above_the_board_and_lead_to_publishing(
    window: MainWindow, served: tuple[EmbeddedPool, ...]
) -> None:
    first, _ = await connect_both(window, served)
    band = window.board.leftovers.differing
    await until(lambda: not band.text, "one version on both")
    workflow = first.board.workflow
    assert workflow is not None

    newer = msgspec.structs.replace(workflow, summary="only here", name="Release")
    report = await first.publishing.publish(first.publishing.plan(newer, base=workflow))
    assert report.is_whole

    await until(lambda: bool(band.text), "the news")
    assert served[1].name in band.text
    assert "version 1" in band.text
    assert window.status.workflow.text().endswith("v2")
    assert "None of its stages lives in" in band.text
    assert band.button.text() == "Show the workflow"
    click(band.button)
    await until(window.workflow.isVisible, "the workflow")
    assert not window.findChildren(PublishSheet)  # it would have nothing to write
    desk = window.workflow.desk
    desk.do("Add a network", change_workflow(desk.workflow, networks=("dmz",)))
    window.go("board")
    click(band.button)
    await until(lambda: any(sheet.isVisible() for sheet in window.findChildren(PublishSheet)), "the sheet")
    window.findChildren(PublishSheet)[-1].reject()
    await until(lambda: not window.findChildren(PublishSheet), "the sheet to be gone")


def _in(menu: QMenu, name: str) -> QAction:
    return next(action for action in menu.actions() if action.text().endswith(f" {name}"))
