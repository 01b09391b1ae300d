"""Fences in the window: maps and rules of those that stand, and a leak that is told at once, wherever one looks."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication

from tests.embedded import EmbeddedPool
from tests.engine.fence_ground import deploying, ground_of
from tests.ui.board_window import CTRL, Key, card_of, console, ended, has_keyboard, pool, press, window
from tests.ui.filing import file_into
from tests.ui.object_gestures import shown
from xsconsole.console import Console, fences
from xsconsole.console.fencing import Fencing
from xsconsole.domain.board import Card
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.ruleset import ruleset
from xsconsole.domain.fence.standing import StandingFence, fence_stem, standing_text
from xsconsole.domain.fence.state import State
from xsconsole.domain.fence.values import Transport
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.inventory import Inventory
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.words import explain
from xsconsole.engine.commands import Publish, Undeploy
from xsconsole_ui import actions
from xsconsole_ui.board.lane_model import FACE_ROLE
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.fence_actions import DEPLOY, SHOW_FENCE
from xsconsole_ui.fences.change_dialogs import ConnectDialog, PortsDialog
from xsconsole_ui.fences.deploy_dialog import DeployDialog
from xsconsole_ui.fences.ground_dialog import MOST_FINDINGS, SIZE, GroundDialog
from xsconsole_ui.fences.place import FencePlace
from xsconsole_ui.fences.rules_dialog import RulesDialog
from xsconsole_ui.fences.undeploy_dialog import UndeployDialog
from xsconsole_ui.health.looking import examined
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.pieces import Notice

__all__ = ["console", "pool", "window"]

NAME = "shop <b>fence</b> 1"


def chips(window: MainWindow, configuration: ConfigurationId) -> list[str]:
    card = window.estate.board.cards[configuration]
    model = window.board.lane(card.stage).model
    row = next(at for at, row in enumerate(model.all_rows) if row.card.id == configuration)
    return [chip.text for chip in model.index(row).data(FACE_ROLE).chips]


@dataclass(frozen=True, kw_only=True)
class At:
    """What the ground of tests asks about a pool."""

    console: Console

    @property
    def inventory(self) -> Inventory:
        return self.console.inventory

    def card(self, name: str) -> Card:
        return card_of(self.console, name)


async def written(window: MainWindow, ground: Ground) -> None:
    """Write the ground by its dialog."""
    window.go("fences")
    window.fences.ground.click()
    dialog = await shown(window, GroundDialog)
    assert dialog.why_not.headline == "The subnet of the outside network is not said."
    dialog.outside.setCurrentIndex(dialog.outside.findData(ground.outside))
    dialog.router.setCurrentIndex(dialog.router.findData(ground.router))
    dialog.tags.setText("3000-3009")
    dialog.trunk.setCurrentIndex(dialog.trunk.findData(ground.trunk))
    dialog.subnet.setText(str(ground.subnet))
    dialog.gateway.setText(str(ground.gateway))
    dialog.barred.setText(", ".join(map(str, ground.barred)))
    for one in ground.originals:
        if one.network in dialog.originals.subnets:
            dialog.originals.subnets[one.network].setText(str(one.subnet))
            dialog.originals.gateways[one.network].setText(str(one.gateway))
    dialog.look()
    assert any(row.text.startswith("There is no address for fences.") for row in dialog.findings.rows.rows)
    assert not dialog.go.isEnabled()
    dialog.subnet.setText("10.9.0.0/16")  # not of the gateway, the addresses, ...: much is to be said
    dialog.addresses.setText("10.8.0.0/24, 10.7.0.0/24")
    dialog.servers.setText("10.8.0.1, 10.8.0.2")
    for field in dialog.originals.subnets.values():
        field.setText("10.9.0.0/24")
    dialog.look()
    assert len(dialog.findings.rows.rows) > 5
    await until(lambda: dialog.findings.height() == MOST_FINDINGS, "the height of what is to be said")
    assert dialog.height() <= SIZE[1]
    dialog.subnet.setText(str(ground.subnet))
    dialog.servers.clear()
    for one in ground.originals:
        if one.network in dialog.originals.subnets:
            dialog.originals.subnets[one.network].setText(str(one.subnet))
    dialog.addresses.setText(", ".join(map(str, ground.pool)))
    dialog.look()
    dialog.go.click()
    await until(lambda: window.fences.dialog is None, "the end of the dialog")
    window.go("board")


async def deployed(window: MainWindow, console: Console, shop: Card) -> StandingFence:
    """Deploy a shop in a fence by its dialog, and return the fence."""
    at = At(console=console)
    plain = ground_of(at)
    ground = replace(plain, vlans=(3000, 3009), trunk=plain.outside, trunk_name=plain.outside_name)
    window.actions_[DEPLOY].trigger()
    dialog = await shown(window, DeployDialog)
    assert dialog.why_not.headline.startswith("Nobody has said what fences of this pool are built on")
    dialog.reject()
    await written(window, ground)
    await until(lambda: fences.ground_of(console) is not None, "the ground")
    found = fences.ground_of(console)
    assert found is not None
    assert replace(found.ground, originals=()) == replace(ground, originals=())

    window.actions_[DEPLOY].trigger()
    dialog = await shown(window, DeployDialog)
    fields = dialog.addresses.addresses
    assert dialog.go.isEnabled()  # the guests tell their addresses, and these are of the subnet
    for key, address in deploying(at, shop.name, shop.stage, ground).addresses.items():
        fields[key].setText(str(address))
    first = next(iter(fields))
    right = fields[first].text()
    fields[first].setText("10.54.0.300")
    dialog.look()
    assert dialog.addresses.told(first) == "“10.54.0.300” is no IPv4 address. Write such as 10.0.0.5."
    dialog.resize(dialog.width(), dialog.height() + 40)
    large = dialog.size()
    fields[first].setText(right)
    dialog.addresses.ports["web-1"].setText("tcp/443:8443")
    dialog.dns.setChecked(True)
    dialog.domain.setText("shop.test")
    dialog.name.setText(NAME)
    dialog.look()
    assert "TCP 443 to 8443, to “web-1”" in "\n".join(row.text for row in dialog.rules.rows.rows)
    assert dialog.addresses.told(first) == ""
    assert (dialog.width(), dialog.height()) >= (large.width(), large.height())
    dialog.go.click()
    await until(window.inspector.plan_page.go.isVisible, "the plan")
    window.inspector.plan_page.go.click()
    status = await ended(console)
    assert status.error is None, explain(status.error)
    return fences.fence_named(console, NAME)


async def test_a_fence_is_drawn_and_told_and_a_card_moved_out_of_it_turns_red_at_once(
    window: MainWindow, console: Console, pool: EmbeddedPool, tmp_path: Path
) -> None:
    shop, place = card_of(console, "shop 1.3.0"), window.fences
    assert window.actions_[SHOW_FENCE].why_not == "Select a card on the board first."
    window.board.select(shop.id)
    assert window.actions_[SHOW_FENCE].why_not == "No fence is around it."

    standing = await deployed(window, console, shop)
    fenced = standing.configuration
    await until(lambda: fenced in window.estate.board.cards, "the fenced card")
    await until(lambda: f"{NAME}: in and out" in chips(window, fenced), "the chip")
    window.board.select(fenced)
    window.actions_[SHOW_FENCE].trigger()
    await until(lambda: len(place.maps) == 1 and place.maps[0].picture is not None, "the map")
    map_ = place.maps[0]
    assert place.isVisible()
    await until(lambda: map_.picture is not None and map_.picture.state is State.TIGHT, "the proof")
    assert map_.picture is not None
    assert map_.picture.state_words.endswith("looked at; 4 of 4 addresses as planned")

    # By keyboard to a member, and how to reach it on the clipboard.
    window.activateWindow()
    map_.setFocus()
    await until(lambda: has_keyboard(map_), "the keyboard at the map")
    press(Key.Key_End)
    assert map_.current is not None
    press(Key.Key_Home)
    for _ in map_.picture.places:
        if map_.current is not None and map_.current.member == "web-1":
            break
        press(Key.Key_Down)
    member = map_.current
    assert member is not None
    assert member.title in map_.accessibleName()
    map_.copy_reach.trigger()
    assert f"“{member.member}” is reached at 198.51.100.19: TCP 443 to 8443." in QGuiApplication.clipboard().text()
    assert f"named {member.member}.shop.test" in QGuiApplication.clipboard().text()
    press(Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == member.words
    press(Key.Key_Return)
    await until(lambda: window.inspector.object_page.item is not None, "the machine in the inspector")
    assert has_keyboard(place)

    place.rules.trigger()
    dialog = await shown(window, RulesDialog)
    dialog.copy_text.click()
    assert QGuiApplication.clipboard().text() == ruleset(standing.fence) == dialog.text.toPlainText()
    dialog.export.click()
    await file_into(dialog.papers, tmp_path / "rules.conf")
    await until((tmp_path / "rules.conf").exists, "the file")
    assert (tmp_path / "rules.conf").read_text() == ruleset(standing.fence)
    dialog.accept()
    await until(lambda: place.dialog is None, "the end of the dialog")

    # Other ports, as a plan; a wrong one is said, and nothing is planned.
    assert place.connect_.toolTip() == "There is no other fence."
    place.ports.trigger()
    ports = await shown(window, PortsDialog)
    assert ports.ports["web-1"].text() == "tcp/443:8443"
    ports.ports["web-1"].setText("443")
    ports.look()
    assert ports.why_not.headline == "“443” is no port."
    ports.ports["web-1"].setText("tcp/80")
    ports.go.click()
    await until(lambda: place.dialog is None, "the plan")
    assert ports.command == Publish(configuration=fenced, published={"web-1": ((Transport.TCP, 80, 80),)})

    # Another fence of the same original has the same addresses: the two are not connected.
    with pool.plain_session() as session:
        x, other = session.xenapi.pool, replace(standing, configuration=ConfigurationId("twin"))
        names = {f"{fence_stem(other.configuration)}.{at}": name for at, name in enumerate(("z twin", "a twin"), 1)}
        for key, name in names.items():
            text = standing_text(replace(other, fence=replace(standing.fence, name=name)))
            x.add_to_other_config(x.get_all()[0], key, text)
            await until(lambda name=name: name in listed(place), "the other fence")
        assert listed(place) == ["a twin", NAME]
        place.list.filter.set_text("fence")
        await until(lambda: listed(place) == [NAME], "the filter")
        place.list.view.selectRow(0)
        assert place.connect_.isEnabled()  # a filter takes no fence away
        assert place.beside.toolTip().startswith("The filter hides the other fences of")
        place.list.filter.clear()
        await until(lambda: len(listed(place)) == 2, "all of them")
        assert place.chosen is not None
        assert place.chosen.configuration == fenced
        place.beside.trigger()
        assert place.undeploy.toolTip() == place.rules.toolTip() == "2 fences are selected: select only one."
        assert place.show_fence(fenced)
        assert place.undeploy.isEnabled()
        place.connect_.trigger()
        connect = await shown(window, ConnectDialog)
        assert connect.other.currentText() == "a twin"
        assert connect.why_not.headline.endswith("neither would find the other one.")
        connect.reject()
        for key in names:
            x.remove_from_other_config(x.get_all()[0], key)
        await until(lambda: not place.connect_.isEnabled(), "the end of the other fence")

    # Somebody else moves a card past the router.
    window.go("board")
    window.board.select(fenced)
    before = console.home.clock.monotonic_s()
    with pool.plain_session() as session:
        back, opened = moved_out(session, standing)
    await until(lambda: f"leaks: {NAME}" in chips(window, fenced), "the red card")
    assert console.home.clock.monotonic_s() - before < 2
    await until(lambda: map_.picture is not None and map_.picture.state is State.BREACHED, "the red map")
    assert any(box.is_bad and box.member == opened for box in map_.picture.places)
    await until(lambda: bool(found_in_health(window)), "the finding")
    await until(lambda: is_told(window), "the news")
    query = AuditQuery(event=AuditEvent.FENCE_OBSERVED, configuration=fenced)
    rows = await until_rows(console, query, 1)
    details = rows[0].fact.details or {}
    assert details["who"] == "root"
    assert "leads to" in str(details["what"])

    # A window that begins now, or another one beside, knows from the record what stands, and writes it no second time.
    beside = Fencing(window.estate)
    await until(lambda: beside.of(fenced) is not None, "the other look")
    with pool.plain_session() as session:
        session.xenapi.VIF.move(*back)
    await until(lambda: f"{NAME}: in and out" in chips(window, fenced), "tight again")
    rows = await until_rows(console, query, 2)
    assert "tight again" in str((rows[0].fact.details or {})["what"])
    await until(lambda: is_tight(beside, fenced), "the other look at it")
    await beside.settled()
    await window.estate.fencing.settled()
    assert len(await console.audit_page(query)) == 2
    beside.close()
    await until(lambda: map_.picture is not None and map_.picture.state is State.TIGHT, "the map, tight again")
    assert not found_in_health(window)
    await until(lambda: not is_told(window), "the end of the news")
    window.go("fences")
    heard: list[str] = []  # in the status bar, while the place itself shows the rest
    place.said.connect(heard.append)
    with pool.plain_session() as session:
        back, _ = moved_out(session, standing)
        await until(lambda: any("is not tight: " in one for one in heard), "the words")
        session.xenapi.VIF.move(*back)
    await until(lambda: heard[-1] == f"The fence “{NAME}” is tight again", "their end")
    place.undeploy.trigger()
    undeploy = await shown(window, UndeployDialog)
    undeploy.what.setCurrentIndex(1)
    undeploy.go.click()
    await until(lambda: place.dialog is None, "the plan")
    assert undeploy.command == Undeploy(configuration=fenced, keeps=False)
    assert window.actions_[actions.GO_FENCES].shortcut().toString() == "Ctrl+8"


def is_tight(fencing: Fencing, fenced: ConfigurationId) -> bool:
    watched = fencing.of(fenced)
    return watched is not None and watched.proof.holds


def listed(place: FencePlace) -> list[str]:
    model = place.list.model
    return [row.name for at in range(model.rowCount()) if (row := model.row(at)) is not None]


def moved_out(session: Any, standing: StandingFence) -> tuple[tuple[str, str], str]:
    """Move a card of a member past the router, as somebody with `xe` can; return the way back, and whose it is."""
    x, member = session.xenapi, next(iter(standing.site.members))
    outside = next(ref for ref, one in x.network.get_all_records().items() if one["name_label"] == "Management")
    vif = x.VM.get_VIFs(x.VM.get_by_uuid(standing.site.members[member]))[0]
    inside = x.VIF.get_network(vif)
    x.VIF.move(vif, outside)
    return (vif, inside), member


def is_told(window: MainWindow) -> bool:
    shown = window.notices.findChildren(Notice)
    return any("is not tight" in notice.text and notice.isVisibleTo(window) for notice in shown)


def found_in_health(window: MainWindow) -> list[str]:
    return [one.sentence for one in examined(window.estate) if one is not None and one.kind == "fence leaks"]


async def until_rows(console: Console, query: AuditQuery, number: int) -> tuple:
    found: tuple = ()
    for _ in range(200):
        found = await console.audit_page(query)
        if len(found) >= number:
            return found
        await until(lambda: True, "a turn")
    raise AssertionError(found)
