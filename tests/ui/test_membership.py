"""Dialogs about members: they end in a command whose plan was shown, and nothing happens before it is confirmed."""

import asyncio

import pytest
from embedded import embedded_pool
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from tests.ui.board_window import open_window
from tests.ui.live_console import connect, open_console, until
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import find_configuration
from xsconsole.domain.record import AuditEvent, AuditQuery
from xsconsole.domain.runs import RunState
from xsconsole.engine.commands import AddMembers, Confirmed, Create, NewMember, RemoveMembers
from xsconsole_ui import actions
from xsconsole_ui.membership import AddDialog, AdoptDialog, CleanDialog, CreateDialog, RemoveDialog
from xsconsole_ui.membership.model import Candidate, CandidatesModel, Column
from xsconsole_ui.theme import MARGIN

CHECK = Qt.ItemDataRole.CheckStateRole


@pytest.fixture
def pool():
    with embedded_pool("--speed", "20") as served:
        yield served


@pytest.fixture
async def console(tmp_path, pool):
    async with open_console(tmp_path) as opened:
        await connect(opened, pool)
        yield opened


@pytest.fixture
def show(qapp):
    shown = []

    def opened(dialog):
        shown.append(dialog)
        dialog.open()
        return dialog

    yield opened
    for dialog in shown:
        dialog.close()
        dialog.deleteLater()


def uuids(console, *names):
    found = {vm.name_label: vm.uuid for vm in console.inventory.all(VM) if vm.is_ordinary}
    return tuple(found[name] for name in names)


def tick(dialog, name, *, is_ticked):
    model = dialog.members
    row = next(row for row in range(model.rowCount()) if model.index(row, Column.VM).data() == name)
    state = Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
    model.setData(model.index(row, Column.VM), state, CHECK)


async def carry_out(console, command):
    run = await console.do(Confirmed(command=command, digest=console.plan(command).digest))
    return await console.finished(run)


async def test_a_configuration_is_created_from_selected_vms(console, show):
    vms = uuids(console, "jumpbox", "monitoring", "build-1")
    dialog = show(CreateDialog(console, vms))
    QTest.keyClicks(dialog.service, "tools")
    QTest.keyClicks(dialog.version, "1.0")
    roles = dialog.members
    roles.setData(roles.index(0, Column.ROLE), "  jump <host> ")
    tick(dialog, "build-1", is_ticked=False)

    dialog.go.click()
    ended = await carry_out(console, dialog.command)
    # The pool tells of one member after the other.
    await until(
        lambda: any(card.service == "tools" and len(card.members) == 2 for card in console.board.cards.values())
    )

    assert ended.state is RunState.DONE
    assert dialog.command == Create(
        service="tools",
        version="1.0",
        stage="integration",
        members=(NewMember(vm=vms[0], role="jump <host>"), NewMember(vm=vms[1])),
    )
    card = find_configuration(console.board, "tools")
    assert {member.role for member in card.members} == {"jump <host>", "monitoring"}


async def test_why_it_cannot_be_created_is_said_as_one_types(console, show):
    dialog = show(CreateDialog(console, uuids(console, "jumpbox")))
    at_first = dialog.why_not.text

    looks = [dialog.why_not.property("state")]
    dialog.service.setText("shop")
    dialog.version.setText("1.3.0")
    await until(lambda: dialog.why_not.text != at_first)
    said = dialog.why_not.text
    looks.append(dialog.why_not.property("state"))
    dialog.version.setText("9.9")
    await until(dialog.why_not.isHidden)

    assert "service" in at_first
    assert [look or "" for look in looks] == ["", "warn"]  # no warning before a key was pressed
    assert "shop 1.3.0" in said
    assert dialog.go.isEnabled()
    assert dialog.summary.isVisible()


