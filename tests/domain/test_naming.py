"""What people call things, and which thing they mean."""

from dataclasses import replace

import pytest

from tests.engine.desks import Desk, Office, virtually
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.naming import clear_name, find_configuration, find_stage, find_vm, full_name, shortened
from xsconsole.domain.workflow import default_workflow
from xsconsole.errors import Ambiguous, NotFound


async def two_shops(office: Office, desk: Desk) -> None:
    for version, stage in (("1.3.0", "staging"), ("1.4.0", "integration")):
        vm = office.pool.add_vm("shop-web")
        await office.configuration(desk, "shop", version, stage, [vm.uuid])


def test_a_configuration_is_found_by_every_name_it_has() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await two_shops(office, desk)
        card = next(card for card in desk.board.cards.values() if card.version == "1.3.0")

        for name in (
            card.id,
            "shop 1.3.0",
            "shop@1.3.0",
            "shop@staging",
            "SHOP@Staging",
            full_name(card),
            card.id[:6],
            card.id[:8].upper(),
        ):
            assert find_configuration(desk.board, name) == card
        assert clear_name(card, desk.board) == "shop@1.3.0"
        copy = replace(card, id=ConfigurationId("copy"))
        assert clear_name(card, replace(desk.board, cards={card.id: card, copy.id: copy})) == card.id

        with pytest.raises(NotFound):
            find_configuration(desk.board, card.id[:5])

    virtually(story)


def test_of_many_names_a_few_are_offered_and_how_many_more_there_are() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        for number in range(14):
            await office.configuration(desk, f"s{number:02}", "1", "integration", [office.pool.add_vm("m").uuid])

        with pytest.raises(NotFound) as none:
            find_configuration(desk.board, "nothing")
        with pytest.raises(Ambiguous) as several:
            find_vm(desk.inventory, "m")

        assert none.value.choices[-2:] == ("s11@1", "… and 2 more")
        assert several.value.choices[-1] == "… and 2 more"
        assert len(several.value.choices) == 13

    virtually(story)


def test_a_name_that_fits_several_or_none_is_refused_with_the_choices() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await two_shops(office, desk)

        with pytest.raises(Ambiguous) as several:
            find_configuration(desk.board, "shop")
        with pytest.raises(NotFound) as none:
            find_configuration(desk.board, "no\nsuch")

        assert len(several.value.choices) == 2
        own, *_ = cards = list(desk.board.cards.values())
        named = {card.id: replace(card, name="fence 3") if card is own else card for card in cards}
        with pytest.raises(Ambiguous) as told:
            find_configuration(replace(desk.board, cards=named), "shop")
        assert sorted(told.value.choices) != sorted(several.value.choices)
        assert [f"{own.id})" in one for one in told.value.choices if "“fence 3”, " in one] == [True]
        assert none.value.choices == ("shop@1.3.0", "shop@1.4.0")

    virtually(story)


def test_stages_and_machines_are_found_by_id_and_name() -> None:
    async def story() -> None:
        office = Office()
        desk = office.desk()
        await two_shops(office, desk)
        lone = office.pool.add_vm("jumpbox")

        assert find_stage(default_workflow(), "PATCH testing").id == "patch-testing"
        assert find_vm(desk.inventory, lone.uuid) == find_vm(desk.inventory, "jumpbox")
        with pytest.raises(NotFound):
            find_stage(default_workflow(), "nowhere")
        with pytest.raises(NotFound):
            find_vm(desk.inventory, "nobody")
        with pytest.raises(Ambiguous):
            find_vm(desk.inventory, "shop-web")

    virtually(story)


def test_long_names_are_shortened_to_one_line() -> None:
    assert shortened("a\n b") == "a b"
    assert shortened("x" * 100, 10) == "x" * 9 + "…"


def test_a_name_cannot_turn_the_direction_of_what_is_read() -> None:
    assert shortened("web\u202ecba\u2066\n1") == "web\ufffdcba\ufffd 1"
    assert shortened("خادم-1") == "خادم-1"
