"""What others change behind the console's back: told by itself on the card, led to, and acknowledged."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from tests.ui.board_window import card_of, console, open_window, pool
from xsconsole.console import outside
from xsconsole.domain.record import AuditEvent, AuditQuery, Fact
from xsconsole_ui.board.card_delegate import card_area
from xsconsole_ui.board.card_painter import place
from xsconsole_ui.demo.gestures import until

__all__ = ["console", "pool"]


@pytest.fixture
async def window(console, qapp, monkeypatch):
    for name in ("FIRST_S", "SOON_S", "LEAST_S"):
        monkeypatch.setattr(outside, name, 0.0)
    opened = await open_window(console, qapp)
    yield opened
    await opened.end()


def face(window, card):
    lane = window.board.lane(card.stage)
    row = next(at for at in range(lane.model.rowCount()) if lane.model.card_at(lane.model.index(at)).id == card.id)
    return lane, lane.model.index(row), lane.model.face_at(row)


def chips(window, card):
    return [chip.text for chip in face(window, card)[2].chips]


async def test_a_change_behind_the_back_is_on_the_card_by_itself_until_somebody_says_why(
    window, pool, console, monkeypatch
):
    shop, crm = card_of(console, "shop 1.3.0"), card_of(console, "crm 7.1")
    await until(lambda: any(follower.read_s for follower in window.bridge.outside._followers.values()), "a reading")
    with pool.plain_session() as session:
        for name in ("<b>", "two"):
            session.xenapi.VM.add_tags(shop.members[0].ref, name)
        session.xenapi.VM.set_name_description(shop.members[0].ref, "x")
        session.xenapi.VM.snapshot(shop.members[0].ref, "of a backup")

    await until(lambda: "2 changed outside" in chips(window, shop), "the chip")
    assert "2 changed outside" not in chips(window, crm)
    lane, index, shown = face(window, shop)
    area = card_area(lane.view.visualRect(index))
    chip = next(one for one in place(shown, area.width()).chips if one.chip.leads)
    at = (chip.area.center() + QPointF(area.topLeft())).toPoint()
    QTest.mouseClick(lane.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    await until(lambda: window.place == "audit" and window.audit.row_count == 2, "the rows of these changes")
    told = {(row.fact.details or {})["call"] for row in window.audit.model.rows}
    assert told == {"VM.add_tags", "VM.set_name_description"}

    window.go("board")
    window.situate()
    assert window.inspector.card_page.outside.view.rows.rowCount() == 2
    window.hands.acknowledge_outside()
    await until(lambda: window.hands.outside.dialog is not None and window.hands.outside.dialog.isVisible(), "why")
    dialog = window.hands.outside.dialog
    assert not dialog.go.isEnabled()
    dialog.reason.setText("agreed with the team")
    late = {"what": "shop-db: VM.set_memory by root", "call": "VM.set_memory"}
    await console.record(Fact(event=AuditEvent.FOREIGN, configuration=shop.id, configuration_name="x", details=late))
    dialog.go.click()
    await until(lambda: "1 changed outside" in chips(window, shop), "what came while the reason was typed")
    assert await outside.acknowledge(console, shop, "seen, too") == 1
    await until(lambda: not any("changed outside" in chip for chip in chips(window, shop)), "a calm card")
    _, row = await console.audit_page(AuditQuery(event=AuditEvent.ACKNOWLEDGED))
    assert (row.fact.reason, row.fact.configuration) == ("agreed with the team", shop.id)
    assert len(await console.audit_page(AuditQuery(event=AuditEvent.FOREIGN))) == 4, "each is a row, once"
    assert not window.actions_.situation.has_outside

    unread = {"method": "http/get_audit_log", "code": "RBAC_PERMISSION_DENIED", "params": ["", ""]}
    pool.control("fail", **unread)  # once: a connection that is made anew fails so, too
    with pool.plain_session() as session:
        session.xenapi.VM.add_tags(shop.members[0].ref, "seen with the next reading")
    await until(lambda: window.bridge.outside.of(shop.id) is not None, "what the next reading found")
    assert not any("is not known" in text for text in window.notices.texts)

    pool.control("fail", nth=0, **unread)
    with pool.plain_session() as session:
        session.xenapi.VM.add_tags(crm.members[0].ref, "unseen")
    await until(lambda: any("is not known" in text for text in window.notices.texts), "why nothing is told")
    pool.control("clear")

    reading, faults = outside.reconcile, []

    async def spoilt(*given, **named):
        if not faults:
            faults.append(1)
            raise ZeroDivisionError("a bug")
        return await reading(*given, **named)

    monkeypatch.setattr(outside, "reconcile", spoilt)
    with pool.plain_session() as session:
        session.xenapi.VM.add_tags(crm.members[0].ref, "after a fault")
    await until(lambda: any("not followed now" in text for text in window.notices.texts), "that it was given up")
    await until(lambda: window.bridge.outside.of(crm.id) is not None, "what it finds once it began anew")