async def test_a_vm_that_is_a_member_already_is_refused_with_the_reason(console, show):
    dialog = show(CreateDialog(console, uuids(console, "shop-db.stg")))

    dialog.service.setText("other")
    dialog.version.setText("1")
    dialog.go.click()

    assert dialog.isVisible()
    assert "shop-db.stg" in dialog.why_not.text


async def test_the_name_is_previewed_and_hostile_names_are_fine(console, show):
    dialog = show(CreateDialog(console, uuids(console, "jumpbox")))

    dialog.service.setText("<b>täst</b>")
    dialog.version.setText("'; DROP TABLE audit --")
    dialog.go.click()
    ended = await carry_out(console, dialog.command)

    assert dialog.name.placeholderText() == "<b>täst</b> '; DROP TABLE audit --"
    assert ended.state is RunState.DONE


async def test_members_are_added(console, show):
    card = find_configuration(console.board, "shop@staging")
    dialog = show(AddDialog(console, card, uuids(console, "jumpbox")))

    dialog.go.click()
    ended = await carry_out(console, dialog.command)
    await until(lambda: len(console.board.cards[card.id].members) == len(card.members) + 1)

    assert isinstance(dialog.command, AddMembers)
    assert ended.state is RunState.DONE


async def test_members_are_removed_by_ticking_them(console, show):
    card = find_configuration(console.board, "shop@staging")
    dialog = show(RemoveDialog(console, card))
    refused_at_first = not dialog.go.isEnabled()

    tick(dialog, "shop-web-2.stg", is_ticked=True)
    dialog.go.click()
    ended = await carry_out(console, dialog.command)
    await until(lambda: len(console.board.cards[card.id].members) == 3)

    assert refused_at_first
    assert isinstance(dialog.command, RemoveMembers)
    assert ended.state is RunState.DONE


async def test_space_ticks_the_current_machine(console, show):
    card = find_configuration(console.board, "shop@staging")
    dialog = show(RemoveDialog(console, card))

    QTest.keyClick(dialog.table, Qt.Key.Key_Space)

    assert len(dialog.members.chosen) == 1


async def clone_of(pool, uuid, name):
    """Somebody clones a member, which copies its mark."""

    def clone():
        with pool.plain_session() as session:
            taken = session.xenapi.VM.snapshot(session.xenapi.VM.get_by_uuid(uuid), "for a clone")
            copy = session.xenapi.VM.clone(taken, name)
            session.xenapi.VM.set_is_a_template(copy, False)

    await asyncio.to_thread(clone)


async def test_a_clone_is_adopted(console, show, pool):
    card = find_configuration(console.board, "shop@staging")
    await clone_of(pool, card.members[0].uuid, "shop-web-3.stg")
    await until(lambda: console.board.strays)

    dialog = show(AdoptDialog(console, card.id))
    dialog.go.click()
    ended = await carry_out(console, dialog.command)
    await until(lambda: not console.board.strays)

    assert ended.state is RunState.DONE
    assert len(console.board.cards[card.id].members) == 5


async def test_a_configuration_that_was_made_is_selected(qapp, console):
    window = await open_window(console, qapp)
    members = tuple(NewMember(vm=vm) for vm in uuids(console, "jumpbox"))

    window.desk.ask(Create(service="tools", version="1.0", stage="integration", members=members), show_only=True)
    window.desk.confirm()
    await until(lambda: window.board.selected is not None and window.board.selected.service == "tools")
    made = window.board.selected.id
    await until(lambda: window.board.lane("Integration").view.currentIndex().isValid())
    shown = window.board.lane("Integration").model.card_at(window.board.lane("Integration").view.currentIndex())
    await window.end()

    assert shown.id == made


