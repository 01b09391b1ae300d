"""Addresses of what comes into a fence are asked for where the stage demands one, and only there."""

from dataclasses import replace
from ipaddress import IPv4Address

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from tests.domain.blueprint.shops import shop
from xsconsole.domain.fence.arrivals import cards_of_blueprint
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.ids import StageId
from xsconsole.domain.workflow import default_workflow
from xsconsole.errors import Refused
from xsconsole_ui.fences.arrival_fields import ArrivalFields


def test_what_is_typed_is_read_by_member_and_card_and_a_stage_without_a_fence_asks_for_none(qapp: QApplication) -> None:
    del qapp
    fields = ArrivalFields()
    plain = default_workflow().stage(StageId("integration"))
    assert plain is not None
    demanding = msgspec.structs.replace(plain, fence=FenceMode.OUT_ONLY)
    cards = cards_of_blueprint(shop())
    first, last = cards[0], replace(cards[-1], addresses=(IPv4Address("10.0.0.9"),))
    cards = (*cards[:-1], last)

    fields.offer(cards, demanding)
    heard: list[None] = []
    fields.changed.connect(lambda: heard.append(None))
    assert not fields.isHidden()
    assert "Integration demands a fence, out only" in fields.head.text()
    key = (first.vm, first.device)
    assert fields.fields.addresses[key].placeholderText() == "as told, else by DHCP"
    assert fields.fields.addresses[last.vm, last.device].placeholderText() == "10.0.0.9"
    fields.fields.addresses[key].setText("10.0.0.300")
    assert heard == [None]
    with pytest.raises(Refused, match="is no IPv4 address"):
        fields.typed  # noqa: B018 - it is read only for what is wrong with it
    assert fields.fault is not None
    assert "10.0.0.300" in fields.fields.told(key)
    fields.fields.addresses[key].setText(" 10.0.0.30 ")
    assert fields.fault is None
    assert fields.typed == {(first.member, first.device): IPv4Address("10.0.0.30")}

    fields.offer(cards[:1], demanding)  # other cards: what was typed for those that stay stays
    assert fields.typed == {(first.member, first.device): IPv4Address("10.0.0.30")}
    fields.offer(cards, plain)
    assert fields.isHidden()
    assert fields.typed == {}
    fields.deleteLater()