async def test_clones_of_another_configuration_are_no_matter_of_the_selected_one(qapp, console, pool):
    window = await open_window(console, qapp)
    shop, payroll = (find_configuration(console.board, name) for name in ("shop@staging", "payroll@production"))
    await clone_of(pool, shop.members[0].uuid, "shop-web-3.stg")
    await until(lambda: console.board.strays)
    offers = [window.actions_[action] for action in (actions.ADOPT, actions.CLEAN)]

    window.board.select(payroll.id)
    await until(lambda: not any(offer.isEnabled() for offer in offers))
    said = [offer.toolTip() for offer in offers]
    window.board.select(shop.id)
    await until(lambda: all(offer.isEnabled() for offer in offers))
    window.board.select(payroll.id)
    window.board.leftovers.adopt_wanted.emit()
    await until(lambda: window.findChild(AdoptDialog) is not None)
    from_the_band = window.findChild(AdoptDialog).wanted().configuration
    window.findChild(AdoptDialog).reject()
    await window.end()

    assert all("belong to another one" in why for why in said)
    assert from_the_band == shop.id


async def test_a_clone_of_a_member_whose_role_is_taken_shows_the_role_it_will_have(console, show, pool):
    card = find_configuration(console.board, "shop@staging")
    await clone_of(pool, card.members[0].uuid, "shop-web-3.stg")
    await until(lambda: console.board.strays)

    dialog = show(AdoptDialog(console, card.id))
    await until(dialog.summary.isVisible)
    unused = dialog.go.y() - dialog.summary.geometry().bottom()
    shown = dialog.members.index(0, Column.ROLE).data()
    dialog.go.click()
    await carry_out(console, dialog.command)
    await until(lambda: len(console.board.cards[card.id].members) == 5)

    roles = {member.name: member.role for member in console.board.cards[card.id].members}
    assert shown == roles["shop-web-3.stg"]
    assert unused < 3 * MARGIN


async def test_the_reason_is_asked_once_and_is_on_record(console, qapp):
    window = await open_window(console, qapp)
    window.inventory.select(uuids(console, "jumpbox"))
    await until(window.actions_[actions.CREATE].isEnabled)
    window.actions_[actions.CREATE].trigger()
    await until(lambda: window.findChild(CreateDialog) is not None)
    dialog = window.findChild(CreateDialog)
    await until(dialog.isVisible)
    fields = [field.accessibleName() for field in dialog.findChildren(QLineEdit)]
    QTest.keyClicks(dialog.service, "tools")
    QTest.keyClicks(dialog.version, "1.0")
    dialog.go.click()
    page = window.inspector.plan_page
    await until(page.go.isVisible)
    QTest.keyClicks(page.reason, "needed twice")
    page.go.click()
    await until(lambda: console.runs)
    await console.finished(console.runs[0].run)
    rows = await console.audit_page(AuditQuery(event=AuditEvent.RUN_OPENED))
    await window.end()

    assert not any("eason" in name for name in fields)
    assert rows[0].fact.reason == "needed twice"


async def test_a_clone_is_cleaned(console, show, pool):
    card = find_configuration(console.board, "shop@staging")
    await clone_of(pool, card.members[0].uuid, "shop-web-3.stg")
    await until(lambda: console.board.strays)

    dialog = show(CleanDialog(console, card))
    dialog.go.click()
    ended = await carry_out(console, dialog.command)
    await until(lambda: not console.board.strays)

    assert ended.state is RunState.DONE
    assert len(console.board.cards[card.id].members) == 4


def test_the_model_of_machines_is_sound(qapp, qtmodeltester):
    model = CandidatesModel(
        [Candidate(uuid=f"u{number}", name=f"vm {number}\n<i>") for number in range(3)], can_edit_roles=True
    )
    qtmodeltester.check(model, force_py=True)

    model.setData(model.index(1, Column.VM), Qt.CheckState.Unchecked, CHECK)
    model.setData(model.index(0, Column.ROLE), "db")

    assert [(one.uuid, one.role) for one in model.chosen] == [("u0", "db"), ("u2", "")]
    assert model.index(1, Column.ROLE).data() == "vm 1 <i>"
    assert not model.flags(model.index(1, Column.ROLE)) & Qt.ItemFlag.ItemIsEditable
